"""A network as numbers: widths, codes, and one flat vector of parameters.

Layout of the vector: layer by layer w (i, o) in C order, then b (o,) where the layer has one.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import DTypeLike

from fastnn import activations, losses
from fastnn.activations import Activation
from fastnn.errors import no_subclass, out_of_range, wrong_type
from fastnn.kernels.contract import Array
from fastnn.kernels.select import kernels_for, native
from fastnn.layers import Dense, Dropout, Layer
from fastnn.losses import Loss
from fastnn.memory import aligned_empty

if TYPE_CHECKING:
    # PlanLike asks for properties, and not every type checker takes another descriptor for one.
    from builtins import property as cached_property
    from builtins import property as current_property

    from fastnn._core import NativePlan
    from fastnn.kernels.jit.library import EnginePlan
else:
    from functools import cached_property

    from fastnn.surroundings import current_property

__all__ = ["Plan", "linear_plan"]


def __dir__() -> list[str]:
    return sorted(__all__)


_DRAWS = 1 << 20  # random numbers at once: 10 ms, that Ctrl-C need not wait for all of a layer


def _split(layers: Iterable[Layer]) -> tuple[list[Dense], list[float]]:
    """The Dense layers, and the rate of the Dropout before each."""
    dense: list[Dense] = []
    rates: list[float] = []
    before: Dropout | None = None
    for layer in layers:
        if isinstance(layer, Dense):
            dense.append(layer)
            rates.append(before.rate if before else 0.0)
            before = None
        elif not isinstance(layer, Dropout):
            raise wrong_type("A layer", layer, "a Dense or a Dropout")
        elif before is not None:
            raise ValueError(f"{layer!r} follows {before!r}: one Dropout between two Dense layers is enough.")
        else:
            before = layer
    if not dense:
        raise ValueError("A network needs at least one Dense layer, got none.")
    if before is not None:
        raise ValueError(f"{before!r} is the last layer and would drop the network's output; a Dense must follow it.")
    return dense, rates


@dataclass(frozen=True)
class Plan:
    """What the network kernels need to know about a network.

    Parameters
    ----------
    widths : tuple of int
        Inputs, then the outputs of every layer, each at least 1.
    activations : tuple of Activation
        One for every layer.
    bias : tuple of bool
        Whether each layer has a b.
    loss : Loss
        On the last layer's raw output.
    dtype : numpy.dtype
        Of all parameters and activations: float32 or float64.
    dropout : tuple of float, default=()
        The rate in [0, 1) at which each layer's inputs are dropped in training; () for none.

    Raises
    ------
    ValueError
        If lengths do not fit, a width is below 1, there are more parameters than memory can
        address, a rate is outside [0, 1), or `dtype` is not float32 or float64.
    """

    widths: tuple[int, ...]
    activations: tuple[Activation, ...]
    bias: tuple[bool, ...]
    loss: Loss
    dtype: np.dtype[np.floating[Any]]
    dropout: tuple[float, ...] = ()

    def __init_subclass__(cls) -> None:
        raise no_subclass(cls, "Plan", "Make a Plan with other values.")

    def __post_init__(self) -> None:
        def store(name: str, value: object) -> None:
            object.__setattr__(self, name, value)

        store("widths", tuple(int(width) for width in self.widths))
        store("activations", tuple(activations.get(each) for each in self.activations))
        store("bias", tuple(bool(each) for each in self.bias))
        store("loss", losses.get(self.loss))
        store("dtype", np.dtype(self.dtype))
        if self.dtype not in (np.float32, np.float64):
            raise out_of_range("dtype of a plan", self.dtype, "float32 or float64")
        if len(self.widths) < 2 or min(self.widths) < 1:
            raise out_of_range("widths", self.widths, "two numbers or more, each at least 1")
        if not len(self.activations) == len(self.bias) == self.n_layers:
            raise ValueError(
                f"A plan with {self.n_layers} layers needs as many activations and bias flags, "
                f"got {len(self.activations)} and {len(self.bias)}."
            )
        store("dropout", tuple(float(rate) for rate in self.dropout) or (0.0,) * self.n_layers)
        if len(self.dropout) != self.n_layers or not all(0 <= rate < 1 for rate in self.dropout):
            raise out_of_range("dropout", self.dropout, f"{self.n_layers} numbers in [0, 1), one for each layer")
        if self.n_params > sys.maxsize // self.dtype.itemsize:
            raise out_of_range("widths", self.widths, "small enough for their weights to be stored")

    def __reduce__(self) -> tuple[type[Plan], tuple[Any, ...]]:
        return Plan, (self.widths, self.activations, self.bias, self.loss, self.dtype, self.dropout)

    @classmethod
    def from_layers(cls, layers: Iterable[Layer], n_inputs: int, loss: str | Loss, dtype: DTypeLike) -> Plan:
        """Make the plan of a network with these layers.

        Parameters
        ----------
        layers : iterable of Dense and Dropout
            A `Dropout` drops inputs of the next Dense layer.
        n_inputs : int
            Features of a sample, at least 1.
        loss : str or Loss
            Its name, or the loss itself.
        dtype : dtype-like
            Of all parameters and activations: float32 or float64.

        Returns
        -------
        Plan
            Its widths are `n_inputs` and the units of the Dense layers.

        Raises
        ------
        ValueError
            If there is no Dense layer, a Dropout is the last layer or follows another, or a width,
            the loss or the dtype is not possible.
        TypeError
            If a layer is neither a Dense nor a Dropout.
        """
        dense, dropout = _split(layers)
        return cls(
            (n_inputs, *(layer.units for layer in dense)),
            tuple(activations.get(layer.activation) for layer in dense),
            tuple(layer.bias for layer in dense),
            losses.get(loss),
            np.dtype(dtype),  # type: ignore[arg-type] # checked by the plan
            tuple(dropout),
        )

    @property
    def n_layers(self) -> int:
        """Layers, the inputs not counted."""
        return len(self.widths) - 1

    @cached_property
    def n_params(self) -> int:
        """Length of the flat vector."""
        return sum(i * o + o * bias for i, o, bias in zip(self.widths[:-1], self.widths[1:], self.bias, strict=True))

    def users_functions(self) -> tuple[Any, ...]:
        """Give the functions of a user's own that the plan has.

        Returns
        -------
        tuple of callable or None
            Value and slope of each activation of the user's and of the loss; () where there is none.
        """
        own: list[Activation | Loss] = [*self.activations, self.loss]
        return tuple(function for each in own if each.code < 0 for function in (each.value, each.slope))

    @current_property
    def native(self) -> NativePlan:
        """The plan as the native kernels read it: checked, copied once, and with users' own activations compiled.

        It is made anew when users' own functions read something else than before.

        Raises
        ------
        ImportError, TypeError
            If an activation is a user's own and there is no Numba, or Numba cannot compile it.
        """
        made: NativePlan = native.NativePlan(self.widths, self.activations, self.bias, self.dropout, self.dtype)
        return made

    @current_property
    def jitted(self) -> EnginePlan:
        """The plan as the backend "jit" reads it: the library's activations and its loss are compiled, too.

        Raises
        ------
        ImportError, TypeError
            If there is no Numba, or an activation is a user's own and cannot be compiled.
        """
        jit: Any = kernels_for("jit")
        made: EnginePlan = jit.EnginePlan(self)
        return made

    def require_trainable(self) -> None:
        """Raise ValueError if a layer's activation has no slope, so that no gradient passes it."""
        for l, activation in enumerate(self.activations):
            if not activation.has_slope:
                raise ValueError(
                    f"Layer {l} has the activation {activation.name!r}, which has no slope: "
                    "gradient descent cannot train this network. Use another, such as 'tanh'."
                )

    def unpack(self, flat: Array) -> tuple[list[Array], list[Array | None]]:
        """Find the weights and biases of every layer in a flat vector.

        Parameters
        ----------
        flat : ndarray of shape (n_params,)
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
            If the shape is another one or the vector is not contiguous.
        """
        if flat.shape != (self.n_params,) or not flat.flags.c_contiguous:
            raise ValueError(
                f"A flat vector of this plan is contiguous and has the shape ({self.n_params},), "
                f"got shape {flat.shape}{'' if flat.flags.c_contiguous else ', not contiguous'}."
            )
        weights: list[Array] = []
        biases: list[Array | None] = []
        start = 0
        for i, o, bias in zip(self.widths[:-1], self.widths[1:], self.bias, strict=True):
            weights.append(flat[start : start + i * o].reshape(i, o))
            start += i * o
            biases.append(flat[start : start + o] if bias else None)
            start += o * bias
        return weights, biases

    def initial_params(self, random_state: int | np.random.RandomState | np.random.Generator | None = None) -> Array:
        """Draw random parameters by scikit-learn's rule.

        Every w and b is uniform within sqrt(factor / (i + o)), factor 2 for sigmoid and 6 for any
        other activation. The output layer takes the factor of the hidden layer below it.

        Parameters
        ----------
        random_state : int, None, numpy.random.RandomState or numpy.random.Generator
            Drawn from layer by layer, w and then b.

        Returns
        -------
        ndarray of shape (n_params,)
            In the plan's dtype.

        References
        ----------
        Glorot and Bengio (2010), "Understanding the difficulty of training deep feedforward neural networks".
        """
        draws: Any = random_state
        if not hasattr(draws, "uniform"):
            draws = np.random.RandomState(draws)
        params: Array = aligned_empty(self.n_params, self.dtype)
        for l, (w, b) in enumerate(zip(*self.unpack(params), strict=True)):
            ruling = min(l, max(self.n_layers - 2, 0))
            factor = 2.0 if self.activations[ruling].name == "sigmoid" else 6.0
            bound = sqrt(factor / sum(w.shape))
            rows = max(1, _DRAWS // w.shape[1])
            for first in range(0, len(w), rows):
                block = w[first : first + rows]
                block[...] = draws.uniform(-bound, bound, block.shape)
            if b is not None:
                b[...] = draws.uniform(-bound, bound, b.shape)
        return params


@lru_cache(maxsize=64)
def linear_plan(n_inputs: int, n_outputs: int, loss: str, dtype: np.dtype[np.floating[Any]], bias: bool = True) -> Plan:
    """Return the plan of a network without a hidden layer and with the identity.

    The same arguments give the same object: to make one anew for every prediction of one row took 14 of its 21 us.

    Parameters
    ----------
    n_inputs : int
        Features of a sample, at least 1.
    n_outputs : int
        Columns of the raw output, at least 1.
    loss : str
        The name of the loss.
    dtype : numpy.dtype
        float32 or float64.
    bias : bool, default=True
        Whether the layer has a b.

    Returns
    -------
    Plan
        With one layer.
    """
    return Plan((n_inputs, n_outputs), (activations.get("identity"),), (bias,), losses.get(loss), dtype)
