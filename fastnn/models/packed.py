"""Weights and biases as users see them, in one flat vector as kernels want them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastnn.activations import Activation
from fastnn.kernels.contract import Array
from fastnn.losses import Loss
from fastnn.plan import Plan

__all__ = ["Packed"]


class Packed:
    """A plan, its flat parameters (p,), and their views, handed out as coefs_ and intercepts_."""

    def __init__(self, plan: Plan, params: Array) -> None:
        self.plan = plan
        self.params = params
        weights, biases = plan.unpack(params)
        self._weights = tuple(weights)
        self._biases = tuple(b for b in biases if b is not None)

    def __reduce__(self) -> tuple[type[Packed], tuple[Plan, Array]]:
        return Packed, (self.plan, self.params)

    @classmethod
    def of(
        cls,
        coefs: Sequence[Array],
        intercepts: Sequence[Array],
        activations: Sequence[Activation],
        loss: Loss,
    ) -> Packed:
        """A copy of what users see.

        Raises
        ------
        ValueError
            If the shapes do not make a network.
        """
        coefs = [np.asarray(w) for w in coefs]
        intercepts = [np.asarray(b) for b in intercepts]
        _require_chain(coefs, intercepts, len(activations))
        dtype = np.result_type(*coefs, *intercepts)
        widths = (len(coefs[0]), *(w.shape[1] for w in coefs))
        plan = Plan(
            widths,
            tuple(activations),
            (True,) * len(coefs),
            loss,
            np.dtype(np.float32 if dtype == np.float32 else np.float64),
        )
        flat = [part.ravel() for pair in zip(coefs, intercepts, strict=True) for part in pair]
        return cls(plan, np.concatenate(flat).astype(plan.dtype, copy=False))

    def lists(self) -> tuple[list[Array], list[Array]]:
        """The views, as lists of the caller's own."""
        return list(self._weights), list(self._biases)

    def attributes(self) -> dict[str, Any]:
        """What a fitted estimator has of this network, by the names of its attributes."""
        coefs, intercepts = self.lists()
        widths = self.plan.widths
        return {
            "_network": self,
            "coefs_": coefs,
            "intercepts_": intercepts,
            "n_outputs_": widths[-1],
            "n_layers_": len(widths),
        }

    def shows(self, coefs: Sequence[Array], intercepts: Sequence[Array]) -> bool:
        """Whether these are still the views: nobody has put another array in their place."""
        seen, own = (*coefs, *intercepts), (*self._weights, *self._biases)
        return len(seen) == len(own) and all(a is b for a, b in zip(seen, own, strict=True))


def _require_chain(coefs: Sequence[Array], intercepts: Sequence[Array], n_layers: int) -> None:
    if not len(coefs) == len(intercepts) == n_layers:
        raise ValueError(
            f"coefs_ and intercepts_ have {len(coefs)} and {len(intercepts)} arrays, wanted "
            f"{n_layers}: one for each layer."
        )
    for l, (w, b) in enumerate(zip(coefs, intercepts, strict=True)):
        if w.ndim != 2 or (l > 0 and len(w) != coefs[l - 1].shape[1]):
            i = coefs[l - 1].shape[1] if l > 0 else "n_features"
            raise ValueError(f"coefs_[{l}] has shape {w.shape}, wanted ({i}, outputs of the layer).")
        if b.shape != (w.shape[1],):
            raise ValueError(
                f"intercepts_[{l}] has shape {b.shape}, wanted ({w.shape[1]},) as coefs_[{l}] of shape {w.shape}."
            )
