"""The public kernel of dropout."""

from __future__ import annotations

from numpy.typing import ArrayLike

from fastnn.kernels.contract import Array
from fastnn.kernels.public.checked_call import run_checked

__all__ = ["dropout"]


def dropout(
    x: ArrayLike,
    rate: float,
    *,
    seed: int,
    step: int,
    layer: int = 0,
    first_row: int = 0,
    out: Array | None = None,
    backend: str = "auto",
    n_threads: int | None = None,
) -> Array:
    """Zero elements at random and scale the others, so that the mean stays.

    The mask is a function of (seed, step, layer, row, column), the same in every backend: the
    kernel with the same numbers also takes the gradient on its way back.

    Parameters
    ----------
    x : array-like of shape (n, o), float32 or float64
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
    backend : {"auto", "native", "jit", "reference"}, default="auto"
        Which implementation computes; "auto" is "native".
    n_threads : int, optional
        How many threads "native" uses at most; None leaves it to `fastnn.get_num_threads`.

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
    given = {"x": x, "rate": rate, "seed": seed, "step": step, "layer": layer, "first_row": first_row, "out": out}
    return run_checked("dropout", backend, n_threads, given)[1][0]
