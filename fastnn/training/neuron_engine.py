"""One neuron's epochs, and the average of its parameters over all steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn.activations import Activation
from fastnn.kernels.contract import Array
from fastnn.optimizers import Optimizer, OptimizerState
from fastnn.plan import Plan
from fastnn.training.engine import Engine
from fastnn.validation import dense_rows

__all__ = ["Average", "NeuronEngine", "dense_where_small"]

_AT_ONCE = 1 << 26  # bytes of a sparse X that are dense at a time, unless a batch has more: 64 MB
_AT_MOST = 1 << 30  # bytes of a batch


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
        Which kernels compute, and by how many threads at most.

    Notes
    -----
    Steps read rows that are dense. Of a sparse x (CSR) some batches after the other are made so.
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
        x: Any,
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
        """One pass, as of `Engine.epoch`; neither the optimizer nor a penalty has a say."""
        size = 1 if self._online else max(batch_size, 2)
        data = (y[:, 0], sample_weight, order, size, learning_rates)
        one_pass = self._pass if isinstance(x, np.ndarray) else self._pass_by_blocks
        loss = one_pass(params, x, *data)
        if np.isfinite(loss):
            state.step += len(learning_rates)
            if self._average is not None:
                self._average.n_steps += len(learning_rates)
        return loss, 0.0

    def _pass(
        self,
        params: Array,
        x: Array,
        y: Array,
        sample_weight: Array | None,
        order: NDArray[np.int64] | None,
        size: int,
        learning_rates: NDArray[np.float64],
    ) -> float:
        total = None if self._average is None else self._average.total
        data = (params, x, y, sample_weight, order, size, learning_rates, total)
        loss: float = self._kernels.neuron_epoch(self._activation, *data, *self._threads)
        return loss

    def _pass_by_blocks(
        self,
        params: Array,
        x: Any,
        y: Array,
        sample_weight: Array | None,
        order: NDArray[np.int64] | None,
        size: int,
        learning_rates: NDArray[np.float64],
    ) -> float:
        """The same steps as of a dense x; what they change is as it was, where one is not finite or fails."""
        order = np.arange(x.shape[0]) if order is None else order
        steps = max(1, _AT_ONCE // (size * x.shape[1] * x.dtype.itemsize))  # of a block
        vectors = [params] if self._average is None else [params, self._average.total]
        before = [vector.copy() for vector in vectors]
        loss_sum = weight_sum = 0.0
        loss = np.nan
        try:
            for first in range(0, len(learning_rates), steps):
                rows = order[first * size : (first + steps) * size]
                weight = None if sample_weight is None else sample_weight[rows]
                block = (x[rows].toarray(), y[rows], weight, None, size, learning_rates[first : first + steps])
                share = float(len(rows) if weight is None else weight.sum(dtype=np.float64))
                loss_sum += share * self._pass(params, *block)
                weight_sum += share
            loss = loss_sum / weight_sum if weight_sum > 0 else 0.0
        finally:
            if not np.isfinite(loss):
                for vector, values in zip(vectors, before, strict=True):
                    vector[...] = values
        return loss


def dense_where_small(x: Any, batch_size: int) -> Any:
    """X as an ndarray where that is small, else as it is; it may be sparse.

    Raises
    ------
    ValueError
        If a batch of a sparse X is too large to be made dense.
    """
    n, i = x.shape
    if isinstance(x, np.ndarray) or n * i * x.dtype.itemsize <= _AT_ONCE:
        return np.ascontiguousarray(dense_rows(x))
    nbytes = min(batch_size, n) * i * x.dtype.itemsize
    if nbytes > _AT_MOST:
        raise ValueError(
            f"A step of a Neuron reads dense rows, and a batch of {min(batch_size, n):,} of this sparse X of shape "
            f"{x.shape} would take {nbytes / 1e9:.1f} GB, more than {_AT_MOST / 1e9:.1f}. Choose a smaller batch_size, "
            "or use LogisticRegression or MLPRegressor, which read a sparse X as it is."
        )
    return x
