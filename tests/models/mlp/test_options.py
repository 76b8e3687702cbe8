"""What MLPClassifier and MLPRegressor take beside scikit-learn's parameters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_digits, make_multilabel_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import HuberRegressor, LogisticRegression, QuantileRegressor
from sklearn.model_selection import GridSearchCV
from sklearn.svm import LinearSVC

from fastnn import SGD, Adagrad, Adam, AdamW, MLPClassifier, MLPRegressor, NAdam, RMSprop, losses, schedules
from fastnn.optimizers import OPTIMIZERS, Adadelta, Adamax, Lion

pytestmark = pytest.mark.filterwarnings(f"ignore::{ConvergenceWarning.__module__}.ConvergenceWarning")

Data = tuple[np.ndarray, np.ndarray]


@pytest.fixture(scope="module")
def digits() -> Data:
    x, y = load_digits(return_X_y=True)
    return x[:300] / 16, y[:300]


@pytest.fixture(scope="module")
def binary(digits: Data) -> Data:
    return digits[0], np.where(digits[1] > 4, "high", "low")


@pytest.fixture(scope="module")
def numbers() -> Data:
    x, y = load_diabetes(return_X_y=True)
    return x[:200] * 20, (y[:200] - y.mean()) / y.std()


def assert_same(ours: Any, other: Any) -> None:
    for mine, wanted in zip([*ours.coefs_, *ours.intercepts_], [*other.coefs_, *other.intercepts_], strict=True):
        np.testing.assert_array_equal(mine, wanted)
    assert ours.loss_ == other.loss_


# --- optimizers and schedules -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "optimizer"),
    [
        ("sgd", SGD(0.02, 0.8, nesterov=False)),
        ("adam", Adam(0.02, 0.8, 0.9, 1e-4)),
        ("adamw", AdamW(0.02, 0.8, 0.9, 1e-4)),
        ("nadam", NAdam(0.02, 0.8, 0.9, 1e-4)),
        ("adamax", Adamax(0.02, 0.8, 0.9, 1e-4)),
        ("adadelta", Adadelta(0.02, epsilon=1e-4)),
        ("lion", Lion(0.02, 0.8, 0.9)),
        ("rmsprop", RMSprop(0.02, epsilon=1e-4)),
        ("adagrad", Adagrad(0.02, 1e-4)),
    ],
)
def test_a_name_with_parameters_is_an_object(digits: Data, name: str, optimizer: Any) -> None:
    settings: dict[str, Any] = {"hidden_layer_sizes": (8,), "max_iter": 4, "random_state": 0}
    given = {"learning_rate_init": 0.02, "momentum": 0.8, "nesterovs_momentum": False}
    given |= {"beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-4}
    named = MLPClassifier(**settings, solver=name, **given).fit(*digits)
    assert_same(MLPClassifier(**settings, solver=optimizer).fit(*digits), named)
    default = MLPClassifier(**settings, solver=name).fit(*digits)
    assert abs(default.coefs_[0] - named.coefs_[0]).max() > 1e-4


@pytest.mark.parametrize("solver", sorted(OPTIMIZERS))
def test_every_optimizer_learns(digits: Data, solver: str) -> None:
    rate = 20 * OPTIMIZERS[solver]().learning_rate  # few steps, so long ones
    model = MLPClassifier((20,), solver=solver, learning_rate_init=rate, max_iter=60, random_state=0)
    assert model.fit(*digits).score(*digits) > 0.95


@pytest.mark.parametrize(
    "schedule",
    [
        schedules.Constant(0.01),
        schedules.Step(0.01, every=5),
        schedules.Exponential(0.01, 0.9),
        schedules.Cosine(0.01, steps=20, warm_up=3),
        schedules.OneCycle(0.01, steps=20),
        schedules.Plateau(0.01, patience=0, tol=10.0),
    ],
    ids=str,
)
@pytest.mark.parametrize("solver", ["sgd", Adam(), "rmsprop"])
def test_a_schedule_acts_on_every_optimizer(digits: Data, solver: Any, schedule: Any) -> None:
    """Its rates are those of one step after the other, as separate fits with constant rates take them."""
    x, y = digits[0][:40], digits[1][:40]
    settings: dict[str, Any] = {"hidden_layer_sizes": (5,), "batch_size": 40, "shuffle": False, "random_state": 0}
    whole = MLPClassifier(solver=solver, learning_rate=schedule, max_iter=5, **settings).fit(x, y)
    parts = MLPClassifier(solver=solver, **settings)
    if isinstance(schedule, schedules.Plateau):
        rates = [0.01, 0.01, 1e-3, 1e-4, 1e-5]  # the second epoch is not better by tol, nor is any later one
    else:
        rates = schedule.rates(0, 5).tolist()
    for rate in rates:
        parts.set_params(learning_rate=schedules.Constant(rate)).partial_fit(x, y, classes=np.unique(y))
    np.testing.assert_allclose(parts.coefs_[0], whole.coefs_[0], rtol=1e-12)


def test_partial_fit_goes_on_in_a_schedule(digits: Data) -> None:
    x, y = digits
    settings: dict[str, Any] = {"hidden_layer_sizes": (5,), "random_state": 0}
    for schedule in (schedules.Cosine(0.02, steps=8), schedules.Plateau(0.02, patience=0, tol=1.0)):
        whole = MLPClassifier(learning_rate=schedule, max_iter=4, **settings).fit(x, y)
        parts = MLPClassifier(learning_rate=schedule, **settings)
        for _ in range(4):
            parts.partial_fit(x, y, classes=np.unique(y))
        assert_same(parts, whole)


def test_a_schedule_of_a_users_own(digits: Data) -> None:
    class Halves:
        def rates(self, first_step: int, n_steps: int) -> np.ndarray:
            return 0.01 * 0.5 ** np.arange(first_step, first_step + n_steps)

    settings: dict[str, Any] = {"hidden_layer_sizes": (5,), "max_iter": 3, "random_state": 0}
    own = MLPClassifier(learning_rate=Halves(), **settings).fit(*digits)
    assert_same(own, MLPClassifier(learning_rate=schedules.Exponential(0.01, 0.5), **settings).fit(*digits))


def test_names_of_rates_act_on_an_sgd_object(digits: Data) -> None:
    settings: dict[str, Any] = {"learning_rate": "invscaling", "hidden_layer_sizes": (5,), "max_iter": 4}
    by_object = MLPClassifier(solver=SGD(0.1), random_state=0, **settings).fit(*digits)
    by_name = MLPClassifier(solver="sgd", learning_rate_init=0.1, random_state=0, **settings).fit(*digits)
    assert_same(by_object, by_name)


def test_objects_are_parameters_like_others(digits: Data) -> None:
    model = MLPClassifier((5,), solver=Adam(0.1), learning_rate=schedules.Plateau(0.1), max_iter=2)
    assert clone(model).get_params() == model.get_params()
    assert "solver=Adam(learning_rate=0.1" in repr(model)
    search = GridSearchCV(model, {"solver": [SGD(0.01), Adam(0.01)]}, cv=2).fit(*digits)
    assert isinstance(search.best_params_["solver"], (SGD, Adam))


# --- losses -------------------------------------------------------------------------------------


def test_pinball_is_quantile_regression(numbers: Data) -> None:
    x, y = numbers
    wanted = QuantileRegressor(quantile=0.8, alpha=0).fit(x, y)
    schedule = schedules.Cosine(0.05, steps=2000)
    settings: dict[str, Any] = {"learning_rate": schedule, "max_iter": 2000, "batch_size": 200, "alpha": 0}
    model = MLPRegressor(losses.pinball(0.8), (), n_iter_no_change=np.inf, random_state=0, **settings).fit(x, y)
    np.testing.assert_allclose(model.predict(x), wanted.predict(x), atol=0.1)
    residual = y - wanted.predict(x)
    assert model.loss_ == pytest.approx(np.mean(residual * np.where(residual > 0, 0.8, -0.2)), rel=1e-3)


def test_huber_is_robust_regression(numbers: Data) -> None:
    """scikit-learn's also estimates a scale; given that, the two have the same optimum."""
    x, y = numbers
    y = np.where(np.arange(200) % 20, y, 30)
    wanted = HuberRegressor(epsilon=1.2, alpha=0, max_iter=1000, tol=1e-8).fit(x, y)
    loss = losses.huber(1.2 * wanted.scale_)
    model = MLPRegressor(loss, (), solver="lbfgs", alpha=0, tol=1e-9, max_iter=1000, random_state=0).fit(x, y)
    np.testing.assert_allclose(model.coefs_[0][:, 0], wanted.coef_, atol=1e-3)


@pytest.mark.parametrize("loss", ["absolute", "huber", "log_cosh", "pinball", losses.huber(0.5), "squared_error"])
def test_losses_of_numbers_are_their_means(numbers: Data, loss: Any) -> None:
    x, y = numbers[0], np.column_stack([numbers[1], -2 * numbers[1]])
    model = MLPRegressor(loss, (20,), solver="adam", learning_rate_init=0.01, alpha=0, random_state=0).fit(x, y)
    assert model.score(x, y) > 0.6
    assert model.out_activation_ == "identity"
    again = MLPRegressor(loss, (20,), alpha=0, max_iter=1, random_state=0, coef_init=model.coefs_)
    again.set_params(intercept_init=model.intercepts_, batch_size=200).fit(x, y)
    r = model.predict(x) - y
    delta = {"huber": 1.35}.get(loss, 0.5) if isinstance(loss, str) else loss.parameter
    values = {
        "absolute": abs(r),
        "pinball": abs(r) / 2,
        "log_cosh": np.log(np.cosh(r)),
        "squared_error": r**2 / 2,
        "huber": np.where(abs(r) < delta, r**2 / 2, delta * (abs(r) - delta / 2)),
    }
    assert again.loss_ == pytest.approx(values[losses.get(loss).name].mean(), rel=1e-9)


def test_shares_are_numbers_too(digits: Data) -> None:
    """A regression on probabilities is the classification that they come from."""
    x, y = digits
    settings: dict[str, Any] = {"hidden_layer_sizes": (5,), "max_iter": 3, "random_state": 0}
    classes = MLPClassifier(**settings).fit(x, y)
    shares = MLPRegressor("cross_entropy", **settings).fit(x, np.eye(10)[y])
    np.testing.assert_array_equal(shares.predict(x), classes.predict_proba(x))
    assert (shares.out_activation_, shares.loss_) == ("softmax", classes.loss_)
    one = MLPRegressor("binary_cross_entropy", **settings).fit(x, y / 9)
    assert 0 < one.predict(x).min() < one.predict(x).max() < 1
    assert one.out_activation_ == "logistic"


@pytest.mark.parametrize(
    ("loss", "y", "message"),
    [
        ("poisson", -1.0, "y has targets from -1 to 0.5; loss='poisson' wants finite numbers of at least 0"),
        ("binary_cross_entropy", 1.5, r"targets from .* to 1.5; loss='binary_cross_entropy' wants .* in \[0, 1\]"),
        ("cross_entropy", 0.5, "y has in row 0 the targets .* with rows that sum to 1"),
        ("hinge", 1.0, "'loss' parameter of MLPRegressor must be one of"),
        (losses.get("hinge"), 1.0, "is for classes: use MLPClassifier"),
        ("hubr", 1.0, "Did you mean 'huber'"),
    ],
)
def test_targets_that_a_loss_is_not_for(loss: Any, y: float, message: str) -> None:
    targets = np.full(20, 0.5)
    targets[3] = y
    with pytest.raises(ValueError, match=message):
        MLPRegressor(loss).fit(np.ones((20, 2)), targets)


@pytest.mark.parametrize("which", ["digits", "binary"])
def test_hinge_is_a_support_vector_machine(request: pytest.FixtureRequest, which: str) -> None:
    x, y = request.getfixturevalue(which)
    model = MLPClassifier((), loss="hinge", learning_rate_init=0.05, max_iter=300, random_state=0).fit(x, y)
    margins = model.decision_function(x)
    assert margins.shape == ((300, 10) if which == "digits" else (300,))
    index = margins.argmax(axis=1) if which == "digits" else (margins > 0).astype(int)
    np.testing.assert_array_equal(model.classes_[index], model.predict(x))
    other = LinearSVC(loss="hinge", max_iter=100000).fit(x, y)
    assert model.score(x, y) > other.score(x, y) - 0.03
    assert model.out_activation_ == "identity"
    assert not hasattr(model, "predict_proba")
    assert not hasattr(model, "predict_log_proba")
    assert not hasattr(MLPClassifier(), "decision_function")
    model.partial_fit(x, y)
    with pytest.raises(ValueError, match="has the output 'identity', but loss='cross_entropy'"):
        model.set_params(loss="cross_entropy").partial_fit(x, y)
    assert not hasattr(model, "predict_proba")  # the fitted network still has margins


def test_what_hinge_is_not_for(binary: Data) -> None:
    with pytest.raises(ValueError, match="out_activation='softmax'"):
        MLPClassifier(loss="hinge", out_activation="softmax").fit(*binary)
    with pytest.raises(ValueError, match="no probabilities to smooth"):
        MLPClassifier(loss="hinge", label_smoothing=0.1).fit(*binary)


@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
def test_label_smoothing_bounds_probabilities(binary: Data, output: str) -> None:
    """The optimum for rows that can be told apart is 1 - share / 2."""
    x, y = binary[0][:60], binary[1][:60]
    model = MLPClassifier((10,), solver="lbfgs", alpha=0, out_activation=output, label_smoothing=0.2, random_state=0)
    p = model.fit(x, y).predict_proba(x)
    np.testing.assert_allclose(p.max(axis=1), 0.9, atol=0.02)
    assert model.score(x, y) == 1


def test_label_smoothing_of_classes_is_on_the_targets(digits: Data) -> None:
    x, y = digits
    settings: dict[str, Any] = {"hidden_layer_sizes": (5,), "max_iter": 4, "random_state": 0}
    smooth = MLPClassifier(label_smoothing=0.1, **settings).fit(x, y)
    shares = MLPRegressor("cross_entropy", **settings).fit(x, 0.9 * np.eye(10)[y] + 0.01)
    np.testing.assert_allclose(smooth.coefs_[0], shares.coefs_[0], rtol=1e-9, atol=1e-12)
    x, y = make_multilabel_classification(40, n_classes=3, random_state=0)
    smooth = MLPClassifier(label_smoothing=0.1, **settings).fit(x, y)
    shares = MLPRegressor("binary_cross_entropy", **settings).fit(x, 0.9 * y + 0.05)
    np.testing.assert_allclose(smooth.coefs_[0], shares.coefs_[0], rtol=1e-9, atol=1e-12)


# --- class weights ------------------------------------------------------------------------------


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_class_weights_are_sample_weights(digits: Data, solver: str) -> None:
    x, y = digits
    by_class = {c: 1 + c % 3 for c in range(10)}
    weight = np.array([by_class[c] for c in y], float)
    settings: dict[str, Any] = {"hidden_layer_sizes": (5,), "max_iter": 5, "random_state": 0, "solver": solver}
    ours = MLPClassifier(class_weight=by_class, **settings).fit(x, y)
    assert_same(ours, MLPClassifier(**settings).fit(x, y, weight))
    both = MLPClassifier(class_weight=by_class, **settings).fit(x, y, weight)
    assert_same(both, MLPClassifier(**settings).fit(x, y, weight**2))


@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
def test_balanced_is_scikit_learns(binary: Data, output: str) -> None:
    x, y = binary
    keep = (y == "low") | (np.arange(len(y)) % 5 == 0)
    x, y = x[keep], y[keep]
    weight = np.random.default_rng(0).uniform(0.5, 2, len(y))
    other = LogisticRegression(class_weight="balanced", C=1.0, tol=1e-8, max_iter=1000).fit(x, y, weight)
    settings: dict[str, Any] = {"solver": "lbfgs", "tol": 1e-8, "max_iter": 1000, "random_state": 0}
    alpha = 1.0 if output == "sigmoid" else 2.0  # two opposite columns share the penalty
    model = MLPClassifier((), class_weight="balanced", alpha=alpha, out_activation=output, **settings)
    p = model.fit(x, y, weight).predict_proba(x)
    np.testing.assert_allclose(p, other.predict_proba(x), atol=2e-4)


def test_class_weights_in_partial_fit(digits: Data) -> None:
    x, y = digits
    by_class = {c: 1.0 + (c == 3) for c in range(10)}
    model = MLPClassifier((5,), class_weight=by_class, random_state=0)
    other = MLPClassifier((5,), random_state=0)
    model.partial_fit(x[:50], y[:50], classes=np.arange(10))
    other.partial_fit(x[:50], y[:50], np.where(y[:50] == 3, 2.0, 1.0), classes=np.arange(10))
    assert_same(model, other)


@pytest.mark.parametrize(
    ("class_weight", "message"),
    [
        ("balance", "Did you mean 'balanced'"),
        ([1, 2], "'class_weight' parameter"),
        ({"low": -1.0}, "class_weight has -1.0, wanted finite weights"),
        ({"low": 0.0, "high": 0.0}, "no row with a weight above zero"),
        ({"lo": 2.0}, "not in class_weight"),
    ],
)
def test_class_weights_that_are_none(binary: Data, class_weight: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MLPClassifier(class_weight=class_weight).fit(*binary)


def test_balanced_needs_all_samples(binary: Data) -> None:
    with pytest.raises(ValueError, match="class_weight='balanced' needs all samples"):
        MLPClassifier(class_weight="balanced").partial_fit(*binary, classes=["high", "low"])


# --- initial weights ----------------------------------------------------------------------------


def test_a_fit_starts_from_given_weights(digits: Data) -> None:
    first = MLPClassifier((5,), max_iter=3, random_state=0, solver="sgd", momentum=0, shuffle=False).fit(*digits)
    begin = clone(first).set_params(coef_init=first.coefs_, intercept_init=first.intercepts_).fit(*digits)
    goes_on = clone(first).set_params(warm_start=True).fit(*digits).fit(*digits)
    np.testing.assert_array_equal(begin.coefs_[0], goes_on.coefs_[0])
    assert begin.t_ == first.t_
    assert abs(begin.coefs_[0] - first.coefs_[0]).max() > 0
    assert clone(begin).coef_init[0] is not begin.coef_init[0]


def test_weights_of_some_layers(digits: Data) -> None:
    """The others are random, and the same as without; a later partial_fit goes on."""
    x, y = digits
    settings: dict[str, Any] = {"hidden_layer_sizes": (4, 3), "solver": "sgd", "learning_rate_init": 1e-300}
    wanted = MLPClassifier(random_state=0, max_iter=1, **settings).fit(x, y)
    w = [[1, 2, 3], [4, 5, 6], [7, 8, 9], [10, 11, 12]]
    model = MLPClassifier(random_state=0, max_iter=1, coef_init=[None, w, None], **settings).fit(x, y)
    np.testing.assert_array_equal(model.coefs_[1], w)
    for mine, theirs in zip([*model.coefs_, *model.intercepts_], [*wanted.coefs_, *wanted.intercepts_], strict=True):
        if mine.shape != (4, 3):
            np.testing.assert_array_equal(mine, theirs)
    model.coefs_[1][...] = 0
    assert abs(model.partial_fit(x, y).coefs_[1]).max() < 1e-290


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"coef_init": [np.ones((64, 4))]}, "coef_init has 1 entries, wanted 2: one for each layer"),
        ({"coef_init": [np.ones((64, 5)), None]}, r"coef_init\[0\] has shape \(64, 5\), wanted \(64, 4\)"),
        ({"intercept_init": [None, np.full(10, np.nan)]}, r"intercept_init\[1\] contains NaN"),
        ({"coef_init": [None, [["a"]]]}, r"coef_init\[1\].*wanted real numbers"),
        ({"coef_init": np.ones((64, 4))}, "'coef_init' parameter"),
    ],
)
def test_weights_that_do_not_fit(digits: Data, parameters: dict[str, Any], message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        MLPClassifier((4,), **parameters).fit(*digits)


# --- what cannot be had together ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"solver": SGD(), "learning_rate_init": 0.1}, "learning_rate_init=0.1 would have no effect"),
        ({"solver": Adam(), "beta_1": 0.5, "momentum": 0}, "momentum=0, beta_1=0.5 would have no effect"),
        ({"learning_rate": schedules.Constant(0.1), "learning_rate_init": 0.1}, "a schedule has its own"),
        ({"learning_rate": schedules.Constant(0.1), "solver": "lbfgs"}, "learning_rate cannot be had with solver="),
        ({"learning_rate": "adaptive", "solver": "nadam"}, "acts on sgd alone.*pass a schedule"),
        ({"learning_rate": "adaptive", "solver": Adam()}, "acts on sgd alone"),
        ({"scoring": "accuracy"}, "nothing is held out"),
        ({"scoring": "accuracy", "solver": "lbfgs", "early_stopping": True}, "scoring cannot be had with"),
        ({"solver": "adamww"}, "Did you mean 'adamw'"),
        ({"solver": Adam}, "'solver' parameter"),
        ({"learning_rate": 0.1}, "'learning_rate' parameter"),
    ],
)
def test_conflicts_are_refused(binary: Data, parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MLPClassifier((4,), **parameters).fit(*binary)


def test_what_scikit_learn_passes_over_is_no_conflict(binary: Data) -> None:
    given: dict[str, Any] = {"learning_rate": "adaptive", "momentum": 0.5, "early_stopping": True}
    for solver in ("adam", "lbfgs"):  # its parameters of another solver have no effect there
        assert MLPClassifier((4,), solver=solver, max_iter=2, random_state=0, **given).fit(*binary).n_iter_ == 2
