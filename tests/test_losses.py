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
