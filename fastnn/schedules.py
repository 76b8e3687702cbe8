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
        """Return the rates of steps first_step, first_step + 1, ... as float64 (n_steps,)."""
        ...


def _require(condition: bool, text: str) -> None:
    if not condition:
        raise ValueError(text)


def _steps(first_step: int, n_steps: int) -> Rates:
    return np.arange(first_step, first_step + n_steps, dtype=np.float64)


@dataclass(frozen=True)
class Constant:
    """The same rate at every step."""

    learning_rate: float

    def __post_init__(self) -> None:
        _require(self.learning_rate > 0, f"learning_rate={self.learning_rate}, wanted above 0")

    def rates(self, first_step: int, n_steps: int) -> Rates:
        """See Schedule."""
        return np.full(n_steps, self.learning_rate)


@dataclass(frozen=True)
class InverseScaling:
    """scikit-learn's "invscaling": learning_rate / (t + 1)**power, t the samples seen before."""

    learning_rate: float
    power: float
    batch_size: int

    def rates(self, first_step: int, n_steps: int) -> Rates:
        """See Schedule."""
        return self.learning_rate / (_steps(first_step, n_steps) * self.batch_size + 1) ** self.power


@dataclass(frozen=True)
class Exponential:
    """learning_rate * decay**step."""

    learning_rate: float
    decay: float

    def __post_init__(self) -> None:
        _require(self.learning_rate > 0, f"learning_rate={self.learning_rate}, wanted above 0")
        _require(0 < self.decay <= 1, f"decay={self.decay}, wanted in (0, 1]")

    def rates(self, first_step: int, n_steps: int) -> Rates:
        """See Schedule."""
        return self.learning_rate * self.decay ** _steps(first_step, n_steps)


@dataclass(frozen=True)
class Step:
    """learning_rate * factor**(step // every)."""

    learning_rate: float
    every: int
    factor: float = 0.1

    def __post_init__(self) -> None:
        _require(self.learning_rate > 0, f"learning_rate={self.learning_rate}, wanted above 0")
        _require(self.every >= 1, f"every={self.every}, wanted at least 1")
        _require(0 < self.factor <= 1, f"factor={self.factor}, wanted in (0, 1]")

    def rates(self, first_step: int, n_steps: int) -> Rates:
        """See Schedule."""
        return self.learning_rate * self.factor ** (_steps(first_step, n_steps) // self.every)


@dataclass(frozen=True)
class Cosine:
    """Half a cosine from learning_rate down to final, after a linear warm-up, over `steps` in all.

    (Loshchilov & Hutter 2017.)
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
        """See Schedule."""
        step = _steps(first_step, n_steps)
        progress = np.clip((step - self.warm_up) / (self.steps - self.warm_up), 0, 1)
        falling = self.final + (self.learning_rate - self.final) * 0.5 * (1 + np.cos(math.pi * progress))
        if self.warm_up == 0:
            return falling
        return np.where(step < self.warm_up, self.learning_rate * (step + 1) / self.warm_up, falling)


@dataclass(frozen=True)
class OneCycle:
    """Up to learning_rate and down again, both along half a cosine (Smith & Topin 2018).

    From learning_rate / start_divisor to learning_rate / final_divisor; the way up takes the share
    `rise` of `steps`.
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
        """See Schedule."""
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
