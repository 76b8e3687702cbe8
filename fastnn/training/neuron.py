"""One neuron's epochs, and the average of its parameters over all steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fastnn.activations import Activation
from fastnn.kernels.contract import Array
from fastnn.optimizers import Optimizer, OptimizerState
from fastnn.plan import Plan
from fastnn.training.engine import Engine

__all__ = ["Average", "NeuronEngine"]


@dataclass
class Average:
    """The mean of the parameters over steps (Polyak and Juditsky 1992; Freund and Schapire 1999).

    Attributes
    ----------
    total : ndarray (p,) of float64
        The sum of the parameters after every step.
    n_steps : int
    last : ndarray (p,) or None
        The parameters themselves, where a run goes on from them.
    """

    total: NDArray[np.float64]
    n_steps: int = 0
    last: Array | None = None

    def mean(self, params: Array) -> Array:
        """The mean (p,) in the dtype of `params`, which it is as long as there was no step."""
        return (self.total / self.n_steps).astype(params.dtype) if self.n_steps else params.copy()

    def copy(self) -> Average:
        """An independent copy."""
        return Average(self.total.copy(), self.n_steps, None if self.last is None else self.last.copy())


class NeuronEngine(Engine):
    """An engine whose epochs are the kernel `neuron_epoch`.

    Parameters
    ----------
    plan : Plan
        One layer with one output.
    activation : Activation
        Decides how it learns, which the plan's loss has no say in.
    online : bool
        Whether rows are taken one by one. A batch of one row is another thing where it has a
        weight.
    average : Average or None
        Takes in the parameters after every step.
    backend, n_threads
        As for Engine.
    """

    def __init__(
        self,
        plan: Plan,
        activation: Activation,
        online: bool,
        average: Average | None,
        backend: str = "auto",
        n_threads: int | None = None,
    ) -> None:
        super().__init__(plan, backend, n_threads)
        self._activation = activation
        self._online = online
        self._average = average

    def epoch(
        self,
        params: Array,
        x: Array,
        y: Array,
        sample_weight: Array | None,
        order: NDArray[np.int64] | None,
        batch_size: int,
        optimizer: Optimizer,
        state: OptimizerState,
        learning_rates: NDArray[np.float64],
        alpha: float,
        l1: float = 0.0,
        seed: int = 0,
    ) -> tuple[float, float]:
        """See Engine; neither the optimizer nor a penalty has a say."""
        size = 1 if self._online else max(batch_size, 2)
        total = None if self._average is None else self._average.total
        data = (params, x, y[:, 0], sample_weight, order, size, learning_rates, total)
        loss: float = self._kernels.neuron_epoch(self._activation, *data, *self._threads)
        if np.isfinite(loss):
            state.step += len(learning_rates)
            if self._average is not None:
                self._average.n_steps += len(learning_rates)
        return loss, 0.0
