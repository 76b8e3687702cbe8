"""scikit-learn's own checks of what an estimator must do, for every estimator."""

from __future__ import annotations

from typing import Any

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from fastnn import Adam, LogisticRegression, LogisticRegressionCV, MLPClassifier, MLPRegressor, Neuron
from fastnn.schedules import Plateau

ESTIMATORS = [
    LogisticRegression(),
    LogisticRegression(solver="gradient_descent"),
    LogisticRegression(standardize=True),
    LogisticRegression(C=float("inf"), firth=True),
    # Three folds, as some checks have three rows of a class.
    LogisticRegressionCV(cv=3, l1_ratios=(0,), scoring="neg_log_loss", use_legacy_attributes=False),
    MLPClassifier(hidden_layer_sizes=(10,)),
    MLPClassifier(hidden_layer_sizes=(10,), solver="sgd", out_activation="softmax"),
    MLPClassifier(hidden_layer_sizes=(), out_activation="sigmoid", learning_rate_init=0.1),
    # Without a penalty it fits until probabilities are 0 and 1, and the checks compare logarithms of 0.
    MLPClassifier(hidden_layer_sizes=(10,), solver="lbfgs", alpha=1.0),
    MLPClassifier(hidden_layer_sizes=(10,), loss="hinge", solver="nadam"),
    MLPClassifier(
        hidden_layer_sizes=(10,),
        solver=Adam(clip_norm=1.0),
        learning_rate=Plateau(0.05),
        ema=0.8,
        l1=0.01,
        label_smoothing=0.05,
    ),
    MLPRegressor(hidden_layer_sizes=(10,), learning_rate_init=0.01),
    MLPRegressor(loss="huber", hidden_layer_sizes=(10,), solver="rmsprop", learning_rate_init=0.01),
    MLPRegressor(hidden_layer_sizes=(10,), solver="lbfgs"),
    Neuron("sigmoid"),
    Neuron("sign"),
    Neuron("identity"),
    Neuron("tanh"),
    Neuron("sigmoid", batch_size="full"),
    Neuron("sign", batch_size="full"),
    Neuron("identity", batch_size="full"),
    Neuron("tanh", batch_size="full"),
    Neuron("sign", average=True),
    Neuron("sigmoid", batch_size="full", average=True, keep_history=True),
]


def expected_failures(estimator: Any) -> dict[str, str]:
    """Checks that an estimator cannot pass, each with its reason."""
    weights = [f"check_sample_weight_equivalence_on_{name}_data" for name in ("dense", "sparse")]
    if isinstance(estimator, Neuron) and estimator.batch_size == 1:
        reason = "online, a sample twice is two steps, and a sample of weight 2 is one twice as long"
        return dict.fromkeys(weights, reason)
    failures = {}
    if getattr(estimator, "firth", False):
        failures |= dict.fromkeys(weights, "fewer rows than parameters, so that the information has no inverse")
    if getattr(estimator, "firth", False) or getattr(estimator, "standardize", False):
        chunks = ("fit_score_takes_y", "n_features_in_after_fitting", "estimators_partial_fit_n_features")
        failures |= dict.fromkeys([f"check_{name}" for name in chunks], "partial_fit refuses it")
    return failures


def every_check() -> Any:
    """A mark with every check of every estimator once: scikit-learn 1.7 yields some of them twice."""
    mark = parametrize_with_checks(ESTIMATORS, expected_failed_checks=expected_failures)
    (names, pairs), ids = mark.args, mark.kwargs["ids"]
    once = {tuple(map(ids, getattr(pair, "values", pair))): pair for pair in pairs}
    return pytest.mark.parametrize(names, list(once.values()), ids=ids)


@pytest.mark.filterwarnings("ignore")  # checks fit on data that no model converges on
@every_check()
def test_estimator_check(estimator: Any, check: Any) -> None:
    check(estimator)
