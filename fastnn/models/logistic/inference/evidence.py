"""Statistical inference for logistic regression: standard errors, tests and the likelihood's figures.

Everything here is maximum-likelihood theory, which holds where nothing but the likelihood has decided the
coefficients: no penalty, no bounds, no weights of classes, and a maximum that exists and is unique.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from fastnn.models.logistic.inference.figures import Figures
from fastnn.models.logistic.inference.likelihood import Likelihood, Vector
from fastnn.models.logistic.inference.separation import Finding, Separation, find_maximum, look, no_maximum, separation
from fastnn.models.logistic.inference.table import ratio_test, table

__all__ = ["Evidence", "Summary"]

_FAR = 0.01  # standard errors: what moves no digit that a table shows


@dataclass(frozen=True, repr=False, kw_only=True)
class Summary(Figures):
    """What maximum-likelihood theory says about a fitted logistic regression; printed, it is a table.

    Every row of an array is a *contrast*, the log-odds of a class against the first one: one row for two classes, else
    ``n_classes - 1``. Its k columns are named by `names`.

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
        The inverse of Fisher's information.
    standard_error, z, p_value : ndarray of shape (m, k)
        Of Wald's two-sided test that a parameter is zero.
    confidence_interval : ndarray of shape (m, k, 2)
        The estimate less and plus so many standard errors as a normal quantile of `level` has.
    n_observations : float
        The sum of the sample weights, which are frequencies.
    log_likelihood, null_log_likelihood : float
        Of the model, and of the one without features: the shares of the classes, or, where there is no intercept,
        equal probabilities.
    df_model, df_residual : int, float
        Parameters beside intercepts; observations less parameters.
    likelihood_ratio, likelihood_ratio_p_value : float
        Of the test of all features together, chi-squared with `df_model` degrees of freedom.
    pseudo_r2 : float
        McFadden's, ``1 - log_likelihood / null_log_likelihood``.
    aic, bic : float
        The information criteria of Akaike and Schwarz.
    distance : float
        How far the fit stopped from the maximum, in standard errors.
    """

    level: float = 0.95

    @property
    def z(self) -> Vector:
        """Estimates in standard errors (m, k)."""
        z: Vector = self.estimate / self.standard_error
        return z

    @property
    def p_value(self) -> Vector:
        """Of the test that a parameter is zero (m, k)."""
        p: Vector = 2 * ndtr(-np.abs(self.z))
        return p

    @property
    def confidence_interval(self) -> Vector:
        """Lower and upper ends (m, k, 2)."""
        half = ndtri((1 + self.level) / 2) * self.standard_error
        return np.stack([self.estimate - half, self.estimate + half], axis=-1)

    @property
    def pseudo_r2(self) -> float:
        """McFadden's share of the likelihood that the features explain: 1 - log_likelihood / null_log_likelihood."""
        return 1 - self.log_likelihood / self.null_log_likelihood

    @property
    def aic(self) -> float:
        """Akaike's information criterion (1974): twice the parameters less twice the log-likelihood."""
        return 2 * (self.estimate.size - self.log_likelihood)

    @property
    def bic(self) -> float:
        """Schwarz's information criterion (1978): log(n) times the parameters less twice the log-likelihood."""
        return float(np.log(self.n_observations)) * self.estimate.size - 2 * self.log_likelihood

    def __str__(self) -> str:
        left = [
            ("observations", f"{self.n_observations:.10g}"),
            ("parameters", f"{self.estimate.size}"),
            ("residual df", f"{self.df_residual:.10g}"),
            ("pseudo R2", f"{self.pseudo_r2:.4f}"),
        ]
        right = [
            ("log-likelihood", f"{self.log_likelihood:.4f}"),
            ("of the null model", f"{self.null_log_likelihood:.4f}"),
            ("AIC", f"{self.aic:.4f}"),
            ("BIC", f"{self.bic:.4f}"),
        ]
        notes = [f"likelihood-ratio test of all features: {ratio_test(self)}"]
        title = "Logistic regression by maximum likelihood"
        return table(self, title, left, right, notes, {"z": self.z, "p": self.p_value}, self.confidence_interval)

    __repr__ = __str__


@dataclass(frozen=True)
class Evidence:
    """What the data say around a fitted point: all that a summary needs of them, p x p numbers for p parameters."""

    theta: Vector
    covariance: Vector
    dependent: NDArray[np.int64]
    separation: Separation
    distance: float
    log_likelihood: float
    null_log_likelihood: float
    n_observations: float
    intercept: bool
    separating: tuple[int, ...] = ()

    @classmethod
    def of(cls, likelihood: Likelihood, theta: Vector, *, refine: bool = False) -> Evidence:
        """Around contrasts theta (m, k), or with `refine` around the maximum near them, where there is one."""
        point = look(likelihood, likelihood.standardised(theta))
        finding, reached = separation(likelihood, point)
        if refine and finding.kind == "none":
            point = find_maximum(likelihood, reached)
            theta = likelihood.in_user_units(point.theta)
        has_covariance = not finding.is_separated and not len(point.curvature.dependent)
        return cls(
            theta=theta,
            covariance=likelihood.covariance(point.curvature.inverse()) if has_covariance else np.empty((0, 0)),
            dependent=np.unique(point.curvature.dependent % theta.shape[1]),
            separation=finding.kind,
            separating=finding.features,
            distance=point.distance,
            log_likelihood=point.expansion.value,
            null_log_likelihood=likelihood.null_value(),
            n_observations=likelihood.n_observations,
            intercept=likelihood.intercept,
        )

    @property
    def finding(self) -> Finding:
        """Whether the classes are separated, and by what."""
        return Finding(self.separation, tuple(self.separating))

    def summary(self, classes: NDArray[Any], features: list[str], level: float) -> Summary:
        """The summary, where the theory holds.

        Raises
        ------
        ValueError
            If the classes are separated, columns depend on each other, or this is not the maximum.
        """
        names = ["(intercept)", *features] if self.intercept else features
        if self.finding.is_separated:
            raise ValueError(no_maximum(self.finding, features))
        if len(self.dependent):
            found = ", ".join(names[j] for j in self.dependent[:10])
            raise ValueError(
                f"Some columns are linear combinations of others ({found}), so that their coefficients are not unique "
                "and have no standard errors. Leave these columns out."
            )
        if self.separation == "unknown" and self.distance <= _FAR:
            raise ValueError(
                "Rounding hides whether the likelihood of these data has a maximum, and so whether standard errors "
                "mean anything: some column has values far larger than its others. Leave those rows out."
            )
        if self.separation == "unknown" or self.distance > _FAR:
            raise ValueError(
                f"The coefficients lie {self.distance:.3g} standard errors from the maximum of the likelihood of these "
                "data. Fit with a smaller tol and a larger max_iter, and pass the data and weights of the fit."
            )
        return Summary(
            classes=classes,
            names=names,
            estimate=self.theta,
            covariance=self.covariance,
            n_observations=self.n_observations,
            log_likelihood=self.log_likelihood,
            null_log_likelihood=self.null_log_likelihood,
            df_model=self.theta.size - len(self.theta) * self.intercept,
            distance=self.distance,
            level=level,
        )
