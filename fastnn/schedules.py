"""The learning rate as a function of the step: `schedule.rates(first_step, n_steps)`, from 0.

`Plateau` is apart: its rate depends on how training goes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

__all__ = ["Constant", "Cosine", "Exponential", "InverseScaling", "OneCycle", "Plateau", "Schedule", "Step"]


def __dir__() -> list[str]:
    return sorted(__all__)


Rates = NDArray[np.float64]


@runtime_checkable
class Schedule(Protocol):
    """Anything that gives the learning rates of a run of steps."""

    def rates(self, first_step: int, n_steps: int) -> Rates:
        """Return the rate of every step.

        Parameters
        ----------
        first_step : int
            The number of the first step, from 0.
        n_steps : int
            How many steps.

        Returns
        -------
        ndarray of shape (n_steps,), float64
            The rates of the steps first_step, first_step + 1, ...
        """
        ...


def _require(condition: bool, text: str) -> None:
    if not condition:
        raise ValueError(text)


def _steps(first_step: int, n_steps: int) -> Rates:
    return np.arange(first_step, first_step + n_steps, dtype=np.float64)


@dataclass(frozen=True)
class Constant:
    """The same rate at every step.

    Parameters
    ----------
    learning_rate : float
        The rate, above 0.

    Raises
    ------
    ValueError
        If a parameter is out of its range.
    """

    learning_rate: float

    def __post_init__(self) -> None:
        _require(self.learning_rate > 0, f"learning_rate={self.learning_rate}, wanted above 0")

    def rates(self, first_step: int, n_steps: int) -> Rates:
        """Return the rate of every step.

        Parameters
        ----------
        first_step : int
            The number of the first step, from 0.
        n_steps : int
            How many steps.

        Returns
        -------
        ndarray of shape (n_steps,), float64
            The rates of the steps first_step, first_step + 1, ...
        """
        return np.full(n_steps, self.learning_rate, np.float64)


@dataclass(frozen=True)
class InverseScaling:
    """The rate learning_rate / (t + 1)**power, where t counts the samples seen before; scikit-learn's "invscaling".

    Parameters
    ----------
    learning_rate : float
        The first rate, above 0.
    power : float
        The exponent: 0 for a constant rate, 0.5 for one over the root of the samples.
    batch_size : int
        How many samples a step takes.
    """

    learning_rate: float
    power: float
    batch_size: int

    def rates(self, first_step: int, n_steps: int) -> Rates:
        """Return the rate of every step.

        Parameters
        ----------
        first_step : int
            The number of the first step, from 0.
        n_steps : int
            How many steps.

        Returns
        -------
        ndarray of shape (n_steps,), float64
            The rates of the steps first_step, first_step + 1, ...
        """
        return self.learning_rate / (_steps(first_step, n_steps) * self.batch_size + 1) ** self.power


@dataclass(frozen=True)
class Exponential:
    """The rate learning_rate * decay**step, which falls by the same share at every step.

    Parameters
    ----------
    learning_rate : float
        The first rate, above 0.
    decay : float
        What a step leaves of the rate, in (0, 1].

    Raises
    ------
    ValueError
        If a parameter is out of its range.
    """

    learning_rate: float
    decay: float

    def __post_init__(self) -> None:
        _require(self.learning_rate > 0, f"learning_rate={self.learning_rate}, wanted above 0")
        _require(0 < self.decay <= 1, f"decay={self.decay}, wanted in (0, 1]")

    def rates(self, first_step: int, n_steps: int) -> Rates:
        """Return the rate of every step.

        Parameters
        ----------
        first_step : int
            The number of the first step, from 0.
        n_steps : int
            How many steps.

        Returns
        -------
        ndarray of shape (n_steps,), float64
            The rates of the steps first_step, first_step + 1, ...
        """
        return self.learning_rate * self.decay ** _steps(first_step, n_steps)


@dataclass(frozen=True)
class Step:
    """The rate learning_rate * factor**(step // every), which falls by a stair every so many steps.

    Parameters
    ----------
    learning_rate : float
        The first rate, above 0.
    every : int
        How many steps have the same rate, at least 1.
    factor : float, default=0.1
        What a stair leaves of the rate, in (0, 1].

    Raises
    ------
    ValueError
        If a parameter is out of its range.
    """

    learning_rate: float
    every: int
    factor: float = 0.1

    def __post_init__(self) -> None:
        _require(self.learning_rate > 0, f"learning_rate={self.learning_rate}, wanted above 0")
        _require(self.every >= 1, f"every={self.every}, wanted at least 1")
        _require(0 < self.factor <= 1, f"factor={self.factor}, wanted in (0, 1]")

    def rates(self, first_step: int, n_steps: int) -> Rates:
        """Return the rate of every step.

        Parameters
        ----------
        first_step : int
            The number of the first step, from 0.
        n_steps : int
            How many steps.

        Returns
        -------
        ndarray of shape (n_steps,), float64
            The rates of the steps first_step, first_step + 1, ...
        """
        return self.learning_rate * self.factor ** (_steps(first_step, n_steps) // self.every)


@dataclass(frozen=True)
class Cosine:
    """Half a cosine from learning_rate down to final, after a linear warm-up, over `steps` in all.

    Parameters
    ----------
    learning_rate : float
        The largest rate, above 0: that of the first step, or of the one after the warm-up.
    steps : int
        How many steps the way down ends after, the warm-up included; later ones have the rate `final`.
    warm_up : int, default=0
        How many steps the rate rises for, at least 0 and less than `steps`.
    final : float, default=0.0
        The last rate, in [0, learning_rate].

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    References
    ----------
    Loshchilov and Hutter (2017), "SGDR: stochastic gradient descent with warm restarts".

    Examples
    --------
    >>> from fastnn.schedules import Cosine
    >>> Cosine(0.1, steps=4).rates(0, 5).round(3)
    array([0.1  , 0.085, 0.05 , 0.015, 0.   ])
    """

    learning_rate: float
    steps: int
    warm_up: int = 0
    final: float = 0.0

    def __post_init__(self) -> None:
        _require(self.learning_rate > 0, f"learning_rate={self.learning_rate}, wanted above 0")
        _require(
            0 <= self.warm_up < self.steps,
            f"warm_up={self.warm_up}, wanted in [0, steps={self.steps})",
        )
        _require(
            0 <= self.final <= self.learning_rate,
            f"final={self.final}, wanted in [0, learning_rate]",
        )

    def rates(self, first_step: int, n_steps: int) -> Rates:
        """Return the rate of every step.

        Parameters
        ----------
        first_step : int
            The number of the first step, from 0.
        n_steps : int
            How many steps.

        Returns
        -------
        ndarray of shape (n_steps,), float64
            The rates of the steps first_step, first_step + 1, ...
        """
        step = _steps(first_step, n_steps)
        progress = np.clip((step - self.warm_up) / (self.steps - self.warm_up), 0, 1)
        falling = self.final + (self.learning_rate - self.final) * 0.5 * (1 + np.cos(math.pi * progress))
        if self.warm_up == 0:
            return falling
        return np.where(step < self.warm_up, self.learning_rate * (step + 1) / self.warm_up, falling)


@dataclass(frozen=True)
class OneCycle:
    """Up to learning_rate and down again, both along half a cosine.

    Parameters
    ----------
    learning_rate : float
        The largest rate, above 0.
    steps : int
        How many steps the way up and down takes, at least 1; later ones have the last rate.
    rise : float, default=0.3
        The share of the steps in which the rate rises, between 0 and 1.
    start_divisor : float, default=25.0
        The first rate is learning_rate / start_divisor; at least 1.
    final_divisor : float, default=1e4
        The last rate is learning_rate / final_divisor; at least 1.

    Raises
    ------
    ValueError
        If a parameter is out of its range.

    References
    ----------
    Smith and Topin (2018), "Super-convergence: very fast training of neural networks using large learning rates".
    """

    learning_rate: float
    steps: int
    rise: float = 0.3
    start_divisor: float = 25.0
    final_divisor: float = 1e4

    def __post_init__(self) -> None:
        _require(self.learning_rate > 0, f"learning_rate={self.learning_rate}, wanted above 0")
        _require(self.steps >= 1, f"steps={self.steps}, wanted at least 1")
        _require(0 < self.rise < 1, f"rise={self.rise}, wanted between 0 and 1")
        _require(self.start_divisor >= 1, f"start_divisor={self.start_divisor}, wanted at least 1")
        _require(self.final_divisor >= 1, f"final_divisor={self.final_divisor}, wanted at least 1")

    def rates(self, first_step: int, n_steps: int) -> Rates:
        """Return the rate of every step.

        Parameters
        ----------
        first_step : int
            The number of the first step, from 0.
        n_steps : int
            How many steps.

        Returns
        -------
        ndarray of shape (n_steps,), float64
            The rates of the steps first_step, first_step + 1, ...
        """
        share = np.clip(_steps(first_step, n_steps) / self.steps, 0, 1)
        rising = _half_cosine(1 / self.start_divisor, 1, share / self.rise)
        falling = _half_cosine(1, 1 / self.final_divisor, (share - self.rise) / (1 - self.rise))
        return self.learning_rate * np.where(share < self.rise, rising, falling)


def _half_cosine(start: float, end: float, progress: Rates) -> Rates:
    return end + (start - end) * 0.5 * (1 + np.cos(math.pi * progress))


@dataclass(frozen=True)
class Plateau:
    """Start at learning_rate, and multiply by `factor` whenever training no longer improves.

    That is after more than `patience` epochs in a row that do not beat the best one before by more
    than `tol`; what is compared is what early stopping watches: the loss, or the score on held-out
    samples. The rate does not fall below `final`.

    Parameters
    ----------
    learning_rate : float
        The first rate, above 0.
    factor : float, default=0.1
        What the rate is multiplied by, between 0 and 1.
    patience : int, default=5
        How many epochs in a row may pass without an improvement, at least 0.
    tol : float, default=1e-4
        How much better an epoch must be to count as an improvement, at least 0.
    final : float, default=0.0
        The least rate, in [0, learning_rate].

    Raises
    ------
    ValueError
        If a parameter is out of its range.
    """

    learning_rate: float
    factor: float = 0.1
    patience: int = 5
    tol: float = 1e-4
    final: float = 0.0

    def __post_init__(self) -> None:
        _require(self.learning_rate > 0, f"learning_rate={self.learning_rate}, wanted above 0")
        _require(0 < self.factor < 1, f"factor={self.factor}, wanted between 0 and 1")
        _require(self.patience >= 0, f"patience={self.patience}, wanted at least 0")
        _require(self.tol >= 0, f"tol={self.tol}, wanted at least 0")
        _require(
            0 <= self.final <= self.learning_rate,
            f"final={self.final}, wanted in [0, learning_rate]",
        )
