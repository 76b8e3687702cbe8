"""scikit-learn's own tests of its MLPClassifier and MLPRegressor, on ours."""

from __future__ import annotations

from swapped import swapped_tests

from fastnn import MLPClassifier, MLPRegressor

DESELECTED = {
    "test_gradient": "calls the private _loss_grad_lbfgs and _unpack",
    "test_learning_rate_warmstart": "reads the private _optimizer",
    "test_adaptive_learning_rate": "reads the private _optimizer",
}

globals().update(
    swapped_tests(
        "sklearn.neural_network.tests.test_mlp", {"sklearn.neural_network": (MLPClassifier, MLPRegressor)}, DESELECTED
    )
)
