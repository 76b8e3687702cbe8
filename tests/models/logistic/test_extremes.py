"""Logistic regression at the ends of its numbers: strengths of the penalty and weights that over- or underflow."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from random_sparse import random_array
from scipy import sparse
from solver_names import PRECISE, SECOND_ORDER

from fastnn import LogisticRegression, LogisticRegressionCV, MLPClassifier, logistic_regression_path
from fastnn.models.common.class_weight import weights_of_classes
from fastnn.models.logistic.problem import refuse_non_finite
from fastnn.solvers.objective.types import Solution

RNG = np.random.default_rng(0)
X = RNG.normal(size=(100, 3))
Y = (X[:, 0] + RNG.normal(size=100) > 0.2).astype(int)
LOG_ODDS = np.log(Y.mean() / (1 - Y.mean()))  # what is left where all coefficients are zero

STRONG: list[dict[str, Any]] = [
    *({"C": 1e-309, "solver": solver} for solver in SECOND_ORDER),
    {"C": 5e-324},
    {"C": 1e-309, "l1_ratio": 1.0},
    {"C": 1e-309, "l1_ratio": 0.5},
    {"C": 1e-309, "bounds": (-1, 1)},
    {"alpha": 1e308, "penalty_factor": [10, 10, 10]},
    {"alpha": 1e308, "penalty_factor": [10, 1, 10], "l1_ratio": 1.0},
    {"alpha": 1.7e308},
]


@pytest.mark.parametrize("parameters", STRONG, ids=str)
def test_a_penalty_that_overflows_leaves_no_coefficient(parameters: dict[str, Any], dtype: Any) -> None:
    model = LogisticRegression(**parameters).fit(X.astype(dtype), Y)
    assert float(abs(model.coef_).max()) < 1e-290
    np.testing.assert_allclose(model.intercept_, LOG_ODDS, atol=2e-3)


def test_a_penalty_that_overflows_for_one_feature_leaves_the_others() -> None:
    model = LogisticRegression(C=0.01, penalty_factor=[1e308, 1, 1], tol=1e-8).fit(X, Y)
    without = LogisticRegression(C=0.01, tol=1e-8).fit(X[:, 1:], Y)
    assert abs(model.coef_[0, 0]) < 1e-290
    np.testing.assert_allclose(model.coef_[0, 1:], without.coef_[0], rtol=1e-5)


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_a_penalty_that_overflows_on_a_path() -> None:
    model = LogisticRegressionCV(Cs=[1e-309, 1.0], cv=3, l1_ratios=(0,), use_legacy_attributes=False).fit(X, Y)
    assert model.C_ == 1.0
    for ratio in (0.0, 1.0):
        path = logistic_regression_path(X, Y, Cs=[1e-309, 1.0], l1_ratio=ratio)
        assert abs(path.coefs[0]).max() < 1e-290
        assert abs(path.coefs[1]).max() > 0.5


@pytest.mark.parametrize(("scaling", "C"), [(1e-200, 1.0), (1e-5, 1e-305)])
def test_an_intercept_that_is_penalised_without_end_vanishes(scaling: float, C: float) -> None:
    model = LogisticRegression(solver="liblinear", intercept_scaling=scaling, C=C, tol=1e-8).fit(X, Y)
    without = LogisticRegression(solver="liblinear", fit_intercept=False, C=C, tol=1e-8).fit(X, Y)
    assert abs(model.intercept_[0]) < 1e-290
    np.testing.assert_allclose(model.coef_, without.coef_, rtol=1e-6, atol=1e-290)


def test_an_intercept_that_is_hardly_penalised_is_free() -> None:
    model = LogisticRegression(solver="liblinear", intercept_scaling=1e200, tol=1e-8).fit(X, Y)
    np.testing.assert_allclose(model.intercept_, LogisticRegression(tol=1e-8).fit(X, Y).intercept_, rtol=1e-5)


TOO_MUCH = [
    (np.float64, 1e200, {0: 1e200, 1: 1e200}, r"class_weight, as large as 1e\+200, times sample_weight, .* float64"),
    (np.float64, 1e200, {0: 1e200, 1: 1.0}, "times sample_weight, as large as"),
    (np.float32, 1e30, {0: 1e10, 1: 1.0}, "times sample_weight, as large as .* float32"),
    (np.float32, None, {0: 1e39, 1: 1.0}, r"class_weight, as large as 1e\+39, is more than float32 can hold"),
    (np.float64, 1e307, None, "sum may be more than float64 can hold. Divide all weights"),
    (np.float32, 3e38, None, "sum may be more than float32 can hold. Divide all weights"),
    (np.float64, 1e-320, None, "too little for float64 to compute with. Multiply all weights"),
    (np.float32, 1e-45, None, "too little for float32"),
    (np.float64, 1e-200, {0: 1e-200, 1: 1e-200}, "no row with a weight above zero that float64 can hold"),
    (np.float64, 1e-320, "balanced", "too little for float64"),
]


@pytest.mark.parametrize(("dtype", "weight", "of_class", "message"), TOO_MUCH)
@pytest.mark.parametrize("parameters", [{}, {"l1_ratio": 1.0}], ids=str)
def test_weights_without_a_sum_are_refused_by_name(
    parameters: dict[str, Any], dtype: Any, weight: float | None, of_class: Any, message: str
) -> None:
    weights = None if weight is None else np.full(100, weight, dtype)
    model = LogisticRegression(class_weight=of_class, **parameters)
    with pytest.raises(ValueError, match=message):
        model.fit(X.astype(dtype), Y, weights)
    assert not hasattr(model, "coef_")


def test_an_mlp_refuses_weights_that_overflow_by_name() -> None:
    with pytest.raises(ValueError, match="class_weight, as large as 1e\\+10, times sample_weight"):
        MLPClassifier((), class_weight={0: 1e10, 1: 1.0}).fit(X.astype(np.float32), Y, np.full(100, 1e30, np.float32))


@pytest.mark.parametrize("scale", [1e-250, 1e-30, 1e30, 1e250])
@pytest.mark.parametrize("of_class", [None, {0: 3.0, 1: 1.0}], ids=str)
def test_only_ratios_of_weights_count(scale: float, of_class: Any) -> None:
    weights = RNG.uniform(0.5, 2, 100)
    plain = LogisticRegression(class_weight=of_class).fit(X, Y, weights)
    scaled = LogisticRegression(class_weight=of_class, C=1 / scale).fit(X, Y, weights * scale)
    np.testing.assert_allclose(scaled.coef_, plain.coef_, rtol=1e-6)


@pytest.mark.parametrize("scale", [1e-295, 1e306])
def test_balanced_weights_look_at_ratios_alone(scale: float) -> None:
    weights = np.full(100, scale)
    weights[Y == 0] *= 3
    of_class = weights_of_classes("balanced", np.arange(2), Y, weights)
    np.testing.assert_allclose(of_class, weights_of_classes("balanced", np.arange(2), Y, weights / scale), rtol=1e-12)


def test_tiny_numbers_are_not_called_large() -> None:
    nowhere = Solution(np.full(4, np.nan), np.nan, 0, False)
    with pytest.raises(ValueError, match=r"No number .* larger than .*e-160, and their squares are less than float64"):
        refuse_non_finite([nowhere], 1e-160 * X / abs(X).max(), lambda: pytest.fail("all numbers are finite"))


@pytest.mark.parametrize("scale", [1e-155, 1e-40, 1e155])
@pytest.mark.parametrize("C", [1.0, np.inf])
def test_features_of_any_size_are_fitted(scale: float, C: float) -> None:
    """As their multiples are: without a penalty exactly so, and with one that is nothing, or all, beside them."""
    x, y = RNG.normal(size=(300, 2)), RNG.integers(0, 2, 300)
    y[:200] = x[:200, 0] > 0
    with warnings.catch_warnings(action="error"):
        found = LogisticRegression(C=C, tol=1e-8).fit(x * scale, y)
    wanted = LogisticRegression(C=np.inf, tol=1e-8)
    if C == 1.0 and scale < 1:
        np.testing.assert_allclose(found.predict_proba(x * scale)[:, 1], y.mean(), rtol=1e-6)
    else:
        np.testing.assert_allclose(found.predict_proba(x * scale), wanted.fit(x, y).predict_proba(x), rtol=1e-6)


def test_coefficients_that_float32_cannot_hold_are_said() -> None:
    x = (1e-40 * X).astype(np.float32)
    with pytest.raises(ValueError, match=r"float32 cannot hold coefficients of features as small as that"):
        LogisticRegression(C=np.inf).fit(x, Y)


@pytest.mark.parametrize(("dtype", "shift", "is_said"), [("f4", 1e5, True), ("f4", 1e3, False), ("f8", 1e5, False)])
@pytest.mark.parametrize("l1_ratio", [0.0, 1.0])
def test_columns_that_the_dtype_hardly_resolves_are_named(
    dtype: str, shift: float, is_said: bool, l1_ratio: float
) -> None:
    pandas = pytest.importorskip("pandas")
    x = (RNG.normal(size=(300, 2)) + [0, shift]).astype(dtype)
    frame = pandas.DataFrame(x, columns=["small", "year"])
    with warnings.catch_warnings(record=True, action="always") as caught:
        LogisticRegression(l1_ratio=l1_ratio).fit(frame, RNG.integers(0, 2, 300))
    named = [str(each.message) for each in caught if "lies so far from zero" in str(each.message)]
    assert [message.startswith("Column 'year' of X") for message in named] == [True] * is_said


@pytest.mark.parametrize("form", ["csr", "csc"])
@pytest.mark.parametrize("solver", PRECISE)
def test_a_filled_column_far_from_zero_among_many_sparse_ones(form: str, solver: str) -> None:
    x = random_array((1000, 600), density=0.01, rng=0).toarray()
    x[:, 0] = RNG.normal(size=1000)
    y = (x[:, 0] + RNG.logistic(size=1000) > 0).astype(int)
    wanted = LogisticRegression(solver=solver, tol=1e-8).fit(x, y)
    x[:, 0] += 1e6
    found = LogisticRegression(solver=solver, tol=1e-8).fit(sparse.csr_array(x).asformat(form), y)
    np.testing.assert_allclose(found.coef_[0, 0], wanted.coef_[0, 0], rtol=1e-4)


def test_rare_events_without_a_penalty_are_no_separation() -> None:
    """The mean loss is less than tol from the start."""
    y = np.zeros(300_000, int)
    y[[7, 70_000, 250_000]] = 1
    x = np.where(np.arange(len(y)) % 3 == 0, 1.0, 0.0)[:, None]
    x[[7, 70_000], 0], x[250_000, 0] = 1.0, 0.0
    path = logistic_regression_path(x, y, Cs=[np.inf])
    coef, intercept = path.coefs.item(), path.intercepts.item()
    p = 1 / (1 + np.exp(-x[:, 0] * coef - intercept))
    assert p.mean() == pytest.approx(1e-5, rel=0.01)
    assert coef == pytest.approx(np.log((2 / 100_000) / (1 / 200_000)), abs=0.05)
