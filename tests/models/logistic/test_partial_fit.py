"""partial_fit of LogisticRegression: chunk by chunk near to what fit finds on all rows together."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss
from sklearn.preprocessing import StandardScaler

from fastnn import LogisticRegression, LogisticRegressionCV

Data = tuple[np.ndarray, np.ndarray]


@pytest.fixture(params=["binary", "multinomial"])
def labelled(request: pytest.FixtureRequest) -> Data:
    """In a random order, as a stream is."""
    load = load_breast_cancer if request.param == "binary" else load_iris
    x, y = load(return_X_y=True)
    rows = np.random.default_rng(0).permutation(len(x))
    names = np.array(["malignant", "benign", "other"])
    return StandardScaler().fit_transform(x)[rows], names[y[rows]]


def streamed(x: Any, y: Any, chunk: int = 50, rounds: int = 1, **parameters: Any) -> LogisticRegression:
    model = LogisticRegression(random_state=0, **parameters)
    for start in list(range(0, x.shape[0], chunk)) * rounds:
        rows = slice(start, start + chunk)
        model.partial_fit(x[rows], y[rows], classes=np.unique(y))
    return model


def objective(model: Any, x: np.ndarray, y: np.ndarray) -> float:
    total = log_loss(y, model.predict_proba(x), labels=model.classes_, normalize=False)
    return float(total + np.square(model.coef_).sum() / (2 * model.C))


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("C", [0.01, 1.0])
def test_comes_near_to_fit(labelled: Data, C: float, fit_intercept: bool) -> None:
    x, y = np.tile(labelled[0], (8, 1)), np.tile(labelled[1], 8)
    parameters = {"C": C / 8, "fit_intercept": fit_intercept}
    model = streamed(x, y, **parameters)
    best = LogisticRegression(tol=1e-8, **parameters).fit(x, y)
    start = LogisticRegression(max_iter=0, **parameters)
    with pytest.warns(UserWarning):
        start.fit(x, y)
    reached, optimum, begun = (objective(each, x, y) for each in (model, best, start))
    assert reached - optimum < 0.1 * (begun - optimum)
    assert (model.intercept_ != 0).any() == fit_intercept
    np.testing.assert_array_equal(model.classes_, best.classes_)


def test_goes_on_from_fit(labelled: Data) -> None:
    x, y = labelled
    model = LogisticRegression(random_state=0).fit(x, y)
    before = objective(model, x, y)
    model.partial_fit(x, y)
    assert objective(model, x, y) < 1.05 * before
    restarted = pickle.loads(pickle.dumps(model)).fit(x, y)
    assert restarted.partial_fit(x, y).coef_ == pytest.approx(model.coef_)


def test_classes_may_be_missing_in_a_chunk(labelled: Data) -> None:
    x, y = labelled
    assert min(len(np.unique(y[k : k + 3])) for k in range(0, len(y), 3)) == 1
    assert streamed(x, y, chunk=3).score(x, y) > 0.9


def test_sparse_float32_and_every_backend(labelled: Data, backend: str) -> None:
    x, y = labelled[0][:100, :4], labelled[1][:100]
    wanted = streamed(x, y)
    other = streamed(csr_array(x.astype(np.float32)), y, backend=backend)
    assert other.coef_.dtype == np.float32
    np.testing.assert_allclose(other.coef_, wanted.coef_, atol=1e-3)


def test_the_same_after_pickling_and_saving(labelled: Data, tmp_path: Path) -> None:
    x, y = labelled
    model = streamed(x[:100], y[:100])
    model.save(tmp_path / "model")
    twins = [pickle.loads(pickle.dumps(model)), LogisticRegression.load(tmp_path / "model")]
    model.partial_fit(x[100:], y[100:])
    for twin in twins:
        np.testing.assert_array_equal(twin.partial_fit(x[100:], y[100:]).coef_, model.coef_)


def test_weights_of_samples_and_classes(labelled: Data) -> None:
    x, y = labelled
    is_first = y == np.unique(y)[0]
    by_class = streamed(x, y, class_weight={np.unique(y)[0]: 5.0})
    by_row = LogisticRegression(random_state=0)
    for start in range(0, len(x), 50):
        rows = slice(start, start + 50)
        by_row.partial_fit(x[rows], y[rows], np.unique(y), np.where(is_first, 5.0, 1.0)[rows])
    np.testing.assert_allclose(by_class.coef_, by_row.coef_)
    plain = streamed(x, y)
    assert (by_class.predict(x) == np.unique(y)[0]).sum() > (plain.predict(x) == np.unique(y)[0]).sum()


def test_summary_needs_the_data_afterwards(labelled: Data) -> None:
    model = streamed(*labelled, C=np.inf)
    with pytest.raises(ValueError, match="summary needs the data"):
        model.summary()


@pytest.mark.parametrize(
    ("parameters", "arguments", "message"),
    [
        ({}, {}, "classes must be passed on the first call"),
        ({}, {"classes": [0]}, "only one class"),
        ({}, {"classes": [0, 1]}, r"y has classes \[2\]"),
        ({"class_weight": "balanced"}, {"classes": [0, 1, 2]}, "needs the classes' frequencies in all rows"),
    ],
)
def test_bad_input_changes_nothing(parameters: dict[str, Any], arguments: dict[str, Any], message: str) -> None:
    model = LogisticRegression(**parameters)
    with pytest.raises(ValueError, match=message):
        model.partial_fit(*load_iris(return_X_y=True), **arguments)
    assert not hasattr(model, "classes_")
    model = streamed(*load_iris(return_X_y=True))
    before = model.coef_
    with pytest.raises(ValueError, match="are not those of the first call"):
        model.partial_fit([[0.0] * 4], [0], classes=[0, 1])
    assert model.coef_ is before


def test_cross_validation_does_not_learn_by_chunks() -> None:
    assert not hasattr(LogisticRegressionCV(), "partial_fit")


@pytest.mark.parametrize("label", [0, 1])
def test_later_divergence_warns_and_keeps_the_last_finished_pass(label: int) -> None:
    model = LogisticRegression(C=np.inf, fit_intercept=False, random_state=0)
    model.partial_fit(np.zeros((2, 2)), [0, 1], classes=[0, 1])
    sign = 2 * label - 1
    model.coef_ = np.array([[sign * 1.7e308, 0.0]])
    # The first row is right and moves nothing; the second moves coef_[0, 1] until the first one's output overflows.
    with pytest.warns(ConvergenceWarning, match=r"diverged in pass 4 of 5.*those of pass 3\. Scale the features"):
        model.partial_fit([[1.0, 1e308], [0.0, 1.0]], [label, label])
    assert model.n_iter_.tolist() == [4]
    assert np.isfinite(model.coef_).all()
    assert 0 < sign * model.coef_[0, 1] < 0.5
    assert np.isfinite(model.decision_function([[1.0, 0.0], [0.0, 1.0]])).all()


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_goes_on_with_another_fit_intercept(labelled: Data, fit_intercept: bool) -> None:
    x, y = labelled
    model = streamed(x, y, fit_intercept=not fit_intercept)
    before = model.score(x, y)
    model.set_params(fit_intercept=fit_intercept).partial_fit(x, y)
    assert (model.intercept_ != 0).any() == fit_intercept
    assert model.score(x, y) > before - 0.05
