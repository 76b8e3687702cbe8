"""Every activation as ONNX operators.

In float32 an operator of ONNX's own stands for an activation where there is one. Of many of these onnxruntime has no
float64 kernel: in float64 they are written out, by operators that it has.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastnn.activation_functions import GELU_CUBIC, ROWS
from fastnn.activations import Activation
from fastnn.interop.onnx.graph import Graph

__all__ = ["activation_nodes"]


def activation_nodes(graph: Graph, activation: Activation, z: str) -> str:
    """Add the operators of an activation of z; the name of what they give.

    Raises
    ------
    ValueError
        If it is a user's own, or ONNX has nothing exact for it in this dtype.
    """
    if activation.name not in _FORMS or activation.code < 0:
        raise ValueError(
            f"Activation {activation.name!r} is your own, and ONNX has no such function. Models with the activations "
            f"{', '.join(_FORMS)} can be exported."
        )
    own = _OPERATORS.get(activation.name)
    if own is not None and graph.dtype == np.float32 and graph.opset >= own.since:
        numbers: dict[str, Any] = dict(zip(own.attributes, activation.parameters, strict=True))
        return graph.node(own.kind, z, **numbers)
    return _FORMS[activation.name](graph, z, *activation.parameters)


@dataclass(frozen=True)
class _Operator:
    """An operator that is the activation, and the names of its attributes in the order of our parameters."""

    kind: str
    attributes: tuple[str, ...] = ()
    since: int = 1


# Only in float32: of the others onnxruntime has kernels for both, and they are the forms below.
_OPERATORS = {
    "leaky_relu": _Operator("LeakyRelu", ("alpha",)),
    "elu": _Operator("Elu", ("alpha",)),
    "selu": _Operator("Selu", ("alpha", "gamma")),
    "celu": _Operator("Celu", ("alpha",)),
    "thresholded_relu": _Operator("ThresholdedRelu", ("alpha",)),
    "softsign": _Operator("Softsign"),
    "hard_sigmoid": _Operator("HardSigmoid", ("alpha", "beta")),
    "hard_swish": _Operator("HardSwish", since=14),
    "mish": _Operator("Mish", since=18),
}


def _identity(graph: Graph, z: str) -> str:
    return z


def _plain(kind: str, **attributes: Any) -> Callable[[Graph, str], str]:
    """An operator for which onnxruntime has kernels in both dtypes."""
    return lambda graph, z: graph.node(kind, z, **attributes)


def _clip(graph: Graph, z: str, least: float, largest: float) -> str:
    return graph.node("Clip", z, graph.number(least), graph.number(largest))


def _times(graph: Graph, z: str, factor: float) -> str:
    return z if factor == 1 else graph.node("Mul", z, graph.number(factor))


def _below_zero(graph: Graph, z: str) -> str:
    """Zero above zero, z below: not z - relu(z), which is NaN at infinity."""
    return graph.node("Min", z, graph.number(0))


def _leaky_relu(graph: Graph, z: str, slope: float) -> str:
    below = _times(graph, _below_zero(graph, z), slope)
    return graph.node("Add", graph.node("Relu", z), below)


def _exponential(graph: Graph, z: str, scale: float, alpha: float, width: float = 1.0) -> str:
    """scale * z above zero, scale * alpha * (exp(z / width) - 1) below."""
    below = _below_zero(graph, z)
    bent = graph.node("Exp", below if width == 1 else graph.node("Div", below, graph.number(width)))
    depth = _times(graph, graph.node("Sub", bent, graph.number(1)), scale * alpha)
    return graph.node("Add", _times(graph, graph.node("Relu", z), scale), depth)


def _elu(graph: Graph, z: str, alpha: float) -> str:
    return _exponential(graph, z, 1.0, alpha)


def _celu(graph: Graph, z: str, alpha: float) -> str:
    return _exponential(graph, z, 1.0, alpha, alpha)


def _selu(graph: Graph, z: str, alpha: float, scale: float) -> str:
    return _exponential(graph, z, scale, alpha)


def _bend(graph: Graph, z: str) -> str:
    """log(1 + exp(-|z|)), by which softplus differs from relu."""
    falling = graph.node("Exp", graph.node("Neg", graph.node("Abs", z)))
    return graph.node("Log", graph.node("Add", graph.number(1), falling))


def _softplus(graph: Graph, z: str, beta: float = 1.0) -> str:
    scaled = _times(graph, z, beta)
    if graph.dtype == np.float32:
        total = graph.node("Softplus", scaled)
    else:
        total = graph.node("Add", graph.node("Relu", scaled), _bend(graph, scaled))
    return total if beta == 1 else graph.node("Div", total, graph.number(beta))


def _log_sigmoid(graph: Graph, z: str) -> str:
    return graph.node("Sub", _below_zero(graph, z), _bend(graph, z))


def _softsign(graph: Graph, z: str) -> str:
    return graph.node("Div", z, graph.node("Add", graph.number(1), graph.node("Abs", z)))


def _hard_sigmoid(graph: Graph, z: str, slope: float = 1 / 6, offset: float = 0.5) -> str:
    line = graph.node("Add", _times(graph, z, slope), graph.number(offset))
    return _clip(graph, line, 0, 1)


def _hard_swish(graph: Graph, z: str) -> str:
    return graph.node("Mul", z, _hard_sigmoid(graph, z))


def _softshrink(graph: Graph, z: str, threshold: float) -> str:
    return graph.node("Sub", z, _clip(graph, z, -threshold, threshold))


def _above(graph: Graph, z: str, size: str, threshold: float) -> str:
    """Return z where its size is above the threshold, else zero; onnxruntime's Shrink rounds the threshold."""
    return graph.node("Where", graph.node("Greater", size, graph.number(threshold)), z, graph.number(0))


def _hard_shrink(graph: Graph, z: str, threshold: float) -> str:
    return _above(graph, z, graph.node("Abs", z), threshold)


def _thresholded_relu(graph: Graph, z: str, threshold: float) -> str:
    return _above(graph, z, z, threshold)


def _tanh_shrink(graph: Graph, z: str) -> str:
    return graph.node("Sub", z, graph.node("Tanh", z))


def _silu(graph: Graph, z: str) -> str:
    if graph.dtype == np.float64:  # onnxruntime before 1.31 makes a QuickGelu of the product, which it lacks in float64
        return graph.node("Div", z, graph.node("Add", graph.node("Exp", graph.node("Neg", z)), graph.number(1)))
    return graph.node("Mul", z, graph.node("Sigmoid", z))


def _gelu(graph: Graph, z: str) -> str:
    if graph.dtype == np.float64:
        raise ValueError(
            "Activation 'gelu' has no exact form in float64: onnxruntime has no Erf of float64. Export with "
            "dtype='float32', or use 'gelu_tanh'."
        )
    error = graph.node("Erf", graph.node("Mul", z, graph.number(math.sqrt(0.5))))
    half = graph.node("Mul", z, graph.number(0.5))
    return graph.node("Mul", half, graph.node("Add", error, graph.number(1)))


def _gelu_tanh(graph: Graph, z: str) -> str:
    square = graph.node("Mul", graph.node("Mul", z, z), graph.number(GELU_CUBIC))
    cubic = graph.node("Mul", z, graph.node("Add", square, graph.number(1)))
    gate = graph.node("Sigmoid", graph.node("Mul", cubic, graph.number(2 * math.sqrt(2 / math.pi))))
    return graph.node("Mul", z, gate)


def _mish(graph: Graph, z: str) -> str:
    return graph.node("Mul", z, graph.node("Tanh", _softplus(graph, z)))


_FORMS: dict[str, Callable[..., str]] = {
    "identity": _identity,
    "sigmoid": _plain("Sigmoid"),
    "tanh": _plain("Tanh"),
    "sign": _plain("Sign"),
    "relu": _plain("Relu"),
    "leaky_relu": _leaky_relu,
    "elu": _elu,
    "selu": _selu,
    "gelu": _gelu,
    "gelu_tanh": _gelu_tanh,
    "silu": _silu,
    "mish": _mish,
    "softplus": _softplus,
    "softsign": _softsign,
    "hard_sigmoid": _hard_sigmoid,
    "hard_tanh": lambda graph, z: _clip(graph, z, -1, 1),
    "hard_swish": _hard_swish,
    "softmax": _plain("Softmax", axis=1),
    "log_softmax": _plain("LogSoftmax", axis=1),
    "celu": _celu,
    "softshrink": _softshrink,
    "hard_shrink": _hard_shrink,
    "tanh_shrink": _tanh_shrink,
    "log_sigmoid": _log_sigmoid,
    "thresholded_relu": _thresholded_relu,
    "relu6": lambda graph, z: _clip(graph, z, 0, 6),
}
if missing := [row.name for row in ROWS if row.name not in _FORMS]:
    raise TypeError(f"no ONNX form of the activations {', '.join(missing)}")
