"""Whether an unpenalised fit says that classes are separated, and how, where a linear program does."""

from __future__ import annotations

import re
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from separated import separation_by_program
from sklearn.exceptions import ConvergenceWarning
from solver_names import PRECISE

from fastnn import LogisticRegression

SAYS = re.compile(r"separate the classes perfectly \(([a-z-]+) separation\)")
SOLVERS = st.sampled_from(PRECISE)

Data = tuple[np.ndarray, np.ndarray]


@pytest.mark.parametrize(
    ("x", "y", "kind"),
    [
        ([[0], [1], [2], [3]], [0, 0, 1, 1], "complete"),
        ([[0], [1], [1], [2]], [0, 0, 1, 1], "quasi-complete"),
        ([[0], [1], [2], [3]], [0, 1, 0, 1], "none"),
        ([[0], [1], [2]], [0, 1, 2], "complete"),  # by z = 0, 2 x - 1, 4 x - 4
        ([[0, 0], [1, 0], [0, 1]], [0, 1, 2], "complete"),
        ([[0], [1], [2], [0], [1], [2]], [0, 1, 2, 1, 2, 0], "none"),
        ([[1], [1], [1]], [0, 1, 1], "none"),
    ],
)
def test_the_linear_program_on_tables_checked_by_hand(x: Any, y: Any, kind: str) -> None:
    assert separation_by_program(np.array(x, float), np.array(y)) == kind


def labelled(n: int, classes: int) -> st.SearchStrategy[np.ndarray]:
    """Labels (n,) of all classes."""
    rest = arrays.arrays(np.intp, n - classes, elements=st.integers(0, classes - 1))
    return rest.map(lambda drawn: np.concatenate([np.arange(classes), drawn]))


@st.composite
def whole_numbers(draw: Any) -> Data:
    """Few different numbers, so that rows lie on the boundary."""
    n, i, classes = draw(st.integers(4, 24)), draw(st.integers(1, 4)), draw(st.integers(2, 3))
    x = draw(arrays.arrays(np.float64, (n, i), elements=st.integers(-2, 2).map(float)))
    return x, draw(labelled(n, classes))


@st.composite
def saturated(draw: Any) -> Data:
    """A column for every level of one or two factors, and how often each class was seen there."""
    classes, levels = draw(st.integers(2, 3)), draw(st.integers(2, 5))
    counts = draw(arrays.arrays(np.intp, (levels, classes), elements=st.integers(0, 3)))
    assume(counts.any(axis=0).all() and counts.any(axis=1).all())
    level, y = np.repeat(np.stack(np.nonzero(counts + 1), axis=1), counts.ravel(), axis=0).T
    x = np.eye(levels)[level]
    return (x[:, 1:] if draw(st.booleans()) else x), y


@st.composite
def continuous(draw: Any, with_factor: bool = False) -> Data:
    """Normal columns, of classes that are near each other or far apart."""
    n, i, classes = draw(st.integers(6, 40)), draw(st.integers(1, 4)), draw(st.integers(2, 3))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    x = rng.standard_normal((n, i))
    apart = draw(st.sampled_from([0.5, 2.0, 8.0]))
    y = np.argmax(apart * x @ rng.standard_normal((i, classes)) + rng.gumbel(size=(n, classes)), axis=1)
    y[:classes] = np.arange(classes)
    if with_factor:
        x[:, 0] = np.digitize(x[:, 0], [-0.5, 0.5])
        if draw(st.booleans()):
            x[:, -1] = (y == 0) & (rng.random(n) < 0.5)
    scale = 10.0 ** draw(st.integers(-6, 6))
    return x * scale + draw(st.sampled_from([0.0, 100.0])) * scale, y


@given(whole_numbers(), SOLVERS, st.booleans())
def test_whole_numbers(data: Data, solver: str, fit_intercept: bool) -> None:
    check(*data, solver, fit_intercept)


@given(saturated(), SOLVERS, st.booleans())
def test_saturated_tables(data: Data, solver: str, fit_intercept: bool) -> None:
    check(*data, solver, fit_intercept)


@given(continuous(), SOLVERS, st.booleans())
def test_continuous(data: Data, solver: str, fit_intercept: bool) -> None:
    check(*data, solver, fit_intercept)


@given(continuous(with_factor=True), SOLVERS)
def test_mixed(data: Data, solver: str) -> None:
    check(*data, solver, True)


@given(whole_numbers(), st.data())
def test_rows_without_weight_do_not_count(data: Data, more: Any) -> None:
    x, y = data
    weight = more.draw(arrays.arrays(np.float64, len(y), elements=st.sampled_from([0.0, 1.0, 2.5])))
    weight[: y.max() + 1] = 1.0
    kept = weight > 0
    assert said(x, y, "auto", True, weight) == expected(x[kept], y[kept], True)


def check(x: np.ndarray, y: np.ndarray, solver: str, fit_intercept: bool) -> None:
    """What the model says is what the linear program does."""
    assert said(x, y, solver, fit_intercept) == expected(x, y, fit_intercept)


def expected(x: np.ndarray, y: np.ndarray, fit_intercept: bool) -> str:
    """By the linear program; an example that rounding could decide is left out."""
    kind = separation_by_program(x, y, fit_intercept)
    assume(kind is not None)
    assert kind is not None
    return kind


def said(x: np.ndarray, y: np.ndarray, solver: str, fit_intercept: bool, weight: Any = None) -> str:
    """The kind of separation in a fit's warnings, or "none"."""
    model = LogisticRegression(C=np.inf, solver=solver, fit_intercept=fit_intercept, max_iter=1000)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        model.fit(x, y, weight)
    found = [match[1] for each in caught if (match := SAYS.search(str(each.message)))]
    assert len(found) <= 1
    return found[0] if found else "none"
