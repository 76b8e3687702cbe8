"""What Keras exports as ONNX is read as a network."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from keras import layers

from fastnn import from_onnx

pytestmark = [pytest.mark.keras_onnx, pytest.mark.filterwarnings("ignore")]  # the exporter's are many

X = np.random.default_rng(0).normal(5, 3, (60, 6)).astype(np.float32)
ACTIVATIONS = {
    name: name
    for name in (
        *("celu", "elu", "gelu", "hard_shrink", "hard_sigmoid", "hard_tanh", "leaky_relu", "log_sigmoid", "mish"),
        *("relu", "relu6", "selu", "sigmoid", "silu", "softplus", "softsign", "tanh", "tanh_shrink"),
    )
} | {"soft_shrink": "softshrink", "hard_silu": "hard_swish"}


def exported(path, *given, rows=X):
    """A model of layers, as a file, and what it gives."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input(rows.shape[1:]), *given])
    wanted = model.predict(rows, verbose=0)
    model.export(path, format="onnx", verbose=False)
    return wanted


def far(network, wanted, rows=X):
    return np.abs(network.predict(rows.reshape(len(rows), -1)) - wanted).max()


def test_activations(tmp_path):
    """All in one network: to export one takes a second."""
    hidden = [layers.Dense(6, name) for name in ACTIVATIONS]
    wanted = exported(tmp_path / "model.onnx", layers.Rescaling(0.2, -1), *hidden, layers.Dense(3, "softmax"))
    network = from_onnx(tmp_path / "model.onnx")
    assert [each.name for each in network.plan.activations] == [*ACTIVATIONS.values(), "identity"]
    assert network.plan.loss.name == "cross_entropy"
    assert far(network, wanted) < 1e-6


def test_what_is_folded(tmp_path):
    scale = layers.Normalization()
    scale.adapt(X)
    given = [scale, layers.Dense(8, use_bias=False), layers.BatchNormalization(), layers.LeakyReLU(0.3)]
    given += [layers.Dropout(0.2), layers.Dense(5), layers.ReLU(3.0), layers.Dense(1, "sigmoid")]
    wanted = exported(tmp_path / "model.onnx", *given)
    network = from_onnx(tmp_path / "model.onnx")
    assert network.plan.widths == (6, 8, 5, 1)
    assert network.plan.loss.name == "binary_cross_entropy"
    assert far(network, wanted) < 1e-6


def test_images_are_flattened(tmp_path):
    images = X.reshape(30, 4, 3)
    wanted = exported(tmp_path / "model.onnx", layers.Flatten(), layers.Dense(3, "relu"), rows=images)
    assert far(from_onnx(tmp_path / "model.onnx"), wanted, images) < 2e-6
