"""z = x @ w + b, and its way back: two loop nests, both over contiguous memory.

`_add_product` walks along rows of `right` and `out` (out += left @ right), `_dot_rows` along rows
of `left` and `right` (out = left @ right.T). With one output, w is a row as well, and the two
change places.
"""

from __future__ import annotations

from typing import Any

from fastnn.activations import Activation
from fastnn.kernels.contract import Array
from fastnn.kernels.jit.activation import activation_forward
from fastnn.kernels.jit.style import kernel
from fastnn.kernels.pieces import pieces

__all__ = ["dense_backward_input", "dense_backward_params", "dense_forward"]

_ROW_BLOCK = 64  # rows of out that stay in L2 while `left` is walked through


@kernel
def _add_eight(left: Any, right: Any, out: Any, first: int, last: int, k: int) -> None:
    # Eight terms for every load and store of out: a store for each term would be the limit.
    for r in range(first, last):
        t_0, t_1, t_2, t_3 = left[r, k], left[r, k + 1], left[r, k + 2], left[r, k + 3]
        t_4, t_5, t_6, t_7 = left[r, k + 4], left[r, k + 5], left[r, k + 6], left[r, k + 7]
        for c in range(out.shape[1]):
            low = t_0 * right[k, c] + t_1 * right[k + 1, c]
            low += t_2 * right[k + 2, c] + t_3 * right[k + 3, c]
            high = t_4 * right[k + 4, c] + t_5 * right[k + 5, c]
            high += t_6 * right[k + 6, c] + t_7 * right[k + 7, c]
            out[r, c] += low + high


@kernel
def _add_one(left: Any, right: Any, out: Any, first: int, last: int, k: int) -> None:
    for r in range(first, last):
        t = left[r, k]
        for c in range(out.shape[1]):
            out[r, c] += t * right[k, c]


@kernel
def _add_product(left: Any, right: Any, out: Any) -> None:
    """out (rows, columns) += left (rows, depth) @ right (depth, columns)."""
    rows, depth = left.shape
    whole = depth - depth % 8
    for first in range(0, rows, _ROW_BLOCK):
        last = min(first + _ROW_BLOCK, rows)
        for k in range(0, whole, 8):
            _add_eight(left, right, out, first, last, k)
        for k in range(whole, depth):
            _add_one(left, right, out, first, last, k)


@kernel
def _dot_two_by_four(left: Any, right: Any, out: Any, r: int, k: int) -> None:
    # Eight sums share six loads.
    s_0 = s_1 = s_2 = s_3 = t_0 = t_1 = t_2 = t_3 = out.dtype.type(0)
    for c in range(left.shape[1]):
        s, t = left[r, c], left[r + 1, c]
        s_0 += s * right[k, c]
        s_1 += s * right[k + 1, c]
        s_2 += s * right[k + 2, c]
        s_3 += s * right[k + 3, c]
        t_0 += t * right[k, c]
        t_1 += t * right[k + 1, c]
        t_2 += t * right[k + 2, c]
        t_3 += t * right[k + 3, c]
    out[r, k], out[r, k + 1], out[r, k + 2], out[r, k + 3] = s_0, s_1, s_2, s_3
    out[r + 1, k], out[r + 1, k + 1], out[r + 1, k + 2], out[r + 1, k + 3] = t_0, t_1, t_2, t_3


@kernel
def _dot_one(left: Any, right: Any, out: Any, r: int, k: int) -> None:
    total = out.dtype.type(0)
    for c in range(left.shape[1]):
        total += left[r, c] * right[k, c]
    out[r, k] = total


@kernel
def _dot_rows(left: Any, right: Any, out: Any) -> None:
    """out (rows, columns) = left (rows, depth) @ right (columns, depth).T, by blocks of two rows."""
    rows, columns = out.shape
    pairs, fours = rows - rows % 2, columns - columns % 4
    for r in range(0, pairs, 2):
        for k in range(0, fours, 4):
            _dot_two_by_four(left, right, out, r, k)
        for k in range(fours, columns):
            _dot_one(left, right, out, r, k)
            _dot_one(left, right, out, r + 1, k)
    for r in range(pairs, rows):
        for k in range(columns):
            _dot_one(left, right, out, r, k)


@kernel
def _forward(x: Any, w: Any, b: Any, out: Any) -> None:
    n, o = out.shape
    i = w.shape[0]
    if o == 1:
        _dot_rows(x, w.reshape((1, i)), out)
        if b is not None:
            for r in range(n):
                out[r, 0] += b[0]
        return
    for r in range(n):
        for c in range(o):
            out[r, c] = 0 if b is None else b[c]
    _add_product(x, w, out)


@kernel
def _backward_input(d_z: Any, w: Any, out: Any) -> None:
    i, o = w.shape
    if o == 1:
        out[:] = 0
        _add_product(d_z, w.reshape((1, i)), out)
    else:
        _dot_rows(d_z, w, out)


@kernel
def _add_params(x: Any, d_z: Any, d_w: Any, d_b: Any) -> None:
    n, i = x.shape
    o = d_z.shape[1]
    if o == 1:
        _add_product(d_z.reshape((1, n)), x, d_w.reshape((1, i)))
    else:
        _add_product(x.T, d_z, d_w)
    for r in range(n):
        for c in range(o):
            d_b[c] += d_z[r, c]


def dense_forward(x: Array, w: Array, b: Array | None, activation: Activation, out: Array) -> None:
    """out (n, o) = activation(x (n, i) @ w (i, o) + b (o,))."""
    if out.size:  # else the loop over the rows might never end
        for rows in pieces(len(out), w.size):
            _forward(x[rows], w, b, out[rows])
        activation_forward(out, activation, out)


def dense_backward_input(d_z: Array, w: Array, out: Array) -> None:
    """out (n, i) = d_z (n, o) @ w (i, o) transposed: the gradient of x."""
    if out.size:
        for rows in pieces(len(out), w.size):
            _backward_input(d_z[rows], w, out[rows])


def dense_backward_params(x: Array, d_z: Array, d_w: Array, d_b: Array) -> None:
    """d_w (i, o) and d_b (o,): sums over the rows of x (n, i) and d_z (n, o)."""
    if d_b.size:  # else the loop over the rows of d_w might never end
        d_w[:] = 0
        d_b[:] = 0
        for rows in pieces(len(x), d_w.size):
            _add_params(x[rows], d_z[rows], d_w, d_b)
