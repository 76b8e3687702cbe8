"""The loops of the activations over flat arrays, of softmax and log_softmax over rows.

`x_value(a)` works in place, `a` holding z at first: a dense layer needs no second buffer, and LLVM
no check for overlap. `x_backward(z, a, d_a, out)` writes d_a times the slope. Parameters of the
function come last, as numbers. Functions are evaluated in float64, float32 only being stored, so
that a float32 result is rounded once.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from fastnn.activation_functions import GELU_CUBIC, SELU_ALPHA, SELU_SCALE
from fastnn.kernels.jit.functions.vector_math import erfc as _erfc
from fastnn.kernels.jit.functions.vector_math import exp as _exp
from fastnn.kernels.jit.functions.vector_math import expm1_of_negative as _expm1
from fastnn.kernels.jit.functions.vector_math import log1p as _log1p
from fastnn.kernels.jit.functions.vector_math import tanh as _tanh
from fastnn.kernels.jit.style import exact, kernel

# Numba's cache does not see changes in other files: this line changes with vector mathematics, as a test asks for.
VECTOR_MATH = "43ef37d9fb1b"

# --- functions of one number that several kernels share -----------------------------------------

_GATE_END = 800.0  # beyond it the gates of gelu, silu and mish are 0 and 1, and infinity * 0 would be NaN


@kernel
def _not_below(z: Any) -> Any:
    return -_GATE_END if z < -_GATE_END else z


@kernel
def _near(z: Any) -> Any:
    t = _not_below(z)
    return _GATE_END if t > _GATE_END else t


@kernel
def _sigmoid(z: Any) -> Any:
    e = _exp(-abs(z))
    return (1.0 if z >= 0.0 else e) / (1.0 + e)


@kernel
def _sigmoid_slope(z: Any) -> Any:
    e = _exp(-abs(z))
    return e / ((1.0 + e) * (1.0 + e))


@kernel
def _normal_cdf(z: Any) -> Any:
    return 0.5 * _erfc(-z * math.sqrt(0.5))  # 1 + erf would cancel for negative z


_GELU_INNER = 2 * math.sqrt(2 / math.pi)


@kernel
def _gelu_tanh_inner(z: Any) -> Any:
    """u of the gate sigmoid(u), which is (1 + tanh(u / 2)) / 2."""
    return _GELU_INNER * z * (1.0 + GELU_CUBIC * z * z)


@kernel
def _mish_gate(z: Any) -> Any:
    """tanh(log(1 + exp z)), which is rational in exp(z), and in exp(-z)."""
    e = _exp(-abs(z))
    square = e * e  # outside the ifs, which LLVM would not turn into selections otherwise
    above = (1.0 if z > 0.0 else square) + 2.0 * e
    return above / (above + (2.0 * square if z > 0.0 else 2.0))


@kernel
def _mish_rest(z: Any) -> Any:
    """1 - gate, without cancellation."""
    e = _exp(-abs(z))
    square = e * e
    rest = 2.0 * square if z > 0.0 else 2.0
    return rest / (rest + (1.0 if z > 0.0 else square) + 2.0 * e)


# --- value: a = activation(a) -------------------------------------------------------------------


@kernel
def sigmoid_value(a: Any) -> None:
    for k in range(a.size):
        a[k] = _sigmoid(np.float64(a[k]))


@kernel
def tanh_value(a: Any) -> None:
    for k in range(a.size):
        a[k] = _tanh(np.float64(a[k]))


@kernel
def elu_value(a: Any, alpha: float) -> None:
    for k in range(a.size):
        z = np.float64(a[k])
        a[k] = z if z >= 0.0 else alpha * _expm1(z)


@kernel
def selu_value(a: Any) -> None:
    for k in range(a.size):
        z = np.float64(a[k])
        a[k] = SELU_SCALE * (z if z >= 0.0 else SELU_ALPHA * _expm1(z))


@kernel
def gelu_value(a: Any) -> None:
    for k in range(a.size):
        z = _not_below(np.float64(a[k]))
        a[k] = z * _normal_cdf(z)


@kernel
def gelu_tanh_value(a: Any) -> None:
    for k in range(a.size):
        z = _not_below(np.float64(a[k]))
        a[k] = z * _sigmoid(_gelu_tanh_inner(z))


@kernel
def silu_value(a: Any) -> None:
    for k in range(a.size):
        z = _not_below(np.float64(a[k]))
        a[k] = z * _sigmoid(z)


@kernel
def mish_value(a: Any) -> None:
    for k in range(a.size):
        z = _not_below(np.float64(a[k]))
        a[k] = z * _mish_gate(z)


@kernel
def softplus_value(a: Any, beta: float) -> None:
    for k in range(a.size):
        z = np.float64(a[k])
        a[k] = (z if z > 0.0 else 0.0) + _log1p(_exp(-abs(beta * z))) / beta


@kernel
def softsign_value(a: Any) -> None:
    for k in range(a.size):
        z = np.float64(a[k])
        size = abs(z)  # its quotient would be infinity / infinity, far out
        a[k] = math.copysign(1.0 if size > 1e300 else size / (1.0 + size), z)


@kernel
def exp_value(a: Any) -> None:
    """The link of the Poisson loss."""
    for k in range(a.size):
        a[k] = _exp(np.float64(a[k]))


# --- slope: out = d_a * da/dz --------------------------------------------------------------------


@kernel
def sigmoid_backward(z: Any, a: Any, d_a: Any, out: Any) -> None:
    for k in range(out.size):
        value = np.float64(a[k])
        out[k] = d_a[k] * (value * (1.0 - value))


@kernel
def tanh_backward(z: Any, a: Any, d_a: Any, out: Any) -> None:
    for k in range(out.size):
        value = np.float64(a[k])
        out[k] = d_a[k] * (1.0 - value * value)


@kernel
def elu_backward(z: Any, a: Any, d_a: Any, out: Any, alpha: float) -> None:
    left = a.dtype.type(alpha)  # of a's dtype, so that it cancels a's rounded limit
    for k in range(out.size):
        out[k] = d_a[k] * (1.0 if z[k] > 0.0 else a[k] + left)


@kernel
def selu_backward(z: Any, a: Any, d_a: Any, out: Any) -> None:
    left = a.dtype.type(SELU_SCALE * SELU_ALPHA)  # of a's dtype, so that it cancels a's rounded limit
    for k in range(out.size):
        out[k] = d_a[k] * (SELU_SCALE if z[k] > 0.0 else a[k] + left)


@kernel
def gelu_backward(z: Any, a: Any, d_a: Any, out: Any) -> None:
    for k in range(out.size):
        t = _near(np.float64(z[k]))
        density = _exp(-0.5 * t * t) / math.sqrt(2.0 * math.pi)
        out[k] = d_a[k] * (_normal_cdf(t) + t * density)


@kernel
def gelu_tanh_backward(z: Any, a: Any, d_a: Any, out: Any) -> None:
    for k in range(out.size):
        t = _near(np.float64(z[k]))
        inner = _gelu_tanh_inner(t)
        inner_slope = _GELU_INNER * (1.0 + 3.0 * GELU_CUBIC * t * t)
        out[k] = d_a[k] * (_sigmoid(inner) + t * _sigmoid_slope(inner) * inner_slope)


@kernel
def silu_backward(z: Any, a: Any, d_a: Any, out: Any) -> None:
    for k in range(out.size):
        t = _near(np.float64(z[k]))
        out[k] = d_a[k] * (_sigmoid(t) + t * _sigmoid_slope(t))


@kernel
def mish_backward(z: Any, a: Any, d_a: Any, out: Any) -> None:
    for k in range(out.size):
        t = _near(np.float64(z[k]))
        gate = _mish_gate(t)
        out[k] = d_a[k] * (gate + t * _sigmoid(t) * _mish_rest(t) * (1.0 + gate))


@kernel
def softplus_backward(z: Any, a: Any, d_a: Any, out: Any, beta: float) -> None:
    for k in range(out.size):
        out[k] = d_a[k] * _sigmoid(beta * np.float64(z[k]))


@kernel
def softsign_backward(z: Any, a: Any, d_a: Any, out: Any) -> None:
    for k in range(out.size):
        inverse = 1.0 / (1.0 + abs(np.float64(z[k])))
        out[k] = d_a[k] * (inverse * inverse)


# --- functions of a row: (n, o) -----------------------------------------------------------------


@kernel
def _largest(z: Any, r: int) -> Any:
    top = -np.inf
    for c in range(z.shape[1]):
        top = z[r, c] if z[r, c] > top else top
    return top


@kernel
def softmax_value(a: Any) -> None:
    for r in range(a.shape[0]):
        top, total = _largest(a, r), 0.0
        for c in range(a.shape[1]):
            total += _exp(a[r, c] - top)
        for c in range(a.shape[1]):
            a[r, c] = _exp(a[r, c] - top) / total


@exact
def _log_share(z: Any, top: Any, log_total: Any) -> Any:
    return (z - top) - log_total


@kernel
def log_softmax_value(a: Any) -> None:
    for r in range(a.shape[0]):
        top, total = _largest(a, r), 0.0
        top = top if abs(top) < np.inf else 0.0  # infinity in z gives NaN there and -infinity elsewhere
        for c in range(a.shape[1]):
            total += _exp(a[r, c] - top)
        log_total = math.log(total)
        for c in range(a.shape[1]):
            a[r, c] = _log_share(a[r, c], top, log_total)


@kernel
def softmax_backward(z: Any, a: Any, d_a: Any, out: Any) -> None:
    for r in range(out.shape[0]):
        mean = 0.0
        for c in range(out.shape[1]):
            mean += np.float64(d_a[r, c]) * a[r, c]
        for c in range(out.shape[1]):
            out[r, c] = a[r, c] * (d_a[r, c] - mean)


@kernel
def log_softmax_backward(z: Any, a: Any, d_a: Any, out: Any) -> None:
    for r in range(out.shape[0]):
        total = 0.0
        for c in range(out.shape[1]):
            total += d_a[r, c]
        for c in range(out.shape[1]):
            out[r, c] = d_a[r, c] - _exp(np.float64(a[r, c])) * total
