"""What the solvers of logistic regression are made of: passes over dense and sparse rows, SAGA's turns, and others."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import scipy.sparse as sp

from fastnn import _core
from fastnn.kernels import reference

from .cases import DTYPES, ON_TWO_THREADS, generator, threads_of
from .common import TOLERANCE, _Benchmark

# (n, features, outputs, share of X that is not zero), the smallest first.
PASSES = {
    "2000x20": (2_000, 20, 1, 1.0),
    "100000x50": (100_000, 50, 1, 1.0),
    "10000x784x10": (10_000, 784, 10, 1.0),
    "50000x108 sparse": (50_000, 108, 1, 0.13),
    "20000x20000 sparse": (20_000, 20_000, 1, 0.003),
    "50000x108 columns": (50_000, 108, 1, 0.13),
    "20000x20000 columns": (20_000, 20_000, 1, 0.003),
}
KINDS = ["gradient", "diagonal", "hessian", "product", "gram"]
_MOST_PARAMS = 200  # of a Hessian that is timed


class LogisticPass(_Benchmark):
    """One pass over the rows."""

    times = ("logistic_gradient", "logistic_product", "weighted_gram")
    params = [KINDS, DTYPES, [*PASSES, *(name + ON_TWO_THREADS for name in PASSES)]]
    param_names = ["pass", "dtype", "case"]

    def prepare(self, kind: str, dtype: str, case: str) -> None:
        n, i, outputs, filled = PASSES[case.removesuffix(ON_TWO_THREADS)]
        if kind in ("hessian", "gram") and i * outputs > _MOST_PARAMS:
            raise NotImplementedError("Newton's method is not for so many parameters")  # asv skips the case
        x, y, params = _draw(n, i, outputs, filled, dtype, "csc" if "columns" in case else "csr")
        found, wanted = (_arguments(kind, x, y, params, outputs) for _ in range(2))
        getattr(reference, _NAMES[kind])(*wanted)
        self.call = partial(getattr(_core, _NAMES[kind]), _rows(x), *found[1:], threads_of(case))
        self.call()
        self._assert_close(kind, found, wanted, dtype)

    def _assert_close(self, kind: str, found: list[Any], wanted: list[Any], dtype: str) -> None:
        for ours, theirs in zip(found[_FIRST_OUTPUT[kind] :], wanted[_FIRST_OUTPUT[kind] :], strict=True):
            if theirs is not None:
                error, size = np.abs(ours - theirs).max(), np.abs(theirs).max()
                if not error <= 10 * TOLERANCE["layer"][dtype] * size:
                    raise AssertionError(f"{kind} is off by {error:.3g} of {size:.3g}: not worth timing")


class SagaEpoch(_Benchmark):
    """A turn of SAGA for every row, with an L2 penalty alone or with L1 too."""

    times = ("saga_epoch",)
    params = [["l2", "elastic net"], DTYPES, [name for name in PASSES if "columns" not in name]]
    param_names = ["penalty", "dtype", "case"]

    def prepare(self, penalty: str, dtype: str, case: str) -> None:
        n, i, outputs, filled = PASSES[case]
        x, y, params = _draw(n, i, outputs, filled, dtype)
        table, d_params, scale = np.empty((n, outputs)), np.empty(len(params)), np.ones(i)
        rows = _rows(x)
        largest = _core.saga_table(rows, y, None, None, scale, n, params, table, d_params)
        order = np.empty(n, np.int64)
        _core.permutation(0, 0, order)
        penalties = np.zeros((4, len(params)))
        penalties[:, : i * outputs] = np.array([[(penalty != "l2") * 1e-4], [1 / n], [0], [0]])
        penalties[2:] = [[-np.inf], [np.inf]]
        options = (None, scale, n, n, 1 / largest, penalties)
        state = [params, table, d_params]
        self._verify((x, y, None, order[:_VERIFIED], *options), state)
        self.call = partial(_core.saga_epoch, rows, y, None, order, *options, *state)

    def _verify(self, given: tuple[Any, ...], state: list[np.ndarray]) -> None:
        """Raise AssertionError where some turns do not do what the reference's do."""
        ours, theirs = ([array.copy() for array in state] for _ in range(2))
        _core.saga_epoch(_rows(given[0]), *given[1:], *ours)
        reference.saga_epoch(*given, *theirs)
        for found, wanted, before in zip(ours, theirs, state, strict=True):
            if not np.abs(found - wanted).max() <= 1e-8 * np.abs(wanted - before).max():
                raise AssertionError("saga_epoch is off: not worth timing")


class LimitedMemory(_Benchmark):
    """One of the two loops of L-BFGS over its last steps."""

    times = ("memory_backward", "memory_forward")
    params = [["memory_backward", "memory_forward"], ["51", "7850", "200000"]]
    param_names = ["loop", "parameters"]

    def prepare(self, loop: str, parameters: str) -> None:
        rng, p = generator(), int(parameters)
        steps, vector, factors = rng.normal(size=(_PAIRS, p)), rng.normal(size=p), rng.normal(size=_PAIRS)
        changes = steps * rng.uniform(0.5, 2, p)
        pairs = (steps, changes, np.einsum("kp,kp->k", steps, changes), _PAIRS // 2, _PAIRS)
        ours, theirs = ([factors.copy(), vector.copy()] for _ in range(2))
        self.call = partial(getattr(_core, loop), *pairs, *ours)
        self.call()
        getattr(reference, loop)(*pairs, *theirs)
        for found, wanted in zip(ours, theirs, strict=True):
            if not np.abs(found - wanted).max() <= TOLERANCE["layer"]["float64"] * np.abs(wanted).max():
                raise AssertionError(f"{loop} is off: not worth timing")


class TakeColumns(_Benchmark):
    """Half of a sparse X's columns, but at most a hundred, for coordinate descent: by rows and by columns."""

    times = ("take_columns",)
    params = [DTYPES, [name for name in PASSES if name.endswith("sparse")]]
    param_names = ["dtype", "case"]

    def prepare(self, dtype: str, case: str) -> None:
        n, i, outputs, filled = PASSES[case]
        x, *_ = _draw(n, i, outputs, filled, dtype)
        features = np.sort(generator().permutation(i)[: min(i // 2, 100)])
        self.call = partial(_core.take_columns, _rows(x), features, True)
        wanted = x[:, features]
        for form, found in zip((sp.csr_array, sp.csc_array), self.call(), strict=True):
            if (form(found, wanted.shape) != wanted).nnz:
                raise AssertionError("take_columns is off: not worth timing")


_VERIFIED = 200  # turns
_PAIRS = 10
_NAMES = dict.fromkeys(KINDS, "logistic_gradient") | {"product": "logistic_product", "gram": "weighted_gram"}
_FIRST_OUTPUT = dict.fromkeys(KINDS, 5) | {"product": 4, "gram": 2}


def _draw(
    n: int, i: int, outputs: int, filled: float, dtype: str, form: str = "csr"
) -> tuple[Any, np.ndarray, np.ndarray]:
    """Return x, y and params."""
    rng = generator()
    if filled < 1:
        x: Any = sp.random_array((n, i), density=filled, format=form, dtype=dtype, random_state=rng)
    else:
        x = rng.normal(size=(n, i)).astype(dtype)
    y = rng.integers(0, max(outputs, 2), n).astype(np.int32)
    return x, y, rng.normal(size=(i + 1) * outputs) / i**0.5


def _rows(x: Any) -> Any:
    """Return X as solvers pass it on, checked once."""
    if isinstance(x, np.ndarray):
        return x
    return _core.SparseColumns(x) if x.format == "csc" else _core.SparseRows(x)


def _arguments(kind: str, x: Any, y: np.ndarray, params: np.ndarray, outputs: int) -> list[Any]:
    """Return the arguments of a pass, with outputs of their own."""
    p = len(params)
    d_params, state = np.full(p, np.nan), np.empty((len(y), outputs), x.dtype)
    if kind == "gram":
        return [x, np.linspace(0, 1, len(y)).astype(x.dtype), np.full((p, p), np.nan)]
    diagonal = np.full(p, np.nan) if kind == "diagonal" else None
    hessian = np.full((p, p), np.nan) if kind == "hessian" else None
    if kind == "product":
        reference.logistic_gradient(x, y, None, params, outputs, d_params, state, None, None)
        return [x, None, state, params, np.full(p, np.nan)]
    return [x, y, None, params, outputs, d_params, None, diagonal, hessian]
