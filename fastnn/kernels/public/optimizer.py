"""Public steps of optimizers, in place on flat vectors. tools/generate_optimizers.py writes this file."""

from __future__ import annotations

from numpy.typing import ArrayLike

from fastnn.kernels.contract import Array
from fastnn.kernels.public.checked_call import as_count, as_flag
from fastnn.kernels.public.step import take_step

__all__ = [
    "adadelta_step",
    "adagrad_step",
    "adam_step",
    "adamax_step",
    "adamw_step",
    "lion_step",
    "nadam_step",
    "rmsprop_step",
    "sgd_step",
]


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
    """Update params and velocity in place by one step of `fastnn.SGD`.

    Parameters
    ----------
    params, velocity : ndarray (p,)
        Writable and contiguous.
    d_params : array-like (p,)
    learning_rate : float
    momentum : float in [0, 1], default=0.9
    nesterov : bool, default=True
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
    return take_step("sgd_step", arguments, backend, n_threads)


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
    """Update params, m and v in place by one step of `fastnn.Adam`.

    Parameters
    ----------
    params, m, v : ndarray (p,)
        Writable and contiguous.
    d_params : array-like (p,)
    step : int
        The number of this step, from 1.
    learning_rate : float, default=0.001
    beta_1, beta_2 : float in [0, 1), default=0.9 and 0.999
    epsilon : float, default=1e-8
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
    step = step if type(step) is int else as_count("step", step)  # the compiled kernel would take 2.5 as 2
    arguments = (params, d_params, m, v, step, learning_rate, beta_1, beta_2, epsilon)
    return take_step("adam_step", arguments, backend, n_threads)


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
    """Update params and v in place by one step of `fastnn.RMSprop`.

    Parameters
    ----------
    params, v : ndarray (p,)
        Writable and contiguous.
    d_params : array-like (p,)
    learning_rate : float, default=0.001
    rho : float in [0, 1), default=0.99
        How much of the mean of squares a step keeps.
    epsilon : float, default=1e-8
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
    return take_step("rmsprop_step", arguments, backend, n_threads)


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
    """Update params and v in place by one step of `fastnn.Adagrad`.

    Parameters
    ----------
    params, v : ndarray (p,)
        Writable and contiguous.
    d_params : array-like (p,)
    learning_rate : float, default=0.01
    epsilon : float, default=1e-10
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
    return take_step("adagrad_step", arguments, backend, n_threads)


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
    """Update params, m and v in place by one step of `fastnn.AdamW`.

    Parameters
    ----------
    params, m, v : ndarray (p,)
        Writable and contiguous.
    d_params : array-like (p,)
    step : int
        The number of this step, from 1.
    learning_rate : float, default=0.001
    beta_1, beta_2 : float in [0, 1), default=0.9 and 0.999
    epsilon : float, default=1e-8
    weight_decay : float, default=0.01
        A step first multiplies the parameters by ``1 - learning_rate * weight_decay``.
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
    step = step if type(step) is int else as_count("step", step)  # the compiled kernel would take 2.5 as 2
    arguments = (params, d_params, m, v, step, learning_rate, beta_1, beta_2, epsilon, weight_decay)
    return take_step("adamw_step", arguments, backend, n_threads)


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
    """Update params, m and v in place by one step of `fastnn.NAdam`.

    Parameters
    ----------
    params, m, v : ndarray (p,)
        Writable and contiguous.
    d_params : array-like (p,)
    step : int
        The number of this step, from 1.
    learning_rate : float, default=0.002
    beta_1, beta_2 : float in [0, 1), default=0.9 and 0.999
    epsilon : float, default=1e-8
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
    step = step if type(step) is int else as_count("step", step)  # the compiled kernel would take 2.5 as 2
    arguments = (params, d_params, m, v, step, learning_rate, beta_1, beta_2, epsilon)
    return take_step("nadam_step", arguments, backend, n_threads)


def adamax_step(
    params: Array,
    d_params: ArrayLike,
    m: Array,
    u: Array,
    *,
    step: int,
    learning_rate: float = 0.002,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-8,
    backend: str = "auto",
    n_threads: int | None = None,
) -> Array:
    """Update params, m and u in place by one step of `fastnn.Adamax`.

    Parameters
    ----------
    params, m, u : ndarray (p,)
        Writable and contiguous.
    d_params : array-like (p,)
    step : int
        The number of this step, from 1.
    learning_rate : float, default=0.002
    beta_1, beta_2 : float in [0, 1), default=0.9 and 0.999
    epsilon : float, default=1e-8
        Added to every gradient's magnitude, as PyTorch does.
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
    step = step if type(step) is int else as_count("step", step)  # the compiled kernel would take 2.5 as 2
    arguments = (params, d_params, m, u, step, learning_rate, beta_1, beta_2, epsilon)
    return take_step("adamax_step", arguments, backend, n_threads)


def adadelta_step(
    params: Array,
    d_params: ArrayLike,
    v: Array,
    u: Array,
    *,
    learning_rate: float = 1.0,
    rho: float = 0.9,
    epsilon: float = 1e-6,
    backend: str = "auto",
    n_threads: int | None = None,
) -> Array:
    """Update params, v and u in place by one step of `fastnn.Adadelta`.

    Parameters
    ----------
    params, v, u : ndarray (p,)
        Writable and contiguous.
    d_params : array-like (p,)
    learning_rate : float, default=1.0
        A factor of the step, which has the parameters' units by itself.
    rho : float in [0, 1), default=0.9
        How much of both means of squares a step keeps.
    epsilon : float, default=1e-6
        Added to both means of squares; its root is about the size of the first steps.
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
    arguments = (params, d_params, v, u, learning_rate, rho, epsilon)
    return take_step("adadelta_step", arguments, backend, n_threads)


def lion_step(
    params: Array,
    d_params: ArrayLike,
    m: Array,
    *,
    learning_rate: float = 0.0001,
    beta_1: float = 0.9,
    beta_2: float = 0.99,
    weight_decay: float = 0.0,
    backend: str = "auto",
    n_threads: int | None = None,
) -> Array:
    """Update params and m in place by one step of `fastnn.Lion`.

    Parameters
    ----------
    params, m : ndarray (p,)
        Writable and contiguous.
    d_params : array-like (p,)
    learning_rate : float, default=0.0001
    beta_1 : float in [0, 1), default=0.9
        The share of the momentum in what decides the sign.
    beta_2 : float in [0, 1), default=0.99
        How much of the momentum a step keeps.
    weight_decay : float, default=0.0
        A step first multiplies the parameters by ``1 - learning_rate * weight_decay``, as in AdamW.
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
    arguments = (params, d_params, m, learning_rate, beta_1, beta_2, weight_decay)
    return take_step("lion_step", arguments, backend, n_threads)
