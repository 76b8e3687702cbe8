"""Every activation once: its name, its number in the kernels, value and slope as scalar functions.

The scalar functions are the definition that documentation and tests read; the kernels implement them over arrays.
`softmax` and `log_softmax` work on whole rows, so they have no scalar form.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from fastnn.errors import unknown_name

Scalar = Callable[[float], float]
Slope = Callable[[float, float], float]

LEAK = 0.01
SELU_ALPHA = 1.6732632423543772  # Klambauer et al. 2017: the fixed point has mean 0 and variance 1
SELU_SCALE = 1.0507009873554805
GELU_CUBIC = 0.044715  # Hendrycks & Gimpel 2016, the tanh form


@dataclass(frozen=True)
class Activation:
    """An element-wise function of z, or one of whole rows.

    Attributes
    ----------
    name : str
    code : int
        Its number in the kernels.
    value : callable or None
        value(z) -> a, on floats; None for a row function.
    slope : callable or None
        slope(z, a) -> da/dz, on floats; None for a row function.
    by_row : bool
        Whether it works on whole rows (softmax, log_softmax).
    has_slope : bool
        Whether a network can be trained through it; `sign` cannot.
    """

    name: str
    code: int
    value: Scalar | None
    slope: Slope | None
    by_row: bool = False
    has_slope: bool = True


def _sigmoid(z: float) -> float:
    e = math.exp(-abs(z))
    return 1 / (1 + e) if z >= 0 else e / (1 + e)


def _softplus(z: float) -> float:
    return max(z, 0.0) + math.log1p(math.exp(-abs(z)))


def _normal_cdf(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2))


def _normal_density(z: float) -> float:
    return math.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)


def _gelu_tanh_argument(z: float) -> float:
    return math.sqrt(2 / math.pi) * (z + GELU_CUBIC * z**3)


def _gelu_tanh(z: float) -> float:
    return 0.5 * z * (1 + math.tanh(_gelu_tanh_argument(z)))


def _gelu_tanh_slope(z: float, a: float) -> float:
    t = math.tanh(_gelu_tanh_argument(z))
    inner = math.sqrt(2 / math.pi) * (1 + 3 * GELU_CUBIC * z * z)
    return 0.5 * (1 + t) + 0.5 * z * (1 - t * t) * inner


def _mish_slope(z: float, a: float) -> float:
    t = math.tanh(_softplus(z))
    return t + z * (1 - t * t) * _sigmoid(z)


def _hard_sigmoid(z: float) -> float:
    return min(max(z / 6 + 0.5, 0.0), 1.0)


def _hard_swish_slope(z: float, a: float) -> float:
    if z <= -3:
        return 0.0
    return 1.0 if z >= 3 else z / 3 + 0.5


def _sign(z: float) -> float:
    return float(z > 0) - float(z < 0)


def _elementwise() -> list[tuple[str, Scalar, Slope]]:
    """Name, value and slope in the order of their codes."""
    return [
        ("identity", lambda z: z, lambda z, a: 1.0),
        ("sigmoid", _sigmoid, lambda z, a: a * (1 - a)),
        ("tanh", math.tanh, lambda z, a: 1 - a * a),
        ("sign", _sign, lambda z, a: 0.0),
        ("relu", lambda z: max(z, 0.0), lambda z, a: float(z > 0)),
        ("leaky_relu", lambda z: z if z > 0 else LEAK * z, lambda z, a: 1.0 if z > 0 else LEAK),
        ("elu", lambda z: z if z > 0 else math.expm1(z), lambda z, a: 1.0 if z > 0 else a + 1),
        (
            "selu",
            lambda z: SELU_SCALE * (z if z > 0 else SELU_ALPHA * math.expm1(z)),
            lambda z, a: SELU_SCALE if z > 0 else a + SELU_SCALE * SELU_ALPHA,
        ),
        ("gelu", lambda z: z * _normal_cdf(z), lambda z, a: _normal_cdf(z) + z * _normal_density(z)),
        ("gelu_tanh", _gelu_tanh, _gelu_tanh_slope),
        ("silu", lambda z: z * _sigmoid(z), lambda z, a: _sigmoid(z) * (1 + z * _sigmoid(-z))),
        ("mish", lambda z: z * math.tanh(_softplus(z)), _mish_slope),
        ("softplus", _softplus, lambda z, a: _sigmoid(z)),
        ("softsign", lambda z: z / (1 + abs(z)), lambda z, a: 1 / (1 + abs(z)) ** 2),
        ("hard_sigmoid", _hard_sigmoid, lambda z, a: 1 / 6 if -3 < z < 3 else 0.0),
        ("hard_tanh", lambda z: min(max(z, -1.0), 1.0), lambda z, a: float(-1 < z < 1)),
        ("hard_swish", lambda z: z * _hard_sigmoid(z), _hard_swish_slope),
    ]


def _build_registry() -> dict[str, Activation]:
    elementwise = _elementwise()
    registry = {
        name: Activation(name, code, value, slope, has_slope=name != "sign")
        for code, (name, value, slope) in enumerate(elementwise)
    }
    for code, name in enumerate(("softmax", "log_softmax"), start=len(elementwise)):
        registry[name] = Activation(name, code, None, None, by_row=True)
    return registry


ACTIVATIONS: dict[str, Activation] = _build_registry()
ALIASES = {"logistic": "sigmoid"}  # scikit-learn's name


def get(activation: str | Activation) -> Activation:
    """Look up an activation.

    Parameters
    ----------
    activation : str or Activation
        A name (scikit-learn's "logistic" is "sigmoid"), or an Activation, which is returned as it is.

    Returns
    -------
    Activation

    Raises
    ------
    ValueError
        If the name is unknown; the message has the nearest known one.
    """
    if isinstance(activation, Activation):
        return activation
    name = ALIASES.get(activation, activation) if isinstance(activation, str) else activation
    found = ACTIVATIONS.get(name) if isinstance(name, str) else None
    if found is None:
        raise unknown_name("activation", activation, [*ACTIVATIONS, *ALIASES])
    return found
