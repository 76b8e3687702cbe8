"""The registry of losses. Their numbers are tested in kernels/test_loss.py."""

from __future__ import annotations

import math
import pickle
from dataclasses import replace

import numpy as np
import pytest

from fastnn import losses


def test_codes_and_links():
    found = {loss.name: (loss.code, loss.link) for loss in losses.LOSSES.values()}
    assert found == {
        "squared_error": (0, "identity"),
        "binary_cross_entropy": (1, "sigmoid"),
        "cross_entropy": (2, "softmax"),
        "absolute": (3, "identity"),
        "huber": (4, "identity"),
        "log_cosh": (5, "identity"),
        "poisson": (6, "exp"),
        "pinball": (7, "identity"),
        "hinge": (8, "identity"),
    }


def test_parameters():
    assert losses.get("huber").parameter == 1.35
    assert losses.get("pinball").parameter == 0.5
    assert losses.huber(2).parameter == 2.0
    assert losses.pinball(0.9).parameter == 0.9
    assert losses.huber() == losses.get("huber")
    for delta in (0, -1, math.inf, math.nan):
        with pytest.raises(ValueError, match="delta"):
            losses.huber(delta)
    for quantile in (0, 1, math.nan):
        with pytest.raises(ValueError, match="quantile"):
            losses.pinball(quantile)


def test_smooth_labels():
    y = np.eye(4, dtype=np.float32)
    smooth = losses.smooth_labels(y, 0.2, losses.get("cross_entropy"))
    assert smooth.dtype == np.float32
    np.testing.assert_allclose(smooth, np.where(y == 1, 0.85, 0.05), rtol=1e-6)
    smooth = losses.smooth_labels(y, 0.2, losses.get("binary_cross_entropy"))
    np.testing.assert_allclose(smooth, np.where(y == 1, 0.9, 0.1), rtol=1e-6)
    assert losses.smooth_labels(y, 0.0, losses.get("hinge")) is y
    with pytest.raises(ValueError, match="loss='hinge', which has no probabilities"):
        losses.smooth_labels(y, 0.2, losses.get("hinge"))


def test_get():
    loss = losses.huber(3.0)
    assert losses.get(loss) is loss
    with pytest.raises(ValueError, match="Unknown loss 'cross_entropie'.*'cross_entropy'"):
        losses.get("cross_entropie")
    with pytest.raises(TypeError, match="wanted a name or a Loss"):
        losses.get(3)


@pytest.mark.parametrize("name", losses.LOSSES)
def test_pickling(name):
    assert pickle.loads(pickle.dumps(losses.get(name))) == losses.get(name)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (("mine", 0), ValueError, "loss 'mine' is a user's own, and kernels know none but these: squared_error, "),
        (("huber", 99), ValueError, "'huber' has the code 4 and the link 'identity', got 99"),
        (("poisson", 6), ValueError, "'poisson' has the code 6 and the link 'exp', got 6 and 'identity'"),
        (("hinge", 8.0), ValueError, "got 8.0"),
        (("huber", 4, "identity", -1.0), ValueError, "delta=-1.0, wanted a finite number above 0"),
        (("pinball", 7), ValueError, "quantile=0.0"),
        (("pinball", 7, "identity", "0.5"), TypeError, "quantile is '0.5'"),
        (("absolute", 3, "identity", 0.5), ValueError, "parameter=0.5, wanted 0: this loss has none"),
    ],
)
def test_a_loss_that_kernels_do_not_know(arguments, error, message):
    with pytest.raises(error, match=message):
        losses.Loss(*arguments)


def test_a_loss_cannot_be_bent():
    with pytest.raises(ValueError, match="'hinge' has the code 8"):
        replace(losses.get("hinge"), code=0)
    with pytest.raises(ValueError, match="parameter=2, wanted 0"):
        losses.get("hinge").with_parameter(2)
    with pytest.raises(TypeError, match="Mine cannot be a subclass of Loss"):
        type("Mine", (losses.Loss,), {})
    assert pickle.loads(pickle.dumps(losses.huber(2))) == losses.huber(2.0)


ONE_HOT = np.eye(3)[[0, 2, 1, 1]]
POSSIBLE = {
    **dict.fromkeys(
        ("squared_error", "absolute", "huber", "log_cosh", "pinball"), [ONE_HOT, -ONE_HOT, 1e300 * ONE_HOT]
    ),
    "binary_cross_entropy": [ONE_HOT, ONE_HOT * 0.3, np.ones((2, 2))],
    "cross_entropy": [ONE_HOT, np.full((2, 4), 0.25), np.full((3, 7), np.float32(1 / 7)), np.ones((2, 1))],
    "poisson": [ONE_HOT, 1e6 * ONE_HOT, np.full((2, 1), 0.5)],
    "hinge": [2 * ONE_HOT - 1, np.ones((2, 1)), -np.ones((2, 1))],
}
IMPOSSIBLE = {
    **dict.fromkeys(("squared_error", "absolute", "huber", "log_cosh", "pinball"), []),
    "binary_cross_entropy": [5 * ONE_HOT, -ONE_HOT, 2 * ONE_HOT - 1],
    "cross_entropy": [5 * ONE_HOT, -ONE_HOT, np.ones((2, 2)), np.zeros((2, 2)), ONE_HOT * 0.99],
    "poisson": [-ONE_HOT, ONE_HOT - 1e-3],
    "hinge": [ONE_HOT, 3 * ONE_HOT, np.full((2, 1), 0.5), np.zeros((2, 1))],
}


@pytest.mark.parametrize("name", losses.LOSSES)
def test_targets_that_a_loss_can_have(name):
    for y in (*POSSIBLE[name], np.empty((0, 3)), np.empty((3, 0))):
        losses.get(name).require_targets("y", y)


@pytest.mark.parametrize("name", losses.LOSSES)
def test_targets_that_it_cannot_have(name):
    good = POSSIBLE[name][0]
    spoilt = [np.where(np.arange(3) == 1, bad, good) for bad in (np.nan, np.inf, -np.inf)]
    for y in (*IMPOSSIBLE[name], *spoilt):
        with pytest.raises(ValueError, match=f"^y_val has .*; loss='{name}' wants [a-z0-9-].*[.]$"):
            losses.get(name).require_targets("y_val", y)


def test_what_is_said_of_targets():
    def said(name, y):
        with pytest.raises(ValueError) as refusal:
            losses.get(name).require_targets("y", np.array(y, float))
        return str(refusal.value)

    assert said("hinge", [[1], [0]]) == (
        "y has in row 1 the targets [0.]; loss='hinge' wants -1 and 1, such as 2 * y - 1 makes of 0 and 1."
    )
    assert said("hinge", [[1], [2]]).startswith("y has targets from 1 to 2;")
    assert said("cross_entropy", [[0, 1], [0.5, 0.25]]).startswith("y has in row 1 the targets [0.5  0.25]; ")
    assert (
        said("squared_error", [[0], [np.nan]])
        == "y has targets from nan to nan; loss='squared_error' wants finite numbers."
    )
    assert len(said("cross_entropy", np.zeros((1, 10_000)))) < 200
