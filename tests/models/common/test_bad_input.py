"""Bad input is explained, and leaves the estimator as it was."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from fastnn import LogisticRegression, MLPClassifier, MLPRegressor, Neuron

pytestmark = pytest.mark.filterwarnings(f"ignore::{ConvergenceWarning.__module__}.ConvergenceWarning")

MODELS: dict[str, Callable[[], Any]] = {
    "neuron": lambda: Neuron(max_iter=3, random_state=0),
    "perceptron": lambda: Neuron("sign", max_iter=3, random_state=0),
    "unit": lambda: Neuron("tanh", max_iter=3, random_state=0),
    "logistic": lambda: LogisticRegression(max_iter=3),
    "classifier": lambda: MLPClassifier((4,), max_iter=3, random_state=0),
    "regressor": lambda: MLPRegressor(hidden_layer_sizes=(4,), max_iter=3, random_state=0),
    "lbfgs": lambda: MLPClassifier((4,), max_iter=3, solver="lbfgs", random_state=0),
}
CLASSIFIERS = ["neuron", "perceptron", "logistic", "classifier", "lbfgs"]

X = np.random.default_rng(0).normal(size=(20, 3))
Y = (X[:, 0] > 0).astype(int)


def with_value(value: float) -> np.ndarray:
    x = X.copy()
    x[3, 1] = value
    return x


BAD_FITS: dict[str, tuple[Any, Any, Any, str]] = {
    "nan": (with_value(np.nan), Y, None, "Input X contains NaN"),
    "infinity": (with_value(np.inf), Y, None, "Input X contains infinity"),
    "nan in y": (X, np.where(Y, np.nan, 0.0), None, "y contains NaN"),
    "one dimension": (X[:, 0], Y, None, "Expected 2D array"),
    "three dimensions": (X[:, :, None], Y, None, "dim 3"),
    "no rows": (X[:0], Y[:0], None, "0 sample"),
    "no features": (X[:, :0], Y, None, "0 feature"),
    "lengths": (X, Y[:-1], None, "inconsistent numbers of samples"),
    "strings": ([["a"] * 3] * 20, Y, None, "could not convert string to float"),
    "complex": (X + 1j, Y, None, "Complex data not supported"),
    "weights too short": (X, Y, np.ones(19), r"sample_weight has shape \(19,\), wanted \(20,\)"),
    "weights of two dimensions": (X, Y, np.ones((20, 1)), "sample_weight has shape"),
    "negative weights": (X, Y, np.where(Y, 1, -1), "sample_weight has negative values"),
    "weights of nothing": (X, Y, np.zeros(20), "sample_weight is zero for every row"),
    "weights of nan": (X, Y, np.where(Y, 1, np.nan), "sample_weight contains NaN"),
}
BAD_LABELS: dict[str, tuple[Any, str]] = {
    "one class": (np.ones(20, int), "only one class: 1"),
    "numbers": (X[:, 0], "Unknown label type|[Cc]ontinuous"),
    "two columns of classes": (np.column_stack([Y + 1, Y * 2]), "multiclass-multioutput|1d array|Only"),
}

# An MLP of one class learns to say it, as scikit-learn's does.
WRONG_LABELS = [
    (name, problem)
    for name in CLASSIFIERS
    for problem in BAD_LABELS
    if problem != "one class" or name not in ("classifier", "lbfgs")
]


def snapshot(model: Any) -> dict[str, Any]:
    return copy.deepcopy(vars(model))


def assert_unchanged(model: Any, before: dict[str, Any]) -> None:
    now = vars(model)
    assert list(now) == list(before)
    for name, value in before.items():
        if name not in ("_network", "_training"):  # their contents are in what follows
            np.testing.assert_equal(now[name], value, err_msg=name)
    for name in ("coefs_", "intercepts_", "coef_", "intercept_"):
        if name in before:
            np.testing.assert_equal(now[name], before[name])


@pytest.mark.parametrize("fitted", [False, True])
@pytest.mark.parametrize("problem", BAD_FITS)
@pytest.mark.parametrize("name", MODELS)
def test_a_fit_that_fails_changes_nothing(name: str, problem: str, fitted: bool) -> None:
    x, y, weight, message = BAD_FITS[problem]
    model = MODELS[name]()
    if fitted:
        model.fit(X, Y)
    before, answers = snapshot(model), model.predict(X) if fitted else None
    with pytest.raises((ValueError, TypeError), match=message):
        model.fit(x, y, weight)
    assert_unchanged(model, before)
    if fitted:
        np.testing.assert_array_equal(model.predict(X), answers)


@pytest.mark.parametrize(("name", "problem"), WRONG_LABELS)
def test_labels_that_are_none(name: str, problem: str) -> None:
    y, message = BAD_LABELS[problem]
    model = MODELS[name]().fit(X, Y)
    before = snapshot(model)
    with pytest.raises(ValueError, match=message):
        model.fit(X, y)
    assert_unchanged(model, before)


@pytest.mark.parametrize("name", ["neuron", "perceptron"])
def test_a_neuron_tells_two_classes_apart(name: str) -> None:
    with pytest.raises(ValueError, match="Only binary classification is supported"):
        MODELS[name]().fit(X, np.arange(20) % 3)


@pytest.mark.parametrize("name", ["neuron", "unit", "classifier", "regressor"])
@pytest.mark.parametrize("problem", ["nan", "lengths", "negative weights", "no rows"])
def test_a_partial_fit_that_fails_changes_nothing(name: str, problem: str) -> None:
    x, y, weight, message = BAD_FITS[problem]
    model = MODELS[name]().fit(X, Y)
    model.partial_fit(X, Y)
    before, answers = snapshot(model), model.predict(X)
    training = copy.deepcopy(model._training)
    with pytest.raises(ValueError, match=message):
        model.partial_fit(x, y, weight)
    with pytest.raises(ValueError, match="X has 2 features, but .* is expecting 3"):
        model.partial_fit(X[:, :2], Y)
    assert_unchanged(model, before)
    np.testing.assert_array_equal(model.predict(X), answers)
    assert model._training.state.step == training.state.step
    for now, then in zip(model._training.state.slots, training.state.slots, strict=True):
        np.testing.assert_array_equal(now, then)


def test_partial_fit_that_diverges_changes_nothing() -> None:
    model = MLPRegressor(hidden_layer_sizes=(4,), solver="sgd", random_state=0).partial_fit(X, Y)
    before, slots = snapshot(model), copy.deepcopy(model._training.state.slots)
    model.set_params(learning_rate_init=1e305)
    with pytest.raises(ValueError, match="Solver produced non-finite parameter weights"):
        model.partial_fit(1e10 * X, Y)
    model.set_params(learning_rate_init=0.001)
    assert_unchanged(model, before)
    np.testing.assert_array_equal(model._training.state.slots[0], slots[0])


@pytest.mark.parametrize("name", MODELS)
def test_unfitted(name: str) -> None:
    model = MODELS[name]()
    methods = ("predict", "predict_proba", "predict_log_proba", "decision_function", "activate")
    for method in methods:
        if hasattr(model, method):
            with pytest.raises(NotFittedError):
                getattr(model, method)(X)
    for method in ("sparsify", "densify"):
        if hasattr(model, method):
            with pytest.raises(NotFittedError):
                getattr(model, method)()


@pytest.mark.parametrize("name", MODELS)
def test_bad_input_to_predict(name: str) -> None:
    model = MODELS[name]().fit(X, Y)
    for x, message in (
        (X[:, :2], "X has 2 features, but .* is expecting 3"),
        (X[0], "Reshape your data|Expected 2D"),
        (with_value(np.nan), "NaN"),
        (with_value(-np.inf), "infinity"),
        (X[:0], "0 sample"),
    ):
        with pytest.raises(ValueError, match=message):
            model.predict(x)


@pytest.mark.parametrize("name", MODELS)
def test_any_layout_gives_the_same_numbers(name: str, dtype: Any) -> None:
    x = X.astype(dtype)
    wanted = answers_of(MODELS[name]().fit(x, Y), x)
    assert name == "perceptron" or wanted.dtype == dtype
    for layout, other in layouts(x).items():
        given = answers_of(MODELS[name]().fit(other, Y), other)
        np.testing.assert_array_equal(given, wanted, err_msg=layout)


def answers_of(model: Any, x: np.ndarray) -> np.ndarray:
    answers: np.ndarray = getattr(model, "predict_proba", model.predict)(x)
    return answers


@pytest.mark.parametrize("name", ["unit", "regressor"])
def test_numbers_whose_sum_overflows_are_numbers(name: str) -> None:
    """Plain arrays are found finite by their sum, which may be infinite where no number is."""
    x = np.where(Y, 3e38, 1e-3).astype(np.float32)[:, None] * np.float32(0.9)
    with pytest.warns(RuntimeWarning, match="overflow"):
        assert np.isinf(x.sum())
    model = MODELS[name]().set_params(max_iter=1)
    model.partial_fit(X[:, :1].astype(np.float32), X[:, 0])
    assert len(model.predict(x)) == 20


MLP_ERRORS: list[tuple[dict[str, Any], str]] = [
    ({"solver": "adm"}, "'solver' parameter of MLPClassifier must be one of .*Did you mean 'adam'"),
    ({"activation": "rel"}, "'activation' parameter.*Got 'rel' instead. Did you mean 'relu'"),
    ({"activation": ["relu", "tanh"]}, "names 2 activations, wanted 1: one for each hidden layer"),
    ({"activation": "sign"}, "'sign', which has no slope"),
    ({"activation": 3}, "'activation' parameter"),
    ({"alpha": 10**400}, "'alpha' parameter of MLPClassifier must be a number"),
    ({"activation": ["relu", 3]}, "'activation' parameter of MLPClassifier must be an Activation or one of"),
    ({"hidden_layer_sizes": (4, 0)}, "hidden_layer_sizes must be > 0"),
    ({"hidden_layer_sizes": -1}, "hidden_layer_sizes must be > 0"),
    ({"hidden_layer_sizes": "4"}, "hidden_layer_sizes"),
    ({"hidden_layer_sizes": (10**15, 10**15)}, "small enough"),
    ({"learning_rate": "adapt"}, "Did you mean 'adaptive'"),
    ({"learning_rate_init": 0}, "Got 0 instead"),
    ({"alpha": -1.0}, "Got -1.0 instead"),
    ({"alpha": np.nan}, "Got nan instead"),
    ({"batch_size": "aut"}, "Did you mean 'auto'"),
    ({"max_iter": 1.5}, "an integer of at least 1. Got 1.5"),
    ({"momentum": 1.1}, "Got 1.1"),
    ({"beta_1": 1}, r"a number in \[0, 1\). Got 1 "),
    ({"shuffle": 1}, "True or False. Got 1 "),
    ({"out_activation": "softmx"}, "Did you mean 'softmax'"),
    ({"backend": "referenc"}, "Did you mean 'reference'"),
    ({"backend": "reference", "n_threads": 2}, "only the native backend has threads"),
    ({"random_state": "seed"}, "'random_state' parameter.*Got 'seed' instead"),
    ({"early_stopping": True, "validation_fraction": 1}, "'validation_fraction' parameter"),
]


@pytest.mark.parametrize(("parameters", "message"), MLP_ERRORS)
def test_parameters(parameters: dict[str, Any], message: str) -> None:
    model = MLPClassifier((4,)).set_params(**parameters)
    before = snapshot(model)
    with pytest.raises(ValueError, match=message):
        model.fit(X, Y)
    assert vars(model).keys() == before.keys()


def test_out_activation_is_for_two_classes() -> None:
    y = np.arange(20) % 3
    with pytest.raises(ValueError, match="Only binary classification.*y has 3 classes"):
        MLPClassifier(out_activation="sigmoid").fit(X, y)
    with pytest.raises(ValueError, match="Only binary classification.*several labels"):
        MLPClassifier(out_activation="softmax").fit(X, np.column_stack([Y, 1 - Y]))


def test_a_batch_larger_than_the_data_is_clipped() -> None:
    with pytest.warns(UserWarning, match="`batch_size` larger than sample size") as caught:
        MLPClassifier((4,), batch_size=50, max_iter=1).fit(X, Y)
    assert caught[0].filename == __file__


def layouts(x: np.ndarray) -> dict[str, np.ndarray]:
    """The same numbers, stored in every other way."""
    read_only = x.copy()
    read_only.flags.writeable = False
    buffer = np.empty(x.nbytes + 1, np.uint8)
    misaligned = buffer[1:].view(x.dtype).reshape(x.shape)
    misaligned[...] = x
    return {
        "Fortran": np.asfortranarray(x),
        "strided": np.repeat(x, 2, axis=0)[::2],
        "backwards": x[::-1].copy()[::-1],
        "byte-swapped": x.astype(x.dtype.newbyteorder()),
        "read-only": read_only,
        "misaligned": misaligned,
    }
