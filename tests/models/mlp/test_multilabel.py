"""Several labels a sample: weights of classes, margins, and what does not go together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import make_multilabel_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss
from sklearn.model_selection import cross_val_score
from sklearn.utils.class_weight import compute_sample_weight

from fastnn import LogisticRegression, MLPClassifier

pytestmark = pytest.mark.filterwarnings(f"ignore::{ConvergenceWarning.__module__}.ConvergenceWarning")

X, Y = make_multilabel_classification(120, n_features=6, n_classes=3, random_state=0)
SMALL: dict[str, Any] = {"hidden_layer_sizes": (5,), "max_iter": 5, "random_state": 0}
DICTS = [{0: 1.0, 1: 5.0}, {1: 0.5}, {}]


def assert_same(ours: MLPClassifier, wanted: MLPClassifier) -> None:
    for one, other in zip(ours.coefs_, wanted.coefs_, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("loss", ["cross_entropy", "hinge"])
@pytest.mark.parametrize("class_weight", ["balanced", DICTS], ids=["balanced", "dicts"])
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_class_weights_are_products_over_labels(class_weight: Any, loss: str, solver: str) -> None:
    """As scikit-learn's compute_sample_weight has it."""
    whole = class_weight if isinstance(class_weight, str) else [{0: 1.0, 1: 1.0} | own for own in DICTS]
    weight = compute_sample_weight(whole, Y)
    settings = {**SMALL, "loss": loss, "solver": solver}
    ours = MLPClassifier(class_weight=class_weight, **settings).fit(X, Y)
    assert_same(ours, MLPClassifier(**settings).fit(X, Y, weight))


def test_class_weights_of_weighted_held_out_and_absent_labels() -> None:
    weight = np.random.default_rng(0).uniform(0.5, 2, len(X))
    ours = MLPClassifier(class_weight=DICTS, **SMALL).fit(X, Y, weight, X_val=X[:50], y_val=Y[:50])
    of_row = np.where(Y[:, 0] > 0, 5.0, 1.0) * np.where(Y[:, 1] > 0, 0.5, 1.0)
    assert_same(ours, MLPClassifier(**SMALL).fit(X, Y, weight * of_row))
    p, held_out = ours.predict_proba(X[:50]), of_row[:50]
    wanted = sum(log_loss(Y[:50, k], p[:, k], sample_weight=held_out) for k in range(3))
    assert ours.validation_loss_curve_[-1] == pytest.approx(wanted)
    nobody = Y * [1, 1, 0]
    assert_same(
        MLPClassifier(class_weight="balanced", **SMALL).fit(X, nobody),
        MLPClassifier(**SMALL).fit(X, nobody, compute_sample_weight("balanced", nobody)),
    )
    ours = MLPClassifier(class_weight=DICTS, **SMALL)
    other = MLPClassifier(**SMALL)
    for rows in (slice(60), slice(60, None)):
        ours.partial_fit(X[rows], Y[rows], classes=[0, 1, 2])
        other.partial_fit(X[rows], Y[rows], of_row[rows], classes=[0, 1, 2])
    assert_same(ours, other)


@pytest.mark.parametrize(
    ("class_weight", "message"),
    [
        ({0: 2.0}, "wanted 'balanced' or a list of dicts: y has 3 labels"),
        (DICTS[:2], "class_weight has 2 dicts, wanted 3"),
        ([*DICTS[:2], {1: -1.0}], "class_weight has -1.0, wanted finite"),
        ([*DICTS[:2], {1: np.nan}], "class_weight has nan, wanted finite"),
        ([{0: 0.0, 1: 0.0}, *DICTS[1:]], "leaves no row with a weight above zero"),
        ([{2: 1.0}, *DICTS[1:]], "not in class_weight"),
        ([1.0, 2.0, 3.0], "a list of dicts, one for each of several labels"),
    ],
)
def test_impossible_class_weights(class_weight: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MLPClassifier(class_weight=class_weight).fit(X, Y)


@pytest.mark.parametrize("estimator", [MLPClassifier(**SMALL), LogisticRegression()], ids=["mlp", "logistic"])
def test_class_weights_of_one_label_a_sample(estimator: Any) -> None:
    y = np.array(["a", "b", "c"])[Y.argmax(axis=1)]
    weight = (y != "b").astype(float)
    without = estimator.set_params(class_weight="balanced").fit(X, y, weight)
    assert np.isfinite(without.predict_proba(X)).all()  # a class that weighs nothing has no share to divide
    for class_weight, message in (
        ({"a": -1.0}, "class_weight has -1.0, wanted finite"),
        ({"a": np.inf}, "class_weight has inf, wanted finite"),
        ({"a": 0, "b": 0, "c": 0}, "leaves no row with a weight above zero"),
    ):
        with pytest.raises(ValueError, match=message):
            estimator.set_params(class_weight=class_weight).fit(X, y)
    if isinstance(estimator, MLPClassifier):
        with pytest.raises(ValueError, match="lists of dicts are for several labels"):
            estimator.set_params(class_weight=DICTS).fit(X, y)


def test_hinge_has_a_margin_for_every_label(tmp_path: Path) -> None:
    """One network without hidden layers is as many linear classifiers, each trained on its label alone."""
    how: dict[str, Any] = {"loss": "hinge", "solver": "sgd", "momentum": 0, "alpha": 0, "random_state": 0}
    how |= {"shuffle": False, "max_iter": 30, "learning_rate_init": 0.05}
    how |= {"tol": 0, "n_iter_no_change": 30}
    start = {"coef_init": [np.zeros((6, 3))], "intercept_init": [np.zeros(3)]}
    x = (X - X.mean(axis=0)) / X.std(axis=0)
    model = MLPClassifier((), **how, **start).fit(x, Y)
    z = model.decision_function(x)
    assert z.shape == Y.shape
    for k in range(3):
        start = {"coef_init": [np.zeros((6, 1))], "intercept_init": [np.zeros(1)]}
        alone = MLPClassifier((), **how, **start).fit(x, Y[:, k])
        np.testing.assert_allclose(z[:, k], alone.decision_function(x), atol=1e-10)
    np.testing.assert_array_equal(model.predict(x), (z > 0).astype(int))
    assert model.score(x, Y) > 0.5
    assert (model.out_activation_, model.n_outputs_) == ("identity", 3)
    assert not hasattr(model, "predict_proba")
    model.save(tmp_path / "model.fnn")
    twin = MLPClassifier.load(tmp_path / "model.fnn")
    np.testing.assert_array_equal(twin.predict(x), model.predict(x))
    twin.partial_fit(x, Y)
    with pytest.raises(ValueError, match="y has shape .*wanted one of the 3 labels in each column"):
        twin.partial_fit(x, Y[:, 0])
    early = MLPClassifier((5,), loss="hinge", early_stopping=True, random_state=0).fit(x, Y)
    assert 0 <= early.best_validation_score_ <= 1
    assert cross_val_score(MLPClassifier((5,), loss="hinge", max_iter=5), x, Y, cv=3, error_score="raise").min() >= 0


def test_hinge_of_many_classes_is_still_one_label(tmp_path: Path) -> None:
    model = MLPClassifier((5,), loss="hinge", max_iter=5, random_state=0).fit(X, Y.argmax(axis=1))
    assert model.predict(X).shape == (len(X),)
    with pytest.raises(ValueError, match=r"y has shape \(120, 3\), wanted \(n,\)"):
        model.partial_fit(X, Y)
    assert model.predict(X).shape == (len(X),)
