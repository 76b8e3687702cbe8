"""The door for arrays: which go in as they are, what is read of the others, and what errors call them."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from estimators import MODELS, X, Y
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from fastnn import LogisticRegression, MLPClassifier, MLPRegressor
from fastnn.models.common.arrays import is_plain, read_weight, read_X, read_X_y

pytestmark = pytest.mark.filterwarnings(f"ignore::{ConvergenceWarning.__module__}.ConvergenceWarning")

ROWS = np.arange(12.0).reshape(4, 3)
UNALIGNED = np.frombuffer(b"x" + ROWS.tobytes(), np.float64, offset=1).reshape(4, 3)
OTHERS: dict[str, Any] = {
    "list": ROWS.tolist(),
    "vector": ROWS[0],
    "empty": ROWS[:0],
    "columns": np.asfortranarray(ROWS),
    "strided": ROWS[::2],
    "integers": ROWS.astype(int),
    "half": ROWS.astype(np.float16),
    "swapped": ROWS.astype(">f8"),
    "unaligned": UNALIGNED,
    "subclass": np.ma.masked_array(ROWS),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_arrays_that_kernels_read_as_they_are(dtype: Any) -> None:
    x = ROWS.astype(dtype)
    x.flags.writeable = False
    assert is_plain(x)
    assert is_plain(x, dtype, 3)
    assert is_plain(x, np.dtype(dtype))
    assert not is_plain(x, dtype, 4)
    assert not is_plain(x, np.float64 if dtype is np.float32 else np.float32)


@pytest.mark.parametrize("name", OTHERS)
def test_arrays_that_they_do_not(name: str) -> None:
    assert not is_plain(OTHERS[name])


@pytest.mark.parametrize("rows", [ROWS, ROWS.tolist()], ids=["plain", "list"])
def test_nothing_is_set_on_the_model(rows: Any) -> None:
    model = LogisticRegression()
    before = copy.copy(vars(model))
    x, y, features = read_X_y(model, rows, np.array([0, 1, 0, 1]), reset=True)
    assert vars(model) == before
    assert features.number == 3
    assert features.labels() == ["x0", "x1", "x2"]
    np.testing.assert_array_equal(x, ROWS)
    assert (x is rows) == (rows is ROWS)
    assert y.tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("plain", [True, False])
def test_numbers_that_are_not_finite(bad: float, plain: bool) -> None:
    model = LogisticRegression().fit(ROWS, [0, 1, 0, 1])
    x = ROWS.copy()
    x[2, 1] = bad
    read = x if plain else np.asfortranarray(x)
    with pytest.raises(ValueError, match="X contains"):
        read_X(model, read, np.float64)
    with pytest.raises(ValueError, match="X contains"):
        read_X_y(model, read, np.array([0, 1, 0, 1]), reset=True)
    if plain:  # the first pass tells
        assert read_X_y(model, x, np.array([0, 1, 0, 1]), reset=True, check_finite=False)[0] is x


@pytest.mark.parametrize("name", MODELS)
def test_other_columns_than_those_of_the_fit_are_refused(name: str) -> None:
    model = clone(MODELS[name]).fit(X, Y)
    for x in (np.hstack([X, X]), np.hstack([X, X]).tolist()):
        with pytest.raises(ValueError, match=f"expecting {X.shape[1]} features"):
            model.predict(x)


def test_weights() -> None:
    assert read_weight(None, 3, np.float64) is None
    weight = read_weight([1, 0, 2], 3, np.float32, "w")
    assert weight is not None and weight.dtype == np.float32
    np.testing.assert_array_equal(read_weight(2, 3, np.float64), [2, 2, 2])
    refused = (([1, 2], r"w has shape \(2,\), wanted \(3,\)"), ([1, -1, 1], "w has negative"), ([0] * 3, "zero"))
    for weights, fault in refused:
        with pytest.raises(ValueError, match=fault):
            read_weight(weights, 3, np.float64, "w")
    with pytest.raises(TypeError, match="w of shape .* wanted numbers"):
        read_weight(["a", "b", "c"], 3, np.float64, "w")


TARGETS: dict[str, tuple[Any, str]] = {
    "NaN": ([0.0, np.nan, 1.0, 2.0], "Input y_val contains NaN"),
    "infinite": (np.array([[0.0], [np.inf], [1.0], [2.0]]), "Input y_val contains infinity"),
}


@pytest.mark.parametrize("kind", TARGETS)
@pytest.mark.parametrize("model", [MLPRegressor(max_iter=1), MLPClassifier(max_iter=1)], ids=["numbers", "classes"])
def test_errors_of_held_out_targets_name_them(model: Any, kind: str) -> None:
    y_val, fault = TARGETS[kind]
    with pytest.raises(ValueError, match=fault):
        clone(model).fit(ROWS, [0, 1, 0, 1], X_val=ROWS, y_val=y_val)


def test_held_out_targets_of_any_kind() -> None:
    """As `y` they may be objects that are numbers, and have one row for each of X_val."""
    model = MLPRegressor(max_iter=1)
    model.fit(ROWS, [0.0, 1.0, 0.5, 2.0], X_val=ROWS, y_val=np.array([1, 2, 3, 4], object))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        clone(model).fit(ROWS, [0.0, 1.0, 0.5, 2.0], X_val=ROWS, y_val=[1.0, 2.0, 3.0])
