"""standardize=True: the penalty of a StandardScaler before the fit, in the user's units and without a copy of X."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from random_sparse import random_array
from scipy.sparse import csc_array, csr_array
from sklearn.linear_model import LogisticRegression as Theirs
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from solver_names import SECOND_ORDER

from fastnn import LogisticRegression, LogisticRegressionCV
from fastnn.models.logistic.inference.deviations import deviations

FORMS = [np.asarray, csr_array, csc_array]
UNIT = np.array([1.0, 1e3, 1e-2, 5.0, 1.0])
PENALTIES = [{}, {"l1_ratio": 1.0, "C": 0.2}, {"l1_ratio": 0.4, "C": 0.3}]


def drawn(n_classes: int, n: int = 200) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features of very different scales, many zeros, the last one constant; labels; weights, some of them zero."""
    rng = np.random.default_rng(n_classes)
    x = rng.normal(size=(n, 5)) * (rng.random((n, 5)) < 0.6)
    y = (x @ rng.normal(size=(5, n_classes)) + rng.gumbel(size=(n, n_classes))).argmax(axis=1)
    x = x * UNIT
    x[:, 4] = 3.0
    return x, y, rng.integers(0, 4, n).astype(float)


def scaled_fit(x: Any, y: np.ndarray, weight: Any, kind: Any = LogisticRegression, **parameters: Any) -> Any:
    """coef_ in the user's units, and predictions, of a StandardScaler before the fit."""
    sparse, intercept = not isinstance(x, np.ndarray), parameters.get("fit_intercept", True)
    scaler = StandardScaler(with_mean=intercept and not sparse).fit(x, sample_weight=weight)
    model = kind(**{"tol": 1e-10, "max_iter": 1000} | parameters).fit(scaler.transform(x), y, weight)
    return model.coef_ / scaler.scale_, model.predict_proba(scaler.transform(x))


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("parameters", [*PENALTIES, {"fit_intercept": False}], ids=str)
def test_a_standard_scaler_before_the_fit_gives_the_same(
    parameters: dict[str, Any], n_classes: int, form: Any, weighted: bool
) -> None:
    x, y, weight = drawn(n_classes)
    given = weight if weighted else None
    coef, probabilities = scaled_fit(form(x), y, given, **parameters)
    ours = LogisticRegression(standardize=True, tol=1e-10, max_iter=1000, **parameters).fit(form(x), y, given)
    np.testing.assert_allclose(ours.coef_ * UNIT, coef * UNIT, atol=1e-6)
    np.testing.assert_allclose(ours.predict_proba(form(x)), probabilities, atol=1e-6)
    if parameters.get("l1_ratio") == 1.0:
        np.testing.assert_array_equal(ours.coef_ == 0, coef == 0)
        assert (ours.coef_ == 0).any()


@pytest.mark.parametrize("solver", SECOND_ORDER)
def test_it_is_what_scikit_learn_makes_of_a_pipeline(solver: str) -> None:
    x, y, _ = drawn(3)
    theirs = make_pipeline(StandardScaler(), Theirs(C=0.1, tol=1e-10, max_iter=10_000)).fit(x, y)
    ours = LogisticRegression(C=0.1, standardize=True, solver=solver, tol=1e-8, max_iter=1000).fit(x, y)
    np.testing.assert_allclose(ours.predict_proba(x), theirs.predict_proba(x), atol=1e-6)


def test_other_units_give_the_same_model() -> None:
    """To what a penalty of coefficients in the user's units is not blind."""
    x, y, _ = drawn(2)
    for parameters in PENALTIES:
        ours = [LogisticRegression(standardize=True, tol=1e-10, **parameters).fit(each, y) for each in (x, x * 1e3)]
        np.testing.assert_allclose(ours[1].coef_[:, :4] * 1e3, ours[0].coef_[:, :4], rtol=1e-4, atol=1e-9)
        plain = [LogisticRegression(**parameters).fit(each, y) for each in (x, x * 1e3)]
        assert not np.allclose(plain[1].coef_[:, :4] * 1e3, plain[0].coef_[:, :4], rtol=1e-2)


def test_it_multiplies_with_a_penalty_factor_and_bounds_stay_in_the_users_units() -> None:
    x, y, weight = drawn(2)
    factor = np.array([0.0, 2.0, 0.5, 1.0, 1.0])
    for parameters in PENALTIES:
        shared = {"penalty_factor": factor, **parameters}
        coef, _ = scaled_fit(x, y, weight, **shared)
        ours = LogisticRegression(standardize=True, tol=1e-10, max_iter=1000, **shared).fit(x, y, weight)
        np.testing.assert_allclose(ours.coef_ * UNIT, coef * UNIT, atol=1e-6)
    upper = 0.1 / UNIT
    bounded = LogisticRegression(standardize=True, bounds=(None, upper), tol=1e-10, max_iter=1000).fit(x, y)
    deviation = deviations(x, None)
    scaled = LogisticRegression(bounds=(None, upper * deviation), tol=1e-10, max_iter=1000).fit(x / deviation, y)
    np.testing.assert_allclose(bounded.coef_ * UNIT, scaled.coef_ / deviation * UNIT, atol=1e-6)
    assert (bounded.coef_ == upper).any()


def test_class_weights_do_not_change_the_scale() -> None:
    x, y, weight = drawn(2)
    coef, _ = scaled_fit(x, y, weight, class_weight="balanced")
    ours = LogisticRegression(standardize=True, class_weight="balanced", tol=1e-10, max_iter=1000).fit(x, y, weight)
    np.testing.assert_allclose(ours.coef_ * UNIT, coef * UNIT, atol=1e-6)


def test_without_a_penalty_it_changes_nothing_at_all() -> None:
    x, y, _ = drawn(2)
    models = [LogisticRegression(C=np.inf, standardize=flag).fit(x[:, :4], y) for flag in (True, False)]
    np.testing.assert_array_equal(models[0].coef_, models[1].coef_)
    assert str(models[0].summary()) == str(models[1].summary())


# --- the deviations themselves --------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("n", [1, 2, 1023, 2049])
def test_deviations_are_those_of_exact_arithmetic(n: int, weighted: bool, form: Any, rng: np.random.Generator) -> None:
    """Columns far from zero, nearly empty, constant, and constant but for rows of weight zero."""
    x = rng.normal(size=(n, 6)) * [1, 1e6, 1e-9, 1, 0, 0] + [0, 1.7e12, 1, 0, 0.1, 1e20]
    x[:, 3] *= rng.random(n) < 0.1
    weight = rng.random(n) * (rng.random(n) < 0.7) + 1e-3
    weight[0] = 0.0 if n > 1 else 1.0
    x[0, 5] = 1.0 if weighted else 1e20
    w = np.asarray(weight if weighted else np.ones(n), np.longdouble)
    mean = w @ x.astype(np.longdouble) / w.sum()
    exact = np.sqrt(w @ (x - mean) ** 2 / w.sum()).astype(float)
    if n == 1 or (weighted and n == 2):
        exact[:] = 0
    exact[4:] = 0
    found = deviations(form(x), weight if weighted else None)
    np.testing.assert_allclose(found, np.where(exact == 0, 1.0, exact), rtol=1e-9)


@pytest.mark.parametrize("form", FORMS)
def test_rounding_is_not_a_deviation(form: Any) -> None:
    x = np.array([[0.3, 1e8], [0.1 + 0.2, 1e8], [0.3, 1e8 + 1]])
    np.testing.assert_allclose(deviations(form(x), None), [1.0, np.sqrt(2) / 3], rtol=1e-9)
    np.testing.assert_array_equal(StandardScaler().fit(x).scale_[0], 1.0)


def test_float32_is_summed_in_float64(rng: np.random.Generator) -> None:
    x = (rng.normal(size=(5000, 2)) + [1e4, 0]).astype(np.float32)
    np.testing.assert_allclose(deviations(x, None), x.astype(float).std(axis=0), rtol=1e-12)
    model = LogisticRegression(standardize=True).fit(x, np.arange(5000) % 2)
    assert model.coef_.dtype == np.float32


def test_duplicates_and_stored_zeros_of_a_sparse_x() -> None:
    data, rows, columns = np.array([1.0, 2.0, 0.0, 5.0, -1.0]), np.array([0, 0, 1, 2, 2]), np.array([0, 0, 0, 1, 1])
    wanted = np.array([[3.0, 0], [0, 0], [0, 4]]).std(axis=0)
    by_rows = csr_array((data, columns, np.array([0, 2, 3, 5])), shape=(3, 2))
    by_columns = csc_array((data, rows, np.array([0, 3, 5])), shape=(3, 2))
    for x in (by_rows, by_columns):
        np.testing.assert_allclose(deviations(x, None), wanted)
        assert x.nnz == 5  # it is the user's, and stays as it was


@pytest.mark.parametrize("form", ["csr", "csc"])
def test_sparse_x_is_not_densified(form: str) -> None:
    x = random_array((20_000, 5_000), density=2e-4, format=form, rng=np.random.default_rng(0))
    y = np.arange(20_000) % 2
    tracemalloc.start()
    model = LogisticRegression(standardize=True, C=0.01).fit(x, y)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.1 * 20_000 * 5_000 * 8
    assert np.isfinite(model.coef_).all()


# --- what cannot be -------------------------------------------------------------------------------


def test_what_it_cannot_do_is_refused() -> None:
    x, y, _ = drawn(2)
    with pytest.raises(ValueError, match=r"standardize=True has no meaning there. Use solver='auto'"):
        LogisticRegression(standardize=True, solver="liblinear").fit(x, y)
    with pytest.raises(ValueError, match="standardize=False"):
        LogisticRegression(standardize=True).partial_fit(x, y, classes=[0, 1])
    with pytest.raises(ValueError, match="'standardize' parameter of LogisticRegression must be True or False"):
        LogisticRegression(standardize=1).fit(x, y)
    with pytest.raises(TypeError):
        LogisticRegressionCV(standardize=True)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e200])
def test_numbers_that_are_not_finite_are_refused(bad: float, form: Any) -> None:
    x, y, _ = drawn(2)
    x[3, 2] = bad
    for parameters in PENALTIES:
        with pytest.raises(ValueError, match="NaN|infinity|squares"):
            LogisticRegression(standardize=True, **parameters).fit(form(x), y)


def test_a_saved_model_is_the_same(tmp_path: Path) -> None:
    x, y, _ = drawn(2)
    model = LogisticRegression(standardize=True).fit(x, y)
    model.save(tmp_path / "model.safetensors")
    twin = LogisticRegression.load(tmp_path / "model.safetensors")
    assert twin.get_params() == model.get_params()
    np.testing.assert_array_equal(twin.fit(x, y).coef_, model.coef_)
