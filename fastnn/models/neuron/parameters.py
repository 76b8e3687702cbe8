"""The parameters of a neuron that functions read."""

from __future__ import annotations

from typing import Protocol

from fastnn.activations import Activation
from fastnn.models.common.given import RandomState
from fastnn.schedules import Plateau, Schedule

__all__ = ["HasActivation", "NeuronParameters"]


class HasActivation(Protocol):
    """A neuron, of which only its activation is asked."""

    activation: str | Activation


class NeuronParameters(HasActivation, Protocol):
    """All of them; `Neuron` says what they mean."""

    learning_rate: float | str | Schedule | Plateau
    max_iter: int
    batch_size: int | str | None
    shuffle: bool
    random_state: RandomState
    tol: float
    n_iter_no_change: int
    verbose: bool | int | str
    average: bool
    keep_history: bool
    backend: str
    n_threads: int | None
