"""MLPClassifier and MLPRegressor: what they do beyond the steps of an epoch."""

from __future__ import annotations

from copy import copy
from typing import Any

import numpy as np
import pytest
from available import BACKENDS
from scipy.sparse import csc_array, csr_matrix
from sklearn.datasets import load_digits, make_multilabel_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import PoissonRegressor

from fastnn import Activation, MLPClassifier, MLPRegressor
from fastnn.activations import ACTIVATIONS

pytestmark = pytest.mark.filterwarnings(f"ignore::{ConvergenceWarning.__module__}.ConvergenceWarning")

Data = tuple[np.ndarray, np.ndarray]


@pytest.fixture(scope="module")
def digits() -> Data:
    x, y = load_digits(return_X_y=True)
    return x[:400] / 16, y[:400]


@pytest.fixture
def moons(rng: np.random.Generator) -> Data:
    """Two classes that no line separates."""
    angle = rng.uniform(0, np.pi, 300)
    y = rng.integers(0, 2, 300)
    side = np.where(y == 1, -1, 1)
    x = np.column_stack([side * np.cos(angle) + y, side * np.sin(angle) + 0.3 * y])
    return x + rng.normal(scale=0.1, size=x.shape), np.where(y == 1, "up", "down")


def test_learns_digits(digits: Data, dtype: Any) -> None:
    x, y = digits[0].astype(dtype), digits[1]
    model = MLPClassifier((32, 16), random_state=0, learning_rate_init=0.01, max_iter=60).fit(x, y)
    assert model.score(x, y) > 0.98
    assert {w.dtype for w in [*model.coefs_, *model.intercepts_]} == {np.dtype(dtype)}
    probabilities = model.predict_proba(x)
    assert probabilities.dtype == dtype
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_array_equal(model.classes_[probabilities.argmax(axis=1)], model.predict(x))
    np.testing.assert_allclose(model.predict_log_proba(x), np.log(probabilities), rtol=1e-5)
    assert model.n_layers_ == 4
    assert model.n_outputs_ == 10
    assert model.out_activation_ == "softmax"
    assert model.n_features_in_ == 64


@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_every_backend_learns_the_same(digits: Data, solver: str) -> None:
    x, y = digits
    models = {
        backend: MLPClassifier(
            (9,), "gelu", solver=solver, random_state=0, max_iter=3, batch_size=32, backend=backend
        ).fit(x, y)
        for backend in ("auto", *BACKENDS)
    }
    wanted = models["reference"]
    for name, model in models.items():
        for ours, theirs in zip(model.coefs_, wanted.coefs_, strict=True):
            np.testing.assert_allclose(ours, theirs, atol=1e-9, err_msg=name)
    np.testing.assert_array_equal(models["auto"].coefs_[0], models["native"].coefs_[0])


def test_threads_never_change_a_result(digits: Data) -> None:
    fitted = [MLPClassifier((50,), random_state=0, max_iter=3, n_threads=n).fit(*digits) for n in (1, 2, 3)]
    for model in fitted[1:]:
        np.testing.assert_array_equal(model.coefs_[0], fitted[0].coefs_[0])
        np.testing.assert_array_equal(model.predict_proba(digits[0]), fitted[0].predict_proba(digits[0]))


def test_one_sigmoid_or_two_softmax_neurons(moons: Data) -> None:
    settings = {"hidden_layer_sizes": 20, "learning_rate_init": 0.05, "random_state": 0}
    one = MLPClassifier(**settings).fit(*moons)
    two = MLPClassifier(out_activation="softmax", **settings).fit(*moons)
    assert (one.n_outputs_, one.out_activation_) == (1, "logistic")
    assert (two.n_outputs_, two.out_activation_) == (2, "softmax")
    for model in (one, two):
        assert model.score(*moons) > 0.97
        assert model.predict_proba(moons[0]).shape == (300, 2)
        assert model.predict(moons[0]).dtype == moons[1].dtype


@pytest.mark.parametrize("incremental", [False, True])
def test_one_class_is_always_the_answer(moons: Data, incremental: bool) -> None:
    x, y = moons[0], np.full(300, "only")
    model = MLPClassifier((5,), random_state=0, max_iter=2)
    model = (
        model.partial_fit(x, y, classes=["only"]) if incremental else model.set_params(early_stopping=True).fit(x, y)
    )
    assert (model.out_activation_, model.n_outputs_, list(model.classes_)) == ("logistic", 1, ["only"])
    model.intercepts_[-1][:] = 100  # the neuron itself is sure of a second class
    assert model.score(x, y) == 1
    np.testing.assert_array_equal(model.predict_proba(x), np.ones((300, 1)))
    np.testing.assert_array_equal(model.predict_log_proba(x), np.zeros((300, 1)))
    with pytest.raises(ValueError, match=r"out_activation='softmax'; y has 1 class"):
        MLPClassifier(out_activation="softmax").fit(x, y)


@pytest.mark.parametrize("activation", sorted({name for name in ACTIVATIONS if name not in ("sign", "log_softmax")}))
def test_every_activation_trains(moons: Data, activation: str) -> None:
    model = MLPClassifier((16, 16), activation, learning_rate_init=0.02, random_state=0, max_iter=150).fit(*moons)
    assert model.loss_curve_[-1] < 0.9 * model.loss_curve_[0]


def test_an_activation_for_each_layer(moons: Data) -> None:
    each = MLPClassifier((8, 8), ["tanh", ACTIVATIONS["silu"]], random_state=0).fit(*moons)
    x = moons[0]
    for w, b, f in zip(each.coefs_, each.intercepts_, (np.tanh, lambda z: z / (1 + np.exp(-z)), None), strict=True):
        x = x @ w + b
        x = x if f is None else f(x)
    np.testing.assert_allclose(each.predict_proba(moons[0])[:, 1:], 1 / (1 + np.exp(-x)), rtol=1e-9)


def test_assigned_weights_are_used(digits: Data) -> None:
    x, y = digits
    model = MLPClassifier((5,), random_state=0, max_iter=2).fit(x, y)
    before = model.predict_proba(x)
    model.coefs_[0][:] *= 2  # in place
    twice = model.predict_proba(x)
    assert abs(twice - before).max() > 1e-3
    model.coefs_[0] = model.coefs_[0] / 2  # another array in the list
    np.testing.assert_allclose(model.predict_proba(x), before, rtol=1e-12)
    rng = np.random.default_rng(0)
    model.coefs_ = [rng.normal(size=(64, 3)), rng.normal(size=(3, 10))]  # another width
    model.intercepts_ = [np.zeros(3), np.zeros(10)]
    assert model.predict_proba(x).shape == (400, 10)
    model.intercepts_ = [np.zeros(3), np.zeros(4)]
    with pytest.raises(ValueError, match=r"intercepts_\[1\] has shape \(4,\), wanted \(10,\)"):
        model.predict(x)


def test_assigned_weights_may_change_in_place(digits: Data) -> None:
    """Between predictions, which keep a copy of assigned arrays: in value, shape, dtype or meaning."""
    x, y = digits
    model = MLPClassifier((5,), random_state=0, max_iter=2).fit(x, y)
    model.coefs_ = [w.copy() for w in model.coefs_]
    first = model.predict_proba(x)
    np.testing.assert_array_equal(model.predict_proba(x), first)
    model.coefs_[1][0, 0] += 1
    assert abs(model.predict_proba(x) - first).max() > 1e-3
    model.coefs_[1][0, 0] -= 1
    np.testing.assert_allclose(model.predict_proba(x), first, rtol=1e-10)
    twin = copy(model)
    assert "_assigned" not in vars(twin)
    np.testing.assert_array_equal(twin.predict_proba(x), model.predict_proba(x))
    model.activation = "tanh"
    assert abs(model.predict_proba(x) - first).max() > 1e-3
    model.coefs_[1].resize(model.coefs_[1].shape[::-1], refcheck=False)
    with pytest.raises(ValueError, match=r"coefs_\[1\] has shape"):
        model.predict_proba(x)


def test_training_goes_on_from_assigned_weights(digits: Data) -> None:
    x, y = digits
    model = MLPClassifier((5,), random_state=0, max_iter=1, solver="sgd", momentum=0).fit(x, y)
    model.coefs_ = [np.zeros_like(w) for w in model.coefs_]
    model.intercepts_ = [np.zeros_like(b) for b in model.intercepts_]
    model.partial_fit(x, y)
    assert not model.coefs_[0].any()  # at zero, relu lets no gradient through
    assert model.intercepts_[1].any()


def test_several_labels(rng: np.random.Generator) -> None:
    x, y = make_multilabel_classification(200, n_classes=4, random_state=0)
    model = MLPClassifier((30,), solver="lbfgs", alpha=0.01, random_state=0).fit(x, y)
    assert model.score(x, y) > 0.95
    assert model.predict(x).shape == y.shape
    np.testing.assert_array_equal(model.predict_proba(x) > 0.5, model.predict(x) == 1)
    np.testing.assert_array_equal(model.classes_, [0, 1, 2, 3])
    early = MLPClassifier((5,), early_stopping=True, max_iter=5, random_state=0).fit(x, y)
    assert len(early.validation_scores_) == early.n_iter_
    parts = MLPClassifier((5,), random_state=0)
    parts.partial_fit(x, y, classes=[0, 1, 2, 3])
    assert parts.predict_proba(x).shape == y.shape


def test_several_outputs(rng: np.random.Generator) -> None:
    x = rng.normal(size=(200, 3))
    y = np.column_stack([x[:, 0] * x[:, 1], np.sin(x[:, 2])])
    model = MLPRegressor(
        hidden_layer_sizes=(30,), activation="tanh", solver="lbfgs", max_iter=1000, random_state=0
    ).fit(x, y)
    assert model.score(x, y) > 0.98
    assert model.predict(x).shape == (200, 2)
    assert model.out_activation_ == "identity"
    with pytest.warns(match="column-vector"):
        assert model.fit(x, y[:, :1]).predict(x).shape == (200,)


def test_poisson_without_hidden_layer_is_the_glm(rng: np.random.Generator) -> None:
    x = rng.uniform(size=(300, 2))
    y = rng.poisson(np.exp(x @ [1.0, -2.0] + 1))
    glm = PoissonRegressor(alpha=0, tol=1e-8, max_iter=1000).fit(x, y)
    model = MLPRegressor("poisson", (), solver="lbfgs", alpha=0, tol=1e-8, random_state=0)
    np.testing.assert_allclose(model.fit(x, y).predict(x), glm.predict(x), rtol=1e-3)
    with pytest.raises(ValueError, match="wants finite numbers of at least 0"):
        model.fit(x, y - 1)


@pytest.mark.parametrize("kind", [csr_matrix, csc_array])
def test_sparse_features(digits: Data, kind: Any) -> None:
    x, y = digits
    dense = MLPClassifier((8,), random_state=0, max_iter=3).fit(x, y)
    sparse = MLPClassifier((8,), random_state=0, max_iter=3).fit(kind(x), y)
    np.testing.assert_array_equal(sparse.coefs_[0], dense.coefs_[0])
    np.testing.assert_array_equal(sparse.predict_proba(kind(x)), dense.predict_proba(x))


@pytest.mark.parametrize("solver", ["lbfgs", "adam", "sgd"])
def test_a_weight_of_two_is_a_row_twice(digits: Data, solver: str) -> None:
    """In full batches; a mini-batch of rows that come twice is another one."""
    x, y = digits[0][:150], digits[1][:150]
    weight = np.where(np.arange(150) % 3, 1, 2)
    settings = {"hidden_layer_sizes": (6,), "solver": solver, "max_iter": 20, "random_state": 0}
    weighted = MLPClassifier(**settings, batch_size=150).fit(x, y, weight)
    x, y = x.repeat(weight, axis=0), y.repeat(weight)
    repeated = MLPClassifier(**settings, batch_size=200).fit(x, y)
    tolerance = 1e-6 if solver == "lbfgs" else 1e-9
    np.testing.assert_allclose(weighted.coefs_[0], repeated.coefs_[0], atol=tolerance)
    np.testing.assert_allclose(weighted.loss_, repeated.loss_, rtol=1e-6)


def test_the_same_seed_is_the_same_model(digits: Data) -> None:
    first, again, other = (MLPClassifier((8,), random_state=seed, max_iter=4).fit(*digits) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.coefs_[0], again.coefs_[0])
    assert abs(first.coefs_[0] - other.coefs_[0]).max() > 0.01


def test_fit_is_as_many_partial_fits(digits: Data) -> None:
    x, y = digits
    whole = MLPClassifier((8,), random_state=1, max_iter=5).fit(x, y)
    parts = MLPClassifier((8,), random_state=1)
    for _ in range(5):
        parts.partial_fit(x, y, classes=np.unique(y))
    np.testing.assert_array_equal(whole.coefs_[1], parts.coefs_[1])
    assert parts.loss_curve_ == whole.loss_curve_
    assert (parts.n_iter_, parts.t_) == (1, whole.t_)


def test_partial_fit_takes_up_changed_parameters(digits: Data) -> None:
    x, y = digits
    model = MLPClassifier((4,), solver="sgd", random_state=1).fit(x, y)
    before = model.coefs_[0].copy()
    model.set_params(learning_rate_init=1e-300, momentum=0).partial_fit(x, y)
    np.testing.assert_array_equal(model.coefs_[0], before)
    model.set_params(solver="adam", learning_rate_init=0.01).partial_fit(x, y)
    assert abs(model.coefs_[0] - before).max() > 1e-3


def test_a_fit_forgets_the_one_before(digits: Data) -> None:
    x, y = digits
    model = MLPClassifier((4,), random_state=1, max_iter=3, early_stopping=True).fit(x, y)
    model.set_params(early_stopping=False).fit(x, y)
    assert model.validation_scores_ is None
    assert len(model.loss_curve_) == 3
    model.set_params(solver="lbfgs").fit(x, y)
    assert not hasattr(model, "loss_curve_")
    assert not hasattr(model, "best_loss_")


def test_warm_start_must_fit(digits: Data) -> None:
    x, y = digits
    model = MLPClassifier((4,), random_state=1, max_iter=3, warm_start=True).fit(x, y)
    with pytest.raises(ValueError, match="same classes as in the previous call"):
        model.fit(x, y % 3)
    model.set_params(hidden_layer_sizes=(5,))
    with pytest.raises(ValueError, match=r"widths \(64, 4, 10\).*ask for \(64, 5, 10\)"):
        model.fit(x, y)


def test_early_stopping_restores_the_best(moons: Data) -> None:
    model = MLPClassifier((30,), early_stopping=True, learning_rate_init=0.3, random_state=0, n_iter_no_change=5).fit(
        *moons
    )
    assert model.best_validation_score_ == max(model.validation_scores_)
    assert model.n_iter_ == len(model.validation_scores_) == len(model.loss_curve_)
    with pytest.raises(ValueError, match="partial_fit does not support early_stopping"):
        model.partial_fit(*moons)
    with pytest.raises(ValueError, match="validation set is too small"):
        MLPRegressor(early_stopping=True).fit([[0], [1], [2]], [0, 1, 2])


def test_verbose_tells_every_epoch(digits: Data, capsys: pytest.CaptureFixture[str]) -> None:
    MLPClassifier((4,), verbose=True, max_iter=3).fit(*digits)
    MLPClassifier((4,), verbose=1, solver="lbfgs", max_iter=2).fit(*digits)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(",")[0] for line in lines] == [f"Iteration {k}" for k in (1, 2, 3, 1, 2)]


def test_lbfgs_has_no_partial_fit() -> None:
    assert not hasattr(MLPClassifier(solver="lbfgs"), "partial_fit")
    assert not hasattr(MLPRegressor(solver="lbfgs"), "partial_fit")


def test_a_users_activation(moons: Data) -> None:
    """One of a user's own is used where a backend can, and else refused; never replaced."""
    cube = Activation("cube", value=lambda z: z * z * z, slope=lambda z, a: 3 * z * z)
    model = MLPClassifier((8,), cube, backend="reference", max_iter=20, random_state=0)
    model.fit(*moons)
    z = (moons[0] @ model.coefs_[0] + model.intercepts_[0]) ** 3 @ model.coefs_[1]
    p = 1 / (1 + np.exp(-(z + model.intercepts_[1])))
    np.testing.assert_allclose(model.predict_proba(moons[0])[:, 1:], p, rtol=1e-9)


def test_objects_that_are_numbers_are_a_regressors_targets() -> None:
    x = np.random.default_rng(0).normal(size=(20, 2))
    models = [MLPRegressor(hidden_layer_sizes=(3,), max_iter=2, random_state=0) for _ in range(2)]
    with pytest.warns(ConvergenceWarning):
        models[0].fit(x, x[:, 0]).partial_fit(x, x[:, 0])
        models[1].fit(x, x[:, 0].astype(object)).partial_fit(x, x[:, 0].astype(object))
    np.testing.assert_array_equal(models[1].predict(x), models[0].predict(x))
    with pytest.raises((TypeError, ValueError), match="argument must be .* string.* number|could not convert"):
        models[0].fit(x, [object()] * 20)
