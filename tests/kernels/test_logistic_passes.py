"""The passes of logistic regression: the reference against differences, the compiled ones against the reference."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from oracle import assert_guards, guarded

from fastnn import _core
from fastnn.kernels import reference
from fastnn.kernels.contract import LOGISTIC_PASSES
from fastnn.kernels.select import kernels_for

# Rows and features around a vector's width, a block of rows and a slot.
SHAPES = [(1, 1), (3, 2), (15, 7), (16, 16), (17, 33), (255, 4), (257, 50), (1000, 17), (300, 130), (5000, 3)]
OUTPUTS = [1, 2, 3, 10, 17]
FORMS = ["dense", "apart", "csr", "csr, long indices", "csc", "csc, long indices"]


class Case:
    """Random data; weights among which are zeros."""

    def __init__(self, n: int, i: int, o: int, dtype: Any, form: str, weighted: bool, bias: bool) -> None:
        rng = np.random.default_rng([n, i, o])
        x = rng.normal(size=(n, i)).astype(dtype)
        if form.startswith("cs"):
            x[rng.uniform(size=(n, i)) < 0.7] = 0
        self.dense = x
        self.x: Any = x
        if form == "apart":
            wide = np.full((n, i + 5), np.nan, dtype)
            wide[:, :i] = x
            self.x = wide[:, :i]
        elif form.startswith("cs"):
            self.x = sp.csr_array(x) if form.startswith("csr") else sp.csc_array(x)
            index = np.int64 if "long" in form else np.int32
            self.x.indices, self.x.indptr = self.x.indices.astype(index), self.x.indptr.astype(index)
        self.y = rng.integers(0, max(o, 2), n).astype(np.int32)
        self.weight = (rng.uniform(size=n) * (rng.uniform(size=n) > 0.2)).astype(dtype) if weighted else None
        self.params = rng.normal(size=(i + int(bias)) * o) / i**0.5
        self.o = o

    def gradient(self, run: Any, *threads: int) -> dict[str, Any]:
        """Everything that the first pass gives."""
        p = len(self.params)
        shapes = {"d_params": (p,), "state": (len(self.y), self.o), "diagonal": (p,), "hessian": (p, p)}
        dtypes = dict.fromkeys(shapes, np.float64) | {"state": self.dense.dtype}
        out = {name: guarded(np.full(shape, np.nan), dtypes[name], True) for name, shape in shapes.items()}
        for array in (self.y, self.params, self.weight, self.dense):
            if array is not None:
                array.flags.writeable = False
        loss = run(self.x, self.y, self.weight, self.params, self.o, *out.values(), *threads)
        for name, array in out.items():
            assert_guards(name, array)
        return out | {"loss": loss}


def tolerance(dtype: Any, case: Case) -> float:
    """What rounding in sums over features and blocks of rows can do, relative to sums of magnitudes."""
    return float(np.finfo(dtype).eps) * (case.dense.shape[1] + 16)


def assert_close(name: str, found: Any, wanted: Any, size: Any, eps: float) -> None:
    error = np.max(np.abs(found - wanted) / (size + 1e-30), initial=0.0)
    assert error <= eps, f"{name} is off by {error / eps:.3g} times the tolerance"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("o", OUTPUTS)
@pytest.mark.parametrize("shape", SHAPES)
def test_compiled_passes_are_the_reference(shape: tuple[int, int], o: int, form: str, dtype: Any) -> None:
    if o * shape[1] > 600:
        pytest.skip("the reference's Hessian is slow")
    for weighted, bias in ((True, True), (False, False)):
        case = Case(*shape, o, dtype, form, weighted, bias)
        found, wanted = case.gradient(_core.logistic_gradient), case.gradient(reference.logistic_gradient)
        weight = np.ones(len(case.y)) if case.weight is None else case.weight.astype(float)
        eps = tolerance(dtype, case)
        x = np.abs(np.hstack([case.dense, np.ones((shape[0], int(bias)))]).astype(float))
        columns = np.repeat(x.T @ weight, o) + 1e-3
        squares = np.repeat((x * x).T @ weight, o) + 1e-3
        assert_close("loss", found["loss"], wanted["loss"], wanted["loss"] + weight.sum() + 1e-3, eps)
        assert_close("d_params", found["d_params"], wanted["d_params"], columns, eps)
        assert_close("state", found["state"], wanted["state"], 1, eps)
        assert_close("diagonal", found["diagonal"], wanted["diagonal"], squares, eps)
        assert_close("hessian", found["hessian"], wanted["hessian"], np.sqrt(np.outer(squares, squares)), eps)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("o", OUTPUTS)
def test_products_are_the_hessians(o: int, form: str, dtype: Any) -> None:
    for shape in ((40, 9), (700, 21)):
        case = Case(*shape, o, dtype, form, True, True)
        known = case.gradient(reference.logistic_gradient)
        state = known["state"]
        vector = np.random.default_rng(1).normal(size=len(case.params))
        for run in (reference.logistic_product, _core.logistic_product):
            out = np.full(len(vector), np.nan)
            run(case.x, case.weight, state, vector, out)
            scale = np.abs(known["hessian"]) @ np.abs(vector)
            assert_close("product", out, known["hessian"] @ vector, scale, 20 * tolerance(dtype, case))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("i", [1, 8, 31, 100, 300])
def test_weighted_gram(i: int, form: str, dtype: Any) -> None:
    case = Case(600, i, 1, dtype, form, True, True)
    for ones in (0, 1):
        x = np.hstack([case.dense, np.ones((600, ones))]).astype(float)
        wanted = (x.T * case.weight) @ x
        for run in (reference.weighted_gram, _core.weighted_gram):
            out = np.full((i + ones, i + ones), np.nan)
            run(case.x, case.weight, out)
            assert_close("gram", out, wanted, (np.abs(x).T * case.weight) @ np.abs(x), tolerance(dtype, case))
        np.testing.assert_array_equal(out, out.T)


@pytest.mark.parametrize("o", [1, 3])
def test_the_reference_by_differences(o: int) -> None:
    """Fourth-order differences of the loss are the gradient, of the gradient the Hessian."""
    case = Case(60, 4, o, np.float64, "dense", True, True)
    wanted = case.gradient(reference.logistic_gradient)
    step = 1e-3
    for k in range(len(case.params)):
        losses, gradients = [], []
        for times in (-2, -1, 1, 2):
            moved = Case(60, 4, o, np.float64, "dense", True, True)
            moved.params[k] += times * step
            at = moved.gradient(reference.logistic_gradient)
            losses.append(at["loss"])
            gradients.append(at["d_params"])
        rule = np.array([1, -8, 8, -1]) / (12 * step)
        np.testing.assert_allclose(rule @ losses, wanted["d_params"][k], atol=1e-8)
        np.testing.assert_allclose(rule @ np.array(gradients), wanted["hessian"][k], atol=1e-7)
    np.testing.assert_allclose(wanted["diagonal"], wanted["hessian"].diagonal(), atol=1e-12)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("o", [1, 3])
def test_the_same_bits_for_every_number_of_threads(o: int, form: str, dtype: Any) -> None:
    case = Case(20_000, 40, o, dtype, form, True, True)
    one = case.gradient(_core.logistic_gradient, 1)
    vector = case.params[::-1].copy()
    products, grams = [], []
    for threads in (1, 2, 3, 5):
        for name, value in case.gradient(_core.logistic_gradient, threads).items():
            np.testing.assert_array_equal(value, one[name], name)
        products.append(np.empty_like(vector))
        _core.logistic_product(case.x, case.weight, one["state"], vector, products[-1], threads)
        grams.append(np.empty((40, 40)))
        _core.weighted_gram(case.x, case.weight, grams[-1], threads)
    for found in (products, grams):
        assert all(np.array_equal(each, found[0]) for each in found)


@pytest.mark.parametrize("o", [1, 3])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_not_finite_show_in_the_gradient(o: int, value: float, dtype: Any) -> None:
    """So that a pass is all the check that X needs."""
    for form in ("dense", "csr", "csc"):
        for row in (0, 20, 36):
            for params in (np.zeros(10 * o), np.linspace(-1, 1, 10 * o)):
                case = Case(37, 9, o, dtype, form, False, True)
                case.dense[row, 3] = value
                case.x = case.dense if form == "dense" else sp.csr_array(case.dense).asformat(form)
                case.params = params
                assert not np.isfinite(case.gradient(_core.logistic_gradient)["d_params"]).all()


@pytest.mark.parametrize("scale", [1e3, 1e20])
def test_losses_far_away_are_exact(scale: float) -> None:
    x, y = np.array([[scale], [-scale]]), np.array([1, 1], np.int32)
    d_params = np.empty(1)
    for run in (reference.logistic_gradient, _core.logistic_gradient):
        assert run(x, y, None, np.ones(1), 1, d_params, None, None, None) == scale
        assert d_params[0] == scale


def test_elements_in_any_order_and_more_than_once(dtype: Any) -> None:
    """As scikit-learn's text features may come."""
    case = Case(50, 6, 1, dtype, "dense", True, True)
    rng = np.random.default_rng(0)
    rows, columns = rng.integers(0, 50, 400), rng.integers(0, 6, 400)
    order = np.argsort(rows, kind="stable")
    starts = np.concatenate([[0], np.bincount(rows, minlength=50).cumsum()]).astype(np.int32)
    values = rng.normal(size=400).astype(dtype)[order]
    case.x = sp.csr_array((values, columns[order].astype(np.int32), starts), (50, 6))
    assert not case.x.has_canonical_format
    found = case.gradient(_core.logistic_gradient)
    case.x = case.dense = case.x.toarray()
    wanted = case.gradient(_core.logistic_gradient)
    for name in ("loss", "d_params", "hessian"):
        np.testing.assert_allclose(found[name], wanted[name], rtol=1e-4 if dtype == np.float32 else 1e-10, atol=1e-4)


def test_rows_of_a_column_in_any_order(dtype: Any) -> None:
    case = Case(50, 6, 1, dtype, "csc", True, True)
    wanted = case.gradient(_core.logistic_gradient)
    order = np.concatenate([np.arange(*ends)[::-1] for ends in zip(case.x.indptr, case.x.indptr[1:], strict=False)])
    case.x = sp.csc_array((case.x.data[order], case.x.indices[order], case.x.indptr), case.x.shape)
    assert not case.x.has_sorted_indices
    found = case.gradient(_core.logistic_gradient)
    for name, value in wanted.items():
        np.testing.assert_array_equal(found[name], value)
    assert not case.x.has_sorted_indices  # the caller's is as it was


# --- bad input ----------------------------------------------------------------------------------


def call(**changed: Any) -> None:
    given: dict[str, Any] = {
        "x": np.ones((4, 2)),
        "y": np.array([0, 1, 0, 1], np.int32),
        "sample_weight": None,
        "params": np.zeros(3),
        "outputs": 1,
        "d_params": np.zeros(3),
        "state": None,
        "diagonal": None,
        "hessian": None,
    }
    _core.logistic_gradient(**(given | changed))


def with_index(index: int, form: Any = sp.csr_array) -> Any:
    x = form(np.ones((4, 2)))
    assert x.has_sorted_indices
    x.indices[3] = index
    return x


def with_start(start: int, form: Any = sp.csr_array) -> Any:
    x = form(np.ones((4, 2)))
    assert x.has_sorted_indices
    x.indptr[2] = start
    return x


def test_accepts_what_fits() -> None:
    call()
    call(x=sp.csr_array(np.ones((4, 2))), params=np.zeros(2), d_params=np.zeros(2))


SHARED = np.zeros(3)
TWO: dict[str, Any] = {"outputs": 2, "params": np.zeros(6), "d_params": np.zeros(6)}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"x": np.ones((4, 2), int)}, "wanted float32 or float64"),
        ({"x": np.asfortranarray(np.ones((4, 2)))}, "contiguous rows"),
        ({"x": np.ones((4, 2, 1))}, "wanted 2 dimensions"),
        ({"x": with_index(2)}, "indices that point outside"),
        ({"x": with_index(-1)}, "indices that point outside"),
        ({"x": with_start(9)}, "indices that point outside"),
        ({"x": with_start(1)}, "indices that point outside"),
        ({"x": with_index(4, sp.csc_array)}, "indices that point outside"),
        ({"x": with_index(-1, sp.csc_array)}, "indices that point outside"),
        ({"x": with_index(0, sp.csc_array)}, "indices that point outside"),
        ({"x": with_start(9, sp.csc_array)}, "indices that point outside"),
        ({"y": np.array([0, 1, 0, 2], np.int32)} | TWO, "classes from 0 to 2, wanted 0 to 1"),
        ({"y": np.array([0, 1, 0, -1], np.int32)} | TWO, "classes from -1 to 1"),
        ({"y": np.array([0, 1, 0, 1])}, "of int32"),
        ({"y": np.array([0, 1, 0], np.int32)}, r"wanted \(4,\)"),
        ({"params": np.zeros(4)}, "params has 4 elements, wanted 2 or 3"),
        ({"params": np.zeros(3, np.float32)}, "params has shape"),
        ({"outputs": 0}, "output"),
        ({"sample_weight": np.ones(3)}, "sample_weight has shape"),
        ({"sample_weight": np.ones(4, np.float32)}, "sample_weight has shape"),
        ({"d_params": np.zeros(2)}, "d_params has shape"),
        ({"hessian": np.zeros((3, 2))}, "hessian has shape"),
        ({"state": np.zeros((4, 2))}, "state has shape"),
        ({"params": SHARED, "d_params": SHARED}, "overlaps"),
    ],
)
def test_refuses_what_does_not_fit(changed: dict[str, Any], message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        call(**changed)


def test_refuses_another_format() -> None:
    x = sp.csr_array(np.ones((4, 2)))
    with pytest.raises(ValueError, match="format 'csc'.* wanted CSR"):
        _core.SparseRows(x.tocsc())
    with pytest.raises(ValueError, match="format 'csr'.* wanted CSC"):
        _core.SparseColumns(x)


@pytest.mark.parametrize("name", LOGISTIC_PASSES)
def test_backends_take_the_same_arguments(name: str) -> None:
    native, plain = (getattr(kernels_for(backend), name) for backend in ("native", "reference"))
    assert [*inspect.signature(inspect.unwrap(plain)).parameters, "n_threads"] == [
        *inspect.signature(native).parameters
    ]


@pytest.mark.jit
@pytest.mark.parametrize("name", LOGISTIC_PASSES)
def test_jit_has_those_of_the_reference(name: str) -> None:
    assert getattr(kernels_for("jit"), name) is getattr(kernels_for("reference"), name)
