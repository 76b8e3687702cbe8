"""What LogisticRegression.fit does with what it is given: no copies, labels of any type, features of any scale."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from random_sparse import random_array
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.exceptions import ConvergenceWarning

from fastnn import LogisticRegression
from fastnn.models.common.targets import encode
from fastnn.models.logistic.problem import read_samples


@pytest.mark.parametrize(
    "labels",
    [
        [3, 1, 2, 1, 3],
        [-7, 5, -7, 5, 5],
        [10**12, -(10**12), 10**12, 0, 0],
        np.array([250, 3, 250, 4, 3], np.uint8),
        np.array([-128, 127, 0, 127, -128], np.int8),
        [True, False, True, True, False],
        ["b", "a", "c", "a", "b"],
        [0.0, 2.0, 2.0, 0.0, 1.0],
    ],
    ids=["close", "negative", "far apart", "unsigned", "small", "bool", "strings", "floats"],
)
def test_labels_are_numbered_as_they_sort(labels: Any) -> None:
    labels = np.array(labels)
    wanted, place = np.unique(labels, return_inverse=True)
    classes, index = encode(labels)
    np.testing.assert_array_equal(classes, wanted)
    np.testing.assert_array_equal(index, place)
    assert classes.dtype == labels.dtype
    assert index.dtype == np.int32
    x = np.arange(10.0).reshape(5, 2)
    model = LogisticRegression().fit(x, labels)
    assert model.classes_.dtype == labels.dtype
    assert set(model.predict(x)) <= set(labels.tolist())


def test_arrays_are_not_copied(dtype: Any) -> None:
    x, y = load_iris(return_X_y=True)
    x = x.astype(dtype)
    x.flags.writeable = False
    assert read_samples(LogisticRegression(), x, y, None).x is x
    x, y = np.tile(x, (10, 1)), np.tile(y, 10)
    for form in (sp.csr_array, sp.csc_array):
        for index in (np.int32, np.int64):
            sparse = form(x)
            sparse.indices, sparse.indptr = sparse.indices.astype(index), sparse.indptr.astype(index)
            found = read_samples(LogisticRegression(), sparse, y, None).x
            assert found.format == sparse.format
            for one, other in zip(_buffers(found), _buffers(sparse), strict=True):
                assert np.shares_memory(one, other)


def _buffers(x: Any) -> tuple[np.ndarray, ...]:
    return x.data, x.indices, x.indptr


@pytest.mark.parametrize(
    "options", [{}, {"solver": "lbfgs"}, {"solver": "newton-cg"}, {"l1_ratio": 1.0}, {"C": np.inf}]
)
@pytest.mark.parametrize("o", [2, 3])
def test_columns_are_fitted_as_they_are(options: dict[str, Any], o: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """To the same coefficients as rows, and with the same bits for every number of threads."""
    rng = np.random.default_rng(0)
    x = random_array((60_000, 30), density=0.2, rng=rng, format="csr")
    y = (x @ rng.normal(size=(30, o)) + rng.gumbel(size=(60_000, o))).argmax(axis=1)
    options = {"tol": 1e-8, "max_iter": 300} | options
    wanted = LogisticRegression(**options).fit(x, y)
    columns = x.tocsc()
    if "C" not in options:  # evidence of the maximum takes rows
        monkeypatch.setattr(sp.csc_array, "tocsr", lambda *_, **__: pytest.fail("columns became rows"))
    found = [LogisticRegression(n_threads=n, **options).fit(columns, y) for n in (1, 2, 3)]
    np.testing.assert_allclose(found[0].coef_, wanted.coef_, atol=1e-6)
    for other in found[1:]:
        np.testing.assert_array_equal(other.coef_, found[0].coef_)


def test_hardly_filled_columns_become_rows() -> None:
    x = random_array((300, 400), density=0.05, rng=0, format="csc")
    y = np.arange(300) % 2
    assert read_samples(LogisticRegression(), x, y, None).x.format == "csr"
    ours = LogisticRegression().fit(x, y)
    np.testing.assert_array_equal(ours.coef_, LogisticRegression().fit(x.tocsr(), y).coef_)


@pytest.mark.parametrize("form", [sp.csr_array, sp.csr_matrix, sp.csc_array, sp.coo_array])
def test_sparse_features_stay_sparse(form: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = load_breast_cancer(return_X_y=True)
    x = np.where(x > np.median(x, axis=0), x, 0)
    wanted = LogisticRegression(tol=1e-9).fit(x, y)
    given = form(x)

    def refuse(*args: Any, **how: Any) -> None:
        raise AssertionError("a sparse matrix became dense")

    for kind in (sp.csr_array, sp.csr_matrix, sp.csc_array, sp.coo_array):
        monkeypatch.setattr(kind, "toarray", refuse)
    model = LogisticRegression(tol=1e-9).fit(given, y)
    probabilities = model.predict_proba(given)
    np.testing.assert_allclose(probabilities, wanted.predict_proba(x), atol=1e-8)


def test_rows_that_lie_apart_and_columns_in_fortran_order() -> None:
    x, y = load_iris(return_X_y=True)
    wanted = LogisticRegression(tol=1e-9).fit(x, y).coef_
    for other in (np.asfortranarray(x), np.repeat(x, 2, axis=0)[::2], x.astype(">f8"), x.astype(object)):
        np.testing.assert_allclose(LogisticRegression(tol=1e-9).fit(other, y).coef_, wanted, atol=1e-6)


@pytest.mark.parametrize("solver", ["auto", "newton-cg", "newton-cholesky"])
@pytest.mark.parametrize("load", [load_breast_cancer, load_iris])
def test_features_as_they_come_converge_without_a_warning(load: Any, solver: str) -> None:
    """scikit-learn's default stops at its limit on the first of these."""
    x, y = load(return_X_y=True)
    model = LogisticRegression(solver=solver).fit(x, y)
    exact = LogisticRegression(tol=1e-9, max_iter=1000).fit(x, y)
    assert model.n_iter_[0] < 100
    assert np.mean(model.predict(x) == exact.predict(x)) > 0.99


def test_numbers_that_are_not_finite_are_found_in_the_first_pass() -> None:
    x, y = load_iris(return_X_y=True)
    for value, message in ((np.nan, "Input X contains NaN"), (np.inf, "Input X contains infinity")):
        for row in (0, 77, 149):
            broken = x.copy()
            broken[row, 2] = value
            with pytest.raises(ValueError, match=message):
                LogisticRegression().fit(broken, y)
            warm = LogisticRegression(warm_start=True).fit(x, y)
            with pytest.raises(ValueError, match=message):
                warm.fit(broken, y)


def test_numbers_are_not_too_large_for_being_many(rng: np.random.Generator) -> None:
    """Of float32 the squares of 256 rows are summed, not of all."""
    x = (2e17 * rng.normal(size=(20_000, 2))).astype(np.float32)
    y = (x[:, 0] + 1e17 * rng.normal(size=20_000) > 0).astype(int)
    with pytest.warns(ConvergenceWarning):
        LogisticRegression(max_iter=1, tol=1e-12).fit(x, y)
    assert LogisticRegression().fit(x, y).score(x, y) > 0.8


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "parameters", [{}, {"solver": "lbfgs"}, {"solver": "liblinear"}, {"l1_ratio": 1.0}, {"alpha": 0.0}], ids=str
)
def test_numbers_as_large_as_the_dtype_holds(parameters: dict[str, Any], dtype: Any) -> None:
    """Their squares overflow; beside them a penalty of coefficients is nothing."""
    x = (np.array([[0.0], [1.0], [0.5], [-1.0]]) * np.finfo(dtype).max / 4).astype(dtype)
    y = [0, 1, 1, 0]
    wanted = LogisticRegression(**parameters, penalty_factor=[0.0], tol=1e-8).fit(
        x / x.max() + [[0], [0], [-1], [1.5]], y
    )
    x = (x / x.max() + np.array([[0], [0], [-1], [1.5]], dtype)) * (np.finfo(dtype).max / 4)
    found = LogisticRegression(**parameters, tol=1e-8).fit(x.astype(dtype), y)
    np.testing.assert_allclose(found.predict_proba(x), wanted.predict_proba(x / (np.finfo(dtype).max / 4)), atol=1e-5)
