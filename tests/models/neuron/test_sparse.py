"""A neuron learns from a sparse X in bounded memory, as from a dense one."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest
from random_sparse import random_array
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning

from fastnn import Neuron
from fastnn.training import neuron_engine as training

pytestmark = pytest.mark.filterwarnings(f"ignore::{ConvergenceWarning.__module__}.ConvergenceWarning")

X = random_array((90, 40), density=0.2, rng=0, format="csr")
Y = (X.toarray() @ np.random.default_rng(0).normal(size=40) > 0).astype(int)
WEIGHT = np.arange(90) % 4 / 2


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of seven rows of float64."""
    monkeypatch.setattr(training, "_AT_ONCE", 7 * 40 * 8)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("activation", ["sigmoid", "sign", "tanh"])
@pytest.mark.parametrize("options", [{}, {"average": True}, {"batch_size": 3}, {"batch_size": 50}, {"shuffle": False}])
@pytest.mark.parametrize("weight", [None, WEIGHT])
def test_blocks_take_the_steps_of_all_rows(activation: str, options: dict[str, Any], weight: Any) -> None:
    make = {"max_iter": 4, "random_state": 0, "learning_rate": 0.1, **options}
    sparsely = Neuron(activation, **make).fit(X, Y, weight)
    densely = Neuron(activation, **make).fit(X.toarray(), Y, weight)
    np.testing.assert_allclose(sparsely.coef_, densely.coef_, rtol=1e-9)
    np.testing.assert_allclose(sparsely.intercept_, densely.intercept_, rtol=1e-9)
    np.testing.assert_allclose(sparsely.loss_curve_, densely.loss_curve_, rtol=1e-12)
    np.testing.assert_allclose(sparsely.predict(X), densely.predict(X.toarray()), rtol=1e-9)


@pytest.mark.usefixtures("small_blocks")
def test_the_rate_and_the_warning_are_the_same() -> None:
    scaled = sparse.csr_array(X * np.where(np.arange(40) == 0, 100.0, 1.0))
    found = []
    for x in (scaled, scaled.toarray()):
        with pytest.warns(ConvergenceWarning, match="has not learnt what it can"):
            found.append(Neuron("sigmoid", batch_size=50, random_state=0).fit(x, Y))
    assert found[0].learning_rate_ == pytest.approx(found[1].learning_rate_, rel=1e-12)
    np.testing.assert_allclose(found[0].coef_, found[1].coef_, rtol=1e-9)


@pytest.mark.usefixtures("small_blocks")
def test_a_pass_that_diverges_is_taken_back() -> None:
    far = X.copy()
    far.data[-1] = 1e200  # in the last block
    model = Neuron("identity", learning_rate=1e200, shuffle=False, random_state=0)
    with pytest.raises(ValueError, match="non-finite"):
        model.fit(far, Y)
    assert not hasattr(model, "coef_")


def test_a_million_columns_take_little_memory() -> None:
    wide = random_array((60, 1_000_000), density=1e-5, rng=0, format="csr")
    y = np.arange(60) % 2
    tracemalloc.start()
    model = Neuron(max_iter=1, random_state=0).fit(wide, y)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 300e6, "480 MB would be all rows"
    assert model.predict(wide).shape == y.shape


def test_a_batch_that_is_too_large_is_refused() -> None:
    wide = random_array((1000, 1_000_000), density=1e-6, rng=0, format="csr")
    model = Neuron(batch_size="full")
    with pytest.raises(ValueError, match=r"a batch of 1,000 of this sparse X .* 8\.0 GB.*smaller batch_size"):
        model.fit(wide, np.arange(1000) % 2)
    assert not hasattr(model, "n_features_in_")
