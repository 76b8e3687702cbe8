"""Public steps of optimizers that count their steps, in place on flat vectors.

tools/generate_optimizers.py writes this file.
"""

from __future__ import annotations

from numpy.typing import ArrayLike

from fastnn.kernels.contract import Array
from fastnn.kernels.public.checked_call import as_count
from fastnn.kernels.public.step import take_step

__all__ = [
    "adam_step",
    "adamax_step",
    "adamw_step",
    "nadam_step",
]


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
    params : ndarray of shape (p,), float32 or float64
        The parameters: writable and contiguous.
    d_params : array-like of shape (p,), of params' dtype
        The gradient.
    m, v : ndarray of shape (p,), of params' dtype
        What the optimizer remembers of the steps before, at first zeros: writable and contiguous.
    step : int
        The number of this step, from 1.
    learning_rate : float, default=0.001
        What a step is multiplied by, above 0.
    beta_1, beta_2, epsilon : float, default=0.9, 0.999 and 1e-8
        What the means of gradients and of squares keep, in [0, 1), and what is added to the root, above 0.
    backend : {"auto", "native", "jit", "reference"}, default="auto"
        Which implementation computes; "auto" is "native".
    n_threads : int, optional
        How many threads "native" uses at most; None leaves it to `fastnn.get_num_threads`.

    Returns
    -------
    ndarray of shape (p,)
        The same `params`.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what is described above; the message names it, and says what was wanted.
    """
    step = step if type(step) is int else as_count("step", step)  # the compiled kernel would take 2.5 as 2
    arguments = (params, d_params, m, v, step, learning_rate, beta_1, beta_2, epsilon)
    return take_step("adam_step", arguments, backend, n_threads)


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
    params : ndarray of shape (p,), float32 or float64
        The parameters: writable and contiguous.
    d_params : array-like of shape (p,), of params' dtype
        The gradient.
    m, v : ndarray of shape (p,), of params' dtype
        What the optimizer remembers of the steps before, at first zeros: writable and contiguous.
    step : int
        The number of this step, from 1.
    learning_rate : float, default=0.001
        What a step is multiplied by, above 0.
    beta_1, beta_2, epsilon : float, default=0.9, 0.999 and 1e-8
        What the means of gradients and of squares keep, in [0, 1), and what is added to the root, above 0.
    weight_decay : float, default=0.01
        A step first multiplies the parameters by ``1 - learning_rate * weight_decay``.
    backend : {"auto", "native", "jit", "reference"}, default="auto"
        Which implementation computes; "auto" is "native".
    n_threads : int, optional
        How many threads "native" uses at most; None leaves it to `fastnn.get_num_threads`.

    Returns
    -------
    ndarray of shape (p,)
        The same `params`.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what is described above; the message names it, and says what was wanted.
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
    params : ndarray of shape (p,), float32 or float64
        The parameters: writable and contiguous.
    d_params : array-like of shape (p,), of params' dtype
        The gradient.
    m, v : ndarray of shape (p,), of params' dtype
        What the optimizer remembers of the steps before, at first zeros: writable and contiguous.
    step : int
        The number of this step, from 1.
    learning_rate : float, default=0.002
        What a step is multiplied by, above 0.
    beta_1, beta_2, epsilon : float, default=0.9, 0.999 and 1e-8
        What the means of gradients and of squares keep, in [0, 1), and what is added to the root, above 0.
    backend : {"auto", "native", "jit", "reference"}, default="auto"
        Which implementation computes; "auto" is "native".
    n_threads : int, optional
        How many threads "native" uses at most; None leaves it to `fastnn.get_num_threads`.

    Returns
    -------
    ndarray of shape (p,)
        The same `params`.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what is described above; the message names it, and says what was wanted.
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
    params : ndarray of shape (p,), float32 or float64
        The parameters: writable and contiguous.
    d_params : array-like of shape (p,), of params' dtype
        The gradient.
    m, u : ndarray of shape (p,), of params' dtype
        What the optimizer remembers of the steps before, at first zeros: writable and contiguous.
    step : int
        The number of this step, from 1.
    learning_rate : float, default=0.002
        What a step is multiplied by, above 0.
    beta_1, beta_2, epsilon : float, default=0.9, 0.999 and 1e-8
        What the mean of gradients and the largest gradient keep, in [0, 1), and what is added to every gradient's
        magnitude, above 0, as PyTorch does.
    backend : {"auto", "native", "jit", "reference"}, default="auto"
        Which implementation computes; "auto" is "native".
    n_threads : int, optional
        How many threads "native" uses at most; None leaves it to `fastnn.get_num_threads`.

    Returns
    -------
    ndarray of shape (p,)
        The same `params`.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what is described above; the message names it, and says what was wanted.
    """
    step = step if type(step) is int else as_count("step", step)  # the compiled kernel would take 2.5 as 2
    arguments = (params, d_params, m, u, step, learning_rate, beta_1, beta_2, epsilon)
    return take_step("adamax_step", arguments, backend, n_threads)
