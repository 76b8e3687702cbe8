"""What predictors take for x and out, what they convert, and what they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from same_bits import assert_same_bits
from scipy.sparse import coo_array, csc_array, csr_array, csr_matrix

from fastnn import Dense, LogisticRegression, MLPClassifier, MLPRegressor, Network, compile_predict

rng = np.random.default_rng(0)
X = rng.normal(size=(30, 6))
Y = np.arange(30) % 3


def outside(x: Any) -> Any:
    """A sparse matrix with an element where SciPy's conversions would write beyond their memory."""
    x.indices[3] = 10**8
    return x


@pytest.fixture
def net(dtype: Any) -> Network:
    return Network([Dense(9, "relu"), Dense(3)], n_inputs=6, loss="cross_entropy", dtype=dtype, random_state=0)


def test_what_is_converted(net: Network, dtype: Any) -> None:
    pandas = pytest.importorskip("pandas")
    p = compile_predict(net, "predict")
    x = X.astype(dtype)
    want = net.predict(x)
    other = np.float64 if dtype == np.float32 else np.float32
    wide = np.zeros((30, 12), dtype)
    wide[:, ::2] = x
    read_only = x.copy()
    read_only.flags.writeable = False
    unaligned = np.frombuffer(b"!" + x.tobytes(), np.uint8)[1:].view(dtype).reshape(x.shape)
    frame = pandas.DataFrame(x)
    for given in (
        x.tolist(),
        np.asfortranarray(x),
        wide[:, ::2],
        read_only,
        x.astype(x.dtype.newbyteorder()),
        unaligned,
        frame,
    ):
        assert_same_bits(p(given), want)
    assert_same_bits(p(list(x[0])), want[0])
    assert_same_bits(p(x[::2]), want[::2])
    assert_same_bits(p(x.astype(other)), net.predict(x.astype(other).astype(dtype)))
    assert_same_bits(p((X * 5).astype(int)), net.predict((X * 5).astype(int).astype(dtype)))
    assert_same_bits(p(X > 0), net.predict((X > 0).astype(dtype)))
    assert p(x[:0]).shape == (0, 3)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_what_strict_refuses(net: Network, dtype: Any) -> None:
    p = compile_predict(net, "predict", strict=True)
    x = X.astype(dtype)
    assert_same_bits(p(x), net.predict(x))
    for given in (x.tolist(), np.asfortranarray(x), x.astype(int), csr_array(x), x[:, :5]):
        with pytest.raises(ValueError, match="strict=True"):
            p(given)
    with pytest.raises(ValueError, match="float.., not plain C-contiguous memory; strict=True"):
        p(np.asfortranarray(x))
    with pytest.raises(ValueError, match="of type MaskedArray; strict=True"):
        p(np.ma.asarray(x))
    for given in (x.tolist(), x[:, :5]):
        with pytest.raises(ValueError, match="strict=True"):
            compile_predict(MLPClassifier((4,), max_iter=1).fit(x, Y), "predict", strict=True)(given)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    "given, kind, told",
    [
        (X[:, :5], ValueError, r"shape \(30, 5\), wanted \(6,\) or \(n, 6\)"),
        (X[0, :5], ValueError, r"shape \(5,\)"),
        (1.0, ValueError, r"shape \(\)"),
        (X[None], ValueError, r"shape \(1, 30, 6\)"),
        (np.zeros((0, 5)), ValueError, r"shape \(0, 5\)"),
        (X.astype(object), TypeError, "dtype object, wanted numbers"),
        (X.astype(complex), TypeError, "dtype complex128"),
        (["a"] * 6, TypeError, "dtype <U1"),
        (None, TypeError, "dtype object"),
        (csr_array(X[:, :5]), ValueError, r"shape \(30, 5\), wanted \(n, 6\)"),
        (coo_array(X[0]), ValueError, r"shape \(6,\), wanted \(n, 6\)"),
        (csr_array(X + 1j), TypeError, "dtype complex128, wanted real numbers"),
        (outside(csc_array(X)), ValueError, "CSC matrix of shape .* point outside of it"),
        (outside(csr_array(X)), ValueError, "CSR matrix of shape .* point outside of it"),
    ],
)
def test_what_is_no_row(given: Any, kind: type[Exception], told: str) -> None:
    for model in (LogisticRegression().fit(X, Y), MLPClassifier((4,), max_iter=1).fit(X, Y)):
        for method in ("predict_proba", "predict"):
            p = compile_predict(model, method)
            with pytest.raises(kind, match=told):
                p(given)
            with pytest.raises(kind, match=told):
                p.label(given)


def test_where_answers_go(net: Network, dtype: Any) -> None:
    p = compile_predict(net, "predict")
    x = X.astype(dtype)
    out = np.empty((30, 3), dtype)
    assert p(x, out) is out
    assert p(x, out=out) is out
    one = np.empty(3, dtype)
    assert p(x[0], one) is one
    assert_same_bits(one, out[0])
    # a row and a matrix of one row are told apart
    for row, place in ((x[:1], one), (x[0], out[:1]), (x, out[:29]), (x, np.empty((30, 4), dtype))):
        with pytest.raises(ValueError, match="out has shape .*; wanted a writable C-contiguous array of shape"):
            p(row, place)
    with pytest.raises(ValueError, match="float16"):
        p(x, out.astype(np.float16))
    with pytest.raises(ValueError, match="not plain C-contiguous"):
        p(x, np.empty((3, 30), dtype).T)
    read_only = out.copy()
    read_only.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        p(x, read_only)
    with pytest.raises(TypeError, match="out is of type list, wanted an ndarray"):
        p(x, out.tolist())


def test_out_overlaps_x(dtype: Any) -> None:
    net = Network([Dense(6)], n_inputs=6, loss="squared_error", dtype=dtype, random_state=0)
    p = compile_predict(net, "predict")
    memory = np.zeros(12, dtype)
    for first in range(1, 6):
        with pytest.raises(ValueError, match="overlaps"):
            p(memory[first : first + 6], memory[:6])
    p(memory[6:], memory[:6])
    with pytest.raises(ValueError, match="overlaps"):
        p(memory[:6], memory[:6])


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_one_number_a_row(dtype: Any) -> None:
    x = X.astype(dtype)
    model = MLPRegressor(hidden_layer_sizes=(4,), max_iter=2, random_state=0).fit(x, x[:, 0])
    p, want = compile_predict(model, "predict"), model.predict(x)
    assert_same_bits(p(x), want)
    assert isinstance(p(x[0]), dtype)
    for out in (np.empty(30, dtype), np.empty((), dtype), np.empty(1, dtype)):
        given = x if len(out.shape) and len(out) > 1 else x[0]
        assert p(given, out) is out
        assert_same_bits(out.reshape(-1), want if given is x else want[:1])
    for out in (np.empty((30, 1), dtype), np.empty((1, 1), dtype), np.empty((), dtype)):
        with pytest.raises(ValueError, match=r"of shape \(30,\)"):
            p(x, out)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_where_labels_go() -> None:
    y = np.array(["no", "maybe", "yes"])[Y]
    model = MLPClassifier((4,), max_iter=2, random_state=0).fit(X, y)
    p, want = compile_predict(model, "predict"), model.predict(X)
    out = np.empty(30, want.dtype)
    assert p(X, out) is out
    np.testing.assert_array_equal(out, want)
    for place in (
        np.empty(29, want.dtype),
        np.empty(30, "U9"),
        np.empty((30, 1), want.dtype),
        np.empty(60, want.dtype)[::2],
    ):
        with pytest.raises(ValueError, match=r"wanted a writable C-contiguous array of shape \(30,\)"):
            p(X, place)
    with pytest.raises(TypeError, match="out is of type list"):
        p(X, [])
    with pytest.raises(ValueError, match="overlaps"):
        p(X, np.frombuffer(X, want.dtype, 30))
    of_objects = compile_predict(LogisticRegression().fit(X, y.astype(object)), "predict")
    for one, kind in ((p, want.dtype), (of_objects, object)):
        for shape in ((), (1,)):
            place = np.empty(shape, kind)
            assert one(X[0], place) is place
            assert place.item() == one(X[0])
        with pytest.raises(ValueError, match=r"wanted a writable C-contiguous array of shape \(\)"):
            one(X[0], np.empty(2, kind))
    numbers = compile_predict(MLPRegressor(max_iter=1).fit(X, Y), "predict")
    with pytest.raises(TypeError, match="no labels"):
        numbers.label(X)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite(bad: float, net: Network, dtype: Any) -> None:
    x = X.astype(dtype)
    x[7, 3] = bad
    p = compile_predict(net, "predict", check_finite=True)
    for given in (x, x[7], x[7].tolist(), csr_array(x)):
        with pytest.raises(ValueError, match="NaN or infinity"):
            p(given)
    assert_same_bits(p(x[:7]), net.predict(x[:7]))
    unchecked = compile_predict(net, "predict")
    assert_same_bits(unchecked(x[:7]), unchecked(x)[:7])
    if np.isnan(bad):
        assert np.isnan(unchecked(x)[7]).all()


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("form", [csr_array, csr_matrix, csc_array, coo_array])
def test_sparse_rows(form: Any, dtype: Any) -> None:
    x = np.where(X > 0.3, X, 0).astype(dtype)
    y = np.array(["no", "maybe", "yes"])[Y]
    given = form(x)
    models = [
        LogisticRegression().fit(x, y),
        LogisticRegression().fit(x, y == "no"),
        MLPClassifier((5,), max_iter=3, random_state=0).fit(x, y),
        MLPClassifier((5,), max_iter=3, random_state=0).fit(x, (x[:, :2] > 0).astype(int)),
        MLPRegressor(hidden_layer_sizes=(5,), max_iter=3, random_state=0).fit(x, x[:, 0]),
    ]
    for model in models:
        for method in ("predict_proba", "predict", "decision_function"):
            if hasattr(model, method):
                p, want = compile_predict(model, method), getattr(model, method)(given)
                assert_same_bits(p(given), want)
                out = np.empty_like(want)
                assert p(given, out) is out
                assert_same_bits(out, want)
                out.flags.writeable = False
                for place in (out, np.empty((*out.shape, 2), out.dtype)[..., 0], np.empty(29, out.dtype)):
                    with pytest.raises(ValueError, match="wanted a writable C-contiguous array of shape"):
                        p(given, place)
        if hasattr(model, "classes_"):
            np.testing.assert_array_equal(compile_predict(model).label(given), model.predict(given))
