"""Early stopping by a scorer: it knows all classes, rare ones too, and no score that is no number is the best."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning, UndefinedMetricWarning
from sklearn.metrics import average_precision_score, f1_score, log_loss, make_scorer
from sklearn.model_selection import train_test_split

from fastnn import MLPClassifier, MLPRegressor
from fastnn.models.mlp.split import split

pytestmark = pytest.mark.filterwarnings(f"ignore::{ConvergenceWarning.__module__}.ConvergenceWarning")

INDEX = np.r_[np.zeros(36, int), np.ones(20, int), np.full(4, 2)]
X = np.random.default_rng(0).normal(size=(60, 3)) + INDEX[:, None]
Y = {
    "numbers": INDEX,
    "strings": np.array(["a", "b", "c"])[INDEX],
    "two": np.array(["no", "yes"])[np.minimum(INDEX, 1)],
    "rare": (INDEX == 2).astype(int),
    "ones and twos": np.minimum(INDEX, 1) + 1,
}
MANY = ("neg_log_loss", "neg_brier_score", "roc_auc_ovr", "roc_auc_ovo", "top_k_accuracy", "average_precision")
TWO = ("f1", "precision", "recall", "jaccard", "roc_auc", "average_precision", "neg_log_loss", "neg_brier_score")
CASES: list[Any] = [(kind, scoring) for kind in ("numbers", "strings") for scoring in MANY]
CASES[-1] = pytest.param(*CASES[-1], marks=pytest.mark.sklearn_1_9)  # where average_precision can read strings
CASES += [(kind, scoring) for kind in ("two", "rare", "ones and twos") for scoring in TWO]


def model_of(scoring: Any, **how: Any) -> MLPClassifier:
    return MLPClassifier((3,), **{"scoring": scoring, "early_stopping": True, "max_iter": 2, "random_state": 0} | how)


# --- which samples are held out -----------------------------------------------------------------


@pytest.mark.filterwarnings(f"ignore::{UndefinedMetricWarning.__module__}.UndefinedMetricWarning")
@pytest.mark.parametrize(("kind", "scoring"), CASES)
def test_a_scorer_for_labels_of_every_kind(kind: str, scoring: str) -> None:
    for seed in range(6):
        model = model_of(scoring, random_state=seed).fit(X, Y[kind])
        assert np.isfinite(model.validation_scores_).all()


def drawn(scoring: str | None, n_classes: int, y: np.ndarray, seed: int, fraction: float = 0.1) -> Any:
    """The rows to train on, and those held out, of a classifier with such a scoring."""
    return split(y, fraction, seed, n_classes=n_classes, for_scorer=scoring not in (None, "loss"))


def one_hot(index: np.ndarray) -> np.ndarray:
    return np.eye(index.max() + 1)[index]


def test_the_split_without_a_scorer_is_scikit_learns() -> None:
    for scoring in (None, "loss"):
        wanted = train_test_split(np.arange(60), test_size=0.1, random_state=3)
        for mine, other in zip(drawn(scoring, 3, one_hot(INDEX), 3), wanted, strict=True):
            np.testing.assert_array_equal(mine, other)
    of_two = np.minimum(INDEX, 1)
    wanted = train_test_split(np.arange(60), test_size=0.1, random_state=3, stratify=of_two)
    for scoring in (None, "f1"):
        for mine, other in zip(drawn(scoring, 2, of_two[:, None], 3), wanted, strict=True):
            np.testing.assert_array_equal(mine, other)


@pytest.mark.parametrize("fraction", [0.1, 0.5, 0.9])
def test_every_class_with_two_samples_is_on_both_sides(fraction: float) -> None:
    index = np.r_[INDEX, 3, 4, 4, 5]
    for seed in range(20):
        rows, held = drawn("f1_macro", 6, one_hot(index), seed, fraction)
        assert len(held) == math.ceil(fraction * 64)
        np.testing.assert_array_equal(np.sort(np.r_[rows, held]), np.arange(64))
        assert set(index[held]) == {0, 1, 2, 4}
        assert set(index[rows]) == {0, 1, 2, 3, 4, 5}
        for mine, again in zip(drawn("f1_macro", 6, one_hot(index), seed, fraction), (rows, held), strict=True):
            np.testing.assert_array_equal(mine, again)


def test_splits_with_more_classes_than_held_out_samples() -> None:
    index = np.arange(40) % 20
    rows, held = drawn("f1_macro", 20, one_hot(index), 0)
    assert (len(rows), len(held)) == (36, 4)
    assert len(set(index[held])) == 4  # no class twice while another is missing
    assert set(index[rows]) == set(range(20))
    index = np.r_[np.zeros(20, int), 1 + np.arange(30) // 2, 16 + np.arange(10)]
    for seed in range(20):
        rows, held = drawn("f1_macro", 26, one_hot(index), seed)
        assert set(index[rows]) == set(range(26))  # those with one sample, and those with two
    rows, held = drawn("f1_macro", 40, np.eye(40), 0)
    assert (len(rows), len(held)) == (36, 4)
    with pytest.raises(ValueError, match="validation set is too small: 1 of 9 samples"):
        drawn(None, 9, np.eye(9), 0)


@pytest.mark.parametrize("scoring", [None, "f1_macro"])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_splits_that_leave_nothing_to_train_on(scoring: str | None, n_classes: int) -> None:
    index = np.arange(60) % n_classes
    with pytest.raises(ValueError, match="^validation_fraction=0.99 of 60 samples leaves none to train on"):
        drawn(scoring, n_classes, one_hot(index), 0, 0.99)
    rows, held = drawn(scoring, n_classes, one_hot(index), 0, 0.98)
    assert (len(rows), len(held)) == (1, 59)


@pytest.mark.parametrize("scoring", [None, "accuracy", "neg_log_loss"])
def test_a_class_with_one_sample(scoring: str | None) -> None:
    for y in (np.where(np.arange(60) == 7, "odd", "even"), np.where(np.arange(60) == 7, 3, INDEX)):
        model = model_of(scoring).fit(X, y)
        assert np.isfinite(model.validation_scores_).all()


# --- what scorers are told ----------------------------------------------------------------------


def test_a_validation_set_that_lacks_a_class() -> None:
    x_val, y_val = X[:40], Y["strings"][:40]
    model = model_of("neg_log_loss").fit(X, Y["strings"], X_val=x_val, y_val=y_val)
    wanted = log_loss(y_val, model.predict_proba(x_val), labels=list("abc"))
    assert model.best_validation_score_ == pytest.approx(-wanted)
    # A metric of predictions averages over the classes that it sees, as it does alone.
    model = model_of("f1_macro").fit(X, Y["strings"], X_val=x_val, y_val=y_val)
    assert model.best_validation_score_ == pytest.approx(f1_score(y_val, model.predict(x_val), average="macro"))


def test_which_class_is_the_positive_one() -> None:
    y = Y["two"]
    for scoring in ("f1", make_scorer(f1_score)):
        model = model_of(scoring).fit(X, y, X_val=X, y_val=y)
        assert model.best_validation_score_ == pytest.approx(f1_score(y, model.predict(X), pos_label="yes"))
    model = model_of(make_scorer(f1_score, pos_label="no")).fit(X, y, X_val=X, y_val=y)
    assert model.best_validation_score_ == pytest.approx(f1_score(y, model.predict(X), pos_label="no"))
    model = model_of("average_precision").fit(X, y, X_val=X, y_val=y)
    wanted = average_precision_score(y, model.predict_proba(X)[:, 1], pos_label="yes")
    assert model.best_validation_score_ == pytest.approx(wanted)
    y = Y["ones and twos"]  # of which the metric takes 1
    model = model_of("f1").fit(X, y, X_val=X, y_val=y)
    assert model.best_validation_score_ == pytest.approx(f1_score(y, model.predict(X)))


def test_several_labels_are_not_classes() -> None:
    y = np.column_stack([INDEX > 0, INDEX > 1, np.arange(60) % 2]).astype(int)
    for scoring in ("average_precision", "f1_samples", "roc_auc"):
        model = model_of(scoring).fit(X, y, X_val=X, y_val=y)
        assert np.isfinite(model.validation_scores_).all()


# --- scores that are no numbers -----------------------------------------------------------------


def scorer_of(*scores: float) -> Callable[..., float]:
    """A scorer that gives these scores, and the last one from then on."""
    left = list(scores)
    return lambda *_: left.pop(0) if len(left) > 1 else left[0]


def test_no_score_at_all_is_an_error() -> None:
    y = np.where(np.arange(60) == 7, 3, INDEX)
    model = model_of("roc_auc_ovr")
    before = dict(vars(model))
    missing = r"scoring='roc_auc_ovr' was no number \(NaN\) after each of 2 epochs.* of the classes \[3\].*X_val"
    with pytest.warns(UndefinedMetricWarning), pytest.raises(ValueError, match=missing):
        model.fit(X, y)
    assert vars(model) == before
    with pytest.raises(ValueError, match=r"scoring=<.* was no number \(NaN\) after each of 11 epochs"):
        model_of(scorer_of(math.nan), max_iter=99).fit(X, y)
    one_row: dict[str, Any] = {"X_val": X[:1], "y_val": X[:1, 0]}
    with pytest.warns(UndefinedMetricWarning), pytest.raises(ValueError, match="The score was no number"):
        MLPRegressor(hidden_layer_sizes=(3,), early_stopping=True, max_iter=2).fit(X, X[:, 0], **one_row)
    labels = np.column_stack([INDEX > 0, np.arange(60) == 7, INDEX > 1]).astype(int)
    alike: dict[str, Any] = {"X_val": X[8:], "y_val": labels[8:]}
    with pytest.warns(UndefinedMetricWarning), pytest.raises(ValueError, match=r"alike in the labels \[1\]"):
        model_of("roc_auc").fit(X, labels, **alike)


@pytest.mark.sklearn_1_9
def test_a_scorer_that_cannot_do_without_a_class_is_heard() -> None:
    y = np.where(np.arange(60) == 7, 3, INDEX)
    said = r"scoring='average_precision' cannot score .* of the classes \[3\].* It said: "
    with pytest.raises(ValueError, match=said):
        model_of("average_precision").fit(X, y)


def test_no_score_of_a_second_fit_is_an_error_too() -> None:
    model = model_of("accuracy", warm_start=True).fit(X, INDEX)
    with pytest.raises(ValueError, match="was no number"):
        model.set_params(scoring=scorer_of(math.nan)).fit(X, INDEX)
    model = model_of(scorer_of(math.nan), early_stopping=False, warm_start=True, max_iter=3)
    model.fit(X, INDEX, X_val=X, y_val=INDEX)  # which only looks on
    assert math.isnan(model.best_validation_score_)
    model.set_params(scoring=scorer_of(0.5, 0.7, 0.6), early_stopping=True).fit(X, INDEX)
    assert model.best_validation_score_ == 0.7


@pytest.mark.parametrize("scores", [(math.nan, 0.1, math.nan), (math.nan, 0.1, 0.0), (-math.inf, 0.1, math.nan)])
def test_a_score_that_is_no_number_is_never_the_best(scores: tuple[float, ...]) -> None:
    model = model_of(scorer_of(*scores), max_iter=3).fit(X, INDEX, X_val=X, y_val=INDEX)
    until_then = model_of(None, early_stopping=False, max_iter=2).fit(X, INDEX)
    np.testing.assert_array_equal(model.coefs_[0], until_then.coefs_[0])
    assert model.best_validation_score_ == 0.1


def test_the_first_weights_are_never_the_best() -> None:
    own: dict[str, Any] = {"X_val": X, "y_val": INDEX}
    last = model_of(None, early_stopping=False).fit(X, INDEX)
    model = model_of(scorer_of(-math.inf)).fit(X, INDEX, **own)
    np.testing.assert_array_equal(model.coefs_[0], last.coefs_[0])


@pytest.mark.callbacks
def test_nor_are_they_after_ctrl_c() -> None:
    def interrupt(epoch: Any) -> None:
        if epoch.number == 3:
            raise KeyboardInterrupt

    model = model_of(scorer_of(math.nan), max_iter=9).set_callbacks(interrupt)
    model.fit(X, INDEX, X_val=X, y_val=INDEX)
    last = model_of(None, early_stopping=False, max_iter=3).fit(X, INDEX)
    np.testing.assert_array_equal(model.coefs_[0], last.coefs_[0])
