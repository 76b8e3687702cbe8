"""A network of layers as it is: one vector of parameters with its views, its copies and its file."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from copy import deepcopy
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from fastnn.flat_params import FlatParams
from fastnn.kernels.contract import Array
from fastnn.layers import Layer
from fastnn.models.common.as_network import ModelNetwork
from fastnn.models.common.attributes import NETWORK, check_attributes
from fastnn.models.common.fitting import is_fitting, with_own_curves
from fastnn.models.common.jitted import Jitted
from fastnn.models.common.saving import Saved
from fastnn.models.network.data import read_layers
from fastnn.plan import Plan
from fastnn.training.engine import Engine
from fastnn.validation import as_floating, check_counts

__all__ = ["BaseNetwork"]

_PARAMETERS = ("layers", "n_inputs", "loss", "dtype", "backend", "n_threads")


class BaseNetwork(Jitted, Saved):
    """Layers and their parameters; `Network` adds what it answers and how it is trained."""

    layers: list[Layer]
    backend: str
    n_threads: int | None
    _engine: Engine
    _flat: FlatParams

    @property
    def plan(self) -> Plan:
        """Widths, activations and layout of the parameters."""
        return self._flat.plan

    @property
    def params(self) -> Array:
        """All parameters (p,): layer by layer w in C order, then b. Assigning copies into it.

        A `fit` puts another vector in its place when it ends: views of this one stay what they were before.
        """
        return self._flat.params

    @params.setter
    def params(self, flat: ArrayLike) -> None:
        if is_fitting(self):
            raise RuntimeError(
                "params cannot be assigned while the network is being fitted: at the end they become those of the fit. "
                "Assign them afterwards, or let the callback return True to end it."
            )
        values = as_floating("params", flat)
        if values.shape != self.params.shape:
            raise ValueError(f"params has shape {values.shape}, wanted {self.params.shape}.")
        self.params[...] = values

    @property
    def weights(self) -> list[Array]:
        """Every layer's w (i, o), as views of `params`."""
        return list(self._flat.weights)

    @property
    def biases(self) -> list[Array | None]:
        """Every layer's b (o,), as views of `params`; None where a layer has none."""
        return list(self._flat.biases)

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

    def _as_network(self, method: str) -> ModelNetwork:
        flat = self._flat
        return ModelNetwork(flat.plan, flat.params, {"predict": "link", "raw": "raw", "forward": "raw"})

    # --- copies and files -----------------------------------------------------------------------

    def _taken_apart(self) -> tuple[dict[str, Any], dict[str, Any]]:
        state = dict(self.__getstate__())
        flat: FlatParams = state.pop("_flat")
        parameters = {"n_inputs": flat.plan.widths[0], "loss": flat.plan.loss, "dtype": flat.plan.dtype}
        parameters |= {name: state.pop(name) for name in ("layers", "backend", "n_threads")}
        return parameters, {**state, "weights": list(flat.weights), "biases": list(flat.biases)}

    @classmethod
    def _put_together(cls, parameters: dict[str, Any], attributes: dict[str, Any]) -> Self:
        check_attributes(cls, attributes, NETWORK)
        _require_names("parameters", parameters, _PARAMETERS)
        _require_names("attributes", attributes.keys() & NETWORK.keys(), NETWORK)
        check_counts(n_inputs=parameters["n_inputs"])
        layers = read_layers(parameters.pop("layers"))
        plan = Plan.from_layers(layers, parameters.pop("n_inputs"), parameters.pop("loss"), parameters.pop("dtype"))
        flat = FlatParams.joined(plan, attributes.pop("weights"), attributes.pop("biases"))
        network = cls.__new__(cls)
        network.__setstate__({"layers": layers, **parameters, "_flat": flat, **attributes})
        return network

    def __copy__(self) -> Self:
        """A network with parameters of its own: two that share them would train each other."""
        return deepcopy(self)

    def __getstate__(self) -> dict[str, Any]:
        return with_own_curves(self, BaseNetwork._present_state)

    def _present_state(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_engine"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        # A memory-mapped file gives read-only arrays.
        self._flat = FlatParams(self.plan, np.require(self.params, requirements=["C", "A", "W"]))
        self._engine = Engine(self.plan, self.backend, self.n_threads)


def _require_names(what: str, given: Collection[str], names: Iterable[str]) -> None:
    if set(given) != set(names):
        raise ValueError(f"the {what} are {', '.join(sorted(given))}, wanted {', '.join(sorted(names))}")
