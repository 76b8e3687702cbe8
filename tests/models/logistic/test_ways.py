"""The way of X: how many functions of the package it passes before the first kernel that works with it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import is_dataclass
from pathlib import Path
from types import FrameType
from typing import Any
from weakref import ref

import numpy as np
import pytest
from scipy.sparse import csr_array

import fastnn
from fastnn import LogisticRegression, Neuron
from fastnn import _core as native

PACKAGE = str(Path(fastnn.__file__).parent)
KERNELS = ("logistic_gradient", "logistic_product", "network_predict", "network_forward")
X = np.random.default_rng(0).normal(size=(200, 5))
Y = (X[:, 0] + 0.1 * X[:, 1] > 0).astype(int)


def _holds(value: Any, x: np.ndarray, depth: int = 0) -> bool:
    """Whether a value is X, shares its memory, or is a container of such a value."""
    if isinstance(value, np.ndarray):
        return bool(value.size and np.shares_memory(value, x))
    if depth == 3:
        return False
    if is_dataclass(value):
        value = vars(value)
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, (tuple, list)) else ()
    return any(_holds(part, x, depth + 1) for part in parts)


@contextmanager
def _noting_kernels() -> Iterator[list[str]]:
    """The names of the kernels that are called: a profile does not see functions of Cython."""
    called: list[str] = []

    def noting(name: str, kernel: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*arguments: Any) -> Any:
            called.append(name)
            return kernel(*arguments)

        return noted

    with pytest.MonkeyPatch.context() as patch:
        for name in KERNELS:
            patch.setattr(native, name, noting(name, getattr(native, name)))
        yield called


def way_of(call: Callable[[], object], x: np.ndarray) -> dict[str, str]:
    """The functions of fastnn that are given X until the first kernel is called, and the file of each."""
    found: dict[str, str] = {}

    def look(frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if called or event != "call" or not code.co_filename.startswith(PACKAGE) or code.co_name.startswith("<"):
            return
        n = code.co_argcount + code.co_kwonlyargcount + bool(code.co_flags & 4) + bool(code.co_flags & 8)
        if _holds([frame.f_locals.get(name) for name in code.co_varnames[:n]], x):
            found[code.co_qualname] = code.co_filename

    before = sys.getprofile()
    with _noting_kernels() as called:
        sys.setprofile(look)
        try:
            call()
        finally:
            sys.setprofile(before)
        assert called, "no kernel has been called that the ways know of"
    return found


def assert_short(way: Mapping[str, str], functions: int, files: int) -> None:
    assert len(way) <= functions, list(way)
    assert len(set(way.values())) <= files, sorted(set(way.values()))


@pytest.mark.parametrize("options", [{}, {"solver": "lbfgs"}, {"warm_start": True}])
def test_a_fit(options: dict[str, Any]) -> None:
    model = LogisticRegression(**options).fit(X, Y)
    assert_short(way_of(lambda: model.fit(X, Y), X), 12, 6)


@pytest.mark.parametrize("method", ["predict_proba", "predict", "decision_function", "predict_log_proba"])
def test_one_row(method: str) -> None:
    row = X[:1].copy()
    ask = getattr(LogisticRegression().fit(X, Y), method)
    assert_short(way_of(lambda: ask(row), row), 4, 3)


@pytest.mark.filterwarnings("ignore:The neuron still improves")
@pytest.mark.parametrize(("method", "functions", "files"), [("predict_proba", 4, 3), ("predict", 5, 4)])
def test_one_row_for_a_neuron(method: str, functions: int, files: int) -> None:
    """Whose `predict` asks first whether it has classes."""
    row = X[:1].copy()
    ask = getattr(Neuron(max_iter=2).fit(X, Y), method)
    assert_short(way_of(lambda: ask(row), row), functions, files)


def test_predictions_share_a_plan_and_an_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    model = LogisticRegression().fit(X, Y)
    model.predict_proba(X[:1])
    monkeypatch.setattr("fastnn.models.common.linear.Engine", lambda *_: pytest.fail("another engine was built"))
    monkeypatch.setattr("fastnn.models.common.linear.linear_plan", lambda *_: pytest.fail("another plan was built"))
    before = model.predict_proba(X)
    model.coef_ = 2 * model.coef_
    doubled = model.predict_proba(X)
    assert (doubled != before).any()
    model.coef_ /= 2
    np.testing.assert_array_equal(model.predict_proba(X), before)
    model.intercept_[:] = 100
    assert (model.predict(X) == 1).all()


def test_a_sparse_x_is_not_kept() -> None:
    """The engine that predictions share would keep the matrix that it has checked last."""
    model = LogisticRegression().fit(X, Y)
    sparse = csr_array(X)
    model.predict(sparse)
    gone = ref(sparse)
    del sparse
    assert gone() is None


def test_the_count_can_fail() -> None:
    with pytest.raises(AssertionError):
        assert_short({"f": "a", "g": "b"}, 1, 2)
    with pytest.raises(AssertionError):
        assert_short({"f": "a", "g": "b"}, 2, 1)
    with pytest.raises(AssertionError, match="no kernel"):
        way_of(lambda: None, X)
