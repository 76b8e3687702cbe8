"""Functions of numbers for nopython code whose loops LLVM vectorises, and their slopes; `fastnn.jit.math` offers them.

Each takes float32 or float64 numbers, all of one type, and returns that type; float32 is computed in
float32. Nothing branches, and nothing is called but LLVM's own instructions (by sin, cos and tan also
what looks for large angles), so a result depends on its numbers alone. Largest errors in ulp, alike in
both types:

    cbrt, sqrt 0.5; cos, cosh, erf, exp, exp2, log, power, sin 1.1; expm1, hypot, log10, log2 1.3; log1p, sinh 1.6;
    asinh, atan, atan2, sigmoid, tanh 2; atanh, tan 2.3; acos, acosh, asin 3; erfc 3.3

Slopes take the arguments and then the value; what they share with it LLVM computes once. None comes
from a difference that cancels: that of tanh, say, is (1 + |value|) 2 e / (1 + e) with e = exp(-2 |x|).

Stable names: the functions, called as in NumPy (but `asin`, `atan2` ... as in `math`); `FUNCTIONS`,
from what users call, of `math` and NumPy, to a `VectorFunction`; `BY_NAME`, the same by our names;
`TESTS`; `LEFT_OUT`. The bodies over `Real` behind them, in the modules beside this one, have the same names,
those of slopes `..._slope` and, by the second argument, `..._second_slope`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from fastnn.kernels.jit.functions import (
    comparisons,
    error_functions,
    exponentials,
    inverse_trigonometry,
    large_arguments,
    logarithms,
    powers,
    roots,
)
from fastnn.kernels.jit.functions.expressions import Real
from fastnn.kernels.jit.functions.lanes import lane_function

__all__ = [
    "BY_NAME",
    "FUNCTIONS",
    "LEFT_OUT",
    "TESTS",
    "VectorFunction",
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "cbrt",
    "ceil",
    "copysign",
    "cos",
    "cosh",
    "erf",
    "erfc",
    "exp",
    "exp2",
    "expm1",
    "expm1_of_negative",
    "fabs",
    "floor",
    "fmax",
    "fmin",
    "hypot",
    "log",
    "log10",
    "log1p",
    "log2",
    "logaddexp",
    "maximum",
    "minimum",
    "power",
    "rint",
    "sigmoid",
    "sign",
    "sin",
    "sinh",
    "sqrt",
    "tan",
    "tanh",
    "trunc",
]


class VectorFunction(NamedTuple):
    """A function of one or two numbers for nopython code."""

    name: str
    value: Any
    slopes: tuple[Any, ...]  # one by each argument: each takes the arguments and then the value


BY_NAME: dict[str, VectorFunction] = {}
FUNCTIONS: dict[Callable[..., Any], VectorFunction] = {}


def _function(body: Callable[..., Real], slopes: list[Callable[..., Real]], *called: Callable[..., Any]) -> Any:
    """The function of a body for nopython code, listed with its slopes under what users call."""
    listed = VectorFunction(body.__name__, lane_function(body), tuple(lane_function(slope) for slope in slopes))
    BY_NAME[body.__name__] = listed
    FUNCTIONS.update(dict.fromkeys(called, listed))
    return listed.value


exp = _function(exponentials.exp, [exponentials.exp_slope], math.exp, np.exp)
exp2 = _function(exponentials.exp2, [exponentials.exp2_slope], math.exp2, np.exp2)
expm1 = _function(exponentials.expm1, [exponentials.expm1_slope], math.expm1, np.expm1)
expm1_of_negative = lane_function(exponentials.expm1_of_negative)
sinh = _function(exponentials.sinh, [exponentials.sinh_slope], math.sinh, np.sinh)
cosh = _function(exponentials.cosh, [exponentials.cosh_slope], math.cosh, np.cosh)
tanh = _function(exponentials.tanh, [exponentials.tanh_slope], math.tanh, np.tanh)
sigmoid = _function(exponentials.sigmoid, [exponentials.sigmoid_slope])
log = _function(logarithms.log, [logarithms.log_slope], math.log, np.log)
log2 = _function(logarithms.log2, [logarithms.log2_slope], math.log2, np.log2)
log10 = _function(logarithms.log10, [logarithms.log10_slope], math.log10, np.log10)
log1p = _function(logarithms.log1p, [logarithms.log1p_slope], math.log1p, np.log1p)
asinh = _function(logarithms.asinh, [logarithms.asinh_slope], math.asinh, np.arcsinh)
acosh = _function(logarithms.acosh, [logarithms.acosh_slope], math.acosh, np.arccosh)
atanh = _function(logarithms.atanh, [logarithms.atanh_slope], math.atanh, np.arctanh)
logaddexp = _function(
    logarithms.logaddexp, [logarithms.logaddexp_slope, logarithms.logaddexp_second_slope], np.logaddexp
)
sin = _function(large_arguments.sin, [large_arguments.sin_slope], math.sin, np.sin)
cos = _function(large_arguments.cos, [large_arguments.cos_slope], math.cos, np.cos)
tan = _function(large_arguments.tan, [large_arguments.tan_slope], math.tan, np.tan)
asin = _function(inverse_trigonometry.asin, [inverse_trigonometry.asin_slope], math.asin, np.arcsin)
acos = _function(inverse_trigonometry.acos, [inverse_trigonometry.acos_slope], math.acos, np.arccos)
atan = _function(inverse_trigonometry.atan, [inverse_trigonometry.atan_slope], math.atan, np.arctan)
atan2 = _function(
    inverse_trigonometry.atan2,
    [inverse_trigonometry.atan2_slope, inverse_trigonometry.atan2_second_slope],
    math.atan2,
    np.arctan2,
)
erf = _function(error_functions.erf, [error_functions.erf_slope], math.erf)
erfc = _function(error_functions.erfc, [error_functions.erfc_slope], math.erfc)
sqrt = _function(roots.sqrt, [roots.sqrt_slope], math.sqrt, np.sqrt)
cbrt = _function(roots.cbrt, [roots.cbrt_slope], math.cbrt, np.cbrt)
hypot = _function(roots.hypot, [roots.hypot_slope, roots.hypot_second_slope], math.hypot, np.hypot)
power = _function(powers.power, [powers.power_slope, powers.power_second_slope], math.pow, np.power, np.float_power)
maximum = _function(comparisons.maximum, [comparisons.maximum_slope, comparisons.maximum_second_slope], np.maximum)
minimum = _function(comparisons.minimum, [comparisons.minimum_slope, comparisons.minimum_second_slope], np.minimum)
fmax = _function(comparisons.fmax, [comparisons.maximum_slope, comparisons.maximum_second_slope], np.fmax)
fmin = _function(comparisons.fmin, [comparisons.minimum_slope, comparisons.minimum_second_slope], np.fmin)
fabs = _function(comparisons.fabs, [comparisons.fabs_slope], math.fabs, np.fabs, np.absolute)
copysign = _function(
    comparisons.copysign, [comparisons.copysign_slope, comparisons.copysign_second_slope], math.copysign, np.copysign
)
sign = _function(comparisons.sign, [comparisons.no_slope], np.sign)
floor = _function(comparisons.floor, [comparisons.no_slope], math.floor, np.floor)
ceil = _function(comparisons.ceil, [comparisons.no_slope], math.ceil, np.ceil)
trunc = _function(comparisons.trunc, [comparisons.no_slope], math.trunc, np.trunc, np.fix)
rint = _function(comparisons.rint, [comparisons.no_slope], np.rint)

_is_nan, _is_infinite, _is_finite, _has_sign = (
    lane_function(body) for body in (comparisons.isnan, comparisons.isinf, comparisons.isfinite, comparisons.signbit)
)
TESTS: dict[Callable[..., Any], Any] = {  # of a number: they return a boolean
    math.isnan: _is_nan,
    np.isnan: _is_nan,
    math.isinf: _is_infinite,
    np.isinf: _is_infinite,
    math.isfinite: _is_finite,
    np.isfinite: _is_finite,
    np.signbit: _has_sign,
}

# What `math` and NumPy's functions of one or two numbers have beside these: no vector function, and for some no slope.
LEFT_OUT = {
    "math": "dist fma fmod frexp gamma ldexp lgamma modf nextafter remainder ulp",
    "numpy": "divmod fmod frexp heaviside i0 ldexp logaddexp2 modf nextafter remainder sinc spacing",
}
