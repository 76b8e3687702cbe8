"""Weights that users put in the place of what was learnt, and learning that goes on from them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.base import clone

from fastnn import LogisticRegression, MLPClassifier, Neuron


@pytest.mark.parametrize(
    "model",
    [
        LogisticRegression(random_state=0),
        MLPClassifier((3,), random_state=0),
        MLPClassifier((3,), random_state=0, ema=0.5),
        Neuron(random_state=0),
        Neuron(random_state=0, average=True),
    ],
    ids=["logistic", "MLP", "MLP with an average", "neuron", "neuron with an average"],
)
def test_partial_fit_goes_on_from_assigned_weights_of_another_dtype(model: Any, rng: np.random.Generator) -> None:
    x = rng.standard_normal((40, 3))
    y = (x[:, 0] > 0).astype(int)
    model = clone(model).partial_fit(x, y, classes=[0, 1])
    for name in ("coef_", "intercept_", "coefs_", "intercepts_"):
        now = getattr(model, name, None)
        if now is not None:
            setattr(model, name, [w.astype("f4") for w in now] if isinstance(now, list) else now.astype("f4"))
    model.partial_fit(x, y)
    weights = model.coefs_[0] if hasattr(model, "coefs_") else model.coef_
    assert weights.dtype == np.float32
    assert np.isfinite(weights).all()
