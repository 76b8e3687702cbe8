"""Functions of functions that people write for known ones, in the known ones' own form.

log(1 + exp(z)) overflows for a z of 89 in float32, and tanh of it has no slope there; both are written without an
exponential of anything above zero, at a third of the operations. So is log(cosh(z)). 1 + erf(z) cancels for negative
z, and is the tail of the normal distribution. log(1 / (1 + exp(-z))) ends at -infinity where the sigmoid is 0; it is a
softplus, too. What a number was made of is kept beside it, and read here.

All ways to write softplus become one expression, so that an epoch with mish, z tanh(softplus(z)), takes as long as with
the library's own, where it took up to 1.4 times as long for softplus as max(z, 0) + log1p(exp(-|z|)).
"""

from __future__ import annotations

import math

from fastnn.kernels.jit.functions import error_functions, exponentials, logarithms
from fastnn.kernels.jit.functions.dual import OPERATIONS, Dual, add, chain, divide, subtract
from fastnn.kernels.jit.functions.expressions import Real, fma, polynomial, select
from fastnn.kernels.jit.functions.graph import Node
from fastnn.kernels.jit.functions.ranges import is_never_positive
from fastnn.kernels.jit.functions.vector_bodies import applied

__all__ = [
    "cosh_argument",
    "exp_of_negative",
    "exp_of_negative_size",
    "log_cosh",
    "log_sigmoid",
    "of_exponential",
    "of_one_and_exponential",
    "sigmoid_argument",
    "softplus",
    "softplus_argument",
    "tanh_of_softplus",
]


_LOG_COSH_NEAR = 0.125
_LOG_COSH = (1 / 2, -1 / 12, 1 / 45, -17 / 2520, 62 / 28350, -1382 / 1871100, 21844 / 85135050)  # by powers of x^2
_LOG_COSH_TERMS = {32: 4, 64: 7}  # beside which the next is less than half an ulp


def of_exponential(z: Dual) -> Dual | None:
    """The x of a z that was made as exp(x), or None."""
    return _operand_of(z, "exp")


def of_one_and_exponential(z: Dual) -> Dual | None:
    """The x of 1 + exp(x) or exp(x) + 1, or None."""
    more = _operand_of(z, "one more")
    return None if more is None else of_exponential(more)


def softplus_argument(z: Dual) -> Dual | None:
    """The x of softplus(x), or None."""
    return _operand_of(z, "softplus")


def sigmoid_argument(z: Dual) -> Dual | None:
    """The x of 1 / (1 + exp(-x)), or None."""
    return _operand_of(z, "sigmoid")


def cosh_argument(z: Dual) -> Dual | None:
    """The x of cosh(x), or None."""
    return _operand_of(z, "cosh")


def _log1p_of_unit(e: Real) -> Real:
    """log(1 + e) for 0 <= e <= 1: one polynomial, no exponent to take apart."""
    s = e / (2.0 + e)
    square = s * s
    return e - s * fma(-square, polynomial(square, e.format.polynomials.log_wide), e)


def _log_cosh(x: Real) -> Real:
    """|x| + log((1 + e) / 2) with the e = exp(-2 |x|) that tanh(x) needs, too; near zero, where that cancels, a series.

    (1 + e) / 2, or twice that, is within the reach of the logarithm's polynomial.
    """
    size, square = abs(x), x * x
    scale, q = exponentials.tanh_exponential(size)
    e = fma(scale, q, scale)
    is_large = e > 0.41421356
    f = select(is_large, fma(e, 0.5, -0.5), e)
    logarithm = f + logarithms.log_tail(f)
    far = size + select(is_large, logarithm, logarithm - math.log(2))
    near = square * polynomial(square, _LOG_COSH[: _LOG_COSH_TERMS[x.format.bits]])
    return select(size < _LOG_COSH_NEAR, near, far)


def exp_of_negative(x: Real) -> Real:
    """exp(x) for x <= 0, which needs one power of two: raised, it is normal where the result may not be."""
    part = exponentials.reduced(x.at_least(x.format.exp_low))
    if x.has_scale:
        return exponentials.scaled_exp(part)
    shift = exponentials.SHIFT[x.format.bits]
    scale = exponentials.power_of_two(part.shifted.bits(), shift)
    return fma(scale, part.r + exponentials.expm1_tail(part.r), scale) * 2.0**-shift


def exp_of_negative_size(v: Node) -> Node:
    """exp(-|v|)."""
    return applied(exp_of_negative, -abs(v))


def _one_and_erf(x: Real) -> Real:
    """1 + erf(x), which is erfc(-x)."""
    tail = error_functions.raised_tail(x) * 2.0 ** -exponentials.SHIFT[x.format.bits]
    return select(x > 0.0, 2.0 - tail, tail)


def _sum(a: Dual, b: Dual) -> Dual:
    """a + b; of 1 and a number that says what it was made of, too, or of the two parts of softplus."""
    for one, other in ((a, b), (b, a)):
        whole = _softplus_in_parts(one, other)
        if whole is not None:
            return softplus(whole)
        if one.value.constant == 1 and other.made is not None:
            return _one_and(one, other)
    return add(a, b)


def _one_and(one: Dual, other: Dual) -> Dual:
    result = add(one, other)
    if other.made is not None and other.made[0] == "erf":
        result = one.like(applied(_one_and_erf, other.made[1].value), other.slope)
    result.made = ("one more", other)
    return result


def _softplus_in_parts(linear: Dual, bend: Dual) -> Dual | None:
    """The x of x + softplus(-x) or max(x, 0) + softplus(-|x|), which are softplus(x), or None."""
    argument = softplus_argument(bend)
    inside = None if argument is None else _operand_of(argument, "negative")
    if inside is None:
        return None
    if inside.value is linear.value:
        return inside
    x = _operand_of(inside, "absolute")
    return x if x is not None and _is_positive_part(linear.value, x.value) else None


def _operand_of(z: Dual, operation: str) -> Dual | None:
    """Of what an operation has made z, or None where it was another one."""
    return z.made[1] if z.made is not None and z.made[0] == operation else None


def _is_positive_part(node: Node, v: Node) -> bool:
    """Whether a node is max(v, 0), however the choice is written."""
    if node.operation != "select":
        return False
    condition, chosen, other = node.operands
    if condition.operation == "or" and _is_test_for_nan(condition.operands[1], v):  # the rest of the sum is NaN, too
        condition = condition.operands[0]
    if condition.operation not in ("gt", "ge", "lt", "le"):
        return False
    left, right = condition.operands if condition.operation in ("gt", "ge") else condition.operands[::-1]
    if left is v and right.constant == 0:
        return chosen is v and bool(other.constant == 0)
    return right is v and left.constant == 0 and other is v and bool(chosen.constant == 0)


def _is_test_for_nan(node: Node, v: Node) -> bool:
    """Whether a condition holds for no v but NaN."""
    if node.constant is not None:
        return not node.constant
    return node.operation == "ne" and node.operands[0] is v and node.operands[1] is v


def _sigmoid_of_one(a: Dual, x: Dual | None, result: Dual) -> Dual:
    """The result of an operation on a and another number; a sigmoid of -x, if a is 1 and the other knows an x."""
    if a.value.constant == 1 and x is not None:
        result.made = ("sigmoid", -x)
    return result


def _difference(a: Dual, b: Dual) -> Dual:
    """a - b; 1 less a sigmoid is that of the other side."""
    return _sigmoid_of_one(a, sigmoid_argument(b), subtract(a, b))


def _quotient(a: Dual, b: Dual) -> Dual:
    """a / b; 1 / (1 + exp(x)) is a sigmoid of -x."""
    return _sigmoid_of_one(a, of_one_and_exponential(b), divide(a, b))


OPERATIONS |= {"add": _sum, "subtract": _difference, "divide": _quotient}


def softplus(x: Dual) -> Dual:
    """log(1 + exp(x)) as max(x, 0) + log(1 + exp(-|x|)); the slope is a sigmoid."""
    v, choose = x.value, x.graph.select
    if is_never_positive(x):
        e = applied(exp_of_negative, v)
        value, share = applied(_log1p_of_unit, e), e
    else:
        e = exp_of_negative_size(v)
        value, share = choose(v < 0.0, 0.0, v) + applied(_log1p_of_unit, e), choose(v < 0.0, e, 1.0)
    result = x.like(value, chain(share / (1.0 + e), x.slope))
    result.made = ("softplus", x)
    return result


def log_sigmoid(x: Dual) -> Dual:
    """log(1 / (1 + exp(-x)))."""
    return -softplus(-x)


def log_cosh(x: Dual) -> Dual:
    """log(cosh(x)), whose cosh may overflow; the slope is tanh(x)."""
    v = x.value
    return x.like(applied(_log_cosh, v), chain(applied(exponentials.short_tanh, v), x.slope))


def tanh_of_softplus(x: Dual) -> Dual:
    """tanh(log(1 + exp(x))), the gate of mish, which is rational in exp(x) and in exp(-x)."""
    v, choose = x.value, x.graph.select
    e = exp_of_negative_size(v)
    square, is_left = e * e, v < 0.0
    above = choose(is_left, square, 1.0) + 2.0 * e
    inverse = 1.0 / (above + choose(is_left, 2.0, 2.0 * square))
    slope = (4.0 + 4.0 * e) * choose(is_left, e, square) * (inverse * inverse)
    return x.like(above * inverse, chain(slope, x.slope))
