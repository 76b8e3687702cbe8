"""Sparse X in networks: the same model as from dense X, bit for bit, and never made dense as a whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from random_sparse import random_array
from scipy import sparse
from sklearn.base import clone

from fastnn import LogisticRegression, MLPClassifier, MLPRegressor, threads
from fastnn.kernels.select import kernels_for
from fastnn.layers import Dense, Dropout
from fastnn.optimizers import Adam, OptimizerState
from fastnn.plan import Plan

OPTIONS: dict[str, dict[str, Any]] = {
    "two panels and a narrow one": {"hidden_layer_sizes": (70, 5)},
    "no hidden layer": {"hidden_layer_sizes": ()},
    "tanh": {"activation": "tanh"},
    "softmax": {"activation": "softmax"},
    "dropout": {"dropout": 0.3},
    "one batch": {"batch_size": 300},
    "one row": {"batch_size": 1, "max_iter": 1},
    "clipped": {"clip_norm": 0.1},
    "held out": {"early_stopping": True},
    "lbfgs": {"solver": "lbfgs"},
}
# Of 2,000 rows: strips where the weights are few, else chunks.
OF_MANY_ROWS: dict[str, dict[str, Any]] = {
    "strips": {"batch_size": 2000},
    "strips, dropout": {"batch_size": 1500, "dropout": 0.3},
    "strips, lbfgs": {"solver": "lbfgs"},
    "chunks": {"batch_size": 2000, "hidden_layer_sizes": (400, 70)},
}


def data(dtype: Any, n: int = 300, i: int = 83) -> tuple[Any, np.ndarray]:
    """Rows of which some are empty, and their classes."""
    x = random_array((n, i), density=0.06, rng=0, dtype=dtype, format="lil")
    x[[0, 7, n - 1]] = 0
    return x.tocsr(), np.random.default_rng(0).integers(0, 3, n)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("name", [*OPTIONS, *OF_MANY_ROWS])
def test_the_same_model_as_from_dense(dtype, name):
    x, y = data(dtype, 2000 if name in OF_MANY_ROWS else 300)
    options = {"hidden_layer_sizes": (20,), "max_iter": 3, "random_state": 0} | (OPTIONS | OF_MANY_ROWS)[name]
    ours = MLPClassifier(**options).fit(x, y)
    theirs = MLPClassifier(**options).fit(x.toarray(), y)
    for one, other in zip(ours.coefs_ + ours.intercepts_, theirs.coefs_ + theirs.intercepts_, strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(ours.predict_proba(x), ours.predict_proba(x.toarray()))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("container", [sparse.csr_matrix, sparse.csc_array, sparse.coo_array])
def test_any_container_and_partial_fit(container):
    x, y = data(np.float64)
    wanted = MLPRegressor(hidden_layer_sizes=(9,), random_state=0).partial_fit(x.toarray(), y)
    found = MLPRegressor(hidden_layer_sizes=(9,), random_state=0).partial_fit(container(x), y)
    np.testing.assert_array_equal(found.coefs_[0], wanted.coefs_[0])


@pytest.mark.parametrize(
    ("n", "width", "batch_size"),
    [(300, 37, 32), (2500, 37, 2400), (2500, 600, 2400)],
    ids=["small batches", "strips", "chunks"],
)
def test_an_epoch(backend, dtype, n, width, batch_size):
    """Of every backend, with dropout on the inputs, the same as of dense rows; also with long indices."""
    x, y = data(dtype, n)
    layers = [Dropout(0.25), Dense(width, "relu"), Dense(2)]
    plan = Plan.from_layers(layers, x.shape[1], "squared_error", dtype)
    kernels, targets = kernels_for(backend), np.stack([y, -y], axis=1).astype(dtype)
    order = np.random.default_rng(1).integers(0, n, n - 50)
    rates = np.full(-(-len(order) // batch_size), 0.01)
    long = x.copy()
    long.indices, long.indptr = long.indices.astype(np.int64), long.indptr.astype(np.int64)
    check = (lambda rows: rows) if backend == "reference" else kernels.SparseRows
    found = []
    for rows in (x.toarray(), check(x), check(long)):
        params = plan.initial_params(0)
        state = OptimizerState.zeros(Adam(), params)
        options = (order, batch_size, Adam(), state, rates, 0.1, 0.0, 5)
        losses = kernels.fit_epoch(plan, params, rows, targets, None, *options)
        found.append((losses, params))
    for losses, params in found[1:]:
        assert losses == found[0][0]
        np.testing.assert_array_equal(params, found[0][1])


@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_logistic_prediction_is_that_of_dense_rows(dtype, n_classes):
    x, y = data(dtype)
    model = LogisticRegression().fit(x, y % n_classes)
    for method in ("decision_function", "predict", "predict_proba", "predict_log_proba"):
        found = getattr(model, method)(x)
        np.testing.assert_array_equal(found, getattr(model, method)(x.toarray()))
        np.testing.assert_array_equal(found[17:20], getattr(model, method)(x[17:20]))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("model", [LogisticRegression(), MLPClassifier((2,), max_iter=1, random_state=0)])
def test_predictions_do_not_make_rows_dense(model, monkeypatch):
    x, y = data(np.float32)
    model = clone(model).fit(x, y)

    def refuse(*args, **how):
        raise AssertionError("a sparse matrix became dense")

    monkeypatch.setattr(sparse.csr_array, "toarray", refuse)
    assert np.isfinite(model.predict_proba(x)).all()


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("estimator", [MLPClassifier, LogisticRegression])
def test_long_indices_give_the_same_model(estimator):
    x, y = data(np.float64)
    wanted = estimator(max_iter=3, random_state=0).fit(x, y)
    x.indices, x.indptr = x.indices.astype(np.int64), x.indptr.astype(np.int64)
    found = estimator(max_iter=3, random_state=0).fit(x, y)
    np.testing.assert_array_equal(found.predict_proba(x), wanted.predict_proba(x))


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_threads_do_not_change_a_bit():
    x, y = data(np.float32, n=3000, i=400)
    found = []
    for n_threads in (1, 2, 3, 7):
        with threads(n_threads):
            found.append(MLPClassifier((64,), batch_size=500, max_iter=3, random_state=0).fit(x, y).coefs_[0])
    for other in found[1:]:
        np.testing.assert_array_equal(other, found[0])


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_what_would_not_fit_into_memory():
    """300,000 rows of a million features would be 1.2 TB as floats."""
    x = random_array((300_000, 1_000_000), density=1e-6, rng=0, dtype=np.float32, format="csr")
    y = np.arange(x.shape[0]) % 2
    model = MLPClassifier((2,), solver="sgd", batch_size=100_000, max_iter=1, random_state=0).fit(x, y)
    assert np.isfinite(model.loss_)


def test_what_is_refused(dtype):
    x, y = data(dtype)
    plan = Plan.from_layers([Dense(1)], 82, "squared_error", dtype)
    core = kernels_for("native")
    params = plan.initial_params(0)
    state = OptimizerState.zeros(Adam(), params)
    data_of = (y[:, None].astype(dtype), None, None, 32, Adam(), state, np.full(10, 0.01), 0.0, 0.0, 0)
    with pytest.raises(ValueError, match="not the 82 columns"):
        core.fit_epoch(plan, params, core.SparseRows(x), *data_of)
    with pytest.raises(ValueError, match="not the 82 columns"):
        core.network_forward(plan, params, core.SparseRows(x), np.empty((len(y), 1), dtype))
    for array, value in ((x.indices, 83), (x.indices, -1), (x.indptr, 2**31 - 1), (x.indptr, -(2**31))):
        kept, array[3] = array[3], value
        with pytest.raises(ValueError, match="point outside"):
            core.SparseRows(x)
        array[3] = kept
    x.data[5] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        MLPClassifier().fit(x, y)
