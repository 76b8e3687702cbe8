"""Fit the polynomials behind exp, log, erf and the normal distribution function.

    python tools/fit_polynomials.py > src_ext/kernels/vector/polynomials.hpp

needs mpmath and ten seconds. Every fit is minimax (Remez exchange on a fixed grid); then the
coefficients are rounded to the element type. The errors in the comments are those of the rounded
coefficients, evaluated exactly.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from minimax import (
    GRID,
    Function,
    atanh_rest,
    chebyshev_grid,
    erf_rest,
    exp_rest,
    fit_on,
    fit_rational,
    inverse_mills,
    log_weight,
    rounded,
)
from mpmath import expm1, log, mp, mpf, pi, sqrt


def literal(value: mpf, ctype: str) -> str:
    """A hexadecimal literal, exact."""
    if ctype == "float":
        (single,) = struct.unpack("f", struct.pack("f", float(value)))
        return f"{single.hex().replace('0000000p', 'p')}f"
    return float(value).hex()


def show(name: str, ctype: str, coefficients: Sequence[mpf], *comments: str) -> None:
    for comment in comments:
        print(f"  // {comment}")
    words = [literal(c, ctype) for c in coefficients]
    lines, line = [], f"  static constexpr {ctype} {name}[] = {{"
    for k, word in enumerate(words):
        piece = word + (", " if k + 1 < len(words) else "};")
        if len(line) + len(piece) > 118:
            lines.append(line.rstrip())
            line = "      "
        line += piece
    print("\n".join([*lines, line]))


def show_polynomial(
    name: str,
    ctype: str,
    fit: tuple[Function, Function],
    interval: tuple[mpf, mpf],
    degree: int,
    what: str,
) -> None:
    """`fit` is the function and the weight of its error."""
    coefficients, worst = fit_on(interval, fit, degree, ctype)
    low, high = (mp.nstr(end, 5) for end in interval)
    show(name, ctype, coefficients, what, f"[{low}, {high}], degree {degree}, {mp.nstr(worst, 2)}")


DEGREES = {  # exp, log, log1p on [0, 1], erf, (above, below) and end of the tail
    "float": (4, 2, 4, 6, (3, 5), mpf("15")),
    "double": (9, 6, 11, 12, (9, 10), mpf("39.5")),
}


def show_tail(ctype: str, above: int, below: int, end: mpf) -> None:
    x = [end * (point / 2) ** 2 for point in chebyshev_grid(mpf(0), mpf(2), GRID)]
    slope = rounded(sqrt(2 * pi), ctype)
    inverse = [inverse_mills(t) for t in x]
    rest = [slope - (value - 2) / t for value, t in zip(inverse, x, strict=True)]
    scale = [value / t for value, t in zip(inverse, x, strict=True)]
    upper, lower, worst = fit_rational(x, rest, scale, above, below, ctype)
    what = "P of exp(-t^2 / 2) / normal_cdf(-t) = 2 + t (kTailSlope - P(t) / Q(t)), relative error"
    details = f"[0, {mp.nstr(end, 4)}], degree {above}, {mp.nstr(worst, 2)}"
    show("kTailAbove", ctype, upper, what, details)
    show("kTailBelow", ctype, lower, f"Q, degree {below}")
    print(f"  static constexpr {ctype} kTailSlope = {literal(slope, ctype)};")


def show_type(ctype: str) -> None:
    exp_degree, log_degree, wide_degree, erf_degree, degrees, tail_end = DEGREES[ctype]
    print(f"template <> struct Polynomials<{ctype}> {{")
    half = log(2) / 2 * mpf("1.0001")
    what = "(expm1(r) - r) / r^2, error relative to expm1(r)"
    fit: tuple[Function, Function] = exp_rest, lambda r: abs(r**2 / expm1(r))
    show_polynomial("kExp", ctype, fit, (-half, half), exp_degree, what)
    what = "(log((1 + s) / (1 - s)) - 2 s) / s^3 in s^2, error relative to the logarithm"
    fit = atanh_rest, log_weight
    narrow = ((sqrt(2) - 1) / (sqrt(2) + 1)) ** 2 * mpf("1.0001")
    show_polynomial("kLog", ctype, fit, (mpf(0), narrow), log_degree, what)
    show_polynomial("kLogWide", ctype, fit, (mpf(0), mpf("1.0001") / 9), wide_degree, what)
    what = "erf(x) / x - 1 in x^2, error relative to erf(x)"
    fit = erf_rest, lambda q: 1 / (1 + erf_rest(q))
    show_polynomial("kErf", ctype, fit, (mpf(0), mpf(1)), erf_degree, what)
    show_tail(ctype, *degrees, tail_end)
    print("};\n")


if __name__ == "__main__":
    print("// Minimax polynomials, written by tools/fit_polynomials.py. Above each: what it fits and")
    print("// how its error is measured; the interval, the degree, the error after rounding.")
    print("#pragma once\n\n// clang-format off\n\nnamespace {\n\ntemplate <class T> struct Polynomials;\n")
    show_type("float")
    show_type("double")
    print("}  // namespace")
