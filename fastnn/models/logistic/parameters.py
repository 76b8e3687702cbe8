"""The parameters of logistic regression that functions read, whichever estimator has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from numpy.typing import ArrayLike

from fastnn.models.common.given import RandomState

__all__ = ["LogisticParameters", "SolverParameters"]


class SolverParameters(Protocol):
    """What decides how coefficients are found, of one penalty or of many."""

    solver: str
    dual: bool
    tol: float
    max_iter: int
    fit_intercept: bool
    intercept_scaling: float
    class_weight: Mapping[Any, float] | str | None
    random_state: RandomState
    n_jobs: int | None
    verbose: int
    bounds: Sequence[ArrayLike | None] | None
    standardize: bool
    firth: bool
    backend: str
    n_threads: int | None


class LogisticParameters(SolverParameters, Protocol):
    """All of them, for one penalty."""

    penalty: str | None
    C: float
    l1_ratio: float | None
    alpha: float | None
    penalty_factor: ArrayLike | None
