"""Sequentials of Keras 3 as networks: the same numbers."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from fastnn import Dropout, from_keras

pytestmark = [
    pytest.mark.keras,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),  # Keras's, of activations as arguments of Dense
]

N = 60
CLOSE = 1e-6  # in float64 too, whose products Keras computes in float32 with PyTorch as its backend
X = np.random.default_rng(0).normal(1, 2, (N, 6)).astype(np.float32)
NAMES = (
    *("celu", "elu", "gelu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh", "leaky_relu"),
    *("linear", "log_sigmoid", "log_softmax", "mish", "relu", "relu6", "selu", "sigmoid", "silu", "soft_shrink"),
    *("softmax", "softplus", "softsign", "swish", "tanh", "tanh_shrink"),
)
LAYERS = {
    "ReLU": layers.ReLU,
    "ReLU 6": lambda: layers.ReLU(6.0),
    "ReLU 2": lambda: layers.ReLU(2.0),
    "ReLU threshold": lambda: layers.ReLU(threshold=0.5),
    "ReLU leaky": lambda: layers.ReLU(negative_slope=0.3),
    "LeakyReLU": layers.LeakyReLU,
    "LeakyReLU 0.1": lambda: layers.LeakyReLU(negative_slope=0.1),
    "ELU": lambda: layers.ELU(2.0),
    "PReLU": lambda: layers.PReLU(keras.initializers.Constant(0.25)),
    "Softmax": layers.Softmax,
    **{name: lambda name=name: layers.Activation(name) for name in NAMES},
}


@pytest.fixture(autouse=True)
def dtype():
    """What layers are made in, and after the test as before."""
    before = keras.config.dtype_policy()
    keras.utils.set_random_seed(0)
    yield
    keras.config.set_dtype_policy(before)
    keras.utils.clear_session()


def sequential(*given):
    return keras.Sequential([keras.Input((6,)), *given])


def normalization(**how):
    layer = layers.Normalization(**how)
    layer.adapt(X)
    return layer


def batch_normalization(**how):
    """One with statistics and weights as if it had been trained."""
    layer, rng = layers.BatchNormalization(**how), np.random.default_rng(1)
    return layer, lambda: layer.set_weights([rng.uniform(0.5, 2, w.shape) for w in layer.get_weights()])


def far(network, model):
    got, wanted = network.predict(X), keras.ops.convert_to_numpy(model(X))
    assert got.shape == wanted.shape
    return np.abs(got - wanted).max() / max(1.0, np.abs(wanted).max())


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("policy", ["float32", "float64"])
def test_layers_in_any_order(name, policy):
    keras.config.set_dtype_policy(policy)
    (first, train_first), (second, train_second) = batch_normalization(), batch_normalization(scale=False, center=False)
    model = sequential(
        normalization(),
        layers.Dense(8),
        first,
        LAYERS[name](),
        second,
        layers.Dropout(0.1),
        keras.Sequential([layers.Dense(4, use_bias=False)]),
        layers.Flatten(),
        LAYERS[name](),
    )
    train_first()
    train_second()
    network = from_keras(model)
    assert network.plan.dtype == policy
    assert network.plan.dropout[1] == 0.1
    assert far(network, model) < CLOSE


@pytest.mark.parametrize("name", NAMES)
def test_activations_of_dense(name):
    model = sequential(layers.Dense(8, activation=name), layers.Dense(3, activation=name))
    assert far(from_keras(model), model) < CLOSE


def test_layers_as_activations_of_dense():
    model = sequential(layers.Dense(8, activation=layers.LeakyReLU(0.1)), layers.Dense(3))
    assert far(from_keras(model), model) < CLOSE


def test_defaults_that_differ_are_translated():
    """`leaky_relu` is 0.2 in Keras and 0.01 here, and the layer is 0.3."""
    by_name = from_keras(sequential(layers.Dense(3, activation="leaky_relu")))
    by_layer = from_keras(sequential(layers.Dense(3), layers.LeakyReLU()))
    assert by_name.plan.activations[0].parameters == (0.2,)
    assert by_layer.plan.activations[0].parameters == pytest.approx((0.3,))


def test_what_is_affine_before_the_first_dense():
    (norm, train) = batch_normalization(epsilon=0.01)
    model = sequential(layers.Rescaling(1 / 4, offset=-0.5), normalization(invert=True), norm, layers.Dense(3))
    train()
    network = from_keras(model)
    assert network.plan.n_layers == 1
    assert far(network, model) < 1e-5  # of numbers up to 100


def test_means_far_from_zero_are_taken_off_first():
    """As Keras does: in a bias they would cost 1e-4."""
    x = X + np.float32(1000)
    norm = layers.Normalization()
    norm.adapt(x)
    model = sequential(norm, layers.Identity(), layers.Dense(3, "softmax"))
    assert np.abs(from_keras(model).predict(x) - keras.ops.convert_to_numpy(model(x))).max() < CLOSE


def test_a_normalization_behind_the_last_activation():
    (norm, train) = batch_normalization()
    model = sequential(layers.Dense(3, activation="tanh"), norm)
    train()
    assert far(from_keras(model), model) < CLOSE


def test_images_are_flattened():
    model = keras.Sequential([keras.Input((2, 3)), layers.Rescaling(1 / 8), layers.Flatten(), layers.Dense(3)])
    x = X.reshape(N, 2, 3)
    wanted = keras.ops.convert_to_numpy(model(x))
    assert np.abs(from_keras(model).predict(x.reshape(N, -1)) - wanted).max() < CLOSE


def test_what_stands_at_the_end_is_the_link():
    ends = {"softmax": "cross_entropy", "sigmoid": "binary_cross_entropy", "linear": "squared_error"}
    for end, loss in ends.items():
        network = from_keras(sequential(layers.Dense(3, activation=end)))
        assert (network.plan.loss.name, network.plan.activations[-1].name) == (loss, "identity")
    assert from_keras(sequential(layers.Dense(3)), "cross_entropy").plan.loss.name == "cross_entropy"


def test_it_goes_on_learning_and_shares_nothing():
    model = sequential(layers.Dropout(0.2), layers.Dense(8, "relu"), layers.Dense(3, "softmax"))
    before = keras.ops.convert_to_numpy(model(X))
    network = from_keras(model)
    assert network.layers[0] == Dropout(0.2)
    network.fit(X, np.arange(N) % 3, epochs=2)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(model(X)), before)


def trained_slopes():
    model = sequential(layers.Dense(3), layers.PReLU())
    model.layers[-1].set_weights([np.array([0.1, 0.2, 0.3])])
    return model


def twice():
    layer = layers.Dense(6)
    nested = keras.Sequential([layers.Dense(6), layer], name="first")
    return sequential(nested, keras.Sequential([layer], name="second"))


REFUSED = {
    "convolution": (lambda: keras.Sequential([keras.Input((6, 1)), layers.Conv1D(2, 1)]), r"\(None, 6, 1\)"),
    "late flatten": (lambda: keras.Sequential([keras.Input((2, 3)), layers.Dense(3), layers.Flatten()]), "comes first"),
    "order": (
        lambda: keras.Sequential([keras.Input((2, 3, 4)), layers.Flatten("channels_first"), layers.Dense(2)]),
        "channels_first.*another order",
    ),
    "rescaling": (lambda: sequential(layers.Rescaling(np.arange(6.0)), layers.Dense(3)), "Rescaling.*arrays"),
    "layer": (lambda: sequential(layers.Dense(3), layers.LayerNormalization()), "LayerNormalization.*no counterpart"),
    "noise": (lambda: sequential(layers.GaussianNoise(0.1), layers.Dense(3)), "GaussianNoise"),
    "lambda": (lambda: sequential(layers.Dense(3), layers.Lambda(lambda x: x)), "Lambda"),
    "function": (lambda: sequential(layers.Dense(3, activation="exponential")), "Dense.*activation='exponential'"),
    "own": (lambda: sequential(layers.Dense(3, activation=lambda x: x)), "activation='<lambda>'"),
    "threshold": (
        lambda: sequential(layers.Dense(3), layers.ReLU(6.0, threshold=1.0)),
        "threshold=1 with max_value=6",
    ),
    "both": (lambda: sequential(layers.Dense(3), layers.ReLU(6.0, 0.1)), "max_value=6 with negative_slope=0.1"),
    "zeros": (lambda: sequential(layers.Dense(3), layers.ReLU(0.0)), "ReLU.*max_value=0, wanted above 0"),
    "dropout of all": (lambda: sequential(layers.Dropout(1.0), layers.Dense(3)), "Dropout.*rate of 1 would drop all"),
    "slopes": (trained_slopes, "PReLU.*different slopes"),
    "unbuilt": (lambda: keras.Sequential([layers.Dense(3)]), "not built"),
    "half": (lambda: sequential(layers.Dense(3, dtype="mixed_float16")), "float16"),
    "two dtypes": (lambda: sequential(layers.Dense(3), layers.Dense(3, dtype="float64")), "float32.*float64"),
    "twice": (twice, "stands in two places"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_network_cannot_be_is_refused(name):
    make, match = REFUSED[name]
    with pytest.raises(ValueError, match=match):
        from_keras(make())


def test_other_kinds():
    class Own(keras.Sequential):
        pass

    one = keras.Input((6,))
    functional = keras.Model(one, layers.Dense(3)(one))
    for given in (functional, Own([keras.Input((6,)), layers.Dense(3)]), layers.Dense(3), 3):
        with pytest.raises(TypeError, match=r"a keras\.Sequential"):
            from_keras(given)
