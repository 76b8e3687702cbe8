"""Steps of optimizers that count them for nopython code, and for Python alike.

tools/generate_jit.py writes this file.
"""

from __future__ import annotations

from fastnn import kernels
from fastnn.kernels.contract import Array

__all__ = [
    "adam_step",
    "adamax_step",
    "adamw_step",
    "nadam_step",
]


def adam_step(
    params: Array,
    d_params: Array,
    m: Array,
    v: Array,
    step: int,
    learning_rate: float = 0.001,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-8,
) -> Array:
    """Update params, m and v in place by one step of `fastnn.Adam`.

    Parameters
    ----------
    params : ndarray of shape (p,), float32 or float64
        The parameters: writable and contiguous.
    d_params : ndarray of shape (p,), of params' dtype
        The gradient.
    m, v : ndarray of shape (p,), of params' dtype
        What the optimizer remembers of the steps before, at first zeros: writable and contiguous.
    step : int
        The number of this step, from 1.
    learning_rate : float, default=0.001
        What a step is multiplied by, above 0.
    beta_1, beta_2, epsilon : float, default=0.9, 0.999 and 1e-8
        What the means of gradients and of squares keep, in [0, 1), and what is added to the root, above 0.

    Returns
    -------
    ndarray of shape (p,)
        The same `params`.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what is described above; the message names it, and says what was wanted.
    """
    return kernels.adam_step(
        params,
        d_params,
        m,
        v,
        step=step,
        learning_rate=learning_rate,
        beta_1=beta_1,
        beta_2=beta_2,
        epsilon=epsilon,
        n_threads=1,
    )


def adamw_step(
    params: Array,
    d_params: Array,
    m: Array,
    v: Array,
    step: int,
    learning_rate: float = 0.001,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-8,
    weight_decay: float = 0.01,
) -> Array:
    """Update params, m and v in place by one step of `fastnn.AdamW`.

    Parameters
    ----------
    params : ndarray of shape (p,), float32 or float64
        The parameters: writable and contiguous.
    d_params : ndarray of shape (p,), of params' dtype
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

    Returns
    -------
    ndarray of shape (p,)
        The same `params`.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what is described above; the message names it, and says what was wanted.
    """
    return kernels.adamw_step(
        params,
        d_params,
        m,
        v,
        step=step,
        learning_rate=learning_rate,
        beta_1=beta_1,
        beta_2=beta_2,
        epsilon=epsilon,
        weight_decay=weight_decay,
        n_threads=1,
    )


def nadam_step(
    params: Array,
    d_params: Array,
    m: Array,
    v: Array,
    step: int,
    learning_rate: float = 0.002,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-8,
) -> Array:
    """Update params, m and v in place by one step of `fastnn.NAdam`.

    Parameters
    ----------
    params : ndarray of shape (p,), float32 or float64
        The parameters: writable and contiguous.
    d_params : ndarray of shape (p,), of params' dtype
        The gradient.
    m, v : ndarray of shape (p,), of params' dtype
        What the optimizer remembers of the steps before, at first zeros: writable and contiguous.
    step : int
        The number of this step, from 1.
    learning_rate : float, default=0.002
        What a step is multiplied by, above 0.
    beta_1, beta_2, epsilon : float, default=0.9, 0.999 and 1e-8
        What the means of gradients and of squares keep, in [0, 1), and what is added to the root, above 0.

    Returns
    -------
    ndarray of shape (p,)
        The same `params`.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what is described above; the message names it, and says what was wanted.
    """
    return kernels.nadam_step(
        params,
        d_params,
        m,
        v,
        step=step,
        learning_rate=learning_rate,
        beta_1=beta_1,
        beta_2=beta_2,
        epsilon=epsilon,
        n_threads=1,
    )


def adamax_step(
    params: Array,
    d_params: Array,
    m: Array,
    u: Array,
    step: int,
    learning_rate: float = 0.002,
    beta_1: float = 0.9,
    beta_2: float = 0.999,
    epsilon: float = 1e-8,
) -> Array:
    """Update params, m and u in place by one step of `fastnn.Adamax`.

    Parameters
    ----------
    params : ndarray of shape (p,), float32 or float64
        The parameters: writable and contiguous.
    d_params : ndarray of shape (p,), of params' dtype
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

    Returns
    -------
    ndarray of shape (p,)
        The same `params`.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what is described above; the message names it, and says what was wanted.
    """
    return kernels.adamax_step(
        params,
        d_params,
        m,
        u,
        step=step,
        learning_rate=learning_rate,
        beta_1=beta_1,
        beta_2=beta_2,
        epsilon=epsilon,
        n_threads=1,
    )
