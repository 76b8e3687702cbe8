"""Firth's penalised likelihood: logistf's published numbers, closed forms, and a plain maximisation of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from firth_data import PUBLISHED, Published, drawn, firth, penalised, theta_of
from scipy.optimize import minimize
from scipy.stats import chi2 as chi_squared

from fastnn.models.logistic.firth.penalty import PenalisedLikelihood, maximise


def highest(function: Any, centre: np.ndarray, covariance: np.ndarray) -> tuple[np.ndarray, float]:
    """The maximum near a centre (p,), by SciPy and without our derivatives, in units of a covariance."""
    root = np.linalg.cholesky(covariance)

    def fall(step: np.ndarray) -> float:
        return -function(centre + root @ step)

    found = minimize(fall, np.full(len(centre), 0.1), method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-9})
    found = minimize(fall, found.x, method="BFGS", options={"gtol": 1e-7})
    return centre + root @ found.x, -found.fun


def slopes(function: Any, steps: np.ndarray) -> np.ndarray:
    """Differences of the fourth order along the rows of `steps`."""
    near, far = ([function(by * each) - function(-by * each) for each in steps] for by in (1, 2))
    return (8 * np.array(near) - np.array(far)) / 12


# --- published numbers ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", PUBLISHED)
def test_logistfs_numbers(name: str) -> None:
    published: Published = PUBLISHED[name]
    x, y, weight = published.x, published.y, published.weight
    model = firth().fit(x, y, weight)
    summary = model.summary(x, y, weight)

    def close(ours: Any, theirs: Any, factor: float = 1) -> None:
        if theirs is not None:
            np.testing.assert_allclose(ours, theirs, rtol=factor * published.tolerance, atol=1e-7)

    close(theta_of(model)[0], published.estimate)
    close(summary.estimate[0], published.estimate)
    close(summary.confidence_interval[0], published.interval)
    close(summary.standard_error[0], published.error)
    close(summary.chi2[0], published.chi2)
    close(summary.p_value[0], published.p)
    close(summary.likelihood_ratio, published.ratio)
    close(summary.likelihood_ratio_p_value, published.ratio_p)


def test_frequencies_are_rows() -> None:
    x, y, weight = PUBLISHED["sex2"][:3]
    rows = np.repeat(np.arange(len(x)), weight.astype(int))
    counted, repeated = firth().fit(x, y, weight), firth().fit(x[rows], y[rows])
    np.testing.assert_allclose(counted.coef_, repeated.coef_, rtol=1e-7)
    ours, theirs = counted.summary(x, y, weight), repeated.summary(x[rows], y[rows])
    for name in ("confidence_interval", "chi2", "log_likelihood", "null_log_likelihood", "n_observations"):
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=1e-7, err_msg=name)
    assert ours.log_likelihood == pytest.approx(-132.5394, abs=5e-5)  # as firthlogist 0.5.0 prints it
    assert (ours.n_observations, ours.df_residual, ours.df_model) == (239, 232, 6)


# --- closed forms ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "table",
    [
        [[18, 3], [20, 0]],
        [[5, 0], [0, 7]],
        [[1, 9], [4, 2]],
        [[3, 0, 2], [0, 4, 0], [1, 1, 6]],
        [[9, 0, 0], [0, 8, 0]],
        [[1, 0], [0, 1], [30, 2], [0, 11]],
    ],
)
def test_a_saturated_table_gets_half_an_observation_in_every_cell(table: list[list[int]]) -> None:
    counts = np.array(table, float)
    groups, classes = counts.shape
    group, label = np.divmod(np.arange(counts.size), classes)
    x = np.eye(groups)[group, 1:]
    model = firth().fit(x, label, counts.ravel())
    wanted = (counts + 0.5) / (counts + 0.5).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model.predict_proba(np.eye(groups)[:, 1:]), wanted, rtol=1e-7)
    summary = model.summary(x, label, counts.ravel())
    np.testing.assert_allclose(summary.estimate[:, 0], np.log(wanted[0, 1:] / wanted[0, 0]), atol=1e-7)
    inverse = 1 / (counts.sum(axis=1)[0] * wanted[0])
    np.testing.assert_allclose(summary.standard_error[:, 0] ** 2, inverse[0] + inverse[1:], rtol=1e-6)


def test_without_features_to_speak_of_the_mean_is_shrunk_by_half() -> None:
    model = firth(fit_intercept=False).fit(np.ones((5, 1)), [1, 1, 1, 1, 0], [1, 1, 1, 1, 0])
    assert model.coef_[0, 0] == pytest.approx(np.log(4.5 / 0.5))


# --- by definition --------------------------------------------------------------------------------


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_the_maximum_and_the_profiles_are_those_of_the_definition(n_classes: int, fit_intercept: bool) -> None:
    x, y, weight = drawn(n_classes)
    design = np.column_stack([np.ones(len(x)), x]) if fit_intercept else x
    model = firth(fit_intercept=fit_intercept).fit(x, y, weight)
    theta = theta_of(model)
    summary = model.summary(x, y, weight, level=0.9)
    error = summary.standard_error.ravel()

    def value(at: np.ndarray) -> float:
        return penalised(at.reshape(theta.shape), design, y, weight)

    best, centre, covariance = value(theta.ravel()), theta.ravel(), summary.covariance
    assert summary.log_likelihood == pytest.approx(best, abs=1e-9)
    found, reached = highest(value, centre, covariance)
    assert reached == pytest.approx(best, abs=1e-9)
    np.testing.assert_allclose((found - centre) / error, 0.0, atol=1e-5)
    steps = 1e-3 * np.linalg.cholesky(covariance).T
    np.testing.assert_allclose(slopes(lambda step: value(centre + step), steps) / 1e-3, 0.0, atol=1e-7)

    def profile(place: int, at: float) -> float:
        free = np.arange(theta.size) != place
        towards = covariance[free, place] / covariance[place, place] * (at - centre[place])
        rest = covariance[np.ix_(free, free)]
        if rest.size == 0:
            return best - value(np.array([at]))
        return best - highest(lambda others: value(np.insert(others, place, at)), centre[free] + towards, rest)[1]

    allowed = chi_squared.ppf(0.9, 1) / 2
    for place in (0, theta.size - 1):
        lower, upper = summary.confidence_interval.reshape(-1, 2)[place]
        assert lower < centre[place] < upper
        for end in (lower, upper):
            assert profile(place, end) == pytest.approx(allowed, abs=1e-6)
        assert 2 * profile(place, 0.0) == pytest.approx(summary.chi2.ravel()[place], abs=1e-6)
        assert profile(place, (upper + centre[place]) / 2) < allowed


@pytest.mark.parametrize("n_classes", [2, 3, 4])
def test_the_score_is_the_slope_of_the_value(n_classes: int) -> None:
    """By differences of the fourth order, also far from the maximum."""
    x, y, weight = drawn(n_classes)
    likelihood = PenalisedLikelihood(x, y, n_classes, weight, intercept=True)
    theta = np.random.default_rng(0).normal(size=likelihood.n_params)
    point = likelihood.look(theta)
    assert point is not None
    user = likelihood.in_user_units(theta.reshape(n_classes - 1, -1))
    assert point.value == pytest.approx(penalised(user, np.column_stack([np.ones(len(x)), x]), y, weight), rel=1e-12)

    def value(step: np.ndarray) -> float:
        found = likelihood.value_at(theta + step)
        assert found is not None
        return found[0]

    slope = slopes(value, 1e-3 * np.eye(len(theta))) / 1e-3
    np.testing.assert_allclose(point.score, slope, rtol=1e-8, atol=1e-8)


def test_probabilities_of_nearly_one_keep_their_digits() -> None:
    """The penalty is a logarithm of 1 - p, which no subtraction from 1 gives."""
    likelihood = PenalisedLikelihood(np.ones((10, 1)), np.array([0, 1] * 5), 2, None, intercept=False)
    unit = likelihood.standardised(np.ones((1, 1)))[0, 0]
    for z in (-100.0, 40.0, 100.0):
        point = likelihood.look(np.array([z * unit]))
        assert point is not None
        rare = np.exp(-abs(z))
        log_p = np.array([-abs(z), 0]) - np.log1p(rare)
        assert point.value == pytest.approx(5 * log_p.sum() + (np.log(10) + log_p.sum()) / 2, rel=1e-14)
        assert point.score[0] * unit == pytest.approx(-np.sign(z) * 5.5 * (1 - rare) / (1 + rare), rel=1e-13)


def test_the_test_of_all_features_holds_them_at_zero() -> None:
    x, y, weight = drawn(3)
    design = np.column_stack([np.ones(len(x)), x])
    summary = firth().fit(x, y, weight).summary(x, y, weight)

    def fall(intercepts: np.ndarray) -> float:
        return -penalised(np.pad(intercepts[:, None], ((0, 0), (0, 2))), design, y, weight)

    null = -minimize(fall, np.zeros(2), method="BFGS").fun
    assert summary.null_log_likelihood == pytest.approx(null, abs=1e-7)
    assert summary.likelihood_ratio == pytest.approx(2 * (summary.log_likelihood - null), abs=1e-6)
    assert summary.df_model == 4
    bare = firth(fit_intercept=False).fit(x, y, weight).summary(x, y, weight)
    assert bare.null_log_likelihood == pytest.approx(penalised(np.zeros((2, 2)), x, y, weight), rel=1e-10)


# --- several maxima ----------------------------------------------------------------------------------


def outliers(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Separated classes and features with outliers, each of which may be on either side of a maximum of its own."""
    x = np.exp(2 * np.random.default_rng(seed).normal(size=(60, 3)))
    z = x @ [1, -2, 1]
    return x, (z > np.median(z)).astype(int)


@pytest.mark.parametrize(("seed", "near", "high"), [(6, -13.6282, -1.5327), (14, -8.2966, -1.6911), (5, None, -1.5510)])
def test_of_several_maxima_that_found_from_outside_is_taken_if_it_is_higher(
    seed: int, near: float | None, high: float
) -> None:
    """`near` is the maximum to which steps from zero lead, if it is not the highest of those that many starts find."""
    x, y = outliers(seed)
    likelihood = PenalisedLikelihood(x, y, 2, None, intercept=True)
    start = likelihood.look(np.zeros(likelihood.n_params))
    assert start is not None
    found = maximise(likelihood, start, tol=1e-8, max_iter=100)
    assert found.point.value == pytest.approx(near or high, abs=1e-4)
    model = firth().fit(x, y)
    value = penalised(theta_of(model), np.column_stack([np.ones(60), x]), y, np.ones(60))
    assert value == pytest.approx(high, abs=1e-4)
    assert model.n_iter_[0] == found.n_iter + (near is not None)


def test_a_higher_maximum_elsewhere_is_told_of() -> None:
    x, y = outliers(3)
    model = firth().fit(x, y)
    design = np.column_stack([np.ones(60), x])
    start = np.array([[-5.057, 11.036, -13.27, 6.564]])
    here, there = (penalised(theta, design, y, np.ones(60)) for theta in (theta_of(model), start))
    assert there > here + 1
    with pytest.warns(UserWarning, match="several maxima, and a higher one") as caught:
        summary = model.summary(x, y)
    assert caught[0].filename == __file__
    assert (summary.chi2 >= 0).all()
    model.set_params(warm_start=True)
    model.intercept_, model.coef_ = start[:, 0], start[:, 1:]
    assert penalised(theta_of(model.fit(x, y)), design, y, np.ones(60)) > there - 1e-6
