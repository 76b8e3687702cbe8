"""scikit-learn's parameters, in its order and with its defaults; new ones only as keywords after them."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from available import SKLEARN
from sklearn import linear_model, neural_network

from fastnn import LogisticRegression, LogisticRegressionCV, MLPClassifier, MLPRegressor, Neuron

CHANGED = {"LogisticRegression": {"solver": "auto"}}
# What scikit-learn before 1.9, whose parameters ours are, has otherwise: parameters that are gone, and with them the
# order, and defaults.
GONE = {"multi_class"}
DEFAULTS_SINCE = {"LogisticRegression": {"penalty", "l1_ratio"}, "LogisticRegressionCV": {"penalty", "l1_ratios"}}
DEFAULTS_SINCE["LogisticRegressionCV"] |= {"scoring"}
MLP = [
    "dropout",
    "l1",
    "clip_value",
    "clip_norm",
    "ema",
    "scoring",
    "coef_init",
    "intercept_init",
    "backend",
    "n_threads",
]
LABELS = ["out_activation", "loss", "label_smoothing", "class_weight"]
PAIRS = [
    (MLPClassifier, neural_network.MLPClassifier, [*LABELS, *MLP]),
    (MLPRegressor, neural_network.MLPRegressor, MLP),
    (LogisticRegressionCV, linear_model.LogisticRegressionCV, ["backend", "n_threads"]),
    (
        LogisticRegression,
        linear_model.LogisticRegression,
        ["alpha", "penalty_factor", "bounds", "standardize", "firth", "backend", "n_threads"],
    ),
]


def parameters(kind: type) -> dict[str, inspect.Parameter]:
    return dict(inspect.signature(kind).parameters)


@pytest.mark.parametrize(("ours", "theirs", "new"), PAIRS)
def test_parameters_are_scikit_learns(ours: type, theirs: type, new: list[str]) -> None:
    mine, wanted = parameters(ours), parameters(theirs)
    if SKLEARN >= (1, 9) or not GONE & set(wanted):
        assert list(mine) == [*wanted, *new]
    for name in set(wanted) - (set() if SKLEARN >= (1, 9) else GONE):
        assert mine[name].kind == wanted[name].kind, name
        if SKLEARN >= (1, 9) or name not in DEFAULTS_SINCE.get(ours.__name__, ()):
            assert mine[name].default == CHANGED.get(ours.__name__, {}).get(name, wanted[name].default), name
    assert all(mine[name].kind is inspect.Parameter.KEYWORD_ONLY for name in new)


@pytest.mark.parametrize(("ours", "theirs", "_new"), PAIRS)
@pytest.mark.parametrize("method", ["fit", "partial_fit", "predict", "predict_proba", "score"])
def test_methods_take_scikit_learns_arguments(ours: Any, theirs: Any, _new: list[str], method: str) -> None:
    if hasattr(theirs, method):
        mine, wanted = parameters(getattr(ours, method)), list(parameters(getattr(theirs, method)))
        assert list(mine)[: len(wanted)] == wanted
        new = list(mine.values())[len(wanted) :]
        assert all(each.kind is inspect.Parameter.KEYWORD_ONLY and each.default is not each.empty for each in new)


@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor, LogisticRegression, LogisticRegressionCV, Neuron])
def test_every_parameter_is_checked_and_described(kind: Any) -> None:
    names = set(parameters(kind))
    assert set(kind._parameters) == names
    described = inspect.getdoc(kind).split("Attributes\n")[0]
    assert [name for name in names if name not in described] == []
