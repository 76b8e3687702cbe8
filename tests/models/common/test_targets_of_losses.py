"""Targets that a loss cannot have are refused wherever targets are given, and change nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from loss_cases import CASES, targets

from fastnn import Dense, MLPRegressor, Network
from fastnn.losses import LOSSES

X = np.random.default_rng(0).normal(size=(20, 4))
CLASSES = np.arange(20) % 3
IMPOSSIBLE = [
    ("hinge", CLASSES[:, None] % 2 == [[0, 1, 1]], "wants -1 and 1"),
    ("binary_cross_entropy", np.full((20, 3), 5), "targets from 5 to 5; .* wants probabilities in"),
    ("binary_cross_entropy", 2 * np.eye(3)[CLASSES] - 1, "targets from -1 to 1"),
    ("cross_entropy", CLASSES + 1, "has classes from 1 to 3, wanted 0 to 2"),
    ("cross_entropy", CLASSES - 1, "has classes from -1 to 1, wanted 0 to 2"),
    ("cross_entropy", CLASSES.astype(float), "has shape .* and dtype float64, wanted .* class as an integer"),
    ("cross_entropy", np.ones((20, 3)), "in row 0 the targets .*rows that sum to 1"),
    ("poisson", -np.ones((20, 3)), "targets from -1 to -1; .* wants finite numbers of at least 0"),
    *((name, np.full((20, 3), np.nan), "targets from nan to nan") for name in LOSSES),
    ("squared_error", np.full((20, 3), 1e300), "targets from inf to inf"),  # in the network's float32
]


def good_targets(loss: str) -> np.ndarray:
    return targets(np.random.default_rng(1), LOSSES[loss], (20, 3))


def make(loss: str) -> Network:
    return Network([Dense(3)], 4, loss, random_state=0)


@pytest.mark.filterwarnings("ignore:overflow encountered in cast")
@pytest.mark.parametrize(("loss", "y", "message"), IMPOSSIBLE)
def test_a_network_refuses_them(loss: str, y: Any, message: str) -> None:
    network = make(loss)
    before = network.params.copy()
    good = good_targets(loss)
    for act, name in (
        (lambda: network.loss_and_gradient(X, y), "y"),
        (lambda: network.fit(X, y), "y"),
        (lambda: network.fit([(X, y)]), "y"),
        (lambda: network.fit(X, good, x_val=X, y_val=y), "y_val"),
    ):
        with pytest.raises(ValueError, match=f"^{name} .*{message}"):
            act()
    np.testing.assert_array_equal(network.params, before)
    assert network.loss_curve == []


@pytest.mark.parametrize("loss", LOSSES)
def test_it_takes_those_that_it_can_have(loss: str) -> None:
    good = good_targets(loss)
    smoothing = 0.1 if "entropy" in loss else 0.0
    assert len(make(loss).fit(X, good, epochs=2, label_smoothing=smoothing).loss_curve) == 2
    assert make(loss).loss_and_gradient(X[:0], good[:0])[0] == 0


@pytest.mark.parametrize("loss", [loss for loss in LOSSES.values() if loss.name != "hinge"], ids=lambda loss: loss.name)
def test_a_regressor_asks_the_same_of_a_loss_and_its_name(loss: Any) -> None:
    y = next((y for y in CASES[loss.name].impossible if y.shape[1] == 3), None)
    if y is None:
        return
    good = good_targets(loss.name)
    for given in (loss, loss.name):
        model = MLPRegressor(given, (2,), max_iter=2)
        for data in ((X, y[CLASSES]), (X, good, None, X, y[CLASSES])):
            with pytest.raises(ValueError, match=f"y\\w* has .*; loss='{loss.name}' wants"):
                model.fit(*data[:3], **dict(zip(("X_val", "y_val"), data[3:], strict=False)))
