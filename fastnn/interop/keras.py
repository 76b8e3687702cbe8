"""`from_keras`: a Sequential of Keras 3 as a Network."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn import activations
from fastnn.errors import out_of_range, wrong_type
from fastnn.install import install_hint
from fastnn.interop.chain import Chain
from fastnn.interop.needed import needed
from fastnn.losses import Loss
from fastnn.models.network.network import Network

__all__ = ["from_keras"]

# Keras's functions by their names there.
_NAMED = {
    **{name: name for name in ("celu", "elu", "hard_sigmoid", "hard_tanh", "log_sigmoid", "log_softmax", "mish")},
    **{name: name for name in ("relu", "relu6", "selu", "sigmoid", "silu", "softmax", "softplus", "softsign", "tanh")},
    "gelu": "gelu",
    "hard_shrink": "hard_shrink",
    "hard_silu": "hard_swish",
    "linear": "identity",
    "soft_shrink": "softshrink",
    "tanh_shrink": "tanh_shrink",
}
_LEAKY = 0.2  # of keras.activations.leaky_relu; keras.layers.LeakyReLU has 0.3


def from_keras(model: object, loss: str | Loss | None = None) -> Network:
    """Return the Network that a Sequential of Keras 3 is, whatever its backend.

    It shares no memory with the model. Dense, Activation and the layers of activations, Dropout, BatchNormalization,
    Normalization, Rescaling, Flatten, Identity and InputLayer may stand in it in any order, also in nested Sequentials.
    BatchNormalization and Normalization are folded into the dense layers, with their statistics as they are; a Dropout
    drops inputs of the next Dense, and is left out where there is none. Where a mean of the inputs lies more than
    four standard deviations from zero, taking it off stays a layer of its own: in a bias it would cost digits.

    ``network.predict(x)`` is what the model predicts for x: a softmax or sigmoid at the end becomes the link of the
    loss. If `loss` has a link that does not stand at the end, what the model gives is ``network.forward(x)``.

    Parameters
    ----------
    model : keras.Sequential
        Built: its input is known. That has one dimension beside the samples, or there is a Flatten before all layers
        but a Rescaling: then the network takes what it gives, ``x.reshape(len(x), -1)``.
    loss : str or Loss, optional
        What the network is trained on from here. By default the one whose link is at the end: "cross_entropy",
        "binary_cross_entropy", and else "squared_error".

    Returns
    -------
    Network
        In the dtype of the model, float32 or float64.

    Raises
    ------
    ValueError
        If a layer, or what it is set to, has no counterpart: by its name and value; or if the model is not built.
    TypeError
        If it is no Sequential of Keras.
    ImportError
        If Keras 3 is not installed.
    """
    keras = _keras()
    if type(model) is not keras.Sequential:
        raise wrong_type("model", model, "a keras.Sequential")
    layers = list(_flattened(keras, model, set()))
    width = _inputs_of(keras, model, layers)
    dtype = _dtype_of(layers)
    chain, kinds = Chain(width), _kinds(keras)
    for layer in layers:
        add = kinds.get(type(layer))
        if add is None:
            known = ", ".join(each.__name__ for each in kinds)
            wanted = f"Those that have: {known}"
            raise ValueError(f"The layer {_described(layer)} has no counterpart in a Network. {wanted}.")
        try:
            add(chain, layer)
        except ValueError as fault:
            raise ValueError(f"The layer {_described(layer)} has no counterpart in a Network: {fault}") from fault
    return chain.network(loss, dtype)


def _keras() -> Any:
    keras = needed("keras", "from_keras", install_hint("keras"))
    if not keras.__version__.startswith("3."):
        raise ImportError(f"from_keras needs Keras 3, and {keras.__version__} is installed: {install_hint('keras')}.")
    return keras


def _inputs_of(keras: Any, model: Any, layers: list[Any]) -> int:
    """How many features a sample has, once it is flattened."""
    if not model.built:
        raise ValueError(f"The Sequential {model.name!r} is not built: give it a keras.Input, or call it once before.")
    shape, of = model.input_shape, keras.layers
    kinds = [type(layer) for layer in layers]
    before = kinds[: kinds.index(of.Flatten)] if of.Flatten in kinds else kinds
    is_flat = of.Flatten in kinds and set(before) <= {of.InputLayer, of.Rescaling}
    if None in shape[1:] or not (len(shape) == 2 or is_flat):
        raise ValueError(
            f"The Sequential {model.name!r} takes inputs of shape {shape}, wanted (samples, features), or a Flatten "
            "that comes first."
        )
    return math.prod(shape[1:])


def _described(layer: Any) -> str:
    return f"{type(layer).__name__} {layer.name!r}"


def _flattened(keras: Any, model: Any, seen: set[int]) -> Iterator[Any]:
    """All layers in their order, of which none has been seen that has weights."""
    for layer in model.layers:
        if type(layer) is keras.Sequential:
            yield from _flattened(keras, layer, seen)
            continue
        if id(layer) in seen and layer.weights:
            raise ValueError(f"The layer {_described(layer)} stands in two places, which a Network cannot share.")
        seen.add(id(layer))
        yield layer


def _dtype_of(layers: list[Any]) -> str:
    found = {layer.compute_dtype for layer in layers}
    found |= {dtype for layer in layers for each in layer.weights if "float" in (dtype := str(each.dtype))}  # no counts
    if len(found) == 1 and found <= {"float32", "float64"}:
        return str(found.pop())
    raise out_of_range("dtype of the layers", sorted(map(str, found)), "float32 or float64 for all")


def _numbers(variable: Any) -> NDArray[np.float64]:
    from keras import ops

    return np.array(ops.convert_to_numpy(variable), np.float64)


# --- layers with weights ------------------------------------------------------------------------


def _add_dense(chain: Chain, layer: Any) -> None:
    if getattr(layer, "quantization_mode", None) is not None:
        raise ValueError(f"quantization_mode={layer.quantization_mode!r}")
    if getattr(layer, "lora_enabled", False):
        raise ValueError("lora_enabled=True: merge the weights before")
    chain.dense(_numbers(layer.kernel), _numbers(layer.bias) if layer.use_bias else None)
    _add_function(chain, layer.activation)


def _add_batch_normalization(chain: Chain, layer: Any) -> None:
    _require_last(layer.axis)
    scale = 1 / np.sqrt(_numbers(layer.moving_variance) + layer.epsilon)
    shift = -_numbers(layer.moving_mean) * scale
    if layer.scale:
        gamma = _numbers(layer.gamma)
        scale, shift = scale * gamma, shift * gamma
    chain.affine(scale, shift + (_numbers(layer.beta) if layer.center else 0.0))


def _add_normalization(chain: Chain, layer: Any) -> None:
    if layer.axis not in ((), (-1,), (1,), -1, 1, None):
        raise ValueError(f"axis={layer.axis!r}, wanted -1: one mean for each column")
    mean, variance = (_numbers(each).reshape(-1) for each in (layer.mean, layer.variance))
    deviation = np.maximum(np.sqrt(variance), 1e-7)  # Keras's epsilon
    if layer.invert:
        chain.affine(deviation, mean)
    else:
        chain.affine(1 / deviation, -mean / deviation)


def _add_rescaling(chain: Chain, layer: Any) -> None:
    scale, offset = (np.asarray(each, np.float64) for each in (layer.scale, layer.offset))
    if scale.ndim or offset.ndim:
        raise ValueError("it has arrays, wanted a number as scale and as offset")
    chain.affine(scale, offset)


def _add_flatten(chain: Chain, layer: Any) -> None:
    if layer.data_format != "channels_last":
        raise ValueError(f"data_format={layer.data_format!r} puts features in another order, wanted 'channels_last'")


def _require_last(axis: Any) -> None:
    if axis not in (-1, 1, [-1], [1], (-1,), (1,)):
        raise ValueError(f"axis={axis!r}, wanted -1: over the columns")


# --- activations --------------------------------------------------------------------------------


def _add_function(chain: Chain, function: Any) -> None:
    """Add what `activation` of a layer is: a function of keras.activations, or a layer."""
    from keras import activations as of_keras
    from keras import layers

    if function is None:
        return
    if isinstance(function, layers.Layer):
        add = _activation_layers(layers).get(type(function))
        if add is None:
            raise ValueError(f"activation={_described(function)}")
        add(chain, function)
        return
    name = getattr(function, "__name__", str(function))
    if function is of_keras.leaky_relu:
        chain.activation(activations.leaky_relu(_LEAKY))
    elif name in _NAMED and function is getattr(of_keras, name, None):
        chain.activation(activations.get(_NAMED[name]))
    else:
        raise ValueError(f"activation={name!r}")


def _add_relu(chain: Chain, layer: Any) -> None:
    top, slope, threshold = layer.max_value, float(layer.negative_slope), float(layer.threshold)
    if threshold != 0 and (top, slope) == (None, 0):
        chain.activation(activations.thresholded_relu(threshold))
    elif threshold != 0:
        others = f"max_value={top} and negative_slope={slope:g}"
        raise ValueError(f"threshold={threshold:g} with {others}, wanted one of them")
    elif top is None:
        chain.activation(activations.get("relu") if slope == 0 else activations.leaky_relu(slope))
    elif slope != 0:
        raise ValueError(f"max_value={top:g} with negative_slope={slope:g}, wanted one of them")
    elif top == 0:
        raise ValueError("max_value=0, wanted above 0")
    else:
        chain.clip(0.0, float(top))


def _add_prelu(chain: Chain, layer: Any) -> None:
    if not layer.built:
        raise ValueError("it is not built: call the model once before")
    slopes = _numbers(layer.alpha).reshape(-1)
    if not (slopes == slopes[0]).all():
        raise ValueError("its columns have different slopes")
    chain.activation(activations.leaky_relu(float(slopes[0])))


def _add_softmax(chain: Chain, layer: Any) -> None:
    _require_last(layer.axis)
    chain.activation(activations.get("softmax"))


def _activation_layers(layers: Any) -> Mapping[type, Callable[[Chain, Any], None]]:
    return {
        layers.Activation: lambda chain, layer: _add_function(chain, layer.activation),
        layers.ReLU: _add_relu,
        layers.LeakyReLU: lambda chain, layer: chain.activation(activations.leaky_relu(float(layer.negative_slope))),
        layers.PReLU: _add_prelu,
        layers.ELU: lambda chain, layer: chain.activation(activations.elu(float(layer.alpha))),
        layers.Softmax: _add_softmax,
    }


def _kinds(keras: Any) -> Mapping[type, Callable[[Chain, Any], None]]:
    """What each kind of layer adds to a chain."""
    layers = keras.layers
    return {
        layers.Dense: _add_dense,
        **_activation_layers(layers),
        layers.BatchNormalization: _add_batch_normalization,
        layers.Normalization: _add_normalization,
        layers.Rescaling: _add_rescaling,
        layers.Dropout: lambda chain, layer: chain.dropout(float(layer.rate)),
        layers.Flatten: _add_flatten,
        **dict.fromkeys((layers.InputLayer, layers.Identity), lambda chain, layer: None),
    }
