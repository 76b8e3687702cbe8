"""Descent along directions with a line search, the loop that Newton's method and L-BFGS share.

A step must lower the loss by a part of what the gradient promises (Armijo 1966); where it leaves too much of the slope
(Wolfe 1969), longer ones are tried.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import inf, isfinite, nan
from typing import Protocol, TypeVar

import numpy as np

from fastnn.solvers.objective.types import Goal, Solution, Vector, Watch
from fastnn.solvers.objective.vectors import dot

__all__ = ["DirectionMethod", "Iterate", "descend"]

_SUFFICIENT = 1e-4  # of the decrease that the gradient promises (Armijo 1966)
_SHORTEST = 1e-10
_LONGEST = 1e16
_ROUNDING = 20.0  # times the loss's resolution: what cannot be gained any more
_PATIENCE = 20  # iterations that lower the loss by less than its rounding in each
_SMALL = 0.5  # change of a row's z: within it a logistic loss is near its parabola


@dataclass(frozen=True)
class Iterate:
    """Where a solver is: params (p,), the loss and its gradient (p,) there."""

    params: Vector
    loss: float
    d_params: Vector


State = TypeVar("State", bound=Iterate)


class DirectionMethod(Protocol[State]):
    """Finds the directions of one solver, which makes the difference between solvers."""

    @property
    def resolution(self) -> float:
        """The relative rounding of the loss: smaller differences mean nothing."""
        ...

    @property
    def curvature_condition(self) -> float:
        """The part of the slope (Wolfe's c2) of which a step must leave no more; else a longer one is tried."""
        ...

    def evaluate(self, params: Vector) -> State:
        """The iterate at params."""
        ...

    def direction(self, iterate: State) -> Vector:
        """The direction to go from an iterate; downhill."""
        ...

    def newton_direction(self, iterate: State) -> Vector:
        """The way to the minimum, roughly, by what is known of second derivatives already."""
        ...

    def largest_change(self, step: Vector) -> float:
        """The most that a step changes a row's score; infinite for a method that does not know the Hessian itself."""
        ...

    def learn_from_step(self, before: State, after: State) -> None:
        """Take note of a step that was made."""
        ...

    def restart(self) -> bool:
        """After a direction that led nowhere: whether there is a better one at the same iterate."""
        ...


def descend(
    method: DirectionMethod[State], start: Vector, *, goal: Goal, max_iter: int, watch: Watch | None
) -> Solution:
    """Go from `start` until the goal is reached, or rounding hides what is left."""
    iterate = method.evaluate(start)
    iteration = 0
    recent: deque[float] = deque(maxlen=_PATIENCE)  # losses
    while isfinite(steepest := _largest(iterate.d_params)):
        if steepest <= goal.gradient:
            gain = _relative_gain(method, iterate, goal)
            if gain <= goal.gain or iterate.loss <= goal.vanishing:
                return Solution(iterate.params, iterate.loss, iteration, True, gain=gain)
        if iteration == max_iter:
            return Solution(iterate.params, iterate.loss, iteration, False, "Iterations reached the limit")
        recent.append(iterate.loss)
        if _has_stalled(recent, method.resolution):
            return Solution(iterate.params, iterate.loss, iteration, True, is_rounding=True)
        direction = method.direction(iterate)
        slope = dot(iterate.d_params, direction)
        if _promises_no_gain(method, iterate, direction, slope, goal):
            return Solution(iterate.params, iterate.loss, iteration, True)
        ahead = _step(method, iterate, direction, slope, goal.vanishing)
        if ahead is None:
            if method.restart():
                continue
            is_rounding = -slope <= _ROUNDING * method.resolution * abs(iterate.loss)
            message = "" if is_rounding else "No step lowers the loss"
            return Solution(iterate.params, iterate.loss, iteration, is_rounding, message, is_rounding=is_rounding)
        method.learn_from_step(iterate, ahead)
        iterate = ahead
        iteration += 1
        if watch is not None:
            watch(iteration, iterate.params, iterate.loss)
    return Solution(iterate.params, nan, iteration, False, "The gradient is not finite")


def _relative_gain(method: DirectionMethod[State], iterate: State, goal: Goal) -> float:
    """What second derivatives promise may be gained, in parts of the loss; infinite where the goal does not ask.

    A small gradient alone says little of features that are nearly combinations of others, or of classes so rare that
    the loss has hardly any curvature.
    """
    if goal.gain == inf:
        return inf
    gain = -dot(iterate.d_params, method.newton_direction(iterate)) / 2
    return gain / abs(iterate.loss) if iterate.loss else inf


def _promises_no_gain(method: DirectionMethod[State], iterate: State, newton: Vector, slope: float, goal: Goal) -> bool:
    """Whether Newton's step has hardly anything to gain, though the gradient is not small.

    Its promise holds if it moves no row's score by much. A row that lies far out bends the loss on a much shorter way
    than the others do, and until it is on its side, the model sees nothing else.
    """
    if goal.gain == inf or not -slope / 2 <= goal.gain * abs(iterate.loss):
        return False
    return method.largest_change(newton) <= _SMALL


def _has_stalled(recent: deque[float], resolution: float) -> bool:
    """Whether the last losses differ by no more than their rounding."""
    return len(recent) == _PATIENCE and recent[0] - recent[-1] <= _PATIENCE * resolution * abs(recent[-1])


def _largest(vector: Vector) -> float:
    """The largest magnitude; NaN if there is one."""
    return float(np.abs(vector).max(initial=0.0))


def _step(
    method: DirectionMethod[State], iterate: State, direction: Vector, slope: float, vanishing: float
) -> State | None:
    """The first iterate along the direction, by a step of 1 and then shorter ones, where the loss falls enough.

    Where the loss changes by less than its own rounding, the slope decides: it must have halved.
    None where there is no such iterate.
    """
    slack = method.resolution * abs(iterate.loss)
    rate = 1.0
    while rate > _SHORTEST and slope < 0:
        ahead = method.evaluate(iterate.params + rate * direction)
        change = ahead.loss - iterate.loss
        slope_ahead = dot(ahead.d_params, direction)
        if change <= _SUFFICIENT * rate * slope:
            is_short = rate == 1 and slope_ahead < method.curvature_condition * slope and ahead.loss > vanishing
            return _expanded_step(method, iterate, direction, ahead, vanishing) if is_short else ahead
        if change <= slack and abs(slope_ahead) < 0.5 * abs(slope):
            return ahead
        if -rate * slope < slack:
            return None
        rate *= _interpolated_ratio(change, rate * slope)
    return None


def _expanded_step(
    method: DirectionMethod[State], iterate: State, direction: Vector, ahead: State, vanishing: float
) -> State:
    """The last iterate that still goes down, by steps of 2, 4, 8 ...

    A row that lies far out bends the loss so much that a Newton step ends where this row is on its side, long before
    the others have moved at all; and then the next one is as short.
    """
    rate = 2.0
    while rate < _LONGEST:
        beyond = method.evaluate(iterate.params + rate * direction)
        if not beyond.loss <= ahead.loss:
            break
        ahead = beyond
        if ahead.loss <= vanishing or dot(ahead.d_params, direction) >= 0:
            break
        rate *= 2
    return ahead


def _interpolated_ratio(change: float, slope: float) -> float:
    """The minimum of the parabola through what is known, kept between a tenth and a half."""
    curvature = change - slope
    if not (np.isfinite(curvature) and curvature > 0):
        return 0.1
    return float(np.clip(-slope / (2 * curvature), 0.1, 0.5))
