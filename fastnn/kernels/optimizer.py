"""Public kernels of optimizers: one step on flat vectors, in place."""

from __future__ import annotations

from numpy.typing import ArrayLike

from fastnn.kernels._prepare import REFUSED, run_checked
from fastnn.kernels.contract import Array
from fastnn.kernels.select import native
from fastnn.threads import resolve as resolve_threads

__all__ = ["adam_step", "sgd_step"]


def sgd_step(
    params: Array,
    d_params: ArrayLike,
    velocity: Array,
    *,
    learning_rate: float,
    momentum: float = 0.9,
    nesterov: bool = True,
    backend: str = "auto",
    n_threads: int | None = None,
) -> Array:
    """Update params and velocity in place by gradient descent with momentum (see `fastnn.SGD`).

    Parameters
    ----------
    params, velocity : ndarray (p,)
        Writable and contiguous.
    d_params : array-like (p,)
    learning_rate, momentum : float
    nesterov : bool
    backend, n_threads
        As `fastnn.kernels` says.

    Returns
    -------
    ndarray (p,)
        `params`.

    Raises
    ------
    ValueError, TypeError
        As `fastnn.kernels` says.
    """
    if backend == "auto":
        try:
            threads = 0 if n_threads is None else resolve_threads(n_threads)
            native.sgd_step(params, d_params, velocity, learning_rate, momentum, nesterov, threads)
            return params
        except REFUSED:
            pass
    given = {"params": params, "d_params": d_params, "velocity": velocity}
    given |= {"learning_rate": learning_rate, "momentum": momentum, "nesterov": nesterov}
    return run_checked("sgd_step", backend, n_threads, given)[1][0]


def adam_step(
    params: Array,
    d_params: ArrayLike,
    m: Array,
    v: Array,
    *,
    step: int,
    learning_rate: float = 0.001,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-8,
    backend: str = "auto",
    n_threads: int | None = None,
) -> Array:
    """Update params, m and v in place by Adam (see `fastnn.Adam`).

    Parameters
    ----------
    params, m, v : ndarray (p,)
        Writable and contiguous.
    d_params : array-like (p,)
    step : int
        The number of this step, from 1.
    learning_rate, beta_1, beta_2, epsilon : float
    backend, n_threads
        As `fastnn.kernels` says.

    Returns
    -------
    ndarray (p,)
        `params`.

    Raises
    ------
    ValueError, TypeError
        As `fastnn.kernels` says.
    """
    hyper = (learning_rate, beta_1, beta_2, epsilon)
    if backend == "auto":
        try:
            threads = 0 if n_threads is None else resolve_threads(n_threads)
            native.adam_step(params, d_params, m, v, step, *hyper, threads)
            return params
        except REFUSED:
            pass
    names = ("learning_rate", "beta_1", "beta_2", "epsilon")
    given = {"params": params, "d_params": d_params, "m": m, "v": v, "step": step}
    given |= dict(zip(names, hyper, strict=True))
    return run_checked("adam_step", backend, n_threads, given)[1][0]
