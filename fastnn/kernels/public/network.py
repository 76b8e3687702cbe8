"""Public kernels of whole networks, which a `fastnn.plan.Plan` describes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from fastnn.kernels.contract import Array, PlanLike
from fastnn.kernels.public.checked_call import REFUSED, run_checked
from fastnn.kernels.select import native
from fastnn.optimizers import Optimizer, OptimizerState
from fastnn.threads import resolve as resolve_threads

__all__ = ["fit_epoch", "network_forward", "network_gradient"]


def network_forward(
    plan: PlanLike,
    params: ArrayLike,
    x: ArrayLike,
    *,
    out: Array | None = None,
    backend: str = "auto",
    n_threads: int | None = None,
) -> Array:
    """Compute all layers: the last one's activation.

    Parameters
    ----------
    plan : Plan
        What the network looks like.
    params : array-like of shape (p,), of the plan's dtype
        All weights and biases, as `Plan.unpack` finds them.
    x : array-like of shape (n, i), of the plan's dtype
        The inputs, a row for each sample.
    out : ndarray of shape (n, o), optional
        Memory for the result: writable, C-contiguous, of the inputs' dtype, and apart from them.
    backend : {"auto", "native", "jit", "reference"}, default="auto"
        Which implementation computes; "auto" is "native".
    n_threads : int, optional
        How many threads "native" uses at most; None leaves it to `fastnn.get_num_threads`.

    Returns
    -------
    ndarray of shape (n, o)
        The activation of the last layer, in the plan's dtype.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what is described above; the message names it, and says what was wanted.
    """
    if backend == "auto":
        try:
            a = _forward_out(plan, x) if out is None else out
            threads = 0 if n_threads is None else resolve_threads(n_threads)
            if a.dtype == plan.dtype:
                native.network_forward(plan, params, x, a, threads)
                return a
        except REFUSED:
            pass
    given = {"plan": plan, "params": params, "x": x, "out": out}
    return run_checked("network_forward", backend, n_threads, given)[1][0]


def _forward_out(plan: PlanLike, x: Any) -> Array:
    return np.empty((x.shape[0], plan.widths[-1]), x.dtype)


def network_gradient(
    plan: PlanLike,
    params: ArrayLike,
    x: ArrayLike,
    y: ArrayLike,
    sample_weight: ArrayLike | None = None,
    *,
    alpha: float = 0.0,
    out: Array | None = None,
    backend: str = "auto",
    n_threads: int | None = None,
) -> tuple[float, Array]:
    """Compute the mean loss over the rows, with its L2 penalty, and its gradient; without rows zero, and zeros.

    Parameters
    ----------
    plan : Plan
        What the network looks like.
    params : array-like of shape (p,), of the plan's dtype
        All weights and biases, as `Plan.unpack` finds them.
    x : array-like of shape (n, i), of the plan's dtype
        The inputs, a row for each sample.
    y : array-like of shape (n, o), of the plan's dtype
        The targets.
    sample_weight : array-like of shape (n,), of the plan's dtype, optional
        The weight of each row in the mean, at least 0; None for equal ones.
    alpha : float, default=0.0
        The penalty is alpha / 2 times the sum of w**2, over the sum of the weights; biases have
        none.
    out : ndarray of shape (p,), optional
        Memory for the result: writable, C-contiguous, of the inputs' dtype, and apart from them.
    backend : {"auto", "native", "jit", "reference"}, default="auto"
        Which implementation computes; "auto" is "native".
    n_threads : int, optional
        How many threads "native" uses at most; None leaves it to `fastnn.get_num_threads`.

    Returns
    -------
    loss : float
        The mean loss, penalty included.
    d_params : ndarray of shape (p,)
        Its gradient, in the plan's dtype.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what is described above; the message names it, and says what was wanted. ValueError
        too if an activation has no slope.
    """
    given = {"plan": plan, "params": params, "x": x, "y": y, "sample_weight": sample_weight}
    given |= {"alpha": alpha, "d_params": out}
    loss, (d_params,) = run_checked("network_gradient", backend, n_threads, given)
    return loss, d_params


def fit_epoch(
    plan: PlanLike,
    params: Array,
    x: ArrayLike,
    y: ArrayLike,
    sample_weight: ArrayLike | None = None,
    order: ArrayLike | None = None,
    *,
    batch_size: int,
    optimizer: str | Optimizer,
    state: OptimizerState,
    learning_rates: ArrayLike,
    alpha: float = 0.0,
    l1: float = 0.0,
    seed: int = 0,
    backend: str = "auto",
    n_threads: int | None = None,
) -> tuple[float, float]:
    """Pass once over the rows in mini-batches, one step for each; params and state change in place.

    A loss that is not finite ends the epoch. Then, and where at its end a parameter is not finite, or what the state
    knows of their average, both results are NaN, and params and state are as before.

    Parameters
    ----------
    plan : Plan
        What the network looks like.
    params : ndarray of shape (p,), of the plan's dtype
        All weights and biases, which change. Writable and contiguous, as are the state's slots.
    x : array-like of shape (n, i), of the plan's dtype
        The inputs, a row for each sample.
    y : array-like of shape (n, o), of the plan's dtype
        The targets.
    sample_weight : array-like of shape (n,), of the plan's dtype, optional
        The weight of each row in a batch's mean, at least 0; None for equal ones.
    order : array-like of shape (r,), of int, optional
        The rows to visit; all of them in order if None.
    batch_size : int
        Rows of a mini-batch, at least 1; the last one of an epoch may have fewer.
    optimizer : str or Optimizer
        Its name, or the optimizer with its hyper-parameters.
    state : OptimizerState
        What the optimizer remembers between steps, which changes; `OptimizerState.zeros` makes the first one.
    learning_rates : array-like of shape (s,)
        One for each of the ceil(r / batch_size) steps.
    alpha : float, default=0.0
        The L2 penalty is alpha / 2 times the sum of w**2, over the sum of the weights; biases have none.
    l1 : float, default=0.0
        The L1 penalty is l1 times the sum of abs(w), over the sum of the weights; its gradient at 0
        is 0.
    seed : int, default=0
        Of the plan's dropout.
    backend : {"auto", "native", "jit", "reference"}, default="auto"
        Which implementation computes; "auto" is "native".
    n_threads : int, optional
        How many threads "native" uses at most; None leaves it to `fastnn.get_num_threads`.

    Returns
    -------
    loss : float
        The mean over the rows, each with the parameters that its step began with.
    penalty : float
        The mean of the penalty over the rows, likewise.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what is described above; the message names it, and says what was wanted. ValueError
        too if an activation has no slope.
    """
    given = {"plan": plan, "params": params, "x": x, "y": y, "sample_weight": sample_weight}
    given |= {"order": order, "batch_size": batch_size, "optimizer": optimizer, "state": state}
    given |= {"learning_rates": learning_rates, "alpha": alpha, "l1": l1, "seed": seed}
    losses: tuple[float, float] = run_checked("fit_epoch", backend, n_threads, given)[0]
    return losses
