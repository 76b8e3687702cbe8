"""The loop that second-order solvers share: a direction, a step along it that lowers the loss, again."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import inf, isfinite, nan
from typing import Any, Protocol

import numpy as np

from fastnn.solvers.objective.types import Goal, Solution, Vector, Watch
from fastnn.solvers.objective.vectors import dot

__all__ = ["Point", "Strategy", "descend"]

_SUFFICIENT = 1e-4  # of the decrease that the gradient promises (Armijo 1966)
_SHORTEST = 1e-10
_LONGEST = 1e16
_ROUNDING = 20.0  # times the loss's resolution: what cannot be gained any more
_PATIENCE = 20  # iterations that lower the loss by less than its rounding in each
_SMALL = 0.5  # change of a row's z: within it a logistic loss is near its parabola


@dataclass(frozen=True)
class Point:
    """Where a solver is: params (p,), loss, gradient (p,), and what else it computes there."""

    params: Vector
    loss: float
    d_params: Vector
    extra: Any = None


class Strategy(Protocol):
    """What makes a solver."""

    resolution: float  # of the loss, relative

    @property
    def steep(self) -> float:
        """Part of the slope: where a step leaves more of it, a longer one is tried."""
        ...

    def evaluate(self, params: Vector) -> Point:
        """The point at params."""
        ...

    def direction(self, point: Point) -> Vector:
        """Where to go from a point; downhill."""
        ...

    def toward_minimum(self, point: Point) -> Vector:
        """About the way to the minimum, by what is known of second derivatives already."""
        ...

    def largest_change(self, step: Vector) -> float:
        """By how much a step changes a row's score, at most; infinite where it does not know the Hessian itself."""
        ...

    def moved(self, before: Point, after: Point) -> None:
        """Learn from a step."""
        ...

    def renew(self) -> bool:
        """After a direction that led nowhere: whether there is a better one at the same point."""
        ...


def descend(strategy: Strategy, start: Vector, *, goal: Goal, max_iter: int, watch: Watch | None) -> Solution:
    """Go from `start` until the goal is reached, or rounding hides what is left."""
    point = strategy.evaluate(start)
    iteration = 0
    recent: deque[float] = deque(maxlen=_PATIENCE)  # losses
    while isfinite(steepest := _largest(point.d_params)):
        if steepest <= goal.gradient:
            gain = _promise(strategy, point, goal)
            if gain <= goal.gain or point.loss <= goal.vanishing:
                return Solution(point.params, point.loss, iteration, True, gain=gain)
        if iteration == max_iter:
            return Solution(point.params, point.loss, iteration, False, "Iterations reached the limit")
        recent.append(point.loss)
        if _only_wanders(recent, strategy.resolution):
            return Solution(point.params, point.loss, iteration, True, is_rounding=True)
        direction = strategy.direction(point)
        slope = dot(point.d_params, direction)
        if _is_bottom(strategy, point, direction, slope, goal):
            return Solution(point.params, point.loss, iteration, True)
        ahead = _step(strategy, point, direction, slope, goal.vanishing)
        if ahead is None:
            if strategy.renew():
                continue
            is_rounding = -slope <= _ROUNDING * strategy.resolution * abs(point.loss)
            message = "" if is_rounding else "No step lowers the loss"
            return Solution(point.params, point.loss, iteration, is_rounding, message, is_rounding=is_rounding)
        strategy.moved(point, ahead)
        point = ahead
        iteration += 1
        if watch is not None:
            watch(iteration, point.params, point.loss)
    return Solution(point.params, nan, iteration, False, "The gradient is not finite")


def _promise(strategy: Strategy, point: Point, goal: Goal) -> float:
    """What second derivatives promise may be gained, in parts of the loss; infinite where the goal does not ask.

    A small gradient alone says little of features that are nearly combinations of others, or of classes so rare that
    the loss has hardly any curvature.
    """
    if goal.gain == inf:
        return inf
    gain = -dot(point.d_params, strategy.toward_minimum(point)) / 2
    return gain / abs(point.loss) if point.loss else inf


def _is_bottom(strategy: Strategy, point: Point, newton: Vector, slope: float, goal: Goal) -> bool:
    """Whether Newton's step has hardly anything to gain, though the gradient is not small.

    Its promise holds if it moves no row's score by much. A row that lies far out bends the loss on a much shorter way
    than the others do, and until it is on its side, the model sees nothing else.
    """
    if goal.gain == inf or not -slope / 2 <= goal.gain * abs(point.loss):
        return False
    return strategy.largest_change(newton) <= _SMALL


def _only_wanders(recent: deque[float], resolution: float) -> bool:
    """Whether the last losses differ by no more than their rounding."""
    return len(recent) == _PATIENCE and recent[0] - recent[-1] <= _PATIENCE * resolution * abs(recent[-1])


def _largest(vector: Vector) -> float:
    """The largest magnitude; NaN if there is one."""
    return float(np.abs(vector).max(initial=0.0))


def _step(strategy: Strategy, point: Point, direction: Vector, slope: float, vanishing: float) -> Point | None:
    """The first point along the direction, by a step of 1 and then shorter ones, where the loss falls enough.

    Where it changes by less than its own rounding, the slope decides: it must have halved.
    None where there is no such point.
    """
    slack = strategy.resolution * abs(point.loss)
    rate = 1.0
    while rate > _SHORTEST and slope < 0:
        ahead = strategy.evaluate(point.params + rate * direction)
        change = ahead.loss - point.loss
        slope_ahead = dot(ahead.d_params, direction)
        if change <= _SUFFICIENT * rate * slope:
            is_short = rate == 1 and slope_ahead < strategy.steep * slope and ahead.loss > vanishing
            return _longer(strategy, point, direction, ahead, vanishing) if is_short else ahead
        if change <= slack and abs(slope_ahead) < 0.5 * abs(slope):
            return ahead
        if -rate * slope < slack:
            return None
        rate *= _shorter(change, rate * slope)
    return None


def _longer(strategy: Strategy, point: Point, direction: Vector, ahead: Point, vanishing: float) -> Point:
    """The last point that still goes down, by steps of 2, 4, 8 ...

    A row that lies far out bends the loss so much that a Newton step ends where this row is on its side, long before
    the others have moved at all; and then the next one is as short.
    """
    rate = 2.0
    while rate < _LONGEST:
        beyond = strategy.evaluate(point.params + rate * direction)
        if not beyond.loss <= ahead.loss:
            break
        ahead = beyond
        if ahead.loss <= vanishing or dot(ahead.d_params, direction) >= 0:
            break
        rate *= 2
    return ahead


def _shorter(change: float, slope: float) -> float:
    """Where the parabola through what is known has its minimum, kept between a tenth and a half."""
    curvature = change - slope
    if not (np.isfinite(curvature) and curvature > 0):
        return 0.1
    return float(np.clip(-slope / (2 * curvature), 0.1, 0.5))
