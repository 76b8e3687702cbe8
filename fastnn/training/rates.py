"""The learning rate from epoch to epoch: scikit-learn's modes, and schedules by the step.

A rate is asked for the rates of an epoch's steps, told when the epoch is over and how good it was,
and asked what to do when training stalls. Two rates are equal when they were set up alike, wherever they have got to.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from math import inf
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from fastnn.errors import unknown_name
from fastnn.schedules import Plateau, Schedule

__all__ = [
    "Adaptive",
    "ConstantRate",
    "InverseRoot",
    "InverseScalingRate",
    "OnPlateau",
    "Rate",
    "Scheduled",
    "by_name",
    "copied",
    "rate_state",
    "scheduled",
]

Rates = NDArray[np.float64]


@runtime_checkable
class Rate(Protocol):
    """What the training loop needs to know about learning rates."""

    def rates(self, first_step: int, n_steps: int) -> Rates:
        """The rates of the next `n_steps` steps."""
        ...

    def epoch_ended(self, n_seen: int) -> None:
        """Take note that `n_seen` samples have been seen so far."""
        ...

    def observe(self, value: float) -> None:
        """Take note of how good the epoch was; higher is better."""
        ...

    def stalled(self) -> bool:
        """Whether training ends when it no longer improves; False: go on, with a smaller rate."""
        ...


class _ByStep:
    """What a rate does that depends on nothing but the step."""

    def epoch_ended(self, n_seen: int) -> None:
        """Take no note of it: the number of the step says all."""

    def observe(self, value: float) -> None:
        """Take no note of how good an epoch was."""

    def stalled(self) -> bool:
        """Training ends when it no longer improves."""
        return True


@dataclass
class ConstantRate(_ByStep):
    """The same rate at every step."""

    initial: float

    def rates(self, first_step: int, n_steps: int) -> Rates:
        """The rates of the next `n_steps` steps: always the initial one."""
        return np.full(n_steps, self.initial, np.float64)


@dataclass
class InverseScalingRate(_ByStep):
    """initial / (t + 1)**power from the second epoch on, t the samples seen."""

    initial: float
    power: float
    current: float = field(init=False, compare=False)

    def __post_init__(self) -> None:
        self.current = self.initial

    def rates(self, first_step: int, n_steps: int) -> Rates:
        """The rates of the next `n_steps` steps, which are those of one epoch: all alike."""
        return np.full(n_steps, self.current, np.float64)

    def epoch_ended(self, n_seen: int) -> None:
        """Compute the rate of the next epoch, from the number of samples seen so far."""
        try:
            self.current = self.initial / (n_seen + 1) ** self.power
        except OverflowError:
            self.current = 0.0


@dataclass
class Adaptive(_ByStep):
    """A fifth of the rate whenever training stalls, down to 1e-6; then training ends."""

    initial: float
    current: float = field(init=False, compare=False)

    def __post_init__(self) -> None:
        self.current = self.initial

    def rates(self, first_step: int, n_steps: int) -> Rates:
        """The rates of the next `n_steps` steps: the present one."""
        return np.full(n_steps, self.current, np.float64)

    def stalled(self) -> bool:
        """Divide the rate by 5 and go on; True, which ends training, where it is already small."""
        if self.current <= 1e-6:
            return True
        self.current /= 5
        return False


@dataclass
class InverseRoot(_ByStep):
    """initial / sqrt(1 + step / steps): so many steps with nearly the initial rate, and then ever smaller ones."""

    initial: float
    steps: float

    def rates(self, first_step: int, n_steps: int) -> Rates:
        """The rates of the next `n_steps` steps, each by its number."""
        step = np.arange(first_step, first_step + n_steps, dtype=np.float64)
        rates: Rates = self.initial / np.sqrt(1 + step / self.steps)
        return rates


@dataclass
class Scheduled(_ByStep):
    """A schedule of the steps."""

    schedule: Schedule

    def rates(self, first_step: int, n_steps: int) -> Rates:
        """The rates that the schedule has for the next `n_steps` steps."""
        return np.ascontiguousarray(self.schedule.rates(first_step, n_steps), np.float64)  # users' own may be integers


@dataclass
class OnPlateau(_ByStep):
    """A rate that falls when epochs are no longer better than the best one before."""

    plateau: Plateau
    current: float = field(init=False, compare=False)
    best: float = field(default=-inf, init=False, compare=False)
    waited: int = field(default=0, init=False, compare=False)

    def __post_init__(self) -> None:
        self.current = self.plateau.learning_rate

    def rates(self, first_step: int, n_steps: int) -> Rates:
        """The rates of the next `n_steps` steps: the present one."""
        return np.full(n_steps, self.current, np.float64)

    def observe(self, value: float) -> None:
        """Compare the epoch with the best one before, and lower the rate after too many that were no better."""
        # Written so that a NaN is no improvement.
        self.waited = 0 if value > self.best + self.plateau.tol else self.waited + 1
        if value > self.best:
            self.best = value
        if self.waited > self.plateau.patience:
            self.current = max(self.current * self.plateau.factor, self.plateau.final)
            self.waited = 0


def scheduled(schedule: Schedule | Plateau) -> Rate:
    """The rate that a schedule object means."""
    return OnPlateau(schedule) if isinstance(schedule, Plateau) else Scheduled(schedule)


def copied(rate: Rate) -> Rate:
    """A copy that training changes without changing this one; a user's schedule inside is shared."""
    # Not copy.deepcopy: a user's schedule may be anything.
    twin: Rate = object.__new__(type(rate))
    vars(twin).update(vars(rate))
    return twin


def rate_state(rate: Rate) -> dict[str, Any]:
    """What changes in a rate while training runs: the fields that its constructor does not take."""
    return {each.name: getattr(rate, each.name) for each in fields(rate) if not each.init}  # type: ignore[arg-type]


def by_name(name: str, initial: float, power: float) -> Rate:
    """The rate that one of scikit-learn's names means.

    Raises
    ------
    ValueError
        If the name is unknown.
    """
    if name == "constant":
        return ConstantRate(initial)
    if name == "invscaling":
        return InverseScalingRate(initial, power)
    if name == "adaptive":
        return Adaptive(initial)
    raise unknown_name("learning_rate", name, ("constant", "invscaling", "adaptive"))
