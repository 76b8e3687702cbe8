"""X that NumPy alone converts: the bits, the warnings and the errors are those of scikit-learn's validators."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from broken import misaligned
from estimators import MODELS
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from fastnn.models.common import arrays
from fastnn.models.common.converted import converted

pytestmark = pytest.mark.filterwarnings(f"ignore::{ConvergenceWarning.__module__}.ConvergenceWarning")

ROWS = np.random.default_rng(0).integers(-8, 8, (60, 3)) / 4  # which every dtype has exactly, but for integers
Y = (ROWS[:, 0] > 0).astype(int)
NAMES = ["a", "b", "c"]
X = ROWS[:7]

# What is taken without validators ...
ARRAYS: dict[str, Callable[[], Any]] = {
    **{name: lambda name=name: X.astype(name) for name in ("f4", "f8", "f2", ">f4", ">f8", "i1", "i8", ">i4", "?")},
    **{name: lambda name=name: np.abs(X).astype(name) for name in ("u1", "u8")},
    "large integers": lambda: np.full((2, 3), 2**62 + 1),
    "by columns": lambda: np.asfortranarray(X),
    "columns apart": lambda: np.repeat(X, 2, axis=1)[:, ::2],
    "rows apart": lambda: np.repeat(X, 3, axis=0)[::3],
    "backwards": lambda: X[::-1, ::-1],
    "misaligned": lambda: misaligned(X),
    "lists": lambda: X.tolist(),
    "tuples": lambda: tuple(map(tuple, X.tolist())),
    "lists of integers": lambda: X.astype(int).tolist(),
    "mixed lists": lambda: [[1, 2.5, True]],
    "large lists": lambda: [[2**63, -1, 0.5]],
}
# ... and what validators are to look at.
ODD_ARRAYS: dict[str, Callable[[], Any]] = {
    "object": lambda: X.astype(object),
    "complex": lambda: X.astype(complex),
    "long double": lambda: X.astype(np.longdouble),
    "strings": lambda: X.astype("U"),
    "lists of strings": lambda: X.astype("U").tolist(),
    "dates": lambda: X.astype(int).astype("M8[s]"),
    "one row": lambda: X[0],
    "one list": lambda: X[0].tolist(),
    "no list": list,
    "empty list": lambda: [[]],
    "no row": lambda: X[:0],
    "too few columns": lambda: X[:, :2].astype("f4"),
    "too many columns": lambda: np.hstack([X, X]).tolist(),
    "three dimensions": lambda: X[None].astype("f2"),
    "a list too deep": lambda: [X.tolist()],
    "ragged": lambda: [[1.0, 2.0, 3.0], [1.0, 2.0]],
    "None inside": lambda: [[1.0, 2.0, None]],
    "arrays in a list": lambda: list(X),
    "huge integers": lambda: [[10**400, 1, 2]],
    "masked": lambda: np.ma.masked_array(X),
    "subclass": lambda: X.view(np.recarray),
    "number": lambda: 3.0,
    "nothing": lambda: None,
}
NOT_FINITE: dict[str, Callable[[], Any]] = {
    "NaN": lambda: np.array([[1, np.nan, 2]], "f4"),
    "NaN in a list": lambda: [[1.0, float("nan"), 2.0]],
    "infinite": lambda: np.array([[1, np.inf, 2]], "f2"),
    "large": lambda: np.asfortranarray([[1.0, 1e300, 2.0], [1.0, 1.0, 1.0]]),
}


def frame(values: Any = X, names: Any = NAMES) -> pd.DataFrame:
    return pd.DataFrame(values, columns=names)


FRAMES: dict[str, Callable[[], Any]] = {
    "pandas": frame,
    "float32": lambda: frame().astype("f4"),
    "integers": lambda: frame(X.astype(int)),
    "booleans": lambda: frame(X > 0),
    "some integers": lambda: frame().astype({"a": int, "b": "f4"}),
    "some unsigned": lambda: frame(np.abs(X)).astype({"a": "u8", "b": "i8"}),
    "polars": lambda: pl.DataFrame(X, schema=NAMES),
    "polars, some integers": lambda: pl.DataFrame({"a": [1, 2], "b": [0.5, 1.5], "c": np.array([1, 2], "f4")}),
}
ODD_FRAMES: dict[str, Callable[[], Any]] = {
    "reordered": lambda: frame()[["b", "a", "c"]],
    "renamed": lambda: frame(names=["a", "b", "d"]),
    "missing": lambda: frame()[["a", "b"]],
    "one more": lambda: frame(np.hstack([X, X[:, :1]]), [*NAMES, "d"]),
    "twice": lambda: frame(names=["a", "b", "b"]),
    "mixed names": lambda: frame(names=["a", "b", 3]),
    "no names": lambda: frame(names=range(3)),
    "no names, twice": lambda: frame(names=[0, 1, 1]),
    "tuples": lambda: frame(names=[("a", 1), ("a", 2), ("b", 1)]),
    "some booleans": lambda: frame().astype({"b": bool}),
    "nullable": lambda: frame().astype("Float64"),
    "nullable integers": lambda: frame(X.astype(int)).astype("Int64"),
    "missing values": lambda: frame().astype("Float64").mask(frame() > 1),
    "NaN": lambda: frame().mask(frame() > 1),
    "sparse": lambda: frame().astype(pd.SparseDtype(float)),
    "categories": lambda: frame().astype("category"),
    "objects": lambda: frame().astype(object),
    "strings": lambda: frame().astype(str),
    "dates": lambda: frame().astype({"a": int}).astype({"a": "M8[ns]"}),
    "no row": lambda: frame(X[:0]),
    "a series": lambda: frame()["a"],
    "polars, nulls": lambda: pl.DataFrame({"a": [1, None], "b": [1, 2], "c": [1, 2]}),
    "polars, booleans": lambda: pl.DataFrame(X > 0, schema=NAMES),
    "polars, strings": lambda: pl.DataFrame(X.astype("U"), schema=NAMES),
    "polars, renamed": lambda: pl.DataFrame(X, schema=["a", "b", "d"]),
    "polars, lazy": lambda: pl.DataFrame(X, schema=NAMES).lazy(),
}
FITTED: dict[str, Callable[[], Any]] = {
    "array": lambda: ROWS,
    "float32 array": lambda: ROWS.astype("f4"),
    "named": lambda: frame(ROWS),
    "numbered": lambda: pd.DataFrame(ROWS),
    "polars": lambda: pl.DataFrame(ROWS, schema=NAMES),
}
EVERY = ARRAYS | ODD_ARRAYS | NOT_FINITE | {f"frame: {name}": make for name, make in (FRAMES | ODD_FRAMES).items()}


def outcome(model: Any, x: Any) -> Any:
    """Bits, or the error, of some methods; and the warnings."""
    found: list[Any] = []
    for method in ("predict", "predict_proba", "input_gradient"):
        if not hasattr(model, method):
            continue
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                answer = getattr(model, method)(x)
                found.append((answer.shape, answer.dtype, answer.tobytes()))
            except Exception as fault:  # whatever it is
                found.append((type(fault), str(fault)))
        found.append([(each.category, str(each.message)) for each in caught])
    return found


@pytest.mark.parametrize("fitted", FITTED)
@pytest.mark.parametrize("name", ["neuron", "logistic", "classifier", "regressor"])
def test_answers_are_those_of_the_validators(name: str, fitted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = clone(MODELS[name]).fit(FITTED[fitted](), Y)
    inputs = {form: make() for form, make in EVERY.items()}
    found = {form: outcome(model, x) for form, x in inputs.items()}
    with monkeypatch.context() as patched:
        patched.setattr(arrays, "converted", lambda *_: None)
        wanted = {form: outcome(model, x) for form, x in inputs.items()}
    for form in EVERY:
        assert found[form] == wanted[form], form


@pytest.mark.parametrize("form", [*ARRAYS, *NOT_FINITE])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_numbers_need_no_validators(form: str, dtype: str) -> None:
    x = converted(EVERY[form](), np.dtype(dtype), 3, None)
    assert x is not None
    assert x.flags.c_contiguous
    assert x.flags.aligned
    assert x.dtype == np.dtype(dtype)
    assert converted(EVERY[form](), np.dtype(dtype), 3, np.array(NAMES, object)) is None  # of which they warn


@pytest.mark.parametrize("form", FRAMES)
def test_frames_with_the_names_of_the_fit_need_no_validators(form: str) -> None:
    x = FRAMES[form]()
    found = converted(x, np.dtype("f8"), 3, np.array(NAMES, object))
    np.testing.assert_array_equal(found, np.asarray(x, "f8"))
    assert converted(x, np.dtype("f8"), 3, None) is None
    assert converted(x, np.dtype("f8"), 3, np.array(["a", "b", "d"], object)) is None


def test_frames_without_names() -> None:
    for x, taken in ((pd.DataFrame(X), True), (frame(names=[5, 6, 9]), True), (frame(names=[0, 1, 1]), False)):
        assert (converted(x, np.dtype("f8"), 3, None) is not None) == taken


def test_what_is_odd_is_left_to_them() -> None:
    for form, make in ODD_ARRAYS.items():
        assert converted(make(), np.dtype("f8"), 3, None) is None, form
    for form in ("sparse", "nullable", "categories", "objects", "reordered", "twice", "some booleans", "a series"):
        assert converted(ODD_FRAMES[form](), np.dtype("f8"), 3, np.array(NAMES, object)) is None, form


def test_what_is_not_finite_where_the_user_vouches_for_it() -> None:
    model = clone(MODELS["logistic"]).fit(ROWS, Y)
    x = np.array([[1, np.nan, 2]], "f4")
    with config_context(assume_finite=True):
        assert np.isnan(model.predict_proba(x)).all()
    with pytest.raises(ValueError, match="contains NaN"):
        model.predict_proba(x)


def test_the_input_stays_as_it_is() -> None:
    model = clone(MODELS["logistic"]).fit(ROWS, Y)
    x = X.astype("f4")
    before = x.copy()
    model.predict_proba(x)
    np.testing.assert_array_equal(x, before)
