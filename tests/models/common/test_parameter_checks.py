"""Parameters that are not possible: scikit-learn's error for them, wherever scikit-learn has it."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from sklearn import linear_model, neural_network
from sklearn.base import clone
from sklearn.utils._param_validation import InvalidParameterError

from fastnn import LogisticRegression, LogisticRegressionCV, MLPClassifier, MLPRegressor, Neuron, schedules

X = np.random.default_rng(0).normal(size=(30, 3))
Y = (X[:, 0] > 0).astype(int)
SMALL: dict[str, Any] = {"hidden_layer_sizes": (2,), "max_iter": 1}
OURS = {
    "LogisticRegression": LogisticRegression(max_iter=2),
    "LogisticRegressionCV": LogisticRegressionCV(Cs=2, cv=2, max_iter=2),
    "MLPClassifier": MLPClassifier(**SMALL),
    "MLPRegressor": MLPRegressor(**SMALL),
}
THEIRS = {
    "LogisticRegression": linear_model.LogisticRegression(max_iter=2),
    "LogisticRegressionCV": linear_model.LogisticRegressionCV(Cs=2, cv=2, max_iter=2),
    "MLPClassifier": neural_network.MLPClassifier(**SMALL),
    "MLPRegressor": neural_network.MLPRegressor(**SMALL),
}
VALUES = [
    -1,
    0,
    1.5,
    -0.5,
    "nonsense",
    "",
    None,
    [],
    {},
    object(),
    np.nan,
    np.inf,
    -np.inf,
    ["a"],
    2**40,
    b"x",
    1j,
    int,
]
VALUES += [(1, 2), [None], np.array([1.0, 2.0]), "balanced", "l1", 10**400, np.array([])]
# But "multi_class", which scikit-learn had before 1.9, and what has no values that are refused.
SHARED = [
    (name, parameter)
    for name in OURS
    for parameter in THEIRS[name].get_params()
    if parameter not in ("multi_class", "n_jobs")
]


def refusal(model: Any) -> BaseException | None:
    """What `fit` says of the parameters, if it says something."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            model.fit(X, Y)
        except Exception as error:
            return error
    return None


@pytest.mark.parametrize(("name", "parameter"), SHARED, ids=map(".".join, SHARED))
def test_what_scikit_learn_refuses(name: str, parameter: str, capsys: pytest.CaptureFixture[str]) -> None:
    for value in VALUES:
        theirs = refusal(clone(THEIRS[name]).set_params(**{parameter: value}))
        if isinstance(theirs, InvalidParameterError):
            ours = refusal(clone(OURS[name]).set_params(**{parameter: value}))
            assert isinstance(ours, InvalidParameterError), (value, ours)
            assert parameter in str(ours), value
            assert isinstance(ours, ValueError) and isinstance(ours, TypeError)


OWN: list[tuple[Any, dict[str, Any]]] = [
    *[(LogisticRegression, {name: -1}) for name in ("alpha", "penalty_factor", "bounds", "standardize", "firth")],
    (LogisticRegression, {"bounds": (0, 1, 2)}),
    *[(MLPClassifier, {name: -1}) for name in ("out_activation", "loss", "label_smoothing", "class_weight", "dropout")],
    *[(MLPClassifier, {name: -1}) for name in ("l1", "clip_value", "clip_norm", "ema", "scoring", "coef_init")],
    (MLPClassifier, {"activation": ["relu", "tahn"]}),
    (MLPClassifier, {"activation": ["relu", "tanh"]}),
    (MLPClassifier, {"dropout": [0.1, 0.1]}),
    (MLPClassifier, {"scoring": "f2"}),
    (MLPRegressor, {"loss": "l3"}),
    *[(Neuron, {name: -1}) for name in ("activation", "learning_rate", "max_iter", "batch_size", "shuffle", "tol")],
    *[(Neuron, {name: -1}) for name in ("n_iter_no_change", "verbose", "warm_start", "average", "keep_history")],
    *[(each, {"learning_rate": schedules.Cosine}) for each in (MLPClassifier, Neuron)],  # the class, and no schedule
    (Neuron, {"activation": "softmax"}),
    (Neuron, {"activation": "sigmiod"}),
    *[(each, {name: -1}) for each in (LogisticRegression, MLPClassifier, Neuron) for name in ("backend", "n_threads")],
    *[
        (each, {"random_state": seed})
        for each in (LogisticRegression, MLPClassifier, Neuron)
        for seed in (-1, "1", 2**32)
    ],
]


@pytest.mark.parametrize(("kind", "wrong"), OWN)
def test_what_is_ours_alone(kind: Any, wrong: dict[str, Any]) -> None:
    model = kind(**wrong)
    with pytest.raises(InvalidParameterError, match=next(iter(wrong))):
        model.fit(X, Y)
    assert vars(model) == vars(kind(**wrong))


@pytest.mark.parametrize("seed", [None, 0, 2**32 - 1, np.int64(3), np.uint32(3), np.random.RandomState(0), np.random])
def test_what_random_numbers_may_come_from(seed: Any) -> None:
    assert refusal(MLPClassifier(random_state=seed, **SMALL)) is None
    assert refusal(LogisticRegression(random_state=seed)) is None


def test_a_loaded_model_is_checked_too() -> None:
    parameters = LogisticRegression().get_params() | {"random_state": -1}
    with pytest.raises(InvalidParameterError, match="'random_state' parameter of LogisticRegression"):
        LogisticRegression._put_together(parameters, {})


def test_folds_that_are_none() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(ValueError, match="cv gave no folds"):
            LogisticRegressionCV(cv=[]).fit(X, Y)
