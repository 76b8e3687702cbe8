"""What is done around an optimizer's step for nopython code, and for Python alike.

tools/generate_jit.py writes this file.
"""

from __future__ import annotations

from fastnn import kernels
from fastnn.kernels.contract import Array

__all__ = [
    "clip_by_norm",
    "clip_by_value",
    "dropout",
    "ema_step",
]


def clip_by_value(
    d_params: Array,
    limit: float,
) -> Array:
    """Bring every component of a gradient within [-limit, limit], in place.

    Parameters
    ----------
    d_params : ndarray of shape (p,), float32 or float64
        The gradient: writable and contiguous. NaN stays.
    limit : float
        The largest magnitude of a component, above 0.

    Returns
    -------
    ndarray of shape (p,)
        The same `d_params`.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what is described above; the message names it, and says what was wanted.
    """
    return kernels.clip_by_value(d_params, limit=limit, n_threads=1)


def clip_by_norm(
    d_params: Array,
    limit: float,
) -> float:
    """Scale a gradient down to a Euclidean norm of at most `limit`, in place.

    Parameters
    ----------
    d_params : ndarray of shape (p,), float32 or float64
        The gradient: writable and contiguous.
    limit : float
        The largest norm, above 0.

    Returns
    -------
    float
        The norm before, summed in float64.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what is described above; the message names it, and says what was wanted.

    References
    ----------
    Pascanu, Mikolov and Bengio (2013), "On the difficulty of training recurrent neural networks".
    """
    return kernels.clip_by_norm(d_params, limit=limit, n_threads=1)


def ema_step(
    average: Array,
    params: Array,
    decay: float,
) -> Array:
    """Move an exponential average of the parameters: decay * average + (1 - decay) * params.

    Parameters
    ----------
    average : ndarray of shape (p,), float32 or float64
        The average: writable and contiguous, updated in place.
    params : ndarray of shape (p,), of the average's dtype
        The parameters that it moves towards.
    decay : float
        The share of itself that the average keeps, in [0, 1).

    Returns
    -------
    ndarray of shape (p,)
        The same `average`.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what is described above; the message names it, and says what was wanted.
    """
    return kernels.ema_step(average, params, decay=decay, n_threads=1)


def dropout(
    x: Array,
    rate: float,
    seed: int,
    step: int,
    layer: int = 0,
    first_row: int = 0,
    out: Array | None = None,
) -> Array:
    """Zero elements at random and scale the others, so that the mean stays.

    The mask is a function of (seed, step, layer, row, column), the same in every backend: the
    kernel with the same numbers also takes the gradient on its way back.

    Parameters
    ----------
    x : ndarray of shape (n, o), float32 or float64
        What is dropped, or the gradient of what was kept.
    rate : float in [0, 1)
        Share of the elements that become zero.
    seed : int
        At least 0.
    step : int
        The number of the optimizer's step, from 1.
    layer : int, default=0
        The number of the layer, at least 0: each has a mask of its own.
    first_row : int, default=0
        The number of the first of the rows in its batch, at least 0.
    out : ndarray of shape (n, o), optional
        Memory for the result: writable, C-contiguous, of the inputs' dtype, and apart from them.

    Returns
    -------
    ndarray of shape (n, o)
        Each element is x / (1 - rate), or 0.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what is described above; the message names it, and says what was wanted.

    References
    ----------
    Srivastava et al. (2014), "Dropout: a simple way to prevent neural networks from overfitting".
    """
    return kernels.dropout(x, rate, seed=seed, step=step, layer=layer, first_row=first_row, out=out, n_threads=1)
