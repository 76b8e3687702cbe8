"""Fit the polynomials behind the vector mathematics for users' functions.

    python tools/fit_vector_math.py > fastnn/kernels/jit/functions/polynomials.py

needs mpmath and half a minute. The errors in the comments are those of the rounded coefficients,
evaluated exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from minimax import (
    GRID,
    Function,
    atanh_rest,
    chebyshev_grid,
    erf_rest,
    exp_rest,
    fit_on,
    fit_rational,
    log_weight,
    rounded,
)
from mpmath import atan, cbrt, cos, cosh, erfc, exp, expm1, log, mp, mpf, pi, sin, sinh, sqrt


class Fit(NamedTuple):
    """A polynomial to be fitted, with its degree for float32 and for float64."""

    name: str
    what: str
    function: Function
    weight: Function  # of the error
    interval: tuple[mpf, mpf]
    degrees: tuple[int, int]


def odd_rest(function: Function) -> Function:
    """(f(x) - x) / x**3 in q = x**2."""
    return lambda q: (function(sqrt(q)) - sqrt(q)) / sqrt(q) ** 3


def odd_weight(function: Function) -> Function:
    return lambda q: sqrt(q) ** 3 / function(sqrt(q))


MORE = mpf("1.0001")  # an interval is a little wider than what rounding leaves
HALF_LN2, NARROW, WIDE = log(2) / 2 * MORE, (3 - 2 * sqrt(2)) ** 2 * MORE, mpf(1) / 9 * MORE
QUARTER_TURN = pi / 4 * mpf("1.006")  # k is not always the nearest whole number, where x is large
TAN_EIGHTH = (sqrt(2) - 1) * MORE
FITS = [
    Fit("exp", "(expm1(r) - r) / r^2", exp_rest, lambda r: abs(r**2 / expm1(r)), (-HALF_LN2, HALF_LN2), (4, 9)),
    Fit("log", "(log((1 + s) / (1 - s)) - 2 s) / s^3 in s^2", atanh_rest, log_weight, (mpf(0), NARROW), (2, 6)),
    Fit("log_wide", "(log((1 + s) / (1 - s)) - 2 s) / s^3 in s^2", atanh_rest, log_weight, (mpf(0), WIDE), (4, 11)),
    Fit(
        "log_rest",
        "(log((1 + s) / (1 - s)) - 2 s - 2/3 s^3) / s^5 in s^2",
        lambda q: (atanh_rest(q) - mpf(2) / 3) / q,
        lambda q: log_weight(q) * q,
        (mpf(0), NARROW),
        (2, 7),
    ),
    Fit("sin", "(sin(r) - r) / r^3 in r^2", odd_rest(sin), odd_weight(sin), (mpf(0), QUARTER_TURN**2), (2, 5)),
    Fit(
        "cos",
        "(cos(r) - 1 + r^2 / 2) / r^4 in r^2",
        lambda q: (cos(sqrt(q)) - 1 + q / 2) / q**2,
        lambda q: q**2 / cos(sqrt(q)),
        (mpf(0), QUARTER_TURN**2),
        (2, 5),
    ),
    Fit("sinh", "(sinh(r) - r) / r^3 in r^2", odd_rest(sinh), odd_weight(sinh), (mpf(0), HALF_LN2**2), (1, 4)),
    Fit(
        "cosh",
        "(cosh(r) - 1) / r^2 in r^2",
        lambda q: (cosh(sqrt(q)) - 1) / q,
        lambda q: q / cosh(sqrt(q)),
        (mpf(0), HALF_LN2**2),
        (2, 5),
    ),
    Fit("atan", "(atan(t) - t) / t^3 in t^2", odd_rest(atan), odd_weight(atan), (mpf(0), TAN_EIGHTH**2), (4, 11)),
    Fit(
        "cbrt",
        "cbrt(1 + f)",
        lambda f: cbrt(1 + f),
        lambda f: 1 / cbrt(1 + f),
        (sqrt(mpf(1) / 2) - 1, sqrt(mpf(2)) - 1),
        (3, 3),
    ),
    Fit("erf", "erf(x) / x - 1 in x^2", erf_rest, lambda q: 1 / (1 + erf_rest(q)), (mpf(0), mpf(1)), (6, 12)),
]
TAILS = {"float": (3, 5, mpf("10.2")), "double": (9, 10, mpf("27.3"))}  # degrees of P and Q, end


def inverse_erfcx(x: mpf) -> mpf:
    """exp(-x**2) / erfc(x): sqrt(pi) x + O(1 / x)."""
    return exp(-(x**2)) / erfc(x)


def show(name: str, coefficients: Sequence[mpf], comment: str) -> None:
    numbers = [repr(float(c)) for c in coefficients]
    line = f"    {name}=({', '.join(numbers)}{',' * (len(numbers) == 1)}),"
    print(f"    # {comment}")
    print(line if len(line) <= 120 else "\n".join([f"    {name}=(", *(f"        {n}," for n in numbers), "    ),"]))


def show_tail(ctype: str) -> None:
    above, below, end = TAILS[ctype]
    x = [end * (point / 2) ** 2 for point in chebyshev_grid(mpf(0), mpf(2), GRID)]
    slope = rounded(sqrt(pi), ctype)
    inverse = [inverse_erfcx(t) for t in x]
    rest = [slope - (value - 1) / t for value, t in zip(inverse, x, strict=True)]
    scale = [value / t for value, t in zip(inverse, x, strict=True)]
    upper, lower, worst = fit_rational(x, rest, scale, above, below, ctype)
    what = "P of exp(-x^2) / erfc(x) = 1 + x (tail_slope - P(x) / Q(x))"
    show("tail_above", upper, f"{what} on [0, {mp.nstr(end, 4)}], {mp.nstr(worst, 2)}")
    show("tail_below", lower, "Q")
    print(f"    tail_slope={float(slope)!r},")


def show_type(name: str, ctype: str) -> None:
    print(f"{name} = Polynomials(")
    for fit in FITS:
        degree = fit.degrees[ctype == "double"]
        coefficients, worst = fit_on(fit.interval, (fit.function, fit.weight), degree, ctype)
        low, high = (mp.nstr(end, 5) for end in fit.interval)
        show(fit.name, coefficients, f"{fit.what} on [{low}, {high}], {mp.nstr(worst, 2)}")
    show_tail(ctype)
    print(")")


HEAD = '''"""Minimax polynomials, written by tools/fit_vector_math.py.

Above each: what it fits, where, and its largest error relative to the function; the constant term comes first.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["FLOAT32", "FLOAT64", "Polynomials"]

Coefficients = tuple[float, ...]


class Polynomials(NamedTuple):
    """The coefficients for one type of numbers."""
'''

if __name__ == "__main__":
    print(HEAD)
    for field in [*(fit.name for fit in FITS), "tail_above", "tail_below"]:
        print(f"    {field}: Coefficients")
    print("    tail_slope: float\n\n")
    show_type("FLOAT32", "float")
    show_type("FLOAT64", "double")
