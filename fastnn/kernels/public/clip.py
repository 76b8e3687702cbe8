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
    d_params : ndarray (p,)
        Writable and contiguous. NaN stays.
    limit : float
        Above 0.
    backend, n_threads
        As `fastnn.kernels` says.

    Returns
    -------
    ndarray (p,)
        `d_params`.

    Raises
    ------
    ValueError, TypeError
        As `fastnn.kernels` says.
    """
    run_checked("clip_by_value", backend, n_threads, {"d_params": d_params, "limit": limit})
    return d_params


def clip_by_norm(d_params: Array, *, limit: float, backend: str = "auto", n_threads: int | None = None) -> float:
    """Scale a gradient down to a Euclidean norm of at most `limit`, in place.

    Parameters
    ----------
    d_params : ndarray (p,)
        Writable and contiguous.
    limit : float
        Above 0.
    backend, n_threads
        As `fastnn.kernels` says.

    Returns
    -------
    float
        The norm before, summed in float64.

    Raises
    ------
    ValueError, TypeError
        As `fastnn.kernels` says.

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
    average : ndarray (p,)
        Writable and contiguous; updated in place.
    params : array-like (p,)
    decay : float
        In [0, 1).
    backend, n_threads
        As `fastnn.kernels` says.

    Returns
    -------
    ndarray (p,)
        `average`.

    Raises
    ------
    ValueError, TypeError
        As `fastnn.kernels` says.
    """
    run_checked("ema_step", backend, n_threads, {"average": average, "params": params, "decay": decay})
    return average
