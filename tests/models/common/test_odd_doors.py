"""Odd X, y and weights at the doors, one by one, as fuzzing has found them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from available import SCIPY
from broken import misaligned
from estimators import MODELS, X, Y
from sklearn import linear_model
from sklearn.base import clone, is_classifier
from sklearn.exceptions import ConvergenceWarning

pytestmark = pytest.mark.filterwarnings(f"ignore::{ConvergenceWarning.__module__}.ConvergenceWarning")
every_model = pytest.mark.parametrize("name", MODELS)


def model(name: str) -> Any:
    return clone(MODELS[name])


@every_model
def test_a_misaligned_y_is_read(name: str) -> None:
    """A regressor's had been refused by the kernel."""
    wanted = model(name).fit(X, Y.astype(float)).predict(X)
    np.testing.assert_array_equal(model(name).fit(X, misaligned(Y.astype(float))).predict(X), wanted)


def place_outside(x: Any) -> Any:
    x.indices[3] = 10**8
    return x


def start_outside(x: Any) -> Any:
    x.indptr[2] = 10**8
    return x


def end_outside(x: Any) -> Any:
    x.indptr[-1] += 1
    return x


def too_few(x: Any) -> Any:
    x.data = x.data[:-5]
    return x


def cell_outside(x: Any) -> Any:
    x.coords[0][3] = -(10**8)
    return x


CORRUPT: dict[str, Callable[[], Any]] = {
    **{
        f"{form}, {change.__name__}": lambda form=form, change=change: change(getattr(sp, form)(X))
        for form in ("csr_array", "csc_array", "csr_matrix")
        for change in (place_outside, start_outside, end_outside, too_few)
    },
    "bsr, place_outside": lambda: place_outside(sp.bsr_array(X, blocksize=(2, 3))),
    "coo, cell_outside": lambda: cell_outside(sp.coo_array(X)),
}


@every_model
@pytest.mark.parametrize("kind", CORRUPT)
def test_a_sparse_matrix_that_points_outside_of_itself_is_refused(name: str, kind: str) -> None:
    """SciPy, which converts it, follows its indices to the end of the process."""
    with pytest.raises(ValueError, match=r"X is a sparse \w+ matrix of shape .* point outside of it"):
        model(name).fit(CORRUPT[kind](), Y)
    fitted = model(name).fit(X, Y)
    with pytest.raises(ValueError, match="point outside of it"):
        fitted.predict(CORRUPT[kind]())


@every_model
def test_a_sparse_x_of_one_dimension(name: str) -> None:
    for form in [sp.coo_array, sp.csr_array] if SCIPY >= (1, 15) else [sp.coo_array]:
        x = form(np.ones(len(Y)))
        with pytest.raises(ValueError, match="Expected 2D|2-D|2 dim|1d sparse array"):
            model(name).fit(x, Y)


@every_model
def test_looking_at_a_sparse_matrix_does_not_change_it(name: str) -> None:
    x = sp.csr_array(X)
    x.indices, x.indptr = x.indices.astype(np.int64), x.indptr.astype(np.int64)
    arrays = x.data, x.indices, x.indptr
    model(name).fit(x, Y).predict(x)
    assert all(now is then for now, then in zip((x.data, x.indices, x.indptr), arrays, strict=True))


@every_model
@pytest.mark.parametrize("dtype", ["M8[s]", "m8[D]"])
def test_times_are_no_numbers(name: str, dtype: str) -> None:
    """scikit-learn's validators make large numbers of them."""
    times = X.astype(int).astype(dtype)
    with pytest.raises(TypeError, match=r"X of shape \(60, 3\) has dtype .*, wanted numbers"):
        model(name).fit(times, Y)
    with pytest.raises(TypeError, match="X of shape .* wanted numbers"):
        model(name).fit(X, Y).predict(times)
    with pytest.raises(TypeError, match="sample_weight of shape .* wanted numbers"):
        model(name).fit(X, Y, times[:, 0])


@every_model
def test_weights_are_no_words(name: str) -> None:
    with pytest.raises(TypeError, match=r"sample_weight of shape \(60,\) has dtype <U1, wanted numbers"):
        model(name).fit(X, Y, np.full(60, "1"))


@every_model
def test_numbers_beyond_float64_are_infinite(name: str) -> None:
    x = X.astype(np.longdouble)
    x[3, 1] = np.longdouble("1e4000")
    with pytest.raises(ValueError, match="X contains infinity"):
        model(name).fit(x, Y)


@every_model
@pytest.mark.parametrize("dtype", ["V8", [("a", float)]], ids=str)
def test_records_are_no_labels(name: str, dtype: Any) -> None:
    if is_classifier(MODELS[name]):
        with pytest.raises((TypeError, ValueError), match=r"y of shape \(60,\) has dtype .*, wanted a label"):
            model(name).fit(X, np.zeros(60, dtype))


STRINGS: dict[str, Callable[[np.ndarray], Any]] = {
    "U": lambda x: x.astype("U"),
    "S": lambda x: x.astype("S"),
    "T": lambda x: x.astype(np.dtypes.StringDType()),
    "lists": lambda x: x.astype("U").tolist(),
    "mixed lists": lambda x: [[str(row[0]), *row[1:]] for row in x.tolist()],
}


@every_model
@pytest.mark.parametrize("kind", STRINGS)
def test_predictions_refuse_strings_and_fits_read_them(name: str, kind: str) -> None:
    """As scikit-learn's."""
    strings, fitted = STRINGS[kind](X), model(name).set_params(random_state=0).fit(X, Y)
    for method in ("predict", "predict_proba", "predict_log_proba", "decision_function", "activate", "input_gradient"):
        if hasattr(fitted, method):
            with pytest.raises(ValueError, match="dtype='numeric' is not compatible with arrays of bytes/strings"):
                getattr(fitted, method)(strings)
    with pytest.raises(ValueError, match="not compatible with arrays of bytes/strings.*X.astype"):
        fitted.score(strings, Y)
    read = model(name).set_params(random_state=0).fit(strings, Y)
    np.testing.assert_array_equal(read.predict(X), fitted.predict(X))
    np.testing.assert_array_equal(fitted.predict(X.astype(str).astype(object)), fitted.predict(X))  # as there


def test_scikit_learn_does_so_too() -> None:
    theirs = linear_model.LogisticRegression().fit(X.astype("U"), Y)
    theirs.predict(X.astype(str).astype(object))
    for kind in ("U", "S", "lists", "mixed lists"):
        with pytest.raises(ValueError, match="dtype='numeric' is not compatible with arrays of bytes/strings"):
            theirs.predict(STRINGS[kind](X))
