"""One small model of every kind, and data to fit them on."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn import LogisticRegression, LogisticRegressionCV, MLPClassifier, MLPRegressor, NAdam, Neuron
from fastnn.losses import pinball
from fastnn.schedules import Cosine, Plateau

X = np.random.default_rng(0).normal(size=(60, 3))
Y = (X[:, 0] > 0).astype(int)
MODELS = {
    "neuron": Neuron(random_state=0, max_iter=3),
    "unit": Neuron("gelu", random_state=0, max_iter=3),
    "perceptron": Neuron("sign", average=True, keep_history=True, random_state=0, max_iter=3),
    "logistic": LogisticRegression(),
    "unpenalised": LogisticRegression(C=np.inf, tol=1e-8),
    "cross-validated": LogisticRegressionCV(
        Cs=3, cv=3, l1_ratios=(0.0,), scoring="accuracy", use_legacy_attributes=False
    ),
    "classifier": MLPClassifier((5, 4), ["tanh", "silu"], random_state=0, max_iter=3),
    "sgd": MLPClassifier(
        (5,), solver="sgd", learning_rate="invscaling", out_activation="softmax", random_state=0, max_iter=3
    ),
    "regressor": MLPRegressor(hidden_layer_sizes=(5,), random_state=0, max_iter=3),
    "everything": MLPClassifier(
        (5, 4),
        solver=NAdam(clip_norm=1.0),
        learning_rate=Plateau(0.01, patience=0),
        max_iter=3,
        random_state=0,
        label_smoothing=0.1,
        class_weight={0: 1.0, 1: 2.5},
        dropout=[0.2, 0.0],
        l1=0.1,
        clip_value=0.5,
        ema=0.9,
    ),
    "margins": MLPClassifier((5,), loss="hinge", solver="adamw", max_iter=3, random_state=0),
    "quantile": MLPRegressor(pinball(0.8), (5,), learning_rate=Cosine(0.01, 9), max_iter=3, random_state=0),
    "lbfgs": MLPRegressor(hidden_layer_sizes=(5,), solver="lbfgs", random_state=0, max_iter=3),
}


def goes_on(model: Any) -> Any:
    """The model, set so that its next fit goes on from the last one, where it can."""
    return model.set_params(warm_start=True) if "warm_start" in model.get_params() else model
