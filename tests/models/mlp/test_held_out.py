"""Samples that training does not see: a share of X, or the user's own."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sklearn
from scipy.sparse import coo_array
from sklearn.base import clone
from sklearn.datasets import load_diabetes, load_digits, make_multilabel_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import f1_score, log_loss, mean_squared_error
from sklearn.model_selection import cross_validate, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fastnn import Adam, MLPClassifier, MLPRegressor, schedules

pytestmark = pytest.mark.filterwarnings(f"ignore::{ConvergenceWarning.__module__}.ConvergenceWarning")

Parts = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


@pytest.fixture(scope="module")
def digits() -> Parts:
    """X, X_val, y, y_val."""
    x, y = load_digits(return_X_y=True)
    return x[:300] / 16, x[300:400] / 16, y[:300], y[300:400]


def own(parts: Parts) -> dict[str, np.ndarray]:
    return {"X_val": parts[1], "y_val": parts[3]}


def test_losses_and_scores_after_every_epoch(digits: Parts) -> None:
    x, x_val, y, y_val = digits
    model = MLPClassifier((8,), max_iter=4, random_state=0, alpha=0.1, label_smoothing=0.1)
    model.fit(x, y, **own(digits))
    assert len(model.validation_loss_curve_) == len(model.validation_scores_) == model.n_iter_ == 4
    assert model.validation_loss_curve_[-1] == pytest.approx(log_loss(y_val, model.predict_proba(x_val)))
    assert model.validation_scores_[-1] == pytest.approx(model.score(x_val, y_val))
    assert model.best_validation_score_ == max(model.validation_scores_)
    assert model.best_loss_ == min(model.loss_curve_)
    blind = MLPClassifier((8,), max_iter=4, random_state=0, alpha=0.1, label_smoothing=0.1).fit(x, y)
    np.testing.assert_array_equal(model.coefs_[0], blind.coefs_[0])  # it only looks on
    assert blind.validation_loss_curve_ is None
    assert blind.validation_scores_ is None


def test_early_stopping_on_ones_own_samples(digits: Parts) -> None:
    x, x_val, y, y_val = digits
    model = MLPClassifier((30,), early_stopping=True, learning_rate_init=0.05, n_iter_no_change=4, random_state=0)
    model.fit(x, y, **own(digits))
    best = int(np.argmax(model.validation_scores_))
    assert model.n_iter_ < 200
    assert model.score(x_val, y_val) == pytest.approx(max(model.validation_scores_))  # the best ones are restored
    again = clone(model).set_params(early_stopping=False, max_iter=best + 1).fit(x, y, **own(digits))
    np.testing.assert_array_equal(again.coefs_[0], model.coefs_[0])  # and all of X was trained on


def test_a_share_of_x_is_validated_as_ones_own(digits: Parts) -> None:
    x, _, y, _ = digits
    weight = np.random.default_rng(0).uniform(0.5, 2, len(x))
    settings: dict[str, Any] = {"hidden_layer_sizes": (6,), "early_stopping": True, "max_iter": 5, "shuffle": False}
    model = MLPClassifier(random_state=0, **settings).fit(x, y, weight)
    random_state = np.random.RandomState(0)
    model._network.plan.initial_params(random_state)  # draws first
    rows, others = train_test_split(np.arange(300), test_size=0.1, random_state=random_state)
    held_out = {"X_val": x[others], "y_val": y[others], "sample_weight_val": weight[others]}
    twin = MLPClassifier(random_state=0, **settings).fit(x[rows], y[rows], weight[rows], **held_out)
    np.testing.assert_allclose(twin.coefs_[0], model.coefs_[0], rtol=1e-9)
    np.testing.assert_allclose(twin.validation_loss_curve_, model.validation_loss_curve_, rtol=1e-9)
    np.testing.assert_allclose(twin.validation_scores_, model.validation_scores_)


@pytest.mark.parametrize("loss", ["squared_error", "poisson", "absolute"])
def test_losses_of_numbers(loss: str) -> None:
    x, y = load_diabetes(return_X_y=True)
    y = np.column_stack([y, y / 2]) / 100
    model = MLPRegressor(loss, (5,), max_iter=30, learning_rate_init=0.05, random_state=0, alpha=1.0)
    model.fit(x[:300], y[:300], X_val=x[300:], y_val=y[300:])
    p, wanted = model.predict(x[300:]), y[300:]
    values = {
        "squared_error": mean_squared_error(wanted, p) / 2,
        "poisson": (wanted * np.log(wanted / p) - wanted + p).mean(axis=0).sum(),
        "absolute": abs(p - wanted).mean(),
    }
    assert model.validation_loss_curve_[-1] == pytest.approx(values[loss])
    assert model.validation_scores_[-1] == pytest.approx(model.score(x[300:], wanted))


def test_any_scorer_stops(digits: Parts) -> None:
    x, x_val, y, y_val = digits
    model = MLPClassifier((8,), early_stopping=True, scoring="f1_macro", max_iter=12, random_state=0)
    model.fit(x, y, **own(digits))
    assert model.best_validation_score_ == pytest.approx(f1_score(y_val, model.predict(x_val), average="macro"))
    assert model.best_validation_score_ == max(model.validation_scores_)

    seen: list[Any] = []

    def scorer(estimator: Any, X: np.ndarray, y: np.ndarray) -> float:
        seen.append(estimator.predict_proba(X))
        return -float(len(seen))

    model.set_params(scoring=scorer, n_iter_no_change=2).fit(x, y, **own(digits))
    assert model.validation_scores_ == [-1, -2, -3, -4]
    np.testing.assert_array_equal(model.predict_proba(x_val), seen[0])
    model.set_params(scoring="loss").fit(x, y, **own(digits))
    assert model.validation_scores_ == [-loss for loss in model.validation_loss_curve_]
    model.set_params(scoring="f1").fit(x, y % 2)
    with pytest.raises(ValueError, match="Target is multiclass"):
        model.fit(x, y)
    with pytest.raises(ValueError, match="'scoring' parameter.*Did you mean 'f1_macro'"):
        model.set_params(scoring="f1_maco").fit(x, y)


def test_a_scorer_sees_labels_weights_and_no_warning(digits: Parts) -> None:
    pandas = pytest.importorskip("pandas")
    x, x_val = (pandas.DataFrame(part, columns=[f"p{k}" for k in range(64)]) for part in digits[:2])
    y, y_val = (np.where(part > 4, "high", "low") for part in digits[2:])
    weight = np.random.default_rng(0).uniform(size=100)
    seen: list[Any] = []

    def scorer(estimator: Any, X: Any, y: Any, sample_weight: Any = None) -> float:
        seen.append((estimator.predict(X), y, sample_weight))
        return 0.0

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = MLPClassifier((4,), scoring=scorer, max_iter=2)
        model.fit(x, y, X_val=x_val, y_val=y_val, sample_weight_val=weight)
    assert set(seen[0][0]) <= {"high", "low"}
    np.testing.assert_array_equal(seen[0][1], y_val)
    np.testing.assert_array_equal(seen[0][2], weight)
    with pytest.raises(ValueError, match="feature names should match"):
        model.fit(x, y, X_val=x_val[x_val.columns[::-1]], y_val=y_val)


def test_class_weights_are_for_held_out_samples_too(digits: Parts) -> None:
    x, x_val, y, y_val = digits
    by_class = {c: 1.0 + c for c in range(10)}
    model = MLPClassifier((4,), class_weight=by_class, max_iter=3, random_state=0).fit(x, y, **own(digits))
    weight = 1.0 + y_val
    wanted = log_loss(y_val, model.predict_proba(x_val), sample_weight=weight)
    assert model.validation_loss_curve_[-1] == pytest.approx(wanted)
    assert model.validation_scores_[-1] == pytest.approx(model.score(x_val, y_val, weight))


def test_several_labels_and_hinge(digits: Parts) -> None:
    x, y = make_multilabel_classification(90, n_classes=3, random_state=0)
    model = MLPClassifier((5,), max_iter=3, random_state=0).fit(x[:60], y[:60], X_val=x[60:], y_val=y[60:])
    assert model.validation_scores_[-1] == pytest.approx(model.score(x[60:], y[60:]))
    x, x_val, y, y_val = digits
    for of_two in (False, True):
        y, y_val = (y > 4, y_val > 4) if of_two else (y, y_val)
        model = MLPClassifier((5,), loss="hinge", max_iter=3, random_state=0).fit(x, y, X_val=x_val, y_val=y_val)
        assert model.validation_scores_[-1] == pytest.approx(model.score(x_val, y_val))


def test_a_rate_falls_when_the_score_does_not_rise(digits: Parts) -> None:
    x, _, y, _ = digits
    rates: list[float] = []
    schedule = schedules.Plateau(0.05, factor=0.5, patience=0)
    model = MLPClassifier((8,), early_stopping=True, scoring=lambda *_: 0.0, learning_rate=schedule, max_iter=4)
    model.fit(x, y, **own(digits))
    rates.append(float(model._training.rate.rates(0, 1)[0]))
    assert rates == [0.05 / 8]


def test_warm_starts_add_to_the_curves(digits: Parts) -> None:
    x, x_val, y, y_val = digits
    model = MLPClassifier((8,), early_stopping=True, max_iter=2, warm_start=True, random_state=0)
    model.fit(x, y, **own(digits)).fit(x, y, **own(digits))
    assert len(model.validation_loss_curve_) == len(model.validation_scores_) == len(model.loss_curve_) == 4
    assert model.score(x_val, y_val) == pytest.approx(model.best_validation_score_)
    model.set_params(warm_start=False, early_stopping=False).fit(x, y)
    assert model.validation_loss_curve_ is None
    model.set_params(solver="lbfgs").fit(x, y)
    assert not hasattr(model, "validation_loss_curve_")


@pytest.mark.callbacks
def test_resumed_with_everything(digits: Parts, tmp_path: Path) -> None:
    x, _, y, _ = digits
    model = MLPClassifier(
        (12, 8),
        solver=Adam(clip_norm=1.0),
        learning_rate=schedules.Plateau(0.02, factor=0.5, patience=0),
        early_stopping=True,
        n_iter_no_change=2,
        max_iter=30,
        random_state=0,
        dropout=0.2,
        l1=0.01,
        ema=0.7,
        label_smoothing=0.05,
        class_weight="balanced",
        scoring="neg_log_loss",
        tol=0.05,
    )

    class Killed(Exception):
        pass

    def kill(epoch: Any) -> None:
        if epoch.number == 5:
            raise Killed

    whole = clone(model).fit(x, y, **own(digits))
    with pytest.raises(Killed):
        clone(model).set_callbacks(kill).fit(x, y, **own(digits), checkpoint=tmp_path / "run")
    resumed = clone(model).fit(x, y, **own(digits), checkpoint=tmp_path / "run", resume=True)
    assert resumed.n_iter_ == whole.n_iter_ > 5
    assert resumed.validation_loss_curve_ == whole.validation_loss_curve_
    for ours, wanted in zip(resumed.coefs_, whole.coefs_, strict=True):
        np.testing.assert_array_equal(ours, wanted)


X, Y = np.random.default_rng(0).normal(size=(30, 2)), np.arange(30) % 3


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"X_val": X}, "needs both X_val and y_val"),
        ({"y_val": Y}, "needs both X_val and y_val"),
        ({"sample_weight_val": np.ones(30)}, "sample_weight_val goes with them"),
        ({"X_val": X[:, :1], "y_val": Y}, "X has 1 features, but MLPClassifier is expecting 2"),
        ({"X_val": X, "y_val": Y[:5]}, "inconsistent numbers of samples"),
        ({"X_val": X, "y_val": Y + 1}, r"y_val has classes \[3\] that are not in"),
        ({"X_val": X, "y_val": np.eye(3, dtype=int)[Y]}, r"y_val has shape \(30, 3\), wanted \(n,\)"),
        ({"X_val": X * np.nan, "y_val": Y}, "contains NaN"),
        ({"X_val": X, "y_val": Y, "sample_weight_val": np.ones(3)}, "sample_weight_val has shape"),
        ({"X_val": X, "y_val": Y, "sample_weight_val": np.zeros(30)}, "sample_weight_val is zero for every row"),
    ],
)
def test_validation_sets_that_are_none(given: dict[str, Any], message: str) -> None:
    model = MLPClassifier((3,), max_iter=1)
    before = dict(vars(model))
    with pytest.raises(ValueError, match=message):
        model.fit(X, Y, **given)
    assert vars(model) == before


def test_outputs_of_a_validation_set() -> None:
    with pytest.raises(ValueError, match="y_val has 2 outputs, wanted 1 as y has"):
        MLPRegressor().fit(X, Y, X_val=X, y_val=X)
    with pytest.raises(ValueError, match="y_val has targets from -.*; loss='poisson' wants .* at least 0"):
        MLPRegressor("poisson").fit(X, Y, X_val=X, y_val=Y - 1)
    with pytest.raises(ValueError, match="X_val cannot be had with solver='lbfgs'"):
        MLPRegressor(solver="lbfgs").fit(X, Y, X_val=X, y_val=Y)


def test_metadata_are_routed(digits: Parts) -> None:
    x, x_val, y, y_val = digits
    with sklearn.config_context(enable_metadata_routing=True):
        model = MLPClassifier((4,), max_iter=2, random_state=0, early_stopping=True)
        model.set_fit_request(sample_weight=True, X_val=True, y_val=True, sample_weight_val=False)
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        pipeline = make_pipeline(scaler, model, transform_input=["X_val"])
        pipeline.fit(x, y, X_val=x_val, y_val=y_val, sample_weight=np.ones(300))
        scaled = pipeline[0].transform(x_val)
        assert pipeline[1].best_validation_score_ == pytest.approx(pipeline[1].score(scaled, y_val))
        params = {"X_val": x_val, "y_val": y_val}
        found = cross_validate(model, x, y, params=params, cv=2, return_estimator=True)
        assert all(len(each.validation_scores_) == 2 for each in found["estimator"])


def test_history_has_what_was_held_out(digits: Parts) -> None:
    x, _, y, _ = digits
    model = MLPClassifier((4,), max_iter=3, random_state=0).fit(x, y, **own(digits))
    assert model.history_["validation_loss"] == model.validation_loss_curve_
    assert model.history_["validation_score"] == model.validation_scores_
    assert len(model.history_["loss"]) == 3


UNFIT_NUMBERS = {
    "words": (np.array(["a", "b"] * 10), TypeError, "^y_val of shape .* wanted numbers"),
    "times": (np.arange(20).astype("M8[s]"), TypeError, r"^y_val of shape .*\(y_val - y_val.min\(\)\)"),
    "no number": (np.full(20, np.nan), ValueError, "^Input y_val contains NaN"),
}
UNFIT_LABELS = {
    "numbers": (np.linspace(0, 1, 20), ValueError, "^y_val: Unknown label type: continuous"),
    "records": (np.zeros(20, [("a", int)]), TypeError, "^y_val of shape .* wanted a label for each row"),
    "sparse": (coo_array(np.arange(20) % 2), TypeError, r"^y_val is sparse .* or y_val\.toarray\(\)"),
    "-1 and 0": (-np.eye(20, 2, dtype=int), ValueError, "^y_val has several labels a row.*Pass y_val != 0"),
    "unknown": (np.arange(20), ValueError, "^y_val has classes .* not in `self.classes_`"),
}


@pytest.mark.parametrize("kind", UNFIT_NUMBERS)
def test_errors_call_numbers_that_are_held_out_by_their_name(kind: str, rng: np.random.Generator) -> None:
    x = rng.standard_normal((20, 3))
    y_val, error, message = UNFIT_NUMBERS[kind]
    with pytest.raises(error, match=message):
        MLPRegressor().fit(x, x[:, 0], X_val=x, y_val=y_val)


@pytest.mark.parametrize("kind", UNFIT_LABELS)
def test_errors_call_labels_that_are_held_out_by_their_name(kind: str, rng: np.random.Generator) -> None:
    x = rng.standard_normal((20, 3))
    y_val, error, message = UNFIT_LABELS[kind]
    with pytest.raises(error, match=message):
        MLPClassifier().fit(x, np.arange(20) % 2, X_val=x, y_val=y_val)


def test_errors_call_classes_by_their_name(rng: np.random.Generator) -> None:
    x = rng.standard_normal((20, 3))
    with pytest.raises(ValueError, match="^classes: Unknown label type: continuous"):
        MLPClassifier().partial_fit(x, np.arange(20) % 2, classes=[0.5, 1.5])


@pytest.mark.parametrize(
    "x_val", [np.full((20, 3), np.nan), np.ones((20, 2)), np.ones((5, 3)), np.ones((20, 3)).astype("M8[s]")]
)
def test_errors_about_x_that_is_held_out_have_a_note(x_val: np.ndarray, rng: np.random.Generator) -> None:
    """They are scikit-learn's, which calls it X."""
    x, y = rng.standard_normal((20, 3)), np.arange(20) % 2
    with pytest.raises((TypeError, ValueError)) as caught:
        MLPClassifier().fit(x, y, X_val=x_val, y_val=y)
    assert caught.value.__notes__ == ["This is about X_val and y_val."]
