"""The operators that work on single numbers: what they make of values at points, and which activations they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import erf, erfc

from fastnn.activations import Activation
from fastnn.interop.onnx.reading.file import attribute, described
from fastnn.interop.onnx.reading.values import Numbers
from fastnn.kernels import activation_forward

__all__ = ["FUNCTIONS", "NAMED", "applied"]

_ONE: dict[str, Callable[..., Any]] = {
    "Abs": np.abs,
    "Erf": erf,
    "Erfc": erfc,  # this and Expm1 are none of ONNX's, but Keras's exporter leaves them as TensorFlow has them
    "Exp": np.exp,
    "Expm1": np.expm1,
    "Log": np.log,
    "Neg": np.negative,
    "Not": np.logical_not,
    "Reciprocal": np.reciprocal,
    "Sqrt": np.sqrt,
}
_TWO: dict[str, Callable[..., Any]] = {
    "Add": np.add,
    "And": np.logical_and,
    "Div": np.divide,
    "Greater": np.greater,
    "GreaterOrEqual": np.greater_equal,
    "Less": np.less,
    "LessOrEqual": np.less_equal,
    "Mul": np.multiply,
    "Or": np.logical_or,
    "Pow": np.power,
    "Sub": np.subtract,
}
_SEVERAL: dict[str, Callable[..., Any]] = {
    "Max": lambda *values: np.maximum.reduce(np.broadcast_arrays(*values)),
    "Min": lambda *values: np.minimum.reduce(np.broadcast_arrays(*values)),
    "Sum": lambda *values: np.add.reduce(np.broadcast_arrays(*values)),
}
# The function of each operator, and how many values it takes; 0 for any number.
FUNCTIONS: dict[str, tuple[Callable[..., Any], int]] = {
    **{name: (function, 1) for name, function in _ONE.items()},
    **{name: (function, 2) for name, function in _TWO.items()},
    **{name: (function, 0) for name, function in _SEVERAL.items()},
    "Where": (np.where, 3),
}


def _of_attributes(name: str, **defaults: float) -> Callable[[Any], Activation]:
    """The library's activation of a node's attributes, in the order of its parameters."""
    ours = Activation(name).parameters

    def of(node: Any) -> Activation:
        given = [float(attribute(node, each, default)) for each, default in defaults.items()]
        # An attribute is a float32, which may be the nearest one to 1/6.
        both = zip(ours, given, strict=True)
        numbers = (mine if np.float32(mine) == np.float32(number) else number for mine, number in both)
        try:
            return Activation(name, parameters=tuple(numbers))
        except ValueError as fault:
            raise ValueError(f"{described(node)} is none that a Network can have: {fault}") from fault

    return of


def _gelu(node: Any) -> Activation:
    how = attribute(node, "approximate", b"none")
    if how not in (b"none", b"tanh"):
        raise ValueError(f"{described(node)} has approximate={how!r}, wanted 'none' or 'tanh'.")
    return Activation("gelu_tanh" if how == b"tanh" else "gelu")


# With ONNX's defaults, which are not always ours.
NAMED: dict[str, Callable[[Any], Activation]] = {
    "Celu": _of_attributes("celu", alpha=1.0),
    "Elu": _of_attributes("elu", alpha=1.0),
    "Gelu": _gelu,
    "HardSigmoid": _of_attributes("hard_sigmoid", alpha=0.2, beta=0.5),
    "HardSwish": lambda node: Activation("hard_swish"),
    "Selu": _of_attributes("selu", alpha=1.6732632, gamma=1.050701),
    "ThresholdedRelu": _of_attributes("thresholded_relu", alpha=1.0),
    "LeakyRelu": _of_attributes("leaky_relu", alpha=0.01),
    "Mish": lambda node: Activation("mish"),
    "Relu": lambda node: Activation("relu"),
    "Sigmoid": lambda node: Activation("sigmoid"),
    "Sign": lambda node: Activation("sign"),
    "Softplus": lambda node: Activation("softplus"),
    "Softsign": lambda node: Activation("softsign"),
    "Tanh": lambda node: Activation("tanh"),
}


def applied(activation: Activation, values: Numbers) -> Numbers:
    """An activation of values, in float64."""
    result: Numbers = activation_forward(values[None], activation, backend="reference")[0]
    return result
