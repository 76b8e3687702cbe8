"""The learning rate from epoch to epoch: scikit-learn's modes, and schedules by the step.

A rate is asked for the rates of an epoch's steps, told when the epoch is over, and asked what to do
when training stalls. Two rates are equal when they were set up alike, wherever they have got to.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from fastnn.errors import unknown_name
from fastnn.schedules import Schedule

__all__ = ["Adaptive", "Constant", "InverseScaling", "Rate", "Scheduled", "by_name", "rate_state"]

Rates = NDArray[np.float64]


class Rate(Protocol):
    """What the training loop needs to know about learning rates."""

    def rates(self, first_step: int, n_steps: int) -> Rates:
        """The rates of the next `n_steps` steps."""
        ...

    def epoch_ended(self, n_seen: int) -> None:
        """Take note that `n_seen` samples have been seen so far."""
        ...

    def stalled(self) -> bool:
        """Whether training ends when it no longer improves; False: go on, with a smaller rate."""
        ...


@dataclass
class Constant:
    """The same rate at every step."""

    initial: float

    def rates(self, first_step: int, n_steps: int) -> Rates:
        """See Rate."""
        return np.full(n_steps, self.initial, np.float64)

    def epoch_ended(self, n_seen: int) -> None:
        """See Rate."""

    def stalled(self) -> bool:
        """See Rate."""
        return True


@dataclass
class InverseScaling:
    """initial / (t + 1)**power from the second epoch on, t the samples seen."""

    initial: float
    power: float
    current: float = field(init=False, compare=False)

    def __post_init__(self) -> None:
        self.current = self.initial

    def rates(self, first_step: int, n_steps: int) -> Rates:
        """See Rate."""
        return np.full(n_steps, self.current, np.float64)

    def epoch_ended(self, n_seen: int) -> None:
        """See Rate."""
        self.current = self.initial / (n_seen + 1) ** self.power

    def stalled(self) -> bool:
        """See Rate."""
        return True


@dataclass
class Adaptive:
    """A fifth of the rate whenever training stalls, down to 1e-6; then training ends."""

    initial: float
    current: float = field(init=False, compare=False)

    def __post_init__(self) -> None:
        self.current = self.initial

    def rates(self, first_step: int, n_steps: int) -> Rates:
        """See Rate."""
        return np.full(n_steps, self.current, np.float64)

    def epoch_ended(self, n_seen: int) -> None:
        """See Rate."""

    def stalled(self) -> bool:
        """See Rate."""
        if self.current <= 1e-6:
            return True
        self.current /= 5
        return False


@dataclass
class Scheduled:
    """A schedule of the steps."""

    schedule: Schedule

    def rates(self, first_step: int, n_steps: int) -> Rates:
        """See Rate."""
        return self.schedule.rates(first_step, n_steps)

    def epoch_ended(self, n_seen: int) -> None:
        """See Rate."""

    def stalled(self) -> bool:
        """See Rate."""
        return True


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
        return Constant(initial)
    if name == "invscaling":
        return InverseScaling(initial, power)
    if name == "adaptive":
        return Adaptive(initial)
    raise unknown_name("learning_rate", name, ("constant", "invscaling", "adaptive"))
