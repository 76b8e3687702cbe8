"""Public kernels of activations, forward and back."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from fastnn.activations import Activation
from fastnn.kernels.contract import Array
from fastnn.kernels.public.checked_call import REFUSED, run_checked
from fastnn.kernels.select import native
from fastnn.threads import resolve as resolve_threads

__all__ = ["activation_backward", "activation_forward"]


def _like(z: Any) -> Array:
    return np.empty(z.shape, z.dtype)


def activation_forward(
    z: ArrayLike,
    activation: str | Activation,
    *,
    out: Array | None = None,
    backend: str = "auto",
    n_threads: int | None = None,
) -> Array:
    """Compute a = activation(z).

    Parameters
    ----------
    z : array-like of shape (n, o), float32 or float64
        The raw outputs of a layer.
    activation : str or Activation
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
        The activations, in z's dtype.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what is described above; the message names it, and says what was wanted.

    See Also
    --------
    activation_backward : The gradient on its way back through the activation.
    dense_forward : The activation of a whole layer.
    """
    if backend == "auto":
        try:
            a = _like(z) if out is None else out
            threads = 0 if n_threads is None else resolve_threads(n_threads)
            native.activation_forward(z, activation, a, threads)
            return a
        except REFUSED:
            pass
    given = {"z": z, "activation": activation, "out": out}
    return run_checked("activation_forward", backend, n_threads, given)[1][0]


def activation_backward(
    z: ArrayLike,
    a: ArrayLike,
    d_a: ArrayLike,
    activation: str | Activation,
    *,
    out: Array | None = None,
    backend: str = "auto",
    n_threads: int | None = None,
) -> Array:
    """Compute d_z = d_a * slope; for softmax and log_softmax, d_a times each row's Jacobian.

    Parameters
    ----------
    z : array-like of shape (n, o), float32 or float64
        The raw outputs of a layer.
    a : array-like of shape (n, o), of z's dtype
        Their activation, as `activation_forward` gives it.
    d_a : array-like of shape (n, o), of z's dtype
        The gradient of a.
    activation : str or Activation
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
        The gradient of z, in z's dtype.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what is described above; the message names it, and says what was wanted.
    """
    if backend == "auto":
        try:
            d_z = _like(z) if out is None else out
            threads = 0 if n_threads is None else resolve_threads(n_threads)
            native.activation_backward(z, a, d_a, activation, d_z, threads)
            return d_z
        except REFUSED:
            pass
    given = {"z": z, "a": a, "d_a": d_a, "activation": activation, "out": out}
    return run_checked("activation_backward", backend, n_threads, given)[1][0]
