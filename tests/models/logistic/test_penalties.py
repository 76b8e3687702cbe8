"""LogisticRegression's penalties and bounds: the optima of scikit-learn's solvers, and beyond them."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from available import ELASTIC_NET
from scipy.optimize import minimize
from scipy.sparse import csc_matrix, csr_matrix
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression as Theirs
from sklearn.metrics import log_loss

from fastnn import LogisticRegression

X, Y = load_iris(return_X_y=True)
Y2 = (Y == 2).astype(int)
FORMS = [np.asarray, csr_matrix, csc_matrix]


def their_optimum(y: np.ndarray, **parameters: Any) -> Theirs:
    """scikit-learn's, which before 1.8 wants to be told besides that l1_ratio counts."""
    if ELASTIC_NET and "l1_ratio" in parameters:
        liblinear = parameters["solver"] == "liblinear" and parameters.pop("l1_ratio") == 1
        parameters |= {"penalty": "l1"} if liblinear else ELASTIC_NET
    return Theirs(max_iter=100_000, **parameters).fit(X, y)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("y", [Y, Y2], ids=["three", "two"])
@pytest.mark.parametrize("parameters", [{"l1_ratio": 1.0}, {"l1_ratio": 0.3, "C": 0.1, "fit_intercept": False}])
def test_l1_and_elastic_net_are_sagas(form: Any, y: np.ndarray, parameters: dict[str, Any]) -> None:
    theirs = their_optimum(y, solver="saga", tol=1e-10, **parameters)
    for solver in ("auto", "saga"):
        ours = LogisticRegression(solver=solver, tol=1e-11, **parameters).fit(form(X), y)
        np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-5)
        np.testing.assert_allclose(ours.intercept_, theirs.intercept_, atol=1e-4)
        np.testing.assert_array_equal(ours.coef_ == 0, np.abs(theirs.coef_) < 1e-7)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "parameters",
    [
        {"l1_ratio": 1.0, "intercept_scaling": 3.0},
        {"l1_ratio": 1.0, "fit_intercept": False, "class_weight": "balanced"},
        {"C": 0.3, "intercept_scaling": 0.5},
        {"dual": True},
    ],
)
def test_liblinear_penalises_the_intercept(form: Any, parameters: dict[str, Any]) -> None:
    ours = LogisticRegression(solver="liblinear", tol=1e-12, **parameters).fit(form(X), Y2)
    theirs = their_optimum(Y2, solver="liblinear", tol=1e-12, **parameters)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-6)
    np.testing.assert_allclose(ours.intercept_, theirs.intercept_, atol=1e-6)


def test_an_optimum_by_its_conditions() -> None:
    """``glmnet(x, y, family="binomial", alpha=1, lambda=0.1, standardize=F)`` has the same: a mean, and no scaling."""
    x = np.array([[-4, -3, -2, -1, 0, 1, 2, 3, 4], [0, 0, 1, 0, 1, 1, 1, 0, 0]]).T
    y = np.array([0, 0, 0, 1, 1, 1, 1, 1, 1])
    model = LogisticRegression(C=1 / 0.1 / 9, l1_ratio=1.0, tol=1e-12).fit(x, y)
    p = model.predict_proba(x)[:, 1]
    slope = x.T @ (p - y) / 9
    assert model.coef_[0, 1] == 0.0
    assert slope[0] == pytest.approx(-0.1, abs=1e-10)
    assert abs(slope[1]) < 0.1
    assert (p - y).sum() == pytest.approx(0.0, abs=1e-9)


def test_alpha_is_one_over_c() -> None:
    for ratio in (0.0, 1.0):
        by_c = LogisticRegression(C=0.25, l1_ratio=ratio).fit(X, Y)
        by_alpha = LogisticRegression(alpha=4.0, l1_ratio=ratio).fit(X, Y)
        np.testing.assert_array_equal(by_alpha.coef_, by_c.coef_)
    none = LogisticRegression(alpha=0.0, fit_intercept=False).fit(X[:, :2], Y2)
    np.testing.assert_allclose(none.coef_, LogisticRegression(C=np.inf, fit_intercept=False).fit(X[:, :2], Y2).coef_)


@pytest.mark.parametrize("ratio", [0.0, 0.4, 1.0])
def test_a_penalty_factor_is_a_change_of_scale(ratio: float) -> None:
    """With L1 alone a factor f is a feature divided by f; with L2 alone, by its root."""
    factor = np.array([1.0, 4.0, 0.25, 2.0])
    ours = LogisticRegression(l1_ratio=ratio, penalty_factor=factor, tol=1e-11).fit(X, Y2)
    slope = X.T @ (ours.predict_proba(X)[:, 1] - Y2)
    w = ours.coef_[0]
    held = np.where(w == 0, np.clip(-slope, -factor * ratio, factor * ratio), factor * ratio * np.sign(w))
    np.testing.assert_allclose(slope + held + factor * (1 - ratio) * w, 0.0, atol=1e-5)
    if ratio != 0.4:
        unit = factor if ratio == 1 else np.sqrt(factor)
        scaled = LogisticRegression(l1_ratio=ratio, tol=1e-11).fit(X / unit, Y2)
        np.testing.assert_allclose(w * unit, scaled.coef_[0], atol=1e-6)


def test_a_factor_of_zero_is_no_penalty() -> None:
    model = LogisticRegression(l1_ratio=1.0, C=0.02, penalty_factor=[0, 1, 1, 1], tol=1e-11).fit(X, Y)
    assert model.coef_[:, 0].all()
    assert not model.coef_[:, 1].any()
    np.testing.assert_allclose(model.coef_[:, 0].sum(), 0.0, atol=1e-10)  # of all that mean the same
    np.testing.assert_allclose(model.intercept_.sum(), 0.0, atol=1e-10)


@pytest.mark.parametrize("C", [1.0, np.inf])
def test_bounds_are_l_bfgs_bs(C: float) -> None:
    def objective(params: np.ndarray) -> tuple[float, np.ndarray]:
        z = X @ params[:4] + params[4]
        d_z = 1 / (1 + np.exp(-z)) - Y2
        loss = np.logaddexp(0, np.where(Y2 == 1, -z, z)).sum() + params[:4] @ params[:4] / C / 2
        return loss, np.append(X.T @ d_z + params[:4] / C, d_z.sum())

    limits = [(-1, 1), (None, 0.5), (0, 2), (0, 1.5), (None, None)]
    theirs = minimize(objective, np.zeros(5), jac=True, bounds=limits, options={"ftol": 1e-16, "gtol": 1e-10})
    lower, upper = [-1, -np.inf, 0, 0], np.array([1, 0.5, 2, 1.5])
    ours = LogisticRegression(C=C, bounds=(lower, upper), tol=1e-12).fit(X, Y2)
    np.testing.assert_allclose(ours.coef_[0], theirs.x[:4], atol=1e-4)
    assert (ours.coef_[0] >= lower).all()
    assert (ours.coef_[0] <= upper).all()


def test_bounds_for_every_class() -> None:
    upper = np.full((3, 4), np.inf)
    upper[1] = 0
    model = LogisticRegression(bounds=(None, upper), l1_ratio=0.2).fit(X, Y)
    assert model.coef_[1].max() <= 0 < model.coef_[2].max()


def test_warm_start_goes_on() -> None:
    model = LogisticRegression(l1_ratio=1.0, warm_start=True, tol=1e-8).fit(X, Y)
    first = model.n_iter_[0]
    assert model.fit(X, Y).n_iter_[0] < first


def test_float32_stays_float32() -> None:
    model = LogisticRegression(l1_ratio=1.0).fit(X.astype(np.float32), Y)
    assert model.coef_.dtype == model.intercept_.dtype == np.float32


def test_too_few_steps_warn() -> None:
    with pytest.warns(ConvergenceWarning, match=r"auto failed to converge after 1 iteration\(s\).*duality gap is"):
        LogisticRegression(l1_ratio=1.0, max_iter=1).fit(X, Y)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"l1_ratio": 0.5, "solver": "newton-cg"}, "newton-cg supports only 'l2' or None.*Use solver='auto'"),
        ({"l1_ratio": 0.5, "solver": "liblinear"}, "Only 'saga' solver supports elasticnet penalty, got solver=libl"),
        ({"C": np.inf, "solver": "liblinear"}, "penalty=None is not supported for the liblinear solver"),
        ({"l1_ratio": 1.0, "dual": True, "solver": "liblinear"}, "dual=True is for an L2 penalty"),
        ({"solver": "liblinear"}, "does not support multiclass classification"),
        ({"alpha": 1.0, "C": 2.0}, "leave one of them out"),
        ({"alpha": -1.0}, "'alpha' parameter"),
        ({"penalty_factor": [1, 2]}, r"penalty_factor has shape \(2,\), wanted \(4,\)"),
        ({"penalty_factor": [1, 2, -1, 1]}, "an array of numbers, each a number in"),
        ({"bounds": (1, -1)}, "a lower bound is above the upper"),
        ({"bounds": (np.nan, 1)}, "or is not a number"),
        ({"bounds": ([0, 0], None)}, r"shape \(2,\), wanted a number, \(4,\), or coef_'s \(3, 4\)"),
        ({"bounds": (0, 1, 2)}, r"wanted a pair \(lower, upper\)"),
        ({"bounds": 3}, r"'bounds' parameter.*must be a pair \(lower, upper\)"),
        ({"bounds": (0, 1), "solver": "gradient_descent"}, "gradient_descent knows no bounds"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(parameters: dict[str, Any], message: str) -> None:
    model = LogisticRegression().fit(X, Y)
    before = model.coef_.copy()
    with pytest.raises(ValueError, match=message):
        model.set_params(**parameters).fit(X, Y)
    np.testing.assert_array_equal(model.coef_, before)


def test_numbers_that_are_not_finite_are_refused() -> None:
    x = X.copy()
    x[3, 2] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        LogisticRegression(l1_ratio=1.0).fit(x, Y)


@pytest.mark.parametrize("C", [1e10, 1e13, 1e20])
@pytest.mark.parametrize("parameters", [{"l1_ratio": 1.0}, {"l1_ratio": 0.5}, {"solver": "liblinear"}], ids=str)
def test_a_penalty_that_drowns_in_rounding_ends_without_a_warning(
    parameters: dict[str, Any], C: float, rng: np.random.Generator
) -> None:
    """The gap alone would be as large as the objective, since the gradient cannot be told to be below the penalty."""
    x = rng.normal(size=(300, 5))
    y = (x @ rng.normal(size=5) + 2 * rng.normal(size=300) > 0).astype(int)
    x = x * np.logspace(-4, 4, 5) + 3
    with warnings.catch_warnings(action="error"):
        model = LogisticRegression(C=C, **parameters).fit(x, y)
    exact = LogisticRegression(C=C, tol=1e-7, max_iter=50, **parameters)
    with warnings.catch_warnings(action="ignore"):
        exact.fit(x, y)
    np.testing.assert_allclose(model.predict_proba(x), exact.predict_proba(x), atol=1e-6)


def test_last_bits_of_x_do_not_decide_whether_liblinear_ends(rng: np.random.Generator) -> None:
    """As other instruction sets round: one fit in five had found no end where the penalty drowns."""
    x = rng.normal(size=(300, 5))
    y = (x @ rng.normal(size=5) + 2 * rng.normal(size=300) > 0).astype(int)
    x = x * np.logspace(-4, 4, 5) + 3
    with warnings.catch_warnings(action="error"):
        for _ in range(30):
            rounded = x * (1 + 2.0**-52 * rng.integers(-1, 2, x.shape))
            assert LogisticRegression(C=1e10, solver="liblinear").fit(rounded, y).n_iter_[0] < 20


def test_a_penalty_that_drowns_in_rounding_does_not_hide_that_steps_are_missing() -> None:
    """One of the classes can be told apart without an error, so coefficients grow and grow."""
    with warnings.catch_warnings(action="error"):
        loss = log_loss(Y, LogisticRegression(C=1e16, l1_ratio=1.0).fit(X, Y).predict_proba(X))
    best = log_loss(Y, LogisticRegression(C=1e16, l1_ratio=1.0, tol=1e-6).fit(X, Y).predict_proba(X))
    assert loss < best * (1 + 1e-8)
    with pytest.warns(ConvergenceWarning, match="the duality gap is"):
        LogisticRegression(C=1e16, l1_ratio=1.0, max_iter=15).fit(X, Y)


def _left_to_gain(model: LogisticRegression, x: np.ndarray, y: np.ndarray, l1: float, l2: float) -> float:
    """What a Newton step on the coefficients that are not zero promises, over the objective (liblinear's).

    In long double, by columns around their medians: w and b + median @ w.
    """
    median = np.median(x, axis=0).astype(np.longdouble)
    design = np.column_stack([x - median, np.ones(len(x))])
    params = np.append(model.coef_[0], model.intercept_).astype(np.longdouble)
    back = np.eye(len(params), dtype=np.longdouble)  # from these to w and b
    back[-1, :-1] = -median
    z = design[:, :-1] @ params[:-1] + (params[-1] + median @ params[:-1])
    p = 1 / (1 + np.exp(-z))
    slope = design.T @ (p - y) + back.T @ (l1 * np.sign(params) + l2 * params)
    hessian = (design.T * (p * (1 - p))) @ design + l2 * back.T @ back
    unit = np.sqrt(hessian.diagonal())
    slope, hessian = slope / unit, (hessian / unit / unit[:, None]).astype(float)
    value = np.logaddexp(0, np.where(y == 1, -z, z)).sum() + (l1 * abs(params) + l2 * params**2 / 2).sum()
    return float(slope @ np.linalg.solve(hessian, slope.astype(float)) / 2 / value)


@pytest.mark.parametrize("C", [1e6, 1e8, 1e10])
@pytest.mark.parametrize("ratio", [0.0, 1.0])
def test_an_intercept_that_is_penalised_and_columns_far_from_zero_hold_each_other_back(ratio: float, C: float) -> None:
    """Their correlation is 1 - 1e-9: large terms cancel in z, whose rounding hides what the last steps gain.

    And the signs of two coefficients have to change together, which no sweep over single ones does.
    """
    for seed in range(12):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(300, 5))
        y = (x @ rng.normal(size=5) + 2 * rng.normal(size=300) > 0).astype(int)
        x = x * np.logspace(-4, 4, 5) + 3
        with warnings.catch_warnings(action="error"):
            model = LogisticRegression(solver="liblinear", l1_ratio=ratio, C=C).fit(x, y)
        assert model.coef_.all()
        assert model.n_iter_[0] < 60
        assert _left_to_gain(model, x, y, ratio / C, (1 - ratio) / C) < 1e-8


def _loss_at_best(x: np.ndarray, y: np.ndarray) -> float:
    """Without a penalty, by columns of mean zero and deviation one."""
    x = (x - x.mean(axis=0)) / np.where(x.std(axis=0) > 0, x.std(axis=0), 1)
    return float(log_loss(y, LogisticRegression(C=np.inf, tol=1e-9).fit(x, y).predict_proba(x)))


def _loss(model: LogisticRegression, x: np.ndarray, y: np.ndarray) -> float:
    """In long double: terms of z cancel."""
    z = x.astype(np.longdouble) @ model.coef_[0].astype(np.longdouble) + model.intercept_[0]
    return float(np.logaddexp(0, np.where(y == 1, -z, z)).mean())


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("ratio", [1e3, 1e6, 1e8])
def test_columns_far_from_zero_keep_their_digits_however_they_are_stored(form: Any, ratio: float) -> None:
    """Sparse ones that are filled too; they were taken for constant, and the fit for one that had converged."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 5))
    y = (x @ [1, -2, 0.5, 0, 0.3] + rng.normal(size=400) > 0).astype(int)
    x[:, 1] = 1.7e12 + 1.7e12 / ratio * x[:, 1]
    for parameters in ({"C": 1e30, "l1_ratio": 1.0}, {"C": np.inf, "bounds": (-np.inf, np.inf)}):
        with warnings.catch_warnings(action="error"):
            model = LogisticRegression(**parameters).fit(form(x), y)
        assert _loss(model, x, y) < _loss_at_best(x, y) * (1 + 1e-6)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("what", ["one filled column far from zero", "squares that underflow"])
def test_what_has_no_curvature_left_is_said_or_mended(form: Any, what: str) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 20)) * (rng.random((400, 20)) < 0.05)
    x[:, 0] = rng.normal(size=400)
    y = (x[:, 0] + 0.3 * rng.normal(size=400) > 0).astype(int)
    x = x * 1e-200 if what.startswith("squares") else np.column_stack([1e9 + x[:, 0], x[:, 1:]])
    with warnings.catch_warnings(record=True, action="always") as caught:
        model = LogisticRegression(C=np.inf, bounds=(-np.inf, np.inf)).fit(form(x), y)
    if _loss(model, x, y) > 1.001 * _loss_at_best(x / abs(x).max(), y):
        assert "keep no curvature: centre and scale the features" in str(caught[0].message)
        assert what.startswith("one")
    else:
        assert not caught
