"""Whether a neuron whose loss no longer falls has come to an end, or learns too slowly to tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn.kernels.contract import Array
from fastnn.models.neuron.learning_rule import function_of, name_of
from fastnn.models.neuron.parameters import HasActivation
from fastnn.training.engine import Engine
from fastnn.training.samples import Samples
from fastnn.validation import dense_rows

__all__ = ["evenly_spaced", "left_to_gain"]

_LENGTHS = (0.0, *(2.0**k for k in range(-10, 9)))  # of the step
_CHUNK = 1 << 17  # numbers of X that are converted at a time

Vector = NDArray[np.float64]


@np.errstate(all="ignore")  # what is not finite is no gain
def left_to_gain(neuron: HasActivation, engine: Engine, samples: Samples, params: Array) -> tuple[float, float]:
    """By how much the mean loss can fall at least, and how fast gradient descent goes there.

    The first is what a single step does, along the gradient by columns of mean zero and deviation one and as long as
    is best: by the root mean square deviation, or by the mean one, which outliers have less to say in. It can be had,
    so a neuron that is far from it has not come to an end. The second is the square of the gradient's part along
    that step: for a learning rate of one the fall by each step. It takes five passes over X.
    """
    x, weight = samples.x, samples.sample_weight
    n = x.shape[0]
    share = np.full(n, 1 / n) if weight is None else weight / weight.sum(dtype=np.float64)
    w, b = params[:-1].astype(np.float64), float(params[-1])
    loss = _loss_by_z(neuron, engine, samples.y[:, 0].astype(np.float64), share)
    mean = _sums(x, lambda rows, part: share[part] @ rows)
    variance = _sums(x, lambda rows, part: share[part] @ (rows - mean) ** 2)
    deviation = _sums(x, lambda rows, part: share[part] @ abs(rows - mean))
    z = _by_row(x, lambda rows: (rows - mean) @ w) + (b + mean @ w)
    d_z = _slope(loss, z) * share
    d_b = float(d_z.sum())
    d_w = _sums(x, lambda rows, part: d_z[part] @ (rows - mean))
    found = (0.0, 0.0)
    for squares in (variance, deviation**2):
        step = np.where(squares > 0, -d_w / squares, 0.0)
        along = _by_row(x, lambda rows: (rows - mean) @ step) - d_b  # noqa: B023, called at once
        gain = _best_gain([float(share @ loss(z + length * along)) for length in _LENGTHS])
        fall, step_b = d_w @ step - d_b**2, -d_b - mean @ step
        if gain > found[0]:
            found = gain, float(fall**2 / (step @ step + step_b**2))
    return found


def evenly_spaced(samples: Samples, at_most: int) -> Samples:
    """At most so many of the rows, evenly spaced."""
    step = -(-samples.x.shape[0] // at_most)
    weight = samples.sample_weight
    return Samples(samples.x[::step], samples.y[::step], None if weight is None else weight[::step])


def _loss_by_z(neuron: HasActivation, engine: Engine, y: Vector, share: Vector) -> Callable[[Vector], Vector]:
    """The loss (n,) of every row by its z (n,); rows without weight have none."""
    if name_of(neuron) == "sigmoid":
        signs = np.where(y > 0, -1.0, 1.0)
        return lambda z: np.where(share > 0, np.logaddexp(0, signs * z), 0.0)
    function = function_of(neuron)

    def squared_error(z: Vector) -> Vector:
        a = engine.activation(np.ascontiguousarray(z[:, np.newaxis]), function)[:, 0]
        return np.where(share > 0, (a - y) ** 2 / 2, 0.0)

    return squared_error


def _slope(loss: Callable[[Vector], Vector], z: Vector) -> Vector:
    """The derivative (n,) of every row's loss by its z (n,), from two values nearby."""
    near = 1e-5 * (1 + np.abs(z))
    slope: Vector = (loss(z + near) - loss(z - near)) / (2 * near)
    return slope


def _best_gain(losses: list[float]) -> float:
    """What the best length of a step gains, by the losses after each of `_LENGTHS`."""
    return max(0.0, losses[0] - min(loss for loss in losses if np.isfinite(loss))) if np.isfinite(losses[0]) else 0.0


def _chunks(x: Any) -> Iterator[tuple[slice, Vector]]:
    """X in float64, some rows after the other."""
    size = max(1, _CHUNK // x.shape[1])
    for first in range(0, x.shape[0], size):
        part = slice(first, first + size)
        yield part, dense_rows(x[part]).astype(np.float64, copy=False)


def _sums(x: Any, of_rows: Callable[[Vector, slice], Vector]) -> Vector:
    """The sum of what each chunk of rows gives."""
    total: Vector = np.zeros(x.shape[1])
    for part, rows in _chunks(x):
        total += of_rows(rows, part)
    return total


def _by_row(x: Any, of_rows: Callable[[Vector], Vector]) -> Vector:
    """What each chunk of rows gives for its rows (n,)."""
    return np.concatenate([of_rows(rows) for _, rows in _chunks(x)])
