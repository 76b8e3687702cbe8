"""With a scikit-learn that has no callback protocol everything works but `set_callbacks`, which says what it needs.

In a process where the protocol cannot be found, so that it is tested with every version.
"""

from __future__ import annotations

import subprocess
import sys

from available import SKLEARN
from patience import LONG

from fastnn.models.common import bases

CODE = """
import importlib.util

real = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "sklearn.callback" else real(name, *rest)
import numpy as np
import pytest
import sklearn
from sklearn.base import clone

from fastnn import Dense, LogisticRegression, LogisticRegressionCV, MLPClassifier, MLPRegressor, Network, Neuron

X = np.random.default_rng(0).uniform(-1, 1, size=(20, 3))
Y = np.arange(20) % 2
SHORT = {"max_iter": 300, "tol": 1.0, "random_state": 0}
for model in (
    MLPClassifier((3,), **SHORT),
    MLPRegressor(hidden_layer_sizes=(3,), **SHORT),
    Neuron("sigmoid", **SHORT),
    LogisticRegression(),
    LogisticRegression(C=np.inf, firth=True),
    LogisticRegressionCV(Cs=2, cv=2, l1_ratios=(0,), scoring="accuracy", use_legacy_attributes=False),
):
    name = type(model).__name__
    with pytest.raises(ImportError, match=rf"^{name}.set_callbacks needs scikit-learn 1.9 or newer.*this is "
                       rf"{sklearn.__version__}: pip install"):
        model.set_callbacks(print)
    assert model.set_callbacks() is model
    model.fit(X, Y)
    np.testing.assert_array_equal(clone(model).fit(X, Y).predict(X), model.predict(X))
heard = []
Network([Dense(1)], n_inputs=3, random_state=0).fit(X, Y, epochs=3, callbacks=[heard.append])
assert [epoch.number for epoch in heard] == [1, 2, 3]
"""


def test_without_the_protocol() -> None:
    answer = subprocess.run(
        [sys.executable, "-W", "error", "-c", CODE], capture_output=True, text=True, timeout=3 * LONG
    )
    assert answer.returncode == 0, answer.stderr


def test_the_protocol_is_used_where_it_is() -> None:
    assert bases.HAS_CALLBACKS == (SKLEARN >= (1, 9))
