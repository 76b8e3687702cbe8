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
    x : array-like of shape (n, i), float32 or float64
        The inputs of the layer, a row for each sample.
    w : array-like of shape (i, o), of x's dtype
        The weights.
    b : array-like of shape (o,), of x's dtype, or None
        The biases; None for a layer that has none.
    activation : str or Activation, default="relu"
        Its name, or the activation itself.
    out : ndarray of shape (n, o), optional
        Memory for the result: writable, C-contiguous, of the inputs' dtype, and apart from them.
    backend : {"auto", "native", "jit", "reference"}, default="auto"
        Which implementation computes; "auto" is "native".
    n_threads : int, optional
        How many threads "native" uses at most; None leaves it to `fastnn.get_num_threads`.

    Returns
    -------
    ndarray of shape (n, o)
        The activations of the layer, in x's dtype.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what is described above; the message names it, and says what was wanted.

    See Also
    --------
    dense_backward_input : The gradient of x.
    dense_backward_params : The gradients of w and b.

    Examples
    --------
    >>> from fastnn.kernels import dense_forward
    >>> dense_forward([[1.0, 2.0]], [[1.0, -1.0], [1.0, -1.0]], [0.5, 0.5], "relu")
    array([[3.5, 0. ]])
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
    d_z : array-like of shape (n, o), float32 or float64
        The gradient of the layer's raw outputs.
    w : array-like of shape (i, o), of d_z's dtype
        The weights.
    out : ndarray of shape (n, i), optional
        Memory for the result: writable, C-contiguous, of the inputs' dtype, and apart from them.
    backend : {"auto", "native", "jit", "reference"}, default="auto"
        Which implementation computes; "auto" is "native".
    n_threads : int, optional
        How many threads "native" uses at most; None leaves it to `fastnn.get_num_threads`.

    Returns
    -------
    ndarray of shape (n, i)
        The gradient of the layer's inputs, in d_z's dtype.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what is described above; the message names it, and says what was wanted.
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
    x : array-like of shape (n, i), float32 or float64
        The inputs of the layer.
    d_z : array-like of shape (n, o), of x's dtype
        The gradient of its raw outputs.
    out : tuple of two ndarrays of shape (i, o) and (o,), optional
        Memory for d_w and d_b: writable, C-contiguous, of the inputs' dtype, and apart from them.
    backend : {"auto", "native", "jit", "reference"}, default="auto"
        Which implementation computes; "auto" is "native".
    n_threads : int, optional
        How many threads "native" uses at most; None leaves it to `fastnn.get_num_threads`.

    Returns
    -------
    d_w : ndarray of shape (i, o)
        The gradient of the weights, in x's dtype.
    d_b : ndarray of shape (o,)
        The gradient of the biases, in x's dtype.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what is described above; the message names it, and says what was wanted.
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
