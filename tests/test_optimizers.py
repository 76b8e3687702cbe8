"""Descriptions of optimizers and their states. The steps: kernels/test_optimizer.py."""

from __future__ import annotations

import math
import pickle
from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from fastnn import optimizers
from fastnn.optimizers import SGD, Adam, OptimizerState


def test_what_compiled_code_needs():
    assert (SGD.name, SGD.code, SGD.slots) == ("sgd", 0, ("velocity",))
    assert (Adam.name, Adam.code, Adam.slots) == ("adam", 1, ("m", "v"))
    assert SGD(momentum=0.5).hyper == (0.5, 1.0)
    assert SGD(nesterov=False).hyper == (0.9, 0.0)
    assert Adam(beta_1=0.8, epsilon=1e-6).hyper == (0.8, 0.999, 1e-6)


def test_defaults_are_scikit_learns():
    assert SGD() == SGD(learning_rate=0.001, momentum=0.9, nesterov=True)
    assert Adam() == Adam(learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-8)


def test_get():
    adam = Adam(0.1)
    assert optimizers.get(adam) is adam
    assert optimizers.get("adam") == Adam()
    assert optimizers.get("sgd") == SGD()
    with pytest.raises(ValueError, match="Unknown optimizer 'adams'.*'adam'"):
        optimizers.get("adams")
    with pytest.raises(TypeError, match="wanted a name or an optimizer"):
        optimizers.get(Adam)


@pytest.mark.parametrize(
    ("make", "given"),
    [
        (SGD, {"learning_rate": 0}),
        (SGD, {"learning_rate": math.nan}),
        (SGD, {"momentum": -0.1}),
        (SGD, {"momentum": 1.1}),
        (Adam, {"learning_rate": -1}),
        (Adam, {"learning_rate": math.inf}),
        (Adam, {"beta_1": 1.0}),
        (Adam, {"beta_2": -0.1}),
        (Adam, {"epsilon": 0}),
    ],
    ids=str,
)
def test_out_of_range(make, given):
    (name,) = given
    with pytest.raises(ValueError, match=f"^{name}=.*wanted a"):
        make(**given)


def test_limits_are_allowed():
    SGD(momentum=0.0)
    SGD(momentum=1.0)
    Adam(beta_1=0.0, beta_2=0.0)


def test_frozen():
    with pytest.raises(FrozenInstanceError):
        Adam().beta_1 = 0.5


def test_state():
    params = np.ones(5, np.float32)
    state = OptimizerState.zeros(Adam(), params)
    assert state.step == 0
    assert len(state.slots) == 2
    for slot in state.slots:
        assert slot.dtype == np.float32
        np.testing.assert_array_equal(slot, np.zeros(5))
    copy = state.copy()
    copy.slots[0][0] = 1
    copy.step = 4
    assert state.slots[0][0] == 0
    assert state.step == 0
    assert len(OptimizerState.zeros(SGD(), params).slots) == 1


@pytest.mark.parametrize("optimizer", [SGD(0.1), Adam(0.2)], ids=lambda rule: rule.name)
def test_pickling(optimizer):
    assert pickle.loads(pickle.dumps(optimizer)) == optimizer
