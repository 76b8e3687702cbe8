"""`summary` of a logistic regression, and the warning where its likelihood has no maximum."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from fastnn.models.common.estimator import Estimator, warn_caller
from fastnn.models.common.fitting import held
from fastnn.models.common.given import MatrixLike
from fastnn.models.common.targets import as_labels, index_of
from fastnn.models.logistic.firth.fit import contrasts, softmax_of
from fastnn.models.logistic.firth.summary import FirthSummary, summarise
from fastnn.models.logistic.inference.evidence import Evidence, Summary
from fastnn.models.logistic.inference.likelihood import Likelihood, Vector
from fastnn.models.logistic.inference.separation import no_maximum, of_large_model
from fastnn.models.logistic.penalty import has_penalty
from fastnn.storage import Kind, record

__all__ = ["LikelihoodInference", "gather_evidence"]

# Of an information matrix that every unpenalised fit makes and keeps (8 MB at the most); larger models make it when
# their summary is asked for.
_MOST_PARAMETERS = 1000


class LikelihoodInference:
    """Statistical inference for an estimator of logistic regression."""

    _kinds: ClassVar[Mapping[str, Kind]] = {**Estimator._kinds, "inference.Evidence": record(Evidence)}

    def summary(
        self,
        X: MatrixLike | None = None,
        y: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        *,
        level: float = 0.95,
    ) -> Summary | FirthSummary:
        """Standard errors, z, p, confidence intervals, and figures of the likelihood; printed, a table.

        An unpenalised `fit` (``C=np.inf``) of at most 1000 parameters computes Fisher's information at the end, about
        one more iteration of Newton's method, because it shows whether the classes are separated; it keeps its
        inverse, and no data. For larger models, or where `coef_` has been changed, pass the data of the fit.

        With ``firth=True`` intervals and tests are profiles of the penalised likelihood, each point of them a fit of
        its own, so that the data of the fit are always needed.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features), optional
            The samples of the fit, where they are needed.
        y : array-like of shape (n_samples,), optional
            Their labels.
        sample_weight : array-like of shape (n_samples,), optional
            Frequencies: a row of weight 2 stands for two observations that are alike.
        level : float in (0, 1), default=0.95
            Of the confidence intervals.

        Returns
        -------
        Summary or FirthSummary
            The latter for a fit with ``firth=True``.

        Raises
        ------
        ValueError
            If the theory does not hold: for a penalty, bounds or weights of classes, for separated classes, columns
            that depend on each other, or coefficients that are not those of the maximum; or if data are needed.

        Notes
        -----
        The covariance is the inverse of Fisher's information, which here is the observed one too. For more than two
        classes the parameters are log-odds against the first class; a softmax's own coefficients are not identified.
        """
        model: Any = held(self)
        check_is_fitted(model)
        _require_likelihood_alone(model)
        if not 0 < level < 1:
            raise ValueError(f"level={level!r}, wanted a number in (0, 1), such as 0.95.")
        if (X is None) != (y is None):
            raise ValueError("summary needs both X and y, or neither.")
        if getattr(model, "firth", False):
            return _by_profiles(model, X, y, sample_weight, level)
        evidence = _kept(model) if X is None else _from_data(model, X, y, sample_weight)
        return evidence.summary(model.classes_, _names(model), level)


def gather_evidence(
    model: Any, x: Any, index: NDArray[np.integer[Any]], weight: NDArray[np.floating[Any]] | None, *, converged: bool
) -> None:
    """At the end of a fit by likelihood alone: go to the maximum, keep what a summary needs, warn where there is none.

    The last steps are Newton's, as Fisher's information is needed anyway, so that coefficients and standard errors
    belong to the same point whatever `tol` is. A fit that was cut short stays where it is.
    """
    model._evidence = None
    if has_penalty(model) or getattr(model, "bounds", None) is not None or getattr(model, "firth", False):
        return
    theta = _contrasts(model)
    likelihood = Likelihood(x, index, len(model.classes_), weight, model.fit_intercept)
    if theta.size <= _MOST_PARAMETERS:
        evidence = Evidence.of(likelihood, theta, refine=converged)
        _move(model, evidence.theta - theta)
        model._evidence, finding = replace(evidence, theta=_contrasts(model)), evidence.finding
    else:
        finding = of_large_model(likelihood, likelihood.standardised(theta))
    if finding.is_separated:
        warn_caller(no_maximum(finding, _names(model)))


def _names(model: Any) -> list[str]:
    features = getattr(model, "feature_names_in_", [f"x{j}" for j in range(model.n_features_in_)])
    return [str(name) for name in features]


def _move(model: Any, change: Vector) -> None:
    """Add a change of contrasts (m, k) to the coefficients; a softmax's keep their sum over the classes."""
    change = softmax_of(change)
    if model.fit_intercept:
        model.intercept_ += change[:, 0].astype(model.intercept_.dtype)
    model.coef_ += change[:, model.fit_intercept :].astype(model.coef_.dtype)


def _contrasts(model: Any) -> Vector:
    """theta (n_classes - 1, k) of a fitted model: intercept and features, against the first class."""
    return contrasts(model._dense_coef(), model.intercept_ if model.fit_intercept else None)


def _require_likelihood_alone(model: Any) -> None:
    reason = None
    if has_penalty(model):
        reason = "a penalty moves the coefficients away from the maximum of the likelihood. Fit with C=np.inf"
    elif model.class_weight is not None:
        reason = "class_weight changes the likelihood. Fit with class_weight=None; sample_weight is for frequencies"
    elif getattr(model, "bounds", None) is not None:
        reason = "at a bound the coefficients are not normally distributed. Fit with bounds=None"
    if reason:
        raise ValueError(f"summary: the theory of standard errors does not hold, because {reason}.")


def _kept(model: Any) -> Evidence:
    evidence: Evidence | None = getattr(model, "_evidence", None)
    if evidence is None:
        raise ValueError(
            f"summary needs the data of this fit, as of every one of more than {_MOST_PARAMETERS} parameters, and of "
            "cross-validation: summary(X, y)."
        )
    if not np.array_equal(evidence.theta, _contrasts(model)):
        raise ValueError("coef_ or intercept_ have been changed since fit: pass the data, summary(X, y).")
    return evidence


def _from_data(model: Any, X: Any, y: Any, sample_weight: Any) -> Evidence:
    x, index, weight = _read(model, X, y, sample_weight)
    likelihood = Likelihood(x, index, len(model.classes_), weight, model.fit_intercept)
    return Evidence.of(likelihood, _contrasts(model))


def _by_profiles(model: Any, X: Any, y: Any, sample_weight: Any, level: float) -> FirthSummary:
    if X is None:
        raise ValueError(
            "summary of a fit with firth=True needs its data, because intervals and tests are profiles of the "
            "penalised likelihood: summary(X, y)."
        )
    return summarise(model, *_read(model, X, y, sample_weight), level=level)


def _read(model: Any, X: Any, y: Any, sample_weight: Any) -> tuple[Any, NDArray[np.integer[Any]], NDArray[Any] | None]:
    """X (n, i), the numbers of the rows' classes (n,), and weights (n,)."""
    x, y = model._read(X, y, reset=False)
    weight = model._read_weight(sample_weight, x)
    return x, index_of(as_labels(y), model.classes_), weight
