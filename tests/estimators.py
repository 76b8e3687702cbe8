"""One small model of every kind, and data to fit them on."""

from __future__ import annotations

import numpy as np

from fastnn import LogisticRegression, MLPClassifier, MLPRegressor, Neuron

X = np.random.default_rng(0).normal(size=(60, 3))
Y = (X[:, 0] > 0).astype(int)
MODELS = {
    "neuron": Neuron(random_state=0, max_iter=3),
    "unit": Neuron("gelu", random_state=0, max_iter=3),
    "logistic": LogisticRegression(),
    "classifier": MLPClassifier((5, 4), ["tanh", "silu"], random_state=0, max_iter=3),
    "sgd": MLPClassifier(
        (5,), solver="sgd", learning_rate="invscaling", out_activation="softmax", random_state=0, max_iter=3
    ),
    "regressor": MLPRegressor(hidden_layer_sizes=(5,), random_state=0, max_iter=3),
    "lbfgs": MLPRegressor(hidden_layer_sizes=(5,), solver="lbfgs", random_state=0, max_iter=3),
}
