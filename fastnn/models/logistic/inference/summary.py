"""Statistical inference about a fitted logistic regression, and the warning where its likelihood has no maximum."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from fastnn.models.common.warnings import warn_caller
from fastnn.models.logistic.inference.contrasts import Coefficients
from fastnn.models.logistic.inference.evidence import Evidence, Summary
from fastnn.models.logistic.inference.likelihood import Likelihood
from fastnn.models.logistic.inference.separation import no_maximum, of_large_model
from fastnn.models.logistic.problem import Labelled

__all__ = ["AtMaximum", "move_to_maximum", "require_likelihood_alone", "summary_of"]

# Of an information matrix that every unpenalised fit makes and keeps (8 MB at the most); larger models make it when
# their summary is asked for.
_MOST_PARAMETERS = 1000


class AtMaximum(NamedTuple):
    """Coefficients at the maximum of the likelihood, as near as they came, and what a summary needs beside them."""

    fitted: Coefficients
    evidence: Evidence | None


def move_to_maximum(fitted: Coefficients, samples: Labelled, *, converged: bool) -> AtMaximum:
    """At the end of a fit by likelihood alone: go to the maximum, keep what a summary needs, warn where there is none.

    The last steps are Newton's, as Fisher's information is needed anyway, so that coefficients and standard errors
    belong to the same point whatever `tol` is. A fit that was cut short stays where it is.
    """
    theta, likelihood = fitted.theta, _likelihood(fitted, samples)
    if theta.size <= _MOST_PARAMETERS:
        found = Evidence.of(likelihood, theta, refine=converged)
        fitted = fitted.moved(found.theta - theta)
        evidence, finding = replace(found, theta=fitted.theta), found.finding
    else:
        evidence, finding = None, of_large_model(likelihood, likelihood.standardised(theta))
    if finding.is_separated:
        warn_caller(no_maximum(finding, fitted.features.labels()))
    return AtMaximum(fitted, evidence)


def _likelihood(fitted: Coefficients, samples: Labelled) -> Likelihood:
    return Likelihood(samples.x, samples.y, len(fitted.classes), samples.sample_weight, fitted.fit_intercept)


def require_likelihood_alone(is_penalised: bool, class_weight: object, bounds: object) -> None:
    """Raise ValueError where more than the likelihood has decided a model's coefficients."""
    reason = None
    if is_penalised:
        reason = "a penalty moves the coefficients away from the maximum of the likelihood. Fit with C=np.inf"
    elif class_weight is not None:
        reason = "class_weight changes the likelihood. Fit with class_weight=None; sample_weight is for frequencies"
    elif bounds is not None:
        reason = "at a bound the coefficients are not normally distributed. Fit with bounds=None"
    if reason:
        raise ValueError(f"summary: the theory of standard errors does not hold, because {reason}.")


def summary_of(fitted: Coefficients, evidence: Evidence | None, samples: Labelled | None, level: float) -> Summary:
    """The summary of fitted coefficients, from the samples of the fit or else from what it has kept of them.

    Raises
    ------
    ValueError
        If the theory does not hold, or samples are needed.
    """
    if samples is not None:
        evidence = Evidence.of(_likelihood(fitted, samples), fitted.theta)
    elif evidence is None:
        raise ValueError(
            f"summary needs the data of this fit, as of every one of more than {_MOST_PARAMETERS} parameters, and of "
            "cross-validation: summary(X, y)."
        )
    elif not np.array_equal(evidence.theta, fitted.theta):
        raise ValueError("coef_ or intercept_ have been changed since fit: pass the data, summary(X, y).")
    return evidence.summary(fitted.classes, fitted.features.labels(), level)
