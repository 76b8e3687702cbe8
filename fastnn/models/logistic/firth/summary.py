"""What Firth's penalised likelihood says about a fitted logistic regression: profile intervals and ratio tests."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc

from fastnn.models.common.warnings import warn_caller
from fastnn.models.logistic.firth.fit import penalised_likelihood
from fastnn.models.logistic.firth.penalty import PenalisedLikelihood, PenalisedPoint, distance_to_maximum, maximise
from fastnn.models.logistic.firth.profile import null_value, profile
from fastnn.models.logistic.inference.contrasts import Coefficients
from fastnn.models.logistic.inference.figures import Figures
from fastnn.models.logistic.inference.likelihood import Vector
from fastnn.models.logistic.inference.table import ratio_test, table
from fastnn.models.logistic.problem import Explain, Labelled
from fastnn.solvers.preconditioner.one_blas_thread import one_thread

__all__ = ["FirthSummary", "summarise"]

_FAR = 0.01  # standard errors: what moves no digit that a table shows
_EXACT = 1e-10
_MOST_STEPS = 500

_SEVERAL_MAXIMA = (
    "The penalised likelihood has several maxima, and a higher one than that which the fit has found. A test "
    "or an interval whose profile reaches another maximum means little: chi2 may be 0, and an end infinite or far "
    "away. Separated classes, or features with outliers, are the reason: use their logarithms or ranks."
)


@dataclass(frozen=True, repr=False, kw_only=True)
class FirthSummary(Figures):
    """Estimates, profile intervals and ratio tests by Firth's penalised likelihood; printed, a table.

    Every row of an array is a *contrast*, the log-odds of a class against the first one: one row for two classes, else
    ``n_classes - 1``. Its k columns are named by `names`. There is no AIC: the penalty's value depends on the features'
    units, so that models with other features cannot be compared by it.

    Attributes
    ----------
    classes : ndarray of shape (n_classes,)
        The labels, sorted; the first one is what the others are compared with.
    names : list of str, k of them
        "(intercept)", where there is one, and the features.
    level : float
        Of the confidence intervals.
    estimate : ndarray of shape (m, k)
        The intercepts and coefficients.
    covariance : ndarray of shape (m * k, m * k)
        The inverse of Fisher's information at the estimate, without the penalty's derivatives.
    standard_error : ndarray of shape (m, k)
        The roots of the covariance's diagonal.
    confidence_interval : ndarray of shape (m, k, 2)
        Where the penalised likelihood, the largest with the parameter held, lies no more than half the quantile of
        chi-squared below its maximum. An end is infinite where it does not fall so far.
    chi2, p_value : ndarray of shape (m, k)
        Of the penalised likelihood-ratio test that a parameter is zero, with one degree of freedom.
    n_observations : float
        The sum of the sample weights, which are frequencies.
    log_likelihood, null_log_likelihood : float
        Penalised, ``log-likelihood + log det I / 2``: at the maximum, and the largest with all features' coefficients
        held at zero, where the penalty is still that of all parameters.
    df_model, df_residual : int, float
        Parameters beside intercepts; observations less parameters.
    likelihood_ratio, likelihood_ratio_p_value : float
        Of the penalised test of all features together, chi-squared with `df_model` degrees of freedom.
    distance : float
        How far the fit stopped from the maximum, in standard errors.
    """

    confidence_interval: Vector
    chi2: Vector

    @property
    def p_value(self) -> Vector:
        """Of the test that a parameter is zero (m, k)."""
        p: Vector = chdtrc(1, self.chi2)
        return p

    def __str__(self) -> str:
        left = [("observations", f"{self.n_observations:.10g}"), ("parameters", f"{self.estimate.size}")]
        right = [
            ("log-likelihood*", f"{self.log_likelihood:.4f}"),
            ("of the null model*", f"{self.null_log_likelihood:.4f}"),
        ]
        notes = [
            f"penalised likelihood-ratio test of all features: {ratio_test(self)}",
            "* penalised by half the logarithm of the information's determinant, as are tests and intervals",
        ]
        title = "Logistic regression by Firth's penalised likelihood"
        return table(self, title, left, right, notes, {"chi2": self.chi2, "p": self.p_value}, self.confidence_interval)

    __repr__ = __str__


def summarise(fitted: Coefficients, samples: Labelled, explain: Explain, *, level: float) -> FirthSummary:
    """The summary of fitted coefficients, from the data of the fit; `explain` says what is not finite in X.

    Raises
    ------
    ValueError
        If the model is not at the maximum of the penalised likelihood of these data, or that has none.

    Warns
    -----
    UserWarning
        If a profile shows that there is a higher maximum elsewhere.
    """
    with one_thread():
        likelihood = penalised_likelihood(samples, fitted.fit_intercept, explain)
        theta = fitted.theta
        here, distance = _place(theta, likelihood)
        best = maximise(likelihood, here, tol=_EXACT, max_iter=_MOST_STEPS).point
        places = [(row, j) for row in range(likelihood.n_contrasts) for j in range(likelihood.n_columns)]
        found = [profile(likelihood, best, likelihood.user_parameter(*place), level) for place in places]
        null = null_value(likelihood, best)
    if any(each.is_higher for each in found):
        warn_caller(_SEVERAL_MAXIMA, UserWarning)
    return FirthSummary(
        classes=fitted.classes,
        names=fitted.column_names,
        level=level,
        estimate=theta,
        covariance=likelihood.covariance(best.information.inverse()),
        confidence_interval=np.array([(each.lower, each.upper) for each in found]).reshape(*theta.shape, 2),
        chi2=np.array([each.chi2 for each in found]).reshape(theta.shape),
        n_observations=likelihood.n_observations,
        log_likelihood=best.value,
        null_log_likelihood=null,
        df_model=theta.size - likelihood.n_contrasts * likelihood.intercept,
        distance=distance,
    )


def _place(theta: Vector, likelihood: PenalisedLikelihood) -> tuple[PenalisedPoint, float]:
    """The point at contrasts (m, k) of the user's features, and how far it is from the maximum; ValueError if far."""
    here = likelihood.look(likelihood.standardised(theta).ravel())
    distance = np.inf if here is None else distance_to_maximum(here)
    if here is None or distance > _FAR:
        raise ValueError(
            f"The coefficients lie {distance:.3g} standard errors from the maximum of the penalised likelihood of "
            "these data. Fit with a larger max_iter, and pass the data and weights of the fit."
        )
    return here, distance
