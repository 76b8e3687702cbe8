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
    z : array-like (n, o)
    activation : str or Activation
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
    z, a, d_a : array-like (n, o)
        a is the activation of z.
    activation : str or Activation
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
            d_z = _like(z) if out is None else out
            threads = 0 if n_threads is None else resolve_threads(n_threads)
            native.activation_backward(z, a, d_a, activation, d_z, threads)
            return d_z
        except REFUSED:
            pass
    given = {"z": z, "a": a, "d_a": d_a, "activation": activation, "out": out}
    return run_checked("activation_backward", backend, n_threads, given)[1][0]
