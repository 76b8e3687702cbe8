"""Hyper-parameters and state of each optimizer. The steps themselves are kernels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from fastnn.errors import unknown_name


def _check(name: str, value: float, low: float, high: float, closed: bool) -> None:
    inside = low <= value < high if closed else low < value < high
    if not inside:
        bracket = "[" if closed else "("
        raise ValueError(f"{name}={value!r}, wanted a number in {bracket}{low}, {high})")


@dataclass(frozen=True)
class SGD:
    """Stochastic gradient descent with momentum, Nesterov's or classical.

    Parameters
    ----------
    learning_rate : float, default=0.001
    momentum : float in [0, 1), default=0.9
    nesterov : bool, default=True

    References
    ----------
    Sutskever, Martens, Dahl and Hinton (2013), "On the importance of initialization and momentum in deep learning".
    """

    learning_rate: float = 0.001
    momentum: float = 0.9
    nesterov: bool = True

    name: ClassVar[str] = "sgd"
    code: ClassVar[int] = 0
    slots: ClassVar[tuple[str, ...]] = ("velocity",)

    def __post_init__(self) -> None:
        _check("learning_rate", self.learning_rate, 0, math.inf, closed=False)
        _check("momentum", self.momentum, 0, 1, closed=True)

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
        _check("learning_rate", self.learning_rate, 0, math.inf, closed=False)
        _check("beta_1", self.beta_1, 0, 1, closed=True)
        _check("beta_2", self.beta_2, 0, 1, closed=True)
        _check("epsilon", self.epsilon, 0, math.inf, closed=False)

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
    """
    if isinstance(optimizer, (SGD, Adam)):
        return optimizer
    found = OPTIMIZERS.get(optimizer) if isinstance(optimizer, str) else None
    if found is None:
        raise unknown_name("optimizer", optimizer, OPTIMIZERS)
    return found()
