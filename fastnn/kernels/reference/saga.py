"""SAGA for logistic regression (Defazio, Bach and Lacoste-Julien 2014): what src_ext/kernels/solvers/saga.hpp does.

Features are ``(x - shift) * scale``, and a last one that is 1 where `params` has biases: params is w (i, o) and then b
(o,), flat. `table` (n, o) has the derivative by z of every row's loss as it was when the row had its turn last, and
d_params (p,) what the table comes to: the sum over the rows of weight, features and table, divided by `total`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn.kernels.contract import Array
from fastnn.kernels.reference.activation import sigmoid, softmax

__all__ = ["saga_epoch", "saga_table"]

Doubles = NDArray[np.float64]
Labels = NDArray[np.int32]
Features = Any  # an ndarray (n, i), or a sparse matrix in CSR form


def saga_table(
    x: Features,
    y: Labels,
    sample_weight: Array | None,
    shift: Doubles | None,
    scale: Doubles,
    total: float,
    params: Doubles,
    table: Doubles,
    d_params: Doubles,
) -> float:
    """Fill the table, and d_params, at params; the largest of the rows' weight times their features' sum of squares."""
    outputs, largest = table.shape[1], 0.0
    w = params.reshape(-1, outputs)
    d_w = np.zeros_like(w)
    for row in range(len(y)):
        weight, features = _weight(sample_weight, row), _features(x, row, shift, scale, len(w))
        table[row] = _slopes(features @ w, y[row])
        d_w += np.outer(features, weight / total * table[row])
        largest = max(largest, weight * float(features @ features))
    d_params[...] = d_w.ravel()
    return largest


@np.errstate(all="ignore")
def saga_epoch(
    x: Features,
    y: Labels,
    sample_weight: Array | None,
    order: NDArray[np.int64],
    shift: Doubles | None,
    scale: Doubles,
    total: float,
    rows: int,
    step: float,
    penalty: Doubles,
    params: Doubles,
    table: Doubles,
    d_params: Doubles,
) -> None:
    """A turn for each row of `order` (r,); `rows` is the number of rows that have turns, and so a share of the table.

    `penalty` (4, p) has the rows l1, l2, lower and upper of ``l1 |w| + l2 w**2 / 2``, ``lower <= w <= upper``.
    """
    outputs = table.shape[1]
    l1, l2, lower, upper = penalty
    for row in order:
        features = _features(x, row, shift, scale, len(params) // outputs)
        slopes = _slopes(features @ params.reshape(-1, outputs), y[row])
        share = _weight(sample_weight, row) / total * (slopes - table[row])
        added = np.outer(features, share).ravel()
        ahead = params - step * (rows * added + d_params)
        ahead = np.copysign(np.maximum(np.abs(ahead) - step * l1, 0), ahead) / (1 + step * l2)
        params[...] = np.clip(ahead, lower, upper) + 0.0  # no -0
        d_params += added
        table[row] = slopes


def _weight(sample_weight: Array | None, row: int) -> float:
    return 1.0 if sample_weight is None else float(sample_weight[row])


def _features(x: Features, row: int, shift: Doubles | None, scale: Doubles, count: int) -> Doubles:
    """One row's features, with the bias's 1 if there are to be so many."""
    features = np.ones(count)
    stored = x[row] if isinstance(x, np.ndarray) else x[[row]].toarray()[0]
    features[: len(scale)] = (stored - (0.0 if shift is None else shift)) * scale
    return features


def _slopes(z: Doubles, label: np.int32) -> Doubles:
    """The derivative of one row's loss by its raw outputs (o,)."""
    sign = -1.0 if label == 1 else 1.0
    slopes: Doubles = sign * sigmoid(sign * z) if len(z) == 1 else softmax(z[None])[0]
    if len(z) > 1:
        slopes[label] -= 1
    return slopes
