"""Second derivatives of a sample of the rows, shrunk towards their diagonal as far as they are only chance.

The idea is that of shrinkage of covariance matrices (Ledoit and Wolf 2004), feature by feature.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fastnn.solvers.objective.logistic import LogisticObjective
from fastnn.solvers.objective.types import Matrix, Vector

__all__ = ["SampledHessian", "corrected"]

# Rows that have a feature, before what the sample says of it is half believed.
_ROWS = 4.0


class SampledHessian:
    """The corrected Hessian of a sample.

    Parameters
    ----------
    sample : LogisticObjective
        Of some rows of a rescaled objective.
    """

    def __init__(self, sample: LogisticObjective) -> None:
        self._sample = sample

    def with_hessian(self, params: Vector) -> tuple[float, Vector, Matrix]:
        """Loss and gradient (p,) of the sample, and the corrected Hessian (p, p)."""
        loss, d_params, hessian = self._sample.with_hessian(params)
        return loss, d_params, corrected(hessian, self._sample)


def corrected(matrix: Matrix, sample: LogisticObjective, chosen: NDArray[np.intp] | None = None) -> Matrix:
    """A sample's second derivatives, as far as they are not chance.

    A sample may have missed a rare feature, or met it by chance in a few rows with another one: there its own matrix
    says nothing, or that both are the same. So each feature is believed by the number of rows that have it: the rest
    of its diagonal is the mean one, since rescaled features are alike, and the rest of its correlations is nothing.
    What comes out is positive definite where the matrix is: a congruent matrix and a diagonal that is positive.

    Parameters
    ----------
    matrix : ndarray (p, p)
        By all parameters, or by those of one output.
    sample : LogisticObjective
        Of some rows of a rescaled objective.
    chosen : ndarray (k,) of int, optional
        The features that the matrix is of; all by default.

    Returns
    -------
    ndarray (p, p)
    """
    p, rows = len(matrix), len(sample.y)
    counts = sample.data.nonzero_counts()
    counts = np.append(counts if chosen is None else counts[chosen], [rows] * sample.fit_intercept)
    trust = np.repeat(counts / (counts + _ROWS), p // len(counts))
    diagonal = matrix.diagonal()
    believed = trust * diagonal + (1 - trust) * diagonal.mean()
    # Correlations of many features err, as a whole, by the square root of features per row.
    ratio = trust * (rows / (rows + len(counts))) ** 0.5
    result: Matrix = matrix * ratio
    result *= ratio[:, None]
    result.ravel()[:: p + 1] = believed
    return result
