"""Public kernel of one neuron that learns."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastnn.activations import Activation
from fastnn.kernels.contract import Array
from fastnn.kernels.public.checked_call import run_checked

__all__ = ["neuron_epoch"]


def neuron_epoch(
    activation: str | Activation,
    params: Array,
    x: ArrayLike,
    y: ArrayLike,
    sample_weight: ArrayLike | None = None,
    order: ArrayLike | None = None,
    *,
    batch_size: int = 1,
    learning_rates: ArrayLike,
    total: NDArray[np.float64] | None = None,
    backend: str = "auto",
    n_threads: int | None = None,
) -> float:
    """Pass once over the rows with one neuron, a step for each batch; params change in place.

    "sign" learns by the perceptron rule (Rosenblatt 1958), "sigmoid" by cross-entropy, any other
    activation by squared error. A batch of several rows steps by its weighted mean gradient, a row
    alone by its gradient times its weight.

    Parameters
    ----------
    activation : str or Activation
        Its name, or the activation itself, which works element by element.
    params : ndarray of shape (i + 1,), float32 or float64
        The weights and, last, the bias, which change. Writable and contiguous.
    x : array-like of shape (n, i), of the dtype of params
        The inputs, a row for each sample.
    y : array-like of shape (n,), of the dtype of params
        The targets, which are -1 or 1 for "sign".
    sample_weight : array-like of shape (n,), of the dtype of params, optional
        The weight of each row, at least 0; None for equal ones.
    order : array-like of shape (r,), of int, optional
        The rows to visit; all of them in order if None.
    batch_size : int, default=1
        Rows of a batch, at least 1.
    learning_rates : array-like of shape (s,)
        One for each of the ceil(r / batch_size) steps.
    total : ndarray of shape (i + 1,), float64, optional
        The params after every step are added to it: divided by the number of steps it is their
        average.
    backend : {"auto", "native", "jit", "reference"}, default="auto"
        Which implementation computes; "auto" is "native".
    n_threads : int, optional
        How many threads "native" uses at most; None leaves it to `fastnn.get_num_threads`.
        A batch of one row is taken by one thread.

    Returns
    -------
    float
        The weighted mean loss on the way; for "sign" the share of mistakes. NaN where the loss or
        a parameter is not finite at the end; params and total are then as before.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what is described above; the message names it, and says what was wanted. ValueError
        too for an activation of whole rows.

    References
    ----------
    Rosenblatt (1958), "The perceptron: a probabilistic model for information storage and organization in the brain".
    """
    given = {"activation": activation, "params": params, "x": x, "y": y, "sample_weight": sample_weight}
    given |= {"order": order, "batch_size": batch_size, "learning_rates": learning_rates, "total": total}
    loss: float = run_checked("neuron_epoch", backend, n_threads, given)[0]
    return loss
