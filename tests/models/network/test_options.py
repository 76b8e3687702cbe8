"""Network.fit: penalties, dropout, averages, smoothed labels, validation sets and rates that heed them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits

from fastnn import SGD, Adam, Dense, Dropout, MLPClassifier, Network, schedules
from fastnn.training.epoch import Epoch

Data = tuple[np.ndarray, np.ndarray]


@pytest.fixture(scope="module")
def digits() -> Data:
    x, y = load_digits(return_X_y=True)
    return x[:300] / 16, y[:300]


def network(*hidden: Any, loss: str = "cross_entropy", seed: int = 0) -> Network:
    layers = [*(hidden or (Dense(12, "relu"),)), Dense(10)]
    return Network(layers, 64, loss, dtype="float64", random_state=seed)


def fit(model: Network, data: Data, **options: Any) -> Network:
    return model.fit(*data, **{"epochs": 3, "batch_size": 50, **options})


def test_the_same_as_an_mlp_with_these_options(digits: Data) -> None:
    """From the same start, in the same order, with the same masks."""
    options: dict[str, Any] = {"alpha": 0.5, "l1": 0.2, "label_smoothing": 0.1}
    model = network(Dense(12, "relu"), Dropout(0.3))
    mlp = MLPClassifier(
        (12,), dropout=0.3, **options, batch_size=50, max_iter=3, random_state=0, clip_norm=0.5, ema=0.9
    )
    with pytest.warns(match="hasn't converged"):
        mlp.fit(*digits)
    fit(model, digits, **options, optimizer=Adam(clip_norm=0.5, ema=0.9))
    for mine, other in zip(model.weights, mlp.coefs_, strict=True):
        np.testing.assert_array_equal(mine, other)
    np.testing.assert_allclose(model.loss_curve, mlp.loss_curve_, rtol=1e-12)


def test_dropout_is_for_training_alone(digits: Data) -> None:
    model, plain = network(Dense(12, "relu"), Dropout(0.5)), network()
    np.testing.assert_array_equal(model.forward(digits[0]), plain.forward(digits[0]))
    assert abs(fit(model, digits).params - fit(plain, digits).params).max() > 1e-3


@pytest.mark.parametrize(
    "option",
    [{"l1": 1.0}, {"alpha": 1.0}, {"label_smoothing": 0.1}, {"optimizer": SGD(0.1, clip_value=1e-4)}],
    ids=str,
)
def test_every_option_has_an_effect(digits: Data, option: dict[str, Any]) -> None:
    assert abs(fit(network(), digits, **option).params - fit(network(), digits).params).max() > 1e-4


def test_batches_are_smoothed_too(digits: Data) -> None:
    x, y = digits
    batches = [(x[first : first + 50], y[first : first + 50]) for first in range(0, 300, 50)]
    streamed = network().fit(batches, epochs=3, label_smoothing=0.2)
    whole = fit(network(), digits, label_smoothing=0.2, shuffle=False)
    np.testing.assert_allclose(streamed.params, whole.params, atol=1e-12)
    plain = network().fit(batches, epochs=3)
    assert abs(plain.params - streamed.params).max() > 1e-4


def test_the_average_is_what_stays_and_what_is_seen(digits: Data) -> None:
    seen: list[np.ndarray] = []
    model = fit(network(), digits, optimizer=SGD(0.1, ema=0.9), callbacks=[lambda e: seen.append(e.params.copy())])
    np.testing.assert_array_equal(model.params, seen[-1])
    assert abs(model.params - fit(network(), digits, optimizer=SGD(0.1)).params).max() > 1e-3


# --- validation ---------------------------------------------------------------------------------


def parts(data: Data) -> tuple[Data, dict[str, Any]]:
    x, y = data
    return (x[:200], y[:200]), {"x_val": x[200:], "y_val": y[200:]}


def test_a_validation_loss_after_every_epoch(digits: Data) -> None:
    train, val = parts(digits)
    weight = np.random.default_rng(0).uniform(size=100)
    epochs: list[Epoch] = []
    model = fit(network(), train, **val, sample_weight_val=weight, alpha=1.0, callbacks=[epochs.append])
    p = model.predict(val["x_val"])[np.arange(100), val["y_val"]]
    assert model.history["validation_loss"][-1] == pytest.approx(-np.average(np.log(p), weights=weight))
    assert [epoch.validation_loss for epoch in epochs] == model.history["validation_loss"]
    blind = fit(network(), train, alpha=1.0)
    np.testing.assert_array_equal(model.params, blind.params)  # it only looks on
    assert np.isnan(blind.history["validation_loss"]).all()


def test_patience_ends_training_and_the_best_stays(digits: Data) -> None:
    train, val = parts(digits)
    options: dict[str, Any] = {"optimizer": Adam(0.05), "epochs": 200}
    model = fit(network(), train, **val, patience=3, **options)
    losses = model.history["validation_loss"]
    best = int(np.argmin(losses))
    assert len(losses) < 200
    again = fit(network(), train, **{**options, "epochs": best + 1})
    np.testing.assert_array_equal(model.params, again.params)


def test_patience_without_samples_heeds_the_loss(digits: Data) -> None:
    model = fit(network(), digits, epochs=50, patience=2, tol=10.0)
    assert len(model.loss_curve) == 4  # the first is the best, and more than two are not better
    other = fit(network(), digits, epochs=4)
    np.testing.assert_array_equal(model.params, other.params)  # the last stays


def test_a_rate_falls_on_a_plateau(digits: Data) -> None:
    schedule = schedules.Plateau(0.1, factor=0.5, patience=0, tol=10.0)
    model = fit(network(), digits, schedule=schedule, epochs=4, optimizer="sgd")
    np.testing.assert_allclose(model.history["learning_rate"], [0.1, 0.1, 0.05, 0.025])
    train, val = parts(digits)
    y_val = np.roll(np.arange(100) % 10, 3)  # no labels of these rows, so their loss rises
    val = {"x_val": val["x_val"], "y_val": y_val}
    plateau = schedules.Plateau(0.1, factor=0.5, patience=1)
    model = fit(network(), train, **val, schedule=plateau, epochs=20)
    assert model.history["learning_rate"][-1] < 0.05
    assert model.loss_curve[-1] < model.loss_curve[0]


def test_resumed_with_everything(digits: Data, tmp_path: Path) -> None:
    train, val = parts(digits)
    options: dict[str, Any] = {"optimizer": Adam(clip_norm=0.5, ema=0.9), "l1": 0.1, "label_smoothing": 0.1, **val}
    options |= {"schedule": schedules.Plateau(0.05, patience=0, tol=0.5), "patience": 3}

    def model() -> Network:
        return network(Dense(12, "relu"), Dropout(0.3))

    class Killed(Exception):
        pass

    def kill(epoch: Epoch) -> None:
        if epoch.number == 4:
            raise Killed

    whole = fit(model(), train, epochs=12, **options)
    keep = {"checkpoint": tmp_path / "run", "resume": True}
    with pytest.raises(Killed):
        fit(model(), train, epochs=12, **options, **keep, callbacks=[kill])
    resumed = fit(model(), train, epochs=12, **options, **keep)
    np.testing.assert_array_equal(resumed.params, whole.params)
    assert resumed.history["validation_loss"] == whole.history["validation_loss"]
    with pytest.raises(ValueError, match="another run: l1 was 0.1, now 0.2"):
        fit(model(), train, epochs=12, **{**options, "l1": 0.2}, **keep)


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "l1": ({"l1": -1.0}, "l1=-1.0"),
    "alpha": ({"alpha": np.inf}, "alpha=inf"),
    "tol": ({"tol": -1.0}, "tol=-1.0"),
    "label_smoothing": ({"label_smoothing": 1.0}, "label_smoothing=1.0"),
    "patience": ({"patience": 0}, "patience=0"),
    "half a set": ({"x_val": np.ones((3, 64))}, "needs both x_val and y_val"),
    "weights alone": ({"sample_weight_val": np.ones(3)}, "needs both x_val and y_val"),
    "columns": ({"x_val": np.ones((3, 5)), "y_val": [0, 1, 2]}, r"x_val has shape \(3, 5\)"),
    "rows": ({"x_val": np.ones((3, 64)), "y_val": [0, 1]}, "y_val has 2 rows, wanted 3 as in x_val"),
    "classes": ({"x_val": np.ones((3, 64)), "y_val": [0, 1, 10]}, "y_val has classes from 0 to 10"),
    "no rows": ({"x_val": np.ones((0, 64)), "y_val": np.zeros((0, 10))}, "no row to validate on"),
}


@pytest.mark.parametrize(("options", "message"), BAD.values(), ids=BAD)
def test_bad_options_are_explained(digits: Data, options: dict[str, Any], message: str) -> None:
    model = network()
    before = model.params.copy()
    with pytest.raises(ValueError, match=message):
        fit(model, digits, **options)
    np.testing.assert_array_equal(model.params, before)


def test_a_class_of_schedules_is_none(digits: Data) -> None:
    with pytest.raises(TypeError, match="schedule is <class .*Cosine.*wanted a schedule"):
        fit(network(), digits, schedule=schedules.Cosine)


def test_only_probabilities_can_be_smoothed(digits: Data) -> None:
    with pytest.raises(ValueError, match="label_smoothing=0.1 with loss='squared_error'"):
        fit(network(loss="squared_error"), (digits[0], np.eye(10)[digits[1]]), label_smoothing=0.1)
