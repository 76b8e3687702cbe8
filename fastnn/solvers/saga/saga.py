"""SAGA (Defazio, Bach and Lacoste-Julien 2014), with a step length that follows what it measures.

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
from fastnn.solvers.saga.state import SagaState
from fastnn.solvers.saga.stopping import StoppingRule

__all__ = ["saga"]

_FIRST = 0.5  # of the inverse of the largest row's curvature; a third is proven
_GROWTH = 1.5
# So many iterations without a smaller error are the end, if rounding may leave such an error. They also measure the
# rate at which the error falls.
_RECENT = 10
# From this iteration on SAGA gives up where, at that rate, it would need more than this share of the iterations that
# are left, or more than the largest number.
_TRIAL = 20
_SHARE = 0.5
_LONGEST = 100


@dataclass(frozen=True)
class _MeasuredIterate:
    params: Vector
    value: float
    error: float


def saga(
    objective: LogisticObjective,
    penalty: Separable,
    start: Vector,
    *,
    rule: StoppingRule,
    max_iter: int,
    seed: int,
    watch: Watch | None = None,
) -> Solution:
    """Minimise until the stopping rule says that what is left is small enough.

    Parameters
    ----------
    objective : LogisticObjective
        Without a penalty of its own.
    penalty : Separable
        Of all params, as a part of the mean.
    start : ndarray (p,), float64
        Between the bounds.
    rule : StoppingRule
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
    state = SagaState(objective, penalty, seed)
    iterate = _at(state, rule, start)
    if not isfinite(iterate.value):
        return Solution(start, iterate.value, 0, False, "the objective is not finite at the start")
    step, longest = _FIRST / state.curvature, inf
    errors: deque[float] = deque([iterate.error], maxlen=_RECENT + 1)
    iteration = 0
    while iterate.error > rule.enough and iteration < max_iter:
        state.advance(step)
        ahead = _ahead(state, rule)
        if _is_worse(ahead, iterate, objective.resolution * (abs(iterate.value) + state.magnitude())):
            state.start(iterate.params)
            step = longest = step / 2
        else:
            iterate, step = ahead, min(_GROWTH * step, longest)
        errors.append(min(iterate.error, errors[-1]))
        iteration += 1
        if watch is not None:
            watch(iteration, iterate.params, iterate.value)
        if len(errors) > _RECENT and errors[-1] > 0.9 * errors[0] and rule.is_rounding(iterate.value, iterate.error):
            return Solution(iterate.params, iterate.value, iteration, True)
        most = min(_SHARE * (max_iter - iteration), _LONGEST)
        if iteration >= _TRIAL and _iterations_left(errors, rule.enough) > most:
            return Solution(iterate.params, iterate.value, iteration, False, f"{rule.name} is {iterate.error:.1e}")
    converged = iterate.error <= rule.enough
    message = "" if converged else f"{rule.name} is {iterate.error:.1e}"
    return Solution(iterate.params, iterate.value, iteration, converged, message)


def _at(state: SagaState, rule: StoppingRule, params: Vector) -> _MeasuredIterate:
    """The iterate with a table of its own, from which the state goes on."""
    state.start(params)
    return _MeasuredIterate(params, *rule(params, state.gradient(), state.table))


def _ahead(state: SagaState, rule: StoppingRule) -> _MeasuredIterate:
    """The iterate where the state is.

    After a single pass its table lags behind; so what looks like an end is looked at again with a new table.
    """
    params = state.params()
    if state.makes_several_epochs:
        return _at(state, rule, params)
    found = _MeasuredIterate(params, *rule(params, state.gradient(), state.table))
    return _at(state, rule, params) if found.error <= rule.enough else found


def _is_worse(ahead: _MeasuredIterate, iterate: _MeasuredIterate, slack: float) -> bool:
    """Whether the objective has risen; where that drowns in its rounding, `slack`, whether the error has doubled."""
    change = ahead.value - iterate.value
    return not change <= slack or (change > -slack and not ahead.error <= 2 * iterate.error)


def _iterations_left(errors: deque[float], enough: float) -> float:
    """How many more iterations it takes to an error of `enough`, at the rate of the last ones."""
    before, now = errors[0], errors[-1]
    if now <= enough:
        return 0.0
    rate = log(before / now) / _RECENT
    return log(now / enough) / rate if rate > 0 and enough > 0 else inf
