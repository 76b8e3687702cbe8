"""What a fitted logistic regression can be asked, beside what every linear model can."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array
from sklearn.utils.validation import check_is_fitted

from fastnn.models.common import attributes
from fastnn.models.common.agreement import require_whole_logistic
from fastnn.models.common.arrays import features_of
from fastnn.models.common.bases import ClassifierMixin
from fastnn.models.common.estimator import NONE, Estimator
from fastnn.models.common.fitting import held
from fastnn.models.common.given import MatrixLike
from fastnn.models.common.linear import LinearModel
from fastnn.models.common.parameter_checks import Is
from fastnn.models.logistic.firth.summary import FirthSummary, summarise
from fastnn.models.logistic.inference.contrasts import Coefficients
from fastnn.models.logistic.inference.evidence import Evidence, Summary
from fastnn.models.logistic.inference.summary import require_likelihood_alone, summary_of
from fastnn.models.logistic.problem import read_fitted_samples
from fastnn.storage import Kind, record

__all__ = ["LogisticPredictor"]


class LogisticPredictor(ClassifierMixin, LinearModel):
    """Answers, inference and files of a logistic regression; its estimators add how they are fitted."""

    _kinds: ClassVar[Mapping[str, Kind]] = {**Estimator._kinds, "inference.Evidence": record(Evidence)}
    _attributes: ClassVar[Mapping[str, Any]] = {
        **attributes.LOGISTIC,
        "_evidence": (Is("what a summary needs", (Evidence,)), NONE),
    }
    n_iter_: NDArray[np.int32]
    fit_intercept: bool
    class_weight: Mapping[Any, float] | str | None
    bounds: Sequence[ArrayLike | None] | None
    firth: bool

    @abstractmethod
    def _has_penalty(self) -> bool:
        """Whether anything but the likelihood decides the coefficients."""

    score = LinearModel.score  # which reads y in every container that `fit` takes, unlike that of ClassifierMixin

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
        now = held(self)
        check_is_fitted(now)
        require_likelihood_alone(now._has_penalty(), now.class_weight, now.bounds)
        if not 0 < level < 1:
            raise ValueError(f"level={level!r}, wanted a number in (0, 1), such as 0.95.")
        if (X is None) != (y is None):
            raise ValueError("summary needs both X and y, or neither.")
        fitted = now._coefficients()
        if X is None and not now.firth:
            return summary_of(fitted, now.__dict__.get("_evidence"), None, level)
        if X is None:
            raise ValueError(
                "summary of a fit with firth=True needs its data, because intervals and tests are profiles of the "
                "penalised likelihood: summary(X, y)."
            )
        samples = read_fitted_samples(now, fitted.classes, X, y, sample_weight)
        if not now.firth:
            return summary_of(fitted, None, samples, level)
        return summarise(fitted, samples, partial(read_fitted_samples, now, fitted.classes, X, y, None), level=level)

    def _coefficients(self) -> Coefficients:
        intercept = np.asarray(self.intercept_)
        return Coefficients(self._dense_coef(), intercept, self.fit_intercept, self.classes_, features_of(self))

    def sparsify(self) -> Self:
        """Turn `coef_` into a sparse array (CSR).

        Returns
        -------
        self
            The estimator itself.
        """
        now = held(self)
        now._require_fitted("coef_")
        now.coef_ = csr_array(now.coef_)
        return self

    def densify(self) -> Self:
        """Turn `coef_` back into an ndarray.

        Returns
        -------
        self
            The estimator itself.
        """
        now = held(self)
        now._require_fitted("coef_")
        now.coef_ = now._dense_coef()
        return self

    def _require_whole(self) -> None:
        require_whole_logistic(self)
