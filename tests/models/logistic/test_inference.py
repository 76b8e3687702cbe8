"""Standard errors and tests of logistic regression: statsmodels' numbers, and refusals without a theory."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.sparse import csr_array

from fastnn import LogisticRegression
from fastnn.models.logistic.inference.evidence import Summary

N_CLASSES = [2, 3]


def drawn(rng: np.random.Generator, n_classes: int, n: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Features of different scales, one of them far from zero, and labels that they partly explain."""
    x = rng.normal(size=(n, 3))
    z = x @ rng.normal(size=(3, n_classes))
    y = (z + rng.gumbel(size=z.shape)).argmax(axis=1)
    return x * [1, 1e3, 1e-3] + [2000, 0, 0], y


def fitted(x: Any, y: Any, weight: Any = None, **parameters: Any) -> LogisticRegression:
    return LogisticRegression(**{"C": np.inf, "tol": 1e-13, "max_iter": 100_000} | parameters).fit(x, y, weight)


def log_likelihood(theta: np.ndarray, x: np.ndarray, y: np.ndarray) -> float:
    z = np.pad(np.column_stack([np.ones(len(x)), x]) @ theta.T, ((0, 0), (1, 0)))
    z -= z.max(axis=1, keepdims=True)
    return float((z[np.arange(len(y)), y] - np.log(np.exp(z).sum(axis=1))).sum())


def assert_statsmodels(ours: Summary, theirs: Any) -> None:
    """`theirs` has the intercept first, and a column for each contrast."""

    def close(a: Any, b: Any) -> None:
        np.testing.assert_allclose(a, np.asarray(b).T.reshape(np.shape(a)), rtol=1e-6, atol=1e-9)

    close(ours.estimate, theirs.params)
    close(ours.standard_error, theirs.bse)
    close(ours.z, theirs.tvalues)
    close(ours.p_value, theirs.pvalues)
    interval = np.asarray(theirs.conf_int(1 - ours.level)).reshape(ours.confidence_interval.shape)
    np.testing.assert_allclose(ours.confidence_interval, interval, rtol=1e-6)
    close(ours.log_likelihood, theirs.llf)
    close(ours.aic, theirs.aic)
    close(ours.df_model, theirs.df_model)
    close(ours.df_residual, theirs.df_resid)


def scaled(x: np.ndarray) -> np.ndarray:
    """In units with which statsmodels' own solvers cope."""
    return np.column_stack([np.ones(len(x)), (x - [2000, 0, 0]) / [1, 1e3, 1e-3]])


@pytest.mark.parametrize("level", [0.95, 0.5])
@pytest.mark.parametrize("n_classes", N_CLASSES)
def test_statsmodels_numbers(rng: np.random.Generator, n_classes: int, level: float) -> None:
    api = pytest.importorskip("statsmodels.api")
    x, y = drawn(rng, n_classes)
    design = scaled(x)
    model = api.Logit if n_classes == 2 else api.MNLogit
    theirs = model(y, design).fit(method="newton", tol=1e-12, disp=False)
    ours = fitted(design[:, 1:], y).summary(level=level)
    assert_statsmodels(ours, theirs)
    np.testing.assert_allclose(ours.null_log_likelihood, theirs.llnull, rtol=1e-9)
    np.testing.assert_allclose(ours.likelihood_ratio, theirs.llr, rtol=1e-6)
    np.testing.assert_allclose(ours.likelihood_ratio_p_value, theirs.llr_pvalue, rtol=1e-6, atol=1e-300)
    np.testing.assert_allclose(ours.pseudo_r2, theirs.prsquared, rtol=1e-6)
    np.testing.assert_allclose(ours.bic, theirs.bic, rtol=1e-6)


def test_weights_are_frequencies(rng: np.random.Generator) -> None:
    x, y = drawn(rng, 2)
    weight = rng.integers(0, 4, len(x))
    ours = fitted(x, y, weight).summary()
    rows = np.repeat(np.arange(len(x)), weight)
    repeated = fitted(x[rows], y[rows]).summary()
    for name in ("estimate", "standard_error", "log_likelihood", "null_log_likelihood", "bic", "df_residual"):
        np.testing.assert_allclose(getattr(ours, name), getattr(repeated, name), rtol=1e-6, err_msg=name)
    api = pytest.importorskip("statsmodels.api")
    glm = api.GLM(y, scaled(x), family=api.families.Binomial(), freq_weights=weight)
    assert_statsmodels(fitted(scaled(x)[:, 1:], y, weight).summary(), glm.fit(tol=1e-14))


@pytest.mark.parametrize("n_classes", N_CLASSES)
def test_covariance_is_the_inverse_of_the_numerical_hessian(rng: np.random.Generator, n_classes: int) -> None:
    x, y = drawn(rng, n_classes)
    x = scaled(x)[:, 1:]
    summary = fitted(x, y).summary()
    shape = summary.estimate.shape

    def gradient(flat: np.ndarray) -> np.ndarray:
        return approx_fprime(flat, lambda at: log_likelihood(at.reshape(shape), x, y), 1e-5)

    hessian = approx_fprime(summary.estimate.ravel(), gradient, 1e-4)
    np.testing.assert_allclose(summary.covariance @ -hessian, np.eye(summary.estimate.size), atol=5e-3)
    assert summary.log_likelihood == pytest.approx(log_likelihood(summary.estimate, x, y), rel=1e-12)


def test_units_of_the_features_change_nothing_else(rng: np.random.Generator) -> None:
    x, y = drawn(rng, 3)
    raw, unit = fitted(x, y).summary(), fitted(scaled(x)[:, 1:], y).summary()
    np.testing.assert_allclose(raw.standard_error[:, 1:] * [1, 1e3, 1e-3], unit.standard_error[:, 1:], rtol=1e-5)
    np.testing.assert_allclose(raw.z[:, 1:], unit.z[:, 1:], rtol=1e-4)


def test_without_an_intercept(rng: np.random.Generator) -> None:
    x, y = drawn(rng, 2)
    summary = fitted(scaled(x), y, fit_intercept=False).summary()
    with_intercept = fitted(scaled(x)[:, 1:], y).summary()
    np.testing.assert_allclose(summary.standard_error, with_intercept.standard_error, rtol=1e-5)
    assert summary.null_log_likelihood == pytest.approx(len(x) * np.log(0.5))
    assert (summary.df_model, with_intercept.df_model) == (4, 3)
    assert summary.names == ["x0", "x1", "x2", "x3"]


def test_data_afterwards_give_the_same_as_the_fit_kept(rng: np.random.Generator) -> None:
    x, y = drawn(rng, 3)
    model = fitted(x, y)
    for data in (x, csr_array(x)):
        np.testing.assert_allclose(model.summary(data, y).covariance, model.summary().covariance, rtol=1e-9)
    assert str(pickle.loads(pickle.dumps(model)).summary()) == str(model.summary())


def test_float32(rng: np.random.Generator) -> None:
    x, y = drawn(rng, 2)
    x = scaled(x)[:, 1:]
    ours = fitted(x.astype(np.float32), y).summary()
    np.testing.assert_allclose(ours.standard_error, fitted(x, y).summary().standard_error, rtol=1e-4)
    assert ours.covariance.dtype == np.float64


def test_the_table(rng: np.random.Generator) -> None:
    pandas = pytest.importorskip("pandas")
    x, y = drawn(rng, 3)
    frame = pandas.DataFrame(x, columns=["year", "income", "a name of more than thirty-two letters"])
    summary = fitted(frame, np.array(["no", "perhaps", "yes"])[y]).summary(level=0.9)
    text = str(summary)
    assert repr(summary) == text
    for part in ("log-odds of perhaps against no", "log-odds of yes against no", "(intercept)", "year", "5 %", "95 %"):
        assert part in text
    assert f"{summary.estimate[1, 1]:#.5g}" in text
    assert f"{summary.standard_error[0, 2]:#.5g}" in text
    assert f"{summary.aic:.4f}" in text
    assert max(map(len, text.splitlines())) <= 120


# --- where the theory does not hold ---------------------------------------------------------------


def separated(kind: str, n_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """A third class overlaps with the second; the first is separated from both."""
    rng = np.random.default_rng(3)
    x, y = drawn(rng, n_classes)
    x = scaled(x)[:, 1:]
    x[:, 0] = np.where(y == 0, -1, 1) * rng.uniform(0.5, 2, len(x))
    if kind == "quasi-complete":
        x[::2, 0] = 0  # half of the rows tell nothing
    return x, y


@pytest.mark.parametrize("tol", [1e-4, 1e-9])
@pytest.mark.parametrize(("kind", "n_classes"), [("complete", 2), ("quasi-complete", 2), ("quasi-complete", 3)])
def test_separation_is_found(kind: str, n_classes: int, tol: float) -> None:
    x, y = separated(kind, n_classes)
    with pytest.warns(UserWarning, match=rf"separate the classes perfectly \({kind} separation\)") as caught:
        model = fitted(x, y, tol=tol)
    assert caught[0].filename == __file__
    with pytest.raises(ValueError, match=rf"\({kind} separation\)"):
        model.summary()
    with pytest.raises(ValueError, match=rf"\({kind} separation\)"):
        model.summary(x, y)


def test_one_row_on_the_other_side_is_no_separation() -> None:
    x, y = separated("complete", 2)
    y[0] = 1 - y[0]
    assert np.isfinite(fitted(x, y).summary().standard_error).all()


def test_a_row_of_weight_zero_does_not_hinder_separation() -> None:
    x, y = separated("complete", 2)
    y[0] = 1 - y[0]
    with pytest.warns(UserWarning, match="complete separation"):
        fitted(x, y, (np.arange(len(x)) > 0).astype(float))


def test_separation_with_more_features_than_rows(rng: np.random.Generator) -> None:
    x = rng.normal(size=(20, 30))
    with pytest.warns(UserWarning, match="complete separation"):
        fitted(x, np.arange(20) % 2, tol=1e-6)


def test_separation_of_a_large_model(rng: np.random.Generator) -> None:
    x = rng.normal(size=(20, 1200))
    with pytest.warns(UserWarning, match="complete separation"):
        model = fitted(x, np.arange(20) % 2, tol=1e-6)
    with pytest.raises(ValueError, match="summary needs the data of this fit, as of every one of more than 1000"):
        model.summary()


def test_penalised_fits_say_nothing_of_separation(recwarn: pytest.WarningsRecorder) -> None:
    model = LogisticRegression(max_iter=1000).fit(*separated("complete", 2))
    assert not recwarn.list
    with pytest.raises(ValueError, match=r"a penalty moves the coefficients.*Fit with C=np.inf"):
        model.summary()


def test_dependent_columns_are_named(rng: np.random.Generator) -> None:
    x, y = drawn(rng, 2)
    x = scaled(x)[:, 1:]
    with pytest.raises(ValueError, match=r"linear combinations of others \(x[01]\)"):
        fitted(np.column_stack([x[:, 0], 3 * x[:, 0] + 2, x[:, 2]]), y).summary()


def test_other_data_are_noticed(rng: np.random.Generator) -> None:
    x, y = drawn(rng, 2)
    x = scaled(x)[:, 1:]
    model = fitted(x, y)
    with pytest.raises(ValueError, match=r"standard errors from the maximum.*the data and weights of the fit"):
        model.summary(x[::2], y[::2])
    model.coef_ = model.coef_ * 2
    with pytest.raises(ValueError, match="have been changed since fit"):
        model.summary()


@pytest.mark.parametrize(
    ("parameters", "arguments", "message"),
    [
        ({"class_weight": "balanced"}, {}, "class_weight changes the likelihood"),
        ({}, {"level": 95}, r"level=95, wanted a number in \(0, 1\)"),
        ({}, {"X": [[0.0]]}, "both X and y, or neither"),
    ],
)
def test_clear_words(
    rng: np.random.Generator, parameters: dict[str, Any], arguments: dict[str, Any], message: str
) -> None:
    model = fitted(*drawn(rng, 2), tol=1e-4, **parameters)
    with pytest.raises(ValueError, match=message):
        model.summary(**arguments)
