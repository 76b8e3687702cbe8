"""torch's Sequentials as networks, and models as those: the same numbers."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest
import torch
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, StandardScaler
from torch import nn

from fastnn import (
    Activation,
    Dense,
    Dropout,
    LogisticRegression,
    MLPClassifier,
    MLPRegressor,
    Network,
    Neuron,
    activations,
    from_torch,
    to_torch,
)
from fastnn.activations import ACTIVATIONS

pytestmark = [
    pytest.mark.torch,
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    # torch's own, of what it imports.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

CLOSE = {np.float32: 1e-6, np.float64: 2e-15}
DTYPES = {np.float32: torch.float32, np.float64: torch.float64}
N = 100
ELEMENTS = [
    nn.ReLU(),
    nn.ReLU6(),
    nn.LeakyReLU(),
    nn.LeakyReLU(0.3),
    nn.PReLU(),
    nn.RReLU(),
    nn.Threshold(0, 0),
    nn.Threshold(0.5, 0),
    nn.ELU(),
    nn.ELU(2.0),
    nn.CELU(0.5),
    nn.SELU(),
    nn.GELU(),
    nn.GELU("tanh"),
    nn.SiLU(),
    nn.Mish(),
    nn.Softplus(),
    nn.Softplus(2.0, 40),
    nn.Softsign(),
    nn.Sigmoid(),
    nn.LogSigmoid(),
    nn.Tanh(),
    nn.Hardsigmoid(),
    nn.Hardswish(),
    nn.Hardtanh(),
    nn.Hardtanh(-2.0, 3.0),
    nn.Hardtanh(0.0, 6.0),
    nn.Softshrink(),
    nn.Softshrink(0.2),
    nn.Hardshrink(0.2),
    nn.Tanhshrink(),
    nn.Softmax(dim=1),
    nn.LogSoftmax(dim=-1),
]


def samples(dtype, columns=6):
    return np.random.default_rng(0).normal(1, 2, (N, columns)).astype(dtype)


def trained(module, dtype=np.float32):
    """The module in evaluation mode, with statistics that some batches have left."""
    torch.manual_seed(0)
    module = copy.deepcopy(module).to(DTYPES[dtype]).train()
    for _ in range(5):
        module(torch.randn(32, 6, dtype=DTYPES[dtype]) * 3 + 1)
    for each in module.modules():
        if isinstance(each, nn.BatchNorm1d) and each.affine:
            nn.init.normal_(each.weight)
            nn.init.normal_(each.bias)
    return module.eval()


def answer(module, x):
    with torch.no_grad():
        return module(torch.from_numpy(x)).numpy()


def far(got, wanted):
    assert got.shape == wanted.shape
    assert got.dtype == wanted.dtype
    return np.abs(got - wanted).max() / max(1.0, np.abs(wanted).max())


# --- in -----------------------------------------------------------------------------------------


def networks(element):
    """The element hidden, twice in a row, first, last, and with BatchNorm1d on every side of it."""
    norm = nn.BatchNorm1d
    yield nn.Sequential(nn.Linear(6, 7), element, nn.Linear(7, 3))
    yield nn.Sequential(norm(6), nn.Linear(6, 7), norm(7), element, norm(7, affine=False), nn.Linear(7, 3, bias=False))
    yield nn.Sequential(nn.Linear(6, 7, bias=False), element, nn.Tanh(), norm(7), norm(7))
    yield nn.Sequential(norm(6), copy.deepcopy(element), nn.Linear(6, 3), element)
    yield nn.Sequential(nn.Flatten(), nn.Sequential(nn.Linear(6, 4), nn.Dropout(0.1), element), nn.Identity())


@pytest.mark.parametrize("element", ELEMENTS, ids=repr)
def test_modules_in_any_order(element, dtype):
    x = samples(dtype)
    for module in networks(element):
        given = trained(module, dtype)
        network = from_torch(given)
        assert network.plan.dtype == dtype
        assert far(network.predict(x), answer(given, x)) <= CLOSE[dtype], given


def test_one_module_is_enough(dtype):
    given = trained(nn.Linear(6, 2), dtype)
    assert far(from_torch(given).predict(samples(dtype)), answer(given, samples(dtype))) <= CLOSE[dtype]


def test_a_module_that_stands_twice_counts_twice():
    """torch's `named_children` leaves out the second one."""
    relu = nn.ReLU()
    given = trained(nn.Sequential(nn.Linear(6, 5), relu, nn.Linear(5, 4), relu))
    assert [each.name for each in from_torch(given).plan.activations] == ["relu", "relu"]


def test_what_stands_at_the_end_is_the_link():
    x = samples(np.float32)
    logits = nn.Sequential(nn.Linear(6, 3))
    for end, loss in ((nn.Softmax(dim=1), "cross_entropy"), (nn.Sigmoid(), "binary_cross_entropy")):
        given = trained(nn.Sequential(*logits, end))
        network = from_torch(given)
        assert (network.plan.loss.name, network.plan.activations[-1].name) == (loss, "identity")
        assert far(network.predict(x), answer(given, x)) < 1e-6
        raw = from_torch(trained(logits), loss)  # the link that a loss of torch has inside
        assert far(raw.forward(x), answer(trained(logits), x)) < 1e-6
        assert raw.plan.loss.name == loss
        other = from_torch(given, "absolute")
        assert other.plan.activations[-1].name == {"cross_entropy": "softmax"}.get(loss, "sigmoid")
        assert far(other.predict(x), answer(given, x)) < 1e-6
    assert from_torch(trained(logits)).plan.loss.name == "squared_error"
    assert from_torch(trained(logits), "poisson").plan.loss.name == "poisson"


def test_it_goes_on_learning_with_its_dropout():
    given = trained(nn.Sequential(nn.Dropout(0.1), nn.Linear(6, 8), nn.ReLU(), nn.Dropout(0.25), nn.Linear(8, 3)))
    network = from_torch(given, "cross_entropy")
    assert network.layers == [
        Dropout(0.1),
        Dense(8, network.plan.activations[0]),
        Dropout(0.25),
        Dense(3, network.plan.activations[1]),
    ]
    before = answer(given, samples(np.float32))
    network.fit(samples(np.float32), np.arange(N) % 3, epochs=2)
    np.testing.assert_array_equal(answer(given, samples(np.float32)), before)  # it shares nothing


def test_dropouts_in_a_row_are_one():
    given = trained(nn.Sequential(nn.Linear(6, 8), nn.Dropout(0.5), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 3)))
    network = from_torch(given)
    assert network.plan.dropout == (0, 0.75)
    assert [each.name for each in network.plan.activations] == ["relu", "identity"]
    assert from_torch(trained(nn.Sequential(nn.Linear(6, 3), nn.Dropout(0.5)))).plan.dropout == (0,)  # its output


def sequential(*modules):
    return nn.Sequential(*modules).eval()


def test_softplus_is_the_same_where_torch_becomes_linear():
    given = trained(nn.Sequential(nn.Linear(6, 1), nn.Softplus()), np.float64)
    with torch.no_grad():
        given[0].weight[...] = 0
        given[0].weight[0, 0] = 1
        given[0].bias[...] = 0
    x = np.linspace(19, 21, N)[:, None] * np.eye(6)[0]
    assert np.abs(from_torch(given).predict(x) - answer(given, x)).max() < 1e-6


# --- out ----------------------------------------------------------------------------------------

OTHERS = [
    activations.leaky_relu(0.3),
    activations.elu(1.7),
    activations.celu(0.4),
    activations.softplus(3.0),
    activations.hard_sigmoid(0.2, 0.4),
    activations.softshrink(0.2),
    activations.hard_shrink(0.7),
    activations.thresholded_relu(0.3),
]
WITH_MODULES = [each for each in (*ACTIVATIONS.values(), *OTHERS) if each.name != "sign"]


@pytest.mark.parametrize("activation", WITH_MODULES, ids=lambda each: each.label)
def test_networks_become_sequentials(activation, dtype):
    x = 2 * samples(dtype)
    layers = [Dense(9, activation), Dropout(0.1), Dense(5, activation, bias=False), Dense(3)]
    network = Network(layers, 6, "cross_entropy", dtype=dtype, random_state=0)
    module = to_torch(network)
    assert not module.training
    assert all(type(each).__module__.startswith("torch.nn.") for each in module.modules())
    assert far(answer(module, x), network.predict(x)) <= CLOSE[dtype]
    assert far(answer(to_torch(network, method="raw"), x), network.forward(x)) <= CLOSE[dtype]
    assert far(from_torch(module).predict(x), network.predict(x)) <= CLOSE[dtype]
    assert [each.p for each in module if isinstance(each, nn.Dropout)] == [0.1]


def models(dtype):
    x = samples(dtype)
    y = np.arange(N) % 3
    yield MLPClassifier((6,), max_iter=3, random_state=0).fit(x, y), "predict_proba"
    yield MLPClassifier((6,), max_iter=3, random_state=0).fit(x, y > 0), "predict_proba"
    yield MLPClassifier((6,), loss="hinge", max_iter=3).fit(x, y), "decision_function"
    yield MLPRegressor(hidden_layer_sizes=(6,), max_iter=3).fit(x, x[:, :2]), "predict"
    yield LogisticRegression().fit(x, y), "predict_proba"
    yield LogisticRegression().fit(x, y > 0), "decision_function"
    yield Neuron(max_iter=3).fit(x, y > 0), "predict_proba"
    yield Neuron("tanh", max_iter=3).fit(x, np.tanh(x[:, 0])), "predict"
    yield (
        make_pipeline(StandardScaler(), MinMaxScaler(), MaxAbsScaler(), LogisticRegression()).fit(x, y),
        "predict_proba",
    )


def test_models_become_sequentials(dtype):
    x = samples(dtype)
    for model, method in models(dtype):
        wanted = getattr(model, method)(x)
        wanted = wanted[:, None] if wanted.ndim == 1 else wanted
        assert far(answer(to_torch(model, method=method), x), wanted) <= CLOSE[dtype], model
        if method != "decision_function":  # which is the same then
            assert far(answer(to_torch(model), x), wanted) <= CLOSE[dtype], model


@pytest.mark.parametrize("mean", [30, 1000])
def test_means_far_from_zero_are_taken_off_first(mean, dtype):
    """In a bias they would cost as many digits as they are standard deviations: 1e-4 in float32."""
    near = np.random.default_rng(0).normal(size=(N, 6))
    x = (near + mean * np.arange(6)).astype(dtype)  # the first one is near to zero
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(x, near[:, :3].argmax(axis=1))
    module = to_torch(model)
    assert far(answer(module, x), model.predict_proba(x)) <= 2 * CLOSE[dtype]
    assert far(from_torch(module).predict(x), model.predict_proba(x)) <= 2 * CLOSE[dtype]

    norm = nn.BatchNorm1d(6, affine=False, eps=0.0).to(DTYPES[dtype])
    norm.running_mean[...] = torch.from_numpy(x.mean(axis=0))
    exact = sequential(nn.Linear(6, 3, dtype=torch.float64), nn.Softmax(dim=1))
    layer = nn.Linear(6, 3, dtype=DTYPES[dtype])
    layer.load_state_dict(exact[0].state_dict())
    network = from_torch(sequential(norm, layer, nn.Softmax(dim=1)))
    centred = x.astype(np.float64) - norm.running_mean.double().numpy()
    assert far(network.predict(x), answer(exact, centred).astype(dtype)) <= CLOSE[dtype]


def test_a_constant_column_far_from_zero():
    """Its statistics, and a weight of zero, are no reason to divide by zero."""
    norm = nn.BatchNorm1d(2)
    with torch.no_grad():
        norm.weight[...] = torch.tensor([0.0, 1.0])
        norm.bias[...] = torch.tensor([100.0, 100.0])
    module = sequential(norm, nn.Linear(2, 3))
    x = samples(np.float32)[:, :2]
    assert far(from_torch(module).predict(x), answer(module, x)) < 1e-5  # of numbers near to 100


def test_another_dtype():
    network = Network([Dense(4, "tanh"), Dense(2)], 6, random_state=0)
    module = to_torch(network, dtype="float64")
    x = samples(np.float64)
    assert far(answer(module, x), network.predict(x.astype(np.float32)).astype(np.float64)) < 1e-5
    assert next(module.parameters()).dtype == torch.float64
    with pytest.raises(ValueError, match="dtype='float16'"):
        to_torch(network, dtype="float16")


def test_what_has_no_module_is_named():
    x, y = samples("d"), np.arange(N) % 3
    with pytest.raises(ValueError, match="'sign'"):
        to_torch(Network([Dense(3, "sign")], 6))
    with pytest.raises(ValueError, match="selu\\(1.5, 1.2\\)"):
        to_torch(Network([Dense(3, activations.selu(1.5, 1.2))], 6))
    for name in ("cube", "identity", "hard_sigmoid"):  # also where it is called as one of the library's own
        with pytest.raises(ValueError, match=f"'{name}' has no module"):
            to_torch(Network([Dense(3, Activation(name, lambda z: z * z * z, lambda z, a: 3 * z * z))], 6))
    counts = MLPRegressor("poisson", (3,), max_iter=2).fit(x, y)
    with pytest.raises(ValueError, match="loss='poisson'.*'exp'.*method='raw'"):
        to_torch(counts)
    np.testing.assert_allclose(np.exp(answer(to_torch(counts, method="raw"), x))[:, 0], counts.predict(x), rtol=1e-13)
    with pytest.raises(ValueError, match="gives labels"):
        to_torch(LogisticRegression().fit(x, y), method="predict")
    with pytest.raises(ValueError, match="clip=True"):
        to_torch(make_pipeline(MinMaxScaler(clip=True), LogisticRegression()).fit(x, y))
    with pytest.raises(TypeError, match="fitted estimator"):
        to_torch(StandardScaler())


def test_it_needs_nothing_of_this_library(tmp_path):
    module = to_torch(Network([Dense(4, "gelu"), Dense(3)], 6, "cross_entropy", random_state=0))
    (tmp_path / "module.pkl").write_bytes(pickle.dumps(module))
    code = "import sys; sys.modules['fastnn'] = None; import pickle; print(len(pickle.load(open('module.pkl', 'rb'))))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout == "4\n", done.stderr
