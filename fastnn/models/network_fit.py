"""`Network.fit`, once its arguments are read."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from fastnn.errors import out_of_range
from fastnn.optimizers import Optimizer, OptimizerState
from fastnn.schedules import Schedule
from fastnn.training.callbacks import Watcher
from fastnn.training.checkpoint import Checkpoint
from fastnn.training.history import History
from fastnn.training.loop import Outcome, Run, Samples, in_order, shuffled, train
from fastnn.training.progress import progress
from fastnn.training.rates import Constant, Scheduled
from fastnn.validation import check_counts

if TYPE_CHECKING:
    from fastnn.models.network import Network

__all__ = ["Training", "fit_network", "settings_of"]


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


def settings_of(network: Network, samples: Samples, how: Training) -> dict[str, Any]:
    """What a checkpoint must have been written with, to go on from it; more epochs are welcome."""
    plan, weight = network.plan, samples.sample_weight
    return {
        "layers": network.layers,
        "loss": plan.loss,
        "dtype": plan.dtype,
        "backend": network.backend,
        "shape of x": samples.x.shape,
        "shape of y": samples.y.shape,
        "shape of sample_weight": None if weight is None else weight.shape,
        **{field.name: getattr(how, field.name) for field in fields(how) if field.name != "epochs"},
    }


def fit_network(
    network: Network,
    samples: Samples,
    how: Training,
    callbacks: tuple[Watcher, ...],
    verbose: bool | int | str,
    checkpoint: Checkpoint | None,
) -> str:
    """Train the network in place; what a user should know, where something went wrong.

    Raises
    ------
    ValueError
        If there are no samples, training diverges in the first epoch, or the checkpoint is damaged.
    """
    n = len(samples.x)
    if n == 0:
        raise ValueError(f"x has shape {samples.x.shape}: there is no row to train on.")
    engine, params = network._engine, network.params
    rate = Constant(how.optimizer.learning_rate) if how.schedule is None else Scheduled(how.schedule)
    state = OptimizerState.zeros(how.optimizer, params)
    run = Run(how.optimizer, state, rate, network._seed, epoch=len(network.loss_curve))
    outcome, history = Outcome(), History(network.history)
    if checkpoint is not None:
        checkpoint.attach(params, run=run, outcome=outcome, history=history)
        network._seed = run.seed
    network.history = history.lists
    with progress(verbose, how.epochs) as printers:
        train(
            engine,
            samples,
            params,
            run,
            order=shuffled(engine, run.seed, n) if how.shuffle else in_order(),
            batch_size=min(how.batch_size, n),
            alpha=how.alpha,
            max_epochs=how.epochs,
            watchers=(history, *printers, *callbacks),
            outcome=outcome,
            keep=checkpoint,
        )
    return outcome.message
