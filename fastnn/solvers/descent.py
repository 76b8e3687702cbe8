"""The loop that second-order solvers share: a direction, a step along it that lowers the loss, again."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import inf, isfinite, nan
from typing import Any, Protocol

import numpy as np

from fastnn.solvers.metric import dot
from fastnn.solvers.objective import Solution, Vector, Watch

__all__ = ["Point", "Strategy", "descend"]

_SUFFICIENT = 1e-4  # of the decrease that the gradient promises (Armijo 1966)
_SHORTEST = 1e-10
_ROUNDING = 20.0  # times the loss's resolution: what cannot be gained any more
_PATIENCE = 20  # iterations that lower the loss by less than its rounding in each


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

    def evaluate(self, params: Vector) -> Point:
        """The point at params."""
        ...

    def direction(self, point: Point) -> Vector:
        """Where to go from a point; downhill."""
        ...

    def moved(self, before: Point, after: Point) -> None:
        """Learn from a step."""
        ...

    def renew(self) -> bool:
        """After a direction that led nowhere: whether there is a better one at the same point."""
        ...


def descend(strategy: Strategy, start: Vector, *, tol: float, max_iter: int, watch: Watch | None) -> Solution:
    """Go from `start` until every component of the gradient is within `tol`, or rounding hides what is left."""
    point = strategy.evaluate(start)
    iteration = 0
    recent: deque[float] = deque(maxlen=_PATIENCE)  # losses
    while tol < (steepest := _largest(point.d_params)) < inf and iteration < max_iter:
        recent.append(point.loss)
        if len(recent) == _PATIENCE and recent[0] - point.loss <= _PATIENCE * strategy.resolution * abs(point.loss):
            return Solution(point.params, point.loss, iteration, True)  # it only wanders in the loss's rounding
        direction = strategy.direction(point)
        slope = dot(point.d_params, direction)
        ahead = _step(strategy, point, direction, slope)
        if ahead is None:
            if strategy.renew():
                continue
            is_rounding = -slope <= _ROUNDING * strategy.resolution * abs(point.loss)
            message = "" if is_rounding else "No step lowers the loss"
            return Solution(point.params, point.loss, iteration, is_rounding, message)
        strategy.moved(point, ahead)
        point = ahead
        iteration += 1
        if watch is not None:
            watch(iteration, point.params, point.loss)
    if not isfinite(steepest):
        return Solution(point.params, nan, iteration, False, "The gradient is not finite")
    converged = steepest <= tol
    return Solution(point.params, point.loss, iteration, converged, "" if converged else "Iterations reached the limit")


def _largest(vector: Vector) -> float:
    """The largest magnitude; NaN if there is one."""
    return float(np.abs(vector).max(initial=0.0))


def _step(strategy: Strategy, point: Point, direction: Vector, slope: float) -> Point | None:
    """The first point along the direction, by a step of 1 and then shorter ones, where the loss falls enough.

    Where it changes by less than its own rounding, the slope decides: it must have halved.
    None where there is no such point.
    """
    slack = strategy.resolution * abs(point.loss)
    rate = 1.0
    while rate > _SHORTEST and slope < 0:
        ahead = strategy.evaluate(point.params + rate * direction)
        change = ahead.loss - point.loss
        if change <= _SUFFICIENT * rate * slope:
            return ahead
        if change <= slack and abs(dot(ahead.d_params, direction)) < 0.5 * abs(slope):
            return ahead
        if -rate * slope < slack:
            return None
        rate *= _shorter(change, rate * slope)
    return None


def _shorter(change: float, slope: float) -> float:
    """Where the parabola through what is known has its minimum, kept between a tenth and a half."""
    curvature = change - slope
    if not (np.isfinite(curvature) and curvature > 0):
        return 0.1
    return float(np.clip(-slope / (2 * curvature), 0.1, 0.5))
