"""Numbers without a meaning, and integers that no machine holds, as options of the public kernels; hidden overlaps."""

from __future__ import annotations

import math
from array import array
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from available import BACKENDS
from networks import problem

from fastnn import kernels
from fastnn.kernels.contract import KERNELS
from fastnn.optimizers import OPTIMIZERS, Adam, OptimizerState

NOT_NUMBERS = (math.nan, math.inf, -math.inf)
SHARES = (-0.1, 1.0, 1.5, *NOT_NUMBERS)
# What each option of the optimizers' steps must not be.
WITHOUT_MEANING = {
    "learning_rate": (-0.1, *NOT_NUMBERS),
    "momentum": (-0.1, 1.5, *NOT_NUMBERS),
    "rho": SHARES,
    "beta_1": SHARES,
    "beta_2": SHARES,
    "epsilon": (-1e-8, 0.0, *NOT_NUMBERS),
    "weight_decay": (-0.1, *NOT_NUMBERS),
    "step": (0, -1, 2**63, 2**70),
}
HUGE = 10**400  # an int that no float holds


def _step(optimizer: str, backend: str, **changes: Any) -> None:
    kernel = KERNELS[f"{optimizer}_step"]
    names = [argument.name for argument in kernel.with_role("option")]
    options = {name: {"step": 1, "learning_rate": 0.1}[name] for name in ("step", "learning_rate") if name in names}
    vectors = {argument.name: np.ones(6) for argument in kernel.with_role("update", "input")}
    unchanged = {name: values.copy() for name, values in vectors.items()}
    try:
        getattr(kernels, kernel.name)(**vectors, **(options | changes), backend=backend)
    finally:
        if changes:
            for name, values in vectors.items():
                np.testing.assert_array_equal(values, unchanged[name])


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("backend", ["auto", *BACKENDS])
def test_steps_refuse_numbers_without_a_meaning(optimizer, backend):
    _step(optimizer, backend)
    names = [argument.name for argument in KERNELS[f"{optimizer}_step"].with_role("option")]
    for name in set(names) - {"nesterov"}:
        for value in (*WITHOUT_MEANING[name], HUGE):
            with pytest.raises(ValueError, match=rf"^{name}=.* is not possible, wanted"):
                _step(optimizer, backend, **{name: value})


def test_a_step_of_nothing(backend):
    """The first of a schedule that warms up."""
    params, velocity = np.ones(3), np.zeros(3)
    kernels.sgd_step(params, np.ones(3), velocity, learning_rate=0.0, momentum=1.0, backend=backend)
    np.testing.assert_array_equal(params, 1)


@pytest.mark.parametrize(
    ("call", "name", "values"),
    [
        (lambda **o: kernels.clip_by_value(np.ones(3), **o), "limit", (0.0, -1.0, math.nan)),
        (lambda **o: kernels.clip_by_norm(np.ones(3), **o), "limit", (0.0, -1.0, math.nan)),
        (lambda **o: kernels.ema_step(np.ones(3), np.ones(3), **o), "decay", SHARES),
        (lambda **o: kernels.dropout(np.ones((2, 3)), seed=1, step=1, **o), "rate", SHARES),
        (lambda **o: kernels.dropout(np.ones((2, 3)), 0.5, step=1, **o), "seed", (-1, 2**63, 2**70)),
        (lambda **o: kernels.dropout(np.ones((2, 3)), 0.5, seed=1, **o), "step", (0, 2**63, 2**70)),
        (lambda **o: kernels.dropout(np.ones((2, 3)), 0.5, seed=1, step=1, **o), "layer", (-1, 2**63, 2**70)),
        (lambda **o: kernels.dropout(np.ones((2, 3)), 0.5, seed=1, step=1, **o), "first_row", (-1, 2**63, 2**70)),
    ],
)
def test_other_layer_kernels(backend, call, name, values):
    for value in (*values, HUGE):
        with pytest.raises(ValueError, match=rf"^{name}=.* is not possible, wanted"):
            call(**{name: value}, backend=backend)


def _epoch(backend: str, state: OptimizerState | None = None, **changes: Any) -> Any:
    given = problem("relu", np.float64, 20)
    params = given.params.copy()
    options = {"batch_size": 10, "learning_rates": [0.1, 0.1], "seed": 1, "backend": backend, "optimizer": "adam"}
    options["state"] = state or OptimizerState.zeros(Adam(), params)
    return kernels.fit_epoch(given.plan, params, given.x, given.y, **(options | changes))


def test_penalties_of_networks(backend):
    given = problem("relu", np.float64, 20)
    for value in (-1, *NOT_NUMBERS, HUGE):
        with pytest.raises(ValueError, match=r"^alpha=.* is not possible, wanted"):
            kernels.network_gradient(given.plan, given.params, given.x, given.y, alpha=value, backend=backend)
        for name in ("alpha", "l1"):
            with pytest.raises(ValueError, match=rf"^{name}=.* is not possible, wanted"):
                _epoch(backend, **{name: value})


def test_integers_of_epochs(backend):
    for name, value in (("batch_size", 0), ("seed", -1), ("seed", 2**70)):
        with pytest.raises(ValueError, match=rf"^{name}={value} is not possible, wanted"):
            _epoch(backend, **{name: value})
    zeros = OptimizerState.zeros(Adam(), problem("relu", np.float64, 20).params)
    for step in (-1, 2**63, 2**70):
        with pytest.raises(ValueError, match=rf"^state.step={step} is not possible, wanted"):
            _epoch(backend, replace(zeros, step=step))


# --- overlaps that are no ndarrays ----------------------------------------------------------------


class _Interface:
    """An object of another library that shows its memory."""

    def __init__(self, values: np.ndarray) -> None:
        self.values = values
        self.__array_interface__ = values.__array_interface__


@pytest.mark.parametrize("auto", [True, False])
@pytest.mark.parametrize("view", [memoryview, _Interface])
def test_an_input_that_is_the_outputs_memory(backend, auto, view):
    chosen = "auto" if auto else backend
    out = np.arange(12.0).reshape(3, 4)
    before = out.copy()
    w = np.eye(4)
    with pytest.raises(ValueError, match="overlaps"):
        kernels.dense_forward(view(out), w, None, out=out, backend=chosen)
    with pytest.raises(ValueError, match="overlaps"):
        kernels.activation_forward(view(out), "tanh", out=out, backend=chosen)
    with pytest.raises(ValueError, match="overlaps"):
        kernels.dropout(view(out), 0.5, seed=1, step=1, out=out, backend=chosen)
    np.testing.assert_array_equal(out, before)
    params = np.ones(6)
    with pytest.raises(ValueError, match="overlaps"):
        kernels.sgd_step(params, view(params), np.ones(6), learning_rate=0.1, backend=chosen)
    np.testing.assert_array_equal(params, 1)


def test_memory_of_its_own(backend):
    values = array("d", range(12))
    out = np.empty((3, 4))
    x = memoryview(values).cast("B").cast("d", (3, 4))
    kernels.activation_forward(x, "relu", out=out, backend=backend)
    np.testing.assert_array_equal(out.ravel(), range(12))


def test_rates_in_an_optimizers_state(backend):
    state = OptimizerState.zeros(Adam(), problem("relu", np.float64, 20).params)
    with pytest.raises(ValueError, match="m of shape .* overlaps learning_rates"):
        _epoch(backend, state, learning_rates=memoryview(state.slots[0])[:2])
