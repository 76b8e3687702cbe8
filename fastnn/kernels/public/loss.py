"""Public kernels of losses and links, on the raw output z."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from fastnn import losses
from fastnn.kernels.contract import Array
from fastnn.kernels.public.checked_call import REFUSED, run_checked
from fastnn.kernels.select import native
from fastnn.losses import Loss
from fastnn.threads import resolve as resolve_threads

__all__ = ["link", "loss_and_gradient"]


def _like(z: Any) -> Array:
    return np.empty(z.shape, z.dtype)


def link(
    z: ArrayLike,
    loss: str | Loss,
    *,
    out: Array | None = None,
    backend: str = "auto",
    n_threads: int | None = None,
) -> Array:
    """Compute the prediction that z means under a loss, such as probabilities.

    Parameters
    ----------
    z : array-like of shape (n, o), float32 or float64
        The raw outputs of a network.
    loss : str or Loss
        Its name, or the loss itself.
    out : ndarray of shape (n, o), optional
        Memory for the result: writable, C-contiguous, of the inputs' dtype, and apart from them.
    backend : {"auto", "native", "jit", "reference"}, default="auto"
        Which implementation computes; "auto" is "native".
    n_threads : int, optional
        How many threads "native" uses at most; None leaves it to `fastnn.get_num_threads`.

    Returns
    -------
    ndarray of shape (n, o)
        The predictions, in z's dtype.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what is described above; the message names it, and says what was wanted.
    """
    if backend == "auto":
        try:
            prediction = _like(z) if out is None else out
            threads = 0 if n_threads is None else resolve_threads(n_threads)
            native.link(z, losses.get(loss), prediction, threads)
            return prediction
        except REFUSED:
            pass
    return run_checked("link", backend, n_threads, {"z": z, "loss": loss, "out": out})[1][0]


def loss_and_gradient(
    z: ArrayLike,
    y: ArrayLike,
    loss: str | Loss,
    sample_weight: ArrayLike | None = None,
    *,
    out: Array | None = None,
    backend: str = "auto",
    n_threads: int | None = None,
) -> tuple[float, Array]:
    """Compute the mean loss of z and its gradient: a sum over outputs, a weighted mean over rows.

    Parameters
    ----------
    z : array-like of shape (n, o), float32 or float64
        The raw outputs of a network.
    y : array-like of shape (n, o), of z's dtype
        The targets.
    loss : str or Loss
        Its name, or the loss itself.
    sample_weight : array-like of shape (n,), of z's dtype, optional
        The weight of each row in the mean, at least 0; None for equal ones. Where all are zero, loss and gradient are
        zero.
    out : ndarray of shape (n, o), optional
        Memory for the result: writable, C-contiguous, of the inputs' dtype, and apart from them.
    backend : {"auto", "native", "jit", "reference"}, default="auto"
        Which implementation computes; "auto" is "native".
    n_threads : int, optional
        How many threads "native" uses at most; None leaves it to `fastnn.get_num_threads`.

    Returns
    -------
    loss : float
        The mean loss.
    d_z : ndarray of shape (n, o)
        Its gradient by z, in z's dtype.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what is described above; the message names it, and says what was wanted.
    """
    if backend == "auto":
        try:
            d_z = _like(z) if out is None else out
            threads = 0 if n_threads is None else resolve_threads(n_threads)
            return native.loss_and_gradient(z, y, sample_weight, losses.get(loss), d_z, threads), d_z
        except REFUSED:
            pass
    given = {"z": z, "y": y, "sample_weight": sample_weight, "loss": loss, "d_z": out}
    value, (d_z,) = run_checked("loss_and_gradient", backend, n_threads, given)
    return value, d_z
