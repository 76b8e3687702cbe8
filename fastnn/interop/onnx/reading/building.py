"""Layers out of values: where a function of z becomes an activation, and lines become part of weights."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from fastnn.activations import Activation
from fastnn.interop.chain import FOLDED
from fastnn.interop.onnx.reading.recognised import EXP, recognised
from fastnn.interop.onnx.reading.values import Base, Layer, Line, Numbers, Value, identity_layer

__all__ = ["closed", "dense", "lined", "opened", "row_function", "with_layer_of_its_own"]


def closed(value: Value, what: str) -> tuple[Base, Line]:
    """The layers of a value, the last one with its activation, and the line of it that is left.

    Raises
    ------
    ValueError
        If it is no activation of this library; `what` says for whom it is needed.
    """
    known = recognised(value)
    base = value.base
    if known is None:
        raise ValueError(f"{what} takes a function that is none of this library's activations, or several in a row.")
    if known.activation == EXP:
        raise ValueError(f"{what} takes an exponential, which is no activation of this library.")
    activation = Activation("identity") if isinstance(known.activation, str) else known.activation
    is_identity = activation.name == "identity"
    if base.w is None:
        if is_identity:
            return base, base.line.then(known.after.scale, known.after.shift)
        base = with_layer_of_its_own(base, what)
    w, b = _lined(base, known.before if not is_identity else known.after)
    layers = (*base.layers, Layer(w, b, activation))
    return Base(layers, width=base.width), Line() if is_identity else known.after


def _lined(base: Base, line: Line) -> tuple[Numbers, Numbers]:
    """w and b of the last layer with a line of its output."""
    w, b = np.asarray(base.w), np.asarray(base.b)
    return w * line.scale, b * line.scale + line.shift


def with_layer_of_its_own(base: Base, what: str) -> Base:
    """What is only a line of inputs as a layer, which may have an activation."""
    w, b = identity_layer(base.layers, base.width, what)
    return dense(base, base.line, w, b, what)


def dense(base: Base, line: Line, w: Numbers, b: Numbers, what: str) -> Base:
    """A layer after those of a base, of a line of what they give."""
    if base.width and base.width != len(w):
        raise ValueError(f"{what} has weights for {len(w)} inputs, and gets {base.width}.")
    layers = base.layers
    scale, shift, center = (np.broadcast_to(each, (len(w),)) for each in (line.scale, line.shift, line.center))
    if (np.abs(center * scale) > FOLDED).any():
        eye, _ = identity_layer(layers, len(w), what)
        layers = (*layers, Layer(eye, -center, Activation("identity")))
    else:
        shift = shift - center * scale
    return Base(layers, w * scale[:, None], b + shift @ w, width=w.shape[1])


def opened(value: Value, what: str) -> Base:
    """A base whose z is the value itself: the last layer where that is only a line, else one more layer."""
    base, known = value.base, recognised(value)
    if base.w is not None and known is not None and value.line is not None:
        w, b = _lined(base, value.line)
        return replace(base, w=w, b=b)
    finished, line = closed(value, what)
    return with_layer_of_its_own(replace(finished, line=line), what)


def lined(value: Value, scale: Any, shift: Any, what: str) -> Value:
    """scale * value + shift, by vectors of one number for each column."""
    width = max(np.size(scale), np.size(shift))
    base = value.base
    if base.width and width not in (1, base.width):
        raise ValueError(f"{what} has {width} numbers for {base.width} columns.")
    if base.w is not None and value.line is not None:
        w, b = _lined(base, value.line.then(scale, shift))
        return Value.of(replace(base, w=w, b=b), value.form)
    finished, line = closed(value, what)
    is_first = np.all(line.scale == 1) and np.all(line.shift == 0) and np.all(scale == 1)
    line = replace(line, center=line.center - shift) if is_first else line.then(scale, shift)
    return Value.of(replace(finished, line=line, width=finished.width or width), value.form)


def row_function(value: Value, name: str, what: str) -> Value:
    """Softmax or log_softmax of a value; nothing but the output can follow."""
    base = opened(value, what)
    finished = Base((*base.layers, Layer(np.asarray(base.w), np.asarray(base.b), Activation(name))), width=base.width)
    return Value.of(finished, value.form)
