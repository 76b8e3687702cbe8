"""Coordinate descent, native against the reference, and the reference against the conditions of an optimum."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csc_array, csr_array

from fastnn.kernels.select import kernels_for

NATIVE, REFERENCE = kernels_for("native"), kernels_for("reference")
SIZES = [(1, 1), (2, 3), (17, 5), (64, 9), (131, 4)]  # n, m; around vectors' widths


def penalty_for(rng: np.random.Generator, count: int) -> np.ndarray:
    """L1, L2, both, none, and bounds on some."""
    lower = np.where(rng.random(count) < 0.2, -0.1, -np.inf)
    upper = np.where(rng.random(count) < 0.2, 0.2, np.inf)
    l1, l2 = 0.1 * rng.integers(0, 2, count), 0.2 * rng.integers(0, 2, count)
    return np.array([l1, l2, lower, upper])


@dataclass
class Case:
    """A model by its columns, as `column_descent` takes it."""

    columns: Any
    weight: np.ndarray
    p: np.ndarray | None
    d_z: np.ndarray

    @property
    def shape(self) -> tuple[int, int]:
        m = len(self.columns) if isinstance(self.columns, np.ndarray) else self.columns.shape[1]
        return m, len(self.d_z)

    def sums(self, kernels: Any, *threads: int) -> list[np.ndarray | None]:
        """d_w, curvature and moment, written over NaN."""
        outputs = [np.full(self.shape, np.nan), np.full(self.shape, np.nan)]
        moment = np.full(self.shape[0], np.nan) if self.p is None else None
        kernels.column_sums(self.columns, self.d_z, self.weight, self.p, *outputs, moment, *threads)
        return [*outputs, moment]


@pytest.fixture(params=["dense", "sparse"])
def case_of(request: pytest.FixtureRequest, rng: np.random.Generator) -> Callable[[int, int, int], Case]:
    """Builds a case from n, m, o."""

    def build(n: int, m: int, o: int) -> Case:
        x = rng.normal(size=(m, n)) * (rng.random((m, n)) < 0.6)
        columns = x if request.param == "dense" else csc_array(x.T)
        p = rng.dirichlet(np.ones(o), n).T.copy() if o > 1 else None
        weight = rng.random((o, n)) / n if p is None else p * rng.random(n) / n
        return Case(columns, weight, p, rng.normal(size=(o, n)) / n)

    return build


@pytest.mark.parametrize(("n", "m"), SIZES)
@pytest.mark.parametrize("o", [1, 3])
def test_sums_over_columns(case_of: Any, n: int, m: int, o: int) -> None:
    case = case_of(n, m, o)
    wanted = case.sums(REFERENCE)
    for threads in (1, 2, 3):
        for a, b in zip(case.sums(NATIVE, threads), wanted, strict=True):
            if b is not None:
                np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-15)


def descend(kernels: Any, case: Case, penalty: np.ndarray, intercept: str, tolerance: float, sweeps: int) -> Any:
    """Where `column_descent` ends, and what it returns."""
    (m, o), n = case.shape, case.weight.shape[1]
    d_w, curvature, moment = case.sums(REFERENCE)
    d_b = curvature_b = penalty_b = None
    if intercept != "none":
        d_b = case.d_z.sum(axis=1)
        curvature_b = (case.weight if case.p is None else case.weight * (1 - case.p)).sum(axis=1)
    if intercept == "eliminated":
        curvature = curvature - moment[:, None] ** 2 / curvature_b
        curvature[curvature < 1e-12] = 0.0
    elif intercept == "penalised":
        penalty_b = np.tile([[0.0], [0.1], [-1.0], [np.inf]], o)
    w, b, u, q = np.full((m, o), 0.05), np.zeros(o), np.zeros((o, n)), None if o == 1 else np.zeros(n)
    of_intercept = (d_b, curvature_b, penalty_b)
    model = (case.columns, case.weight, case.p, d_w, curvature, moment, penalty)
    result = kernels.column_descent(*model, *of_intercept, tolerance, sweeps, w, b, u, q)
    return w, b, u, result


@pytest.mark.parametrize(("n", "m"), SIZES)
@pytest.mark.parametrize(
    ("o", "intercept"), [(1, "none"), (1, "eliminated"), (1, "penalised"), (3, "none"), (3, "penalised")]
)
def test_descent_by_columns(case_of: Any, n: int, m: int, o: int, intercept: str, rng: np.random.Generator) -> None:
    case = case_of(n, m, o)
    penalty = penalty_for(rng, m * o)
    ours = descend(NATIVE, case, penalty, intercept, 0.0, 3)
    wanted = descend(REFERENCE, case, penalty, intercept, 0.0, 3)
    for a, b in zip(ours[:3], wanted[:3], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(ours[3], wanted[3], rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("kernels", [NATIVE, REFERENCE], ids=["native", "reference"])
@pytest.mark.parametrize("count", [1, 7, 8, 9, 40])
def test_descent_on_a_hessian_ends_at_the_optimum(kernels: Any, count: int, rng: np.random.Generator) -> None:
    root = rng.normal(size=(3 * count, count))
    hessian, d_w = root.T @ root / count, rng.normal(size=count)
    penalty = penalty_for(rng, count)
    start = np.clip(np.zeros(count), penalty[2], penalty[3])
    w, slope = start.copy(), d_w.copy()
    fall, sweeps = kernels.quadratic_descent(hessian, penalty, 1e-24, 1000, w, slope)
    assert fall <= 1e-24
    assert sweeps < 1000
    np.testing.assert_allclose(slope, d_w + hessian @ (w - start), atol=1e-12)
    l1, l2, lower, upper = penalty
    slope = slope + l2 * w
    inside = (w > lower) & (w < upper)
    assert np.abs(slope + l1 * np.sign(w))[inside & (w != 0)].max(initial=0.0) < 1e-10
    assert (np.abs(slope) - l1)[w == 0].max(initial=0.0) < 1e-10
    assert (slope + l1 * np.sign(w))[w <= lower].min(initial=0.0) > -1e-10
    assert (slope + l1 * np.sign(w))[w >= upper].max(initial=0.0) < 1e-10


def test_descent_on_columns_is_that_on_their_hessian(case_of: Any, rng: np.random.Generator) -> None:
    case = case_of(50, 6, 1)
    x = case.columns if isinstance(case.columns, np.ndarray) else case.columns.toarray().T
    hessian, penalty = (x * case.weight) @ x.T, penalty_for(rng, 6)
    w, b, u, _ = descend(NATIVE, case, penalty, "none", 1e-26, 1000)
    v = np.full(6, 0.05)
    NATIVE.quadratic_descent(hessian, penalty, 1e-26, 1000, v, x @ case.d_z[0])
    np.testing.assert_allclose(w[:, 0], v, atol=1e-11)
    np.testing.assert_allclose(u[0], (w[:, 0] - 0.05) @ x, atol=1e-12)
    assert not b.any()


def test_a_zero_column_stays_where_it_is_or_at_zero() -> None:
    hessian, d_w = np.zeros((2, 2)), np.zeros(2)
    for kernels in (NATIVE, REFERENCE):
        w = np.array([0.3, 0.3])
        penalty = np.array([[0.0, 1.0], [0.0, 0.0], [-np.inf] * 2, [np.inf] * 2])
        kernels.quadratic_descent(hessian, penalty, 0.0, 5, w, d_w.copy())
        np.testing.assert_array_equal(w, [0.3, 0.0])


def _quadratic(**other: Any) -> None:
    given = {"hessian": np.eye(3), "penalty": np.zeros((4, 3)), "w": np.zeros(3), "d_w": np.zeros(3)} | other
    NATIVE.quadratic_descent(given["hessian"], given["penalty"], 0.0, 1, given["w"], given["d_w"])


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"hessian": np.eye(2)}, "hessian has shape"),
        ({"hessian": np.eye(3, dtype=np.float32)}, "wanted 2 dimension"),
        ({"penalty": np.zeros((3, 3))}, "penalty has shape"),
        ({"w": np.zeros((3, 1))}, "w has shape"),
        ({"d_w": np.zeros(6)[::2]}, "d_w has shape.*not plain"),
    ],
)
def test_refuses_arrays_that_do_not_fit(other: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _quadratic(**other)


def test_refuses_overlaps_and_columns_that_do_not_fit() -> None:
    w = np.zeros(3)
    with pytest.raises(ValueError, match="overlaps"):
        _quadratic(w=w, d_w=w)
    d_z, out = np.zeros((1, 4)), np.zeros((2, 1))
    broken = csc_array(np.ones((4, 2)))
    broken.indptr = broken.indptr[:2]
    for columns, message in ((np.ones((2, 5)), "d_z has shape"), (broken, "point outside")):
        with pytest.raises(ValueError, match=message):
            NATIVE.column_sums(columns, d_z, d_z.copy(), None, out, out.copy(), np.zeros(2))


def test_only_one_intercept_with_curvature_is_eliminated() -> None:
    x, row, w = np.ones((1, 2)), np.zeros((1, 2)), np.zeros((1, 1))
    given = (x, row, None, w, w.copy(), np.zeros(1), np.zeros((4, 1)), np.zeros(1), np.zeros(1), None, 0.0, 1)
    with pytest.raises(ValueError, match="need penalty_b"):
        NATIVE.column_descent(*given, w.copy(), np.zeros(1), row.copy(), None)


@pytest.mark.parametrize("kernel", ["column_sums", "column_descent"])
@pytest.mark.parametrize(
    "broken",
    [
        {"indices": [0, 3, 1]},
        {"indices": [0, -1, 1]},
        {"indices": [0, 2**32, 1]},
        {"indices": [0, 2]},
        {"indptr": [0, 2, 4]},
        {"indptr": [-1, 2, 3]},
        {"indptr": [0, 9, 3]},
        {"indptr": [0, 3]},
        {"data": [1.0, 2.0]},
    ],
    ids=str,
)
def test_entries_outside_of_columns_are_refused(kernel: str, broken: dict[str, list[Any]]) -> None:
    """Kernels follow the rows of a sparse matrix without another look."""
    entries = {"data": [1.0, 2.0, 3.0], "indices": [0, 2, 1], "indptr": [0, 2, 3]} | broken
    arrays = {name: np.array(values) for name, values in entries.items()}
    columns = SimpleNamespace(shape=(3, 2), **arrays)
    case = Case(columns, np.ones((1, 3)), None, np.ones((1, 3)))
    wide = [np.full((2, 1), 0.5), np.ones((2, 1)), np.ones(2)]
    arguments = [columns, case.d_z, case.weight, None, *wide]
    if kernel == "column_descent":
        ends = [np.zeros((2, 1)), np.zeros(1), np.zeros((1, 3)), None]
        arguments = [columns, case.weight, None, *wide, np.ones((4, 2)), None, None, None, 0.0, 1, *ends]
    with pytest.raises(ValueError, match="columns has .*(outside|rows from)"):
        getattr(NATIVE, kernel)(*arguments)
    assert (arguments[-1] if kernel == "column_sums" else ends[2]).min() >= 0


@pytest.mark.parametrize("index", [np.int32, np.int64])
def test_columns_may_have_indices_of_any_size_and_start_late(index: Any) -> None:
    entries = {"data": [9.0, 1.0, 2.0, 3.0], "indices": [7, 0, 2, 1], "indptr": [1, 3, 4]}
    late = SimpleNamespace(shape=(3, 2), data=np.array(entries["data"]))
    late.indices, late.indptr = np.array(entries["indices"], index), np.array(entries["indptr"], index)
    plain = csc_array(np.array([[1.0, 0.0], [0.0, 3.0], [2.0, 0.0]]))
    d_z = np.array([[0.1, 0.2, 0.3]])
    found, wanted = (Case(x, np.ones((1, 3)), None, d_z).sums(NATIVE) for x in (late, plain))
    for ours, theirs in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("index", [np.int32, np.int64])
@pytest.mark.parametrize("features", [[], [3], [0, 2, 5], range(7)])
def test_columns_are_taken_by_rows_and_by_columns(
    rng: np.random.Generator, dtype: Any, index: Any, features: Any
) -> None:
    x = csr_array((rng.normal(size=(30, 7)) * (rng.random((30, 7)) < 0.4)).astype(dtype))
    x.indices, x.indptr = x.indices.astype(index), x.indptr.astype(index)
    wanted, chosen = x.toarray()[:, list(features)], np.array(features, np.intp)
    for kernels in (NATIVE, REFERENCE):
        rows, columns = kernels.take_columns(x, chosen, True)
        np.testing.assert_array_equal(csr_array(rows, wanted.shape).toarray(), wanted)
        np.testing.assert_array_equal(csc_array(columns, wanted.shape).toarray(), wanted)
        assert rows[0].dtype == columns[0].dtype == np.float64
        again, none = kernels.take_columns(x, chosen)
        np.testing.assert_array_equal(again[0], rows[0])
        assert none is None


def test_refuses_to_take_columns_twice_or_that_there_are_not() -> None:
    x = csr_array(np.eye(3))
    with pytest.raises(ValueError, match="each feature once"):
        NATIVE.take_columns(x, np.array([1, 1]))
    with pytest.raises(IndexError, match="out of bounds"):
        NATIVE.take_columns(x, np.array([3]))
