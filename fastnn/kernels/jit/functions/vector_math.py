"""Functions of numbers for nopython code whose loops LLVM vectorises, and their slopes.

Each takes float32 or float64 numbers of one type and returns that type; float32 is computed in
float32. Nothing branches and nothing is called but LLVM's own instructions.

Stable names: the functions below, called as in `math`; `FUNCTIONS`, a table from the functions of
`math` and NumPy to these and their slopes; `VectorFunction`, what it holds.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from fastnn.kernels.jit.functions import error_functions, exponentials, logarithms, roots, trigonometry
from fastnn.kernels.jit.functions.lanes import lane_function

__all__ = [
    "FUNCTIONS",
    "VectorFunction",
    "cos",
    "erf",
    "erfc",
    "exp",
    "exp2",
    "expm1",
    "log",
    "log1p",
    "sin",
    "sqrt",
    "tan",
    "tanh",
]


class VectorFunction(NamedTuple):
    """A function of one or two numbers for nopython code."""

    value: Any
    slopes: tuple[Any, ...]  # one by each argument: each takes the arguments and then the value


exp = lane_function(exponentials.exp)
exp2 = lane_function(exponentials.exp2)
expm1 = lane_function(exponentials.expm1)
tanh = lane_function(exponentials.tanh)
log = lane_function(logarithms.log)
log1p = lane_function(logarithms.log1p)
sin = lane_function(trigonometry.sin)
cos = lane_function(trigonometry.cos)
tan = lane_function(trigonometry.tan)
erf = lane_function(error_functions.erf)
erfc = lane_function(error_functions.erfc)
sqrt = lane_function(roots.sqrt)

_SLOPES: dict[Any, tuple[Any, ...]] = {
    exp: (lane_function(exponentials.exp_slope),),
    exp2: (lane_function(exponentials.exp2_slope),),
    expm1: (lane_function(exponentials.expm1_slope),),
    tanh: (lane_function(exponentials.tanh_slope),),
    log: (lane_function(logarithms.log_slope),),
    log1p: (lane_function(logarithms.log1p_slope),),
    sin: (lane_function(trigonometry.sin_slope),),
    cos: (lane_function(trigonometry.cos_slope),),
    tan: (lane_function(trigonometry.tan_slope),),
    erf: (lane_function(error_functions.erf_slope),),
    erfc: (lane_function(error_functions.erfc_slope),),
    sqrt: (lane_function(roots.sqrt_slope),),
}

# What people call, by our name for it.
_CALLED: dict[Any, tuple[Callable[..., Any], ...]] = {
    exp: (math.exp, np.exp),
    exp2: (np.exp2,),
    expm1: (math.expm1, np.expm1),
    tanh: (math.tanh, np.tanh),
    log: (math.log, np.log),
    log1p: (math.log1p, np.log1p),
    sin: (math.sin, np.sin),
    cos: (math.cos, np.cos),
    tan: (math.tan, np.tan),
    erf: (math.erf,),
    erfc: (math.erfc,),
    sqrt: (math.sqrt, np.sqrt),
}

FUNCTIONS = {
    called: VectorFunction(function, _SLOPES[function]) for function, names in _CALLED.items() for called in names
}
