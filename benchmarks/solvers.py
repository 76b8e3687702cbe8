"""What solvers with an L1 penalty, L-BFGS and SAGA are made of besides their passes over the rows."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import scipy.sparse as sp

from fastnn import _core
from fastnn.kernels import reference

from .cases import DTYPES, ON_TWO_THREADS, generator, threads_of
from .common import TOLERANCE, _Benchmark
from .logistic import PASSES, _draw, _rows

# (n, columns, outputs, share of X that is not zero), the smallest first.
COLUMNS = {
    "2000x20": (2_000, 20, 1, 1.0),
    "2000x100x10": (2_000, 100, 10, 1.0),
    "50000x100 sparse": (50_000, 100, 1, 0.13),
}
_VERIFIED = 200  # rows of SAGA


def _assert_close(name: str, found: Any, wanted: Any, allowed: float = TOLERANCE["layer"]["float64"]) -> None:
    for ours, theirs in zip(found, wanted, strict=True):
        if theirs is not None and not np.abs(ours - theirs).max() <= allowed * np.abs(theirs).max():
            raise AssertionError(f"{name} is off: not worth timing")


def _model(case: str) -> tuple[Any, np.ndarray, np.ndarray | None, np.ndarray]:
    """Return columns of X, the loss's second derivatives, probabilities where there are several outputs, and d_z."""
    n, m, outputs, filled = COLUMNS[case.removesuffix(ON_TWO_THREADS)]
    rng = generator()
    x = rng.normal(size=(m, n))
    columns = x if filled == 1 else sp.csc_array((x * (rng.random((m, n)) < filled)).T)
    p = rng.dirichlet(np.ones(outputs), n).T.copy() if outputs > 1 else None
    weight = rng.random((outputs, n)) / n if p is None else p * rng.random(n) / n
    return columns, weight, p, rng.normal(size=(outputs, n)) / n


def _sums(kernels: Any, columns: Any, weight: np.ndarray, p: np.ndarray | None, d_z: np.ndarray) -> list[Any]:
    m = len(columns) if isinstance(columns, np.ndarray) else columns.shape[1]
    outputs = [np.full((m, len(d_z)), np.nan) for _ in range(2)]
    moment = np.full(m, np.nan) if p is None else None
    kernels.column_sums(columns, d_z, weight, p, *outputs, moment)
    return [*outputs, moment]


class ColumnSums(_Benchmark):
    """Gradient and second derivatives by the coefficients of some columns."""

    times = ("column_sums",)
    params = [[*COLUMNS, *(name + ON_TWO_THREADS for name in COLUMNS)]]
    param_names = ["case"]

    def prepare(self, case: str) -> None:
        columns, weight, p, d_z = _model(case)
        outputs = _sums(_core, columns, weight, p, d_z)
        _assert_close("column_sums", outputs, _sums(reference, columns, weight, p, d_z))
        own = columns if isinstance(columns, np.ndarray) else _core.CscColumns(columns)
        self.call = partial(_core.column_sums, own, d_z, weight, p, *outputs, threads_of(case))


class ColumnDescent(_Benchmark):
    """Three sweeps over all coordinates of a model by its columns, with a little L1."""

    times = ("column_descent",)
    params = [list(COLUMNS)]
    param_names = ["case"]

    def prepare(self, case: str) -> None:
        columns, weight, p, d_z = _model(case)
        sums = _sums(reference, columns, weight, p, d_z)
        own = columns if isinstance(columns, np.ndarray) else _core.CscColumns(columns)
        ours, theirs = (self._state(sums[0].shape, weight.shape) for _ in range(2))
        penalty = np.tile([[1e-4], [1e-3], [-np.inf], [np.inf]], sums[0].size)
        model = (weight, p, *sums, penalty, None, None, None, 0.0, 3)
        _core.column_descent(own, *model, *ours)
        reference.column_descent(columns, *model, *theirs)
        _assert_close("column_descent", ours[:1], theirs[:1], 1e-7)
        self.call = partial(self._descend, own, model, self._state(sums[0].shape, weight.shape))

    @staticmethod
    def _state(shape: tuple[int, int], scores: tuple[int, int]) -> list[Any]:
        u = np.zeros(scores)
        return [np.full(shape, 0.05), np.zeros(shape[1]), u, None if shape[1] == 1 else np.zeros(scores[1])]

    @staticmethod
    def _descend(columns: Any, model: tuple[Any, ...], state: list[Any]) -> None:
        state[0].fill(0.05)  # every call from the same start
        for array in filter(lambda array: array is not None, state[1:]):
            array.fill(0)
        _core.column_descent(columns, *model, *state)


class QuadraticDescent(_Benchmark):
    """Three sweeps over all coordinates of a quadratic model, with a little L1."""

    times = ("quadratic_descent",)
    params = [["20", "200", "1000"]]
    param_names = ["coordinates"]

    def prepare(self, coordinates: str) -> None:
        rng, c = generator(), int(coordinates)
        root = rng.normal(size=(2 * c, c))
        given = (root.T @ root / (2 * c), np.tile([[1e-2], [1e-3], [-np.inf], [np.inf]], c), 0.0, 3)
        start, d_w = np.full(c, 0.05), rng.normal(size=c)
        ours, theirs = ([start.copy(), d_w.copy()] for _ in range(2))
        _core.quadratic_descent(*given, *ours)
        reference.quadratic_descent(*given, *theirs)
        _assert_close("quadratic_descent", ours, theirs, 1e-7)
        self.call = partial(self._descend, given, (start, d_w), ours)

    @staticmethod
    def _descend(given: tuple[Any, ...], start: tuple[np.ndarray, np.ndarray], state: list[np.ndarray]) -> None:
        for array, first in zip(state, start, strict=True):
            array[...] = first
        _core.quadratic_descent(*given, *state)


class DotProduct(_Benchmark):
    """An inner product in one order, whatever the threads."""

    times = ("dot",)
    params = [["51", "7850", "200000"]]
    param_names = ["parameters"]

    def prepare(self, parameters: str) -> None:
        a, b = generator().normal(size=(2, int(parameters)))
        _assert_close("dot", [np.array(_core.dot(a, b))], [np.array(reference.dot(a, b))], 1e-8)
        self.call = partial(_core.dot, a, b)


class SagaTable(_Benchmark):
    """The derivative of every row's loss, before SAGA's first turn."""

    times = ("saga_table",)
    params = [DTYPES, [name for name in PASSES if "columns" not in name]]
    param_names = ["dtype", "case"]

    def prepare(self, dtype: str, case: str) -> None:
        n, i, outputs, filled = PASSES[case]
        x, y, params = _draw(n, i, outputs, filled, dtype)
        some = (x[:_VERIFIED], y[:_VERIFIED], None, None, np.ones(i), n, params)
        ours, theirs = ([np.empty((_VERIFIED, outputs)), np.empty(len(params))] for _ in range(2))
        _core.saga_table(_rows(some[0]), *some[1:], *ours)
        reference.saga_table(*some, *theirs)
        _assert_close("saga_table", ours, theirs, 1e-8)
        state = (np.empty((n, outputs)), np.empty(len(params)))
        self.call = partial(_core.saga_table, _rows(x), y, None, None, np.ones(i), n, params, *state)
