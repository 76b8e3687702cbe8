"""What every summary of a logistic regression has: estimates with standard errors, and figures of a likelihood."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from fastnn.models.logistic.inference.likelihood import Vector

__all__ = ["Figures"]


@dataclass(frozen=True, repr=False, kw_only=True)
class Figures:
    """Estimates and the likelihood's figures; what is tested, and how, is added by the summaries of each method."""

    classes: NDArray[Any]
    names: list[str]
    level: float
    estimate: Vector
    covariance: Vector
    n_observations: float
    log_likelihood: float
    null_log_likelihood: float
    df_model: int
    distance: float

    @cached_property
    def standard_error(self) -> Vector:
        """Square roots of the covariance's diagonal (m, k)."""
        error: Vector = np.sqrt(np.diag(self.covariance)).reshape(self.estimate.shape)
        return error

    @property
    def df_residual(self) -> float:
        """Observations less parameters."""
        return self.n_observations - self.estimate.size

    @property
    def likelihood_ratio(self) -> float:
        """Twice the gain in log-likelihood, penalised where the estimates are, over coefficients of zero."""
        return 2 * (self.log_likelihood - self.null_log_likelihood)

    @property
    def likelihood_ratio_p_value(self) -> float:
        """Of the test that no feature matters."""
        return float(chdtrc(self.df_model, max(self.likelihood_ratio, 0.0)))
