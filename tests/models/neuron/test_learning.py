"""The neuron: schedules, averages, histories, its picture, weights of rows, and how often a perceptron errs."""

from __future__ import annotations

import math
import re
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss
from sklearn.preprocessing import RobustScaler, StandardScaler

from fastnn import Activation, LogisticRegression, Neuron, schedules
from fastnn.models.neuron import fit as neuron_fit

pytestmark = pytest.mark.filterwarnings(f"ignore::{ConvergenceWarning.__module__}.ConvergenceWarning")

ARCTAN = Activation("arctan", value=lambda z: math.atan(z), slope=lambda z, a: 1 / (1 + z * z))


@pytest.fixture(scope="module")
def cancer() -> tuple[np.ndarray, np.ndarray]:
    x, y = load_breast_cancer(return_X_y=True)
    return StandardScaler().fit_transform(x), y


@pytest.fixture
def two(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Two inputs, two classes, a gap between them."""
    x = rng.normal(size=(200, 2))
    x = x[abs(x @ [1, 2] - 1) > 0.3]
    return x, np.where(x @ [1, 2] > 1, "yes", "no")


# --- the perceptron's mistakes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(8))
def test_a_perceptron_errs_at_most_so_often(seed: int) -> None:
    """Novikoff (1962): at most (R / margin)**2 mistakes on separable data, however long it goes on."""
    rng = np.random.default_rng(seed)
    n_inputs = int(rng.integers(1, 12))
    x, direction = rng.normal(size=(300, n_inputs)), rng.normal(size=n_inputs + 1)
    direction /= np.linalg.norm(direction)
    distance = np.column_stack([x, np.ones(300)]) @ direction  # the bias is the weight of an input that is 1
    far = abs(distance) > rng.uniform(0.02, 0.3)
    x, distance = x[far], distance[far]
    y = distance > 0
    if y.all() or not y.any():
        x, distance, y = np.vstack([x, -x]), np.append(distance, -distance), np.append(y, ~y)
        direction[-1] = 0.0  # the line goes through the origin
        distance = x @ direction[:-1] / np.linalg.norm(direction)
    model = Neuron("sign", max_iter=10**5, n_iter_no_change=10**5, random_state=seed).fit(x, y)
    assert model.loss_ == 0
    assert model.score(x, y) == 1
    mistakes = sum(model.loss_curve_) * len(x)
    radius = np.sqrt((x**2).sum(axis=1) + 1).max()
    assert 0 < mistakes <= (radius / abs(distance).min()) ** 2


# --- the learning rate ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch_size", [1, 20, "full"])
def test_a_schedule_says_how_long_each_step_is(rng: np.random.Generator, batch_size: Any) -> None:
    x, y = rng.normal(size=(60, 3)), rng.normal(size=60)
    size = 60 if batch_size == "full" else batch_size
    options = {"batch_size": batch_size, "shuffle": False, "max_iter": 2, "random_state": 0}
    model = Neuron("identity", learning_rate=schedules.Exponential(0.1, 0.9), **options).fit(x, y)
    params, step = np.zeros(4), 0
    design = np.column_stack([x, np.ones(60)])
    for _ in range(2):
        for first in range(0, 60, size):
            rows, target = design[first : first + size], y[first : first + size]
            params -= 0.1 * 0.9**step * rows.T @ (rows @ params - target) / len(rows)
            step += 1
    np.testing.assert_allclose([*model.coef_[0], *model.intercept_], params, rtol=1e-10)
    assert model.learning_rate_ == pytest.approx(0.1 * 0.9 ** (step - 1))


def test_partial_fit_goes_on_with_the_schedule(cancer: Any) -> None:
    options = {"learning_rate": schedules.Step(0.01, every=700), "random_state": 3}
    whole = Neuron(max_iter=3, **options).fit(*cancer)
    parts = Neuron(**options)
    for _ in range(3):
        parts.partial_fit(*cancer, classes=[0, 1])
    np.testing.assert_array_equal(parts.coef_, whole.coef_)
    assert parts.learning_rate_ == whole.learning_rate_ == pytest.approx(0.01 * 0.1**2)


def test_a_plateau_makes_the_rate_fall(cancer: Any) -> None:
    rate = schedules.Plateau(1.0, factor=0.5, patience=1)
    model = Neuron(learning_rate=rate, max_iter=60, n_iter_no_change=60, random_state=0).fit(*cancer)
    assert model.learning_rate_ < 1.0


# --- the average ------------------------------------------------------------------------------------------------------


def test_the_average_is_over_all_steps(rng: np.random.Generator, backend: str, dtype: Any) -> None:
    x, y = rng.normal(size=(50, 2)).astype(dtype), rng.normal(size=50)
    options = {"learning_rate": 0.1, "shuffle": False, "max_iter": 2, "backend": backend}
    model = Neuron("identity", average=True, **options).fit(x, y)
    params, total = np.zeros(3), np.zeros(3)
    for row, target in [*zip(x.astype(float), y, strict=True)] * 2:
        params = params - 0.1 * (row @ params[:2] + params[2] - target) * np.append(row, 1)
        total += params
    tolerance = 1e-4 if dtype == np.float32 else 1e-10
    np.testing.assert_allclose([*model.coef_[0], *model.intercept_], total / 100, rtol=tolerance)
    assert model.coef_.dtype == model.intercept_.dtype == dtype
    last = Neuron("identity", **options).fit(x, y)
    np.testing.assert_allclose(last.coef_[0], params[:2], rtol=tolerance)


def test_partial_fit_goes_on_with_the_average(cancer: Any, tmp_path: Path) -> None:
    whole = Neuron("sign", average=True, max_iter=4, random_state=3).fit(*cancer)
    parts = Neuron("sign", average=True, random_state=3)
    for _ in range(2):
        parts.partial_fit(*cancer, classes=[0, 1])
    parts.save(tmp_path / "neuron")
    parts = Neuron.load(tmp_path / "neuron")
    for _ in range(2):
        parts.partial_fit(*cancer)
    np.testing.assert_array_equal(parts.coef_, whole.coef_)


def test_averaging_makes_a_perceptron_better_on_noise(rng: np.random.Generator) -> None:
    x = rng.normal(size=(3000, 10))
    y = x[:, 0] + rng.normal(scale=0.7, size=3000) > 0
    scores = [
        Neuron("sign", average=average, max_iter=5, random_state=0).fit(x[:1000], y[:1000]).score(x[1000:], y[1000:])
        for average in (False, True)
    ]
    assert scores[1] > scores[0] + 0.02


def test_a_fit_forgets_the_average_of_the_one_before(cancer: Any) -> None:
    model = Neuron(average=True, max_iter=2, random_state=0)
    first = model.fit(*cancer).coef_
    np.testing.assert_array_equal(model.fit(*cancer).coef_, first)
    model.set_params(average=False).fit(*cancer)
    assert not hasattr(model, "_average")


# --- the history ------------------------------------------------------------------------------------------------------


def test_the_history_has_the_weights_of_every_pass(cancer: Any) -> None:
    x, y = cancer
    model = Neuron("tanh", keep_history=True, max_iter=5, tol=0, random_state=0).fit(x, y)
    history = model.history_
    assert history["coef"].shape == (6, 30)
    assert history["intercept"].shape == (6,)
    np.testing.assert_array_equal(history["coef"][-1], model.coef_[0])
    np.testing.assert_array_equal(history["intercept"][-1:], model.intercept_)
    assert history["loss"].tolist() == model.loss_curve_
    np.testing.assert_array_equal(history["learning_rate"], np.full(5, model.learning_rate_))
    for passes in (1, 3):
        shorter = Neuron("tanh", max_iter=passes, tol=0, random_state=0).fit(x, y)
        np.testing.assert_array_equal(history["coef"][passes], shorter.coef_[0])
    model.partial_fit(x, y)
    assert model.history_["coef"].shape == (7, 30)
    assert len(model.history_["loss"]) == 6
    model.set_params(keep_history=False).partial_fit(x, y)
    assert not hasattr(model, "history_")


def test_the_history_has_what_learns_not_the_average(cancer: Any) -> None:
    options = {"max_iter": 3, "random_state": 0, "keep_history": True}
    plain, averaged = (Neuron(average=average, **options).fit(*cancer) for average in (False, True))
    np.testing.assert_array_equal(plain.history_["coef"], averaged.history_["coef"])


# --- the picture ------------------------------------------------------------------------------------------------------


@pytest.fixture
def pyplot() -> Any:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    yield plt
    plt.close("all")


def test_the_decision_line_is_where_z_is_zero(two: Any, pyplot: Any) -> None:
    x, y = two
    model = Neuron("sign", keep_history=True, random_state=0, max_iter=20).fit(x, y)
    ax = model.plot_decision_line(x, y)
    *before, last = ax.lines
    passes = len(model.history_["intercept"])
    assert len(before) == passes - 1  # at the start w is zero, and there is no line
    points = np.array([last.get_xy1(), last.get_xy2()])
    np.testing.assert_allclose(model.decision_function(points), 0, atol=1e-12)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["no", "yes"]
    assert ax.get_xlabel() == "first input"


def test_it_draws_where_one_wants_and_what_there_is(two: Any, pyplot: Any) -> None:
    x, y = two
    model = Neuron(random_state=0, max_iter=3).fit(x, y)
    _, ax = pyplot.subplots()
    assert model.plot_decision_line(ax=ax) is ax
    assert len(ax.lines) == 1
    model.plot_decision_line(x, ax=ax)
    assert len(ax.collections) == 1
    model = Neuron(random_state=0, keep_history=True, max_iter=300, tol=0).fit(x, y)
    assert len(model.plot_decision_line().lines) <= 51


def test_what_cannot_be_drawn(two: Any, cancer: Any, pyplot: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    model = Neuron(max_iter=2).fit(*two)
    with pytest.raises(ValueError, match="The neuron has 30 input"):
        Neuron(max_iter=2).fit(*cancer).plot_decision_line()
    with pytest.raises(ValueError, match="there is no X"):
        model.plot_decision_line(y=two[1])
    assert not hasattr(Neuron("tanh"), "plot_decision_line")
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r'pip install "fastnn-kernels\[plot\]"'):
        model.plot_decision_line()


# --- rows with weights, functions of one's own ------------------------------------------------------------------------


@pytest.mark.parametrize("activation", ["identity", "sigmoid", "sign", "relu"])
def test_online_a_weight_makes_the_step_longer(activation: str, backend: str) -> None:
    x = np.array([[1.0, 2.0]])
    y = [1] if activation in ("sigmoid", "sign") else [1.0]
    options = {"learning_rate": 0.01, "random_state": 0, "backend": backend}
    classes = [0, 1] if activation in ("sigmoid", "sign") else None
    start = Neuron(activation, **options).partial_fit(x, y, [0.0 + 1e-12], classes=classes)
    once = Neuron(activation, **options).partial_fit(x, y, [1.0], classes=classes)
    thrice = Neuron(activation, **options).partial_fit(x, y, [3.0], classes=classes)
    step = once.coef_ - start.coef_
    assert np.abs(step).max() > 1e-4
    np.testing.assert_allclose(thrice.coef_ - start.coef_, 3 * step, rtol=1e-6)


def test_a_batch_of_one_row_steps_by_its_mean() -> None:
    options = {"learning_rate": 0.01, "batch_size": 8}
    once, thrice = (Neuron("identity", **options).partial_fit([[1.0, 2.0]], [1.0], [weight]) for weight in (1.0, 3.0))
    np.testing.assert_array_equal(once.coef_, thrice.coef_)


def test_auto_rate_knows_of_weights(rng: np.random.Generator) -> None:
    x, weight = rng.normal(size=(100, 5)), np.full(100, 1000.0)
    model = Neuron("identity", random_state=0).fit(x, x[:, 0], weight)
    plain = Neuron("identity", random_state=0).fit(x, x[:, 0])
    np.testing.assert_allclose(model.coef_, plain.coef_, atol=1e-12)
    assert model.learning_rate_ == pytest.approx(plain.learning_rate_ / 1000)


@pytest.mark.parametrize("batch_size", [1, 16, None])
def test_a_function_of_ones_own_learns(rng: np.random.Generator, batch_size: Any, users_backend: str) -> None:
    x = rng.uniform(-1, 1, size=(200, 2))
    y = np.arctan(x @ [0.8, -0.5] + 0.3)
    options = {"learning_rate": 0.1, "batch_size": batch_size, "max_iter": 15 if batch_size == 1 else 300}
    model = Neuron(ARCTAN, tol=0, random_state=0, backend=users_backend, **options).fit(x, y)
    assert model.loss_curve_[-1] < model.loss_curve_[0] / 2
    np.testing.assert_allclose(model.activate(x), np.arctan(x @ model.coef_[0] + model.intercept_[0]))


def test_a_function_without_a_slope_is_refused() -> None:
    step = Activation("step", value=lambda z: 1.0 if z > 0 else 0.0, slope=lambda z, a: 0.0, has_slope=False)
    with pytest.raises(ValueError, match="'step' has no slope"):
        Neuron(step).fit([[0.0], [1.0]], [0.0, 1.0])


@pytest.mark.jit
def test_a_function_of_ones_own_may_have_any_name(rng: np.random.Generator) -> None:
    """It is not taken for fastnn's of that name."""
    own = Activation("sign", value=lambda z: 2 * z, slope=lambda z, a: 2.0)
    x = rng.normal(size=(50, 2))
    model = Neuron(own, learning_rate=0.05, max_iter=30, random_state=0).fit(x, x[:, 0])
    assert not hasattr(model, "classes_")
    np.testing.assert_allclose(2 * model.coef_[0], [1, 0], atol=0.05)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"learning_rate": "fast"}, "'learning_rate' parameter of Neuron must be .* or a schedule"),
        ({"average": 3}, "'average' parameter of Neuron must be True or False"),
        ({"keep_history": "yes"}, "'keep_history' parameter of Neuron must be True or False"),
    ],
)
def test_refuses(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Neuron(**parameters).fit([[0.0], [1.0]], [0, 1])


# --- an end that is none ----------------------------------------------------------------------------------------------


def _hard(what: str, dtype: Any) -> tuple[np.ndarray, np.ndarray]:
    """X (300, 4) of one scale, but for what makes the safe learning rate tiny; and z, of which targets are made."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(300, 4))
    z = x @ [1.0, -2.0, 0.5, 0.0] + rng.normal(size=300)
    if what == "outlier":
        x[0, 2] = 1e3
    elif what == "shift":
        x[:, 1] += 1e3
    elif what == "scale":
        x[:, 0] *= 1e3
    return x.astype(dtype), z


def _targets(activation: str, z: np.ndarray) -> np.ndarray:
    return z > 0 if activation == "sigmoid" else np.tanh(z) if activation == "tanh" else z


@pytest.mark.filterwarnings(f"default::{ConvergenceWarning.__module__}.ConvergenceWarning")
@pytest.mark.parametrize("batch_size", [1, 32, "full"])
@pytest.mark.parametrize("what", ["outlier", "shift", "scale"])
@pytest.mark.parametrize("activation", ["sigmoid", "identity"])
def test_it_warns_where_the_rate_is_too_small_to_learn(activation: str, what: str, batch_size: Any, dtype: Any) -> None:
    x, z = _hard(what, dtype)
    y = _targets(activation, z)
    with pytest.warns(ConvergenceWarning, match=r"[Ss]cale the(m|\s+features)|scale the features") as caught:
        model = Neuron(activation, batch_size=batch_size, random_state=0).fit(x, y)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    with warnings.catch_warnings(action="ignore"):
        scaled = Neuron(activation, batch_size=batch_size, random_state=0).fit(
            RobustScaler().fit_transform(x)[1:], y[1:]
        )
    if what != "outlier":
        assert scaled.loss_ < 0.8 * model.loss_
    promised = re.search(r"lower by (\S+) at least", str(caught[0].message))
    if promised:  # by steps of any length, which another solver takes
        best = _best_loss(activation, x.astype(float), y)
        assert 0 < float(promised[1]) < 1.01 * (model.loss_ - best) + 0.1 * model.loss_


def _best_loss(activation: str, x: np.ndarray, y: np.ndarray) -> float:
    design = np.column_stack([x - x.mean(axis=0), np.ones(len(x))])
    if activation == "identity":
        return float(np.mean((y - design @ np.linalg.lstsq(design, y)[0]) ** 2) / 2)
    model = LogisticRegression(C=np.inf, tol=1e-8).fit(x, y)
    return float(log_loss(y, model.predict_proba(x)))


@pytest.mark.filterwarnings(f"default::{ConvergenceWarning.__module__}.ConvergenceWarning")
@pytest.mark.parametrize("parameters", [{"learning_rate": 1e-6}, {"learning_rate": 1e-12, "tol": 0.0}], ids=str)
@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "identity"])
def test_it_warns_of_a_rate_that_the_user_has_made_too_small(activation: str, parameters: dict[str, Any]) -> None:
    x, z = _hard("nothing", np.float32)
    with pytest.warns(ConvergenceWarning, match=r"learning rate 1e-\d+ is too small|still improves"):
        Neuron(activation, random_state=0, **parameters).fit(x, _targets(activation, z))


@pytest.mark.filterwarnings(f"error::{ConvergenceWarning.__module__}.ConvergenceWarning")
@pytest.mark.parametrize("activation", ["sigmoid", "identity", "tanh", "relu"])
@pytest.mark.parametrize("batch_size", [1, 32])
def test_it_does_not_warn_where_it_has_learnt(activation: str, batch_size: Any, dtype: Any) -> None:
    x, z = _hard("nothing", dtype)
    model = Neuron(activation, batch_size=batch_size, random_state=0).fit(x, _targets(activation, z))
    model.partial_fit(x, _targets(activation, z))
    noise = np.random.default_rng(1).normal(size=300)
    Neuron(activation, batch_size=batch_size, random_state=0).fit(x, _targets(activation, noise))


@pytest.mark.filterwarnings(f"default::{ConvergenceWarning.__module__}.ConvergenceWarning")
def test_what_some_rows_say_has_to_hold_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    x, z = _hard("scale", np.float64)
    said = []
    for looked_at in (4000, 100):
        monkeypatch.setattr(neuron_fit, "_LOOKED_AT", looked_at)
        with pytest.warns(ConvergenceWarning, match="lower by") as caught:
            Neuron("identity", random_state=0).fit(x, z)
        said.append(str(caught[0].message))
    assert said[0] == said[1]
    z[::3] *= -1  # the rows that are looked at first are as they were, up to a sign: all together say nothing
    z[1::3] = z[2::3] = 0
    x[1::3], x[2::3] = x[::3], -x[::3]
    monkeypatch.setattr(neuron_fit, "_LOOKED_AT", 100)
    with warnings.catch_warnings(record=True, action="always") as caught_now:
        model = Neuron("identity", random_state=0).fit(x, z)
    left = model.loss_ - _best_loss("identity", x, z)
    assert caught_now
    for warning in caught_now:
        promised = re.search(r"lower by (\S+) at least", str(warning.message))
        assert promised is not None
        assert float(promised[1]) < 1.01 * left + 0.1 * model.loss_
