"""The row that a header tests itself with, and how far from the library's answer its own may be."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn.serving.served import ServedModel
from fastnn.training.engine import Engine

__all__ = ["Trial", "trial_of"]

_ROWS = 32  # of which the one is taken whose class is the clearest
_SMALLEST = 1e-3  # the numbers of the last row: where others overflow
_TOLERANCE = {4: 1e-5, 8: 1e-12}  # compilers may add in another order, and fuse
_ROUNDINGS = 32  # times what rounding to another dtype has changed, where weights and features are large


@dataclass(frozen=True)
class Trial:
    """One row.

    Attributes
    ----------
    x : ndarray (i,)
        Before the steps.
    z : ndarray (o,)
        The raw output.
    out : ndarray
        What the method gives, as far as that are numbers.
    tolerance : float
        Relative to 1 + abs(out).
    """

    x: NDArray[Any]
    z: NDArray[Any]
    out: NDArray[Any]
    tolerance: float


def trial_of(served: ServedModel) -> Trial:
    """The row of a model; ValueError where it answers no row with finite numbers."""
    plan = served.network.plan
    rows = np.random.default_rng(0).normal(size=(_ROWS, plan.widths[0]))
    x = _before_steps(served, rows * np.geomspace(1, _SMALLEST, _ROWS)[:, None]).astype(plan.dtype)
    inputs = _after_steps(served, x)
    z, out = (_answers(served, plan.dtype, inputs, link=link) for link in (False, True))
    finite = np.isfinite(z).all(axis=1) & np.isfinite(out).all(axis=1)
    if not finite.any():
        raise ValueError("The model has infinite answers, even to features near to 0: look at its weights.")
    clear = np.where(finite, _clearness(served, z), -np.inf)
    row = int(clear.argmax()) if served.output in ("class", "labels") else int(finite.argmax())
    other = np.dtype(np.float64 if plan.dtype == np.float32 else np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        change = np.abs(_answers(served, other, inputs[[row]], link=True)[0] - out[row]) / (1 + np.abs(out[row]))
    rounding = float(np.max(np.nan_to_num(change))) * (1.0 if plan.dtype == np.float32 else 2.0**-29)
    return Trial(x[row], z[row], out[row], _TOLERANCE[plan.dtype.itemsize] + _ROUNDINGS * rounding)


def _answers(served: ServedModel, dtype: Any, x: NDArray[Any], *, link: bool) -> NDArray[Any]:
    """What the library gives: the raw output, or what the method makes of it."""
    engine = Engine(replace(served.network.plan, dtype=dtype), n_threads=1)
    z = engine.forward(served.network.params.astype(dtype), np.ascontiguousarray(x, dtype))
    if not link or served.output not in ("link", "pairs"):
        return z
    return engine.link(np.hstack([-z, z]) if served.output == "pairs" else z)


def _clearness(served: ServedModel, z: NDArray[Any]) -> NDArray[Any]:
    """How far each row is from another class or label."""
    if served.output == "labels" or z.shape[1] == 1:
        least: NDArray[Any] = np.abs(z).min(axis=1)
        return least
    largest = np.sort(z, axis=1)[:, -2:]
    gap: NDArray[Any] = largest[:, 1] - largest[:, 0]
    return gap


def _before_steps(served: ServedModel, x: NDArray[Any]) -> NDArray[Any]:
    """Rows that become these by the steps."""
    inverse = {"subtract": np.add, "add": np.subtract, "multiply": np.divide, "divide": np.multiply}
    for step in reversed(served.steps):
        if step.operation in inverse:
            x = inverse[step.operation](x, step.values)
    return x


def _after_steps(served: ServedModel, x: NDArray[Any]) -> NDArray[Any]:
    """The rows after the steps, each rounded to the dtype of the network."""
    does = {"subtract": np.subtract, "add": np.add, "multiply": np.multiply, "divide": np.divide}
    for step, rounded in zip(served.steps, served.rounded, strict=True):
        values = step.values.astype(x.dtype) if rounded else step.values
        stepped = np.clip(x, *values) if step.operation == "clip" else does[step.operation](x, values)
        x = stepped.astype(x.dtype)
    return x
