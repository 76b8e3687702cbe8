"""Public kernels of optimizers: one step on flat vectors, in place."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from fastnn.kernels.contract import KERNELS, Array
from fastnn.kernels.public.checked_call import REFUSED, as_count, as_flag, run_checked
from fastnn.kernels.select import native
from fastnn.threads import resolve as resolve_threads

__all__ = [
    "adagrad_step",
    "adam_step",
    "adamw_step",
    "nadam_step",
    "rmsprop_step",
    "sgd_step",
]


def _step(name: str, arguments: tuple[Any, ...], backend: str, n_threads: int | None) -> Array:
    """Run a kernel on all its arguments, in the contract's order; params, updated, come first."""
    if backend == "auto":
        try:
            threads = 0 if n_threads is None else resolve_threads(n_threads)
            getattr(native, name)(*arguments, threads)
            params: Array = arguments[0]
            return params
        except REFUSED:
            pass
    given = dict(zip(KERNELS[name].argument_names, arguments, strict=True))
    return run_checked(name, backend, n_threads, given)[1][0]


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
    arguments = (params, d_params, velocity, learning_rate, momentum, as_flag("nesterov", nesterov))
    return _step("sgd_step", arguments, backend, n_threads)


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
    count = step if type(step) is int else as_count("step", step)  # the compiled kernel would take 2.5 as 2
    arguments = (params, d_params, m, v, count, learning_rate, beta_1, beta_2, epsilon)
    return _step("adam_step", arguments, backend, n_threads)


def rmsprop_step(
    params: Array,
    d_params: ArrayLike,
    v: Array,
    *,
    learning_rate: float = 0.001,
    rho: float = 0.99,
    epsilon: float = 1e-8,
    backend: str = "auto",
    n_threads: int | None = None,
) -> Array:
    """Update params and v in place by RMSprop (see `fastnn.RMSprop`).

    Parameters
    ----------
    params, v : ndarray (p,)
        Writable and contiguous.
    d_params : array-like (p,)
    learning_rate, rho, epsilon : float
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
    arguments = (params, d_params, v, learning_rate, rho, epsilon)
    return _step("rmsprop_step", arguments, backend, n_threads)


def adagrad_step(
    params: Array,
    d_params: ArrayLike,
    v: Array,
    *,
    learning_rate: float = 0.01,
    epsilon: float = 1e-10,
    backend: str = "auto",
    n_threads: int | None = None,
) -> Array:
    """Update params and v in place by Adagrad (see `fastnn.Adagrad`).

    Parameters
    ----------
    params, v : ndarray (p,)
        Writable and contiguous.
    d_params : array-like (p,)
    learning_rate, epsilon : float
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
    arguments = (params, d_params, v, learning_rate, epsilon)
    return _step("adagrad_step", arguments, backend, n_threads)


def adamw_step(
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
    weight_decay: float = 0.01,
    backend: str = "auto",
    n_threads: int | None = None,
) -> Array:
    """Update params, m and v in place by Adam with decoupled weight decay (see `fastnn.AdamW`).

    Parameters
    ----------
    params, m, v : ndarray (p,)
        Writable and contiguous.
    d_params : array-like (p,)
    step : int
        The number of this step, from 1.
    learning_rate, beta_1, beta_2, epsilon, weight_decay : float
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
    count = step if type(step) is int else as_count("step", step)  # the compiled kernel would take 2.5 as 2
    arguments = (params, d_params, m, v, count, learning_rate, beta_1, beta_2, epsilon, weight_decay)
    return _step("adamw_step", arguments, backend, n_threads)


def nadam_step(
    params: Array,
    d_params: ArrayLike,
    m: Array,
    v: Array,
    *,
    step: int,
    learning_rate: float = 0.002,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-8,
    backend: str = "auto",
    n_threads: int | None = None,
) -> Array:
    """Update params, m and v in place by Adam with Nesterov's look-ahead (see `fastnn.NAdam`).

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
    count = step if type(step) is int else as_count("step", step)  # the compiled kernel would take 2.5 as 2
    arguments = (params, d_params, m, v, count, learning_rate, beta_1, beta_2, epsilon)
    return _step("nadam_step", arguments, backend, n_threads)
