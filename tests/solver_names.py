"""Names of logistic regression's solvers, by what the table says of them: for tests that go through solvers."""

from __future__ import annotations

from fastnn.solvers.table import SOLVERS

__all__ = ["ALL", "FREE_INTERCEPT", "PRECISE", "SECOND_ORDER", "SLOW"]

ALL = tuple(SOLVERS)
SLOW = tuple(name for name, solver in SOLVERS.items() if solver.is_first_order)  # may end early, if they say so
# The optimum of these is that of a LogisticRegression as a rule.
FREE_INTERCEPT = tuple(name for name, solver in SOLVERS.items() if not solver.penalises_intercept)
PRECISE = tuple(name for name in FREE_INTERCEPT if name not in SLOW)
# These go on by second-order steps where their own would take too long.
SECOND_ORDER = tuple(name for name in FREE_INTERCEPT if name in PRECISE or SOLVERS[name].is_stochastic)
