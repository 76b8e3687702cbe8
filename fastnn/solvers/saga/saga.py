"""SAGA for logistic regression (Defazio, Bach and Lacoste-Julien 2014), with a step that follows what it measures.

The proven length, by the largest row, suits the worst case. Rows are mostly alike, and near the optimum flatter: so
after every iteration that lowers the objective the step is lengthened, and one that does not is taken back, and the
step halved for good.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from math import inf, isfinite, log

from fastnn.solvers.objective.logistic import LogisticObjective
from fastnn.solvers.objective.penalty import Separable
from fastnn.solvers.objective.types import Solution, Vector, Watch
from fastnn.solvers.saga.chain import Chain
from fastnn.solvers.saga.stopping import Measure

__all__ = ["saga"]

_FIRST = 0.5  # of the inverse of the largest row's curvature; a third is proven
_GROWTH = 1.5
_RECENT = 10  # iterations: without a smaller error, as large as rounding leaves it, they are an end;
_TRIAL = 20  # after so many it is judged by the rate of as many recent ones, so never before that end,
_SHARE = 0.5  # and more than this share of the iterations that are left are too many,
_LONGEST = 100  # or so many


@dataclass(frozen=True)
class _Point:
    params: Vector
    value: float
    error: float


def saga(
    objective: LogisticObjective,
    penalty: Separable,
    start: Vector,
    *,
    measure: Measure,
    max_iter: int,
    seed: int,
    watch: Watch | None = None,
) -> Solution:
    """Minimise until the measure of what is left is small enough.

    Parameters
    ----------
    objective : LogisticObjective
        Without a penalty of its own.
    penalty : Separable
        Of all params, as a part of the mean.
    start : ndarray (p,), float64
        Between the bounds.
    measure : Measure
        Says how far from the optimum it is, and what is enough.
    max_iter : int
        Iterations: passes over the rows; where rows are few, 1, 2, 4 ... passes, until they make 20,000 rows.
    seed : int
        Of the orders of the rows; the same seed gives the same bits, whatever the number of threads.
    watch : callable, optional

    Returns
    -------
    Solution
        If it has not converged before `max_iter`, it would take far longer than this at the rate it has.
    """
    chain = Chain(objective, penalty, seed)
    point = _at(chain, measure, start)
    if not isfinite(point.value):
        return Solution(start, point.value, 0, False, "the objective is not finite at the start")
    step, longest = _FIRST / chain.curvature, inf
    errors: deque[float] = deque([point.error], maxlen=_RECENT + 1)
    iteration = 0
    while point.error > measure.enough and iteration < max_iter:
        chain.advance(step)
        ahead = _ahead(chain, measure)
        if _is_worse(ahead, point, objective.resolution * (abs(point.value) + chain.magnitude())):
            chain.start(point.params)
            step = longest = step / 2
        else:
            point, step = ahead, min(_GROWTH * step, longest)
        errors.append(min(point.error, errors[-1]))
        iteration += 1
        if watch is not None:
            watch(iteration, point.params, point.value)
        if len(errors) > _RECENT and errors[-1] > 0.9 * errors[0] and measure.is_rounding(point.value, point.error):
            return Solution(point.params, point.value, iteration, True)
        most = min(_SHARE * (max_iter - iteration), _LONGEST)
        if iteration >= _TRIAL and _iterations_left(errors, measure.enough) > most:
            return Solution(point.params, point.value, iteration, False, f"{measure.name} is {point.error:.1e}")
    converged = point.error <= measure.enough
    message = "" if converged else f"{measure.name} is {point.error:.1e}"
    return Solution(point.params, point.value, iteration, converged, message)


def _at(chain: Chain, measure: Measure, params: Vector) -> _Point:
    """The point with a table that is its own, from which the chain goes on."""
    chain.start(params)
    return _Point(params, *measure(params, chain.gradient(), chain.table))


def _ahead(chain: Chain, measure: Measure) -> _Point:
    """Where the chain is. Its table lags behind where passes are few; so an end is looked at again with a new one."""
    params = chain.params()
    if chain.is_short:
        return _at(chain, measure, params)
    found = _Point(params, *measure(params, chain.gradient(), chain.table))
    return _at(chain, measure, params) if found.error <= measure.enough else found


def _is_worse(ahead: _Point, point: _Point, slack: float) -> bool:
    """Whether the objective has risen; where that drowns in its rounding, `slack`, whether the error has doubled."""
    change = ahead.value - point.value
    return not change <= slack or (change > -slack and not ahead.error <= 2 * point.error)


def _iterations_left(errors: deque[float], enough: float) -> float:
    """As the last ones have gone."""
    before, now = errors[0], errors[-1]
    if now <= enough:
        return 0.0
    rate = log(before / now) / _RECENT
    return log(now / enough) / rate if rate > 0 and enough > 0 else inf
