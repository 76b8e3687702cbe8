"""Functions of functions that people write for known ones, in the known ones' own form.

log(1 + exp(z)) overflows for a z of 89 in float32, and tanh of it has no slope there; both are written without an
exponential of anything above zero, at a third of the operations. What a number was made of is kept beside it, and read
here.
"""

from __future__ import annotations

from fastnn.kernels.jit.functions import exponentials, logarithms
from fastnn.kernels.jit.functions.dual import Dual, chain
from fastnn.kernels.jit.functions.expressions import Real, fma, select
from fastnn.kernels.jit.functions.graph import Node
from fastnn.kernels.jit.functions.vector_bodies import applied

__all__ = ["of_exponential", "of_one_and_exponential", "softplus", "softplus_argument", "tanh_of_softplus"]


def of_exponential(z: Dual) -> Dual | None:
    """The x of a z that was made as exp(x), or None."""
    return z.made[1] if z.made is not None and z.made[0] == "exp" else None


def of_one_and_exponential(z: Dual) -> Dual | None:
    """The x of 1 + exp(x) or exp(x) + 1, or None."""
    if z.made is None or z.made[0] != "sum":
        return None
    for one, other in (z.made[1:], z.made[:0:-1]):
        if one.value.constant == 1:
            return of_exponential(other)
    return None


def softplus_argument(z: Dual) -> Dual | None:
    """The x of softplus(x), or None."""
    return z.made[1] if z.made is not None and z.made[0] == "softplus" else None


def _log1p_of_unit(e: Real) -> Real:
    """log(1 + e) for 0 <= e <= 1, where 1 + e or half of it is within the reach of the logarithm's polynomial."""
    far = e > 0.41421356
    f = select(far, fma(e, 0.5, -0.5), e)
    return logarithms.log_of_parts(select(far, e.constant(1.0), 0.0), f)


def _exp_of_negative_size(v: Node) -> Node:
    return applied(exponentials.exp, -abs(v))


def softplus(x: Dual) -> Dual:
    """log(1 + exp(x)) as max(x, 0) + log(1 + exp(-|x|)); the slope is a sigmoid."""
    v, choose = x.value, x.graph.select
    e = _exp_of_negative_size(v)
    value = choose(v < 0.0, 0.0, v) + applied(_log1p_of_unit, e)
    result = x.like(value, chain(choose(v < 0.0, e, 1.0) / (1.0 + e), x.slope))
    result.made = ("softplus", x)
    return result


def tanh_of_softplus(x: Dual) -> Dual:
    """tanh(log(1 + exp(x))), the gate of mish, which is rational in exp(x) and in exp(-x)."""
    v, choose = x.value, x.graph.select
    e = _exp_of_negative_size(v)
    square, is_left = e * e, v < 0.0
    above = choose(is_left, square, 1.0) + 2.0 * e
    inverse = 1.0 / (above + choose(is_left, 2.0, 2.0 * square))
    slope = (4.0 + 4.0 * e) * choose(is_left, e, square) * (inverse * inverse)
    return x.like(above * inverse, chain(slope, x.slope))
