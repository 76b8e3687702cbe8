"""An MLP's training by L-BFGS, from parameters to fitted attributes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn.models.common.callbacks import FitTasks
from fastnn.models.common.warnings import warn_caller
from fastnn.models.mlp.held_out import taken
from fastnn.models.mlp.objective import objective_over
from fastnn.models.mlp.reported_loss import data_loss
from fastnn.models.mlp.weights import Packed, network_until
from fastnn.plan import Plan
from fastnn.solvers.objective.types import Solution, Vector
from fastnn.solvers.smooth.scipy_lbfgs import lbfgs
from fastnn.training.engine import Engine
from fastnn.training.epoch import Epoch, Watcher
from fastnn.training.history import History
from fastnn.training.loop import NON_FINITE, Samples
from fastnn.training.progress import progress

__all__ = ["fit_lbfgs"]

_RELATIVE_DECREASE = 1e7 * np.finfo(np.float64).eps  # SciPy's default


def fit_lbfgs(model: Any, network: Packed, samples: Samples, tasks: FitTasks, rows: NDArray[np.int64] | None) -> None:
    """Train the network in place on these rows (None: all), copied; in float64, whatever its dtype."""
    samples = Samples(*(taken(array, rows) for array in (samples.x, samples.y, samples.sample_weight)))
    plan = replace(network.plan, dtype=np.dtype(np.float64))
    engine = Engine(plan, model.backend, model.n_threads)
    objective = objective_over(engine, samples, float(model.alpha))
    history = History(getattr(model, "history_", None))
    tasks.start(model.max_iter, network_until(network.plan, history), rows)

    def evaluate(params: Vector) -> tuple[float, Vector]:
        tasks.begin()  # an iteration begins with the first evaluation after the one before
        loss, d_params = objective(params)
        if watch.last is None:
            watch.last = _start(params, loss, d_params)
        return loss, d_params

    with progress(model.verbose, model.max_iter) as printers:
        watch = _Watch([history, *printers, tasks])
        try:
            solution = lbfgs(
                evaluate,
                network.params.astype(np.float64),
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
    model.history_ = history.joined()
    _finish(model, network, replace(solution, converged=solution.converged or watch.stopped))
    model.loss_ = _users_loss(plan, samples, solution, float(model.alpha))


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


def _users_loss(plan: Plan, samples: Samples, solution: Solution, alpha: float) -> float:
    """The loss as scikit-learn's epochs report it, which may be another than the one minimised."""
    weight = samples.sample_weight
    total_weight = samples.x.shape[0] if weight is None else float(weight.sum(dtype=np.float64))
    squares = sum(float(np.vdot(w, w)) for w in plan.unpack(solution.params)[0])
    penalty = 0.5 * alpha * squares / total_weight
    return data_loss(plan, samples)(solution.loss - penalty) + penalty


def _finish(model: Any, network: Packed, solution: Solution) -> None:
    with np.errstate(over="ignore"):
        network.params[...] = solution.params
    if not np.isfinite(network.params).all():
        raise ValueError(f"{NON_FINITE}.")
    model.n_iter_ = solution.n_iter
    if not solution.converged:
        warn_caller(
            f"lbfgs failed to converge after {solution.n_iter} iteration(s): {solution.message}. "
            f"Scale the features, or increase max_iter (now {model.max_iter}) or max_fun "
            f"(now {model.max_fun})."
        )
