"""The loops of the activations that are linear in pieces, over flat arrays.

`x_value(a)` and `x_backward(z, a, d_a, out)` as in `smooth_loops`, the function's parameters last.
NaN fails every comparison, so the branch that hands z on comes last.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn.kernels.jit.style import exact, kernel

# --- value: a = activation(a) -------------------------------------------------------------------


@kernel
def sign_value(a: Any) -> None:
    for k in range(a.size):
        z = a[k]
        a[k] = 1.0 if z > 0.0 else (-1.0 if z < 0.0 else z)


@kernel
def relu_value(a: Any) -> None:
    for k in range(a.size):
        z = a[k]
        a[k] = 0.0 if z < 0.0 else z  # this order lets NaN through


@kernel
def leaky_relu_value(a: Any, leak: float) -> None:
    for k in range(a.size):
        z = np.float64(a[k])
        a[k] = z if z > 0.0 else leak * z


@kernel
def hard_tanh_value(a: Any) -> None:
    for k in range(a.size):
        z = a[k]
        z = -1.0 if z < -1.0 else z
        a[k] = 1.0 if z > 1.0 else z


@exact
def _hard_sigmoid(z: Any, left: float, right: float, width: float, offset: float) -> Any:
    return 0.0 if z <= left else (1.0 if z >= right else z / width + offset)


@kernel
def hard_sigmoid_value(a: Any, slope: float, offset: float) -> None:
    left, right, width = -offset / slope, (1.0 - offset) / slope, 1.0 / slope
    for k in range(a.size):
        a[k] = _hard_sigmoid(np.float64(a[k]), left, right, width, offset)


@kernel
def hard_swish_value(a: Any) -> None:
    for k in range(a.size):
        z = np.float64(a[k])
        a[k] = 0.0 if z <= -3.0 else z * _hard_sigmoid(z, -3.0, 3.0, 6.0, 0.5)  # -infinity * 0 would be NaN


# --- slope: out = d_a * da/dz --------------------------------------------------------------------


@kernel
def sign_backward(z: Any, a: Any, d_a: Any, out: Any) -> None:
    for k in range(out.size):
        out[k] = d_a[k] * 0.0


@kernel
def relu_backward(z: Any, a: Any, d_a: Any, out: Any) -> None:
    for k in range(out.size):
        out[k] = d_a[k] * (1.0 if z[k] > 0.0 else 0.0)


@kernel
def leaky_relu_backward(z: Any, a: Any, d_a: Any, out: Any, leak: float) -> None:
    for k in range(out.size):
        out[k] = d_a[k] * (1.0 if z[k] > 0.0 else leak)


@kernel
def hard_sigmoid_backward(z: Any, a: Any, d_a: Any, out: Any, slope: float, offset: float) -> None:
    left, right = -offset / slope, (1.0 - offset) / slope
    for k in range(out.size):
        out[k] = d_a[k] * (slope if left < z[k] < right else 0.0)


@kernel
def hard_tanh_backward(z: Any, a: Any, d_a: Any, out: Any) -> None:
    for k in range(out.size):
        out[k] = d_a[k] * (1.0 if abs(z[k]) < 1.0 else 0.0)


@kernel
def hard_swish_backward(z: Any, a: Any, d_a: Any, out: Any) -> None:
    for k in range(out.size):
        t = np.float64(z[k])
        slope = 0.0 if t <= -3.0 else t / 3.0 + 0.5
        out[k] = d_a[k] * (1.0 if t >= 3.0 else slope)
