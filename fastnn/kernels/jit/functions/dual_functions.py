"""Functions of one dual number, by the names that `math`, NumPy and SciPy have for them.

A slope is what the function's derivative gives there, from parts that its value needs, too, where that can be.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from fastnn.kernels.jit.functions import (
    angles,
    error_functions,
    exponentials,
    inverse_trigonometry,
    logarithms,
    roots,
)
from fastnn.kernels.jit.functions.compositions import (
    cosh_argument,
    exp_of_negative,
    exp_of_negative_size,
    log_cosh,
    log_sigmoid,
    of_exponential,
    of_one_and_exponential,
    sigmoid_argument,
    softplus,
    softplus_argument,
    tanh_of_softplus,
)
from fastnn.kernels.jit.functions.dual import Dual, Truth, chain, chain_levelling, chain_to_end
from fastnn.kernels.jit.functions.expressions import Real
from fastnn.kernels.jit.functions.graph import REAL, Node
from fastnn.kernels.jit.functions.ranges import is_never_positive
from fastnn.kernels.jit.functions.vector_bodies import applied

__all__ = ["ONE", "of_value"]

Function = Callable[[Dual], Any]


def of_value(value: Callable[[Node], Node], slope: Callable[[Node, Node], Any]) -> Function:
    """A function by its value(v) and slope(v, value)."""

    def function(z: Dual) -> Dual:
        a = value(z.value)
        return z.like(a, None if z.slope is None else chain(slope(z.value, a), z.slope))

    return function


def _ending(value: Callable[[Node], Node], slope: Callable[[Node, Node], Any]) -> Function:
    """The same for a function that ends, or turns, where its slope is infinite."""

    def function(z: Dual) -> Dual:
        a = value(z.value)
        return z.like(a, None if z.slope is None else chain_to_end(slope(z.value, a), z.slope))

    return function


def _levelling(value: Callable[[Node], Node], slope: Callable[[Node, Node], Any]) -> Function:
    """The same for a function that levels off."""

    def function(z: Dual) -> Dual:
        a = value(z.value)
        return z.like(a, None if z.slope is None else chain_levelling(slope(z.value, a), z.slope))

    return function


def _body(body: Callable[..., Any]) -> Callable[..., Node]:
    return lambda *nodes: applied(body, *nodes)


def _of_body(body: Callable[..., Any], slope: Callable[..., Any]) -> Function:
    return of_value(_body(body), _body(slope))


def _operation(name: str) -> Callable[[Node], Node]:
    return lambda v: v.graph.node(name, REAL, v)


def _step(name: str) -> Function:
    return lambda z: z.like(_operation(name)(z.value))


_exp, _expm1, _log, _log1p = map(_body, (exponentials.exp, exponentials.expm1, logarithms.log, logarithms.log1p))
_sqrt = _body(roots.sqrt)


def _named(name: str, function: Function) -> Function:
    """The function with a note of what its results were made of."""

    def noting(z: Dual) -> Dual:
        result: Dual = function(z)
        result.made = (name, z)
        return result

    return noting


def _known_inside(function: Function, found: Callable[[Dual], Dual | None], known: Callable[[Dual], Dual]) -> Function:
    """`function`, or the known one that it makes of what is inside."""

    def looking(z: Dual) -> Any:
        inside = found(z)
        return function(z) if inside is None else known(inside)

    return looking


def _of_any_sign(function: Function, not_positive: Function) -> Function:
    """`function`, or its short form where the argument is known not to be positive."""
    return lambda z: not_positive(z) if is_never_positive(z) else function(z)


def _expm1_of_negative(x: Real) -> Real:
    return exponentials.expm1_of_negative(x).copysign(x)  # of which the sign of a zero is lost


def _sigmoid_parts(v: Node) -> tuple[Node, Node]:
    """exp(-|v|), and 1 more."""
    e = exp_of_negative_size(v)
    return e, 1.0 + e


def _sigmoid(v: Node) -> Node:
    e, below = _sigmoid_parts(v)
    return v.graph.select(v >= 0.0, 1.0, e) / below


def _sigmoid_slope(v: Node, a: Node) -> Node:
    e, below = _sigmoid_parts(v)
    return e / (below * below)


def _erf_slope(v: Node, a: Node) -> Node:
    """2 / sqrt(pi) exp(-v^2), and 0 where that ends, not the smallest number: v may be large, and a factor of it."""
    slope = applied(error_functions.erf_slope, v, a)
    return v.graph.select(abs(v) > error_functions.TAIL_END[8 * v.graph.dtype().itemsize], 0.0, slope)


def _sign(z: Dual) -> Dual:
    v, select = z.value, z.graph.select
    return z.like(select(v > 0.0, 1.0, select(v < 0.0, -1.0, v)))  # NaN and the sign of zero stay


def _square(z: Dual) -> Any:
    return z * z


def _test(condition: Callable[[Node], Node]) -> Function:
    return lambda z: Truth(z.questions, condition(z.value))


def _is_negative(v: Node) -> Node:
    """By the sign, which zeros and NaN have, too."""
    return v.graph.node("copysign", REAL, v.graph.real(1.0), v) < 0.0


def _times(factor: float) -> Function:
    return lambda z: z * factor


_plain_log = of_value(_log, lambda v, a: 1.0 / v)
_plain_log1p = of_value(_log1p, lambda v, a: 1.0 / (1.0 + v))
_plain_tanh = _levelling(_body(exponentials.short_tanh), lambda v, a: (1.0 - a) * (1.0 + a))

ONE: dict[str, Function] = {
    "exp": _named(
        "exp",
        _of_any_sign(_levelling(_exp, lambda v, a: a), _levelling(_body(exp_of_negative), lambda v, a: a)),
    ),
    "exp2": _levelling(_body(exponentials.exp2), lambda v, a: a * math.log(2)),
    "expm1": _of_any_sign(
        _levelling(_expm1, lambda v, a: _exp(v)),
        _levelling(_body(_expm1_of_negative), lambda v, a: applied(exp_of_negative, v)),
    ),
    "log": _known_inside(
        _known_inside(_known_inside(_plain_log, sigmoid_argument, log_sigmoid), of_one_and_exponential, softplus),
        cosh_argument,
        log_cosh,
    ),
    "log2": _of_body(logarithms.log2, logarithms.log2_slope),
    "log10": _of_body(logarithms.log10, logarithms.log10_slope),
    "log1p": _known_inside(_plain_log1p, of_exponential, softplus),
    "sqrt": _ending(_sqrt, lambda v, a: 0.5 / a),
    "sin": of_value(angles.sin, lambda v, a: angles.cos(v)),
    "cos": of_value(angles.cos, lambda v, a: -angles.sin(v)),
    "tan": of_value(angles.tan, lambda v, a: 1.0 + a * a),
    "asin": _ending(_body(inverse_trigonometry.asin), _body(inverse_trigonometry.asin_slope)),
    "acos": _ending(_body(inverse_trigonometry.acos), _body(inverse_trigonometry.acos_slope)),
    "atan": _levelling(_body(inverse_trigonometry.atan), _body(inverse_trigonometry.atan_slope)),
    "sinh": _of_body(exponentials.sinh, exponentials.sinh_slope),
    "cosh": _named("cosh", _of_body(exponentials.cosh, exponentials.cosh_slope)),
    "tanh": _known_inside(_plain_tanh, softplus_argument, tanh_of_softplus),
    "asinh": _of_body(logarithms.asinh, logarithms.asinh_slope),
    "acosh": _ending(_body(logarithms.acosh), _body(logarithms.acosh_slope)),
    "atanh": _of_body(logarithms.atanh, logarithms.atanh_slope),
    "cbrt": _ending(_body(roots.cbrt), _body(roots.cbrt_slope)),
    "erf": _named("erf", _levelling(_body(error_functions.erf), _erf_slope)),
    "erfc": _levelling(_body(error_functions.erfc), lambda v, a: -_erf_slope(v, a)),
    "ndtr": lambda z: 0.5 * ONE["erfc"](z * -math.sqrt(0.5)),
    "expit": _named("sigmoid", _levelling(_sigmoid, _sigmoid_slope)),
    "log_expit": log_sigmoid,
    "degrees": _times(180 / math.pi),
    "radians": _times(math.pi / 180),
    "fabs": abs,
    "sign": _sign,
    "square": _square,
    "reciprocal": lambda z: 1.0 / z,
    "negative": lambda z: -z,
    "positive": lambda z: z,
    "floor": _step("floor"),
    "ceil": _step("ceil"),
    "trunc": _step("trunc"),
    "rint": _step("rint"),
    "isnan": _test(lambda v: v != v),
    "isinf": _test(lambda v: abs(v) == math.inf),
    "isfinite": _test(lambda v: abs(v) < math.inf),
    "signbit": _test(_is_negative),
    "logical_not": _test(lambda v: v == 0.0),
}
