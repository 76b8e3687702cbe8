"""The activations in C: those of one number as functions, those of whole rows as loops."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from fastnn.activation_functions import GELU_CUBIC
from fastnn.activations import USER, Activation
from fastnn.interop.c.text import function_of_math, number, type_of

__all__ = ["element", "row_softmax"]

# In braces: numbers, the parameters p0 and p1, or what `_numbers_of` makes of these. R is the type, and names of math.h
# before a parenthesis get its suffix.
_BODIES = {
    "sigmoid": "const R e = exp(-fabs(z));\nreturn (z >= {0} ? {1} : e) / ({1} + e);",
    "tanh": "return tanh(z);",
    "sign": "return z > {0} ? {1} : (z < {0} ? {-1} : z);",
    "relu": "return z < {0} ? {0} : z;",
    "relu6": "return z < {0} ? {0} : (z > {6} ? {6} : z);",
    "leaky_relu": "return z > {0} ? z : {p0} * z;",
    "elu": "return z >= {0} ? z : {p0} * expm1(z);",
    "celu": "return z >= {0} ? z : {p0} * expm1(z / {p0});",
    "selu": "return z >= {0} ? {p1} * z : {p1} * {p0} * expm1(z);",
    "gelu": "const R t = z < {-800} ? {-800} : z; /* infinity times 0 would be no number */\n"
    "return z > {800} ? z : {0.5} * t * erfc({-0.7071067811865476} * t);",
    "gelu_tanh": "const R t = z < {-800} ? {-800} : z;\n"
    f"const R u = {{1.5957691216057308}} * t * ({{1}} + {{{GELU_CUBIC}}} * t * t);\n"
    "const R e = exp(-fabs(u));\nreturn t * ((u >= {0} ? {1} : e) / ({1} + e));",
    "silu": "const R t = z < {-800} ? {-800} : z;\nconst R e = exp(-fabs(t));\n"
    "return t * ((t >= {0} ? {1} : e) / ({1} + e));",
    "mish": "const R t = z < {-800} ? {-800} : z;\nconst R e = exp(t < {40} ? t : {40});\n"
    "const R g = e * (e + {2});\nreturn t * (g / (g + {2}));",
    "softplus": "const R bend = log1p(exp(-fabs({p0} * z))) / {p0};\nreturn z > {0} ? z + bend : bend;",
    "log_sigmoid": "const R bend = log1p(exp(-fabs(z)));\nreturn z < {0} ? z - bend : -bend;",
    "softsign": "return isinf(z) ? (z > {0} ? {1} : {-1}) : z / ({1} + fabs(z));",
    "hard_sigmoid": "return z <= {left} ? {0} : (z >= {right} ? {1} : z / {inverse} + {p1});",
    "hard_tanh": "return z <= {-1} ? {-1} : (z >= {1} ? {1} : z);",
    "hard_swish": "return z <= {-3} ? {0} : (z >= {3} ? z : z * (z * {0.16666666666666666} + {0.5}));",
    "softshrink": "return z > {p0} ? z - {p0} : (z < {minus} ? z + {p0} : {0} * z);",
    "hard_shrink": "return fabs(z) > {p0} ? z : {0} * z;",
    "thresholded_relu": "return z <= {p0} ? {0} : z;",
    "tanh_shrink": "return z - tanh(z);",
}
_OF_MATH = re.compile(r"\b(exp|expm1|erfc|fabs|log1p|tanh)\(")


def element(activation: Activation, function: str, dtype: np.dtype[Any]) -> str:
    """The definition of a function of one number.

    Raises
    ------
    ValueError
        If there is none, as for a user's own activation.
    """
    body = None if activation.code == USER else _BODIES.get(activation.name)
    if body is None:
        raise ValueError(
            f"The activation {activation.label!r} has no form in C. Those that have are the library's own: "
            f"{', '.join(_BODIES)}, identity, softmax and log_softmax."
        )
    named = _numbers_of(activation)
    code = re.sub(r"\{([^{}]+)\}", lambda match: number(named.get(match[1], match[1]), dtype), body)
    code = _OF_MATH.sub(lambda match: f"{function_of_math(match[1], dtype)}(", code)
    code = re.sub(r"\bR\b", type_of(dtype), code)
    indented = "\n".join(f"    {line}" for line in code.splitlines())
    number_type = type_of(dtype)
    return f"static inline {number_type} {function}({number_type} z) /* {activation.label} */\n{{\n{indented}\n}}\n"


def _numbers_of(activation: Activation) -> dict[str, float]:
    """The parameters of an activation, and what the piecewise linear ones need beside them."""
    numbers = {f"p{place}": value for place, value in enumerate(activation.parameters)}
    if activation.name == "softshrink":
        numbers["minus"] = -activation.parameters[0]
    if activation.name == "hard_sigmoid":
        slope, offset = activation.parameters
        numbers |= {"left": -offset / slope, "right": (1 - offset) / slope, "inverse": 1 / slope}
    return numbers


def row_softmax(array: str, width: int, dtype: np.dtype[Any], *, log: bool) -> str:
    """The loops that turn a row into its softmax, or the logarithm of that, in place."""
    kind, exp, zero = type_of(dtype), function_of_math("exp", dtype), number(0, dtype)
    each = f"for (int j = 0; j < {width}; ++j)"
    start = f"""\
{{
    {kind} top = {array}[0], sum = {zero};
    {each}
        if ({array}[j] > top) top = {array}[j];
"""
    if log:
        return f"""\
{start}    {each} sum += {exp}({array}[j] - top);
    sum = {function_of_math("log", dtype)}(sum);
    {each} {array}[j] = {array}[j] - top - sum;
}}
"""
    return f"""\
{start}    {each} {{
        {array}[j] = {exp}({array}[j] - top);
        sum += {array}[j];
    }}
    {each} {array}[j] /= sum;
}}
"""
