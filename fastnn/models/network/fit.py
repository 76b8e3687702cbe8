"""`Network.fit`, once its arguments are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import dataclass, fields, replace
from math import inf
from types import NoneType
from typing import TYPE_CHECKING, Any

import numpy as np

from fastnn.errors import out_of_range, wrong_type
from fastnn.kernels.contract import Array
from fastnn.losses import smooth_labels
from fastnn.models.common.fitting import curves_kept
from fastnn.models.network.data import read_batches, read_samples
from fastnn.optimizers import Optimizer, OptimizerState
from fastnn.plan import Plan
from fastnn.schedules import Plateau, Schedule
from fastnn.training.checkpoint import Checkpoint, NoCheckpoint
from fastnn.training.engine import Engine
from fastnn.training.epoch import Watcher
from fastnn.training.history import History
from fastnn.training.loop import Outcome, Run, Samples, Validate, shuffled, train
from fastnn.training.progress import progress
from fastnn.training.rates import Constant, Rate, scheduled
from fastnn.training.stopping import Stopping, by_loss, by_validation_loss
from fastnn.training.stream import Stream
from fastnn.validation import check_counts, check_reals

if TYPE_CHECKING:
    from fastnn.models.network.network import Network

__all__ = ["Training", "fit_network", "read_callbacks", "read_source", "read_validation", "settings_of"]


@dataclass(frozen=True)
class Training:
    """How to train: the arguments of `Network.fit` that decide what becomes of the parameters.

    Raises
    ------
    ValueError, TypeError
        If a number is not possible.
    """

    epochs: int
    batch_size: int
    optimizer: Optimizer
    schedule: Schedule | Plateau | None
    alpha: float
    l1: float
    label_smoothing: float
    shuffle: bool
    patience: int | None
    tol: float

    def __post_init__(self) -> None:
        check_counts(epochs=self.epochs, batch_size=self.batch_size)
        check_reals(alpha=self.alpha, l1=self.l1, tol=self.tol, label_smoothing=self.label_smoothing)
        for name in ("alpha", "l1", "tol"):
            if not 0 <= getattr(self, name) < inf:
                raise out_of_range(name, getattr(self, name), "a finite number of at least 0")
        if not 0 <= self.label_smoothing < 1:
            raise out_of_range("label_smoothing", self.label_smoothing, "a number in [0, 1)")
        if self.patience is not None:
            check_counts(patience=self.patience)
        schedule: object = self.schedule
        if not isinstance(schedule, (Schedule, Plateau, NoneType)) or isinstance(schedule, type):
            raise wrong_type("schedule", schedule, "a schedule of fastnn.schedules, or None")
        if not isinstance(self.shuffle, (bool, np.bool_)):
            raise wrong_type("shuffle", self.shuffle, "True or False")


def read_callbacks(callbacks: Any) -> tuple[Watcher, ...]:
    """The functions that see every epoch.

    Raises
    ------
    TypeError
        If they are no functions in an iterable.
    """
    given = tuple(callbacks) if isinstance(callbacks, Iterable) else (callbacks,)
    if not isinstance(callbacks, Iterable) or not all(map(callable, given)):
        raise wrong_type("callbacks", callbacks, "a list of functions of the epoch")
    return given


def read_source(network: Network, x: Any, y: Any, sample_weight: Any, how: Training) -> Samples | Stream:
    """The samples in memory; without y, batch after batch.

    Raises
    ------
    ValueError, TypeError
        If they are not what the network needs, or there is none.
    """
    if y is None:
        if sample_weight is not None:
            raise ValueError("sample_weight without y: with batches it is their third part, (x, y, sample_weight).")
        batches = read_batches(network.plan, x, how.epochs)

        def softened() -> Iterator[Samples]:
            return (_soften(network.plan, how, samples) for samples in batches())

        return Stream(network._engine, softened, how.batch_size, how.shuffle)
    samples = read_samples(network.plan, x, y, sample_weight)
    if samples.x.shape[0] == 0:
        raise ValueError(f"x has shape {samples.x.shape}: there is no row to train on.")
    _require_some_weight("sample_weight", samples.sample_weight)
    return _soften(network.plan, how, samples)


def _soften(plan: Plan, how: Training, samples: Samples) -> Samples:
    return replace(samples, y=smooth_labels(samples.y, how.label_smoothing, plan.loss))


def read_validation(plan: Plan, x: Any, y: Any, sample_weight: Any) -> Samples | None:
    """The samples that are not trained on, if there are some.

    Raises
    ------
    ValueError, TypeError
        If they are not what the network needs.
    """
    if x is None and y is None and sample_weight is None:
        return None
    if x is None or y is None:
        raise ValueError("A validation set needs both x_val and y_val; sample_weight_val goes with them.")
    samples = read_samples(plan, x, y, sample_weight, suffix="_val")
    if samples.x.shape[0] == 0:
        raise ValueError(f"x_val has shape {samples.x.shape}: there is no row to validate on.")
    _require_some_weight("sample_weight_val", samples.sample_weight)
    return samples


def _require_some_weight(name: str, weight: Array | None) -> None:
    if weight is not None and not weight.any():
        raise ValueError(f"{name} is zero for every row; some row needs a weight above zero.")


def settings_of(network: Network, samples: Samples | Stream, held_out: Samples | None, how: Training) -> dict[str, Any]:
    """What a checkpoint must have been written with, to go on from it; more epochs are welcome."""
    arrays = {} if isinstance(samples, Stream) else vars(samples)
    shapes = {name: None if array is None else array.shape for name, array in arrays.items()}
    return {
        "layers": network.layers,
        "loss": network.plan.loss,
        "dtype": network.plan.dtype,
        "backend": network.backend,
        **{f"shape of {name}": shapes.get(name) for name in ("x", "y", "sample_weight")},
        "shape of x_val": None if held_out is None else held_out.x.shape,
        **{field.name: getattr(how, field.name) for field in fields(how) if field.name != "epochs"},
    }


def fit_network(
    network: Network,
    samples: Samples | Stream,
    held_out: Samples | None,
    how: Training,
    callbacks: tuple[Watcher, ...],
    verbose: bool | int | str,
    checkpoint: Checkpoint | NoCheckpoint,
) -> str:
    """Train a copy of the parameters, which the network then has; what a user should know, where something went wrong.

    Raises
    ------
    ValueError
        If training diverges in the first epoch, or the checkpoint is damaged.
    """
    engine, params = copy(network._engine), network.params.copy()
    rate = Constant(how.optimizer.learning_rate) if how.schedule is None else scheduled(how.schedule)
    state = OptimizerState.zeros(how.optimizer, params)
    run = Run(how.optimizer, state, rate, network._seed, epoch=len(network.loss_curve))
    outcome, history, stopping = Outcome(), History(network.history), _stopping(how, rate, held_out)
    checkpoint.attach(params, engine.write_state, run=run, outcome=outcome, history=history, stopping=stopping)
    order = None
    if how.shuffle and isinstance(samples, Samples):  # a stream sees to its order itself
        order = shuffled(engine, run.seed, samples.x.shape[0], how.batch_size)
    try:
        with progress(verbose, how.epochs) as printers:
            train(
                engine,
                samples,
                params,
                run,
                order=order,
                batch_size=how.batch_size,
                alpha=how.alpha,
                l1=how.l1,
                max_epochs=how.epochs,
                watchers=(history, stopping, *printers, *callbacks),
                validate=None if held_out is None else _validate_on(engine, held_out),
                outcome=outcome,
                keep=checkpoint,
            )
        run.leave(params, stopping.best_params)
    finally:  # what has been finished stays, whatever ends the rest
        _become(network, params, run.seed, history)
    return outcome.message


def _become(network: Network, params: Array, seed: int, history: History) -> None:
    """Put what has been learnt in the place of what was, at once, and also where Ctrl-C strikes just now."""
    try:
        _replace(network, params, seed, history)
    except BaseException:
        if network.params is not params:
            _replace(network, params, seed, history)
        raise


def _replace(network: Network, params: Array, seed: int, history: History) -> None:
    with curves_kept(network):
        network.__dict__ = {**vars(network), "_params": params, "_seed": seed, "history": history.joined()}


def _stopping(how: Training, rate: Rate, held_out: Samples | None) -> Stopping:
    """What ends training; also without patience, for a rate that wants to know how good epochs are."""
    patience = inf if how.patience is None else how.patience
    measure = by_loss if held_out is None else by_validation_loss
    return Stopping(how.tol, patience, rate, measure, keep_best=held_out is not None and how.patience is not None)


def _validate_on(engine: Engine, held_out: Samples) -> Validate:
    def validate(params: Array) -> tuple[float, None]:
        z = engine.forward(params, held_out.x)
        return engine.loss(z, held_out.y, held_out.sample_weight), None

    return validate
