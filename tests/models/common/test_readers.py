"""What other libraries read of a model: pickles and skops' files name what is public, and nothing else."""

from __future__ import annotations

import copy
import io
import math
import pickle
from typing import Any

import numpy as np
import pytest
import skops.io
from estimators import MODELS, X, Y
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from fastnn import Activation, Dense, MLPClassifier, Network, Neuron, losses
from fastnn.schedules import Constant

pytestmark = pytest.mark.filterwarnings(f"ignore::{ConvergenceWarning.__module__}.ConvergenceWarning")


def bent(z: float) -> float:
    return math.atan(z)


def bent_slope(z: float, a: float) -> float:
    return 1 / (1 + z * z)


BENT = Activation("bent", value=bent, slope=bent_slope)
OWN = {
    "own hidden": MLPClassifier((3,), BENT, max_iter=2, random_state=0),
    "own neuron": Neuron(BENT, max_iter=2, random_state=0),
    "loss": clone(MODELS["regressor"]).set_params(loss=losses.huber(2.0)),
    "schedule": MLPClassifier((3,), "gelu", learning_rate=Constant(0.01), max_iter=2, random_state=0),
}

NEED_NUMBA = [name for name in OWN if name.startswith("own")]
NAMES = [pytest.param(name, marks=pytest.mark.jit if name in NEED_NUMBA else ()) for name in (*MODELS, *OWN)]


def fitted(name: str) -> Any:
    return clone((MODELS | OWN)[name]).fit(X, Y)


class Noting(pickle.Unpickler):
    """Notes the names of what a pickle refers to."""

    def __init__(self, pickled: bytes) -> None:
        super().__init__(io.BytesIO(pickled))
        self.names: set[str] = set()

    def find_class(self, module: str, name: str) -> Any:
        self.names.add(f"{module}.{name}")
        return super().find_class(module, name)


def names_in(pickled: bytes) -> set[str]:
    """Those of fastnn, and of this file."""
    noting = Noting(pickled)
    noting.load()
    return {name for name in noting.names if name.split(".")[0] not in ("numpy", "builtins", "copyreg", "_codecs")}


def is_public(name: str) -> bool:
    return not any(part.startswith("_") for part in name.split("."))


@pytest.mark.parametrize("protocol", [4, 5])
@pytest.mark.parametrize("name", NAMES)
def test_pickles_name_what_is_public(name: str, protocol: int) -> None:
    model = fitted(name)
    pickled = pickle.dumps(model, protocol)
    names = names_in(pickled)
    assert all(map(is_public, names)), names
    assert (name in NEED_NUMBA) == any(each.endswith(".bent_slope") for each in names)
    np.testing.assert_array_equal(pickle.loads(pickled).predict(X), model.predict(X))
    for copied in (copy.deepcopy(model), clone(model).fit(X, Y)):
        np.testing.assert_array_equal(copied.predict(X), model.predict(X))


@pytest.mark.jit
def test_pickles_of_networks_name_what_is_public() -> None:
    network = Network([Dense(3, "mish"), Dense(2, BENT)], n_inputs=3, random_state=0)
    pickled = pickle.dumps(network)
    names = names_in(pickled)
    assert all(map(is_public, names)), names
    np.testing.assert_array_equal(pickle.loads(pickled).forward(X), network.forward(X))


def test_a_function_without_a_name_cannot_be_pickled() -> None:
    model = MLPClassifier((3,), Activation("mine", value=lambda z: z, slope=lambda z, a: 1.0))
    with pytest.raises((pickle.PicklingError, AttributeError), match="lambda"):
        pickle.dumps(model)


# --- skops ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_files_of_skops(name: str) -> None:
    model = fitted(name)
    file = skops.io.dumps(model)
    untrusted = skops.io.get_untrusted_types(data=file)
    assert all(map(is_public, untrusted)), untrusted
    assert len(untrusted) <= 14
    loaded = skops.io.loads(file, trusted=untrusted)
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
    for method in ("predict_proba", "decision_function"):
        if hasattr(model, method):
            np.testing.assert_array_equal(getattr(loaded, method)(X), getattr(model, method)(X))
    if hasattr(model, "partial_fit"):
        loaded.partial_fit(X, Y)
        np.testing.assert_array_equal(loaded.predict(X), model.partial_fit(X, Y).predict(X))
