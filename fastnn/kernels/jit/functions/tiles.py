"""Users' scalar functions as object code of the tile functions that the native engine calls."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn.kernels.jit.functions.graph import Graph
from fastnn.kernels.jit.functions.object_code import has_fma, has_scale, object_code
from fastnn.kernels.jit.functions.recording import recorded
from fastnn.kernels.jit.functions.tile_text import activation_text, backward_text, loss_text

__all__ = ["activation_tile_code", "backward_tile_code", "loss_tile_code"]


def activation_tile_code(value: Any, slope: Any, dtype: Any) -> bytes:
    """Compile an activation.

    Parameters
    ----------
    value : callable
        value(z), of a number.
    slope : callable or None
        slope(z, a) with a = value(z); None to have it derived from `value`.
    dtype : dtype-like
        float32 or float64: of the arrays, and of the arithmetic.

    Returns
    -------
    bytes
        A relocatable object file of this machine that has the C function ``fastnn_tile(parameters, z, a, slope,
        count)``; `slope` may be null there, z and a may be the same memory.

    Raises
    ------
    TypeError
        If a function cannot be compiled: one sentence shows the line in question.
    """
    return object_code(_activation_text(value, slope, dtype))


def backward_tile_code(value: Any, slope: Any, dtype: Any) -> bytes:
    """Compile an activation's way back.

    Parameters
    ----------
    value : callable
        value(z), of a number; only its derivative is used, and only where no slope is given.
    slope : callable or None
        slope(z, a) with a = value(z); None to have it derived from `value`.
    dtype : dtype-like
        float32 or float64: of the arrays, and of the arithmetic.

    Returns
    -------
    bytes
        A relocatable object file of this machine that has the C function ``fastnn_tile(parameters, z, a, d_a, d_z,
        count)``, which writes d_a times the slope.

    Raises
    ------
    TypeError
        If a function cannot be compiled: one sentence shows the line in question.
    """
    return object_code(_backward_text(value, slope, dtype))


def loss_tile_code(value: Any, slope: Any, dtype: Any) -> bytes:
    """Compile a loss.

    Parameters
    ----------
    value : callable
        value(z, y), of two numbers: a raw output and its target.
    slope : callable or None
        slope(z, y), the derivative by z; None to have it derived from `value`.
    dtype : dtype-like
        float32 or float64: of the arrays, and of the arithmetic.

    Returns
    -------
    bytes
        A relocatable object file of this machine that has the C function ``fastnn_tile(parameters, z, y, losses, d_z,
        count)``, and ``fastnn_run(parameters, z, y, d_z, scale, count)``, which writes scaled slopes and returns the
        sum of the losses.

    Raises
    ------
    TypeError
        If a function cannot be compiled: one sentence shows the line in question.
    """
    return object_code(_loss_text(value, slope, dtype))


def _graph(dtype: Any) -> Graph:
    return Graph(np.dtype(dtype).type, has_fma(), has_scale())


def _activation_text(value: Any, slope: Any, dtype: Any) -> str:
    graph = _graph(dtype)
    z = graph.argument("z")
    a, derived = recorded(graph, value, {"z": (z, graph.real(1.0) if slope is None else None)})
    if slope is not None:
        derived, _ = recorded(graph, slope, {"z": (z, None), "a": (a, None)})
    return activation_text(a, graph.real(0.0) if derived is None else derived)


def _backward_text(value: Any, slope: Any, dtype: Any) -> str:
    graph = _graph(dtype)
    z, a, d_a = map(graph.argument, ("z", "a", "d_a"))
    if slope is None:
        _, rate = recorded(graph, value, {"z": (z, graph.real(1.0))})
    else:
        rate, _ = recorded(graph, slope, {"z": (z, None), "a": (a, None)})
    return backward_text(d_a * (graph.real(0.0) if rate is None else rate))


def _loss_text(value: Any, slope: Any, dtype: Any) -> str:
    graph = _graph(dtype)
    z, y = graph.argument("z"), graph.argument("y")
    losses, derived = recorded(graph, value, {"z": (z, graph.real(1.0) if slope is None else None), "y": (y, None)})
    if slope is not None:
        derived, _ = recorded(graph, slope, {"z": (z, None), "y": (y, None)})
    return loss_text(losses, graph.real(0.0) if derived is None else derived)
