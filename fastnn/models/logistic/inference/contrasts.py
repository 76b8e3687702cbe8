"""Coefficients of classes as contrasts, the log-odds of every class but the first against the first, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn.kernels.contract import Array
from fastnn.models.common.arrays import Features

__all__ = ["Coefficients", "contrasts", "softmax_coefficients"]

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Coefficients:
    """What inference reads of a logistic regression.

    Attributes
    ----------
    coef : ndarray (o, i)
    intercept : ndarray (o,)
    fit_intercept : bool
    classes : ndarray (n_classes,)
    features : Features
    """

    coef: Array
    intercept: Array
    fit_intercept: bool
    classes: NDArray[Any]
    features: Features

    @property
    def theta(self) -> Vector:
        """Contrasts (n_classes - 1, k) of the intercept, where there is one, and the features."""
        return contrasts(self.coef, self.intercept if self.fit_intercept else None)

    @property
    def column_names(self) -> list[str]:
        """Of the intercept, where there is one, and the features."""
        return ["(intercept)"] * bool(self.fit_intercept) + self.features.labels()

    def moved(self, change: Vector) -> Coefficients:
        """With a change of the contrasts (m, k); a softmax's coefficients keep their sum over the classes."""
        change = softmax_coefficients(change)
        intercept, first = self.intercept.copy(), int(self.fit_intercept)
        if self.fit_intercept:
            intercept += change[:, 0].astype(intercept.dtype)
        coef = self.coef + change[:, first:].astype(self.coef.dtype)
        return Coefficients(coef, intercept, self.fit_intercept, self.classes, self.features)


def contrasts(coef: NDArray[Any], intercept: NDArray[Any] | None) -> Vector:
    """theta (n_classes - 1, k), intercept and features against the first class, of coef (o, i) and intercept (o,)."""
    theta = np.asarray(coef, np.float64)
    if intercept is not None:
        theta = np.column_stack([np.asarray(intercept, np.float64), theta])
    return theta if len(theta) == 1 else theta[1:] - theta[0]


def softmax_coefficients(theta: Vector) -> Vector:
    """The way back (o, k): a softmax's coefficients sum to zero over the classes."""
    if len(theta) == 1:
        return theta
    theta = np.pad(theta, ((1, 0), (0, 0)))
    centred: Vector = theta - theta.mean(axis=0)
    return centred
