"""X, y and weights in containers of every kind, at the doors of all estimators: the same answers, or refused in words.

A refusal leaves the estimator as it was.
"""

from __future__ import annotations

import copy
import warnings
from functools import cache
from typing import Any

import numpy as np
import pytest
from containers import COLUMNS, NUMBERS, REFUSED_COLUMN, REFUSED_WEIGHTS, REFUSED_X, SAME_X
from estimators import MODELS
from hypothesis import given, settings
from hypothesis import strategies as st
from sameness import same
from sklearn.base import clone, is_classifier
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning

pytestmark = [
    pytest.mark.filterwarnings(f"ignore::{each.__module__}.{each.__name__}")
    for each in (ConvergenceWarning, DataConversionWarning)
]
pytestmark += [
    pytest.mark.filterwarnings(f"ignore:X {names}") for names in ("does not have valid", "has feature names")
]

REFUSALS = (ValueError, TypeError)
N = 40
X = np.random.default_rng(0).integers(-8, 8, (N, 3)) / 4  # so that every dtype has them exactly
Y = (X[:, 0] + 0.3 * X[:, 1] > 0).astype(float)
WEIGHTS = np.random.default_rng(1).integers(1, 4, N).astype(float)

names = st.sampled_from(list(MODELS))
SEVERAL = ("classifier", "margins", "regressor")
few = settings(max_examples=max(settings().max_examples // 3, 1))


def of(*containers: Any) -> st.SearchStrategy[tuple[str, Any]]:
    """A name and a maker of what stands for an argument, from one of the tables."""
    return st.sampled_from([pair for table in containers for pair in table.items()])


# --- the same numbers ---------------------------------------------------------------------------


@few
@given(names, of(SAME_X), st.booleans())
def test_x_in_every_container(name: str, container: tuple[str, Any], partial: bool) -> None:
    x = made(container, X)
    model = learner(name)
    if not learns(model, partial, container, x, Y):
        return
    wanted = fit(learner(name), partial, as_plain(container), Y)
    assert_alike(answers(wanted, X), answers(model, X), container)
    assert_alike(answers(wanted, X), answers(model, made(container, X)), container)


@few
@given(names, of(NUMBERS, COLUMNS), st.booleans())
def test_y_in_every_container(name: str, container: tuple[str, Any], partial: bool) -> None:
    y, model = made(container, Y), learner(name)
    if learns(model, partial, container, X, y):
        assert_alike(answers(fit(learner(name), partial, X, Y), X), answers(model, X), container)


@few
@given(names, of(NUMBERS, COLUMNS), st.booleans())
def test_weights_in_every_container(name: str, container: tuple[str, Any], partial: bool) -> None:
    weights, model = made(container, WEIGHTS), learner(name)
    if learns(model, partial, container, X, Y, weights):
        assert_alike(answers(fit(learner(name), partial, X, Y, WEIGHTS), X), answers(model, X), container)


@few
@given(st.sampled_from(SEVERAL), of(SAME_X), st.booleans(), st.booleans())
def test_several_labels_or_numbers_in_every_container(
    name: str, container: tuple[str, Any], partial: bool, held_out: bool
) -> None:
    several = X if name == "regressor" else (X > 0).astype(float)
    y, model, classes = made(container, several), learner(name), [0, 1, 2]
    if learns(model, partial, container, X, y, None, classes):
        wanted = fit(learner(name), partial, X, several, None, classes)
        if held_out:
            wanted, model = (learner(name).fit(X, several, X_val=X, y_val=each) for each in (several, y))
            assert wanted.validation_loss_curve_ == model.validation_loss_curve_
        for one, other in zip(wanted.coefs_, model.coefs_, strict=True):
            np.testing.assert_array_equal(one, other, err_msg=container[0])


def made(container: tuple[str, Any], plain: np.ndarray) -> Any:
    """The container with those numbers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pandas and SciPy
        return container[1](plain.copy())


def as_plain(container: tuple[str, Any]) -> np.ndarray:
    """X as a plain array, of float32 where the container has that."""
    return X.astype(np.float32) if "float32" in container[0] else X


def learner(name: str) -> Any:
    """A model to fit, in few epochs."""
    return clone(MODELS[name]).set_params(random_state=0)


def fit(model: Any, partial: bool, x: Any, y: Any, weights: Any = None, labels: Any = (0.0, 1.0)) -> Any:
    """Fit the model, or in part where it can."""
    if not (partial and hasattr(model, "partial_fit")):
        return model.fit(x, y, weights)
    classes = {"classes": labels} if is_classifier(model) else {}
    return model.partial_fit(x, y, sample_weight=weights, **classes)


def learns(model: Any, partial: bool, container: tuple[str, Any], *data: Any) -> bool:
    """Whether the model can be fitted to that; if not it says so, and is as it was."""
    before = snapshot(model)
    try:
        fit(model, partial, *data)
    except REFUSALS as refusal:
        assert str(refusal), container[0]
        assert_unchanged(model, before)
        return False
    return True


def answers(model: Any, x: Any) -> np.ndarray:
    """Probabilities, or what the model has instead."""
    found: np.ndarray = getattr(model, "predict_proba", model.predict)(x)
    return found


def assert_alike(wanted: np.ndarray, found: np.ndarray, container: tuple[str, Any]) -> None:
    """The same but for the order of sums, in the dtype of the smaller one."""
    exact = wanted.dtype == found.dtype == np.float64
    np.testing.assert_allclose(found, wanted, **({"rtol": 1e-8} if exact else {"rtol": 1e-3}), err_msg=container[0])


# --- what is no X, no y and no weight -----------------------------------------------------------


@few
@given(names, of(REFUSED_X), st.booleans(), st.booleans())
def test_what_is_no_x_is_refused(name: str, container: tuple[str, Any], partial: bool, fitted: bool) -> None:
    refuses(name, container, partial, fitted, made(container, X), Y)


@few
@given(names, of(REFUSED_COLUMN), st.booleans(), st.booleans())
def test_what_is_no_y_is_refused(name: str, container: tuple[str, Any], partial: bool, fitted: bool) -> None:
    refuses(name, container, partial, fitted, X, made(container, Y))


@few
@given(names, of(REFUSED_WEIGHTS), st.booleans(), st.booleans())
def test_what_is_no_weight_is_refused(name: str, container: tuple[str, Any], partial: bool, fitted: bool) -> None:
    refuses(name, container, partial, fitted, X, Y, made(container, WEIGHTS))


@few
@given(names, of(REFUSED_X))
def test_what_is_no_x_is_refused_by_a_fitted_model(name: str, container: tuple[str, Any]) -> None:
    if container[0] == "a row less":
        return
    model = fitted_model(name)
    before = snapshot(model)
    with pytest.raises(REFUSALS) as refusal:
        answers(model, made(container, X))
    assert str(refusal.value)
    assert_unchanged(model, before)


@cache
def _fitted(name: str) -> Any:
    return clone(MODELS[name]).fit(X, Y)


def fitted_model(name: str) -> Any:
    """A model that has been fitted."""
    return copy.deepcopy(_fitted(name))


def refuses(name: str, container: tuple[str, Any], partial: bool, fitted: bool, *data: Any) -> None:
    """Fail unless a fit is refused in words, and changes nothing."""
    model = fitted_model(name) if fitted else learner(name)
    before = snapshot(model)
    with pytest.raises(REFUSALS) as refusal:
        fit(model, partial, *data)
    assert str(refusal.value), container[0]
    assert_unchanged(model, before)


def snapshot(model: Any) -> dict[str, Any]:
    """All that the model holds."""
    return copy.deepcopy(vars(model))


def assert_unchanged(model: Any, before: dict[str, Any]) -> None:
    """The model holds what it held."""
    assert list(vars(model)) == list(before)
    for name, value in before.items():
        assert name in ("_network", "_training") or same(vars(model)[name], value), name  # these hold what others hold
