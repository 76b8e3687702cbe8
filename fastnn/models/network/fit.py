"""How a network is trained: the arguments of `Network.fit` as a recipe, and what its checkpoint must have been told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from math import inf
from types import NoneType
from typing import Any

import numpy as np

from fastnn.errors import out_of_range, wrong_type
from fastnn.layers import Layer
from fastnn.optimizers import Optimizer
from fastnn.plan import Plan
from fastnn.schedules import Plateau, Schedule
from fastnn.training.checkpoint import shapes_of
from fastnn.training.epoch import Watcher
from fastnn.training.rates import ConstantRate, Rate, scheduled
from fastnn.training.recipe import Recipe
from fastnn.training.samples import Samples, Stream
from fastnn.training.stopping import Stopping, by_loss, by_validation_loss
from fastnn.validation import check_counts, check_reals

__all__ = ["Options", "read_callbacks", "settings_of"]


@dataclass(frozen=True)
class Options:
    """The arguments of `Network.fit` that decide what becomes of the parameters.

    Raises
    ------
    ValueError, TypeError
        If one is not possible.
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

    def recipe(self) -> Recipe:
        """What training is told."""
        constant = ConstantRate(self.optimizer.learning_rate)
        return Recipe(
            self.optimizer,
            constant if self.schedule is None else scheduled(self.schedule),
            self.batch_size,
            self.epochs,
            self.alpha,
            self.l1,
            bool(self.shuffle),
            inf if self.patience is None else self.patience,
            self.tol,
        )

    def stopping(self, rate: Rate, *, validates: bool) -> Stopping:
        """What ends training; also without patience, for a rate that wants to know how good epochs are."""
        patience = inf if self.patience is None else self.patience
        measure = by_validation_loss if validates else by_loss
        return Stopping(self.tol, patience, rate, measure, keep_best=validates and self.patience is not None)


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


def settings_of(
    layers: Sequence[Layer],
    plan: Plan,
    backend: str,
    samples: Samples | Stream,
    held_out: Samples | None,
    options: Options,
) -> Mapping[str, Any]:
    """What a checkpoint must have been written with, to go on from it; more epochs are welcome."""
    arrays = vars(samples) if isinstance(samples, Samples) else {}
    shapes = {name: arrays.get(name) for name in ("x", "y", "sample_weight")}
    return {
        "layers": layers,
        "loss": plan.loss,
        "dtype": plan.dtype,
        "backend": backend,
        **shapes_of({**shapes, "x_val": None if held_out is None else held_out.x}),
        **{field.name: getattr(options, field.name) for field in fields(options) if field.name != "epochs"},
    }
