"""A network's one vector of parameters: the views that make its layers, its copies and its file."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from fastnn.kernels.contract import Array
from fastnn.layers import Layer
from fastnn.models.fitting import is_fitting
from fastnn.models.saving import Saved, fill_layers, require_own_names
from fastnn.plan import Plan
from fastnn.training.engine import Engine
from fastnn.validation import as_floating

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
        """Weights and biases in a flat vector (p,), such as a gradient, as views.

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
        network = cls(**{**parameters, "random_state": 0})
        fill_layers(network.weights + network.biases, attributes.pop("weights") + attributes.pop("biases"))
        require_own_names(cls, attributes)
        vars(network).update(attributes)
        return network

    def __copy__(self) -> Self:
        """A network with parameters of its own: two that share them would train each other."""
        return deepcopy(self)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_engine"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        # A memory-mapped file gives read-only arrays.
        self._params = np.require(self._params, requirements=["C", "A", "W"])
        self._engine = Engine(self.plan, self.backend, self.n_threads)
