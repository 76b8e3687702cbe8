"""Operators that ask for an array's shape, as exporters write them for any number of rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastnn.interop.onnx.reading.file import array_of, attribute
from fastnn.interop.onnx.reading.operators import Item, Operator, numbers_of, refused
from fastnn.interop.onnx.reading.values import Constant, Value

__all__ = ["SIZES", "integers", "joined"]


def integers(node: Any, inputs: Sequence[Item], place: int) -> list[int]:
    """An input of integers, in which 0 may stand for the rows."""
    found = inputs[place] if place < len(inputs) else None
    array = found.array if isinstance(found, Constant) and found.is_shape else numbers_of(node, inputs, place)
    if array.dtype != np.int64:
        raise refused(node, f"has floats as input {place}, wanted integers")
    return [int(each) for each in array.reshape(-1)]


def joined(node: Any, inputs: Sequence[Item]) -> Constant:
    """Parts of a shape, one after the other."""
    parts = [integers(node, inputs, place) for place in range(len(inputs))]
    return Constant(np.array([each for part in parts for each in part], np.int64), is_shape=True)


def _shape(node: Any, inputs: Sequence[Item]) -> Constant:
    value = inputs[0] if inputs else None
    if not isinstance(value, Value):
        raise refused(node, "asks for the shape of a constant")
    # Of an array of more dimensions it is not known how its columns lie, but that is for Reshape alone.
    columns = [value.base.width] if value.form.rank == 2 else [-1] * (value.form.rank - 1)
    start, end = attribute(node, "start", 0), attribute(node, "end", value.form.rank)
    return Constant(np.array([0, *columns][start:end], np.int64), is_shape=True)


def _gather(node: Any, inputs: Sequence[Item]) -> Constant:
    shape = inputs[0] if inputs else None
    if not isinstance(shape, Constant) or not shape.is_shape or shape.array.ndim != 1 or attribute(node, "axis", 0):
        raise refused(node, "takes a part of an array, wanted one of a shape")
    places = numbers_of(node, inputs, 1)
    if places.dtype != np.int64 or (np.abs(places + 0.5) > shape.array.size).any():
        raise refused(node, f"takes the elements {places.tolist()} of a shape of {shape.array.size} numbers")
    return Constant(shape.array[places], is_shape=True)


def _constant_of_shape(node: Any, inputs: Sequence[Item]) -> Constant:
    """An array of one number, for which the number itself stands: whatever it is added to has that shape."""
    shape = inputs[0] if inputs else None
    if not isinstance(shape, Constant) or not shape.is_shape:
        raise refused(node, "makes an array that has not the shape of another one")
    values = [array_of(each.t, None) for each in node.attribute if each.name == "value"] or [np.zeros(1)]
    if values[0].size != 1:
        raise refused(node, f"has {values[0].size} numbers as value, wanted one")
    return Constant(values[0].reshape(()).astype(np.float64))


SIZES: dict[str, Operator] = {
    "ConstantOfShape": _constant_of_shape,
    "Gather": _gather,
    "Shape": _shape,
}
