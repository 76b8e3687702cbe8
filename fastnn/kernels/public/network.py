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
    params : array-like (p,)
    x : array-like (n, i)
    out, backend, n_threads
        As `fastnn.kernels` says; out is (n, o).

    Returns
    -------
    ndarray (n, o)

    Raises
    ------
    ValueError, TypeError
        As `fastnn.kernels` says.
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
    params : array-like (p,)
    x : array-like (n, i)
    y : array-like (n, o)
    sample_weight : array-like (n,), optional
    alpha : float, default=0.0
        The penalty is alpha / 2 times the sum of w**2, over the sum of the weights; biases have
        none.
    out, backend, n_threads
        As `fastnn.kernels` says; out is d_params (p,).

    Returns
    -------
    loss : float
    d_params : ndarray (p,)

    Raises
    ------
    ValueError, TypeError
        As `fastnn.kernels` says; ValueError too if an activation has no slope.
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
    params : ndarray (p,)
        Writable and contiguous, as are the state's slots.
    x, y, sample_weight : array-like (n, i), (n, o), (n,) or None
    order : array-like (r,) of int, optional
        The rows to visit; all of them in order if None.
    batch_size : int
    optimizer : str or optimizer
    state : OptimizerState
    learning_rates : array-like (s,)
        One for each of the ceil(r / batch_size) steps.
    alpha : float, default=0.0
        As in `network_gradient`.
    l1 : float, default=0.0
        The L1 penalty is l1 times the sum of abs(w), over the sum of the weights; its gradient at 0
        is 0.
    seed : int, default=0
        Of the plan's dropout.
    backend, n_threads
        As `fastnn.kernels` says.

    Returns
    -------
    loss, penalty : float
        Means over the rows, on the way.

    Raises
    ------
    ValueError, TypeError
        As `fastnn.kernels` says; ValueError too if an activation has no slope.
    """
    given = {"plan": plan, "params": params, "x": x, "y": y, "sample_weight": sample_weight}
    given |= {"order": order, "batch_size": batch_size, "optimizer": optimizer, "state": state}
    given |= {"learning_rates": learning_rates, "alpha": alpha, "l1": l1, "seed": seed}
    losses: tuple[float, float] = run_checked("fit_epoch", backend, n_threads, given)[0]
    return losses
