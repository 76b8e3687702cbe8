"""The perceptron rule: a neuron that says -1 or +1 learns from its mistakes only.

Rosenblatt (1958), "The perceptron: a probabilistic model for information storage and organization
in the brain".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fastnn.kernels.contract import Array
from fastnn.optimizers import Optimizer, OptimizerState
from fastnn.training.engine import Engine

__all__ = ["PerceptronEngine"]

_LOOK_AHEAD = 64  # rows whose z are computed at once, in the hope that none is a mistake


class PerceptronEngine(Engine):
    """An engine whose epochs follow the perceptron rule instead of a gradient.

    A row is a mistake where y * z <= 0. A mini-batch adds the mean of weight * y * x over its rows,
    those without a mistake counted as 0, times the learning rate. The loss is the weighted share of
    mistakes.
    """

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
        rows = np.arange(len(x)) if order is None else order
        x, target = x[rows], y[rows, 0]
        weight = np.ones_like(target) if sample_weight is None else sample_weight[rows]
        after = params.copy()
        if batch_size == 1:
            mistakes = _online(after, x, target, weight, learning_rates)
        else:
            mistakes = _mini_batches(after, x, target, weight, batch_size, learning_rates)
        params[...] = after  # only now: Ctrl-C leaves them as they were
        state.step += len(learning_rates)
        total = float(weight.sum(dtype=np.float64))
        return (mistakes / total if total > 0 else 0.0), 0.0


def _online(params: Array, x: Array, y: Array, weight: Array, learning_rates: NDArray[np.float64]) -> float:
    """Row by row; z is computed for many rows ahead, since only a mistake changes it.

    Returns the weight of all mistakes.
    """
    w, b = params[:-1], params[-1:]
    mistakes = 0.0
    k = 0
    while k < len(x):
        ahead = slice(k, k + _LOOK_AHEAD)
        wrong = (y[ahead] * (x[ahead] @ w + b) <= 0) & (weight[ahead] > 0)
        first = int(wrong.argmax())
        if not wrong[first]:
            k += _LOOK_AHEAD
            continue
        k += first
        step = learning_rates[k] * weight[k] * y[k]
        w += step * x[k]
        b += step
        mistakes += float(weight[k])
        k += 1
    return mistakes


def _mini_batches(
    params: Array,
    x: Array,
    y: Array,
    weight: Array,
    batch_size: int,
    learning_rates: NDArray[np.float64],
) -> float:
    w, b = params[:-1], params[-1:]
    mistakes = 0.0
    for k, first in enumerate(range(0, len(x), batch_size)):
        batch = slice(first, first + batch_size)
        wrong = (y[batch] * (x[batch] @ w + b) <= 0) * weight[batch]
        total = float(weight[batch].sum(dtype=np.float64))
        if total == 0:
            continue
        step = learning_rates[k] / total * wrong * y[batch]
        w += step @ x[batch]
        b += step.sum()
        mistakes += float(wrong.sum(dtype=np.float64))
    return mistakes
