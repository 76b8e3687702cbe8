"""Data on which a logistic regression can end far from its optimum: shifts, scales, outliers and rare events."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from optimum import Optimum, Problem, find_optimum
from scipy.sparse import csc_array, csr_array

Vector = NDArray[np.float64]

FORMS: dict[str, Callable[[Any], Any]] = {"dense": np.ascontiguousarray, "csr": csr_array, "csc": csc_array}
SHIFTS = (0.0, 1e2, 1e3, 1e4, 1e5, 1e6, 1e8, 1e10, 1e12)
SCALES = (1e-150, 1e-30, 1e-8, 1e-4, 1.0, 1e4, 1e8, 1e30, 1e150)
SCALES_32 = (1e-15, 1e-8, 1e-4, 1.0, 1e4, 1e8, 1e15)
OUTLIERS = (1.0, 1e2, 1e4, 1e6, 1e8, 1e9, 1e10, 1e12)
RATES = (0.5, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5)


@dataclass(frozen=True)
class Case:
    """One problem of a family of them, made when it is asked for.

    Attributes
    ----------
    family, name : str
    make : callable
        Returns the Problem, dense and in float64.
    form : str
        Of FORMS.
    dtype : type
        Of X.
    is_quick : bool
        Whether it is in the part of the grid that stands for it.
    """

    family: str
    name: str
    make: Callable[[], Problem]
    form: str = "dense"
    dtype: type[np.floating] = np.float64
    is_quick: bool = False

    def __str__(self) -> str:
        return f"{self.family}: {self.name}"

    @cached_property
    def problem(self) -> Problem:
        made = self.make()
        return replace(made, x=FORMS[self.form](np.asarray(made.x, self.dtype)))

    @cached_property
    def optimum(self) -> Optimum:
        return find_optimum(self.problem)

    @cached_property
    def penalised_intercept(self) -> tuple[Problem, Optimum]:
        """The problem that liblinear solves, and its optimum."""
        problem = replace(self.problem, intercept_is_penalised=True)
        return problem, find_optimum(problem)


# --- the cases ----------------------------------------------------------------------------------


def labels(rng: np.random.Generator, z: Vector) -> NDArray[np.intp]:
    """Classes drawn by the raw outputs z: (n,) of two classes, or (n, k)."""
    if z.ndim == 1:
        return (rng.random(len(z)) < 1 / (1 + np.exp(-z))).astype(int)
    return np.argmax(z + rng.gumbel(size=z.shape), axis=1)


def drawn(seed: int, n: int, i: int, classes: int = 2) -> tuple[np.random.Generator, Vector, NDArray[np.intp]]:
    """Standard normal features (n, i), and classes that depend on them."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, i))
    w = rng.standard_normal((i, classes)) if classes > 2 else 2 / np.arange(1, i + 1)
    return rng, x, labels(rng, x @ w)


def weights(rng: np.random.Generator, n: int) -> Vector:
    """Between 0.1 and 3, and some that are zero."""
    return np.where(rng.random(n) < 0.05, 0.0, rng.uniform(0.1, 3.0, n))


def shifted(shift: float, i: int, classes: int, weighted: bool = False, **parameters: Any) -> Problem:
    """Columns with a mean of so many deviations, which are different ones."""
    rng, x, y = drawn(7, 400, i, classes)
    scale = 10.0 ** (np.arange(i) % 3)
    weight = weights(rng, len(y)) if weighted else None
    return Problem((x + shift) * scale, y, sample_weight=weight, **parameters)


def partly_filled(share: float, shift: float, **parameters: Any) -> Problem:
    """A share of elements that are shifted, among zeros."""
    rng, x, _ = drawn(11, 600, 3)
    stored = rng.random(x.shape) < share
    y = labels(rng, (stored - share) @ np.array([2.0, -1.0, 1.0]))
    return Problem(np.where(stored, x + shift, 0.0), y, **parameters)


def scaled(scales: Any, classes: int = 2, **parameters: Any) -> Problem:
    """Columns times their scales."""
    scales = np.asarray(scales, float)
    _, x, y = drawn(13, 400, len(scales), classes)
    return Problem(x * scales, y, **parameters)


def with_outliers(size: float, rows: Any, agrees: bool, i: int = 1, classes: int = 2, **parameters: Any) -> Problem:
    """Rows with a value of that size in the first column, of the class that it speaks for or of the other one."""
    _, x, y = drawn(17, 1000, i, classes)
    means = [x[y == c, 0].mean() for c in range(classes)]
    x[rows, 0] = size
    y[rows] = np.argmax(means) if agrees else np.argmin(means)
    return Problem(x, y, **parameters)


def rare(rate: float, i: int = 1, classes: int = 2, **parameters: Any) -> Problem:
    """At least 3 events of each class but the first, and as many rows as make them so rare."""
    n = max(1000, round(3 / rate))
    rng, x, y = drawn(19, n, i, classes)
    events = max(3, round(rate * n))
    score = 0.5 * x[:, 0] + rng.gumbel(size=n)
    first = np.argsort(-score)[: events * (classes - 1)]
    y = np.zeros(n, int)
    y[first] = 1 + np.arange(len(first)) % (classes - 1)
    return Problem(x, y, **parameters)


def milliseconds(n: int = 500, **parameters: Any) -> Problem:
    """Moments of the same few minutes, counted since 1970."""
    _, x, y = drawn(23, n, 1)
    return Problem(1.7e12 + 1e6 * x, y, **parameters)


# Which of the parameters go with every shift, scale and so on: a full product would say no more.
MANY = (
    {"i": 1, "classes": 2, "C": np.inf},
    {"i": 3, "classes": 2, "C": 1.0},
    {"i": 3, "classes": 2, "C": 1e3},
    {"i": 2, "classes": 3, "C": 1.0},
    {"i": 2, "classes": 3, "C": np.inf},
)
FEW = (MANY[0], MANY[3])


def described(value: Any, parameters: dict[str, Any]) -> str:
    """A case's name: what is special about it, and the parameters."""
    special = f"{value:g}" if isinstance(value, float) else str(value)
    return ", ".join([special, *(f"{key}={each}" for key, each in parameters.items())])


def by_shift(family: str, shifts: Any, many: Any, quick: Any, forms: Any = ("dense",), **more: Any) -> Iterator[Case]:
    """Shifted columns, in several forms; `more` are parameters of `shifted`, and the dtype."""
    dtype = more.pop("dtype", np.float64)
    for shift in shifts:
        for parameters in many:
            make = partial(shifted, shift, **parameters, **more)
            for form in forms:
                name = described(shift, parameters) + ("" if form == "dense" else f", {form}")
                yield Case(family, name, make, form, dtype, shift in quick)


def shift_cases() -> Iterator[Case]:
    """Shifted columns, dense and sparse."""
    up_to_1e6, up_to_1e5 = SHIFTS[:6], SHIFTS[:5]
    yield from by_shift("shift", SHIFTS, MANY, (1e3, 1e6, 1e10))
    yield from by_shift("shift, weighted", SHIFTS, FEW, (1e4,), weighted=True)
    yield from by_shift("shift, float32", up_to_1e5, MANY, (1e3, 1e5), dtype=np.float32)
    yield from by_shift("shift, every element stored", up_to_1e6, FEW, (1e4, 1e6), ("csr", "csc"))
    yield from by_shift("shift, no intercept", SHIFTS[:7], (*FEW, MANY[1]), (1e3, 1e6), fit_intercept=False)
    for share in (0.1, 0.6):
        for shift in up_to_1e6:
            for C, form in [(1.0, "csr"), (np.inf, "csc")]:
                for dtype in (np.float64, np.float32) if shift <= 1e5 else (np.float64,):
                    name = f"{shift:g}, {share:.0%} stored, C={C}, {form}, {np.dtype(dtype)}"
                    make = partial(partly_filled, share, shift, C=C)
                    yield Case("shift, sparse", name, make, form, dtype, shift in (1e3, 1e5))


def scale_cases() -> Iterator[Case]:
    """Columns of one scale, and of several."""
    for dtype, scales in [(np.float64, SCALES), (np.float32, SCALES_32)]:
        family = "scale" if dtype is np.float64 else "scale, float32"
        for scale in scales:
            for parameters in MANY:
                rest = {key: each for key, each in parameters.items() if key != "i"}
                make = partial(scaled, [scale] * parameters["i"], **rest)
                is_quick = scale in (scales[0], scales[-1], 1e-8)
                yield Case(family, described(scale, parameters), make, dtype=dtype, is_quick=is_quick)
        largest = [scales[0], 1.0, scales[-1]]
        for several in (largest, [1e-8, 1e8], [1e-4, 1.0, 1e4, 1e8]):
            for parameters in ({"classes": 2, "C": np.inf}, {"classes": 2, "C": 1e3}, {"classes": 3, "C": 1.0}):
                make, name = partial(scaled, several, **parameters), described(several, parameters)
                for form in ("dense", "csr"):
                    yield Case(f"mixed {family}", f"{name}, {form}", make, form, dtype, form == "dense")


def outlier_cases() -> Iterator[Case]:
    """One row or several with a large number in a column."""
    for dtype in (np.float64, np.float32):
        for agrees in (True, False):
            family = f"outlier, {'agrees' if agrees else 'contradicts'}{'' if dtype is np.float64 else ', float32'}"
            for size in OUTLIERS:
                for rows, parameters in zip(([0], [700], [0, 1, 500], [999], [3]), MANY, strict=True):
                    make = partial(with_outliers, size, rows, agrees, **parameters)
                    name = described(size, {"rows": rows, **parameters})
                    is_quick = size in (1e4, 1e9) and parameters in FEW
                    yield Case(family, name, make, "csr" if rows == [700] else "dense", dtype, is_quick)


def other_cases() -> Iterator[Case]:
    """Moments in milliseconds, and rare events."""
    for C in (1.0, 1e3, np.inf):
        for form in FORMS:
            yield Case("milliseconds", f"C={C}, {form}", partial(milliseconds, C=C), form, is_quick=form == "dense")
    for rate in RATES:
        for parameters in ({"i": 1, "C": np.inf}, {"i": 2, "C": 1.0}, {"i": 2, "classes": 3, "C": 1e3}):
            for dtype in (np.float64, np.float32) if rate > 1e-5 else (np.float64,):
                name = f"{described(rate, parameters)}, {np.dtype(dtype)}"
                is_quick = rate in (1e-2, 1e-3) or (rate == 1e-4 and "classes" not in parameters)
                yield Case("rare events", name, partial(rare, rate, **parameters), dtype=dtype, is_quick=is_quick)


def cases() -> Iterator[Case]:
    """The grid."""
    yield from shift_cases()
    yield from scale_cases()
    yield from outlier_cases()
    yield from other_cases()
