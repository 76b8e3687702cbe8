"""Scores of y in every container that `fit` takes."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from fastnn.models.base import readable_target
from fastnn.models.given import MatrixLike
from fastnn.tensors import as_host

__all__ = ["Scored"]


class Scored:
    """A `score` that reads y and weights as `fit` does, and leaves it to scikit-learn's mixin what it measures."""

    def score(self, X: MatrixLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Accuracy, or for a regressor the coefficient of determination R^2.

        Parameters
        ----------
        X : array-like or sparse matrix (n_samples, n_features)
        y : array-like (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like (n_samples,), default=None

        Returns
        -------
        float
        """
        mixin: Any = super()
        score: float = mixin.score(X, readable_target(y), as_host("sample_weight", sample_weight))
        return score
