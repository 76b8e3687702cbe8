"""X, y and weights that are tensors of other libraries: at every door the same bits as of NumPy's arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from estimators import MODELS, X, Y
from foreign import TENSORS, UNREADABLE
from sklearn.base import clone, is_classifier
from sklearn.exceptions import ConvergenceWarning

from fastnn import Dense, MLPClassifier, Network, fit_many, kernels

pytestmark = pytest.mark.filterwarnings(f"ignore::{ConvergenceWarning.__module__}.ConvergenceWarning")
every_model = pytest.mark.parametrize("name", MODELS)
every_kind = pytest.mark.parametrize("kind", TENSORS)
WEIGHT = np.arange(len(Y)) % 3 + 1.0
METHODS = ("predict", "predict_proba", "predict_log_proba", "decision_function", "activate", "input_gradient")


def model(name: str) -> Any:
    return clone(MODELS[name]).set_params(random_state=0)


@every_model
@every_kind
def test_every_door_of_an_estimator(name: str, kind: str, dtype: Any) -> None:
    make, x = TENSORS[kind], X.astype(dtype)
    wanted = model(name).fit(x, Y, WEIGHT)
    found = model(name).fit(make(x), make(Y), make(WEIGHT))
    for method in METHODS:
        if hasattr(wanted, method):
            of_arrays = getattr(wanted, method)(x)
            np.testing.assert_array_equal(getattr(found, method)(make(x)), of_arrays)
            assert getattr(found, method)(make(x)).dtype == of_arrays.dtype
    score = wanted.score(x, Y, sample_weight=WEIGHT)
    assert found.score(make(x), make(Y), sample_weight=make(WEIGHT)) == score
    assert model(name).fit(x, Y, make(WEIGHT)).score(x, make(Y), sample_weight=WEIGHT) == score
    assert model(name).fit(make(x), Y, WEIGHT).score(make(x), Y, sample_weight=WEIGHT) == score


@every_model
@every_kind
def test_partial_fits(name: str, kind: str) -> None:
    make, wanted, found = TENSORS[kind], model(name), model(name)
    if not hasattr(wanted, "partial_fit"):
        return
    classes = np.unique(Y) if is_classifier(wanted) else None
    for _ in range(2):
        how = {} if classes is None else {"classes": classes}
        wanted.partial_fit(X, Y, sample_weight=WEIGHT, **how)
        how = {} if classes is None else {"classes": make(classes)}
        found.partial_fit(make(X), make(Y), sample_weight=make(WEIGHT), **how)
    np.testing.assert_array_equal(found.predict(X), wanted.predict(X))


@every_kind
def test_samples_held_out_and_many_fits(kind: str) -> None:
    make = TENSORS[kind]
    net = MLPClassifier((4,), max_iter=3, random_state=0)
    wanted = clone(net).fit(X, Y, X_val=X[:9], y_val=Y[:9], sample_weight_val=WEIGHT[:9])
    found = clone(net).fit(X, Y, X_val=make(X[:9]), y_val=make(Y[:9]), sample_weight_val=make(WEIGHT[:9]))
    assert found.validation_loss_curve_ == wanted.validation_loss_curve_
    one, two = fit_many([clone(net), clone(net)], make(X), make(Y), make(WEIGHT))
    np.testing.assert_array_equal(one.coefs_[0], two.coefs_[0])
    np.testing.assert_array_equal(one.coefs_[0], clone(net).fit(X, Y, WEIGHT).coefs_[0])
    fit_many([one.set_params(warm_start=True)], make(X), make(Y), make(WEIGHT))
    assert abs(one.coefs_[0] - two.coefs_[0]).max() > 0


@every_kind
def test_a_network_and_the_kernels(kind: str) -> None:
    make = TENSORS[kind]
    y = np.stack([Y, 1 - Y], axis=1).astype(float)
    wanted, found = (Network([Dense(5, "tanh"), Dense(2)], 3, "cross_entropy", random_state=0) for _ in range(2))
    wanted.fit(X, y, WEIGHT, epochs=2, x_val=X, y_val=Y).fit([(X, y, WEIGHT)], epochs=2)
    found.fit(make(X), make(y), make(WEIGHT), epochs=2, x_val=make(X), y_val=make(Y))
    found.fit([(make(X), make(y), make(WEIGHT))], epochs=2)
    np.testing.assert_array_equal(found.params, wanted.params)
    assert found.history["validation_loss"][:2] == wanted.history["validation_loss"][:2]
    np.testing.assert_array_equal(found.predict(make(X)), wanted.predict(X))
    np.testing.assert_array_equal(found.forward(make(X)), wanted.forward(X))
    assert found.loss_and_gradient(make(X), make(Y))[0] == wanted.loss_and_gradient(X, Y)[0]
    z = kernels.dense_forward(X, np.ones((3, 2)), np.zeros(2))
    np.testing.assert_array_equal(kernels.dense_forward(make(X), make(np.ones((3, 2))), make(np.zeros(2))), z)


@every_model
@pytest.mark.parametrize("kind", UNREADABLE)
def test_what_cannot_be_read_is_refused_by_name(name: str, kind: str) -> None:
    make = UNREADABLE[kind]
    for argument, data in (("X", (make(X), Y)), ("y", (X, make(Y))), ("sample_weight", (X, Y, make(WEIGHT)))):
        with pytest.raises(TypeError, match=f"^{argument} is a .* that NumPy cannot read"):
            model(name).fit(*data)
    fitted = model(name).fit(X, Y)
    with pytest.raises(TypeError, match="^X is a .* that NumPy cannot read"):
        fitted.predict(make(X))
    with pytest.raises(TypeError, match="^y is a .* that NumPy cannot read"):
        fitted.score(X, make(Y))


@pytest.mark.parametrize("kind", UNREADABLE)
def test_a_network_refuses_them_too(kind: str) -> None:
    network = Network([Dense(1)], 3)
    for argument, data in (("x", (UNREADABLE[kind](X), Y)), ("y", (X, UNREADABLE[kind](Y)))):
        with pytest.raises(TypeError, match=f"^{argument} is a .* that NumPy cannot read"):
            network.fit(*data)
    with pytest.raises(TypeError, match="x without y is"):
        network.fit(TENSORS["PyTorch"](X))
