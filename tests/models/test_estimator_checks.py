"""scikit-learn's own checks of what an estimator must do, for every estimator; none is expected to fail."""

from __future__ import annotations

from typing import Any

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from fastnn import LogisticRegression, MLPClassifier, MLPRegressor, Neuron

ESTIMATORS = [
    LogisticRegression(),
    LogisticRegression(solver="gradient_descent"),
    MLPClassifier(hidden_layer_sizes=(10,)),
    MLPClassifier(solver="lbfgs"),
    MLPRegressor(learning_rate_init=0.01),
    MLPRegressor(solver="lbfgs"),
    Neuron("sigmoid"),
    Neuron("sign"),
    Neuron("identity"),
    Neuron("tanh"),
]


@pytest.mark.filterwarnings("ignore")  # checks fit on data that no model converges on
@parametrize_with_checks(ESTIMATORS)
def test_estimator_check(estimator: Any, check: Any) -> None:
    check(estimator)
