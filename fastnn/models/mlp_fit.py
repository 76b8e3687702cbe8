"""An MLP's training, from parameters to fitted attributes: by epochs, or by L-BFGS."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from fastnn.kernels.contract import Array
from fastnn.models.base import warn_caller
from fastnn.models.callbacks import FitTasks
from fastnn.models.objective import objective_over
from fastnn.models.packed import Packed
from fastnn.optimizers import SGD, Adam, Optimizer, OptimizerState
from fastnn.plan import Plan
from fastnn.solvers.lbfgs import lbfgs
from fastnn.solvers.objective import Solution, Vector
from fastnn.training import rates
from fastnn.training.callbacks import Epoch, Watcher
from fastnn.training.engine import Engine
from fastnn.training.history import History
from fastnn.training.loop import NON_FINITE, Order, Outcome, Run, Samples, in_order, shuffled, train
from fastnn.training.progress import progress
from fastnn.training.stopping import Stopping

__all__ = ["fit_epochs", "fit_lbfgs"]

Rows = NDArray[np.int64] | None

# --- by epochs ----------------------------------------------------------------------------------


def fit_epochs(
    model: Any, network: Packed, samples: Samples, random_state: Any, incremental: bool, tasks: FitTasks
) -> None:
    """Train the network in place by sgd or adam, and set what the epochs tell."""
    if model.early_stopping and incremental:
        raise ValueError("partial_fit does not support early_stopping=True")
    engine = Engine(network.plan, model.backend, model.n_threads)
    rows, held_out = _split(model, samples, random_state) if model.early_stopping else (None, None)
    run = _run(model, network, random_state, incremental)
    stopping = _stopping(model, held_out, run, network)
    n = len(samples.x) if rows is None else len(rows)
    max_epochs = 1 if incremental else model.max_iter
    history = History(getattr(model, "history_", None))
    tasks.start(max_epochs, history, rows)
    with progress(model.verbose, max_epochs) as printers:
        outcome = train(
            engine,
            samples,
            network.params,
            run,
            order=_order(model, engine, run, n, rows),
            batch_size=_batch_size(model, n),
            alpha=float(model.alpha),
            max_epochs=max_epochs,
            watchers=[history, stopping, *printers, tasks],
            report=_report(samples, network.plan),
            score=_score(model, engine, samples, held_out),
            begin=tasks.begin,
            keep_on_interrupt=True,
        )
    if stopping.best_params is not None:
        network.params[...] = stopping.best_params
    model._training = run
    _tell(model, outcome, stopping, run, history)
    _warn(model, outcome, incremental)


def _split(model: Any, samples: Samples, random_state: Any) -> tuple[Rows, Rows]:
    """Rows to train on, and rows that are held out; of two classes each side gets its share."""
    y = samples.y
    two_classes = len(getattr(model, "classes_", ())) == 2 and model.out_activation_ in (
        "logistic" if y.shape[1] == 1 else "softmax",
    )
    rows, held_out = train_test_split(
        np.arange(len(y)),
        random_state=random_state,
        test_size=model.validation_fraction,
        stratify=y[:, -1:].astype(bool) if two_classes else None,
    )
    if len(held_out) < 2:
        raise ValueError(
            f"The validation set is too small: {len(held_out)} of {len(y)} samples. "
            "Increase validation_fraction, or fit on more samples."
        )
    return rows.astype(np.int64), held_out


def _optimizer(model: Any) -> Optimizer:
    if model.solver == "sgd":
        nesterov = bool(model.nesterovs_momentum)
        return SGD(float(model.learning_rate_init), float(model.momentum), nesterov)
    hyper = (model.learning_rate_init, model.beta_1, model.beta_2, model.epsilon)
    return Adam(*map(float, hyper))


def _rate(model: Any) -> rates.Rate:
    initial = float(model.learning_rate_init)
    if model.solver == "adam":  # scikit-learn's names act on sgd alone
        return rates.Constant(initial)
    return rates.by_name(model.learning_rate, initial, float(model.power_t))


def _run(model: Any, network: Packed, random_state: Any, incremental: bool) -> Run:
    """partial_fit goes on with state and rate; a fit begins with new ones, also a warm one."""
    optimizer, rate = _optimizer(model), _rate(model)
    if incremental and hasattr(model, "_training"):
        run: Run = model._training.copy()
        if type(run.optimizer) is not type(optimizer):
            run.state = OptimizerState.zeros(optimizer, network.params)
        run.optimizer = optimizer
        if run.rate != rate:
            run.rate = rate
        return run
    seed = int(random_state.randint(2**31 - 1))
    state = OptimizerState.zeros(optimizer, network.params)
    return Run(optimizer, state, rate, seed, n_seen=getattr(model, "t_", 0))


def _order(model: Any, engine: Engine, run: Run, n: int, rows: Rows) -> Order:
    return shuffled(engine, run.seed, n, rows) if model.shuffle else in_order(rows)


def _batch_size(model: Any, n: int) -> int:
    if model.batch_size == "auto":
        return min(200, n)
    if model.batch_size > n:
        warn_caller(
            f"Got `batch_size` larger than sample size ({model.batch_size} > {n}). It is going to be clipped.",
            UserWarning,
        )
    return min(int(model.batch_size), n)


def _stopping(model: Any, held_out: Rows, run: Run, network: Packed) -> Stopping:
    stopping = Stopping(model.tol, model.n_iter_no_change, run.rate)
    stopping.stalled = getattr(model, "_no_improvement_count", 0)
    if held_out is None:
        lowest = getattr(model, "best_loss_", None)
        stopping.best = -math.inf if lowest is None else -lowest
        return stopping
    highest = getattr(model, "best_validation_score_", None)
    stopping.best = -math.inf if highest is None else highest
    stopping.best_params = network.params.copy()
    return stopping


def _score(model: Any, engine: Engine, samples: Samples, held_out: Rows) -> Callable[[Array], float] | None:
    """The validation score of parameters; X may be larger than memory, so its rows are not copied."""
    if held_out is None:
        return None
    y, weight = samples.y[held_out], samples.sample_weight
    weight = None if weight is None else weight[held_out]
    return lambda params: model._score_raw(engine, engine.forward(params, samples.x, held_out), y, weight)


def _report(samples: Samples, plan: Plan) -> Callable[[float, float], float] | None:
    """The loss as scikit-learn reports it: squared error a mean over outputs, Poisson deviance."""
    o = plan.widths[-1]
    if plan.loss.name == "squared_error" and o > 1:
        return lambda loss, penalty: loss / o + penalty
    if plan.loss.name != "poisson":
        return None
    y = samples.y
    deviance = np.where(y > 0, y * np.log(np.where(y > 0, y, 1)), 0) - y
    constant = float(np.average(deviance, weights=samples.sample_weight, axis=0).sum())
    return lambda loss, penalty: loss + constant + penalty


def _tell(model: Any, outcome: Outcome, stopping: Stopping, run: Run, history: History) -> None:
    """Set the fitted attributes that epochs have."""
    model.history_ = history.lists
    model.loss_curve_ = [*getattr(model, "loss_curve_", []), *outcome.losses]
    finite = [loss for loss in outcome.losses if math.isfinite(loss)]
    model.loss_ = finite[-1]
    model.n_iter_ = len(outcome.losses)
    model.t_ = run.n_seen
    model._no_improvement_count = stopping.stalled
    if not model.early_stopping:
        model.best_loss_ = -stopping.best
        model.validation_scores_ = model.best_validation_score_ = None
        return
    diverged = outcome.reason == "diverged"
    n_finished = len(outcome.losses) - diverged
    scores = history.lists["validation_score"][-n_finished:] + [math.nan] * diverged
    model.validation_scores_ = [*(getattr(model, "validation_scores_", None) or []), *scores]
    model.best_validation_score_ = stopping.best
    model.best_loss_ = None


def _warn(model: Any, outcome: Outcome, incremental: bool) -> None:
    if outcome.message:
        warn_caller(outcome.message)
    elif outcome.reason == "finished" and not incremental:
        warn_caller(
            f"Stochastic Optimizer: Maximum iterations ({model.max_iter}) reached and the "
            "optimization hasn't converged yet. Increase max_iter."
        )


# --- by L-BFGS ----------------------------------------------------------------------------------

_RELATIVE_DECREASE = 1e7 * np.finfo(np.float64).eps  # SciPy's default


def fit_lbfgs(model: Any, network: Packed, samples: Samples, tasks: FitTasks) -> None:
    """Train the network in place; in float64, whatever its dtype."""
    plan = replace(network.plan, dtype=np.dtype(np.float64))
    engine = Engine(plan, model.backend, model.n_threads)
    objective = objective_over(engine, samples, float(model.alpha))
    history = History(getattr(model, "history_", None))
    tasks.start(model.max_iter, history)

    def evaluate(params: Vector) -> tuple[float, Vector]:
        tasks.begin()  # an iteration begins with the first evaluation after the one before
        return objective(params)

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
            if watch.last is None:
                raise
            solution = watch.last
    model.history_ = history.lists
    _finish_lbfgs(model, network, replace(solution, converged=solution.converged or watch.stopped))


class _Watch:
    """Shows iterations to the watchers of epochs, and remembers the last one."""

    def __init__(self, watchers: Sequence[Watcher]) -> None:
        self.last: Solution | None = None
        self.stopped = False
        self._watchers = watchers
        self._started = perf_counter()

    def __call__(self, iteration: int, params: Vector, loss: float) -> None:
        seconds, self._started = perf_counter() - self._started, perf_counter()
        self.last = Solution(params.copy(), loss, iteration, False, "it was interrupted")
        self.last.params.flags.writeable = False
        epoch = Epoch(iteration, loss, math.nan, self.last.params, seconds=seconds)
        verdicts = [watcher(epoch) for watcher in self._watchers]  # all of them see the iteration
        if any(verdicts):
            self.stopped = True
            raise StopIteration  # SciPy's sign to end


def _finish_lbfgs(model: Any, network: Packed, solution: Solution) -> None:
    if not np.isfinite(solution.params).all():
        raise ValueError(f"{NON_FINITE}.")
    network.params[...] = solution.params
    model.n_iter_ = solution.n_iter
    model.loss_ = solution.loss
    if not solution.converged:
        warn_caller(
            f"lbfgs failed to converge after {solution.n_iter} iteration(s): {solution.message}. "
            f"Scale the features, or increase max_iter (now {model.max_iter}) or max_fun "
            f"(now {model.max_fun})."
        )
