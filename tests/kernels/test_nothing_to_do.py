"""Arrays without elements, of any number of rows or columns: no time and no memory."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from scipy.sparse import csc_array, csr_array

from fastnn import _core, kernels

resource = pytest.importorskip("resource")
MANY = 2**40
KB = 1024 if sys.platform == "darwin" else 1  # in units of ru_maxrss


def empty(*shape: int) -> np.ndarray:
    return np.empty(shape)


CALLS = {
    "dropout of no columns": lambda: _core.dropout(empty(MANY, 0), 0.5, 1, 1, 0, 0, empty(MANY, 0)),
    "public dropout": lambda: kernels.dropout(empty(MANY, 0), rate=0.5, seed=1, step=1),
    "a loss of no outputs": lambda: _core.loss_and_gradient(
        empty(MANY, 0), empty(MANY, 0), None, "cross_entropy", empty(MANY, 0)
    ),
    "public loss": lambda: kernels.loss_and_gradient(empty(MANY, 0), empty(MANY, 0), loss="squared_error"),
    "a link": lambda: _core.link(empty(MANY, 0), "cross_entropy", empty(MANY, 0)),
    "softmax": lambda: _core.activation_forward(empty(MANY, 0), "softmax", empty(MANY, 0)),
    "softmax backward": lambda: _core.activation_backward(*[empty(MANY, 0)] * 3, "softmax", empty(MANY, 0)),
    "dense forward": lambda: _core.dense_forward(empty(MANY, 0), empty(0, 0), None, "relu", empty(MANY, 0)),
    "dense forward of no rows": lambda: _core.dense_forward(empty(0, 0), empty(0, MANY), None, "relu", empty(0, MANY)),
    "dense backward to no inputs": lambda: _core.dense_backward_input(empty(MANY, 0), empty(0, 0), empty(MANY, 0)),
    "dense backward of no outputs": lambda: _core.dense_backward_params(
        empty(MANY, 0), empty(MANY, 0), empty(0, 0), empty(0)
    ),
    "no outputs of many inputs": lambda: _core.dense_backward_params(
        empty(0, MANY), empty(0, 0), empty(MANY, 0), empty(0)
    ),
    "is it finite": lambda: _core.all_finite(empty(MANY, 0, 2)),
    "refresh": lambda: _core.refresh(empty(MANY, 0), empty(MANY, 0)),
    "quadratic descent": lambda: _core.quadratic_descent(empty(0, 0), empty(4, 0), -1.0, 2**62, empty(0), empty(0)),
    "two loops of no parameters": lambda: _core.memory_backward(
        empty(9, 0), empty(9, 0), np.ones(9), 3, 9, np.ones(9), empty(0)
    ),
    "a neuron of no rows": lambda: _core.neuron_epoch(
        "tanh", empty(9), empty(0, 8), empty(0), None, None, 1, empty(0), None
    ),
    "sparse columns of many rows": lambda: _core.CscColumns(csc_array((MANY, 1))),
    "sparse rows of many columns": lambda: _core.SparseRows(csr_array((1, MANY))),
    "blocks of many rows": lambda: _core.SparseColumns(csc_array((MANY, 1))),
}


@pytest.mark.parametrize("name", CALLS)
def test_it_ends_at_once(name: str) -> None:
    CALLS[name]()
    before = resource.getrusage(resource.RUSAGE_SELF)
    CALLS[name]()
    after = resource.getrusage(resource.RUSAGE_SELF)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1  # they took minutes, or for ever
    assert after.ru_maxrss - before.ru_maxrss < 100_000 * KB  # a loss took 1.5 GB
