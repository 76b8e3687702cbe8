"""Several labels or numbers a sample, in every container: the same networks, and predictions as scikit-learn's."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from broken import LAYOUTS
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import f1_score
from sklearn.neural_network import MLPClassifier as TheirClassifier
from sklearn.neural_network import MLPRegressor as TheirRegressor

from fastnn import MLPClassifier, MLPRegressor, fit_many

pytestmark = pytest.mark.filterwarnings(f"ignore::{ConvergenceWarning.__module__}.ConvergenceWarning")

Make = Callable[[np.ndarray], Any]
N = 40
X = np.random.default_rng(0).normal(size=(N, 3))
Y = (X + 0.5 * np.random.default_rng(1).normal(size=(N, 3)) > 0).astype(int)
NUMBERS = np.random.default_rng(2).integers(-9, 9, (N, 3)) / 4.0  # so that every type has them exactly
SMALL: dict[str, Any] = {"hidden_layer_sizes": (4,), "max_iter": 3, "random_state": 0}

FORMS = [f"{form}_{kind}" for form in ("csr", "csc", "coo", "bsr", "lil", "dok", "dia") for kind in ("array", "matrix")]
DENSE: dict[str, Make] = {
    **LAYOUTS,
    "lists": np.ndarray.tolist,
    "tuples": lambda y: tuple(map(tuple, y.tolist())),
    "a frame": pd.DataFrame,
    "a frame, nullable": lambda y: pd.DataFrame(y).convert_dtypes(),
    "a frame, mixed": lambda y: pd.DataFrame(y).astype({0: np.float32}),
    "polars": pl.DataFrame,
    "half": lambda y: y.astype(np.float16),
    "Fortran, half": lambda y: np.asfortranarray(y, np.float16),
    "long double": lambda y: y.astype(np.longdouble),
}
LABELS: dict[str, Make] = {
    **DENSE,
    **{
        dtype: lambda y, dtype=dtype: np.asfortranarray(y, dtype)
        for dtype in ("?", "i1", "u1", "u8", ">i2", "f4", ">f8")
    },
    "sparse bool": lambda y: sp.csr_array(y.astype(bool)),
    "a frame of bool": lambda y: pd.DataFrame(y.astype(bool)),
    "0 and 2": lambda y: 2 * y,
    "-1 and 1": lambda y: np.asfortranarray(2 * y - 1),
}
SPARSE: dict[str, Make] = {
    **{form: lambda y, form=form: getattr(sp, form)(y) for form in FORMS},
    "float32": lambda y: sp.csr_array(y.astype(np.float32)),
    "zeros stored": lambda y: sp.csr_array((y.ravel(), np.tile(np.arange(3), N), 3 * np.arange(N + 1)), shape=y.shape),
    "a sparse frame": lambda y: pd.DataFrame(y).astype(pd.SparseDtype(y.dtype, 0)),
}
HOW: dict[str, dict[str, Any]] = {
    "adam": {},
    "lbfgs": {"solver": "lbfgs"},
    "hinge": {"loss": "hinge"},
    "smoothed": {"label_smoothing": 0.1},
    "balanced": {"class_weight": "balanced"},
    "weighted": {"class_weight": [{0: 1.0, 1: 2.0}, {1: 3.0}, {}]},
    "early": {"early_stopping": True},
    "scored": {"early_stopping": True, "scoring": "f1_micro"},
}


def assert_same(model: Any, wanted: Any) -> None:
    for one, other in zip(model.coefs_, wanted.coefs_, strict=True):
        np.testing.assert_array_equal(one, other)


def dense(labels: Any) -> np.ndarray:
    return labels.toarray() if sp.issparse(labels) else labels


# --- the same networks --------------------------------------------------------------------------


@pytest.mark.parametrize("container", [*LABELS, *SPARSE])
@pytest.mark.parametrize("how", HOW)
def test_labels_in_every_container(how: str, container: str) -> None:
    y = {**LABELS, **SPARSE}[container](Y)
    model = MLPClassifier(**SMALL, **HOW[how])
    assert_same(clone(model).fit(X, y), clone(model).fit(X, Y))


@pytest.mark.parametrize("container", [*LABELS, *SPARSE])
def test_labels_in_every_container_elsewhere(container: str) -> None:
    y = {**LABELS, **SPARSE}[container](Y)
    model = MLPClassifier(**SMALL)
    for partial in (clone(model).set_params(loss=loss) for loss in ("cross_entropy", "hinge")):
        again = clone(partial).partial_fit(X, Y, classes=[0, 1, 2]).partial_fit(X, Y)
        assert_same(partial.partial_fit(X, y, classes=[0, 1, 2]).partial_fit(X, y), again)
    wanted = clone(model).fit(X, Y, X_val=X, y_val=Y)
    held_out = clone(model).fit(X, Y, X_val=X, y_val=y)
    assert held_out.validation_loss_curve_ == wanted.validation_loss_curve_
    assert held_out.validation_scores_ == wanted.validation_scores_
    folds = [range(30), range(10, N)]
    for one, other in zip(fit_many([clone(model) for _ in folds], X, y, rows=folds), folds, strict=True):
        rows = list(other)
        assert_same(one, clone(model).fit(X[rows], Y[rows]))


@pytest.mark.parametrize("container", [*DENSE, *SPARSE])
@pytest.mark.parametrize("how", [{}, {"solver": "lbfgs"}, {"early_stopping": True}, {"loss": "huber"}], ids=str)
def test_numbers_in_every_container(how: dict[str, Any], container: str) -> None:
    y = {**DENSE, **SPARSE}[container](NUMBERS)
    model = MLPRegressor(**SMALL, **how)
    wanted = clone(model).fit(X, NUMBERS)
    assert_same(clone(model).fit(X, y), wanted)
    if "solver" not in how and "early_stopping" not in how:
        assert_same(clone(model).partial_fit(X, y), clone(model).partial_fit(X, NUMBERS))
        watched = clone(model).fit(X, NUMBERS, X_val=X, y_val=y)
        assert watched.validation_scores_ == clone(model).fit(X, y, X_val=X, y_val=NUMBERS).validation_scores_
        assert_same(fit_many([clone(model)], X, y)[0], wanted)


def test_a_column_of_numbers_may_not_be_sparse() -> None:
    """As in scikit-learn, where several columns may be."""
    column = sp.csr_array(NUMBERS[:, :1])
    for model in (MLPRegressor(**SMALL), TheirRegressor(**SMALL)):
        with pytest.raises(TypeError, match="Sparse data was passed for y, but dense data is required"):
            model.fit(X, column)
    several = sp.csr_array(NUMBERS)
    theirs = TheirRegressor(**SMALL).fit(X, several).predict(X)
    np.testing.assert_allclose(MLPRegressor(**SMALL).fit(X, several).predict(X), theirs)


@pytest.mark.parametrize("form", SPARSE)
def test_scores_of_sparse_numbers(form: str) -> None:
    model = MLPRegressor(**SMALL).fit(X, NUMBERS)
    y, weight = SPARSE[form](NUMBERS), X[:, 0] ** 2
    wanted = model.score(X, NUMBERS, sample_weight=weight)
    assert model.score(X, y, sample_weight=weight) == pytest.approx(wanted, rel=1e-14)  # sums over another layout


@pytest.mark.parametrize("y", [NUMBERS.astype("U8"), NUMBERS[:, 0].astype("U8")], ids=["several", "one"])
def test_words_are_no_numbers(y: np.ndarray) -> None:
    with pytest.raises(TypeError, match=r"y of shape .* has dtype <U8, wanted numbers"):
        MLPRegressor(**SMALL).fit(X, y)


def test_times_are_no_numbers() -> None:
    with pytest.raises(TypeError, match=r"y of shape \(40, 3\) has dtype datetime64\[s\], wanted numbers: make some"):
        MLPRegressor(**SMALL).fit(X, Y.astype("M8[s]"))


# --- predictions as scikit-learn's --------------------------------------------------------------


CONFIGS = [{}, pytest.param({"sparse_interface": "sparray"}, marks=pytest.mark.sklearn_1_9)]


def assert_as_theirs(ours: Any, theirs: Any) -> None:
    assert type(ours) is type(theirs)
    assert ours.dtype == theirs.dtype
    np.testing.assert_array_equal(dense(ours), dense(theirs))
    if sp.issparse(theirs):
        assert ours.indices.dtype == theirs.indices.dtype
        assert ours.has_canonical_format
        assert ours.nnz == theirs.nnz


@pytest.mark.parametrize("config", CONFIGS, ids=["matrices", "arrays"])
@pytest.mark.parametrize("container", ["as it is", "a frame", "polars", "lists", "Fortran", "f4", *SPARSE])
def test_predictions_are_of_the_type_of_scikit_learns(container: str, config: dict[str, Any]) -> None:
    y = {**LABELS, **SPARSE}[container](Y)
    with config_context(**config):
        ours, theirs = MLPClassifier(**SMALL).fit(X, y), TheirClassifier(**SMALL).fit(X, y)
        np.testing.assert_array_equal(ours.classes_, theirs.classes_)
        assert_as_theirs(ours.predict(X), theirs.predict(X))
        assert_as_theirs(ours.predict_proba(X) > 0.5, theirs.predict_proba(X) > 0.5)
        for target in (y, Y, sp.csr_array(Y)):
            assert ours.score(X, target) == theirs.score(X, target)


@pytest.mark.parametrize("first", ["dense", "sparse"])
@pytest.mark.parametrize("how", [{"warm_start": True}, {}], ids=["warm", "partial"])
def test_the_first_fit_decides(how: dict[str, Any], first: str) -> None:
    parts = [Y, sp.csr_matrix(Y)] if first == "dense" else [sp.csr_matrix(Y), Y]
    models = [MLPClassifier(**SMALL, **how), TheirClassifier(**SMALL, **how)]
    for y in parts:
        for model in models:
            if how:
                model.fit(X, y)
            else:
                model.partial_fit(X, y, classes=[0, 1, 2])
        assert sp.issparse(models[0].predict(X)) == (first == "sparse")
        assert type(models[0].predict(X)) is type(models[1].predict(X))
    again = MLPClassifier(**SMALL).fit(X, parts[0]).fit(X, parts[1])  # a cold fit begins anew
    assert sp.issparse(again.predict(X)) == (first == "dense")


def test_sparse_labels_after_saving_and_copying(tmp_path: Path) -> None:
    model = MLPClassifier(**SMALL).fit(X, sp.csr_matrix(Y))
    wanted = model.predict(X)
    model.save(tmp_path / "model")
    for twin in (MLPClassifier.load(tmp_path / "model"), pickle.loads(pickle.dumps(model))):
        assert_as_theirs(twin.predict(X), wanted)
        assert sp.issparse(twin.partial_fit(X, Y).predict(X))
    assert not sp.issparse(clone(model).fit(X, Y).predict(X))
    before = pickle.loads(pickle.dumps(MLPClassifier(**SMALL).fit(X, Y)))
    del before._sparse_labels  # as in what was pickled before there were any
    assert type(before.predict(X)) is np.ndarray


@pytest.mark.parametrize("loss", ["cross_entropy", "hinge"])
def test_scores_of_sparse_labels(loss: str) -> None:
    y = sp.csr_matrix(Y)
    model = MLPClassifier(loss=loss, **SMALL)
    watched = clone(model).set_params(scoring="f1_micro").fit(X, y, X_val=X, y_val=y)
    assert watched.validation_scores_[-1] == pytest.approx(f1_score(y, watched.predict(X), average="micro"))


@pytest.mark.callbacks
def test_callbacks_of_many_see_sparse_labels_dense() -> None:
    seen: list[Any] = []
    model = MLPClassifier(**SMALL).set_callbacks(Seen(seen)).set_params(max_iter=1)
    fit_many([model], X, sp.coo_array(Y), rows=[range(20, N)])
    np.testing.assert_array_equal(dense(seen[0]), Y[20:])


class Seen:
    """A callback that asks for the labels."""

    def __init__(self, seen: list[Any]) -> None:
        self.seen = seen

    def setup(self, estimator: Any, context: Any) -> None:
        """Nothing."""

    teardown = setup

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        """Nothing."""

    def on_fit_task_end(self, estimator: Any, context: Any, *, y: Any) -> bool:
        """Keep y."""
        self.seen.append(y)
        return False


# --- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize("estimator", [MLPClassifier(**SMALL), MLPRegressor(**SMALL)])
def test_sparse_targets_that_are_none(estimator: Any) -> None:
    y = sp.csr_array(Y)
    y.indices[3] = 10**8
    with pytest.raises(ValueError, match=r"y is a sparse CSR matrix of shape \(40, 3\) whose indices or starts point"):
        estimator.fit(X, y)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        estimator.fit(X, sp.csr_array(Y[:-1]))
    with pytest.raises(ValueError, match="y contains NaN"):
        estimator.fit(X, sp.csr_array(np.where(Y, np.nan, 0)))
    assert not hasattr(estimator, "coefs_")
    fitted = clone(estimator).fit(X, Y)
    with pytest.raises(ValueError, match=r"y_val has shape \(40, 2\)|y_val has 2 outputs, wanted 3"):
        fitted.fit(X, Y, X_val=X, y_val=sp.csr_array(Y[:, :2]))


def test_labels_that_are_none() -> None:
    model = MLPClassifier(**SMALL)
    with pytest.raises(TypeError, match=r"y is sparse and has shape \(40,\), wanted \(n, o\)"):
        model.fit(X, sp.coo_array(Y[:, 0]))
    for wrong in (-Y, sp.csr_array(-Y)):  # scikit-learn takes -1 for a label, and hinge for none
        with pytest.raises(ValueError, match="says of them -1 or 0, wanted 1 for a label that a row has"):
            model.fit(X, wrong)
    with pytest.raises(ValueError, match="Unknown label type: continuous-multioutput"):
        model.fit(X, sp.csr_array(Y / 2))


def test_looking_at_sparse_labels_does_not_change_them() -> None:
    y = sp.csr_array(Y)[:, ::-1]  # whose columns are not in order
    arrays, numbers = (y.data, y.indices, y.indptr), y.indices.copy()
    MLPClassifier(**SMALL).fit(X, y, X_val=X, y_val=y).score(X, Y)
    assert all(now is then for now, then in zip((y.data, y.indices, y.indptr), arrays, strict=True))
    np.testing.assert_array_equal(y.indices, numbers)
