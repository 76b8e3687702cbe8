"""`jit` of every model: what each of its methods gives, in nopython code."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from estimators import MODELS, X, Y
from jit_loops import call, rows
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from fastnn import LogisticRegression, MLPClassifier, MLPRegressor, Network, Neuron
from fastnn.layers import Dense

pytestmark = [pytest.mark.jit, pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")]

METHODS = ("predict", "predict_proba", "decision_function", "activate")


def assert_gives(net, x, want):
    """The same numbers by every method; labels are integers."""
    want = np.asarray(want)
    out = np.full((len(x), net.architecture.n_outputs), -9, net.architecture.out_dtype)
    for run in (rows, type(net).batch):
        run(net, x, out)
        np.testing.assert_array_equal(out.reshape(want.shape), want)
        out[:] = -9
    for given in (call(net, x), net(x), [net(row) for row in x]):
        np.testing.assert_array_equal(given, want)


@pytest.mark.parametrize("kind", MODELS)
def test_every_method(kind, dtype):
    x = X.astype(dtype)
    model = clone(MODELS[kind]).fit(x, Y)
    methods = [name for name in METHODS if hasattr(model, name)]
    assert "predict" in methods
    for name in methods:
        assert_gives(model.jit(name), x[:7], getattr(model, name)(x[:7]))


@pytest.mark.parametrize("model", [LogisticRegression(), MLPClassifier((4,), solver="lbfgs", random_state=0)])
@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("labels", [[7, -3, 5], ["no", "yes", "maybe"], [0.0, 2.0, 1.0], [False, True, True]], ids=str)
def test_labels(model, labels, k):
    names = np.unique(np.array(labels)[:k])
    y = names[np.arange(60) % len(names)]
    fitted = clone(model).fit(X + np.arange(60)[:, None] % len(names), y)
    x = X[:9] + np.arange(9)[:, None] % len(names)
    want = fitted.predict(x)
    if want.dtype.kind not in "ib":
        want = np.searchsorted(fitted.classes_, want)
    assert len(np.unique(want)) > 1
    assert_gives(fitted.jit(), x, want.astype(int))
    assert_gives(fitted.jit("predict_proba"), x, fitted.predict_proba(x))


def test_labels_that_are_too_large_are_numbers():
    y = np.where(Y > 0, np.uint64(2**64 - 1), np.uint64(3))
    model = LogisticRegression().fit(X, y)
    assert_gives(model.jit(), X, np.searchsorted(model.classes_, model.predict(X)))


@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("loss", ["cross_entropy", "hinge"])
def test_several_labels_a_row(loss, k):
    y = (X[:, :k] > 0).astype(int)
    model = MLPClassifier((4,), loss=loss, max_iter=5, random_state=0)
    model._fit(X, y, incremental=False) if k > 1 else model.fit(X, np.hstack([y, 1 - y]))
    assert_gives(model.jit(), X, model.predict(X))
    if loss == "cross_entropy":
        assert_gives(model.jit("predict_proba"), X, model.predict_proba(X))


def test_one_class():
    model = MLPClassifier((4,), max_iter=2).fit(X, np.full(60, 5))
    assert_gives(model.jit(), X, model.predict(X))
    with pytest.raises(ValueError, match="one class"):
        model.jit("predict_proba")


def test_several_targets():
    model = MLPRegressor("poisson", (4,), max_iter=3, random_state=0).fit(X, np.abs(X))
    assert_gives(model.jit(), X, model.predict(X))
    np.testing.assert_allclose(np.exp(model.jit("raw")(X)), model.predict(X))


def test_sparse_coefficients_and_assigned_ones():
    model = LogisticRegression().fit(X, Y).sparsify()
    assert_gives(model.jit(), X, model.predict(X))
    model.densify()
    model.coef_ = [[1, 2, -3]]
    assert_gives(model.jit("decision_function"), X, model.decision_function(X))
    network = MLPRegressor(hidden_layer_sizes=(5,), random_state=0, max_iter=3).fit(X, Y)
    network.coefs_ = [w + 1 for w in network.coefs_]
    assert_gives(network.jit(), X, network.predict(X))


def test_raw_outputs():
    for model in (LogisticRegression(), Neuron(random_state=0, max_iter=3)):
        fitted = model.fit(X, Y)
        assert_gives(fitted.jit("raw"), X, fitted.decision_function(X))
    network = Network([Dense(4, "tanh"), Dense(1)], 3, "binary_cross_entropy", dtype="float64", random_state=0)
    assert_gives(network.jit("raw"), X, network.forward(X)[:, 0])


def test_pickles():
    model = clone(MODELS["classifier"]).fit(X, Y)
    for method in ("predict", "predict_proba"):
        net = pickle.loads(pickle.dumps(model.jit(method)))
        assert_gives(net, X, getattr(model, method)(X))


def test_what_is_not_there_is_refused():
    for model in (LogisticRegression(), MLPClassifier(), MLPRegressor(), Neuron()):
        with pytest.raises(NotFittedError):
            model.jit()
    model = clone(MODELS["regressor"]).fit(X, Y)
    with pytest.raises(ValueError, match="Unknown method 'predict_proba'.*Known: predict, raw"):
        model.jit("predict_proba")
    with pytest.raises(AttributeError, match="hinge"):
        clone(MODELS["margins"]).fit(X, Y).jit("predict_proba")
    with pytest.raises(ValueError, match="Unknown method"):
        clone(MODELS["unit"]).fit(X, Y).jit("predict_proba")
