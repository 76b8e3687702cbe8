"""Descriptions of optimizers and their states. The steps: kernels/test_optimizer.py."""

from __future__ import annotations

import math
import pickle
from dataclasses import FrozenInstanceError, fields

import numpy as np
import pytest

from fastnn import MLPClassifier, optimizers
from fastnn.kernels.contract import KERNELS
from fastnn.optimizers import (
    OPTIMIZERS,
    SGD,
    Adadelta,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    Lion,
    NAdam,
    Optimizer,
    OptimizerState,
    RMSprop,
)


def test_what_compiled_code_needs():
    assert [kind.code for kind in OPTIMIZERS.values()] == list(range(len(OPTIMIZERS)))
    assert SGD.slots == ("velocity",)
    assert Adam.slots == AdamW.slots == NAdam.slots == ("m", "v")
    assert RMSprop.slots == Adagrad.slots == ("v",)
    assert (Adamax.slots, Adadelta.slots, Lion.slots) == (("m", "u"), ("v", "u"), ("m",))
    assert SGD(momentum=0.5).hyper == (0.5, 1.0)
    assert SGD(nesterov=False).hyper == (0.9, 0.0)
    assert Adam(beta_1=0.8, epsilon=1e-6).hyper == (0.8, 0.999, 1e-6)
    assert RMSprop(rho=0.5).hyper == (0.5, 1e-8)
    assert Adagrad(epsilon=1e-6).hyper == (1e-6,)
    assert AdamW(weight_decay=0.1).hyper == (0.9, 0.999, 1e-8, 0.1)
    assert NAdam(beta_2=0.5).hyper == (0.9, 0.5, 1e-8)
    assert Adamax(beta_2=0.5).hyper == (0.9, 0.5, 1e-8)
    assert Adadelta(rho=0.5).hyper == (0.5, 1e-6)
    assert Lion(weight_decay=0.5).hyper == (0.9, 0.99, 0.5)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_knows_its_kernel(name):
    """Fields, slots and arguments are those of the contract, in its order."""
    rule = optimizers.get(name)
    assert rule.kernel == f"{name}_step"
    kernel = KERNELS[rule.kernel]
    updated = tuple(argument.name for argument in kernel.with_role("update"))
    assert updated == ("params", *rule.slots)
    options = {argument.name: None for argument in kernel.with_role("option")}
    around = {"clip_value", "clip_norm", "ema"}
    own = {field.name: getattr(rule, field.name) for field in fields(rule) if field.name not in around}
    assert ("step" in options) == rule.counts_steps
    wanted = own | {"step": 7, "learning_rate": 0.25}
    assert rule.arguments(7, 0.25) == tuple(wanted[option] for option in options)
    assert set(options) - {"step"} == set(own)


def test_defaults_are_scikit_learns():
    assert SGD() == SGD(learning_rate=0.001, momentum=0.9, nesterov=True)
    assert Adam() == Adam(learning_rate=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-8)


def test_other_defaults():
    assert RMSprop() == RMSprop(learning_rate=0.001, rho=0.99, epsilon=1e-8)
    assert Adagrad() == Adagrad(learning_rate=0.01, epsilon=1e-10)
    assert AdamW() == AdamW(0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-8, weight_decay=0.01)
    assert NAdam() == NAdam(learning_rate=0.002, beta_1=0.9, beta_2=0.999, epsilon=1e-8)
    assert NAdam(0.001) != Adam()


def test_defaults_of_pytorch_and_of_the_papers():
    """torch.optim.Adamax, torch.optim.Adadelta, and Lion as its authors publish it."""
    assert Adamax() == Adamax(learning_rate=0.002, beta_1=0.9, beta_2=0.999, epsilon=1e-8)
    assert Adadelta() == Adadelta(learning_rate=1.0, rho=0.9, epsilon=1e-6)
    assert Lion() == Lion(learning_rate=1e-4, beta_1=0.9, beta_2=0.99, weight_decay=0.0)


def test_get():
    adam = Adam(0.1)
    assert optimizers.get(adam) is adam
    for name, kind in OPTIMIZERS.items():
        assert optimizers.get(name) == kind()
    with pytest.raises(ValueError, match="Unknown optimizer 'adams'.*'adam'"):
        optimizers.get("adams")
    with pytest.raises(TypeError, match="wanted a name or an optimizer"):
        optimizers.get(Adam)
    with pytest.raises(TypeError, match="wanted a name or an optimizer"):
        optimizers.get(Optimizer())  # only what has a kernel


SHARES = (-0.1, 1.0, 1.5, math.nan, math.inf)
OUT_OF_RANGE = {
    "learning_rate": (0, -1, math.nan, math.inf, 10**400, -(10**400)),
    "momentum": (-0.1, 1.1, math.nan),
    "rho": SHARES,
    "beta_1": SHARES,
    "beta_2": SHARES,
    "epsilon": (0, -1e-8, math.nan, math.inf),
    "weight_decay": (-0.01, math.nan, math.inf),
}


@pytest.mark.parametrize("kind", OPTIMIZERS.values())
def test_out_of_range(kind):
    for name in {"learning_rate", *kind.hyper_names()} - {"nesterov"}:
        for value in OUT_OF_RANGE[name]:
            with pytest.raises(ValueError, match=f"^{name}=.*wanted a"):
                kind(**{name: value})


@pytest.mark.parametrize(
    ("kind", "name"),
    [(kind, field.name) for kind in OPTIMIZERS.values() for field in fields(kind) if field.name != "nesterov"],
)
def test_no_number(kind, name):
    optional = name in ("clip_value", "clip_norm", "ema")
    for value in ("fast", 1j, [0.1], *([] if optional else [None])):
        with pytest.raises(TypeError, match=f"^{name} is .*wanted a"):
            kind(**{name: value})
    kind(**{name: np.float32(0.5)})


def test_limits_are_allowed():
    SGD(momentum=0.0)
    SGD(momentum=1.0)
    Adam(beta_1=0.0, beta_2=0.0)
    RMSprop(rho=0.0)
    AdamW(weight_decay=0.0)


def test_frozen():
    for kind in OPTIMIZERS.values():
        with pytest.raises(FrozenInstanceError):
            kind().learning_rate = 0.5
    assert len({kind(0.1) for kind in OPTIMIZERS.values()}) == len(OPTIMIZERS)  # hashable


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
    for rule in (kind() for kind in OPTIMIZERS.values()):
        assert len(OptimizerState.zeros(rule, params).slots) == len(rule.slots)


@pytest.mark.parametrize("kind", OPTIMIZERS.values())
def test_pickling(kind):
    optimizer = kind(0.1)
    assert pickle.loads(pickle.dumps(optimizer)) == optimizer


def test_a_subclass_has_no_kernel():
    with pytest.raises(TypeError, match=r"Longer cannot be a subclass of Adam.*Use one of those in fastnn\.optimizers"):

        class Longer(optimizers.Adam):
            more: float = 0.5

    with pytest.raises(TypeError, match="cannot be a subclass of Optimizer"):
        type("Mine", (optimizers.Optimizer,), {"name": "mine", "code": 77})


def test_an_optimizer_of_no_kind_is_refused():
    with pytest.raises(TypeError, match="wanted a name or an optimizer"):
        MLPClassifier(solver=optimizers.Optimizer(0.1)).fit([[0.0], [1.0]], [0, 1])
