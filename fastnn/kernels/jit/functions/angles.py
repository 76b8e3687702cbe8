"""sin, cos and tan of any angle, as expressions.

Beyond some 1e5 in float32, or 1e9 in float64, the reduction of an angle needs more digits than the type has, and libm's
functions are called. Such an angle is rare: a step of a tile looks whether it has one, and then runs again with calls.
"""

from __future__ import annotations

from collections.abc import Callable

from fastnn.kernels.jit.functions import trigonometry
from fastnn.kernels.jit.functions.expressions import Real
from fastnn.kernels.jit.functions.formats import FORMATS
from fastnn.kernels.jit.functions.graph import REAL, Node
from fastnn.kernels.jit.functions.vector_bodies import applied

__all__ = ["ANGLES", "cos", "sin", "tan"]

ANGLES = {"sin", "cos", "tan"}  # operations on an angle, what the body makes of it, and whether it is large


def _of_any_angle(name: str, body: Callable[[Real], Real]) -> Callable[[Node], Node]:
    def function(v: Node) -> Node:
        largest = FORMATS["float" if v.graph.dtype().itemsize == 4 else "double"].largest_angle
        return v.graph.node(name, REAL, v, applied(body, v), abs(v) > largest)

    return function


sin = _of_any_angle("sin", trigonometry.sin)
cos = _of_any_angle("cos", trigonometry.cos)
tan = _of_any_angle("tan", trigonometry.tan)
