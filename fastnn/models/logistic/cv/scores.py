"""Scores of models on the rows that they have not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse
from sklearn.metrics import get_scorer

from fastnn.kernels.contract import Array
from fastnn.models.common.scorers import knowing_classes
from fastnn.models.common.targets import class_index
from fastnn.solvers.path.family import RowNumbers

__all__ = ["Scoring"]


@dataclass(frozen=True)
class Scoring:
    """How a model is scored on held-out rows.

    Attributes
    ----------
    scorer : callable or None
        scorer(estimator, X, y, **params); None is accuracy.
    params : mapping
        For the scorer; arrays with an entry for each row are cut to the rows.
    sample_weight : ndarray (n,), optional
        Only for accuracy.
    """

    scorer: Any
    params: Mapping[str, Any]
    sample_weight: Any = None

    @classmethod
    def by(cls, scoring: Any, params: Mapping[str, Any], sample_weight: Any) -> Scoring:
        """What `scoring` asks for; None takes the weights of `fit`, a scorer what is routed to it."""
        if scoring is None:
            return cls(None, {}, sample_weight)
        if scoring == "accuracy" and params.keys() <= {"sample_weight"}:
            return cls(None, {}, params.get("sample_weight"))
        return cls(get_scorer(scoring), params)

    def require_weights(self, folds: Sequence[RowNumbers]) -> None:
        """Raise ValueError where no row of a fold, of those held out, has a weight above zero: there is no mean."""
        if self.sample_weight is None:
            return
        weight = np.asarray(self.sample_weight)
        for number, rows in enumerate(folds, 1):
            if not weight[rows].any():
                raise ValueError(f"In fold {number} no row that is held out has a weight above zero to be scored by.")

    def of(
        self, models: Sequence[Any], x: Any, y: NDArray[Any], index: NDArray[np.int32], rows: RowNumbers
    ) -> list[float]:
        """Scores of fitted models on some rows of x, labels y (n,) and numbers of the classes, index (n,)."""
        held_out = x[rows]
        if self.scorer is None:
            weight = None if self.sample_weight is None else np.asarray(self.sample_weight)[rows]
            return _accuracies(models, held_out, index[rows], weight)
        scorer = knowing_classes(self.scorer, models[0].classes_, only_where_needed=False)
        params = {name: _cut(value, len(y), rows) for name, value in self.params.items()}
        return [float(scorer(model, held_out, y[rows], **params)) for model in models]


def _accuracies(models: Sequence[Any], x: Any, index: NDArray[np.int32], weight: Array | None) -> list[float]:
    """Of all models in one product, by numbers of classes: scikit-learn's checks would take longer than the fits."""
    coef = np.vstack([model.coef_ for model in models])
    z = x @ coef.T + np.concatenate([model.intercept_ for model in models])
    by_model = np.split(z, len(models), axis=1)
    return [float(np.average(class_index(each) == index, weights=weight)) for each in by_model]


def _cut(value: Any, n: int, rows: RowNumbers) -> Any:
    """The part of an array of n entries that belongs to the rows; anything else as it is."""
    if issparse(value) or hasattr(value, "iloc"):
        return (value.iloc if hasattr(value, "iloc") else value)[rows] if value.shape[0] == n else value
    if isinstance(value, (list, tuple)) or hasattr(value, "__array__"):
        array = np.asarray(value)
        return array[rows] if array.shape[:1] == (n,) else value
    return value
