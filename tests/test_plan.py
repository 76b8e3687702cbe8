"""A network as numbers."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from sklearn.neural_network import MLPRegressor

from fastnn import _core as core
from fastnn import activations, losses
from fastnn.layers import Dense, Dropout
from fastnn.plan import Plan


@pytest.fixture
def plan() -> Plan:
    layers = [Dense(5, "relu"), Dense(4, "tanh", bias=False), Dense(2)]
    return Plan.from_layers(layers, 3, "squared_error", np.float64)


def test_from_layers(plan):
    assert plan.widths == (3, 5, 4, 2)
    assert [activation.name for activation in plan.activations] == ["relu", "tanh", "identity"]
    assert plan.bias == (True, False, True)
    assert plan.loss is losses.get("squared_error")
    assert plan.dtype == np.float64
    assert plan.n_layers == 3
    assert plan.n_params == 3 * 5 + 5 + 5 * 4 + 4 * 2 + 2


def test_it_is_made_for_compiled_code_once(plan):
    assert isinstance(plan.native, core.NativePlan)
    assert plan.native is plan.native


def test_unpack_gives_views(plan):
    flat = np.arange(float(plan.n_params))
    weights, biases = plan.unpack(flat)
    assert [w.shape for w in weights] == [(3, 5), (5, 4), (4, 2)]
    assert [None if b is None else b.shape for b in biases] == [(5,), None, (2,)]
    pieces = [w.ravel() if k % 2 == 0 else w for k, w in enumerate([weights[0], biases[0]])]
    pieces += [weights[1].ravel(), weights[2].ravel(), biases[2]]
    np.testing.assert_array_equal(np.concatenate(pieces), flat)
    weights[2][0, 0] = -1
    assert (flat == -1).sum() == 1
    for view in (*weights, biases[0], biases[2]):
        assert np.shares_memory(view, flat)
        assert view.flags.c_contiguous


def test_unpack_refuses(plan):
    with pytest.raises(ValueError, match=r"shape \(50,\), got shape \(49,\)"):
        plan.unpack(np.zeros(49))
    with pytest.raises(ValueError, match="not contiguous"):
        plan.unpack(np.zeros(100)[::2])


@pytest.mark.parametrize("activation", ["relu", "logistic", "tanh"])
def test_initial_params_are_scikit_learns(activation):
    """What _init_coef draws: its first epoch at a learning rate of next to nothing shows it."""
    theirs = MLPRegressor(hidden_layer_sizes=(5, 4), activation=activation, solver="sgd")
    theirs.set_params(max_iter=1, learning_rate_init=1e-300, random_state=7)
    with pytest.warns(UserWarning, match="Maximum iterations"):
        theirs.fit(np.ones((6, 3)), np.ones(6))
    layers = [Dense(5, activation), Dense(4, activation), Dense(1)]
    ours = Plan.from_layers(layers, 3, "squared_error", np.float64)
    weights, biases = ours.unpack(ours.initial_params(np.random.RandomState(7)))
    for w, coef in zip(weights, theirs.coefs_, strict=True):
        np.testing.assert_array_equal(w, coef)
    for b, intercept in zip(biases, theirs.intercepts_, strict=True):
        np.testing.assert_array_equal(b, intercept)


def test_initial_params(plan):
    drawn = plan.initial_params(3)
    np.testing.assert_array_equal(drawn, plan.initial_params(np.random.RandomState(3)))
    assert plan.initial_params(np.random.default_rng(3)).shape == (plan.n_params,)
    single = Plan(plan.widths, plan.activations, plan.bias, plan.loss, np.float32)
    np.testing.assert_array_equal(single.initial_params(3), drawn.astype(np.float32))
    sigmoid = Plan.from_layers([Dense(40, "sigmoid")], 60, "squared_error", np.float64)
    bound = np.sqrt(2 / 100)
    assert 0.98 * bound < np.abs(sigmoid.initial_params(0)).max() <= bound


def test_require_trainable(plan):
    plan.require_trainable()
    for layers in ([Dense(2, "sign"), Dense(1)], [Dense(1, "sign")]):
        refused = Plan.from_layers(layers, 3, "squared_error", np.float64)
        with pytest.raises(ValueError, match="Layer 0 has the activation 'sign'"):
            refused.require_trainable()


def test_dropout():
    layers = [Dense(2), Dropout(0.25), Dense(1)]
    plan = Plan.from_layers(layers, 3, "huber", np.float32)
    assert plan.widths == (3, 2, 1)
    assert plan.dropout == (0.0, 0.25)
    assert Plan.from_layers([Dense(1)], 3, "huber", np.float32).dropout == (0.0,)
    assert pickle.loads(pickle.dumps(plan)) == plan


@pytest.mark.parametrize("dropout", [(0.5,), (0.5, 1.0), (0.5, -0.1), (0.5, float("nan"))])
def test_impossible_dropout(dropout):
    with pytest.raises(ValueError, match="2 numbers in .0, 1."):
        Plan((3, 2, 1), ("relu", "identity"), (True, True), "huber", np.dtype(np.float32), dropout)


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"layers": []}, ValueError, "at least one Dense layer"),
        ({"layers": [Dropout(0.0)]}, ValueError, "at least one Dense layer"),
        ({"layers": [Dense(1), Dropout(0.1)]}, ValueError, "a Dense must follow it"),
        ({"layers": [Dropout(0.1), Dropout(0.2), Dense(1)]}, ValueError, "one Dropout between"),
        ({"layers": [3]}, TypeError, "wanted a Dense or a Dropout"),
        ({"n_inputs": 0}, ValueError, "widths"),
        ({"loss": "huberr"}, ValueError, "Unknown loss 'huberr'.*'huber'"),
        ({"dtype": np.float16}, ValueError, "float32 or float64"),
        ({"dtype": np.int64}, ValueError, "float32 or float64"),
        ({"layers": [Dense(2**40)], "n_inputs": 2**40}, ValueError, "widths"),
    ],
    ids=str,
)
def test_refused(change, error, message):
    given = {"layers": [Dense(1)], "n_inputs": 2, "loss": "huber", "dtype": np.float32}
    with pytest.raises(error, match=message):
        Plan.from_layers(**given | change)


def test_as_many_of_everything():
    relu, loss = activations.get("relu"), losses.get("huber")
    with pytest.raises(ValueError, match="2 layers needs as many activations and bias flags"):
        Plan((2, 3, 1), (relu,), (True, True), loss, np.float32)


def test_equality_hash_and_pickle(plan):
    assert plan.native is not None
    again = pickle.loads(pickle.dumps(plan))
    assert again == plan
    assert hash(again) == hash(plan)
    assert again.native is not plan.native
    with pytest.raises(FrozenInstanceError):
        plan.widths = (1, 1)
