"""Logistic regression's optimum, by Newton's method where no shift or scale reaches, and what a model misses of it.

Columns minus their median and divided by a robust deviation, an exact line search, and steps whitened anew each time:
slow, and right where the solvers under test go wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import qr, solve_triangular
from scipy.optimize import brentq
from scipy.sparse import issparse

Vector = NDArray[np.float64]

MOST_STEPS = 300
NEAR = 1e-12  # Newton's decrement at the optimum, of the objective


@dataclass(frozen=True)
class Problem:
    """What `fit` is given, and the parameters that decide where the optimum is."""

    x: Any
    y: NDArray[Any]
    C: float = 1.0
    fit_intercept: bool = True
    sample_weight: Vector | None = None
    penalty_factor: Vector | None = None
    intercept_is_penalised: bool = False  # as liblinear has it

    def __repr__(self) -> str:
        n, i = self.x.shape
        rest = f"C={self.C}, fit_intercept={self.fit_intercept}, penalty_factor={self.penalty_factor}"
        weighted = "" if self.sample_weight is None else ", weighted"
        return (
            f"Problem({type(self.x).__name__} ({n}, {i}) of {self.x.dtype}, {self.n_classes} classes, {rest}{weighted})"
        )

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self))  # hypothesis would print every row

    @property
    def parameters(self) -> dict[str, Any]:
        """Of a LogisticRegression of either library."""
        return {"C": self.C, "fit_intercept": self.fit_intercept}

    @cached_property
    def dense(self) -> Vector:
        """X (n, i) in float64, which holds float32 exactly."""
        return np.asarray(self.x.toarray() if issparse(self.x) else self.x, np.float64)

    @cached_property
    def labels(self) -> NDArray[np.intp]:
        """Numbers of the classes (n,)."""
        return np.unique(self.y, return_inverse=True)[1]

    @property
    def n_classes(self) -> int:
        return int(self.labels.max()) + 1

    @cached_property
    def costs(self) -> Vector:
        """What multiplies each row's loss (n,): its weight, times C where there is a penalty."""
        weight = np.ones(len(self.y)) if self.sample_weight is None else np.asarray(self.sample_weight, np.float64)
        return weight * (self.C if np.isfinite(self.C) else 1.0)

    @cached_property
    def strengths(self) -> Vector:
        """Of the L2 penalty on each coefficient (i,)."""
        factor = np.ones(self.dense.shape[1]) if self.penalty_factor is None else np.asarray(self.penalty_factor)
        return factor * float(np.isfinite(self.C))

    @cached_property
    def centre(self) -> Vector:
        """The median of each column (i,)."""
        return np.median(self.dense, axis=0)

    @cached_property
    def centred(self) -> Vector:
        """X minus the medians, which is exact for values near them."""
        return self.dense - self.centre


@dataclass(frozen=True)
class Optimum:
    """The least objective, where it is, coef (o, i) and intercept (o,), and Newton's decrement as a share of it."""

    objective: float
    coef: Vector
    intercept: Vector
    decrement: float
    n_steps: int


# --- the objective ------------------------------------------------------------------------------


def softmax(z: Vector, labels: NDArray[np.intp]) -> tuple[Vector, Vector, Vector]:
    """Losses (n,), probabilities (k, n) and 1 - probabilities of raw outputs z (k, n), none by subtraction from 1."""
    below = z - z[labels, np.arange(z.shape[1])]  # above 0 where another class is likelier
    largest = below.max(axis=0)
    e = np.exp(below - largest)
    others = np.stack([sum(e[b] for b in range(len(e)) if b != c) for c in range(len(e))])
    total = e.sum(axis=0)
    losses = np.where(largest > 0, largest + np.log(total), np.log1p(np.take_along_axis(others, labels[None], 0)[0]))
    return losses, e / total, others / total


def raw_outputs(problem: Problem, coef: Vector, intercept: Vector) -> Vector:
    """z (k, n) of every class, without rounding of its own; of two classes the first one's is zero."""
    z = coef @ problem.centred.T + exact_offset(problem, coef, intercept)[:, None]
    return np.vstack([np.zeros_like(z), z]) if len(z) == 1 else z


def exact_offset(problem: Problem, coef: Vector, intercept: Vector) -> Vector:
    """Intercept + centre @ coef (o,), rounded once."""
    centre = [Fraction(float(each)) for each in problem.centre]
    return np.array(
        [
            float(Fraction(float(b)) + sum((c * Fraction(float(w)) for c, w in zip(centre, row, strict=True))))
            for row, b in zip(coef, intercept, strict=True)
        ]
    )


def objective_at(problem: Problem, coef: Any, intercept: Any) -> float:
    """C * sum of losses + penalty (C = inf: the losses) at a model's coefficients, without rounding of its own."""
    coef = np.atleast_2d(np.asarray(coef, np.float64))
    intercept = np.broadcast_to(np.asarray(intercept, np.float64).ravel(), len(coef))
    if not (np.isfinite(coef).all() and np.isfinite(intercept).all()):
        return np.inf
    losses = softmax(raw_outputs(problem, coef, intercept), problem.labels)[0]
    used = problem.costs > 0
    with np.errstate(over="ignore"):
        penalty = (problem.strengths * coef**2).sum() / 2 if problem.strengths.any() else 0.0
    if problem.intercept_is_penalised and problem.fit_intercept:
        penalty += (intercept**2).sum() / 2
    return float((problem.costs[used] * losses[used]).sum() + penalty)


def excess(model: Any, problem: Problem, optimum: Optimum) -> float:
    """How far a model's objective is above the least one, as a share of that."""
    return excess_at(problem, optimum, model.coef_, model.intercept_)


def excess_at(problem: Problem, optimum: Optimum, coef: Any, intercept: Any) -> float:
    """The same of coefficients."""
    return (objective_at(problem, coef, intercept) - optimum.objective) / optimum.objective


def rounding(problem: Problem, optimum: Optimum, dtype: Any) -> float:
    """The most that coefficients of that dtype, each half a unit off in its last place, miss of the optimum.

    By the triangle inequality in the Hessian's norm; an intercept that makes up for a shift of 1e5 in float32 cannot
    be nearer.
    """
    coef, intercept = optimum.coef, optimum.intercept
    _, p, others = softmax(raw_outputs(problem, coef, intercept), problem.labels)
    weight = np.sqrt(problem.costs * p * others)[-len(coef) :]  # (o, n)
    unit = np.abs(np.spacing(np.abs(coef).astype(dtype)).astype(np.float64)) / 2
    columns = range(coef.shape[1])
    norms = sum(np.linalg.norm(weight * np.outer(unit[:, j], problem.dense[:, j]), axis=1) for j in columns)
    norms = norms + np.sqrt(problem.strengths)[None, :] @ unit.T
    if problem.fit_intercept:
        last = np.spacing(np.abs(intercept).astype(dtype)).astype(np.float64) / 2
        norms = norms + np.linalg.norm(weight, axis=1) * last
    return float(np.sum(norms) ** 2 / 2 / optimum.objective)


# --- the optimum --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Coordinates:
    """theta (p, m): the objective is the sum of costs * loss(a @ theta @ basis.T), and half of |penalty @ theta|**2.

    Attributes
    ----------
    a : ndarray (n, p)
    penalty : ndarray (q, p)
    basis : ndarray (k, m)
        From contrasts of classes to their raw outputs; its columns are orthonormal.
    back : ndarray (i + 1, p)
        From theta to coefficients of the standardised columns and the intercept by them.
    """

    a: Vector
    penalty: Vector
    basis: Vector
    back: Vector
    scale: Vector
    centre: Vector


def coordinates(problem: Problem) -> Coordinates:
    """Of standardised columns; where there is no intercept, those in which the user's one is zero."""
    centre = problem.centre.copy()
    scale = deviations(problem.centred)
    if not problem.fit_intercept:
        centre[np.abs(centre) < 10 * scale] = 0
    n, i = problem.dense.shape
    a = np.hstack([(problem.dense - centre) / scale, np.ones((n, 1))])
    penalty = np.hstack([np.diag(np.sqrt(problem.strengths) / scale), np.zeros((i, 1))])
    user_intercept = np.concatenate([-centre / scale, [1.0]])
    if problem.fit_intercept:
        back = np.eye(i + 1)
        if problem.intercept_is_penalised:
            penalty = np.vstack([penalty, user_intercept])
    else:
        back = orthogonal_to(user_intercept)
    basis = np.array([[0.0], [1.0]]) if problem.n_classes == 2 else orthogonal_to(np.ones(problem.n_classes))
    return Coordinates(a @ back, penalty @ back, basis, back, scale, centre)


def deviations(centred: Vector) -> Vector:
    """A robust one of each column (i,), or the mean one where more than half of a column is the same."""
    deviation = np.median(np.abs(centred), axis=0)
    deviation = np.where(deviation > 0, deviation, np.mean(np.abs(centred), axis=0))
    return np.where(deviation > 0, deviation, 1.0)


def orthogonal_to(v: Vector) -> Vector:
    """Orthonormal columns (p, p - 1); units where v is that of the last coordinate."""
    if not v[:-1].any():
        return np.eye(len(v))[:, :-1]
    return qr(v[:, None])[0][:, 1:]


def find_optimum(problem: Problem) -> Optimum:
    """Newton's method from the base rates, each step as long as it lowers the objective.

    Raises
    ------
    AssertionError
        If it does not end at an optimum.
    """
    at = coordinates(problem)
    theta = np.zeros((at.a.shape[1], at.basis.shape[1]))
    if problem.fit_intercept:
        rates = np.bincount(problem.labels, problem.costs)
        theta[-1] = at.basis.T @ np.log(rates / rates.sum()) - (
            np.log(rates[0] / rates.sum()) if len(rates) == 2 else 0
        )
    best, n_steps = np.inf, 0
    while n_steps < MOST_STEPS:
        step, value, decrement = newton_step(problem, at, theta)
        if decrement <= NEAR and decrement >= best / 4:  # rounding allows no more
            break
        best = min(best, decrement)
        n_steps += 1
        theta = theta + line_search(problem, at, theta, step) * step
    assert decrement <= NEAR, f"the reference stopped with a decrement of {decrement:.1e} after {n_steps} steps"
    standardised = at.back @ theta
    coef = at.basis @ (standardised[:-1] / at.scale[:, None]).T
    raw = at.basis @ standardised[-1]
    coef, raw = (coef[1:], raw[1:]) if problem.n_classes == 2 else (coef, raw)
    intercept = np.zeros(len(coef))
    if problem.fit_intercept:
        intercept = -exact_offset(problem, coef, -raw)
    return Optimum(value, coef, intercept, decrement, n_steps)


def newton_step(problem: Problem, at: Coordinates, theta: Vector) -> tuple[Vector, float, float]:
    """Step (p, m), the objective, and the squared decrement as a share of it."""
    labels, costs = problem.labels, problem.costs
    rows = np.arange(len(labels))
    losses, p, others = softmax(at.basis @ (at.a @ theta).T, labels)
    weight = np.sqrt(costs * (p * others).sum(axis=0))
    inverse, order = whiten(np.vstack([weight[:, None] * at.a, at.penalty]))
    a, penalty = apply(at.a, inverse, order), apply(at.penalty, inverse, order)
    residual = p.copy()
    residual[labels, rows] = -others[labels, rows]
    left = at.penalty @ theta
    gradient = a.T @ ((costs * residual).T @ at.basis) + penalty.T @ left
    hessian = whitened_hessian(a, penalty, costs, p, others, at.basis)
    jacobi = 1 / np.sqrt(np.maximum(np.diag(hessian), np.finfo(float).tiny))
    scaled = jacobi[:, None] * hessian * jacobi
    values, vectors = np.linalg.eigh(scaled)
    along = vectors.T @ (jacobi * gradient.ravel())
    kept = values > 1e-14 * values[-1]
    move = -jacobi * (vectors[:, kept] @ (along[kept] / values[kept]))
    value = float((costs * losses).sum() + (left**2).sum() / 2)
    step = np.zeros_like(theta)
    step[order] = solve_triangular(inverse, move.reshape(theta.shape))
    return step, value, float((along[kept] ** 2 / values[kept]).sum() / value)


def whiten(rows: Vector) -> tuple[Vector, NDArray[np.intp]]:
    """Triangular R and the order of columns with ``rows[:, order] = Q R``, the largest rows first."""
    largest = np.abs(rows).max(axis=1)
    _, r, order = qr(rows[np.argsort(-largest)], mode="economic", pivoting=True)
    diagonal = np.diag(r)
    np.fill_diagonal(r, np.where(np.abs(diagonal) > 1e-280, diagonal, 1.0))
    return r, order


def apply(rows: Vector, r: Vector, order: NDArray[np.intp]) -> Vector:
    """Rows in whitened coordinates."""
    return solve_triangular(r, rows[:, order].T, trans="T").T


def whitened_hessian(a: Vector, penalty: Vector, costs: Vector, p: Vector, others: Vector, basis: Vector) -> Vector:
    """The Hessian (p * m, p * m), in the order of a raveled theta (p, m)."""
    curvature = -p[:, None] * p[None]  # (k, k, n)
    classes = np.arange(len(p))
    curvature[classes, classes] = p * others
    contrasts = np.einsum("abn,ax,by->xyn", costs * curvature, basis, basis, optimize=True)
    m = basis.shape[1]
    hessian = np.zeros((a.shape[1], m, a.shape[1], m))
    for u in range(m):
        for v in range(m):
            hessian[:, u, :, v] = a.T @ (contrasts[u, v][:, None] * a)
        hessian[:, u, :, u] += penalty.T @ penalty
    return hessian.reshape(a.shape[1] * m, -1)


def line_search(problem: Problem, at: Coordinates, theta: Vector, step: Vector) -> float:
    """How many steps to the least objective along one, by its derivative, which only rises."""
    z, d_z = at.basis @ (at.a @ theta).T, at.basis @ (at.a @ step).T
    left, d_left = at.penalty @ theta, at.penalty @ step
    rows = np.arange(z.shape[1])

    def slope(t: float) -> float:
        _, p, others = softmax(z + t * d_z, problem.labels)
        p[problem.labels, rows] = -others[problem.labels, rows]
        return float((problem.costs * (p * d_z).sum(axis=0)).sum() + ((left + t * d_left) * d_left).sum())

    low, high = 0.0, 1.0
    if slope(low) >= 0:
        return 0.0
    while slope(high) < 0 and high < 2.0**40:
        low, high = high, 2 * high
    return float(brentq(slope, low, high, xtol=1e-9 * high, rtol=1e-6)) if slope(high) > 0 else high
