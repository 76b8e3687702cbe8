"""Scores of y in every container that `fit` takes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import issparse
from sklearn.base import is_regressor
from sklearn.utils import check_array

from fastnn.models.common.arrays import prepare_y
from fastnn.models.common.given import MatrixLike
from fastnn.tensors import as_host

__all__ = ["Scored"]


class Scored:
    """A `score` that reads y and weights as `fit` does, and leaves it to scikit-learn's mixin what it measures."""

    def score(self, X: MatrixLike, y: MatrixLike, sample_weight: ArrayLike | None = None) -> float:
        """Compute the accuracy, or for a regressor the coefficient of determination R^2.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples.
        y : array-like of shape (n_samples,), or array-like or sparse matrix of shape (n_samples, n_outputs)
            Their labels or targets.
        sample_weight : array-like of shape (n_samples,), default=None
            The weight of each sample, at least 0; None for equal ones.

        Returns
        -------
        float
            At most 1; higher is better.
        """
        known: Any = prepare_y(y)
        if not isinstance(known, np.ndarray) and is_regressor(self):  # R^2 takes no sparse y, nor a frame that is one
            known = check_array(known, accept_sparse="csr", ensure_2d=False, dtype=None, input_name="y")
            known = known.toarray() if issparse(known) else known
        mixin: Any = super()
        score: float = mixin.score(X, known, as_host("sample_weight", sample_weight))
        return score
