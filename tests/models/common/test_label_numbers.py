"""Labels that are integers, of every type and to its ends: none becomes another."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from estimators import X
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression as TheirLogistic

from fastnn import LogisticRegression, LogisticRegressionCV, MLPClassifier, Neuron
from fastnn.models.common.targets import encode, index_of

pytestmark = pytest.mark.filterwarnings(f"ignore::{ConvergenceWarning.__module__}.ConvergenceWarning")

DTYPES = [f"{order}{kind}{size}" for order in "<>" for kind in "iu" for size in (1, 2, 4, 8)]
CROSS_VALIDATED = LogisticRegressionCV(Cs=2, cv=3, l1_ratios=(0.0,), scoring="accuracy", use_legacy_attributes=False)
TWO = {
    "neuron": Neuron(max_iter=3, random_state=0),
    "logistic": LogisticRegression(random_state=0),
    "cross-validated": CROSS_VALIDATED,
    "mlp": MLPClassifier((4,), max_iter=3, random_state=0),
    "hinge": MLPClassifier((4,), loss="hinge", max_iter=3, random_state=0),
}
SMALL = np.where(X[:, 0] > 0, 1, 0)
THREE = SMALL + (X[:, 1] > 0.5)


def ends(dtype: Any, steps: tuple[int, ...]) -> dict[str, np.ndarray]:
    """Classes that lie at the lower and the upper end of a type, around zero and around the end of int64."""
    limits = np.iinfo(dtype)
    firsts = {
        "lower": limits.min,
        "upper": limits.max - steps[-1],
        "around zero": max(-1, limits.min),
        "int64's": 2**63 - 1,
    }
    fitting = {name: first for name, first in firsts.items() if first + steps[-1] <= limits.max}
    return {name: np.array([first + step for step in steps], dtype) for name, first in fitting.items()}


CASES = [
    pytest.param(classes, id=f"{dtype} {name} {steps}")
    for dtype in DTYPES
    for steps in ((0, 1), (0, 2), (0, 1, 2), (0, 3, 100))
    for name, classes in ends(dtype, steps).items()
]


@pytest.mark.parametrize("classes", CASES)
def test_labels_are_counted_as_they_are_sorted(classes: np.ndarray) -> None:
    labels = classes[THREE % len(classes)]
    found, index = encode(labels)
    wanted, wanted_index = np.unique(labels, return_inverse=True)
    assert found.tolist() == wanted.tolist()
    assert found.dtype == wanted.dtype
    np.testing.assert_array_equal(index, wanted_index)


@given(st.sampled_from(DTYPES), st.data())
def test_any_labels(dtype: str, data: st.DataObject) -> None:
    limits = np.iinfo(dtype)
    one = st.integers(int(limits.min), int(limits.max))
    first = data.draw(one)
    near = st.integers(max(first - 20, int(limits.min)), min(first + 20, int(limits.max)))
    labels = np.array(data.draw(st.lists(near | one if data.draw(st.booleans()) else near, min_size=1)), dtype)
    found, index = encode(labels)
    assert found.tolist() == sorted(set(labels.tolist()))
    np.testing.assert_array_equal(found[index], labels)
    np.testing.assert_array_equal(index_of(labels, found), index)


@pytest.mark.parametrize("name", TWO)
@pytest.mark.parametrize("classes", [case for case in CASES if len(case.values[0]) == 2 and "8 " in str(case.id)])
def test_two_classes_of_wide_integers(classes: np.ndarray, name: str) -> None:
    labels = classes[SMALL]
    model = clone(TWO[name]).fit(X, labels)
    theirs = TheirLogistic().fit(X, labels.astype(labels.dtype.newbyteorder("=")))
    assert model.classes_.tolist() == classes.tolist() == theirs.classes_.tolist()
    assert model.classes_.dtype.newbyteorder("=") == theirs.classes_.dtype == theirs.predict(X).dtype
    assert model.predict(X).dtype == model.classes_.dtype
    wanted = clone(TWO[name]).fit(X, SMALL).predict(X)
    np.testing.assert_array_equal(model.predict(X), classes[wanted])
    if hasattr(model, "partial_fit"):
        again = clone(TWO[name]).partial_fit(X, labels, classes=classes).partial_fit(X[:1], labels[:1])
        np.testing.assert_array_equal(again.predict(X), classes[_twice(name).predict(X)])


def _twice(name: str) -> Any:
    return clone(TWO[name]).partial_fit(X, SMALL, classes=[0, 1]).partial_fit(X[:1], SMALL[:1])


@pytest.mark.parametrize("first", [0, 1, 2**63 - 2, 2**64 - 3])
@pytest.mark.parametrize("model", [LogisticRegression(), MLPClassifier((4,), max_iter=3, random_state=0)], ids=str)
def test_three_classes_of_the_widest_integers(model: Any, first: int) -> None:
    classes = np.array([first, first + 1, first + 2], np.uint64)
    assert clone(model).fit(X, classes[THREE]).classes_.tolist() == classes.tolist()
    held_out = {} if isinstance(model, LogisticRegression) else {"X_val": X, "y_val": classes[THREE]}
    predicted = clone(model).fit(X, classes[THREE], **held_out).predict(X)
    np.testing.assert_array_equal(predicted, classes[clone(model).fit(X, THREE).predict(X)])


@pytest.mark.parametrize("name", ["neuron", "logistic", "mlp"])
def test_lists_of_the_widest_classes(name: str) -> None:
    """NumPy makes float64 of it, in which the two are one."""
    classes = [2**63 - 1, 2**63]
    labels = np.array(classes, np.uint64)[SMALL]
    for y in (labels, labels.tolist()):
        for model in (clone(TWO[name]).partial_fit(X, y, classes=classes), clone(TWO[name]).fit(X, y)):
            assert model.classes_.tolist() == classes
            assert model.score(X, y) == np.mean(model.predict(X) == labels)


@pytest.mark.parametrize(
    ("classes", "labels", "index"),
    [
        (np.array([2**63 - 1, 2**63], np.uint64), np.array([2**63 - 1]), [0]),
        (np.array([-1, 2**63 - 2, 2**63 - 1]), np.array([2**63 - 1, 2**63 - 2], np.uint64), [2, 1]),
        (np.array([3, 300]), np.array([3], np.uint8), [0]),
        (np.array([3, 200], np.uint8), np.array([200, 3]), [1, 0]),
    ],
)
def test_signed_and_unsigned_labels_meet(classes: np.ndarray, labels: np.ndarray, index: list[int]) -> None:
    assert index_of(labels, classes).tolist() == index


@pytest.mark.parametrize(
    ("classes", "labels"),
    [
        (np.array([-1, 0]), np.array([2**64 - 1], np.uint64)),
        (np.array([2**63 - 1, 2**63], np.uint64), np.array([-(2**63)])),
        (np.array([3, 200], np.uint8), np.array([259])),
        (np.array([3, 200], np.uint8), np.array([-56])),
    ],
)
def test_labels_that_would_wrap_are_unknown(classes: np.ndarray, labels: np.ndarray) -> None:
    with pytest.raises(ValueError, match="y has classes .* that are not in"):
        index_of(labels, classes)
