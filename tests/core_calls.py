"""Right calls of what `fastnn._core` has beside the kernels of the table: passes of solvers, sparse matrices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse as sp
from networks import problem
from oracle import guarded
from random_sparse import random_array

Rng = np.random.Generator
Make = Callable[[Rng], list[Any]]

N, I, O = 23, 5, 3


def read(values: Any, dtype: Any = np.float64) -> np.ndarray:
    """An input between guard cells."""
    return guarded(np.asarray(values), dtype, writeable=False)


def written(*shape: int, dtype: Any = np.float64) -> np.ndarray:
    """Memory for results between guard cells."""
    return guarded(np.ones(shape), dtype, writeable=True)


def _labels(rng: Rng) -> np.ndarray:
    return read(rng.integers(0, O, N), np.int32)


def _gradient(rng: Rng) -> list[Any]:
    p = (I + 1) * O
    passes = [written(p), written(N, O), written(p), written(p, p)]
    return [read(rng.normal(size=(N, I))), _labels(rng), read(rng.random(N)), read(rng.normal(size=p)), O, *passes]


def _product(rng: Rng) -> list[Any]:
    state = rng.dirichlet(np.ones(O), N)
    vector = read(rng.normal(size=(I + 1) * O))
    return [read(rng.normal(size=(N, I))), read(rng.random(N)), read(state), vector, written((I + 1) * O)]


def _saga(rng: Rng, order: bool) -> list[Any]:
    p = (I + 1) * O
    x, weight = read(rng.normal(size=(N, I))), read(rng.random(N))
    shift, scale = read(rng.normal(size=I)), read(1 + rng.random(I))
    outputs = [written(p), written(N, O), written(p)]
    if not order:
        return [x, _labels(rng), weight, shift, scale, float(N), *outputs]
    turns = [read(rng.integers(0, N, 2 * N), np.int64), shift, scale, float(N), N, 0.01, _penalty(p)]
    return [x, _labels(rng), weight, *turns, *outputs]


def _penalty(count: int) -> np.ndarray:
    return read(np.stack([np.full(count, value) for value in (0.1, 0.1, -1.0, 1.0)]))


def _column_sums(rng: Rng) -> list[Any]:
    d_z, weight, p = rng.normal(size=(O, N)), rng.random((O, N)), rng.dirichlet(np.ones(O), N).T.copy()
    outputs = [written(I, O), written(I, O), written(I)]
    return [read(rng.normal(size=(I, N))), read(d_z), read(weight), read(p), *outputs]


def _quadratic(rng: Rng) -> list[Any]:
    half = rng.normal(size=(I, I))
    return [read(half @ half.T + np.eye(I)), _penalty(I), 1e-3, 9, written(I), written(I)]


def _columns(rng: Rng) -> list[Any]:
    weight, p = rng.random((O, N)), rng.dirichlet(np.ones(O), N).T.copy()
    x, d_w, curvature = rng.normal(size=(I, N)), rng.normal(size=(I, O)), 1 + rng.random((I, O))
    intercept = [read(rng.normal(size=O)), read(1 + rng.random(O)), _penalty(O)]
    sums = [read(x), read(weight), read(p), read(d_w), read(curvature), read(rng.normal(size=I)), _penalty(I * O)]
    return [*sums, *intercept, 1e-3, 9, written(I, O), written(O), written(O, N), written(N)]


def _memory(rng: Rng) -> list[Any]:
    rings = [read(rng.normal(size=(4, I))), read(rng.normal(size=(4, I))), read(1 + rng.random(4))]
    return [*rings, 1, 3, written(4), written(I)]


def _predict(rng: Rng) -> list[Any]:
    given = problem("relu", np.float32, N)
    params, x = read(given.params, np.float32), read(given.x, np.float32)
    return [given.plan, params, x, given.plan.loss, written(N, given.plan.widths[-1], dtype=np.float32)]


def _answer(rng: Rng) -> list[Any]:
    given = problem("relu", np.float32, N)
    return [given.plan, read(given.params, np.float32), read(given.x, np.float32), given.plan.loss, False, True, 1]


def _predictor(rng: Rng) -> list[Any]:
    given = problem("relu", np.float32, N)
    steps = (("subtract", rng.normal(size=given.plan.widths[0]), True), ("clip", (-1, 1), False))
    params, classes = read(given.params, np.float32), read(np.arange(3), np.int64)
    return [given.plan, params, "link", "class", None, classes, steps, False, False, True, 1]


CALLS: dict[str, Make] = {
    "logistic_gradient": _gradient,
    "logistic_product": _product,
    "weighted_gram": lambda rng: [read(rng.normal(size=(N, I))), read(rng.random(N)), written(I + 1, I + 1)],
    "saga_table": lambda rng: _saga(rng, order=False),
    "saga_epoch": lambda rng: _saga(rng, order=True),
    "column_sums": _column_sums,
    "quadratic_descent": _quadratic,
    "column_descent": _columns,
    "memory_backward": _memory,
    "memory_forward": _memory,
    "dot": lambda rng: [read(rng.normal(size=I)), read(rng.normal(size=I))],
    "all_finite": lambda rng: [read(rng.normal(size=(N, I)))],
    "refresh": lambda rng: [written(N, I), read(rng.normal(size=(N, I)))],
    "permutation": lambda rng: [1, 2, written(N, dtype=np.int64)],
    "network_predict": _predict,
    "network_answer": _answer,
    "linear_params": lambda rng: [read(rng.normal(size=(O, I))), read(rng.normal(size=O))],
    "are_same": lambda rng: [[rng, "a"], (rng, "b")],
    "take_columns": lambda rng: [sp.csr_array(rng.normal(size=(N, I))), read([3, 0], np.intp), True],
    "SparseRows": lambda rng: [random_array((N, I), density=0.4, format="csr", rng=rng)],
    "SparseColumns": lambda rng: [random_array((N, I), density=0.4, format="csc", rng=rng)],
    "CscColumns": lambda rng: [random_array((N, I), density=0.4, format="csc", rng=rng)],
    "Predictor": _predictor,
    "NativePlan": lambda rng: [(I, 3, O), ("relu", "tanh"), (True, False), (0.0, 0.5), np.float32],
}
