"""Classes and labels in headers of C: they are those of the models, of the types that C has for them."""

from __future__ import annotations

import ctypes
import sys

import numpy as np
import pytest
from c_headers import library_of

from fastnn import LogisticRegression, MLPClassifier, to_c

pytestmark = [
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="calls the compilers of Linux"),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]

N = 200
NUMBER = np.arange(N) % 3
SEVERAL = np.stack([NUMBER > 0, NUMBER > 1], axis=1).astype(int)


def samples(dtype):
    return np.random.default_rng(0).normal(1, 2, (N, 5)).astype(dtype)


@pytest.mark.parametrize(
    ("labels", "kind", "dtype"),
    [
        (NUMBER * 5 - 2, "long", np.int64),
        (NUMBER + 2**40, "long long", np.int64),
        (NUMBER.astype(np.uint64) + np.uint64(2**63), "unsigned long long", np.uint64),
        (NUMBER > 0, "long", np.int64),
        (NUMBER.astype(np.float32), "double", np.float64),
        (np.array([-(2**31), 0, 2**31 - 1])[NUMBER], "long", np.int64),
        (np.array([-(2**63), 0, 2**63 - 1])[NUMBER], "long long", np.int64),
        (np.array([0, 1, 2**64 - 1], np.uint64)[NUMBER], "unsigned long long", np.uint64),
    ],
    ids=["int", "large", "unsigned", "bool", "float", "limits of 32 bits", "limits of 64", "limits of unsigned"],
)
def test_labels_that_are_numbers(labels, kind, dtype, tmp_path):
    x = samples(np.float64)
    model = LogisticRegression().fit(x, labels)
    library = library_of(tmp_path, {"model": (to_c(model, None, method="predict"), "predict", kind)})
    np.testing.assert_array_equal(library.run("model", x, np.empty(N, dtype)), model.predict(x).astype(dtype))
    assert library.is_right("model")


@pytest.mark.parametrize("kind", [np.str_, object])
def test_labels_that_are_words(kind, tmp_path):
    words = np.array(['say "no"?', "yes\\n\n", "é??/1"], kind)
    x = samples(np.float64)
    model = MLPClassifier((4,), max_iter=3).fit(x, words[NUMBER])
    library = library_of(tmp_path, {"model": (to_c(model, None, method="predict"), "predict", "const char *")})
    found = library.run("model", x, np.zeros(N, np.uintp))
    np.testing.assert_array_equal([ctypes.string_at(int(each)).decode() for each in found], model.predict(x))
    assert library.is_right("model")


def test_several_labels_a_row(tmp_path):
    x = samples(np.float32)
    model = MLPClassifier((6,), max_iter=20, random_state=0).fit(x, SEVERAL)
    library = library_of(tmp_path, {"model": (to_c(model, None, method="predict"), "predict", "int")})
    np.testing.assert_array_equal(library.run("model", x, np.empty((N, 2), np.intc)), model.predict(x))
    assert library.is_right("model")


def test_one_class_is_always_the_answer(tmp_path):
    x = samples(np.float64)
    model = MLPClassifier((4,), max_iter=2).fit(x, np.full(N, 7))
    library = library_of(tmp_path, {"model": (to_c(model, None, method="predict"), "predict", "long")})
    assert (library.run("model", x, np.empty(N, np.int64)) == 7).all()


@pytest.mark.parametrize(
    "classes", [["a", 1, None], ["a", "b\0c", "d"], ["a", "b", "\ud800"], [0, 1, 2**64]], ids=ascii
)
def test_labels_that_c_has_no_type_for(classes):
    model = LogisticRegression().fit(samples(np.float64), NUMBER)
    model.classes_ = np.array(classes, object)
    with pytest.raises(ValueError, match=r"no type for: \["):
        to_c(model, None, method="predict")
