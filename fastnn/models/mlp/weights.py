"""Weights and biases as users see them, in one flat vector as kernels want them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import is_
from typing import Any

import numpy as np

from fastnn.activations import Activation
from fastnn.kernels.contract import Array
from fastnn.kernels.select import native
from fastnn.losses import Loss
from fastnn.plan import Plan
from fastnn.training.epoch import Epoch
from fastnn.training.history import History

__all__ = ["Packed", "network_until"]


class Packed:
    """A plan, its flat parameters (p,), and their views, handed out as coefs_ and intercepts_."""

    def __init__(self, plan: Plan, params: Array) -> None:
        self.plan = plan
        self.params = params
        weights, biases = plan.unpack(params)
        self._weights = tuple(weights)
        self._biases = tuple(b for b in biases if b is not None)
        self._views = (*self._weights, *self._biases)
        self._sources: tuple[Array, ...] = ()  # the arrays of users that this is a copy of

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
        sources = (*coefs, *intercepts)
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
        packed = cls(plan, np.concatenate(flat).astype(plan.dtype, copy=False))
        packed._sources = sources
        return packed

    def planned(self, plan: Plan) -> Packed:
        """The same numbers as another plan has them; ValueError where that is of another network."""
        if (self.plan.widths, self.plan.dtype, self.plan.bias) != (plan.widths, plan.dtype, plan.bias):
            raise ValueError(f"coefs_ make a network of the widths {self.plan.widths}, wanted {plan.widths}")
        return Packed(plan, self.params)

    def follows(
        self,
        coefs: Sequence[Array],
        intercepts: Sequence[Array],
        activations: Sequence[Activation],
        loss: Loss,
    ) -> bool:
        """Whether this was made `of` these very arrays; it then takes over what they hold now.

        To copy numbers is all that a prediction has to do then: users may change them at any time, and nothing but
        reading them would tell.
        """
        given, own = (*coefs, *intercepts), self._views
        if (self.plan.activations, self.plan.loss) != (tuple(activations), loss) or not _same(given, self._sources):
            return False
        if not all(map(_is_alike, given, own)):
            return False
        for array, view in zip(given, own, strict=True):
            native.refresh(view, array)
        return True

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
        return _same((*coefs, *intercepts), self._views)


def _is_alike(array: Array, view: Array) -> bool:
    """Whether a copy of the array is all that the view wants: users may also reshape arrays in place."""
    return type(array) is np.ndarray and array.dtype == view.dtype and array.shape == view.shape


def _same(these: tuple[Array, ...], those: tuple[Array, ...]) -> bool:
    """Whether they are the same objects."""
    return len(these) == len(those) and all(map(is_, these, those))


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


def network_until(plan: Plan, history: History) -> Callable[[Epoch], dict[str, Any]]:
    """The fitted attributes of a network of this plan, and the history, after an epoch."""

    def fitted(epoch: Epoch) -> dict[str, Any]:
        network = Packed(plan, epoch.params.astype(plan.dtype))
        return {**network.attributes(), "n_iter_": epoch.number, "loss_": epoch.loss, "history_": history.lists}

    return fitted
