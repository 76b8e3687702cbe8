"""LogisticRegression(firth=True): what changes nothing, how it fits, and what it refuses."""

from __future__ import annotations

import pickle
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from firth_data import PUBLISHED, drawn, firth, penalised, theta_of
from scipy.sparse import csc_array, csr_array
from sklearn.exceptions import ConvergenceWarning

from fastnn import LogisticRegression, LogisticRegressionCV

# --- what changes nothing -------------------------------------------------------------------------


@pytest.mark.parametrize("n_classes", [2, 3])
def test_units_of_the_features_and_the_order_of_classes_change_nothing(n_classes: int) -> None:
    x, y, weight = drawn(n_classes)
    model = firth().fit(x, y, weight)
    moved = firth().fit(x * [1e-4, 1e5] + [2000, -7e6], y, weight)
    np.testing.assert_allclose(moved.coef_ * [1e-4, 1e5], model.coef_, rtol=1e-5)
    turned = firth().fit(x, n_classes - 1 - y, weight)
    wanted = -model.coef_ if n_classes == 2 else model.coef_[::-1]
    np.testing.assert_allclose(turned.coef_, wanted, rtol=1e-6, atol=1e-8)
    if n_classes > 2:
        np.testing.assert_allclose(model.coef_.sum(axis=0), 0.0, atol=1e-10)
    scaled, plain = moved.summary(x * [1e-4, 1e5] + [2000, -7e6], y, weight), model.summary(x, y, weight)
    np.testing.assert_allclose(scaled.chi2[:, 1:], plain.chi2[:, 1:], rtol=1e-5, atol=1e-7)
    ends = scaled.confidence_interval[:, 1:] * np.array([1e-4, 1e5])[:, None]
    np.testing.assert_allclose(ends, plain.confidence_interval[:, 1:], rtol=1e-5)


@pytest.mark.parametrize("form", [csr_array, csc_array])
def test_sparse_x_and_threads(form: Any) -> None:
    x, y, weight = drawn(3)
    model = firth().fit(x, y, weight)
    np.testing.assert_allclose(firth().fit(form(x), y, weight).coef_, model.coef_, rtol=1e-9)
    np.testing.assert_array_equal(firth(n_threads=1).fit(x, y, weight).coef_, model.coef_)
    summary = model.summary(form(x), y, weight)
    np.testing.assert_allclose(summary.confidence_interval, model.summary(x, y, weight).confidence_interval, rtol=1e-7)


def test_float32() -> None:
    x, y, _ = PUBLISHED["endometrial"][:3]
    model = firth().fit(x.astype(np.float32), y)
    assert model.coef_.dtype == model.intercept_.dtype == np.float32
    np.testing.assert_allclose(theta_of(model)[0], PUBLISHED["endometrial"].estimate, rtol=1e-5)
    summary = model.summary(x.astype(np.float32), y)
    np.testing.assert_allclose(summary.confidence_interval[0], PUBLISHED["endometrial"].interval, rtol=1e-5)


def test_rows_and_classes_of_weight_zero() -> None:
    """A class that was never seen keeps the half observation that the prior gives it."""
    x, y, weight = drawn(2)
    more = firth().fit(np.vstack([x, x[:3] * 9]), np.append(y, 1 - y[:3]), np.append(weight, np.zeros(3)))
    np.testing.assert_allclose(more.coef_, firth().fit(x, y, weight).coef_, rtol=1e-7)
    unseen = firth(fit_intercept=False).fit(np.ones((3, 1)), [0, 1, 2], [4, 3, 0])
    np.testing.assert_allclose(unseen.predict_proba([[1.0]])[0], np.array([4.5, 3.5, 0.5]) / 8.5, rtol=1e-7)


# --- the fit --------------------------------------------------------------------------------------


def test_separated_classes_are_no_reason_to_warn() -> None:
    x, y = PUBLISHED["complete"][:2]
    with warnings.catch_warnings(action="error"):
        firth().fit(x, y)
    with pytest.warns(UserWarning, match="complete separation"):
        LogisticRegression(C=np.inf).fit(x, y)


def test_iterations_are_bounded_watched_and_spared_by_a_warm_start(capsys: pytest.CaptureFixture[str]) -> None:
    x, y, _ = drawn(3)
    with pytest.warns(ConvergenceWarning, match=r"after 2 iteration\(s\).*standard errors away"):
        short = firth(max_iter=2, verbose=1).fit(x, y)
    assert short.n_iter_[0] == 2
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(",")[0] for line in lines] == ["Iteration 1", "Iteration 2"]
    with pytest.raises(ValueError, match="standard errors from the maximum"):
        short.summary(x, y)
    model = firth(warm_start=True).fit(x, y)
    first, coef = model.n_iter_[0], model.coef_
    assert 3 < first < 60
    assert model.fit(x, y).n_iter_[0] <= 1
    np.testing.assert_allclose(model.coef_, coef, rtol=1e-8)
    model.coef_ = coef * 1e6  # a start where the information has no inverse
    np.testing.assert_allclose(model.fit(x, y).coef_, coef, rtol=1e-6)


@pytest.mark.callbacks
def test_callbacks_see_models_that_come_nearer() -> None:
    x, y, _ = drawn(2)
    design = np.column_stack([np.ones(len(x)), x])
    values = []

    class Watcher:
        def setup(self, estimator: Any, context: Any) -> None: ...
        def teardown(self, estimator: Any, context: Any) -> None: ...
        def on_fit_task_begin(self, estimator: Any, context: Any) -> None: ...
        def on_fit_task_end(self, estimator: Any, context: Any, *, fitted_estimator: Any, **_: Any) -> None:
            if fitted_estimator is not None and context.task_name == "auto-iter":
                values.append(penalised(theta_of(fitted_estimator), design, y, np.ones(len(y))))

    model = firth().set_callbacks(Watcher()).fit(x, y)
    assert len(values) >= model.n_iter_[0]
    assert (np.diff(values) >= -1e-12).all()
    assert values[0] < values[-1]


def test_class_weights_weigh_but_have_no_theory() -> None:
    x, y, _ = drawn(2)
    model = firth(class_weight={0: 1, 1: 3}).fit(x, y)
    np.testing.assert_allclose(model.coef_, firth().fit(x, y, np.where(y == 1, 3.0, 1.0)).coef_, rtol=1e-7)
    with pytest.raises(ValueError, match="class_weight changes the likelihood"):
        model.summary(x, y)


def test_a_saved_model_is_the_same(tmp_path: Path) -> None:
    x, y, _ = drawn(3)
    model = firth().fit(x, y)
    model.save(tmp_path / "model.safetensors")
    for twin in (LogisticRegression.load(tmp_path / "model.safetensors"), pickle.loads(pickle.dumps(model))):
        assert twin.get_params() == model.get_params()
        assert str(twin.summary(x, y)) == str(model.summary(x, y))


def test_the_table() -> None:
    pandas = pytest.importorskip("pandas")
    x, y = PUBLISHED["endometrial"][:2]
    frame = pandas.DataFrame(x, columns=["NV", "PI", "EH"])
    grade = np.array(["low", "high"])[y]
    text = str(firth().fit(frame, grade).summary(frame, grade, level=0.9))
    for part in (
        "Firth's penalised likelihood",
        "log-odds of low against high",
        "NV",
        "chi2",
        "5 %",
        "95 %",
        "-2.9293",
    ):
        assert part in text
    assert max(map(len, text.splitlines())) <= 120


# --- what cannot be -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"C": 1.0}, r"firth=True is a penalty by itself, and is for C=np.inf; got the strength 1 of another"),
        ({"C": 1.0, "alpha": 0.5}, "the strength 0.5 of another one"),
        ({"l1_ratio": 0.5}, "l1_ratio=0.5 cannot act"),
        ({"penalty_factor": [1, 2]}, r"penalty_factor=\[1, 2\] cannot act"),
        ({"bounds": (0, None)}, r"bounds=\(0, None\) cannot act"),
        ({"solver": "lbfgs"}, "solver='lbfgs' cannot act"),
        ({"firth": "yes"}, "'firth' parameter of LogisticRegression must be True or False"),
    ],
)
def test_what_firth_cannot_do_is_refused(parameters: dict[str, Any], message: str) -> None:
    x, y, _ = drawn(2)
    with pytest.raises(ValueError, match=message):
        firth(**parameters).fit(x, y)


def test_chunks_and_too_many_parameters_are_refused(rng: np.random.Generator) -> None:
    x, y, _ = drawn(2)
    with pytest.raises(ValueError, match="firth=False"):
        firth().partial_fit(x, y, classes=[0, 1])
    with pytest.raises(ValueError, match="of all 1001 parameters, and does so for at most 1000"):
        firth().fit(rng.normal(size=(6, 1000)), [0, 1] * 3)
    with pytest.raises(TypeError):
        LogisticRegressionCV(firth=True)


def test_dependent_columns_are_named_and_numbers_that_are_not_finite_found() -> None:
    x, y, _ = drawn(2)
    with pytest.raises(
        ValueError, match=r"In 30 rows of 4 columns some are linear combinations of others \(x[012]\).*no maximum"
    ):
        firth().fit(np.column_stack([x, x[:, 0] - 2 * x[:, 1]]), y)
    with pytest.raises(ValueError, match=r"In 2 rows of 3 columns"):
        firth().fit(x[:2], [0, 1])
    for bad in (np.nan, np.inf):
        x[3, 1] = bad
        with pytest.raises(ValueError, match="NaN|infinity"):
            firth().fit(x, y)


def test_a_summary_needs_the_data() -> None:
    x, y, _ = drawn(2)
    model = firth().fit(x, y)
    with pytest.raises(ValueError, match=r"firth=True needs its data.*summary\(X, y\)"):
        model.summary()
    with pytest.raises(ValueError, match="standard errors from the maximum of the penalised likelihood"):
        model.summary(x[::2], y[::2])
