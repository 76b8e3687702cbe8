"""An MLP's training by epochs, from parameters to fitted attributes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn.models.common.callbacks import FitTasks
from fastnn.models.common.warnings import warn_caller
from fastnn.models.mlp.checkpoint import CurvesBefore
from fastnn.models.mlp.held_out import HeldOut, require_scores, taken, validate_on
from fastnn.models.mlp.options import optimizer_of, rate_of
from fastnn.models.mlp.reported_loss import data_loss
from fastnn.models.mlp.weights import Packed, network_until
from fastnn.optimizers import OptimizerState
from fastnn.training.checkpoint import Checkpoint, NoCheckpoint
from fastnn.training.engine import Engine
from fastnn.training.history import History, grown
from fastnn.training.loop import Outcome, Run, Samples, in_order, shuffled, train
from fastnn.training.progress import progress
from fastnn.training.stopping import Stopping, by_score

__all__ = ["fit_epochs"]

Rows = NDArray[np.int64] | None


def fit_epochs(
    model: Any,
    network: Packed,
    samples: Samples,
    random_state: Any,
    incremental: bool,
    tasks: FitTasks,
    rows: Rows,
    held_out: HeldOut | None,
    keep: Checkpoint | NoCheckpoint,
) -> None:
    """Train the network in place on these rows (None: all), and set what the epochs tell."""
    engine = Engine(network.plan, model.backend, model.n_threads)
    run = _run(model, network, random_state, incremental)
    stopping = _stopping(model, run, network)
    max_epochs = 1 if incremental else model.max_iter
    outcome, history, curves = Outcome(), History(getattr(model, "history_", None)), CurvesBefore(model)
    keep.attach(
        network.params, engine.write_state, run=run, outcome=outcome, history=history, stopping=stopping, curves=curves
    )
    tasks.start(max_epochs, network_until(network.plan, history), rows)
    with progress(model.verbose, max_epochs) as printers:
        train(
            engine,
            samples,
            network.params,
            run,
            **_of_an_epoch(model, engine, samples, rows, run),
            max_epochs=max_epochs,
            watchers=[history, stopping, *printers, tasks],
            validate=None if held_out is None else validate_on(model, engine, held_out),
            begin=tasks.begin,
            keep_on_interrupt=True,
            outcome=outcome,
            keep=keep,
        )
    model._training = run
    run.leave(network.params, stopping.best_params)
    _tell(model, outcome, stopping, run, history, held_out)
    _warn(model, outcome, incremental)


def _run(model: Any, network: Packed, random_state: Any, incremental: bool) -> Run:
    """partial_fit goes on with state and rate; a fit begins with new ones, also a warm one."""
    optimizer = optimizer_of(model)
    rate = rate_of(model, optimizer)
    if incremental and hasattr(model, "_training"):
        run: Run = model._training.copy()
        now = type(optimizer), optimizer.state_names
        if (type(run.optimizer), run.optimizer.state_names) != now:
            run.state = OptimizerState.zeros(optimizer, network.params)
        run.optimizer = optimizer
        run.take_up(network.params)
        if run.rate != rate:
            run.rate = rate
        return run
    seed = int(random_state.randint(2**31 - 1))
    state = OptimizerState.zeros(optimizer, network.params)
    return Run(optimizer, state, rate, seed, n_seen=getattr(model, "t_", 0))


def _of_an_epoch(model: Any, engine: Engine, samples: Samples, rows: Rows, run: Run) -> dict[str, Any]:
    """What the model's parameters say of every epoch: order, batches, penalties, and the loss that users see."""
    n = samples.x.shape[0] if rows is None else len(rows)
    seen = Samples(samples.x, taken(samples.y, rows), taken(samples.sample_weight, rows))
    users_loss = data_loss(engine.plan, seen)
    size = _batch_size(model, n)
    return {
        "order": shuffled(engine, run.seed, n, size, rows) if model.shuffle else in_order(rows),
        "batch_size": size,
        "alpha": float(model.alpha),
        "l1": float(model.l1),
        "report": lambda loss, penalty: users_loss(loss) + penalty,
    }


def _batch_size(model: Any, n: int) -> int:
    if model.batch_size == "auto":
        return min(200, n)
    if model.batch_size > n:
        warn_caller(
            f"Got `batch_size` larger than sample size ({model.batch_size} > {n}). It is going to be clipped.",
            UserWarning,
        )
    return min(int(model.batch_size), n)


def _stopping(model: Any, run: Run, network: Packed) -> Stopping:
    """By the loss, or for early stopping by the score on held-out samples; goes on where a fit before has ended."""
    stopping = Stopping(model.tol, model.n_iter_no_change, run.rate)
    stopping.stalled = getattr(model, "_no_improvement_count", 0)
    if not model.early_stopping:
        lowest = getattr(model, "best_loss_", None)
        stopping.best = -math.inf if lowest is None else -lowest
        return stopping
    stopping.measure, stopping.keep_best = by_score, True
    highest = getattr(model, "best_validation_score_", None)
    if highest is not None and highest > -math.inf:  # neither NaN; the first weights are never the best ones
        stopping.best, stopping.best_params = highest, network.params.copy()
    return stopping


def _tell(
    model: Any, outcome: Outcome, stopping: Stopping, run: Run, history: History, held_out: HeldOut | None
) -> None:
    """Set the fitted attributes that epochs have."""
    model.history_ = history.joined()
    model.loss_curve_ = grown(getattr(model, "loss_curve_", None), outcome.losses)
    model.loss_ = [loss for loss in outcome.losses if math.isfinite(loss)][-1]
    model.n_iter_ = len(outcome.losses)
    model.t_ = run.n_seen
    model._no_improvement_count = stopping.stalled
    model.best_loss_ = None if model.early_stopping else -stopping.best
    if held_out is None:
        model.validation_loss_curve_ = model.validation_scores_ = model.best_validation_score_ = None
        return
    diverged = outcome.reason == "diverged"
    n_finished = len(outcome.losses) - diverged
    best = getattr(model, "best_validation_score_", None)
    for name, key in (("validation_loss_curve_", "validation_loss"), ("validation_scores_", "validation_score")):
        values = model.history_[key][-n_finished:] + [math.nan] * diverged
        setattr(model, name, grown(getattr(model, name, None), values))
    if model.early_stopping:
        if outcome.reason != "interrupted":
            require_scores(model, values, held_out)
        model.best_validation_score_ = stopping.best
        return
    # Those of the calls before are not looked at again where their best one is known.
    scores = model.validation_scores_ if best is None or math.isinf(best) else [best, *values]
    model.best_validation_score_ = max((score for score in scores if not math.isnan(score)), default=math.nan)


def _warn(model: Any, outcome: Outcome, incremental: bool) -> None:
    if outcome.message:
        warn_caller(outcome.message)
    elif outcome.reason == "finished" and not incremental:
        warn_caller(
            f"Stochastic Optimizer: Maximum iterations ({model.max_iter}) reached and the "
            "optimization hasn't converged yet. Increase max_iter."
        )
