"""A linear model that has been fitted: ``z = X @ coef_.T + intercept_``, and the classes and probabilities of z."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import issparse
from sklearn.base import is_regressor
from sklearn.metrics import accuracy_score, r2_score

from fastnn.kernels.contract import Array
from fastnn.kernels.select import native
from fastnn.models.common.answers import engine_for, outputs
from fastnn.models.common.arrays import prepare_y, read_X
from fastnn.models.common.as_network import ModelNetwork
from fastnn.models.common.estimator import Estimator
from fastnn.models.common.fitting import held
from fastnn.models.common.given import MatrixLike
from fastnn.models.common.jitted import Jitted
from fastnn.models.common.targets import class_index, log_probabilities
from fastnn.plan import Plan, linear_plan
from fastnn.tensors import as_host

__all__ = ["LinearModel", "linear_loss"]

_FLOAT32, _FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)


def linear_loss(n_outputs: int) -> str:
    """The loss whose link turns z (n, o) into probabilities: of one sigmoid neuron, or of a softmax."""
    return "binary_cross_entropy" if n_outputs == 1 else "cross_entropy"


@lru_cache(maxsize=256)
def _plan(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Plan:
    """The plan of predictions with a `coef_` of this shape, (i,) or (o, i); the same object for the same arguments."""
    n_outputs = 1 if len(shape) == 1 else shape[0]
    return linear_plan(shape[-1], n_outputs, linear_loss(n_outputs), dtype)


class LinearModel(Jitted, Estimator):
    """What an estimator of `coef_` and `intercept_` can be asked once it is fitted."""

    coef_: Array
    intercept_: Array
    classes_: NDArray[Any]
    backend: str
    n_threads: int | None

    def _dtype(self) -> np.dtype[Any]:
        """What predictions are computed in: users may assign coefficients of any dtype."""
        dtypes = getattr(self.coef_, "dtype", None), np.asarray(self.intercept_).dtype
        return _FLOAT32 if dtypes == (_FLOAT32, _FLOAT32) else _FLOAT64

    def _dense_coef(self) -> Array:
        coef: Any = self.coef_
        return np.asarray(coef.toarray() if issparse(coef) else coef)

    def _params(self, dtype: Any) -> Array:
        """coef_ and intercept_ as they are now, flat (p,), as engines want them.

        They are put together for every call: users assign both, and change them in place.
        """
        w, b = self._dense_coef().T.ravel(), np.asarray(self.intercept_).ravel()
        params: Array = np.concatenate([w, b]).astype(dtype, copy=False)
        return params

    def _output(self, X: Any, *, probabilities: bool = False) -> tuple[Plan, Array]:
        """The plan of the fitted model, and z (n, o) or the probabilities of all classes."""
        self._require_fitted("coef_")
        coef = self.coef_
        params: Array | None = native.linear_params(coef, self.intercept_)
        if params is not None:
            plan = _plan(coef.shape, params.dtype)
            return plan, outputs(self, plan, params, X, link=probabilities, pairs=probabilities)
        dtype = self._dtype()
        x = read_X(self, X, dtype)  # before a sparse coef_ of as many columns takes memory
        plan = _plan(np.shape(coef), dtype)
        return plan, engine_for(self, plan).predict(self._params(dtype), x, link=probabilities, pairs=probabilities)

    def _as_network(self, method: str) -> ModelNetwork:
        self._require_fitted("coef_")
        dtype = self._dtype()
        plan = _plan(np.shape(self.coef_), dtype)
        methods = {"predict": "class", "predict_proba": "pairs" if plan.widths[-1] == 1 else "link"}
        methods |= {"decision_function": "raw", "raw": "raw"}
        return ModelNetwork(plan, self._params(dtype), methods, self.__dict__.get("classes_"))

    def decision_function(self, X: MatrixLike) -> Array:
        """Compute the raw output z = X @ coef_.T + intercept_.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        ndarray of shape (n_samples,) for two classes, else (n_samples, n_classes)
            For two classes above 0 where the second one is predicted.
        """
        z = held(self)._output(X)[1]
        return z[:, 0] if z.shape[1] == 1 else z

    def predict(self, X: MatrixLike) -> NDArray[Any]:
        """Predict the likeliest class of every sample.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        ndarray of shape (n_samples,)
            Labels out of `classes_`.
        """
        now = held(self)
        index = class_index(now._output(X)[1])
        labels: NDArray[Any] = now.classes_[index]
        return labels

    def predict_proba(self, X: MatrixLike) -> Array:
        """Predict the probability of every class.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Columns in the order of `classes_`.
        """
        return held(self)._output(X, probabilities=True)[1]

    def predict_log_proba(self, X: MatrixLike) -> Array:
        """Predict the logarithm of every class's probability, which is never -inf.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Columns in the order of `classes_`.
        """
        now = held(self)
        plan, z = now._output(X)
        return log_probabilities(engine_for(now, plan), z)

    def score(self, X: MatrixLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Compute the accuracy, or for a regressor the coefficient of determination R^2.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples.
        y : array-like of shape (n_samples,)
            Their labels or targets.
        sample_weight : array-like of shape (n_samples,), default=None
            The weight of each sample, at least 0; None for equal ones.

        Returns
        -------
        float
            At most 1; higher is better.
        """
        now = held(self)
        measure = r2_score if is_regressor(now) else accuracy_score
        weight = as_host("sample_weight", sample_weight)
        return float(measure(prepare_y(y), now.predict(X), sample_weight=weight))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
