"""A network's one vector of parameters: the views that make its layers, its copies and its file."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from copy import deepcopy
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from fastnn import storage
from fastnn.kernels.contract import Array
from fastnn.layers import Layer
from fastnn.models.common.attributes import NETWORK, check_attributes
from fastnn.models.common.fitting import is_fitting, with_own_curves
from fastnn.models.common.saving import Saved
from fastnn.models.network.data import read_layers
from fastnn.plan import Plan
from fastnn.training.engine import Engine
from fastnn.validation import as_floating, check_counts

__all__ = ["FlatParams"]


class FlatParams(Saved):
    """Layers whose weights and biases lie in one flat vector."""

    layers: list[Layer]
    plan: Plan
    backend: str
    n_threads: int | None
    _engine: Engine
    _params: Array

    @property
    def params(self) -> Array:
        """All parameters (p,): layer by layer w in C order, then b. Assigning copies into it.

        A `fit` puts another vector in its place when it ends: views of this one stay what they were before.
        """
        return self._params

    @params.setter
    def params(self, flat: ArrayLike) -> None:
        if is_fitting(self):
            raise RuntimeError(
                "params cannot be assigned while the network is being fitted: at the end they become those of the fit. "
                "Assign them afterwards, or let the callback return True to end it."
            )
        values = as_floating("params", flat)
        if values.shape != self._params.shape:
            raise ValueError(f"params has shape {values.shape}, wanted {self._params.shape}.")
        self._params[...] = values

    @property
    def weights(self) -> list[Array]:
        """Every layer's w (i, o), as views of `params`."""
        return self.plan.unpack(self._params)[0]

    @property
    def biases(self) -> list[Array | None]:
        """Every layer's b (o,), as views of `params`; None where a layer has none."""
        return self.plan.unpack(self._params)[1]

    def unpack(self, flat: Array) -> tuple[list[Array], list[Array | None]]:
        """Find the weights and biases of every layer in a flat vector, such as a gradient.

        Parameters
        ----------
        flat : ndarray of shape (p,)
            Contiguous; parameters or their gradient.

        Returns
        -------
        weights : list of ndarray of shape (i, o)
            Views of every layer's w.
        biases : list of ndarray of shape (o,), or None
            Views of every layer's b; None for a layer that has none.

        Raises
        ------
        ValueError
            If the vector has another shape or is not contiguous.
        """
        return self.plan.unpack(flat)

    # --- copies and files -----------------------------------------------------------------------

    def _taken_apart(self) -> tuple[dict[str, Any], dict[str, Any]]:
        state = dict(self.__getstate__())
        plan, params = state.pop("plan"), state.pop("_params")
        parameters = {"n_inputs": plan.widths[0], "loss": plan.loss, "dtype": plan.dtype}
        parameters |= {name: state.pop(name) for name in ("layers", "backend", "n_threads")}
        weights, biases = plan.unpack(params)
        return parameters, {**state, "weights": weights, "biases": biases}

    @classmethod
    def _put_together(cls, parameters: dict[str, Any], attributes: dict[str, Any]) -> Self:
        check_attributes(cls, attributes, NETWORK)
        _require_names("parameters", parameters, ("layers", "n_inputs", "loss", "dtype", "backend", "n_threads"))
        _require_names("attributes", attributes.keys() & NETWORK.keys(), NETWORK)
        check_counts(n_inputs=parameters["n_inputs"])
        layers = read_layers(parameters.pop("layers"))
        plan = Plan.from_layers(layers, parameters.pop("n_inputs"), parameters.pop("loss"), parameters.pop("dtype"))
        params = _joined(plan, attributes.pop("weights"), attributes.pop("biases"))
        network = cls.__new__(cls)
        network.__setstate__({"layers": layers, "plan": plan, **parameters, "_params": params, **attributes})
        return network

    def __copy__(self) -> Self:
        """A network with parameters of its own: two that share them would train each other."""
        return deepcopy(self)

    def __getstate__(self) -> dict[str, Any]:
        return with_own_curves(self, FlatParams._present_state)

    def _present_state(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_engine"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        # A memory-mapped file gives read-only arrays.
        self._params = np.require(self._params, requirements=["C", "A", "W"])
        self._engine = Engine(self.plan, self.backend, self.n_threads)


def _require_names(what: str, given: Collection[str], names: Iterable[str]) -> None:
    if set(given) != set(names):
        raise ValueError(f"the {what} are {', '.join(sorted(given))}, wanted {', '.join(sorted(names))}")


def _joined(plan: Plan, weights: Sequence[Array], biases: Sequence[Array | None]) -> Array:
    """The flat vector (p,) of the arrays of all layers; ValueError where they are of other layers than the plan's."""
    parts = []
    for i, o, bias, w, b in zip(plan.widths[:-1], plan.widths[1:], plan.bias, weights, biases, strict=True):
        storage.require_array(w, (i, o), plan.dtype)
        parts.append(w.ravel())
        if bias != (b is not None):
            raise ValueError("a layer has biases where its description has none, or none where it has some")
        if b is not None:
            storage.require_array(b, (o,), plan.dtype)
            parts.append(b)
    return np.concatenate(parts)
