"""What a network is given, as its kernels want them: one set of rows, or batch after batch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from fastnn.errors import wrong_type
from fastnn.kernels.contract import Array
from fastnn.layers import Layer
from fastnn.losses import smooth_labels
from fastnn.models.common.arrays import is_plain
from fastnn.plan import Plan
from fastnn.sparse_input import is_sparse, sparse_rows
from fastnn.tensors import as_host, is_tensor
from fastnn.training.samples import Samples, Stream
from fastnn.validation import as_floating, laid_out

__all__ = ["read_inputs", "read_layers", "read_samples", "read_source", "read_validation"]


def read_layers(layers: Any) -> list[Layer]:
    """The layers as a list; TypeError if they are no iterable. What they are is looked at by the plan."""
    if isinstance(layers, str) or not isinstance(layers, Iterable):
        raise wrong_type("layers", layers, "a list of Dense and Dropout")
    return list(layers)


def read_samples(plan: Plan, x: Any, y: Any, sample_weight: Any, suffix: str = "") -> Samples:
    """x (n, i), y (n, o) or (n,), and the weights (n,) or None, in the network's dtype.

    A sparse x is CSR then. Errors give their names with the suffix.

    Raises
    ------
    ValueError
        If a shape is wrong, y has a class that the network has no output for or targets that its loss cannot have, or
        a weight is negative or not finite.
    TypeError
        If one has no real numbers.
    """
    x_name, y_name, weight_name = f"x{suffix}", f"y{suffix}", f"sample_weight{suffix}"
    x = _read_x(plan, x_name, x)
    y = _read_targets(plan, y_name, y)
    weight = None if sample_weight is None else _read(plan, weight_name, sample_weight, None)
    for name, array in ((y_name, y), (weight_name, weight)):
        if array is not None and len(array) != x.shape[0]:
            raise ValueError(f"{name} has {len(array)} rows, wanted {x.shape[0]} as in {x_name} of shape {x.shape}.")
    if weight is not None and not (np.isfinite(weight).all() and weight.min(initial=0) >= 0):
        raise ValueError(f"{weight_name} has values that are negative or not finite; wanted weights of at least 0.")
    return Samples(x, y, weight)


def read_inputs(plan: Plan, x: Any) -> Any:
    """x as (n, i) in the network's dtype, a sparse one as CSR; errors as of `read_samples`."""
    return _read_x(plan, "x", x)


def _read_x(plan: Plan, name: str, x: Any) -> Any:
    i = plan.widths[0]
    if is_plain(x, plan.dtype, i):
        return x
    if not is_sparse(x):
        return _read(plan, name, x, i)
    _require_shape(name, x.shape, i)
    return sparse_rows(name, x, plan.dtype)


def _read_targets(plan: Plan, name: str, y: Any) -> Array:
    o = plan.widths[-1]
    if type(y) is not np.ndarray:
        if is_sparse(y):
            raise _not_dense(name, y)
        y = np.asarray(as_host(name, y))
    if y.ndim == 1 and plan.loss.link == "softmax" and (o > 1 or y.dtype.kind in "iu"):
        return _one_hot(plan, name, y)
    if y.ndim == 1 and o == 1:
        y = y[:, None]
    targets = _read(plan, name, y, o)
    plan.loss.require_targets(name, targets)
    return targets


def _one_hot(plan: Plan, name: str, numbers: Array) -> Array:
    o = plan.widths[-1]
    if numbers.dtype.kind not in "iu":
        raise ValueError(
            f"{name} has shape {numbers.shape} and dtype {numbers.dtype}, wanted (n, {o}) probabilities, or the number "
            f"of each row's class as an integer, such as {name}.astype(int)."
        )
    low, high = (numbers.min(), numbers.max()) if len(numbers) else (0, 0)
    if low < 0 or high >= o:
        raise ValueError(f"{name} has classes from {low} to {high}, wanted 0 to {o - 1}: the network has {o} outputs.")
    one_hot: Array = np.eye(o, dtype=plan.dtype)[numbers]
    return one_hot


def _read(plan: Plan, name: str, value: Any, columns: int | None) -> Array:
    """`value` as (n, columns), or as (n,) for None, in the network's dtype."""
    if type(value) is np.ndarray and value.dtype == plan.dtype:  # which spares the targets of a batch 0.5 us
        array = value
    elif is_sparse(value):
        raise _not_dense(name, value)
    else:
        array = as_floating(name, value).astype(plan.dtype, copy=False)
    _require_shape(name, array.shape, columns)
    return laid_out(array)


def _not_dense(name: str, value: Any) -> TypeError:
    return TypeError(f"{name} is a sparse {type(value).__name__}, wanted a dense array, such as {name}.toarray().")


def _require_shape(name: str, shape: tuple[int, ...], columns: int | None) -> None:
    wanted = ("n",) if columns is None else ("n", columns)
    if len(shape) != len(wanted) or shape[1:] != wanted[1:]:
        hint = f" For one row use {name}.reshape(1, -1)." if shape == wanted[1:] else ""
        text = f"({', '.join(map(str, wanted))}{',' if columns is None else ''})"
        raise ValueError(f"{name} has shape {shape}, wanted {text}.{hint}")


# --- what `fit` is given ------------------------------------------------------------------------


def read_source(
    plan: Plan, x: Any, y: Any, sample_weight: Any, *, epochs: int, label_smoothing: float
) -> Samples | Stream:
    """The samples in memory; without y, batch after batch.

    Raises
    ------
    ValueError, TypeError
        If they are not what the network needs, or there is none.
    """
    if y is None:
        if sample_weight is not None:
            raise ValueError("sample_weight without y: with batches it is their third part, (x, y, sample_weight).")
        return Stream(_read_batches(plan, x, epochs, label_smoothing))
    samples = read_samples(plan, x, y, sample_weight)
    if samples.x.shape[0] == 0:
        raise ValueError(f"x has shape {samples.x.shape}: there is no row to train on.")
    _require_some_weight("sample_weight", samples.sample_weight)
    return replace(samples, y=smooth_labels(samples.y, label_smoothing, plan.loss))


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


def _read_batches(plan: Plan, batches: Any, epochs: int, label_smoothing: float) -> Callable[[], Iterator[Samples]]:
    """A function that reads all batches, one after another, once for every epoch.

    Raises
    ------
    TypeError
        If `batches` cannot be gone through.
    ValueError
        If they are wanted more than once but can be read only once.
    """
    if callable(batches):
        return lambda: _read_all(plan, batches(), label_smoothing)
    is_x = isinstance(batches, np.ndarray) or is_tensor(batches) or is_sparse(batches)
    if is_x or not isinstance(batches, Iterable):
        raise wrong_type("x without y", batches, "batches (x, y), or a function that gives them")
    if isinstance(batches, Iterator) and epochs > 1:
        raise ValueError(
            f"{batches!r} gives its batches once, but epochs={epochs}. Pass a list of batches, a function "
            "that returns a new generator for every epoch, or epochs=1."
        )
    return lambda: _read_all(plan, batches, label_smoothing)


def _read_all(plan: Plan, batches: Iterable[Any], label_smoothing: float) -> Iterator[Samples]:
    for k, batch in enumerate(batches):
        if not isinstance(batch, (tuple, list)) or len(batch) not in (2, 3):
            raise wrong_type(f"Batch {k}", batch, "(x, y) or (x, y, sample_weight)")
        try:
            samples = read_samples(plan, *batch, *[None] * (3 - len(batch)))
        except (TypeError, ValueError) as fault:
            fault.add_note(f"This is batch {k}, counted from 0.")
            raise
        yield replace(samples, y=smooth_labels(samples.y, label_smoothing, plan.loss))
