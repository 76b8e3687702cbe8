"""Gradient descent (Cauchy 1847), with the step length found by backtracking (Armijo 1966)."""

from __future__ import annotations

import numpy as np

from fastnn.solvers.objective.types import Objective, Solution, Vector, Watch

__all__ = ["gradient_descent"]

_SUFFICIENT = 0.5  # of the decrease that the gradient promises; a half is what a step of 1/L reaches
_GROWTH = 2.0
_EPS = np.finfo(np.float64).eps


def gradient_descent(
    objective: Objective,
    start: Vector,
    *,
    tol: float,
    max_iter: int,
    watch: Watch | None = None,
) -> Solution:
    """Go down the gradient until every component of it is within `tol`.

    Parameters
    ----------
    objective : callable
    start : ndarray (p,), float64
    tol : float
    max_iter : int
    watch : callable, optional

    Returns
    -------
    Solution
    """
    params = start.copy()
    loss, d_params = objective(params)
    rate = 1.0
    for iteration in range(1, max_iter + 1):
        if np.abs(d_params).max(initial=0.0) <= tol:
            return Solution(params, loss, iteration - 1, True)
        step = _step(objective, params, loss, d_params, rate)
        if step is None:
            message = "No step along the gradient lowers the loss"
            return Solution(params, loss, iteration - 1, False, message)
        params, loss, d_params, rate = step
        if watch is not None:
            watch(iteration, params, loss)
        rate *= _GROWTH
    converged = bool(np.abs(d_params).max(initial=0.0) <= tol)
    return Solution(params, loss, max_iter, converged, "Iterations reached the limit")


def _step(
    objective: Objective, params: Vector, loss: float, d_params: Vector, rate: float
) -> tuple[Vector, float, Vector, float] | None:
    """The first point, halving the rate, where the loss falls as it should, and that rate; None without one."""
    slope = float(d_params @ d_params)
    # Near the optimum the decrease drowns in the rounding of the loss; the gradient still tells.
    slack = 4 * _EPS * abs(loss)
    steepest = float(np.abs(d_params).max())
    shortest = 4 * _EPS * float(np.abs(params).max()) + np.finfo(np.float64).tiny
    while rate * steepest > shortest:
        ahead = params - rate * d_params
        loss_ahead, d_ahead = objective(ahead)
        falls = loss_ahead <= loss - _SUFFICIENT * rate * slope
        if falls or (loss_ahead <= loss + slack and float(d_ahead @ d_ahead) < slope):
            return ahead, loss_ahead, d_ahead, rate
        rate /= 2
    return None
