"""The operators of scikit-learn's models, of the domain ai.onnx.ml, as skl2onnx writes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastnn.activations import Activation
from fastnn.interop.onnx.reading.building import lined, row_function
from fastnn.interop.onnx.reading.file import attribute, described
from fastnn.interop.onnx.reading.operators import Item, Operator, activated, flat, layer, refused, value_of
from fastnn.interop.onnx.reading.values import Numbers, Value

__all__ = ["LEARNED"]


def _floats(node: Any, name: str) -> Numbers:
    return np.array(attribute(node, name, [0.0]), np.float64)


def _scaler(node: Any, inputs: Sequence[Item]) -> Value:
    offset, scale = _floats(node, "offset"), np.array(attribute(node, "scale", [1.0]), np.float64)
    if not offset.size or not scale.size or (offset.size != scale.size and 1 not in (offset.size, scale.size)):
        raise refused(node, f"has {offset.size} offsets and {scale.size} scales")
    value = lined(flat(node, value_of(node, inputs)), np.ones(1), -offset, described(node))
    return lined(value, scale, np.zeros(1), described(node))


def _coefficients(node: Any, outputs: int, b: Numbers) -> tuple[Numbers, Numbers]:
    """w (i, o) and b (o,)."""
    coefficients = _floats(node, "coefficients")
    if outputs < 1 or not coefficients.size or coefficients.size % outputs or b.size not in (1, outputs):
        raise refused(node, f"has {coefficients.size} coefficients and {b.size} intercepts for {outputs} outputs")
    return coefficients.reshape(outputs, -1).T, np.broadcast_to(b, (outputs,))


def _linear_regressor(node: Any, inputs: Sequence[Item]) -> Value:
    if attribute(node, "post_transform", b"NONE") != b"NONE":
        raise refused(node, f"has post_transform={attribute(node, 'post_transform', b'')!r}, wanted NONE")
    w, b = _coefficients(node, attribute(node, "targets", 1), _floats(node, "intercepts"))
    return layer(node, flat(node, value_of(node, inputs)), w, b)


def _linear_classifier(node: Any, inputs: Sequence[Item]) -> Value:
    intercepts = _floats(node, "intercepts")
    if intercepts.size < 2:
        raise refused(node, "has one row of coefficients, wanted one for each class")
    w, b = _coefficients(node, intercepts.size, intercepts)
    z = layer(node, flat(node, value_of(node, inputs)), w, b)
    after = attribute(node, "post_transform", b"NONE")
    if after == b"SOFTMAX":
        return row_function(z, "softmax", described(node))
    if after == b"LOGISTIC":
        return activated(z, Activation("sigmoid"))
    if after != b"NONE":
        raise refused(node, f"has post_transform={after!r}, wanted NONE, LOGISTIC or SOFTMAX")
    return z


def _normalizer(node: Any, inputs: Sequence[Item]) -> Value:
    """Divides by a row's sum, which is 1 for softmax, and for sigmoids of z and -z."""
    value = value_of(node, inputs)
    if attribute(node, "norm", b"MAX") == b"L1" and _sums_to_one(value):
        return value
    raise refused(node, "divides every row by its sum, which no layer does")


def _sums_to_one(value: Value) -> bool:
    base = value.base
    if value.line is not None and value.line.is_plain and base.w is None and base.layers:
        return base.layers[-1].activation.name == "softmax"
    is_sigmoid = value.named is not None and value.named.activation == Activation("sigmoid")
    if not is_sigmoid or base.w is None or base.b is None or base.w.shape[1] != 2:
        return False
    return bool((base.w[:, 0] == -base.w[:, 1]).all() and base.b[0] == -base.b[1])


LEARNED: dict[str, Operator] = {
    "LinearClassifier": _linear_classifier,
    "LinearRegressor": _linear_regressor,
    "Normalizer": _normalizer,
    "Scaler": _scaler,
}
