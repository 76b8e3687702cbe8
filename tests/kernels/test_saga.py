"""SAGA's turns, native against the reference, and both against what the table must stand for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csc_array, csr_array

from fastnn.kernels.select import kernels_for

NATIVE, REFERENCE = kernels_for("native"), kernels_for("reference")
KERNELS = pytest.mark.parametrize("kernels", [NATIVE, REFERENCE], ids=["native", "reference"])
FORMS = ["dense", "sparse", "sparse, long"]


@dataclass
class Chain:
    """A problem, and where a chain of turns is."""

    x: Any
    y: np.ndarray
    weight: np.ndarray | None
    shift: np.ndarray | None
    scale: np.ndarray
    penalty: np.ndarray
    params: np.ndarray
    table: np.ndarray
    d_params: np.ndarray

    @property
    def total(self) -> float:
        return float(len(self.y) if self.weight is None else self.weight.sum(dtype=float))

    @property
    def features(self) -> np.ndarray:
        """All rows as the chain sees them, with the bias's 1."""
        x = self.x if isinstance(self.x, np.ndarray) else self.x.toarray()
        x = (x.astype(float) - (0 if self.shift is None else self.shift)) * self.scale
        count = len(self.params) // self.table.shape[1]
        return np.column_stack([x, np.ones(len(x))]) if count > x.shape[1] else x

    def copied(self) -> Chain:
        return replace(self, params=self.params.copy(), table=self.table.copy(), d_params=self.d_params.copy())

    def _data(self, *order: np.ndarray) -> tuple[Any, ...]:
        return (self.x, self.y, self.weight, *order, self.shift, self.scale, self.total)

    def fill(self, kernels: Any) -> float:
        """The largest row's weight times its square."""
        largest: float = kernels.saga_table(*self._data(), self.params, self.table, self.d_params)
        return largest

    def turns(self, kernels: Any, order: np.ndarray, step: float) -> None:
        state = (self.params, self.table, self.d_params)
        kernels.saga_epoch(*self._data(order), len(self.y), step, self.penalty, *state)

    def assert_is(self, other: Chain, rtol: float = 1e-11) -> None:
        for name in ("params", "table", "d_params"):
            np.testing.assert_allclose(getattr(self, name), getattr(other, name), rtol=rtol, atol=1e-13, err_msg=name)


def draw(
    rng: np.random.Generator, n: int, i: int, o: int, form: str = "dense", dtype: Any = float, **other: Any
) -> Chain:
    """A chain that has not begun, over NaN; `bias` and `full`, a penalty of every kind, are True."""
    x = (rng.normal(size=(n, i)) * (rng.random((n, i)) < 0.6)).astype(dtype)
    rows: Any = x
    if form != "dense":
        rows, index = csr_array(x), np.int64 if "long" in form else np.int32
        rows.indices, rows.indptr = rows.indices.astype(index), rows.indptr.astype(index)
    p = (i + other.get("bias", True)) * o
    l2 = rng.uniform(0, 0.3, p) * (rng.random(p) < 0.7)
    penalty = np.array([np.zeros(p), l2, np.full(p, -np.inf), np.full(p, np.inf)])
    if other.get("full", True):
        penalty[0] = rng.uniform(0, 0.1, p) * (rng.random(p) < 0.7)
        penalty[2, rng.random(p) < 0.3], penalty[3, rng.random(p) < 0.3] = -0.2, 0.1
    params = np.clip(rng.normal(size=p), penalty[2], penalty[3])
    shift = rng.normal(size=i) if form == "dense" else None
    y, weight = rng.integers(0, max(o, 2), n).astype(np.int32), rng.uniform(0, 2, n).astype(dtype)
    scale, table = rng.uniform(0.5, 2, i), np.full((n, o), np.nan)
    return Chain(rows, y, weight, shift, scale, penalty, params, table, np.full(p, np.nan))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("o", [1, 2, 9])
@pytest.mark.parametrize("i", [1, 7, 8, 9, 33])
@pytest.mark.parametrize("full", [False, True])
def test_turns_are_the_references(form: str, o: int, i: int, full: bool, dtype: Any, rng: np.random.Generator) -> None:
    for bias in (False, True):
        ours = draw(rng, 20, i, o, form, dtype, bias=bias, full=full)
        wanted = ours.copied()
        assert ours.fill(NATIVE) == pytest.approx(wanted.fill(REFERENCE), rel=1e-12)
        ours.assert_is(wanted)
        order = rng.integers(0, 20, 120)
        for chain, kernels in ((ours, NATIVE), (wanted, REFERENCE)):
            chain.turns(kernels, order, 0.05)
        ours.assert_is(wanted)


@KERNELS
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("o", [1, 3])
def test_the_gradient_is_always_the_tables(kernels: Any, form: str, o: int, rng: np.random.Generator) -> None:
    chain = draw(rng, 15, 6, o, form)
    chain.fill(kernels)
    for step in (0.01, 0.1):
        chain.turns(kernels, rng.permutation(15), step)
        wanted = chain.features.T @ (chain.weight[:, None] * chain.table) / chain.total
        np.testing.assert_allclose(chain.d_params, wanted.ravel(), atol=1e-14)
    if o > 1:
        np.testing.assert_allclose(chain.table.sum(axis=1), 0, atol=1e-14)


@KERNELS
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("o", [1, 3])
@pytest.mark.parametrize("full", [False, True])
def test_it_ends_at_the_optimum(kernels: Any, form: str, o: int, full: bool, rng: np.random.Generator) -> None:
    chain = draw(rng, 12, 3, o, form, full=full)
    chain.penalty[1] += 0.1
    step = 1 / (0.5 * chain.fill(kernels) * 12 / chain.total)
    for _ in range(40):
        chain.turns(kernels, np.concatenate([rng.permutation(12) for _ in range(5)]), step)
    chain.fill(kernels)  # the gradient where it is
    l1, l2, lower, upper = chain.penalty
    w, slope = chain.params, chain.d_params + l2 * chain.params
    held = np.where(w == 0, np.clip(-slope, -l1, l1), l1 * np.sign(w))
    left = slope + held
    left[((w <= lower) & (left > 0)) | ((w >= upper) & (left < 0))] = 0
    np.testing.assert_allclose(left, 0, atol=1e-5)


@pytest.mark.parametrize("o", [1, 3])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sparse_rows_are_dense_ones(o: int, dtype: Any, rng: np.random.Generator) -> None:
    """Also those whose entries come in any order, and more than once."""
    chain = replace(draw(rng, 30, 20, o, "dense", dtype), shift=None)
    x = csr_array(chain.x)
    for row in range(30):
        part = slice(x.indptr[row], x.indptr[row + 1])
        x.indices[part], x.data[part] = x.indices[part][::-1].copy(), x.data[part][::-1].copy()
    twice = csr_array((np.repeat(x.data / 2, 2), np.repeat(x.indices, 2), x.indptr * 2), x.shape)
    order = rng.integers(0, 30, 200)
    found, largest = [chain, replace(chain.copied(), x=x), replace(chain.copied(), x=twice)], []
    for each in found:
        largest.append(each.fill(NATIVE))
        each.turns(NATIVE, order, 0.03)
    found[1].assert_is(chain)
    found[2].assert_is(chain)
    assert largest[1] == pytest.approx(largest[0], rel=1e-12)
    assert largest[2] < largest[0]  # as it says: what comes in parts is squared apart


@pytest.mark.parametrize("push", [0.3, -0.3])
@pytest.mark.parametrize("l2", [0.0, 1e-9, 0.5, 1e4])
@pytest.mark.parametrize("start", [-2.0, -1e-3, 0.0, 1e-3, 2.0])
def test_steps_that_are_made_up_for(push: float, l2: float, start: float) -> None:
    """A feature of the first row alone drifts for 400 turns, through zero where it is pushed; any number at once."""
    x = np.zeros((2, 1))
    x[0] = 1.0
    order = np.array([0, *[1] * 400, 0])
    for l1 in (0.0, 0.1, 1.0):
        for lower, upper in ((-np.inf, np.inf), (-0.5, 0.4)):
            penalty = np.array([[l1], [l2], [lower], [upper]])
            found = []
            for form in (x, csr_array(x)):
                params = np.clip(np.full(1, start), lower, upper)
                state = (params, np.array([[push * 2], [0.0]]), np.full(1, push))
                y, scale = np.zeros(2, np.int32), np.ones(1)
                kernels = REFERENCE if form is x else NATIVE
                kernels.saga_epoch(form, y, None, order, None, scale, 2.0, 2, 0.03, penalty, *state)
                found.append((params, state[1], state[2]))
            for dense, sparse in zip(*found, strict=True):
                np.testing.assert_allclose(sparse, dense, rtol=1e-10, atol=1e-13)


def test_no_rows_no_turns_no_features(rng: np.random.Generator) -> None:
    chain = draw(rng, 5, 3, 1)
    chain.fill(NATIVE)
    before = chain.copied()
    chain.turns(NATIVE, np.empty(0, np.int64), 0.1)
    chain.assert_is(before, rtol=0)
    for form in (np.empty((5, 0)), csr_array((5, 0))):
        empty = replace(draw(rng, 5, 1, 1), x=form, shift=None, scale=np.empty(0), penalty=np.zeros((4, 1)))
        empty.params, empty.d_params = np.zeros(1), np.zeros(1)
        empty.penalty[2:] = [[-np.inf], [np.inf]]
        assert empty.fill(NATIVE) == pytest.approx(empty.weight.max())
        empty.turns(NATIVE, np.arange(5), 0.1)
        assert empty.params[0] != 0


def test_nan_is_not_lost(rng: np.random.Generator) -> None:
    for form in FORMS:
        for full in (False, True):
            chain = draw(rng, 6, 4, 1, form, full=full)
            (chain.x if form == "dense" else chain.x.data)[0] = np.nan
            chain.fill(NATIVE)
            chain.turns(NATIVE, np.arange(6), 0.1)
            assert np.isnan(chain.params).any()


# --- proof that these tests bite --------------------------------------------------------------------------------------


def _half_a_step(*arguments: Any) -> None:
    REFERENCE.saga_epoch(*arguments[:8], arguments[8] / 2, *arguments[9:])


def _without_a_table(*arguments: Any) -> None:
    """As stochastic gradient descent would do it."""
    state = [array.copy() for array in arguments[-2:]]
    REFERENCE.saga_epoch(*arguments[:-2], *state)


def _without_the_last_turn(*arguments: Any) -> None:
    REFERENCE.saga_epoch(*arguments[:3], arguments[3][:-1], *arguments[4:])


def _without_weights(*arguments: Any) -> None:
    REFERENCE.saga_epoch(*arguments[:2], None, *arguments[3:])


def _without_bounds(*arguments: Any) -> None:
    penalty = arguments[9].copy()
    penalty[2:] = [[-np.inf], [np.inf]]
    REFERENCE.saga_epoch(*arguments[:9], penalty, *arguments[10:])


@pytest.mark.parametrize(
    "saboteur",
    [
        _half_a_step,
        _without_a_table,
        _without_the_last_turn,
        _without_weights,
        _without_bounds,
        lambda *arguments: None,
    ],
)
def test_wrong_turns_are_seen(saboteur: Any, rng: np.random.Generator) -> None:
    chain = draw(rng, 20, 6, 1)
    chain.penalty[2:] = [[-0.05], [0.05]]
    chain.params[...] = np.clip(chain.params, -0.05, 0.05)
    chain.fill(REFERENCE)
    wanted, order = chain.copied(), rng.permutation(20)
    wanted.turns(REFERENCE, order, 0.05)
    chain.turns(type("Wrong", (), {"saga_epoch": staticmethod(saboteur)}), order, 0.05)
    with pytest.raises(AssertionError):
        chain.assert_is(wanted)


# --- what does not fit ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"x": np.zeros((4, 3))}, "table has shape"),
        ({"x": np.zeros((5, 3), np.float16)}, "wanted float32 or float64"),
        ({"y": np.zeros(5, np.int64)}, r"wanted \(5,\) of int32"),
        ({"y": np.full(5, 7, np.int32)}, "classes from 0 to 7"),
        ({"weight": np.ones(5, np.float32)}, "sample_weight has shape"),
        ({"shift": np.zeros(2)}, "shift has shape"),
        ({"x": csr_array(np.ones((5, 3)))}, "shift is for dense rows"),
        ({"x": csc_array(np.ones((5, 3)))}, "so CSR is wanted"),
        ({"scale": np.zeros(4)}, "scale has shape"),
        ({"penalty": np.zeros((3, 8))}, "penalty has shape"),
        ({"params": np.zeros(7)}, "params has 7 elements"),
        ({"d_params": np.zeros(7)}, "d_params has shape"),
        ({"table": np.zeros((5, 2), np.float32)}, "table has shape"),
    ],
)
def test_refuses_arrays_that_do_not_fit(other: dict[str, Any], message: str, rng: np.random.Generator) -> None:
    chain = replace(draw(rng, 5, 3, 2), **other)
    with pytest.raises((ValueError, TypeError), match=message):
        chain.turns(NATIVE, np.arange(5), 0.1)


def test_refuses_orders_steps_and_overlaps(rng: np.random.Generator) -> None:
    chain = draw(rng, 5, 3, 1)
    for order, step, message in (
        (np.array([5]), 0.1, "not a row of x"),
        (np.arange(5.0), 0.1, "of int64"),
        (np.arange(5), 0.0, "step=0.0"),
    ):
        with pytest.raises(ValueError, match=message):
            chain.turns(NATIVE, order, step)
    with pytest.raises(ValueError, match=r"total=0\.0, wanted a number above 0"):
        replace(chain, weight=np.zeros(5)).fill(NATIVE)
    with pytest.raises(ValueError, match="overlaps"):
        replace(chain, d_params=chain.params).turns(NATIVE, np.arange(5), 0.1)
