"""The registry of losses. Their numbers are tested in kernels/test_loss.py."""

from __future__ import annotations

import copy
import inspect
import math
import pickle
from dataclasses import replace

import numpy as np
import pytest
from loss_cases import ALL, CASES, IDS

from fastnn import losses


def test_codes_and_links():
    found = {loss.name: (loss.code, loss.link) for loss in losses.LOSSES.values()}
    of_pickles = {
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
    assert of_pickles.items() <= found.items()
    assert [code for code, _ in found.values()] == list(range(len(found)))


def test_every_loss_has_a_case_of_its_own():
    assert list(CASES) == list(losses.LOSSES)


def test_parameters():
    assert losses.get("huber").parameter == 1.35
    assert losses.get("pinball").parameter == 0.5
    assert losses.huber(2).parameter == 2.0
    assert losses.pinball(0.9).parameter == 0.9
    assert losses.huber() == losses.get("huber")


@pytest.mark.parametrize("name", losses.LOSSES)
def test_a_function_of_its_name_makes_a_loss_with_a_parameter(name):
    others, make = CASES[name].others, getattr(losses, name, None)
    assert (make is not None) == bool(others)
    assert (name in losses.__all__) == bool(others)
    if make is not None:
        assert make() == losses.get(name)
    for other in others:
        assert make(other) == losses.get(name).with_parameter(other) != losses.get(name)
        assert make(other).parameter == other


@pytest.mark.parametrize(("name", "wrong"), [(name, wrong) for name, case in CASES.items() for wrong in case.wrong])
def test_parameters_that_a_loss_cannot_have(name, wrong):
    (word,) = inspect.signature(getattr(losses, name)).parameters
    with pytest.raises(ValueError, match=f"^{word}={wrong}, wanted a .*number"):
        getattr(losses, name)(wrong)
    with pytest.raises(TypeError, match=f"^{word} is '1' of type str, wanted a .*number"):
        getattr(losses, name)("1")


POWERS = [1, 1 + 1e-15, 1 + 1e-9, 1.00001, 1.5, 1.99999, 2 - 1e-9, 2 - 1e-15, 2]


@pytest.mark.parametrize("power", POWERS)
def test_the_loss_of_targets_that_are_predicted_exactly(power, dtype):
    """It is the loss at z = log y, also where a difference of powers of y would cancel."""
    loss, y = losses.tweedie(power), np.array([[1e-3, 0.3, 1, 3, 1e6]]).astype(dtype)
    element = losses.element_of(loss)
    wanted = [[element(math.log(target), target, loss.parameter)[0] for target in y[0].astype(float)]]
    found = loss.saturated(y)
    assert found.dtype == dtype
    np.testing.assert_allclose(found, wanted, rtol=8 * np.finfo(dtype).eps, atol=8 * np.finfo(dtype).eps)


@pytest.mark.parametrize("power", [power for power in POWERS if power < 2 - 1e-12])
def test_the_loss_of_a_target_that_is_zero_and_predicted_exactly(power):
    loss = losses.tweedie(power)
    wanted = losses.element_of(loss)(-math.inf, 0.0, loss.parameter)[0] if power > 1 else 0.0
    assert loss.saturated(np.zeros((1, 1)))[0, 0] == wanted


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


@pytest.mark.parametrize("loss", ALL, ids=IDS)
def test_pickling_and_copying(loss):
    assert pickle.loads(pickle.dumps(loss)) == copy.deepcopy(loss) == loss


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            {"name": "mine", "code": 0},
            ValueError,
            "loss 'mine' with the code 0: .* of squared_error, .*Loss.'mine', value",
        ),
        ({"name": "mine", "code": 99}, ValueError, "loss 'mine' with the code 99"),
        ({"name": "huber", "code": 99}, ValueError, "'huber' has the code 4 and the link 'identity', got 99"),
        ({"name": "poisson", "code": 6}, ValueError, "'poisson' has the code 6 and the link 'exp', got 6 and 'ident"),
        ({"name": "hinge", "code": 8.0}, ValueError, "got 8.0"),
        ({"name": "huber", "code": 4, "parameter": -1.0}, ValueError, "delta=-1.0, wanted a finite number above 0"),
        ({"name": "pinball", "code": 7}, ValueError, "quantile=0.0"),
        ({"name": "pinball", "code": 7, "parameter": "0.5"}, TypeError, "quantile is '0.5'"),
        ({"name": "absolute", "code": 3, "parameter": 0.5}, ValueError, "parameter=0.5, wanted 0: this loss has none"),
        ({"name": "huber", "code": 4, "value": max}, ValueError, "with functions, which kernels would not call"),
        ({"name": "huber"}, ValueError, "'huber' is one of the library's: take fastnn.losses.get.'huber'"),
    ],
)
def test_a_loss_that_kernels_do_not_know(arguments, error, message):
    with pytest.raises(error, match=message):
        losses.Loss(**arguments)


def test_a_loss_cannot_be_bent():
    with pytest.raises(ValueError, match="'hinge' has the code 8"):
        replace(losses.get("hinge"), code=0)
    with pytest.raises(ValueError, match="parameter=2, wanted 0"):
        losses.get("hinge").with_parameter(2)
    with pytest.raises(TypeError, match="Mine cannot be a subclass of Loss"):
        type("Mine", (losses.Loss,), {})
    assert pickle.loads(pickle.dumps(losses.huber(2))) == losses.huber(2.0)


@pytest.mark.parametrize("name", losses.LOSSES)
def test_targets_that_a_loss_can_have(name):
    for y in (*CASES[name].possible, np.empty((0, 3)), np.empty((3, 0))):
        losses.get(name).require_targets("y", y)


@pytest.mark.parametrize("name", losses.LOSSES)
def test_targets_that_it_cannot_have(name):
    good = CASES[name].possible[0]
    spoilt = [np.where(np.arange(3) == 1, bad, good) for bad in (np.nan, np.inf, -np.inf)]
    for y in (*CASES[name].impossible, *spoilt):
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
