"""fit_epoch: native, jit and reference end at the same parameters, and all at scikit-learn's."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from networks import LAYERS, OPTIMIZERS, Problem, assert_same_fit, problem
from scipy.sparse import csr_array
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor

from fastnn import kernels as public
from fastnn.kernels import reference
from fastnn.kernels.composed.network import compose
from fastnn.kernels.select import kernels_for
from fastnn.layers import Dense
from fastnn.losses import Loss
from fastnn.optimizers import SGD, Adam, OptimizerState
from fastnn.plan import Plan
from fastnn.threads import threads

CASES = {
    "whole batches": {"batch_size": 16},
    "a last smaller batch": {"batch_size": 20},
    "one row a batch": {"batch_size": 1},
    "one batch": {"batch_size": 1000},
    "penalty": {"batch_size": 20, "alpha": 0.5},
    "both penalties": {"batch_size": 20, "alpha": 0.5, "l1": 0.3},
}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("name", LAYERS)
def test_backends_agree(backend, dtype, name, optimizer):
    given, rule = problem(name, dtype, 49), OPTIMIZERS[optimizer]
    found = given.fit(kernels_for(backend), rule, epochs=2)
    assert_same_fit(found, given.fit(kernels_for("reference"), rule, epochs=2), dtype)
    assert found[1].step == 2 * 4


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
def test_batches_weights_and_penalty(backend, dtype, case, weighted):
    given = problem("odd widths", dtype, 64)
    options = CASES[case] | {"weight": given.weight if weighted else None}
    found = given.fit(kernels_for(backend), Adam(), **options)
    assert_same_fit(found, given.fit(kernels_for("reference"), Adam(), **options), dtype)


@pytest.mark.jit
@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("o", [1, 2, 10, 130, 300])
def test_a_loss_of_ones_own_in_rows_of_any_length(dtype, o, weighted, rng):
    """Rows that lie apart are copied to tiles, several to one, or take several."""
    native = kernels_for("native")
    own = Loss("own", lambda z, y: 0.5 * (z - y) * (z - y))
    plan = Plan.from_layers([Dense(9, "tanh"), Dense(o)], 5, "squared_error", dtype)
    x, y, params = (rng.normal(size=size).astype(dtype) for size in ((61, 5), (61, o), plan.n_params))
    given = Problem(plan, params, x, y, (rng.integers(0, 4, 61) / 2).astype(dtype))
    options = {"weight": given.weight if weighted else None, "order": rng.permutation(61), "batch_size": 32}
    wanted = given.fit(native, Adam(), **options)
    given.plan = replace(plan, loss=own)
    assert_same_fit(given.fit(native, Adam(), **options), wanted, dtype)


@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
def test_order_is_a_choice_of_rows(backend, dtype, weighted, rng):
    """Rows in `order` and no others, in that order, a subset and with repetitions."""
    given = problem("relu", dtype, 64)
    weight = given.weight if weighted else None
    for rows in (rng.permutation(64), rng.permutation(64)[:37], rng.integers(0, 64, 41)):
        rows = rows.astype(np.int64)
        chosen = problem("relu", dtype, 64)
        chosen.x, chosen.y = given.x[rows], given.y[rows]
        of_rows = None if weight is None else weight[rows]
        found = given.fit(kernels_for(backend), SGD(), order=rows, weight=weight)
        assert_same_fit(found, chosen.fit(kernels_for("reference"), SGD(), weight=of_rows), dtype)


def test_a_batch_of_zero_weights_moves_nothing(backend, dtype):
    given = problem("relu", dtype, 32)
    zeros = np.zeros(32, dtype)
    params, state, losses = given.fit(kernels_for(backend), SGD(momentum=0.0), weight=zeros)
    np.testing.assert_array_equal(params, given.params)
    assert losses == [(0.0, 0.0)]
    assert state.step == 2


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_not_finite_leaves_everything_as_it_was(backend, dtype, optimizer):
    given, rule = problem("odd widths", dtype, 64), OPTIMIZERS[optimizer]
    given.x[50, 2] = np.nan  # in the last of four batches
    params, state, losses = given.fit(kernels_for(backend), rule)
    assert np.isnan(losses).all()
    np.testing.assert_array_equal(params, given.params)
    assert state.step == 0
    for slot, before in zip(state.slots, OptimizerState.zeros(rule, given.params).slots, strict=True):
        np.testing.assert_array_equal(slot, before)


@pytest.mark.parametrize("what", ["parameter", "average", "penalty"])
@pytest.mark.parametrize("n", [64, 1100], ids=["one chunk", "several"])
def test_an_end_that_is_not_finite_leaves_everything_as_it_was(backend, what, n):
    """The loss of the only step was: it is taken before the step."""
    given, rule = problem("odd widths", np.float64, n), SGD(momentum=0.0, ema=0.9)
    state = OptimizerState.zeros(rule, given.params)
    rate, alpha, average = 1e-300, 0.0, state.slots[-1].copy()
    if what == "parameter":
        rate = np.finfo(float).max
        given.y *= 1000
    elif what == "average":
        average[3] = state.slots[-1][3] = np.inf
    else:
        alpha = 1e308  # its gradient is finite
    params, velocity = given.params.copy(), state.slots[0].copy()
    data = (given.x, given.y, None, None, n, rule, state, np.full(1, rate), alpha, 0.0, 0)
    with np.errstate(all="ignore"):
        losses = kernels_for(backend).fit_epoch(given.plan, params, *data)
    assert np.isnan(losses).all()
    np.testing.assert_array_equal(params, given.params)
    np.testing.assert_array_equal(state.slots, [velocity, average])
    assert state.step == 0


def test_ctrl_c_leaves_everything_as_it_was():
    """In the composed epoch; the compiled one's is tested by signals."""
    given, calls = problem("relu", np.float64, 64), []

    def interrupted(*arguments):
        calls.append(arguments)
        if len(calls) == 3:
            raise KeyboardInterrupt
        reference.adam_step(*arguments)

    kernels = SimpleNamespace(**vars(reference) | {"adam_step": interrupted})
    params, state = given.params.copy(), OptimizerState.zeros(Adam(), given.params)
    data = (given.x, given.y, None, None, 16, Adam(), state, np.full(4, 0.1), 0.0, 0.0, 0)
    with pytest.raises(KeyboardInterrupt):
        compose(kernels).fit_epoch(given.plan, params, *data)
    np.testing.assert_array_equal(params, given.params)
    assert state.step == 0
    assert not any(slot.any() for slot in state.slots)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_threads_do_not_change_a_bit(dtype, optimizer):
    given, rule = problem("odd widths", dtype, 4000), OPTIMIZERS[optimizer]
    found = []
    for n_threads in (1, 2, 3):
        params = given.params.copy()
        state = OptimizerState.zeros(rule, params)
        rates = np.full(4, 0.01)
        data = (given.x, given.y, given.weight, None, 1000, rule, state, rates, 0.1, 0.1, 5)
        losses = kernels_for("native").fit_epoch(given.plan, params, *data, n_threads)
        found.append((losses, params, *state.slots))
    for other in found[1:]:
        for one, two in zip(found[0], other, strict=True):
            np.testing.assert_array_equal(one, two)


def test_wide_layers(dtype, rng):
    """Weights that fit no L2 are read for several blocks of rows at once: the same epoch, for any team."""
    plan = Plan.from_layers([Dense(410, "relu"), Dense(420, "tanh"), Dense(5)], 300, "cross_entropy", dtype)
    x = rng.normal(size=(700, 300)).astype(dtype)
    y = np.eye(5, dtype=dtype)[rng.integers(0, 5, 700)]
    given = Problem(plan, plan.initial_params(0), x, y, rng.random(700).astype(dtype))
    options = {"batch_size": 330, "weight": given.weight, "alpha": 0.1}
    assert_same_fit(
        given.fit(kernels_for("native"), SGD(), **options), given.fit(kernels_for("reference"), SGD(), **options), dtype
    )
    found = []
    for n_threads in (1, 2, 3, 7):
        with threads(n_threads):
            params, state, losses = given.fit(kernels_for("native"), SGD(), **options)
        found.append((params, *state.slots, losses))
    for other in found[1:]:
        for one, two in zip(found[0], other, strict=True):
            np.testing.assert_array_equal(one, two)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("solver", ["adam", "sgd"])
@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic", "identity"])
def test_an_epoch_is_scikit_learns(backend, solver, activation, rng):
    """The same initial weights and order: parameters to 1e-10, the loss to 1e-12."""
    assert ConvergenceWarning  # what the filter names
    x, y = rng.normal(size=(53, 6)), rng.integers(0, 3, 53)
    theirs = MLPClassifier((9, 5), activation, solver=solver, alpha=0.3, batch_size=16, max_iter=1, shuffle=False)
    theirs.set_params(random_state=3, learning_rate_init=0.01).fit(x, y)

    layers = [Dense(9, activation), Dense(5, activation), Dense(3)]
    plan = Plan.from_layers(layers, 6, "cross_entropy", np.float64)
    params = plan.initial_params(np.random.RandomState(3))
    rule = {"adam": Adam(), "sgd": SGD()}[solver]
    losses = public.fit_epoch(
        plan,
        params,
        x,
        np.eye(3)[y],
        batch_size=16,
        optimizer=rule,
        state=OptimizerState.zeros(rule, params),
        learning_rates=np.full(4, 0.01),
        alpha=0.3,
        backend=backend,
    )
    _assert_scikit_learns(plan, params, theirs)
    assert sum(losses) == pytest.approx(theirs.loss_, rel=1e-12)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_weighted_regression_epoch_is_scikit_learns(backend, rng):
    x, y, weight = rng.normal(size=(40, 4)), rng.normal(size=(40, 2)), rng.random(40)
    theirs = MLPRegressor(hidden_layer_sizes=(7,), activation="tanh", batch_size=16, alpha=0.01)
    theirs.set_params(max_iter=1, shuffle=False, random_state=0).fit(x, y, weight)

    plan = Plan.from_layers([Dense(7, "tanh"), Dense(2)], 4, "squared_error", np.float64)
    params = plan.initial_params(0)
    state = OptimizerState.zeros(Adam(), params)
    rest = {"batch_size": 16, "learning_rates": np.full(3, 0.001), "alpha": 0.01}
    rest |= {"optimizer": "adam", "state": state, "backend": backend}
    public.fit_epoch(plan, params, x, y, weight, **rest)
    _assert_scikit_learns(plan, params, theirs)


def _assert_scikit_learns(plan, params, theirs) -> None:
    weights, biases = plan.unpack(params)
    for w, coef in zip(weights, theirs.coefs_, strict=True):
        np.testing.assert_allclose(w, coef, rtol=1e-10, atol=1e-12)
    for b, intercept in zip(biases, theirs.intercepts_, strict=True):
        np.testing.assert_allclose(b, intercept, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("form", ["dense", "sparse", "workspace"])
@pytest.mark.parametrize("order", [[0, 20], [-1, 0], np.zeros(2, np.int32), np.zeros((2, 1), int)], ids=str)
def test_the_compiled_kernel_looks_at_the_order(form, order):
    native, given = kernels_for("native"), problem("odd widths", np.float64, 20)
    before = given.params.copy()
    if form == "sparse":
        given = replace(given, x=native.SparseRows(csr_array(given.x)))
    run = native.Workspace().fit_epoch if form == "workspace" else native.fit_epoch
    for good in ([0, 19], [3, 3, 3]):
        assert np.isfinite(given.fit(SimpleNamespace(fit_epoch=run), SGD(), order=np.array(good))[0]).all()
    with pytest.raises(ValueError, match=r"order.* (is not a row of x, which has 20|wanted one dimension of int64)"):
        given.fit(SimpleNamespace(fit_epoch=run), SGD(), order=np.asarray(order))
    np.testing.assert_array_equal(given.params, before)
