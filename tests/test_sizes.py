"""Sizes near the end of what numbers and memory hold: refused before anything is allocated, or no matter at all."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from networks import problem

from fastnn import Network, kernels
from fastnn.layers import Dense
from fastnn.optimizers import SGD, OptimizerState
from fastnn.plan import Plan

# Zeros elsewhere in a shape make these arrays possible: they take no memory.
BYTES_TOO_MANY = 2**60  # times 4 rows of float32: more bytes than an address can count
MEMORY_TOO_LITTLE = 2**52  # more than any machine maps
ENDLESS = 2**58  # more rows or columns than a loop could pass


def nothing(*shape: int) -> np.ndarray:
    return np.empty(shape, np.float32)


# For each kernel, inputs of no elements whose output has `size` rows or columns of four.
LARGE_OUTPUTS: dict[str, Callable[[int], tuple[Any, ...]]] = {
    "dense_forward": lambda size: (nothing(4, 0), nothing(0, size), None),
    "dense_backward_input": lambda size: (nothing(4, 0), nothing(size, 0)),
    "dense_backward_params": lambda size: (nothing(0, size), nothing(0, 4)),
}
EMPTY_OUTPUTS: list[tuple[str, tuple[Any, ...]]] = [
    ("dense_forward", (nothing(0, 0), nothing(0, ENDLESS), None)),
    ("dense_forward", (nothing(ENDLESS, 0), nothing(0, 0), None)),
    ("dense_forward", (nothing(0, ENDLESS), nothing(ENDLESS, 0), None)),
    ("dense_backward_input", (nothing(0, 0), nothing(ENDLESS, 0))),
    ("dense_backward_input", (nothing(ENDLESS, 0), nothing(0, 0))),
    ("dense_backward_params", (nothing(ENDLESS, 0), nothing(ENDLESS, 0))),
    ("dense_backward_params", (nothing(0, ENDLESS), nothing(0, 0))),
    ("activation_forward", (nothing(ENDLESS, 0), "tanh")),
]


@pytest.mark.parametrize("name", LARGE_OUTPUTS)
def test_an_output_that_cannot_be_addressed_is_refused(backend: str, name: str) -> None:
    with pytest.raises(ValueError, match="more bytes than memory can address"):
        getattr(kernels, name)(*LARGE_OUTPUTS[name](BYTES_TOO_MANY), backend=backend)


@pytest.mark.parametrize("name", LARGE_OUTPUTS)
def test_an_output_that_has_no_memory_is_an_error(backend: str, name: str) -> None:
    with pytest.raises(MemoryError):
        getattr(kernels, name)(*LARGE_OUTPUTS[name](MEMORY_TOO_LITTLE), backend=backend)


@pytest.mark.parametrize(("name", "given"), EMPTY_OUTPUTS)
def test_rows_and_columns_of_nothing_are_not_passed_one_by_one(backend: str, name: str, given: tuple[Any, ...]) -> None:
    """Without an end to the test run, if they were."""
    found = getattr(kernels, name)(*given, backend=backend)
    assert all(out.size == 0 for out in (found if isinstance(found, tuple) else (found,)))


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_rows_of_nothing_are_not_passed_one_by_one(name: str) -> None:
    assert kernels.activation_forward(nothing(ENDLESS, 0), name).shape == (ENDLESS, 0)
    assert kernels.link(nothing(ENDLESS, 0), "cross_entropy").shape == (ENDLESS, 0)


@pytest.mark.parametrize(
    "widths",
    [(2**31, 2**31), (2**63, 1), (1, 2**200), (1, 2**61), (2**40, 8, 2**61)],
    ids=str,
)
def test_a_plan_that_cannot_be_addressed_is_refused(widths: tuple[int, ...], dtype: Any) -> None:
    layers = [Dense(o) for o in widths[1:]]
    with pytest.raises(ValueError, match="small enough for their weights to be stored"):
        Plan.from_layers(layers, widths[0], "squared_error", dtype)
    with pytest.raises(ValueError, match="small enough for their weights to be stored"):
        Network(layers, n_inputs=widths[0], loss="squared_error", dtype=dtype)


def test_the_largest_plan(dtype: Any) -> None:
    """All bytes but a few are addressed: it is a plan, but no machine has the memory."""
    width = sys.maxsize // np.dtype(dtype).itemsize
    plan = Plan.from_layers([Dense(width, bias=False)], 1, "squared_error", dtype)
    assert plan.n_params == width
    assert plan.native is not None
    with pytest.raises(MemoryError):
        plan.initial_params(0)
    with pytest.raises(MemoryError):
        Network([Dense(width, bias=False)], n_inputs=1, loss="squared_error", dtype=dtype)


@pytest.mark.parametrize("batch_size", [2**31, 2**63 - 1, 2**70])
def test_a_batch_larger_than_the_data_is_all_of_it(backend: str, batch_size: int) -> None:
    given = problem("relu", np.float64)
    results = []
    for size in (len(given.x), batch_size):
        params, optimizer = given.params.copy(), SGD()
        state = OptimizerState.zeros(optimizer, params)
        kernels.fit_epoch(
            given.plan,
            params,
            given.x,
            given.y,
            batch_size=size,
            optimizer=optimizer,
            state=state,
            learning_rates=[0.1],
            backend=backend,
        )
        results.append(params)
    np.testing.assert_array_equal(*results)
