"""Operators that make values of values: layers, activations, lines, and shapes that change nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from fastnn.activations import Activation
from fastnn.interop.clipping import clipping
from fastnn.interop.onnx.reading.building import closed, dense, lined, row_function
from fastnn.interop.onnx.reading.elementwise import FUNCTIONS, NAMED, applied
from fastnn.interop.onnx.reading.file import attribute, described
from fastnn.interop.onnx.reading.values import Constant, Known, Line, Numbers, Value

__all__ = [
    "OPERATORS",
    "Item",
    "Operator",
    "activated",
    "flat",
    "identity",
    "layer",
    "numbers_of",
    "refused",
    "value_of",
]

Item = Value | Constant | None  # None: an input that is left out
Operator = Callable[[Any, Sequence[Item]], Value | Constant]


def refused(node: Any, why: str) -> ValueError:
    """The error for a node that a Network cannot have."""
    return ValueError(f"{described(node)} {why}.")


# --- arguments ----------------------------------------------------------------------------------


def value_of(node: Any, inputs: Sequence[Item], place: int = 0) -> Value:
    """An input that depends on the network's input."""
    found = inputs[place] if place < len(inputs) else None
    if not isinstance(found, Value):
        raise refused(node, f"has {'a constant' if found else 'nothing'} as input {place}, wanted what a layer gives")
    return found


def numbers_of(node: Any, inputs: Sequence[Item], place: int) -> Numbers:
    """An input that is a constant, and has numbers."""
    found = inputs[place] if place < len(inputs) else None
    if not isinstance(found, Constant) or not found.array.size or found.is_shape:
        raise refused(node, f"has no constant as input {place}: a Network has weights that the file has")
    return found.array


def number_of(node: Any, inputs: Sequence[Item], place: int, default: float) -> float:
    """An input that is one number, or left out."""
    if place >= len(inputs) or inputs[place] is None:
        return default
    array = numbers_of(node, inputs, place)
    if array.size != 1:
        raise refused(node, f"has {array.size} numbers as input {place}, wanted one")
    return float(array.reshape(()))


def vector_of(node: Any, array: Numbers) -> Numbers:
    """A constant that is added to or multiplied with rows: a number or a vector; else ValueError."""
    if not array.size or array.ndim > 2 or array.size != (array.shape or (1,))[-1]:
        raise refused(node, f"has a constant of shape {array.shape}, wanted the same numbers for every row")
    return array.astype(np.float64).reshape(-1)


def flat(node: Any, value: Value) -> Value:
    """The same value, if it is an array of rows."""
    if value.form.rank != 2:
        raise refused(node, f"gets an array with {value.form.rank} dimensions, wanted rows: a Flatten before it")
    return value


# --- layers -------------------------------------------------------------------------------------


def _gemm(node: Any, inputs: Sequence[Item]) -> Value:
    value, w = flat(node, value_of(node, inputs)), _weights(node, inputs)
    if attribute(node, "transA", 0):
        raise refused(node, "has transA=1, which mixes rows")
    w = (w.T if attribute(node, "transB", 0) else w) * attribute(node, "alpha", 1.0)
    b = np.zeros(w.shape[1])
    if len(inputs) > 2 and inputs[2] is not None:
        b = vector_of(node, numbers_of(node, inputs, 2)) * attribute(node, "beta", 1.0)
        if b.size not in (1, w.shape[1]):
            raise refused(node, f"has {b.size} biases for {w.shape[1]} outputs")
    return layer(node, value, w, np.broadcast_to(b, (w.shape[1],)))


def _matmul(node: Any, inputs: Sequence[Item]) -> Value:
    w = _weights(node, inputs)
    return layer(node, flat(node, value_of(node, inputs)), w, np.zeros(w.shape[1]))


def _weights(node: Any, inputs: Sequence[Item]) -> Numbers:
    w = numbers_of(node, inputs, 1)
    if w.ndim != 2 or w.dtype != np.float64:
        raise refused(node, f"has weights of shape {w.shape} and dtype {w.dtype}, wanted a matrix of floats")
    return w


def layer(node: Any, value: Value, w: Numbers, b: Numbers) -> Value:
    """A layer with these weights, of what comes before."""
    base, line = closed(value, described(node))
    return Value.of(dense(base, line, w, b, described(node)), value.form)


# --- functions of single numbers ----------------------------------------------------------------


def _named(node: Any, inputs: Sequence[Item]) -> Value:
    return activated(value_of(node, inputs), NAMED[node.op_type](node))


def activated(value: Value, activation: Activation, before: Line | None = None, after: Line | None = None) -> Value:
    """after(activation(before(value)))."""
    before, after = before or Line(), after or Line()
    values = applied(activation, value.values * before.scale + before.shift) * after.scale + after.shift
    named = None
    if value.line is not None:
        named = Known(activation, value.line.then(before.scale, before.shift), after)
    constants = (*value.constants, *activation.parameters)[-16:]
    return Value(value.base, values, named=named, constants=constants, form=value.form)


def _function(node: Any, inputs: Sequence[Item]) -> Value | Constant:
    function, count = FUNCTIONS[node.op_type]
    if any(each is None for each in inputs) or len(inputs) != (count or max(1, len(inputs))):
        raise refused(node, f"has {len(inputs)} inputs, wanted {count or 'one or more'}")
    if any(isinstance(each, Constant) and each.is_shape for each in inputs):
        raise refused(node, "computes with the shape of an array")
    values = [each for each in inputs if isinstance(each, Value)]
    if values and count == len(inputs) - 1 == 0:  # the sum or the largest of one
        return values[0]
    if not values:
        return _folded(node, [each.array for each in inputs if isinstance(each, Constant)])
    if len(values) == 1 and len(inputs) <= 2 and node.op_type in _LINES:
        return _line(node, inputs, values[0])
    base = values[0].base
    if any(each.base is not base for each in values):
        raise refused(node, "joins two ways through the graph, as residual connections do; a Network has one")
    if len({each.form.rank for each in values}) > 1:
        raise refused(node, "joins rows with an array of other dimensions")
    arrays = [each.values if isinstance(each, Value) else _scalar(node, each) for each in inputs if each is not None]
    try:
        result = function(*arrays)
    except TypeError as fault:  # of bools and numbers together
        raise refused(node, f"cannot be computed: {fault}") from fault
    lines = [each.line for each in values]
    line = None
    if node.op_type in ("Add", "Sub", "Sum") and len(lines) == len(inputs) == 2 and lines[0] and lines[1]:
        sign = -1 if node.op_type == "Sub" else 1
        line = Line(lines[0].scale + sign * lines[1].scale, lines[0].shift + sign * lines[1].shift)
    numbers = [float(each.array.reshape(-1)[0]) for each in inputs if isinstance(each, Constant)]
    constants = (*(number for each in values for number in each.constants), *numbers)[-16:]
    return Value(base, np.asarray(result), line, constants=constants, form=values[0].form)


def _scalar(node: Any, constant: Constant) -> Numbers:
    if constant.array.size != 1:
        raise refused(node, "has another number for every column; in a Network an activation has one for all")
    return constant.array.reshape(())


_MOST = 1 << 24


def _folded(node: Any, arrays: list[Numbers]) -> Constant:
    """What an operator makes of constants alone."""
    if node.op_type not in _LINES or sum(each.size for each in arrays) > _MOST:
        raise refused(node, "has constants alone")
    if node.op_type == "Div" and all(each.dtype == np.int64 for each in arrays):
        raise refused(node, "divides integers")
    try:
        if np.prod([float(n) for n in np.broadcast_shapes(*(each.shape for each in arrays))]) > _MOST:
            raise refused(node, "makes a constant of too many numbers")
        return Constant(np.asarray(FUNCTIONS[node.op_type][0](*arrays)))
    except TypeError as fault:
        raise refused(node, f"cannot be computed: {fault}") from fault


# (the constant is first, the constant) -> the scale and shift of a line; None where it is none.
_LINES: dict[str, Callable[[bool, Any], tuple[Any, Any] | None]] = {
    "Add": lambda first, c: (1.0, c),
    "Sum": lambda first, c: (1.0, c),
    "Sub": lambda first, c: (-1.0, c) if first else (1.0, -c),
    "Mul": lambda first, c: (c, 0.0),
    "Div": lambda first, c: None if first else (1 / c, 0.0),
    "Neg": lambda first, c: (-1.0, 0.0),
}


def _line(node: Any, inputs: Sequence[Item], value: Value) -> Value:
    """A line of a value, by a number or by one for each column."""
    constant = next((each.array for each in inputs if isinstance(each, Constant)), np.zeros(()))
    numbers = vector_of(node, constant)
    found = _LINES[node.op_type](isinstance(inputs[0], Constant), numbers)
    if found is None:
        return Value(value.base, _scalar(node, Constant(constant)) / value.values, form=value.form)
    scale, shift = (np.asarray(each, np.float64).reshape(-1) for each in found)
    if max(scale.size, shift.size) > 1:
        return lined(flat(node, value), scale, shift, described(node))
    return value.lined(float(scale[0]), float(shift[0]))


def _clip(node: Any, inputs: Sequence[Item]) -> Value:
    value = value_of(node, inputs)
    low = number_of(node, inputs, 1, attribute(node, "min", -np.inf))
    high = number_of(node, inputs, 2, attribute(node, "max", np.inf))
    low, high = (math.copysign(np.inf, bound) if abs(bound) >= _LARGEST else bound for bound in (low, high))
    if (low, high) == (-np.inf, np.inf):
        return value
    value = replace(value, constants=(*value.constants, low, high)[-16:])
    try:
        activation, before, after = clipping(low, high)
    except ValueError as fault:  # where they are the other way round ONNX gives the upper bound alone
        raise refused(node, f"has {fault}") from fault
    return activated(value, activation, Line(*before), Line(*after))


_LARGEST = float(np.finfo(np.float32).max)  # by which exporters say that there is no bound


def _shrink(node: Any, inputs: Sequence[Item]) -> Value:
    bias, threshold = attribute(node, "bias", 0.0), attribute(node, "lambd", 0.5)
    if bias not in (0.0, threshold):
        raise refused(node, f"has bias={bias} and lambd={threshold}; in a Network bias is 0 or as lambd")
    name = "softshrink" if bias else "hard_shrink"
    return activated(value_of(node, inputs), Activation(name, parameters=(threshold,)))


def _prelu(node: Any, inputs: Sequence[Item]) -> Value:
    slopes = np.unique(numbers_of(node, inputs, 1).astype(np.float64))
    if slopes.size != 1:
        raise refused(node, "has several slopes; in a Network an activation has one for all columns")
    return activated(value_of(node, inputs), Activation("leaky_relu", parameters=(float(slopes[0]),)))


def _swish(node: Any, inputs: Sequence[Item]) -> Value:
    alpha = attribute(node, "alpha", 1.0)
    if not alpha or not np.isfinite(1 / alpha):
        raise refused(node, f"has alpha={alpha}")
    return activated(value_of(node, inputs), Activation("silu"), Line(alpha), Line(1 / alpha))


def _softmax(node: Any, inputs: Sequence[Item]) -> Value:
    value = flat(node, value_of(node, inputs))
    if attribute(node, "axis", -1) not in (1, -1):
        raise refused(node, "works along the rows, of which each is a sample; wanted axis=-1")
    name = "softmax" if node.op_type == "Softmax" else "log_softmax"
    return row_function(value, name, described(node))


def _batch_normalization(node: Any, inputs: Sequence[Item]) -> Value:
    value = flat(node, value_of(node, inputs))
    if attribute(node, "training_mode", 0) or any(node.output[1:]):  # before version 14 its outputs told
        raise refused(node, "is in training mode: export the model for inference")
    scale, bias, mean, variance = (vector_of(node, numbers_of(node, inputs, place)) for place in range(1, 5))
    if len({scale.size, bias.size, mean.size, variance.size}) > 1:
        raise refused(node, "has vectors of several lengths")
    scale = scale / np.sqrt(variance + attribute(node, "epsilon", 1e-5))
    shift = bias - mean * scale
    if not (np.isfinite(scale).all() and np.isfinite(shift).all()):
        raise refused(node, "has a variance that is not above zero")
    return lined(value, scale, shift, described(node))


# --- what changes nothing -----------------------------------------------------------------------


def identity(node: Any, inputs: Sequence[Item]) -> Value | Constant:
    """The first input."""
    if not inputs or inputs[0] is None:
        raise refused(node, "has no input")
    return inputs[0]


def _dropout(node: Any, inputs: Sequence[Item]) -> Value | Constant:
    if len(inputs) > 2 and inputs[2] is not None and numbers_of(node, inputs, 2).any():
        raise refused(node, "is in training mode: export the model for inference")
    return identity(node, inputs)


_FLOATS, _INTEGERS, _BOOL = (1, 10, 11), (6, 7), 9


def _cast(node: Any, inputs: Sequence[Item]) -> Value | Constant:
    item, to = identity(node, inputs), attribute(node, "to", 0)
    if to == _BOOL and isinstance(item, Value) and item.values.dtype == np.bool_:
        return item
    if isinstance(item, Constant) and item.is_shape and to in _INTEGERS:
        return item
    if to not in _FLOATS or (isinstance(item, Constant) and item.is_shape):
        raise refused(node, f"casts to ONNX's type {to}, wanted floats")
    if isinstance(item, Constant):
        return Constant(item.array.astype(np.float64))
    return item if item.values.dtype == np.float64 else replace(item, values=item.values.astype(np.float64))


def _transpose(node: Any, inputs: Sequence[Item]) -> Constant:
    array = numbers_of(node, inputs, 0)
    order = attribute(node, "perm", list(range(array.ndim))[::-1])
    if sorted(order) != list(range(array.ndim)):
        raise refused(node, f"has perm={order} for {array.ndim} dimensions")
    return Constant(array.transpose(order))


OPERATORS: dict[str, Operator] = {
    **dict.fromkeys(FUNCTIONS, _function),
    **dict.fromkeys(NAMED, _named),
    "BatchNormalization": _batch_normalization,
    "Cast": _cast,
    "Clip": _clip,
    "Dropout": _dropout,
    "Gemm": _gemm,
    "Identity": identity,
    "LogSoftmax": _softmax,
    "MatMul": _matmul,
    "PRelu": _prelu,
    "Shrink": _shrink,
    "Softmax": _softmax,
    "Swish": _swish,
    "Transpose": _transpose,
}
