"""Activations and their way back, over arrays (n, o)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from fastnn.activations import Activation
from fastnn.dual_numbers import differentiated
from fastnn.kernels.contract import Array

__all__ = ["activate", "activation_backward", "activation_forward", "sigmoid", "softmax"]

_GELU_INNER = 2.0 * math.sqrt(2.0 / math.pi)
_GELU_CUBIC = 0.044715
_GATE_END = 800.0  # beyond it the gates of gelu, silu and mish are 0 and 1, in float64 too; infinity * 0 would be NaN

_erfc_of_scalar = np.vectorize(math.erfc, otypes=[np.float64])


# --- value: a from z ----------------------------------------------------------------------------


def sigmoid(z: Array) -> Any:
    """1 / (1 + exp(-z)), from the side on which exp does not overflow."""
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1 / (1 + e), e / (1 + e))


def _erfc(z: Array) -> Any:
    return _erfc_of_scalar(z).astype(z.dtype)


def _sign(z: Array) -> Any:
    return np.where(z == 0, z, np.sign(z))


def _relu(z: Array) -> Any:
    return np.where(z < 0, 0, z)


def _leaky_relu(z: Array, leak: float) -> Any:
    return np.where(z > 0, z, leak * z)


def _elu(z: Array, alpha: float) -> Any:
    return np.where(z >= 0, z, alpha * np.expm1(np.minimum(z, 0)))


def _selu(z: Array, alpha: float, scale: float) -> Any:
    return np.where(z >= 0, scale * z, scale * alpha * np.expm1(np.minimum(z, 0)))


def _gelu(z: Array) -> Any:
    z = np.maximum(z, -_GATE_END)
    return z / 2 * _erfc(-z / math.sqrt(2))  # erfc: 1 + erf cancels for negative z


def _gelu_gate_input(z: Array) -> Any:
    return _GELU_INNER * z * (1 + _GELU_CUBIC * z * z)


def _gelu_tanh(z: Array) -> Any:
    z = np.maximum(z, -_GATE_END)
    return z * sigmoid(_gelu_gate_input(z))  # (1 + tanh(u / 2)) / 2 is the sigmoid of u


def _silu(z: Array) -> Any:
    z = np.maximum(z, -_GATE_END)
    return z * sigmoid(z)


def _mish_gate(z: Array) -> Any:
    """tanh(log(1 + exp z)), which is rational in exp(z), and in exp(-z)."""
    e = np.exp(-np.abs(z))
    below = e * (e + 2)
    return np.where(z > 0, (1 + 2 * e) / (1 + 2 * e + 2 * e * e), below / (below + 2))


def _mish(z: Array) -> Any:
    z = np.maximum(z, -_GATE_END)
    return z * _mish_gate(z)


def _softplus(z: Array, beta: float) -> Any:
    return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(beta * z))) / beta


def _softsign(z: Array) -> Any:
    return np.where(np.isinf(z), np.sign(z), z / (1 + np.abs(z)))


def _hard_sigmoid(z: Array, slope: float = 1 / 6, offset: float = 0.5) -> Any:
    return np.clip(z / (1 / slope) + offset, 0, 1)


def _hard_tanh(z: Array) -> Any:
    return np.clip(z, -1, 1)


def _hard_swish(z: Array) -> Any:
    return np.maximum(z, -3) * _hard_sigmoid(z)


def softmax(z: Array) -> Any:
    """exp(z) over its sum in the row, shifted by the row's largest z."""
    e = np.exp(z - z.max(axis=1, keepdims=True, initial=-np.inf))
    return e / e.sum(axis=1, keepdims=True)


def _log_softmax(z: Array) -> Any:
    top = z.max(axis=1, keepdims=True, initial=-np.inf)
    below = z - np.where(np.isfinite(top), top, 0)  # infinity in z gives NaN there and -infinity elsewhere, as in SciPy
    return below - np.log(np.exp(below).sum(axis=1, keepdims=True))


# --- slope: da/dz from z and a ------------------------------------------------------------------


def _sigmoid_slope(z: Array, a: Array) -> Any:
    return a * (1 - a)


def _tanh_slope(z: Array, a: Array) -> Any:
    return 1 - a * a


def _leaky_relu_slope(z: Array, a: Array, leak: float) -> Any:
    return np.where(z > 0, 1, leak)


def _elu_slope(z: Array, a: Array, alpha: float) -> Any:
    return np.where(z > 0, 1, a + alpha)


def _selu_slope(z: Array, a: Array, alpha: float, scale: float) -> Any:
    return np.where(z > 0, scale, a + scale * alpha)


def _gelu_slope(z: Array, a: Array) -> Any:
    z = np.clip(z, -_GATE_END, _GATE_END)
    return _erfc(-z / math.sqrt(2)) / 2 + z * np.exp(-z * z / 2) / math.sqrt(2 * math.pi)


def _gelu_tanh_slope(z: Array, a: Array) -> Any:
    z = np.clip(z, -_GATE_END, _GATE_END)
    gate = sigmoid(_gelu_gate_input(z))
    inner_slope = _GELU_INNER * (1 + 3 * _GELU_CUBIC * z * z)
    return gate + z * gate * (1 - gate) * inner_slope


def _silu_slope(z: Array, a: Array) -> Any:
    z = np.clip(z, -_GATE_END, _GATE_END)
    gate = sigmoid(z)
    return gate + z * gate * (1 - gate)


def _mish_slope(z: Array, a: Array) -> Any:
    z = np.clip(z, -_GATE_END, _GATE_END)
    gate = _mish_gate(z)
    return gate + z * sigmoid(z) * (1 - gate * gate)


def _softsign_slope(z: Array, a: Array) -> Any:
    inverse = 1 / (1 + np.abs(z))
    return inverse * inverse  # the square of 1 + |z| would overflow


def _hard_sigmoid_slope(z: Array, a: Array, slope: float, offset: float) -> Any:
    return np.where((-offset / slope < z) & (z < (1 - offset) / slope), slope, 0)


def _hard_tanh_slope(z: Array, a: Array) -> Any:
    return np.where(np.abs(z) < 1, 1, 0)


def _hard_swish_slope(z: Array, a: Array) -> Any:
    return np.where(z <= -3, 0, np.where(z >= 3, 1, z / 3 + 0.5))


def _ones(z: Array, a: Array) -> Any:
    return np.ones_like(z)


def _zeros(z: Array, a: Array) -> Any:
    return np.zeros_like(z)


def _step(z: Array, a: Array) -> Any:
    return np.where(z > 0, 1, 0)


# --- the table ----------------------------------------------------------------------------------

_VALUE: dict[str, Callable[..., Any]] = {
    "identity": np.positive,
    "sigmoid": sigmoid,
    "tanh": np.tanh,
    "sign": _sign,
    "relu": _relu,
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
    "hard_tanh": _hard_tanh,
    "hard_swish": _hard_swish,
    "softmax": softmax,
    "log_softmax": _log_softmax,
}

_SLOPE: dict[str, Callable[..., Any]] = {
    "identity": _ones,
    "sigmoid": _sigmoid_slope,
    "tanh": _tanh_slope,
    "sign": _zeros,
    "relu": _step,
    "leaky_relu": _leaky_relu_slope,
    "elu": _elu_slope,
    "selu": _selu_slope,
    "gelu": _gelu_slope,
    "gelu_tanh": _gelu_tanh_slope,
    "silu": _silu_slope,
    "mish": _mish_slope,
    "softplus": lambda z, a, beta: sigmoid(beta * z),
    "softsign": _softsign_slope,
    "hard_sigmoid": _hard_sigmoid_slope,
    "hard_tanh": _hard_tanh_slope,
    "hard_swish": _hard_swish_slope,
}


def activate(z: Array, activation: Activation) -> Any:
    """a (n, o) for z (n, o), of any activation: by NumPy where there is such a form, else by its scalar function."""
    if activation.code >= 0 and activation.name in _VALUE:
        return _VALUE[activation.name](z, *activation.parameters)
    return np.vectorize(_users_value(activation), otypes=[z.dtype])(z)


def _users_value(activation: Activation) -> Callable[[float], float]:
    """A user's own value: as Python calls it where no slope is derived, else as the slope is."""
    if activation.value is None:
        raise TypeError(f"Activation {activation.name!r} has no value(z).")
    if activation.slope is not None or not activation.has_slope:
        return activation.value
    derived = differentiated(activation.value)
    return lambda z: derived(z)[0]


def _slope(z: Array, a: Array, activation: Activation) -> Any:
    if activation.code >= 0 and activation.name in _SLOPE:
        return _SLOPE[activation.name](z, a, *activation.parameters)
    return np.vectorize(_users_slope(activation), otypes=[z.dtype])(z, a)


def _users_slope(activation: Activation) -> Callable[[float, float], float]:
    """A user's own slope(z, a), or the one that is derived from the value."""
    if activation.slope is not None:
        return activation.slope
    if activation.value is None:
        raise TypeError(f"Activation {activation.name!r} has no slope(z, a).")
    derived = differentiated(activation.value)
    return lambda z, a: derived(z)[1]


# --- the kernels --------------------------------------------------------------------------------


@np.errstate(all="ignore")
def activation_forward(z: Array, activation: Activation, out: Array) -> None:
    """out (n, o) = activation(z (n, o))."""
    out[...] = activate(z, activation)


@np.errstate(all="ignore")
def activation_backward(z: Array, a: Array, d_a: Array, activation: Activation, out: Array) -> None:
    """out (n, o) = d_a times the slope; for functions of a row, d_a times their Jacobian."""
    if not activation.by_row:
        out[...] = d_a * _slope(z, a, activation)
    elif activation.name == "softmax":
        out[...] = a * (d_a - (d_a * a).sum(axis=1, keepdims=True))
    else:
        out[...] = d_a - np.exp(a) * d_a.sum(axis=1, keepdims=True)
