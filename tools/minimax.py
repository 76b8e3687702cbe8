"""Minimax polynomials and quotients by Remez exchange on a fixed grid, for the tools that write tables of them.

Needs mpmath.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mpmath import cos, erf, erfc, exp, expm1, log, lu_solve, matrix, mp, mpf, pi, sqrt

mp.dps = 50
Function = Callable[[mpf], mpf]
GRID = 600
BITS = {"float": 24, "double": 53}


def rounded(value: mpf, ctype: str) -> mpf:
    """The nearest number of the C type (normal range)."""
    mantissa, exponent = mp.frexp(value)
    return mp.ldexp(mp.nint(mp.ldexp(mantissa, BITS[ctype])), exponent - BITS[ctype])


def chebyshev_grid(low: mpf, high: mpf, points: int) -> list[mpf]:
    """Never zero for an even number of points and an interval that starts or is centred there."""
    centre, half = (low + high) / 2, (high - low) / 2
    return [centre - half * cos(pi * (k + mpf(1) / 2) / points) for k in range(points)]


def alternating_extrema(errors: Sequence[mpf], wanted: int) -> list[int]:
    """Positions of the largest error of each sign run, surplus runs dropped at the weaker end."""
    peaks: list[int] = []
    for k, error in enumerate(errors):
        if peaks and (error > 0) == (errors[peaks[-1]] > 0):
            if abs(error) > abs(errors[peaks[-1]]):
                peaks[-1] = k
        else:
            peaks.append(k)
    while len(peaks) > wanted:
        peaks.pop(0 if abs(errors[peaks[0]]) < abs(errors[peaks[-1]]) else -1)
    return peaks


def remez(x: Sequence[mpf], f: Sequence[mpf], weight: Sequence[mpf], degree: int) -> tuple[list[mpf], mpf]:
    """The polynomial that minimises max |weight * (f - polynomial)|, and that maximum."""
    wanted = degree + 2
    reference = [round(k * (len(x) - 1) / (wanted - 1)) for k in range(wanted)]
    basis = [[point**power for power in range(degree + 1)] for point in x]
    best: tuple[mpf, list[mpf]] = (mpf("inf"), [])
    for _ in range(30):
        rows = [[*basis[k], (-1) ** j / weight[k]] for j, k in enumerate(reference)]
        solution = lu_solve(matrix(rows), matrix([f[k] for k in reference]))
        coefficients = list(solution[:-1])
        errors = [w * (value - mp.fdot(row, coefficients)) for w, value, row in zip(weight, f, basis, strict=True)]
        worst = max(abs(error) for error in errors)
        best = min(best, (worst, coefficients))
        peaks = alternating_extrema(errors, wanted)
        if len(peaks) < wanted or worst <= abs(solution[wanted - 1]) * mpf("1.001"):
            break
        reference = peaks
    return best[1], best[0]


def fit_rounded(
    x: Sequence[mpf], f: Sequence[mpf], weight: Sequence[mpf], degree: int, ctype: str
) -> tuple[list[mpf], mpf]:
    """As `remez`, with rounded coefficients and the maximum that remains after that."""
    coefficients = [rounded(c, ctype) for c in remez(x, f, weight, degree)[0]]
    errors = [value - mp.polyval(coefficients[::-1], point) for value, point in zip(f, x, strict=True)]
    return coefficients, max(abs(w * error) for w, error in zip(weight, errors, strict=True))


def fit_rational(
    x: Sequence[mpf], f: Sequence[mpf], scale: Sequence[mpf], above: int, below: int, ctype: str
) -> tuple[list[mpf], list[mpf], mpf]:
    """P (degree above) / Q (degree below, Q(0) = 1) that minimises max |(f - P / Q) / scale|.

    Remez, with the error's denominator Q taken from the last round; few rounds settle it.
    """
    wanted = above + below + 2
    reference = [round(k * (len(x) - 1) / (wanted - 1)) for k in range(wanted)]
    q = [mpf(1)] * len(x)
    lower: list[mpf] = []
    for _ in range(60):
        rows = []
        for j, k in enumerate(reference):
            row = [x[k] ** power for power in range(above + 1)]
            row += [-f[k] * x[k] ** power for power in range(1, below + 1)]
            rows.append([*row, (-1) ** j * scale[k] * q[k]])
        solution = lu_solve(matrix(rows), matrix([f[k] for k in reference]))
        upper = list(solution[: above + 1])
        lower = [mpf(1), *solution[above + 1 : wanted - 1]]
        q = [mp.polyval(lower[::-1], point) for point in x]
        errors = [
            (value - mp.polyval(upper[::-1], point) / bottom) / size
            for point, bottom, value, size in zip(x, q, f, scale, strict=True)
        ]
        peaks = alternating_extrema(errors, wanted)
        if len(peaks) == wanted:
            reference = peaks
    lower = [rounded(c, ctype) for c in lower]
    q = [mp.polyval(lower[::-1], point) for point in x]
    target = [value * bottom for value, bottom in zip(f, q, strict=True)]
    weight = [1 / (bottom * size) for bottom, size in zip(q, scale, strict=True)]
    upper, worst = fit_rounded(x, target, weight, above, ctype)
    return upper, lower, worst


def fit_on(interval: tuple[mpf, mpf], fit: tuple[Function, Function], degree: int, ctype: str) -> tuple[list[mpf], mpf]:
    """As `fit_rounded`, on an interval; `fit` is the function and the weight of its error."""
    x = chebyshev_grid(*interval, GRID)
    values, weights = ([function(point) for point in x] for function in fit)
    return fit_rounded(x, values, weights, degree, ctype)


# --- what is fitted in C++ and in Python --------------------------------------------------------


def exp_rest(r: mpf) -> mpf:
    return (expm1(r) - r) / r**2


def atanh_rest(q: mpf) -> mpf:
    """(log((1 + s) / (1 - s)) - 2 s) / s**3 for q = s**2."""
    s = sqrt(q)
    return (log((1 + s) / (1 - s)) - 2 * s) / (s * q)


def log_weight(q: mpf) -> mpf:
    s = sqrt(q)
    return s * q / log((1 + s) / (1 - s))


def erf_rest(q: mpf) -> mpf:
    """erf(x) / x - 1 for q = x**2."""
    return erf(sqrt(q)) / sqrt(q) - 1


def inverse_mills(t: mpf) -> mpf:
    """exp(-t**2 / 2) over the upper tail of the normal distribution: sqrt(2 pi) t + O(1 / t)."""
    return exp(-(t**2) / 2) * 2 / erfc(t / sqrt(2))
