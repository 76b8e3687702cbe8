"""Logistic regression with an L1 penalty, to a duality gap of 1e-6 of the loss at zero: the peers beside fastnn.

Without an intercept, which liblinear would penalise and celer does not know; at the C that leaves about 5 % of the
coefficients.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from scipy.special import xlogy
from sklearn import linear_model

import fastnn

from ..logistic_data import Data, adult, words
from .contest import THREADS, Contestant, Effort, compete, limit_blas, optional, print_table, quietly, repeated, summary

GOAL = 1e-6
TOLERANCES = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8)
SHARE = 0.05
PROBLEMS: tuple[tuple[str, Callable[[], Data | None]], ...] = (
    ("adult, one-hot, sparse", adult),
    ("words, sparse 20,000 x 20,000", words),
)

Fit = Callable[[float], Any]  # of a tolerance


def ours(x: Any, y: np.ndarray, C: float, threads: int | None, tolerance: float) -> Any:
    """Return fastnn's model."""
    settings = {"l1_ratio": 1.0, "fit_intercept": False, "max_iter": 1000, "n_threads": threads}
    return quietly(lambda: fastnn.LogisticRegression(C=C, tol=tolerance, **settings).fit(x, y))


def sparse_enough(x: Any, y: np.ndarray) -> float:
    """Return the C, up to a few percent, with which a share of the coefficients is not zero."""
    low = 1 / np.abs(x.T @ (0.5 - y)).max()  # all are zero
    high = low * 2
    wanted = SHARE * x.shape[1]
    while np.count_nonzero(ours(x, y, high, None, 1e-3).coef_) < wanted:
        low, high = high, high * 2
    while high / low > 1.03:
        middle = (low * high) ** 0.5
        if np.count_nonzero(ours(x, y, middle, None, 1e-3).coef_) < wanted:
            low = middle
        else:
            high = middle
    return float(high)


def gap(model: Any, x: Any, y: np.ndarray, C: float) -> float:
    """Return the duality gap, relative to the loss at zero."""
    w = np.ravel(model.coef_)
    margin = np.where(y == 1, 1.0, -1.0) * (x @ w)
    wrong = 1 / (1 + np.exp(margin))
    slope = x.T @ (np.where(y == 1, -1.0, 1.0) * wrong)
    wrong = wrong * min(1.0, 1 / C / np.abs(slope).max())
    primal = np.logaddexp(0, -margin).sum() + np.abs(w).sum() / C
    dual = -(xlogy(wrong, wrong) + xlogy(1 - wrong, 1 - wrong)).sum()
    return float((primal - dual) / (len(y) * np.log(2)))


def fits(x: Any, y: np.ndarray, C: float, threads: int) -> Iterator[tuple[str, Fit]]:
    """Yield all who can fit, by name."""
    yield "fastnn", partial(ours, x, y, C, threads)
    columns, n = x.tocsc(), len(y)
    if (celer := optional("celer")) is not None:
        make = partial(celer.LogisticRegression, C=C, fit_intercept=False)
        yield "celer", lambda tol: quietly(lambda: make(tol=tol).fit(columns, y))
    if (skglm := optional("skglm")) is not None:
        make = partial(skglm.SparseLogisticRegression, alpha=1 / C / n, fit_intercept=False)
        yield "skglm", lambda tol: quietly(lambda: make(tol=tol).fit(columns, y))
    for solver in ("liblinear", "saga"):
        settings = {"l1_ratio": 1.0, "C": C, "fit_intercept": False, "solver": solver, "max_iter": 200}
        make = partial(linear_model.LogisticRegression, **settings)
        yield f"scikit-learn {solver}", lambda tol, make=make: quietly(lambda: make(tol=tol).fit(x, y))


def contestants(x: Any, y: np.ndarray, C: float, effort: Effort, reached: dict[str, float]) -> Iterator[Contestant]:
    """Yield all who reach the goal, each with the largest tolerance that is enough; `reached` gets their gaps."""
    for threads in THREADS:
        prepare = limit_blas(threads)
        prepare()
        for name, fit in fits(x, y, C, threads):
            gaps = ((tolerance, gap(fit(tolerance), x, y, C)) for tolerance in TOLERANCES)
            found = next((pair for pair in gaps if pair[1] <= GOAL), None)
            if found is None:
                print(f"<!-- {name} does not come to a gap of {GOAL:g} -->")
                continue
            tolerance, reached[f"{name}, {threads}"] = found
            yield repeated(name, threads, partial(fit, tolerance), effort, prepare)


def rows(effort: Effort) -> Iterator[list[str]]:
    """Yield the table's rows."""
    for name, draw in PROBLEMS[:1] if effort.quick else PROBLEMS:
        data = draw()
        if data is None:
            print(f"<!-- no data for {name}: set FASTNN_DATA -->")
            continue
        x, y = csr_matrix(data[0]), data[1]
        x.indices, x.indptr = x.indices.astype(np.int32), x.indptr.astype(np.int32)  # what the peers take
        if effort.quick:
            x, y = x[:2000], y[:2000]
        C = sparse_enough(x, y)
        reached: dict[str, float] = {}
        cells = summary(compete(contestants(x, y, C, effort, reached), effort))
        peer = cells[2].partition("(")[2].rstrip(")")
        both = f"{reached['fastnn, 1']:.0e}, {reached[peer]:.0e}"
        yield [f"{name}, C = {C:.2g}", *cells[:3], both, cells[3]]


def logistic_l1(effort: Effort) -> None:
    """Print the table."""
    header = ["problem", "fastnn, 1 thread", "2 threads", "best peer, threads", "gap: both", "ratio"]
    print_table(f"Logistic regression with L1: fit to a duality gap of {GOAL:g}", header, rows(effort))
