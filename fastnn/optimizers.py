"""Hyper-parameters and state of each optimizer. The steps themselves are kernels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from fastnn.errors import unknown_name, wrong_type


def _check_above_zero(name: str, value: float) -> None:
    if not 0 < value < math.inf:
        raise ValueError(f"{name}={value!r}, wanted a finite number above 0")


def _check_beta(name: str, value: float) -> None:
    if not 0 <= value < 1:
        raise ValueError(f"{name}={value!r}, wanted a number in [0, 1)")


@dataclass(frozen=True)
class SGD:
    """Stochastic gradient descent with momentum, Nesterov's or classical.

    Parameters
    ----------
    learning_rate : float, default=0.001
    momentum : float in [0, 1], default=0.9
    nesterov : bool, default=True

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    References
    ----------
    Sutskever, Martens, Dahl and Hinton (2013), "On the importance of initialization and momentum
    in deep learning".
    """

    learning_rate: float = 0.001
    momentum: float = 0.9
    nesterov: bool = True

    name: ClassVar[str] = "sgd"
    code: ClassVar[int] = 0
    slots: ClassVar[tuple[str, ...]] = ("velocity",)

    def __post_init__(self) -> None:
        _check_above_zero("learning_rate", self.learning_rate)
        if not 0 <= self.momentum <= 1:
            raise ValueError(f"momentum={self.momentum!r}, wanted a number in [0, 1]")

    @property
    def hyper(self) -> tuple[float, ...]:
        """What the native engine needs, in its order."""
        return (self.momentum, float(self.nesterov))


@dataclass(frozen=True)
class Adam:
    """Adam.

    Parameters
    ----------
    learning_rate : float, default=0.001
    beta_1, beta_2 : float in [0, 1), default=0.9 and 0.999
    epsilon : float, default=1e-8

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    References
    ----------
    Kingma and Ba (2015), "Adam: a method for stochastic optimization".
    """

    learning_rate: float = 0.001
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8

    name: ClassVar[str] = "adam"
    code: ClassVar[int] = 1
    slots: ClassVar[tuple[str, ...]] = ("m", "v")

    def __post_init__(self) -> None:
        _check_above_zero("learning_rate", self.learning_rate)
        _check_beta("beta_1", self.beta_1)
        _check_beta("beta_2", self.beta_2)
        _check_above_zero("epsilon", self.epsilon)

    @property
    def hyper(self) -> tuple[float, ...]:
        """What the native engine needs, in its order."""
        return (self.beta_1, self.beta_2, self.epsilon)


Optimizer = SGD | Adam
OPTIMIZERS: dict[str, type[SGD] | type[Adam]] = {"sgd": SGD, "adam": Adam}


@dataclass
class OptimizerState:
    """What an optimizer remembers between steps.

    Attributes
    ----------
    step : int
        Steps taken so far.
    slots : tuple of ndarray (n_params,)
        One vector for each of the optimizer's `slots`.
    """

    step: int
    slots: tuple[NDArray[np.floating], ...]

    @classmethod
    def zeros(cls, optimizer: Optimizer, params: NDArray[np.floating]) -> OptimizerState:
        """Return the state before the first step."""
        return cls(0, tuple(np.zeros_like(params) for _ in optimizer.slots))

    def copy(self) -> OptimizerState:
        """Return a state of its own memory."""
        return OptimizerState(self.step, tuple(slot.copy() for slot in self.slots))


def get(optimizer: str | Optimizer) -> Optimizer:
    """Look up an optimizer by name, with its defaults; an optimizer object is returned as it is.

    Raises
    ------
    ValueError
        If the name is unknown; the message has the nearest known one.
    TypeError
        If `optimizer` is neither a string nor an optimizer.
    """
    if isinstance(optimizer, SGD | Adam):
        return optimizer
    if not isinstance(optimizer, str):
        raise wrong_type("optimizer", optimizer, "a name or an optimizer")
    found = OPTIMIZERS.get(optimizer)
    if found is None:
        raise unknown_name("optimizer", optimizer, OPTIMIZERS)
    return found()
