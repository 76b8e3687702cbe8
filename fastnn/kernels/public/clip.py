"""Public kernels around an optimizer's step: clipping of a gradient, and an average of the parameters."""

from __future__ import annotations

from numpy.typing import ArrayLike

from fastnn.kernels.contract import Array
from fastnn.kernels.public.checked_call import run_checked

__all__ = ["clip_by_norm", "clip_by_value", "ema_step"]


def clip_by_value(d_params: Array, *, limit: float, backend: str = "auto", n_threads: int | None = None) -> Array:
    """Bring every component of a gradient within [-limit, limit], in place.

    Parameters
    ----------
    d_params : ndarray of shape (p,), float32 or float64
        The gradient: writable and contiguous. NaN stays.
    limit : float
        The largest magnitude of a component, above 0.
    backend : {"auto", "native", "jit", "reference"}, default="auto"
        Which implementation computes; "auto" is "native".
    n_threads : int, optional
        How many threads "native" uses at most; None leaves it to `fastnn.get_num_threads`.

    Returns
    -------
    ndarray of shape (p,)
        The same `d_params`.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what is described above; the message names it, and says what was wanted.
    """
    run_checked("clip_by_value", backend, n_threads, {"d_params": d_params, "limit": limit})
    return d_params


def clip_by_norm(d_params: Array, *, limit: float, backend: str = "auto", n_threads: int | None = None) -> float:
    """Scale a gradient down to a Euclidean norm of at most `limit`, in place.

    Parameters
    ----------
    d_params : ndarray of shape (p,), float32 or float64
        The gradient: writable and contiguous.
    limit : float
        The largest norm, above 0.
    backend : {"auto", "native", "jit", "reference"}, default="auto"
        Which implementation computes; "auto" is "native".
    n_threads : int, optional
        How many threads "native" uses at most; None leaves it to `fastnn.get_num_threads`.

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
    norm: float = run_checked("clip_by_norm", backend, n_threads, {"d_params": d_params, "limit": limit})[0]
    return norm


def ema_step(
    average: Array, params: ArrayLike, *, decay: float, backend: str = "auto", n_threads: int | None = None
) -> Array:
    """Move an exponential average of the parameters: decay * average + (1 - decay) * params.

    Parameters
    ----------
    average : ndarray of shape (p,), float32 or float64
        The average: writable and contiguous, updated in place.
    params : array-like of shape (p,), of the average's dtype
        The parameters that it moves towards.
    decay : float
        The share of itself that the average keeps, in [0, 1).
    backend : {"auto", "native", "jit", "reference"}, default="auto"
        Which implementation computes; "auto" is "native".
    n_threads : int, optional
        How many threads "native" uses at most; None leaves it to `fastnn.get_num_threads`.

    Returns
    -------
    ndarray of shape (p,)
        The same `average`.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what is described above; the message names it, and says what was wanted.
    """
    run_checked("ema_step", backend, n_threads, {"average": average, "params": params, "decay": decay})
    return average
