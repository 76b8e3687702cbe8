"""Choosing a penalty of logistic regression by cross-validation: ten penalties, five folds, defaults else."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn import linear_model

import fastnn

from ..logistic_data import adult, correlated
from .contest import THREADS, Contestant, Effort, compete, limit_blas, print_table, quietly, repeated, summary

SOLVERS = ("lbfgs", "newton-cholesky")
SETTINGS: dict[str, Any] = {
    "Cs": 10,
    "cv": 5,
    "l1_ratios": (0,),
    "scoring": "accuracy",
    "use_legacy_attributes": False,
}


def contestants(x: Any, y: np.ndarray, effort: Effort) -> Iterator[Contestant]:
    """Yield all who choose; their scores on the folds have to agree to a few rows in a thousand."""
    wanted = None
    for threads in THREADS:
        prepare = limit_blas(threads)
        model = fastnn.LogisticRegressionCV(n_threads=threads, **SETTINGS)
        yield repeated("fastnn", threads, partial(quietly, partial(model.fit, x, y)), effort, prepare)
        wanted = model.scores_ if wanted is None else wanted
        for solver in SOLVERS:
            peer = linear_model.LogisticRegressionCV(solver=solver, n_jobs=threads, **SETTINGS)
            yield repeated(
                f"scikit-learn {solver}", threads, partial(quietly, partial(peer.fit, x, y)), effort, prepare
            )
            if np.abs(peer.scores_ - wanted).max() > max(5e-3, 5 / len(y)):
                raise AssertionError(f"scores of {solver} and of fastnn are not the same")


def rows(effort: Effort) -> Iterator[list[str]]:
    """Yield the table's rows."""
    if effort.quick:
        yield ["dense 2,000 x 20", *summary(compete(contestants(*correlated(2_000, 20), effort), effort))]
        return
    found = adult()
    if found is None:
        print("<!-- adult: no data; set FASTNN_DATA -->")
        return
    x, y = found
    for kind, given in (("sparse", x), ("dense", x.toarray() if issparse(x) else x)):
        yield [f"adult, one-hot, {kind}", *summary(compete(contestants(given, y, effort), effort))]


def logistic_cv(effort: Effort) -> None:
    """Print the table."""
    header = ["data", "fastnn, 1 thread", "2 threads", "best peer, threads", "ratio"]
    print_table("Logistic regression: ten penalties by cross-validation with five folds", header, rows(effort))
