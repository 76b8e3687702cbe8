"""Sparse X with indices and starts of any types of integers, as files have them: as of int32, at every door."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from estimators import MODELS, X, Y
from sklearn.base import clone, is_classifier
from sklearn.exceptions import ConvergenceWarning

from fastnn import Dense, LogisticRegression, MLPClassifier, Network, fit_many, sparse_input
from fastnn.sparse_input import with_valid_indices

pytestmark = pytest.mark.filterwarnings(f"ignore::{ConvergenceWarning.__module__}.ConvergenceWarning")
every_model = pytest.mark.parametrize("name", MODELS)
HOLED = X * (np.random.default_rng(5).random(X.shape) < 0.6)
TYPES = [
    ("i4", "i8"),
    ("i8", "i4"),
    ("i2", "i2"),
    ("u2", "i8"),
    ("u4", "u4"),
    ("u8", "u8"),
    ("u8", "i4"),
    (">i4", ">i8"),
]
every_type = pytest.mark.parametrize("types", TYPES, ids="-".join)
FORMS = ("csr_array", "csr_matrix", "csc_array")


def indexed(types: tuple[str, str], form: str = "csr_array", x: np.ndarray = HOLED) -> Any:
    made = getattr(sp, form)(x)
    made.indices, made.indptr = made.indices.astype(types[0]), made.indptr.astype(types[1])
    return made


def model(name: str) -> Any:
    return clone(MODELS[name]).set_params(random_state=0)


@every_model
@every_type
def test_every_door_of_an_estimator(name: str, types: tuple[str, str]) -> None:
    for form in FORMS:
        plain = getattr(sp, form)(HOLED)
        wanted, found = model(name).fit(plain, Y), model(name).fit(indexed(types, form), Y)
        for method in ("predict", "predict_proba", "decision_function", "activate", "input_gradient"):
            if hasattr(wanted, method):
                np.testing.assert_array_equal(
                    getattr(found, method)(indexed(types, form)), getattr(wanted, method)(plain)
                )
        assert found.score(indexed(types, form), Y) == wanted.score(plain, Y)


@every_model
@every_type
def test_partial_fits(name: str, types: tuple[str, str]) -> None:
    wanted, found = model(name), model(name)
    if hasattr(wanted, "partial_fit"):
        classes = {"classes": [0, 1]} if is_classifier(wanted) else {}
        wanted.partial_fit(sp.csr_array(HOLED), Y, **classes)
        found.partial_fit(indexed(types), Y, **classes)
        np.testing.assert_array_equal(found.predict(indexed(types)), wanted.predict(HOLED))


@every_type
def test_samples_held_out_many_fits_and_networks(types: tuple[str, str]) -> None:
    x, plain = indexed(types), sp.csr_array(HOLED)
    net = MLPClassifier((4,), max_iter=3, random_state=0)
    wanted = clone(net).fit(plain, Y, X_val=plain, y_val=Y)
    found = clone(net).fit(x, Y, X_val=x, y_val=Y)
    assert found.validation_loss_curve_ == wanted.validation_loss_curve_
    np.testing.assert_array_equal(fit_many([clone(net)], x, Y)[0].coefs_[0], clone(net).fit(plain, Y).coefs_[0])
    network = Network([Dense(3, "tanh"), Dense(1)], 3, random_state=0)
    np.testing.assert_array_equal(network.predict(x), network.predict(plain))


def test_only_what_must_be_is_copied() -> None:
    x = sp.csr_array(HOLED)
    assert with_valid_indices(x) is x
    x.indptr = x.indptr.astype(np.int64)
    found, before = with_valid_indices(x), (x.indices, x.indptr)
    assert found.indices is x.indices and found.data is x.data
    assert found.indptr.dtype == np.int32
    assert (x.indices, x.indptr) == before or x.indptr.dtype == np.int64  # the caller's is as it was
    long = indexed(("i8", "i8"))
    assert with_valid_indices(long) is long


def test_what_int32_cannot_hold_becomes_int64(monkeypatch: pytest.MonkeyPatch) -> None:
    wide = sp.csr_array((2, 2**31 + 5))
    wide.indices, wide.indptr = np.array([2**31 + 1], np.uint64), np.array([0, 0, 1], np.uint32)
    wide.data = np.ones(1)
    found = with_valid_indices(wide)
    assert found.indices.dtype == found.indptr.dtype == np.int64
    assert found.indices.tolist() == [2**31 + 1]
    monkeypatch.setattr(sparse_input, "_MOST_INT32", 10)  # as if there were more elements than that
    assert with_valid_indices(indexed(("i4", "i8"))).indices.dtype == np.int64


@every_model
@pytest.mark.parametrize(
    ("types", "place"), [(("i2", "i4"), -1), (("u8", "u8"), 2**63), (("u8", "i8"), 2**32), (("i8", "i4"), -(2**40))]
)
def test_what_points_outside_is_refused(name: str, types: tuple[str, str], place: int) -> None:
    x = indexed(types)
    x.indices[2] = place
    fitted = model(name).fit(HOLED, Y)
    for act in (lambda: model(name).fit(x, Y), lambda: fitted.predict(x)):
        with pytest.raises(
            ValueError, match=r"X is a sparse CSR matrix of shape \(60, 3\) whose .* point outside of it"
        ):
            act()


@pytest.mark.parametrize("types", [("f8", "i4"), ("i4", "f8"), ("?", "i4"), ("c16", "i4")], ids="-".join)
def test_what_is_no_index_is_refused(types: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="or are no integers"):
        LogisticRegression().fit(indexed(types), Y)


def test_arrays_in_odd_places() -> None:
    x = sp.csr_array(HOLED)
    wanted = LogisticRegression().fit(x, Y).coef_
    for name in ("indices", "indptr", "data"):
        odd = sp.csr_array(HOLED)
        setattr(odd, name, np.repeat(getattr(x, name), 2)[::2])
        np.testing.assert_array_equal(LogisticRegression().fit(odd, Y).coef_, wanted)


@pytest.mark.parametrize("types", ["u8", "i2", ">i8"])
def test_coordinates(types: str) -> None:
    x = sp.coo_array(HOLED)
    x.coords = tuple(places.astype(types) for places in x.coords)
    wanted = LogisticRegression().fit(sp.csr_array(HOLED), Y)
    np.testing.assert_array_equal(LogisticRegression().fit(x, Y).coef_, wanted.coef_)
    np.testing.assert_array_equal(wanted.predict(x), wanted.predict(HOLED))
