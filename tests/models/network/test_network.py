"""Network: forward, loss and gradient, training, and one flat vector of parameters."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from gradcheck import assert_gradient

from fastnn import SGD, Dense, Dropout, Network, activations, losses
from fastnn.schedules import Constant, Cosine


def make(loss: str = "squared_error", **options: Any) -> Network:
    layers = [Dense(8, "tanh"), Dense(6, "silu", bias=False), Dense(3)]
    return Network(layers, 4, loss, **{"dtype": "float64", "random_state": 0} | options)


@pytest.fixture
def xy(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    return rng.normal(size=(60, 4)), rng.normal(size=(60, 3))


def test_forward_is_what_the_layers_say(xy: Any, backend: str) -> None:
    network = make(backend=backend)
    x = xy[0]
    (w0, w1, w2), (b0, b1, b2) = network.weights, network.biases
    assert b1 is None
    hidden = np.tanh(x @ w0 + b0) @ w1
    wanted = hidden / (1 + np.exp(-hidden)) @ w2 + b2
    np.testing.assert_allclose(network.forward(x), wanted, rtol=1e-10)
    np.testing.assert_array_equal(network.predict(x), network.forward(x))


def test_predict_applies_the_link(xy: Any) -> None:
    network = make("cross_entropy")
    z = network.forward(xy[0])
    wanted = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(network.predict(xy[0]), wanted, rtol=1e-10)
    last = Network([Dense(2, "softmax")], 4)
    np.testing.assert_allclose(last.forward(xy[0]).sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("loss", ["squared_error", "cross_entropy", "binary_cross_entropy"])
def test_gradient(xy: Any, loss: str, rng: np.random.Generator) -> None:
    network = make(loss)
    x, y = xy[0], rng.uniform(size=(60, 3))
    y /= y.sum(axis=1, keepdims=True) if loss == "cross_entropy" else 1
    weight = rng.uniform(size=60)

    def loss_at(params: np.ndarray) -> float:
        network.params = params
        return network.loss_and_gradient(x, y, weight)[0]

    start = network.params.copy()
    _, d_params = network.loss_and_gradient(x, y, weight)
    assert_gradient(d_params, loss_at, start, loss)


def test_parameters_are_views_of_one_vector(xy: Any) -> None:
    network = make()
    flat = network.params
    assert flat.shape == (4 * 8 + 8 + 8 * 6 + 6 * 3 + 3,)
    network.weights[0][...] = 7
    network.biases[2][...] = 9
    assert (flat[:32] == 7).all()
    assert (flat[-3:] == 9).all()
    network.params = np.zeros(len(flat))
    assert network.params is flat
    assert not network.forward(xy[0]).any()
    with pytest.raises(ValueError, match=r"params has shape \(3,\), wanted \(109,\)"):
        network.params = np.zeros(3)
    weights, biases = network.unpack(np.arange(109.0))
    assert weights[1].shape == (8, 6)
    assert biases[0].tolist() == list(range(32, 40))


@pytest.mark.parametrize("twin_of", [lambda n: pickle.loads(pickle.dumps(n)), copy.deepcopy])
def test_copies_have_views_of_their_own(xy: Any, twin_of: Any) -> None:
    network = make("cross_entropy").fit(xy[0], np.arange(60) % 3, epochs=2)
    twin = twin_of(network)
    np.testing.assert_array_equal(twin.forward(xy[0]), network.forward(xy[0]))
    assert repr(twin) == repr(network)
    twin.weights[0][...] = 7
    assert (twin.params[:32] == 7).all()
    assert not (network.params[:32] == 7).all()
    twin.params = network.params
    network.fit(xy[0], np.arange(60) % 3, epochs=2)
    twin.fit(xy[0], np.arange(60) % 3, epochs=2)
    np.testing.assert_array_equal(twin.params, network.params)


@pytest.mark.parametrize("optimizer", ["sgd", "adam", SGD(0.1, momentum=0.5)])
def test_learns(rng: np.random.Generator, optimizer: Any, dtype: Any) -> None:
    x = rng.normal(size=(300, 2)).astype(dtype)
    y = (x[:, 0] * x[:, 1] > 0).astype(int)
    network = Network([Dense(16, "tanh"), Dense(2)], 2, "cross_entropy", dtype=dtype, random_state=0)
    schedule = Constant(0.05) if optimizer != "adam" else Cosine(0.05, 800, warm_up=10)
    network.fit(x, y, optimizer=optimizer, schedule=schedule, epochs=80, batch_size=30)
    assert (network.predict(x).argmax(axis=1) == y).mean() > 0.95
    assert len(network.loss_curve) == 80
    assert network.predict(x).dtype == dtype


def test_targets_of_one_output_and_of_classes(rng: np.random.Generator) -> None:
    x = rng.normal(size=(20, 3))
    one = Network([Dense(1)], 3, dtype="float64", random_state=0)
    y = rng.normal(size=20)
    assert one.loss_and_gradient(x, y)[0] == one.loss_and_gradient(x, y[:, None])[0]
    classes = Network([Dense(4)], 3, "cross_entropy", dtype="float64", random_state=0)
    index = rng.integers(0, 4, 20)
    by_index = classes.loss_and_gradient(x, index)[0]
    assert by_index == classes.loss_and_gradient(x, np.eye(4)[index])[0]
    with pytest.raises(ValueError, match="y has classes from 0 to 4, wanted 0 to 3"):
        classes.loss_and_gradient(x[:2], [0, 4])


def test_callbacks_see_epochs_and_may_stop(xy: Any) -> None:
    seen = []

    def callback(epoch: Any) -> bool:
        seen.append((epoch.number, epoch.loss, epoch.learning_rate))
        assert not epoch.params.flags.writeable
        return epoch.number == 3

    network = make().fit(*xy, epochs=10, callbacks=[callback])
    assert [number for number, *_ in seen] == [1, 2, 3]
    assert [loss for _, loss, _ in seen] == network.loss_curve
    assert seen[0][2] == 0.001


def test_a_history_and_lines(xy: Any, capsys: pytest.CaptureFixture[str]) -> None:
    network = make().fit(*xy, epochs=2, verbose=True).fit(*xy, epochs=1)
    assert network.history["loss"] == network.loss_curve
    assert network.history["learning_rate"] == [0.001] * 3
    assert len(network.history["seconds"]) == 3
    lines = capsys.readouterr().out.splitlines()
    assert lines == [f"Iteration {k}, loss = {loss:.8f}" for k, loss in zip((1, 2), network.loss_curve, strict=False)]


def test_ctrl_c_propagates_and_keeps_the_last_epoch(xy: Any) -> None:
    network = make()
    kept = []

    def callback(epoch: Any) -> None:
        kept.append(epoch.params.copy())
        if epoch.number == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        network.fit(*xy, callbacks=[callback])
    np.testing.assert_array_equal(network.params, kept[-1])


def test_the_same_seed_is_the_same_network(xy: Any) -> None:
    one, two, three = (make(random_state=seed).fit(*xy, epochs=2) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.params, two.params)
    assert abs(one.params - three.params).max() > 0.1
    np.testing.assert_array_equal(make(n_threads=2).fit(*xy).params, make(n_threads=1).fit(*xy).params)


def test_weights_of_rows(xy: Any) -> None:
    x, y = xy
    weight = np.arange(60) % 3
    one = make().loss_and_gradient(x, y, weight)
    other = make().loss_and_gradient(x.repeat(weight, 0), y.repeat(weight, 0))
    assert one[0] == pytest.approx(other[0])
    np.testing.assert_allclose(one[1], other[1], rtol=1e-9, atol=1e-12)


def test_looks_tell_parameters_of_functions() -> None:
    """Where they are others than those that a name stands for; so the call makes the same network again."""
    layers = [Dense(3, activations.leaky_relu(0.2)), Dense(2, activations.elu(1.0)), Dense(1)]
    network = Network(layers, 4, losses.huber(2.5))
    assert repr(network) == (
        "Network([Dense(3, activations.leaky_relu(0.2)), Dense(2, 'elu'), Dense(1)], n_inputs=4, "
        "loss=losses.huber(2.5), dtype='float32')"
    )
    assert network.summary().endswith(" bytes, float32, loss huber(2.5)")
    names = {"Network": Network, "Dense": Dense, "activations": activations, "losses": losses}
    assert eval(repr(network), names).plan == network.plan


def test_looks() -> None:
    network = make("cross_entropy")
    assert repr(network) == (
        "Network([Dense(8, 'tanh'), Dense(6, 'silu', bias=False), Dense(3)], n_inputs=4, "
        "loss='cross_entropy', dtype='float64')"
    )
    text = network.summary()
    assert text == "\n".join(
        [
            "layer    output  w       b     activation  parameters",
            "-------  ------  ------  ----  ----------  ----------",
            "inputs   (n, 4)",
            "Dense 0  (n, 8)  (4, 8)  (8,)  tanh                40",
            "Dense 1  (n, 6)  (8, 6)  none  silu                48",
            "Dense 2  (n, 3)  (6, 3)  (3,)  identity            21",
            "109 parameters, 872 bytes, float64, loss cross_entropy",
        ]
    )
    dropping = Network([Dense(2000), Dropout(0.25), Dense(3)], 4)
    assert "Dropout 0.25  (n, 2000)\n" in dropping.summary()
    assert "16,003 parameters, 64 kB, float32" in dropping.summary()


def test_any_layout_gives_the_same_numbers(xy: Any) -> None:
    network, x = make(), xy[0]
    wanted = network.forward(x)
    read_only = x.copy()
    read_only.flags.writeable = False
    for other in (
        np.asfortranarray(x),
        x.astype(">f8"),
        np.repeat(x, 2, axis=0)[::2],
        x.tolist(),
        read_only,
    ):
        np.testing.assert_array_equal(network.forward(other), wanted)


def test_nan_and_infinity_flow_through() -> None:
    z = Network([Dense(2)], 1, random_state=0).forward([[np.nan], [np.inf], [1.0]])
    assert np.isnan(z[0]).all()
    assert np.isinf(z[1]).all()
    assert np.isfinite(z[2]).all()


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda n: n.forward(np.zeros(4)), ValueError, r"x has shape \(4,\).*reshape\(1, -1\)"),
        (lambda n: n.forward(np.zeros((2, 3))), ValueError, r"\(2, 3\), wanted \(n, 4\)"),
        (lambda n: n.forward([["a"] * 4]), TypeError, "x of shape .* has dtype"),
        (lambda n: n.fit(np.zeros((2, 4)), np.zeros((3, 3))), ValueError, "y has 3 rows, wanted 2"),
        (lambda n: n.fit(np.zeros((0, 4)), np.zeros((0, 3))), ValueError, "no row to train on"),
        (lambda n: n.fit(np.zeros((2, 4)), np.zeros((2, 3)), epochs=0), ValueError, "epochs=0"),
        (lambda n: n.fit(np.zeros((2, 4)), np.zeros((2, 3)), epochs=1.5), TypeError, "epochs is 1.5"),
        (lambda n: n.fit(np.zeros((2, 4)), np.zeros((2, 3)), alpha=-1), ValueError, "alpha=-1"),
        (
            lambda n: n.fit(np.zeros((2, 4)), np.zeros((2, 3)), optimizer="adm"),
            ValueError,
            "Did you mean 'adam'",
        ),
        (
            lambda n: n.fit(np.zeros((2, 4)), np.zeros((2, 3)), [1.0]),
            ValueError,
            "sample_weight has 1 rows, wanted 2",
        ),
    ],
)
def test_bad_input_is_explained(act: Any, error: Any, message: str) -> None:
    network = make()
    before = network.params.copy()
    with pytest.raises(error, match=message):
        act(network)
    np.testing.assert_array_equal(network.params, before)
    assert network.loss_curve == []


@pytest.mark.parametrize(
    ("layers", "options", "error", "message"),
    [
        ([], {}, ValueError, "at least one Dense layer"),
        ([Dense(1), Dropout(0.5)], {}, ValueError, "a Dense must follow it"),
        ([Dense(1)], {"loss": "cros_entropy"}, ValueError, "Did you mean 'cross_entropy'"),
        ([Dense(1)], {"backend": "jitt"}, ValueError, "Did you mean 'jit'"),
        ([Dense(1)], {"dtype": "int8"}, ValueError, "float32 or float64"),
        ([Dense(1)], {"backend": "reference", "n_threads": 2}, ValueError, "native backend"),
        ([3], {}, TypeError, "a Dense or a Dropout"),
    ],
)
def test_what_cannot_be_built(layers: Any, options: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        Network(layers, 2, **options)


def test_sign_computes_but_does_not_train() -> None:
    network = Network([Dense(3, "sign"), Dense(1)], 2)
    assert network.forward(np.ones((1, 2))).shape == (1, 1)
    for train in (network.fit, network.loss_and_gradient):
        with pytest.raises(ValueError, match="'sign', which has no slope"):
            train(np.ones((4, 2)), np.ones(4))


def test_divergence(rng: np.random.Generator) -> None:
    x, y = np.full((10, 1), 1e10), np.zeros(10)
    network = Network([Dense(1)], 1, dtype="float64", random_state=0)
    with pytest.warns(RuntimeWarning, match=r"diverged in epoch \d+.*parameters are those of"):
        network.fit(x, y, optimizer=SGD(1.0, momentum=0), epochs=100)
    assert np.isfinite(network.params).all()
    with pytest.raises(ValueError, match="non-finite parameter weights"):
        network.fit(x, y, optimizer=SGD(1e300), epochs=2)


def test_a_second_fit_drops_others() -> None:
    x, y = np.ones((64, 8)), np.zeros((64, 1))
    network = Network([Dropout(0.5), Dense(1)], 8, loss="squared_error", random_state=0)
    for _ in range(2):
        network.fit(x, y, epochs=1, optimizer=SGD(1e-12), shuffle=False)
    assert network.loss_curve[0] != network.loss_curve[1]
