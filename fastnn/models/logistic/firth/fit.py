"""The fit of a logistic regression by Firth's penalised likelihood, ``LogisticRegression(C=np.inf, firth=True)``."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fastnn.models.logistic.firth.penalty import PenalisedLikelihood, PenalisedPoint, highest, maximise
from fastnn.models.logistic.inference.contrasts import contrasts, softmax_coefficients
from fastnn.models.logistic.inference.likelihood import Curvature, Vector
from fastnn.models.logistic.parameters import SolverParameters
from fastnn.models.logistic.problem import Explain, Labelled, params_of, refuse_non_finite
from fastnn.solvers.objective.types import Solution, Watch
from fastnn.solvers.preconditioner.one_blas_thread import one_thread

__all__ = ["penalised_likelihood", "solve_firth"]

_MOST_PARAMETERS = 1000  # the information has the square of it, and a step costs its cube
_CLOSE = 1e-8  # standard errors from the maximum, where `tol` asks for less


def solve_firth(
    model: SolverParameters, samples: Labelled, start: Vector | None, explain: Explain, watch: Watch | None
) -> Solution:
    """Maximise Firth's penalised likelihood; `explain` says what is not finite in X.

    Params of the solution, and `start`, are those of a `LogisticObjective`; its loss is the penalised likelihood per
    observation, negative.

    Raises
    ------
    ValueError
        If there are too many parameters, X has numbers that are not finite, or columns depend on each other.
    """
    with one_thread():  # products of small blocks: threads of BLAS would wait for each other
        likelihood = penalised_likelihood(samples, model.fit_intercept, explain)

        def solution_at(point: PenalisedPoint, n_iter: int) -> Solution:
            theta = likelihood.in_user_units(point.theta.reshape(likelihood.n_contrasts, -1))
            loss = -point.value / likelihood.n_observations
            return Solution(_params(theta, model.fit_intercept), loss, n_iter, False)

        def tell(n_iter: int, point: PenalisedPoint) -> None:
            if watch is not None:
                solution = solution_at(point, n_iter)
                watch(n_iter, solution.params, solution.loss)

        tol = min(model.tol, _CLOSE)
        begin = _start(likelihood, start, samples.x.shape[1])
        found = maximise(likelihood, begin, tol=tol, max_iter=model.max_iter, watch=tell)
        if not begin.theta.any():  # nobody has said where
            climbed, found = found, highest(likelihood, found, tol=tol, max_iter=model.max_iter)
            if found.n_iter > climbed.n_iter:
                tell(found.n_iter, found.point)
        message = f"The maximum of the penalised likelihood is {found.distance:.3g} standard errors away"
        solution = solution_at(found.point, found.n_iter)
        return replace(solution, converged=found.converged, message=message)


def penalised_likelihood(samples: Labelled, fit_intercept: bool, explain: Explain) -> PenalisedLikelihood:
    """The penalised likelihood of the data, where it has one maximum.

    Raises
    ------
    ValueError
        If there are too many parameters, X has numbers that are not finite, or columns depend on each other.
    """
    x, weight, n_classes = samples.x, samples.sample_weight, len(samples.classes)
    n_params = (n_classes - 1) * (x.shape[1] + fit_intercept)
    if n_params > _MOST_PARAMETERS:
        raise ValueError(
            f"firth=True computes with the information matrix of all {n_params} parameters, and does so for at most "
            f"{_MOST_PARAMETERS}. Use fewer features, or a penalty (a finite C)."
        )
    with np.errstate(all="ignore"):  # what is not finite is looked for
        likelihood = PenalisedLikelihood(x, samples.y, n_classes, weight, fit_intercept)
        gram = likelihood.gram()
    if not np.isfinite(gram).all():
        refuse_non_finite([Solution(np.zeros(n_params), np.nan, 0, False)], x, explain)
    dependent = np.unique(Curvature(gram).dependent)
    if len(dependent):
        names = ["(intercept)"] * bool(fit_intercept) + samples.features.labels()
        found = ", ".join(names[j] for j in dependent[:10])
        n_rows = x.shape[0] if weight is None else np.count_nonzero(weight)
        raise ValueError(
            f"In {n_rows} rows of {likelihood.n_columns} columns some are linear combinations of others ({found}), so "
            "Fisher's information is singular whatever the classes are, and the penalised likelihood of firth=True has "
            "no maximum. Leave these columns out."
        )
    return likelihood


def _start(likelihood: PenalisedLikelihood, start: Vector | None, n_features: int) -> PenalisedPoint:
    """Zeros, or the user's start where it is better."""
    zeros = likelihood.look(np.zeros(likelihood.n_params))
    if zeros is None:
        raise ValueError("Fisher's information has no inverse at zero. Scale the features, or leave some out.")
    if start is None:
        return zeros
    outputs = len(start) // likelihood.n_columns
    coef = start[: n_features * outputs].reshape(n_features, outputs).T
    theta = contrasts(coef, start[n_features * outputs :] if likelihood.intercept else None)
    point = likelihood.look(likelihood.standardised(theta).ravel())
    return zeros if point is None or point.value < zeros.value else point


def _params(theta: Vector, fit_intercept: bool) -> Vector:
    """An objective's params (p,) of contrasts in the user's units (m, k)."""
    both = softmax_coefficients(theta)
    return params_of(both[:, 1:], both[:, 0]) if fit_intercept else params_of(both, None)
