"""`Network.fit`, once its arguments are read."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from fastnn.errors import out_of_range
from fastnn.models.network_data import read_batches, read_samples
from fastnn.optimizers import Optimizer, OptimizerState
from fastnn.schedules import Schedule
from fastnn.training.callbacks import Watcher
from fastnn.training.checkpoint import Checkpoint, NoCheckpoint
from fastnn.training.history import History
from fastnn.training.loop import Outcome, Run, Samples, shuffled, train
from fastnn.training.progress import progress
from fastnn.training.rates import Constant, Scheduled
from fastnn.training.stream import Stream
from fastnn.validation import check_counts

if TYPE_CHECKING:
    from fastnn.models.network import Network

__all__ = ["Training", "fit_network", "read_source", "settings_of"]


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
    schedule: Schedule | None
    alpha: float
    shuffle: bool

    def __post_init__(self) -> None:
        check_counts(epochs=self.epochs, batch_size=self.batch_size)
        if self.alpha < 0:
            raise out_of_range("alpha", self.alpha, "a number of at least 0")


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
        return Stream(network._engine, batches, how.batch_size, how.shuffle)
    samples = read_samples(network.plan, x, y, sample_weight)
    if len(samples.x) == 0:
        raise ValueError(f"x has shape {samples.x.shape}: there is no row to train on.")
    return samples


def settings_of(network: Network, samples: Samples | Stream, how: Training) -> dict[str, Any]:
    """What a checkpoint must have been written with, to go on from it; more epochs are welcome."""
    arrays = {} if isinstance(samples, Stream) else vars(samples)
    shapes = {name: None if array is None else array.shape for name, array in arrays.items()}
    return {
        "layers": network.layers,
        "loss": network.plan.loss,
        "dtype": network.plan.dtype,
        "backend": network.backend,
        **{f"shape of {name}": shapes.get(name) for name in ("x", "y", "sample_weight")},
        **{field.name: getattr(how, field.name) for field in fields(how) if field.name != "epochs"},
    }


def fit_network(
    network: Network,
    samples: Samples | Stream,
    how: Training,
    callbacks: tuple[Watcher, ...],
    verbose: bool | int | str,
    checkpoint: Checkpoint | NoCheckpoint,
) -> str:
    """Train the network in place; what a user should know, where something went wrong.

    Raises
    ------
    ValueError
        If training diverges in the first epoch, or the checkpoint is damaged.
    """
    engine, params = network._engine, network.params
    rate = Constant(how.optimizer.learning_rate) if how.schedule is None else Scheduled(how.schedule)
    state = OptimizerState.zeros(how.optimizer, params)
    run = Run(how.optimizer, state, rate, network._seed, epoch=len(network.loss_curve))
    outcome, history = Outcome(), History(network.history)
    checkpoint.attach(params, run=run, outcome=outcome, history=history)
    network._seed = run.seed
    network.history = history.lists
    order = None
    if how.shuffle and isinstance(samples, Samples):  # a stream sees to its order itself
        order = shuffled(engine, run.seed, len(samples.x))
    with progress(verbose, how.epochs) as printers:
        train(
            engine,
            samples,
            params,
            run,
            order=order,
            batch_size=how.batch_size,
            alpha=how.alpha,
            max_epochs=how.epochs,
            watchers=(history, *printers, *callbacks),
            outcome=outcome,
            keep=checkpoint,
        )
    return outcome.message
