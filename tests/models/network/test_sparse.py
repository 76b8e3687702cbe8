"""Sparse x in Network: the bits of dense x, as an MLP has them too, at every method; and no other data than that."""

from __future__ import annotations

import copy
import gc
import pickle
import weakref
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from random_sparse import random_array

from fastnn import Adam, Dense, Dropout, MLPClassifier, Network, threads

RNG = np.random.default_rng(0)
X = random_array((300, 83), density=0.06, rng=0, format="csr")
DENSE = X.toarray()
Y = RNG.integers(0, 3, 300)
WEIGHT = RNG.integers(1, 4, 300).astype(float)


def make(**options: Any) -> Network:
    layers = [Dropout(0.2), Dense(37, "relu"), Dense(3)]
    return Network(layers, 83, "cross_entropy", **{"dtype": "float64", "random_state": 0} | options)


def assert_alike(found: Any, wanted: Any, backend: str) -> None:
    if backend == "native":
        np.testing.assert_array_equal(found, wanted)
    else:
        np.testing.assert_allclose(found, wanted, rtol=1e-7, atol=1e-12)


FORMS = ["csr_array", "csr_matrix", "csc_array", "coo_array", "bsr_array", "lil_array", "dok_array", "dia_array"]


@pytest.mark.filterwarnings("ignore::scipy.sparse.SparseEfficiencyWarning")  # of as many diagonals
@pytest.mark.parametrize("form", FORMS)
def test_answers_of_any_format(form: str, dtype: Any) -> None:
    network, x = make(dtype=dtype), getattr(sp, form)(X)
    for method in ("forward", "predict", "input_gradient"):
        np.testing.assert_array_equal(getattr(network, method)(x), getattr(network, method)(DENSE))
    loss, d_params = network.loss_and_gradient(x, Y, WEIGHT)
    wanted, d_wanted = network.loss_and_gradient(DENSE, Y, WEIGHT)
    assert loss == wanted
    np.testing.assert_array_equal(d_params, d_wanted)


def test_answers_of_every_backend(backend: str) -> None:
    network = make(backend=backend)
    for method in ("forward", "predict", "input_gradient"):
        assert_alike(getattr(network, method)(X), getattr(network, method)(DENSE), backend)
    assert_alike(network.loss_and_gradient(X, Y)[1], network.loss_and_gradient(DENSE, Y)[1], backend)


def test_fits_of_every_backend(backend: str) -> None:
    found, wanted = make(backend=backend), make(backend=backend)
    how = {"epochs": 3, "alpha": 0.1, "patience": 1, "optimizer": Adam(0.01, clip_norm=1.0)}
    found.fit(X, Y, WEIGHT, x_val=X[:50], y_val=Y[:50], **how)
    wanted.fit(DENSE, Y, WEIGHT, x_val=DENSE[:50], y_val=Y[:50], **how)
    assert_alike(found.params, wanted.params, backend)
    assert_alike(found.history["validation_loss"], wanted.history["validation_loss"], backend)


@pytest.mark.parametrize("n_threads", [1, 2])
def test_fits_of_every_number_of_threads(n_threads: int, dtype: Any) -> None:
    wanted = make(dtype=dtype).fit(DENSE, Y, epochs=2, batch_size=200)
    with threads(n_threads):
        found = make(dtype=dtype).fit(sp.csc_matrix(X), Y, epochs=2, batch_size=200)
    np.testing.assert_array_equal(found.params, wanted.params)


def test_batches() -> None:
    batches = [(X[k : k + 100], Y[k : k + 100]) for k in (0, 100, 200)]
    found, wanted = (Network([Dense(37, "relu"), Dense(3)], 83, "cross_entropy", random_state=0) for _ in range(2))
    wanted.fit(DENSE, Y, batch_size=100, shuffle=False, epochs=2)
    np.testing.assert_array_equal(found.fit(batches, epochs=2).params, wanted.params)


def test_a_checkpoint(tmp_path: Any) -> None:
    pytest.importorskip("safetensors")
    file = tmp_path / "run"
    make().fit(X, Y, epochs=2, checkpoint=file)
    found = make().fit(X, Y, epochs=4, checkpoint=file, resume=True)
    np.testing.assert_array_equal(found.params, make().fit(DENSE, Y, epochs=4).params)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_bits_of_an_mlp(dtype: Any) -> None:
    x = X.astype(dtype)
    net = MLPClassifier((37,), max_iter=3, random_state=0).fit(x, Y)
    network = Network([Dense(37, "relu"), Dense(3)], 83, "cross_entropy", dtype=dtype)
    for own, theirs in zip(network.weights + network.biases, net.coefs_ + net.intercepts_, strict=True):
        own[...] = theirs
    np.testing.assert_array_equal(network.predict(x), net.predict_proba(x))
    np.testing.assert_array_equal(network.predict(x[:1]), net.predict_proba(x)[:1])


def test_nothing_of_x_is_kept_and_changes_are_seen() -> None:
    network, x = make(), X.astype(np.float64)
    before = network.predict(x)
    x.data *= 2
    np.testing.assert_array_equal(network.predict(x), network.predict(2 * DENSE))
    assert abs(network.predict(x) - before).max() > 1e-6
    network.fit(x, Y, epochs=1)
    network.loss_and_gradient(x, Y)
    data = weakref.ref(x.data if x.data.base is None else x.data.base)
    del x
    gc.collect()
    assert data() is None
    pickle.loads(pickle.dumps(copy.deepcopy(network))).predict(X)


def test_nan_and_infinity_flow_through() -> None:
    x = X[:3].copy()
    x.data[0] = np.nan
    np.testing.assert_array_equal(make().forward(x), make().forward(x.toarray()))


def outside() -> Any:
    x = X.copy()
    x.indices[3] = 10**6
    return x


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda n: n.predict(X[:, :5]), ValueError, r"x has shape \(300, 5\), wanted \(n, 83\)"),
        (lambda n: n.predict(sp.coo_array(np.ones(83))), ValueError, r"\(83,\), wanted \(n, 83\)"),
        (lambda n: n.predict(X * 1j), TypeError, "x of shape .* has dtype complex128, wanted real numbers"),
        (lambda n: n.fit(X, Y[:-1]), ValueError, "y has 299 rows, wanted 300"),
        (lambda n: n.fit(X[:0], Y[:0]), ValueError, "no row to train on"),
        (lambda n: n.fit(X, Y, x_val=X[:0], y_val=Y[:0]), ValueError, "no row to validate on"),
        (lambda n: n.fit(X, sp.csr_array(np.eye(3)[Y])), TypeError, "y is a sparse csr_array, wanted a dense array"),
        (lambda n: n.fit(X, Y, sp.coo_array(WEIGHT)), TypeError, "sample_weight is a sparse coo_array, wanted a dense"),
        (lambda n: n.fit(X), TypeError, "x without y is"),
        (lambda n: n.predict(outside()), ValueError, "x is a sparse CSR matrix of .* point outside of it"),
        (lambda n: n.fit(X, Y, x_val=outside(), y_val=Y), ValueError, "x_val is a sparse CSR matrix of"),
    ],
)
def test_bad_input_is_explained(act: Any, error: Any, message: str) -> None:
    network = make()
    before = network.params.copy()
    with pytest.raises(error, match=message):
        act(network)
    np.testing.assert_array_equal(network.params, before)
