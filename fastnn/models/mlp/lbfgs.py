"""An MLP's training by L-BFGS, from parameters to fitted attributes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any

import numpy as np

from fastnn.flat_params import FlatParams
from fastnn.kernels.contract import Array
from fastnn.models.common.learnt import Learnt
from fastnn.models.mlp.options import MLPOptions
from fastnn.models.mlp.targets import reported_loss
from fastnn.plan import Plan
from fastnn.solvers.objective.types import Objective, Solution, Vector
from fastnn.solvers.smooth.scipy_lbfgs import scipy_lbfgs
from fastnn.training.engine import Engine
from fastnn.training.epoch import Epoch, Watcher
from fastnn.training.fit import Tasks
from fastnn.training.history import History
from fastnn.training.loop import NON_FINITE
from fastnn.training.progress import progress
from fastnn.training.samples import Samples, selected

__all__ = ["fit_lbfgs"]

_RELATIVE_DECREASE = 1e7 * np.finfo(np.float64).eps  # SciPy's default


def fit_lbfgs(model: MLPOptions, flat: FlatParams, samples: Samples, history: History, tasks: Tasks) -> Learnt:
    """Train the network in place, in float64, whatever its dtype.

    Raises
    ------
    ValueError
        If no step leads away from the start, or the parameters that are found are not finite.
    """
    x, y, weight = (selected(array, samples.rows) for array in (samples.x, samples.y, samples.sample_weight))
    plan, alpha = replace(flat.plan, dtype=np.dtype(np.float64)), float(model.alpha)
    objective = _objective(Engine(plan, model.backend, model.n_threads), x, y, weight, alpha)
    tasks.start(model.max_iter)

    def evaluate(params: Vector) -> tuple[float, Vector]:
        tasks.begin()  # an iteration begins with the first evaluation after the one before
        loss, d_params = objective(params)
        if watch.last is None:
            watch.last = _start(params, loss, d_params)
        return loss, d_params

    with progress(model.verbose, model.max_iter) as printers:
        watch = _Watch([history, *printers, tasks])
        try:
            solution = scipy_lbfgs(
                evaluate,
                flat.params.astype(np.float64),
                tol=model.tol,
                max_iter=model.max_iter,
                max_evaluations=model.max_fun,
                relative_decrease=_RELATIVE_DECREASE,
                watch=watch,
            )
        except KeyboardInterrupt:
            if watch.last is None or watch.last.n_iter == 0:
                raise
            solution = watch.last
    if not np.isfinite(solution.loss) and watch.last is not None:
        solution = replace(watch.last, message=f"its loss became {solution.loss}, and what was before is kept")
    solution = replace(solution, converged=solution.converged or watch.stopped)
    _take_over(flat.params, solution)
    attributes = {
        "history_": history.joined(),
        "n_iter_": solution.n_iter,
        "loss_": _users_loss(plan, y, weight, solution, alpha),
    }
    return Learnt(attributes, "" if solution.converged else _not_converged(model, solution))


def _objective(engine: Engine, x: Any, y: Array, weight: Array | None, alpha: float) -> Objective:
    """Mean loss with its penalty, and its gradient, of an engine whose plan is of float64.

    The solver needs its last digits, so samples of float32 are converted.
    """
    x, y = _float64(x), _float64(y)
    weight = None if weight is None else _float64(weight)

    def objective(params: Vector) -> tuple[float, Vector]:
        d_params = np.empty_like(params)
        loss = engine.gradient(np.ascontiguousarray(params), x, y, weight, alpha, d_params)
        return loss, d_params

    return objective


def _float64(array: Any) -> Any:
    return array.astype(np.float64, copy=False)


class _Watch:
    """Shows iterations to the watchers of epochs; remembers the last one whose loss is finite, at first the start."""

    def __init__(self, watchers: Sequence[Watcher]) -> None:
        self.last: Solution | None = None
        self.stopped = False
        self._watchers = watchers
        self._started = perf_counter()

    def __call__(self, iteration: int, params: Vector, loss: float) -> None:
        seconds, self._started = perf_counter() - self._started, perf_counter()
        current = Solution(params.copy(), loss, iteration, False, "it was interrupted")
        current.params.flags.writeable = False
        if math.isfinite(loss):
            self.last = current
        epoch = Epoch(iteration, loss, math.nan, current.params, seconds=seconds)
        verdicts = [watcher(epoch) for watcher in self._watchers]  # all of them see the iteration
        if any(verdicts):
            self.stopped = True
            raise StopIteration  # SciPy's sign to end


def _start(params: Vector, loss: float, d_params: Vector) -> Solution:
    """Where it starts; ValueError where no step leads away: the square of the gradient has to be finite."""
    with np.errstate(over="ignore", invalid="ignore"):
        if not np.isfinite(loss) or not np.isfinite(d_params @ d_params):
            raise ValueError(f"{NON_FINITE}: at the first weights its loss is {loss:.3g}, or its gradient overflows.")
    return Solution(params.copy(), loss, 0, False, "it was interrupted")


def _users_loss(plan: Plan, y: Array, weight: Array | None, solution: Solution, alpha: float) -> float:
    """The loss as scikit-learn's epochs report it, which may be another than the one minimised."""
    total_weight = len(y) if weight is None else float(weight.sum(dtype=np.float64))
    squares = sum(float(np.vdot(w, w)) for w in plan.unpack(solution.params)[0])
    penalty = 0.5 * alpha * squares / total_weight
    return reported_loss(plan.loss, y, weight)(solution.loss - penalty) + penalty


def _take_over(params: Array, solution: Solution) -> None:
    """Put the solution into params (p,), which may be of another dtype."""
    with np.errstate(over="ignore"):
        params[...] = solution.params
    if not np.isfinite(params).all():
        raise ValueError(f"{NON_FINITE}.")


def _not_converged(model: MLPOptions, solution: Solution) -> str:
    return (
        f"lbfgs failed to converge after {solution.n_iter} iteration(s): {solution.message}. "
        f"Scale the features, or increase max_iter (now {model.max_iter}) or max_fun "
        f"(now {model.max_fun})."
    )
