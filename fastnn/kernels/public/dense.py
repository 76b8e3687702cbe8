"""Public kernels of a dense layer, forward and back."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from fastnn.activations import Activation
from fastnn.kernels.contract import Array
from fastnn.kernels.public.checked_call import REFUSED, run_checked
from fastnn.kernels.select import native
from fastnn.threads import resolve as resolve_threads

__all__ = ["dense_backward_input", "dense_backward_params", "dense_forward"]


def dense_forward(
    x: ArrayLike,
    w: ArrayLike,
    b: ArrayLike | None,
    activation: str | Activation = "relu",
    *,
    out: Array | None = None,
    backend: str = "auto",
    n_threads: int | None = None,
) -> Array:
    """Compute activation(x @ w + b).

    Parameters
    ----------
    x : array-like (n, i)
    w : array-like (i, o)
    b : array-like (o,) or None
    activation : str or Activation, default="relu"
    out, backend, n_threads
        As `fastnn.kernels` says; out is (n, o).

    Returns
    -------
    ndarray (n, o)

    Raises
    ------
    ValueError, TypeError
        As `fastnn.kernels` says.
    """
    if backend == "auto":
        try:
            a = _forward_out(x, w) if out is None else out
            threads = 0 if n_threads is None else resolve_threads(n_threads)
            native.dense_forward(x, w, b, activation, a, threads)
            return a
        except REFUSED:
            pass
    given = {"x": x, "w": w, "b": b, "activation": activation, "out": out}
    return run_checked("dense_forward", backend, n_threads, given)[1][0]


def _forward_out(x: Any, w: Any) -> Array:
    return np.empty((x.shape[0], w.shape[1]), x.dtype)


def dense_backward_input(
    d_z: ArrayLike,
    w: ArrayLike,
    *,
    out: Array | None = None,
    backend: str = "auto",
    n_threads: int | None = None,
) -> Array:
    """Compute d_x = d_z @ w.T.

    Parameters
    ----------
    d_z : array-like (n, o)
    w : array-like (i, o)
    out, backend, n_threads
        As `fastnn.kernels` says; out is (n, i).

    Returns
    -------
    ndarray (n, i)

    Raises
    ------
    ValueError, TypeError
        As `fastnn.kernels` says.
    """
    if backend == "auto":
        try:
            d_x = _input_out(d_z, w) if out is None else out
            threads = 0 if n_threads is None else resolve_threads(n_threads)
            native.dense_backward_input(d_z, w, d_x, threads)
            return d_x
        except REFUSED:
            pass
    given = {"d_z": d_z, "w": w, "out": out}
    return run_checked("dense_backward_input", backend, n_threads, given)[1][0]


def _input_out(d_z: Any, w: Any) -> Array:
    return np.empty((d_z.shape[0], w.shape[0]), d_z.dtype)


def dense_backward_params(
    x: ArrayLike,
    d_z: ArrayLike,
    *,
    out: tuple[Array, Array] | None = None,
    backend: str = "auto",
    n_threads: int | None = None,
) -> tuple[Array, Array]:
    """Compute d_w = x.T @ d_z and d_b = d_z.sum(axis=0): sums over the rows.

    Parameters
    ----------
    x : array-like (n, i)
    d_z : array-like (n, o)
    out, backend, n_threads
        As `fastnn.kernels` says; out is the pair d_w (i, o) and d_b (o,).

    Returns
    -------
    d_w : ndarray (i, o)
    d_b : ndarray (o,)

    Raises
    ------
    ValueError, TypeError
        As `fastnn.kernels` says.
    """
    d_w, d_b = (None, None) if out is None else out
    if backend == "auto":
        try:
            pair = _params_out(x, d_z) if out is None else out
            threads = 0 if n_threads is None else resolve_threads(n_threads)
            native.dense_backward_params(x, d_z, *pair, threads)
            return pair
        except REFUSED:
            pass
    given = {"x": x, "d_z": d_z, "d_w": d_w, "d_b": d_b}
    d_w, d_b = run_checked("dense_backward_params", backend, n_threads, given)[1]
    return d_w, d_b


def _params_out(x: Any, d_z: Any) -> tuple[Array, Array]:
    o = d_z.shape[1]
    return np.empty((x.shape[1], o), x.dtype), np.empty(o, x.dtype)
