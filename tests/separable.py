"""Data whose classes are separated or not, and the definition of that as linear programs (Albert and Anderson 1984)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import linprog

LABELS = ["at random", "complete", "ties", "one row over the line"]
COLUMNS = ["dummies", "continuous", "mixed"]


@dataclass(frozen=True)
class Case:
    """Rows x (n, i) with classes y (n,), all of which some row has, with or without an intercept."""

    x: np.ndarray
    y: np.ndarray
    intercept: bool
    weight: np.ndarray | None = None


def margins(case: Case) -> np.ndarray:
    """A row (m * k,) for every pair (row, other class): the gradient of its margin, in any positive unit."""
    x, y = case.x.astype(np.float64), case.y
    if case.weight is not None:
        x, y = x[case.weight > 0], y[case.weight > 0]
    design = np.column_stack([np.ones(len(x)), x]) if case.intercept else x
    n_classes = int(case.y.max()) + 1
    rows = []
    for row, own in zip(design / np.abs(design).max(axis=1, keepdims=True).clip(1e-300), y, strict=True):
        for other in set(range(n_classes)) - {own}:
            pair = np.zeros((n_classes, len(row)))
            pair[own], pair[other] = row, -row
            rows.append(pair[1:].ravel())
    return np.array(rows)


def kind_by_definition(case: Case) -> str:
    """Say "complete" if a direction has only positive margins, "quasi-complete" if only such and zeros, else "none"."""
    matrix = margins(case)
    n, p = matrix.shape
    options = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
    box = [(-1, 1)] * p
    least = linprog(
        np.r_[np.zeros(p), -1],
        np.column_stack([-matrix, np.ones(n)]),
        np.zeros(n),
        bounds=[*box, (None, None)],
        options=options,
    )
    total = linprog(-matrix.sum(axis=0), -matrix, np.zeros(n), bounds=box, options=options)
    assert least.status == total.status == 0
    if -least.fun > 1e-8:
        return "complete"
    return "quasi-complete" if -total.fun > 1e-8 else "none"


def drawn(rng: np.random.Generator, labels: str, columns: str, n_classes: int) -> Case:
    """A small case of small numbers; what kind it is turns out."""
    n, i = int(rng.integers(max(4, n_classes), 41)), int(rng.integers(1, 5))
    group = rng.integers(0, i + 1, n)
    dummies = np.eye(i + 1)[group][:, 1:]
    x = {"dummies": dummies, "continuous": rng.integers(-64, 65, (n, i)) / 16}.get(columns)
    if x is None:
        x = np.where(np.arange(i) % 2 == 0, dummies, rng.integers(-3, 4, (n, i)))
    intercept = bool(rng.integers(3))
    truth = rng.integers(-2, 3, (n_classes, i + 1)) * (rng.random((n_classes, i + 1)) < 0.7)
    z = x @ truth[:, 1:].T + truth[:, 0] * intercept
    at_best = z == z.max(axis=1, keepdims=True)
    y = np.array([rng.choice(np.flatnonzero(best)) for best in at_best])
    if labels == "at random":
        y = rng.integers(0, n_classes, n)
    elif labels == "complete":
        clear = at_best.sum(axis=1) == 1
        x, y = (x[clear], y[clear]) if clear.sum() >= n_classes else (x, y)
    elif labels == "one row over the line":
        y[0] = (y[0] + 1) % n_classes
    y[-n_classes:] = np.arange(n_classes) if len(set(y)) < n_classes else y[-n_classes:]
    return Case(x, y, intercept)


def disguised(case: Case, rng: np.random.Generator) -> Case:
    """The same case for a theory of separation: other units, origins, weights, more rows and columns, another dtype."""
    x, y = case.x, case.y
    n, i = x.shape
    if rng.random() < 0.3:  # a column that depends on others
        x = np.column_stack([x, x @ rng.integers(-2, 3, i) + 3 * case.intercept])
    if rng.random() < 0.3:  # a row that nobody has seen, and would change everything
        x, y = np.vstack([x, x[:1]]), np.append(y, (y[0] + 1) % (y.max() + 1))
    weight = None
    if len(y) > n or rng.random() < 0.3:
        weight = np.exp(rng.normal(size=len(y)))
        weight[n:] = 0
    if rng.random() < 0.6:
        x = x * 10.0 ** rng.uniform(-8, 8, x.shape[1])
        if case.intercept and rng.random() < 0.5:
            x = x + np.abs(x).max(axis=0) * 10.0 ** rng.uniform(-2, 5, x.shape[1])
    elif rng.random() < 0.5:
        x = x.astype(np.float32)
    return replace(case, x=x, y=y, weight=weight)


def with_outlier(case: Case, rng: np.random.Generator, size: float) -> Case:
    """One number is as large as that, on either side."""
    x = case.x.astype(np.float64)
    x[rng.integers(len(x)), rng.integers(x.shape[1])] = rng.choice([-1, 1]) * size
    return replace(case, x=x)
