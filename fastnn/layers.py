"""Descriptions of layers: what a network is made of, without its weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastnn.activations import Activation, get

__all__ = ["Dense", "Dropout", "Layer"]


def __dir__() -> list[str]:
    return sorted(__all__)


@dataclass(frozen=True)
class Dense:
    """A dense layer: a = activation(x @ w + b).

    Parameters
    ----------
    units : int
        Outputs of the layer, at least 1.
    activation : str or Activation, default="identity"
        Its name, or the activation itself.
    bias : bool, default=True
        Whether the layer has b.

    Raises
    ------
    ValueError
        If units is below 1 or the activation unknown.
    TypeError
        If units is not an integer.

    Examples
    --------
    >>> from fastnn import Dense, Dropout, Network
    >>> network = Network([Dense(8, "relu"), Dropout(0.5), Dense(1)], n_inputs=2, loss="squared_error")
    >>> network.params.shape
    (33,)
    """

    units: int
    activation: str | Activation = "identity"
    bias: bool = True

    def __post_init__(self) -> None:
        if not hasattr(self.units, "__index__") or isinstance(self.units, bool):
            raise TypeError(f"units={self.units!r}, wanted an integer")
        if self.units < 1:
            raise ValueError(f"units={self.units}, wanted at least 1")
        get(self.activation)


@dataclass(frozen=True)
class Dropout:
    """Zeroes inputs at random while training, and scales the kept ones to preserve the mean.

    An input is kept with probability 1 - rate and then divided by it.

    Parameters
    ----------
    rate : float
        The probability in [0, 1) with which an input becomes zero.

    Raises
    ------
    ValueError
        If rate is outside [0, 1).
    TypeError
        If it is no number.

    References
    ----------
    Srivastava et al. (2014), "Dropout: a simple way to prevent neural networks from overfitting".
    """

    rate: float

    def __post_init__(self) -> None:
        rate: Any = self.rate
        if not hasattr(rate, "__float__"):
            raise TypeError(f"rate={self.rate!r}, wanted a number in [0, 1)")
        if not 0 <= self.rate < 1:
            raise ValueError(f"rate={self.rate!r}, wanted a number in [0, 1)")


Layer = Dense | Dropout
