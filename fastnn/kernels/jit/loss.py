"""Losses on the raw output z (n, o), their gradients, and the links.

All losses are computed in float64, never on clipped probabilities: exact at z = +-1e20. A kernel
`(z, y, sample_weight, total_weight, parameter, d_z)` returns the loss and writes its gradient.
"""

from __future__ import annotations

import math
from functools import cache
from types import FunctionType
from typing import Any

import numpy as np

from fastnn import _core
from fastnn.activations import ACTIVATIONS
from fastnn.kernels.contract import Array
from fastnn.kernels.jit.activation import activate
from fastnn.kernels.jit.compiler import compile_at_first_call
from fastnn.kernels.jit.smooth_loops import exp_value
from fastnn.kernels.jit.style import exact, kernel
from fastnn.loss_functions import Element
from fastnn.losses import LOSSES, USER, Loss, element_of

__all__ = ["link", "loss_and_gradient"]

# --- losses of elements -------------------------------------------------------------------------

_element: Any = None  # each kernel of elements has its own in its globals


def _elements(z: Any, y: Any, sample_weight: Any, total_weight: float, parameter: float, d_z: Any) -> float:
    loss = 0.0
    for r in range(z.shape[0]):
        scale = (1.0 if sample_weight is None else sample_weight[r]) / total_weight
        of_row = 0.0
        for c in range(z.shape[1]):
            value, slope = _element(np.float64(z[r, c]), np.float64(y[r, c]), parameter)
            of_row += value
            d_z[r, c] = slope * scale
        loss += scale * of_row
    return loss


@cache
def _kernel_around(element: Element) -> Any:
    """The kernel `_elements` of one loss.

    Numba's cache on disk looks at the file that a kernel's code says it is from, and at its bytecode, but not at the
    functions that it calls. So this kernel says that it is from the file of `element`, and is compiled anew when that
    file changes.
    """
    of: Any = element
    name = f"elements{of.__name__}"
    place = {"co_filename": of.__code__.co_filename, "co_firstlineno": of.__code__.co_firstlineno}
    code = _elements.__code__.replace(co_name=name, co_qualname=name, **place)
    return kernel(FunctionType(code, globals() | {"_element": compile_at_first_call(of)}, name))


# --- losses of rows -----------------------------------------------------------------------------


@exact
def _cross_entropy_row(z: Any, y: Any, scale: float, d_z: Any, r: int) -> float:
    # Term by term y (log sum exp z - z), shifted by the row's largest z; 0 where y is 0.
    top, sum_exp, sum_y, loss = -np.inf, 0.0, 0.0, 0.0
    for c in range(z.shape[1]):
        top = z[r, c] if z[r, c] > top else top
    for c in range(z.shape[1]):
        sum_exp += math.exp(z[r, c] - top)
        sum_y += y[r, c]
    log_sum = math.log(sum_exp)
    for c in range(z.shape[1]):
        below, target = z[r, c] - top, np.float64(y[r, c])
        loss += 0.0 * log_sum if target == 0.0 else target * (log_sum - below)
        d_z[r, c] = (math.exp(below) / sum_exp * sum_y - target) * scale
    return loss


@kernel
def _cross_entropy(z: Any, y: Any, sample_weight: Any, total_weight: float, parameter: float, d_z: Any) -> float:
    loss = 0.0
    for r in range(z.shape[0]):
        scale = (1.0 if sample_weight is None else sample_weight[r]) / total_weight
        loss += scale * _cross_entropy_row(z, y, scale, d_z, r)
    return loss


@exact
def _largest(z: Any, r: int) -> int:
    place = 0
    for c in range(1, z.shape[1]):
        if z[r, c] > z[r, place]:
            place = c
    return place


@exact
def _share(e: float, rest: float, is_largest: bool) -> Any:
    """p and 1 - p from e = exp(z - largest): of the largest z from the rest of the sum, so that nothing cancels."""
    return e / (1.0 + rest), (rest if is_largest else (1.0 + rest) - e) / (1.0 + rest)


@exact
def _focal_slope(p: float, others: float, minus_log: float, gamma: float) -> Any:
    """(1 - p)**gamma, and that times 1 + gamma p (-log p) / (1 - p), whose quotient goes to 1 where p does."""
    weight = others**gamma
    quotient = 1.0 if others == 0.0 else (0.0 if p == 0.0 else p * minus_log / others)
    return weight, weight * (1.0 + gamma * quotient)


@exact
def _focal_row(z: Any, y: Any, gamma: float, scale: float, d_z: Any, r: int) -> float:
    top, rest, loss, total = _largest(z, r), 0.0, 0.0, 0.0
    for c in range(z.shape[1]):
        rest += 0.0 if c == top else math.exp(np.float64(z[r, c]) - z[r, top])
    for c in range(z.shape[1]):
        below = np.float64(z[r, c]) - z[r, top]
        p, others = _share(math.exp(below), rest, c == top)
        minus_log = math.log1p(rest) - below
        weight, slope = _focal_slope(p, others, minus_log, gamma)
        if y[r, c] != 0.0:
            loss += y[r, c] * weight * minus_log
            total += y[r, c] * slope
    for c in range(z.shape[1]):
        below = np.float64(z[r, c]) - z[r, top]
        p, others = _share(math.exp(below), rest, c == top)
        slope = 0.0 if y[r, c] == 0.0 else y[r, c] * _focal_slope(p, others, math.log1p(rest) - below, gamma)[1]
        d_z[r, c] = scale * (p * (total - slope) - others * slope)
    return loss


@kernel
def _focal(z: Any, y: Any, sample_weight: Any, total_weight: float, parameter: float, d_z: Any) -> float:
    loss = 0.0
    for r in range(z.shape[0]):
        scale = (1.0 if sample_weight is None else sample_weight[r]) / total_weight
        loss += scale * _focal_row(z, y, parameter, scale, d_z, r)
    return loss


# A loss of rows has the kernel of its name here, or importing this file fails.
_BY_ROW = {name: globals()[f"_{name}"] for name, loss in LOSSES.items() if element_of(loss) is None}

# --- the kernels --------------------------------------------------------------------------------


@kernel
def _total_weight(sample_weight: Any, n: int) -> float:
    """1 where all weights are zero, so that loss and gradient are zero too."""
    total = 0.0
    for r in range(n):
        total += 1.0 if sample_weight is None else sample_weight[r]
    return total if total > 0.0 else 1.0


def loss_and_gradient(z: Array, y: Array, sample_weight: Array | None, loss: Loss, d_z: Array) -> float:
    """Weighted mean over the rows of the sum over outputs; its gradient by z (n, o) goes to d_z.

    Where all weights are zero (or there are no rows), loss and gradient are zero.
    """
    if loss.code == USER:  # a function of C, which the native kernels call for both backends
        return _core.loss_and_gradient(z, y, sample_weight, loss, d_z, 1)
    element = element_of(loss)
    run = _BY_ROW[loss.name] if element is None else _kernel_around(element)
    total: float = run(z, y, sample_weight, _total_weight(sample_weight, len(z)), loss.parameter, d_z)
    return total


def link(z: Array, loss: Loss, out: Array) -> None:
    """out (n, o): the prediction that z (n, o) means under the loss."""
    np.copyto(out, z)
    if loss.link == "exp":
        exp_value(out.reshape(-1))
    else:
        activate(ACTIVATIONS[loss.link], out)
