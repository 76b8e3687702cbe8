"""Powers of dual numbers: whole exponents by products, others by logarithms."""

from __future__ import annotations

import math

from fastnn.kernels.jit.functions import exponentials, powers
from fastnn.kernels.jit.functions.dual import OPERATIONS, Dual, chain, chain_levelling, chain_to_end, slope_sum
from fastnn.kernels.jit.functions.graph import REAL, Node
from fastnn.kernels.jit.functions.vector_bodies import applied

__all__ = ["power"]

_MOST_PRODUCTS = 8  # of a whole exponent: each product adds half an ulp


def power(a: Dual, b: Dual) -> Dual:
    """a ** b: NaN for a negative `a` with a `b` that is not whole, where Python would turn to complex numbers."""
    exponent = b.value.constant
    if exponent is None:
        return _exponential(a, b)
    if exponent == 0:
        return a.like(a.graph.real(1.0))
    if abs(exponent) <= _MOST_PRODUCTS and exponent == int(exponent):
        return _of_products(a, int(exponent))
    half = exponent - 0.5
    if half in (0.0, 1.0, 2.0):
        return _of_root(a, int(half))
    value = _real_power(a.value, b.value)
    if a.slope is None:
        return a.like(value)
    along = chain if exponent > 1 else chain_to_end
    return a.like(value, along(_slope_by_base(a.value, exponent, value), a.slope))


def _product(v: Node, count: int) -> Node:
    """v ** count for a count above 0."""
    if count == 1:
        return v
    half = _product(v, count // 2)
    return half * half * v if count % 2 else half * half


def _of_products(a: Dual, exponent: int) -> Dual:
    count = abs(exponent)
    value = _product(a.value, count)
    if exponent < 0:
        value = 1.0 / value
        return a.like(value, chain_levelling(exponent * (value / a.value), a.slope))
    outer = exponent * _product(a.value, count - 1) if count > 1 else 1.0
    return a.like(value, chain(outer, a.slope))


def _of_root(a: Dual, whole: int) -> Dual:
    """a ** (whole + 1/2)."""
    root = a.graph.node("sqrt", REAL, a.value)
    if whole == 0:
        return a.like(root, chain_to_end(0.5 / root, a.slope))
    below = root if whole == 1 else _product(a.value, whole - 1) * root
    return a.like(_product(a.value, whole) * root, chain((whole + 0.5) * below, a.slope))


def _slope_by_base(v: Node, exponent: float, value: Node) -> Node:
    at_zero = 0.0 if exponent > 1 else math.copysign(math.inf, exponent)
    return v.graph.select(v == 0.0, at_zero, exponent * (value / v))


def _exponential(a: Dual, b: Dual) -> Dual:
    """a ** b for a `b` that is not known."""
    value = applied(exponentials.exp2, b.value) if a.value.constant == 2 else _real_power(a.value, b.value)
    by_base = None
    if a.slope is not None:
        by_base = chain_to_end(applied(powers.power_slope, a.value, b.value, value), a.slope)
    if b.slope is None:
        return a.like(value, by_base)
    base = a.value.constant
    if base is not None and base > 0:
        outer = value * math.log(base)
    else:
        outer = applied(powers.power_second_slope, a.value, b.value, value)
    return a.like(value, slope_sum(by_base, chain_to_end(outer, b.slope)))


def _real_power(v: Node, exponent: Node) -> Node:
    return applied(powers.power, v, exponent)


OPERATIONS["power"] = power
