"""Steps of optimizers for nopython code, and for Python alike.

tools/generate_jit.py writes this file.
"""

from __future__ import annotations

from fastnn import kernels
from fastnn.kernels.contract import Array

__all__ = [
    "adadelta_step",
    "adagrad_step",
    "lion_step",
    "rmsprop_step",
    "sgd_step",
]


def sgd_step(
    params: Array,
    d_params: Array,
    velocity: Array,
    learning_rate: float,
    momentum: float = 0.9,
    nesterov: bool = True,
) -> Array:
    """Update params and velocity in place by one step of `fastnn.SGD`.

    Parameters
    ----------
    params : ndarray of shape (p,), float32 or float64
        The parameters: writable and contiguous.
    d_params : ndarray of shape (p,), of params' dtype
        The gradient.
    velocity : ndarray of shape (p,), of params' dtype
        What the optimizer remembers of the steps before, at first zeros: writable and contiguous.
    learning_rate : float
        What a step is multiplied by, above 0.
    momentum : float, default=0.9
        What the velocity keeps of itself at a step, in [0, 1].
    nesterov : bool, default=True
        Whether a step looks ahead along the velocity (Nesterov), or only follows it.

    Returns
    -------
    ndarray of shape (p,)
        The same `params`.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what is described above; the message names it, and says what was wanted.
    """
    return kernels.sgd_step(
        params, d_params, velocity, learning_rate=learning_rate, momentum=momentum, nesterov=nesterov, n_threads=1
    )


def rmsprop_step(
    params: Array,
    d_params: Array,
    v: Array,
    learning_rate: float = 0.001,
    rho: float = 0.99,
    epsilon: float = 1e-8,
) -> Array:
    """Update params and v in place by one step of `fastnn.RMSprop`.

    Parameters
    ----------
    params : ndarray of shape (p,), float32 or float64
        The parameters: writable and contiguous.
    d_params : ndarray of shape (p,), of params' dtype
        The gradient.
    v : ndarray of shape (p,), of params' dtype
        What the optimizer remembers of the steps before, at first zeros: writable and contiguous.
    learning_rate : float, default=0.001
        What a step is multiplied by, above 0.
    rho : float in [0, 1), default=0.99
        How much of the mean of squares a step keeps.
    epsilon : float, default=1e-8
        What is added to the root, above 0, so that nothing is divided by zero.

    Returns
    -------
    ndarray of shape (p,)
        The same `params`.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what is described above; the message names it, and says what was wanted.
    """
    return kernels.rmsprop_step(params, d_params, v, learning_rate=learning_rate, rho=rho, epsilon=epsilon, n_threads=1)


def adagrad_step(
    params: Array,
    d_params: Array,
    v: Array,
    learning_rate: float = 0.01,
    epsilon: float = 1e-10,
) -> Array:
    """Update params and v in place by one step of `fastnn.Adagrad`.

    Parameters
    ----------
    params : ndarray of shape (p,), float32 or float64
        The parameters: writable and contiguous.
    d_params : ndarray of shape (p,), of params' dtype
        The gradient.
    v : ndarray of shape (p,), of params' dtype
        What the optimizer remembers of the steps before, at first zeros: writable and contiguous.
    learning_rate, epsilon : float, default=0.01 and 1e-10
        What a step is multiplied by, and what is added to the root so that nothing is divided by zero; both above 0.

    Returns
    -------
    ndarray of shape (p,)
        The same `params`.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what is described above; the message names it, and says what was wanted.
    """
    return kernels.adagrad_step(params, d_params, v, learning_rate=learning_rate, epsilon=epsilon, n_threads=1)


def adadelta_step(
    params: Array,
    d_params: Array,
    v: Array,
    u: Array,
    learning_rate: float = 1.0,
    rho: float = 0.9,
    epsilon: float = 1e-6,
) -> Array:
    """Update params, v and u in place by one step of `fastnn.Adadelta`.

    Parameters
    ----------
    params : ndarray of shape (p,), float32 or float64
        The parameters: writable and contiguous.
    d_params : ndarray of shape (p,), of params' dtype
        The gradient.
    v, u : ndarray of shape (p,), of params' dtype
        What the optimizer remembers of the steps before, at first zeros: writable and contiguous.
    learning_rate : float, default=1.0
        What a step, which has the parameters' units by itself, is multiplied by, above 0.
    rho : float, default=0.9
        How much of both means of squares a step keeps, in [0, 1).
    epsilon : float, default=1e-6
        Added to both means of squares, above 0; its root is about the size of the first steps.

    Returns
    -------
    ndarray of shape (p,)
        The same `params`.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what is described above; the message names it, and says what was wanted.
    """
    return kernels.adadelta_step(
        params, d_params, v, u, learning_rate=learning_rate, rho=rho, epsilon=epsilon, n_threads=1
    )


def lion_step(
    params: Array,
    d_params: Array,
    m: Array,
    learning_rate: float = 0.0001,
    beta_1: float = 0.9,
    beta_2: float = 0.99,
    weight_decay: float = 0.0,
) -> Array:
    """Update params and m in place by one step of `fastnn.Lion`.

    Parameters
    ----------
    params : ndarray of shape (p,), float32 or float64
        The parameters: writable and contiguous.
    d_params : ndarray of shape (p,), of params' dtype
        The gradient.
    m : ndarray of shape (p,), of params' dtype
        What the optimizer remembers of the steps before, at first zeros: writable and contiguous.
    learning_rate : float, default=0.0001
        The size of a step, above 0.
    beta_1, beta_2 : float, default=0.9 and 0.99
        The share of the momentum in what decides the sign, and how much of the momentum a step keeps; in [0, 1).
    weight_decay : float, default=0.0
        A step first multiplies the parameters by ``1 - learning_rate * weight_decay``, as in AdamW.

    Returns
    -------
    ndarray of shape (p,)
        The same `params`.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what is described above; the message names it, and says what was wanted.
    """
    return kernels.lion_step(
        params,
        d_params,
        m,
        learning_rate=learning_rate,
        beta_1=beta_1,
        beta_2=beta_2,
        weight_decay=weight_decay,
        n_threads=1,
    )
