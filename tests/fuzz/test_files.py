"""A file that somebody has forged, digest included, makes a model that works, or one kind of error.

Nothing else: no other error, no crash, and no memory that the bytes of the file do not account for.
"""

from __future__ import annotations

import functools
import tempfile
import tracemalloc
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from estimators import MODELS, X, Y
from forged import Forgery, forge
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone

from fastnn import Dense, Dropout, LogisticRegression, MLPClassifier, Network
from fastnn.errors import FileError
from fastnn.schedules import Plateau

NAMES = ["perceptron", "unit", "unpenalised", "cross-validated", "everything", "margins", "sgd", "quantile", "lbfgs"]
NAMES += ["names", "labels", "sparse", "stream", "network", "unfitted"]
MEMORY = 4 * 2**20  # bytes beyond what a file has
ANSWERS = ("predict", "predict_proba", "predict_log_proba", "decision_function", "activate", "forward")

RANDOM = st.integers(0, 2**63).map(Random)


@functools.cache
def model_of(name: str) -> Any:
    """A model of every kind, with the attributes that it can have."""
    if name == "network":
        layers = [Dense(4, "gelu"), Dropout(0.1), Dense(2, bias=False)]
        return Network(layers, n_inputs=3, loss="cross_entropy", random_state=0).fit(X, Y, epochs=2)
    if name == "names":
        model = MLPClassifier((3,), max_iter=2, random_state=np.random.RandomState(0), early_stopping=True)
        model.fit(X, np.array(["no", "yes", "perhaps"], object)[np.arange(60) % 3])
        model.feature_names_in_ = np.array(["a", "b", "c"], object)
        return model
    if name == "labels":
        return MLPClassifier((3,), ["tanh"], max_iter=2, random_state=0).fit(X, (X > 0).astype(int))
    if name == "sparse":
        return LogisticRegression(l1_ratio=1.0).fit(X, np.array(["no", "yes", "x"])[np.arange(60) % 3]).sparsify()
    if name == "stream":
        return LogisticRegression().partial_fit(X.astype(np.float32), Y, classes=[0, 1])
    if name == "unfitted":
        return MLPClassifier((3, 2), ["tanh", "gelu"], solver="sgd", learning_rate=Plateau(0.1))
    return clone(MODELS[name]).fit(X, Y)


@functools.cache
def file_of(name: str) -> Forgery:
    """The parts of its file."""
    with quiet(), tempfile.TemporaryDirectory() as folder:
        model_of(name).save(Path(folder) / "model")
        return Forgery.of(Path(folder) / "model", "model")


@contextmanager
def quiet() -> Iterator[None]:
    """Without warnings; those of numbers that are not finite too."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


@contextmanager
def bounded(size: int) -> Iterator[None]:
    """AssertionError where more memory was asked for than a file of this size accounts for."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < 64 * size + MEMORY
    finally:
        tracemalloc.stop()


def forged(forgery: Forgery, random: Random) -> Forgery:
    """The same parts but for a few, mostly one."""
    forgery = forgery.copy()
    with quiet():
        for _ in range(random.choice([1, 1, 1, 2, 4])):
            forge(forgery, random)
    return forgery


def ask(model: Any) -> None:
    """Every answer that the model has, to a few rows of as many numbers as it knows."""
    n_features = model.plan.widths[0] if isinstance(model, Network) else getattr(model, "n_features_in_", None)
    if n_features is None or n_features > 10**4:
        return
    x = np.linspace(-1, 1, 5 * n_features).reshape(5, n_features)
    for name in ANSWERS:
        if hasattr(model, name):
            assert len(getattr(model, name)(x)) == 5
    assert repr(model)
    if hasattr(model, "summary"):
        with suppress(ValueError):  # which says why there is none
            assert str(model.summary())


def go_on(model: Any, errors: type[Exception] | tuple[type[Exception], ...] = ValueError) -> None:
    """One more epoch, where there can be; what is not possible is said by one of these errors."""
    if not hasattr(model, "partial_fit") or not hasattr(model, "n_features_in_") or model.n_features_in_ > 10**4:
        return
    x = np.linspace(-1, 1, 5 * model.n_features_in_).reshape(5, model.n_features_in_)
    outputs = getattr(model, "n_outputs_", 1)
    y = np.resize(getattr(model, "classes_", np.array([0.25, 0.75])), 5)
    if outputs > 1 and outputs < 100 and (not hasattr(model, "classes_") or model._is_multilabel()):
        y = np.resize([0, 1, 1], (5, outputs))
    try:
        model.partial_fit(x, y)
    except errors:
        return
    ask(model)


@pytest.mark.parametrize("name", NAMES)
@given(random=RANDOM)
def test_models(name: str, random: Random) -> None:
    forgery = forged(file_of(name), random)
    with quiet(), tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        try:
            forgery.write(path)
        except UnicodeEncodeError:  # half a character is in no file
            return
        with bounded(path.stat().st_size):
            try:
                model = type(model_of(name)).load(path)
            except FileError:
                return
            ask(model)
        same = forgery.content["parameters"] == file_of(name).content["parameters"]
        # Parameters that `fit` itself looks at may also be of a wrong type.
        go_on(model, ValueError if same else (ValueError, TypeError))
        model.save(path)  # what can be loaded can be saved


# --- checkpoints --------------------------------------------------------------------------------

RUNS: dict[str, Any] = {
    "early": MLPClassifier((4,), early_stopping=True, ema=0.5, batch_size=16, random_state=0),
    "rates": MLPClassifier((4,), solver="sgd", learning_rate="adaptive", batch_size=16, warm_start=True),
    "network": None,
}


def go(name: str, path: Path, epochs: int) -> Any:
    """A run that goes on from the file, if there is one."""
    how = {"checkpoint": path, "resume": True}
    if name == "network":
        network = Network([Dense(3, "tanh"), Dense(1)], n_inputs=3, random_state=0)
        validation = {"x_val": X, "y_val": Y, "patience": 9}
        return network.fit(X, Y, epochs=epochs, schedule=Plateau(0.01, patience=1), **validation, **how)
    return clone(RUNS[name]).set_params(max_iter=epochs).fit(X, Y, **how)


@functools.cache
def checkpoint_of(name: str) -> Forgery:
    with quiet(), tempfile.TemporaryDirectory() as folder:
        go(name, Path(folder) / "run", 2)
        return Forgery.of(Path(folder) / "run", "checkpoint")


@pytest.mark.parametrize("name", RUNS)
@given(random=RANDOM)
def test_checkpoints(name: str, random: Random) -> None:
    forgery = forged(checkpoint_of(name), random)
    with quiet(), tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run"
        try:
            forgery.write(path)
        except UnicodeEncodeError:
            return
        with bounded(path.stat().st_size):
            try:
                model = go(name, path, 4)
            except ValueError:
                return
        ask(model)


def test_an_untouched_file_passes() -> None:
    """So what is refused above is so for what was changed."""
    for name in NAMES:
        with quiet(), tempfile.TemporaryDirectory() as folder:
            file_of(name).write(Path(folder) / "model")
            model = type(model_of(name)).load(Path(folder) / "model")
            ask(model)
            go_on(model)


def test_what_is_asked_can_fail(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without one of the checks there is a file that is taken for a model, and is none."""
    forgery = file_of("labels").copy()
    del forgery.content["classes_"], forgery.tensors["classes_"]
    forgery.write(tmp_path / "model")
    with pytest.raises(FileError, match="classes_ is missing"):
        MLPClassifier.load(tmp_path / "model")
    monkeypatch.setattr(MLPClassifier, "_require_whole", lambda model: None)
    with pytest.raises(AttributeError):
        ask(MLPClassifier.load(tmp_path / "model"))
    with pytest.raises(AssertionError), bounded(0):
        np.empty(2 * MEMORY, np.uint8)
