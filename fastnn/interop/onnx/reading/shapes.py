"""Operators that change an array's shape, where that changes no row, and those that put columns side by side."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from fastnn.interop.onnx.reading.file import attribute
from fastnn.interop.onnx.reading.operators import Item, Operator, flat, identity, refused, value_of
from fastnn.interop.onnx.reading.recognised import recognised
from fastnn.interop.onnx.reading.sizes import integers, joined
from fastnn.interop.onnx.reading.values import Base, Constant, Layer, Value

__all__ = ["SHAPES"]


def _flatten(node: Any, inputs: Sequence[Item]) -> Value:
    value = value_of(node, inputs)
    if attribute(node, "axis", 1) != 1:
        raise refused(node, f"has axis={attribute(node, 'axis', 1)}, wanted 1: a row for each sample")
    return replace(value, form=value.form._replace(rank=2))


def _reshape(node: Any, inputs: Sequence[Item]) -> Value | Constant:
    item = identity(node, inputs)
    shape = integers(node, inputs, 1)
    if isinstance(item, Constant):
        try:
            return Constant(item.array.reshape(shape))
        except ValueError as fault:
            raise refused(node, f"cannot be computed: {fault}") from fault
    width = item.base.width
    has_zeros = attribute(node, "allowzero", 0) and 0 in shape and not getattr(inputs[1], "is_shape", False)
    if _keeps_rows(shape, width, item.form.rows) and not has_zeros:
        return replace(item, form=item.form._replace(rank=len(shape)))
    if shape == [-1] and width == 1:  # one number a row
        return replace(item, form=item.form._replace(rank=1))
    raise refused(node, f"makes arrays of shape {shape} of rows with {width} columns; wanted the rows as they are")


def _keeps_rows(shape: list[int], width: int, rows: int) -> bool:
    """Whether arrays of this shape have the same rows, of columns that may lie in several dimensions."""
    first, rest = shape[:1], shape[1:]
    if not rest or first[0] not in (-1, 0, rows or -1):
        return False
    is_whole = rest == [width] or (min(rest) > 0 and math.prod(rest) == width)
    return is_whole or (first != [-1] and rest.count(-1) == 1 and all(each > 0 or each == -1 for each in rest))


def _squeeze(node: Any, inputs: Sequence[Item]) -> Value | Constant:
    """Squeeze and Unsqueeze of the columns, where there is one."""
    item = identity(node, inputs)
    axes = integers(node, inputs, 1) if len(inputs) > 1 else attribute(node, "axes", [1])
    if isinstance(item, Constant):
        change = np.squeeze if node.op_type == "Squeeze" else np.expand_dims
        try:
            return replace(item, array=change(item.array, tuple(axes)))
        except ValueError as fault:
            raise refused(node, f"cannot be computed: {fault}") from fault
    rank = item.form.rank + (-1 if node.op_type == "Squeeze" else 1)
    if item.base.width == 1 and axes in ([1], [-1]) and rank >= 1:
        return replace(item, form=item.form._replace(rank=rank))
    raise refused(node, f"has axes={axes}, wanted the only column of an array")


def _concat(node: Any, inputs: Sequence[Item]) -> Value | Constant:
    """Columns side by side that are functions of the same layer, such as -z and z; or parts of a shape."""
    if any(isinstance(each, Constant) and each.is_shape for each in inputs):
        return joined(node, inputs)
    values = [flat(node, value_of(node, inputs, place)) for place in range(len(inputs))]
    if attribute(node, "axis", 1) not in (1, -1) or not values:
        raise refused(node, "puts rows under each other, wanted axis=1")
    base = values[0].base
    knowns = [recognised(value) for value in values]
    if base.w is None or any(value.base is not base for value in values):
        raise refused(node, "joins several ways through the graph; a Network has one")
    activation = knowns[0].activation if knowns[0] else None
    if any(each is None or each.activation != activation for each in knowns) or activation is None:
        raise refused(node, "joins different functions; a layer has one activation")
    is_identity = not isinstance(activation, str) and activation.name == "identity"
    lines = [known.after if is_identity else known.before for known in knowns if known]
    if isinstance(activation, str) or not all(is_identity or (known and known.after.is_plain) for known in knowns):
        raise refused(node, "joins functions that are no activations of this library")
    w = np.hstack([base.w * line.scale for line in lines])
    b = np.hstack([base.b * line.scale + line.shift for line in lines])
    if is_identity:
        return Value.of(replace(base, w=w, b=b, width=w.shape[1]), values[0].form)
    return Value.of(Base((*base.layers, Layer(w, b, activation)), width=w.shape[1]), values[0].form)


SHAPES: dict[str, Operator] = {
    "Concat": _concat,
    "Flatten": _flatten,
    "Reshape": _reshape,
    "Squeeze": _squeeze,
    "Unsqueeze": _squeeze,
}
