"""Data for models here and at scikit-learn, and whether two of them give the same."""

from __future__ import annotations

import numpy as np

__all__ = ["NUMBER", "SEVERAL", "WORDS", "N", "X", "assert_same", "dense"]

CLOSE = {np.dtype(np.float32): 1e-6, np.dtype(np.float64): 2e-15}
N = 120
X = np.random.default_rng(0).normal(size=(N, 6))
NUMBER = np.digitize(X[:, 0], [-0.5, 0.5])
WORDS = np.array(["no", "yes", "é"])[NUMBER]
SEVERAL = np.stack([NUMBER > 0, NUMBER > 1], axis=1).astype(int)
NAMES = ("predict_proba", "decision_function", "predict")


def dense(array):
    return array.toarray() if hasattr(array, "toarray") else array


def assert_same(these, those, x):
    for name in NAMES:
        if not (hasattr(these, name) and hasattr(those, name)):
            continue
        got, wanted = getattr(these, name)(x), getattr(those, name)(x)
        assert type(got) is type(wanted)
        got, wanted = dense(got), dense(wanted)
        if len(getattr(those, "classes_", (1, 2))) == 1 and name == "predict_proba":
            continue  # two columns there, and one here
        assert got.dtype == wanted.dtype
        if got.dtype.kind == "f" and not hasattr(those, "classes_") or name != "predict":
            error = np.abs(got - wanted).max() / max(1.0, np.abs(wanted).max())
            assert error <= CLOSE[x.dtype], (name, error)
        else:
            np.testing.assert_array_equal(got, wanted)
