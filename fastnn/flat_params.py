"""One flat vector of parameters with its plan, and the weights and biases that are views of it."""

from __future__ import annotations

import reprlib
from collections.abc import Sequence

import numpy as np

from fastnn.activations import Activation
from fastnn.kernels.contract import Array
from fastnn.kernels.select import native
from fastnn.losses import Loss
from fastnn.memory import aligned_empty
from fastnn.plan import Plan

__all__ = ["FlatParams"]


class FlatParams:
    """A plan, its parameters (p,), and their views.

    Parameters
    ----------
    plan : Plan
    params : ndarray (p,)
        Contiguous, and of the plan's dtype.

    Attributes
    ----------
    weights : tuple of ndarray
        Every layer's w (i, o).
    biases : tuple of ndarray or None
        Every layer's b (o,); None where it has none.
    """

    def __init__(self, plan: Plan, params: Array) -> None:
        self.plan = plan
        self.params = params
        weights, biases = plan.unpack(params)
        self.weights = tuple(weights)
        self.biases = tuple(biases)
        self._views = (*weights, *(b for b in biases if b is not None))
        self._sources: tuple[Array, ...] = ()  # the arrays of users that this is a copy of

    def __reduce__(self) -> tuple[type[FlatParams], tuple[Plan, Array]]:
        return FlatParams, (self.plan, self.params)

    # --- from the arrays of layers --------------------------------------------------------------

    @classmethod
    def joined(
        cls,
        plan: Plan,
        weights: Sequence[Array],
        biases: Sequence[Array | None],
        names: tuple[str, str] = ("weights", "biases"),
    ) -> FlatParams:
        """A copy of the arrays of all layers, such as a file has them.

        Raises
        ------
        ValueError
            If they are of other layers than the plan's; it calls them by the names.
        """
        parts = []
        layers = zip(plan.widths[:-1], plan.widths[1:], plan.bias, weights, biases, strict=True)
        for l, (i, o, bias, w, b) in enumerate(layers):
            parts.append(_required(f"{names[0]}[{l}]", w, (i, o), plan).ravel())
            if bias != (b is not None):
                raise ValueError("a layer has biases where its description has none, or none where it has some")
            if b is not None:
                parts.append(_required(f"{names[1]}[{l}]", b, (o,), plan))
        return cls(plan, np.concatenate(parts, out=aligned_empty(plan.n_params, plan.dtype)))

    @classmethod
    def assigned(
        cls, coefs: Sequence[Array], intercepts: Sequence[Array], activations: Sequence[Activation], loss: Loss
    ) -> FlatParams:
        """A copy of what users have put in the place of coefs_ and intercepts_; they decide the widths and the dtype.

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
        plan = Plan(
            (len(coefs[0]), *(w.shape[1] for w in coefs)),
            tuple(activations),
            (True,) * len(coefs),
            loss,
            np.dtype(np.float32 if dtype == np.float32 else np.float64),
        )
        parts = [part.ravel() for pair in zip(coefs, intercepts, strict=True) for part in pair]
        flat = cls(plan, np.concatenate(parts, out=aligned_empty(plan.n_params, plan.dtype), casting="unsafe"))
        flat._sources = sources
        return flat

    def refresh(
        self, coefs: Sequence[Array], intercepts: Sequence[Array], activations: Sequence[Activation], loss: Loss
    ) -> bool:
        """Copy again what these arrays hold now; False, and nothing, where this was made of others.

        To copy numbers is all that a prediction has to do then: users may change them at any time, and nothing but
        reading them would tell.
        """
        given, own = (*coefs, *intercepts), self._views
        if (self.plan.activations, self.plan.loss) != (tuple(activations), loss):
            return False
        if not native.are_same(given, self._sources) or not all(map(_is_alike, given, own)):
            return False
        for array, view in zip(given, own, strict=True):
            native.refresh(view, array)
        return True

    def are_views(self, coefs: Sequence[Array], intercepts: Sequence[Array]) -> bool:
        """Whether these are the views: nobody has put another array in their place."""
        same: bool = native.are_same(coefs, self.weights) and native.are_same(intercepts, self.biases)
        return same


def _required(name: str, array: Array, shape: tuple[int, ...], plan: Plan) -> Array:
    """The array, if it is one of this shape and of the plan's dtype; else ValueError."""
    if not isinstance(array, np.ndarray):
        raise ValueError(f"{name} is {reprlib.repr(array)}, wanted an array of {plan.dtype} of shape {shape}")
    if (array.shape, array.dtype) != (shape, plan.dtype):
        raise ValueError(
            f"{name} has shape {array.shape} and dtype {array.dtype}, wanted {shape} and {plan.dtype} as the plan says"
        )
    return array


def _is_alike(array: Array, view: Array) -> bool:
    """Whether a copy of the array is all that the view wants: users may also reshape arrays in place."""
    return type(array) is np.ndarray and array.dtype == view.dtype and array.shape == view.shape


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
