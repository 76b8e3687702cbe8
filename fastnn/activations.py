"""Every activation once: its name, its number in the kernels, value and slope as scalar functions.

``value(z)`` gives a and ``slope(z, a)`` gives da/dz. They are plain Python over `math`, each
complete in itself (none calls another), so that a compiler can take any of them alone. NaN flows
through the values, infinity gives the limit, and nothing overflows. softmax and log_softmax work
on whole rows, so they have no scalar form.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fastnn.errors import no_subclass, unknown_name, wrong_type

__all__ = ["ACTIVATIONS", "ALIASES", "Activation", "get"]


def __dir__() -> list[str]:
    return sorted(__all__)


Scalar = Callable[[float], float]
Slope = Callable[[float, float], float]

USER = -1  # the code of an activation that is not in the registry


@dataclass(frozen=True)
class Activation:
    """An element-wise function of z, or one of whole rows.

    A user's own is ``Activation("cube", value=..., slope=...)``; ``Activation("relu")`` is the library's of that name.
    A pickle has the library's by name, and a user's own with its functions. The backend "native", which compiles those
    with Numba, refuses functions that can raise: there math.nan says that there is no number.

    Parameters
    ----------
    name : str
        Its name in `ACTIVATIONS`, or another one for a user's own.
    code : int, default=-1
        Its number in the kernels; -1 for a user's own, which has no other.
    value : callable, optional
        ``value(z)`` gives a, on floats; None for a row function.
    slope : callable, optional
        ``slope(z, a)`` gives da/dz, on floats; None for a row function.
    by_row : bool, default=False
        Whether it works on whole rows (softmax, log_softmax).
    has_slope : bool, default=True
        Whether a network can be trained through it; `sign` cannot.

    Raises
    ------
    TypeError
        If there is no value or no slope that can be called, or the code is no integer.
    ValueError
        If there is a code, by which kernels would take another function than the one that is given.
    """

    name: str
    code: int = field(default=USER, repr=False)
    value: Scalar | None = field(default=None, repr=False)
    slope: Slope | None = field(default=None, repr=False)
    by_row: bool = field(default=False, repr=False)
    has_slope: bool = field(default=True, repr=False)

    def __init_subclass__(cls) -> None:
        raise no_subclass(cls, "Activation", "Give your functions to an Activation: Activation(name, value=, slope=).")

    def __post_init__(self) -> None:
        code: object = self.code
        if not isinstance(code, int):
            wanted = "none: functions are given by name, as in Activation('cube', value=cube, slope=cube_slope)"
            raise wrong_type(f"code of activation {self.name!r}", code, wanted)
        if code != USER:
            _require_listed(self)
            return
        known = ACTIVATIONS.get(self.name)
        if known is not None and (self.value, self.slope, self.by_row, self.has_slope) == (None, None, False, True):
            vars(self).update(vars(known))
            return
        if self.by_row:
            raise wrong_type(f"activation {self.name!r}", "by_row=True", "one with value(z) and slope(z, a)")
        if not callable(self.value):
            raise wrong_type(f"value of activation {self.name!r}", self.value, "a function of z")
        if not callable(self.slope):
            raise wrong_type(f"slope of activation {self.name!r}", self.slope, "a function of z, a")

    def __reduce__(self) -> tuple[type[Activation], tuple[Any, ...]]:
        """The constructor's arguments, none of which is a private function of this file."""
        own = (self.code, self.value, self.slope, self.by_row, self.has_slope)
        return Activation, (self.name,) if self.code != USER else (self.name, *own)


def _require_listed(activation: Activation) -> None:
    """Raise ValueError for a code of the library's own that is not this activation's."""
    if ACTIVATIONS.get(activation.name) != activation:
        raise ValueError(
            f"code={activation.code} of activation {activation.name!r}: numbers stand for the library's own functions, "
            "whatever is given with them. Leave it out for a function of yours; fastnn.activations.get has the "
            "library's."
        )


# --- piecewise linear ---------------------------------------------------------------------------

LEAK = 0.01


def _identity(z: float) -> float:
    return z


def _identity_slope(z: float, a: float) -> float:
    return 1.0


def _sign(z: float) -> float:
    return 1.0 if z > 0.0 else (-1.0 if z < 0.0 else z)


def _sign_slope(z: float, a: float) -> float:
    return 0.0


def _relu(z: float) -> float:
    return 0.0 if z < 0.0 else z  # this order lets NaN through


def _relu_slope(z: float, a: float) -> float:
    return 1.0 if z > 0.0 else 0.0


def _leaky_relu(z: float) -> float:
    return z if z > 0.0 else LEAK * z


def _leaky_relu_slope(z: float, a: float) -> float:
    return 1.0 if z > 0.0 else LEAK


def _hard_sigmoid(z: float) -> float:
    return 0.0 if z <= -3.0 else (1.0 if z >= 3.0 else z / 6.0 + 0.5)


def _hard_sigmoid_slope(z: float, a: float) -> float:
    return 1.0 / 6.0 if -3.0 < z < 3.0 else 0.0


def _hard_tanh(z: float) -> float:
    return -1.0 if z <= -1.0 else (1.0 if z >= 1.0 else z)


def _hard_tanh_slope(z: float, a: float) -> float:
    return 1.0 if -1.0 < z < 1.0 else 0.0


def _hard_swish(z: float) -> float:
    return 0.0 if z <= -3.0 else (z if z >= 3.0 else z * (z / 6.0 + 0.5))


def _hard_swish_slope(z: float, a: float) -> float:
    return 0.0 if z <= -3.0 else (1.0 if z >= 3.0 else z / 3.0 + 0.5)


# --- saturating on both sides -------------------------------------------------------------------


def _sigmoid(z: float) -> float:
    e = math.exp(-abs(z))
    return 1.0 / (1.0 + e) if z >= 0.0 else e / (1.0 + e)


def _sigmoid_slope(z: float, a: float) -> float:
    return a * (1.0 - a)


def _tanh(z: float) -> float:
    return math.tanh(z)


def _tanh_slope(z: float, a: float) -> float:
    return 1.0 - a * a


def _softsign(z: float) -> float:
    return math.copysign(1.0, z) if math.isinf(z) else z / (1.0 + abs(z))


def _softsign_slope(z: float, a: float) -> float:
    scale = 1.0 / (1.0 + abs(z))
    return scale * scale


# --- linear to the right ------------------------------------------------------------------------

# Klambauer et al. 2017: with these, mean 0 and variance 1 are a fixed point.
SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805
_SELU_LEFT = SELU_SCALE * SELU_ALPHA


def _elu(z: float) -> float:
    return z if z >= 0.0 else math.expm1(z)


def _elu_slope(z: float, a: float) -> float:
    return 1.0 if z > 0.0 else a + 1.0


def _selu(z: float) -> float:
    return SELU_SCALE * z if z >= 0.0 else _SELU_LEFT * math.expm1(z)


def _selu_slope(z: float, a: float) -> float:
    return SELU_SCALE if z > 0.0 else a + _SELU_LEFT


def _softplus(z: float) -> float:
    bend = math.log1p(math.exp(-abs(z)))
    return z + bend if z > 0.0 else bend


def _softplus_slope(z: float, a: float) -> float:
    e = math.exp(-abs(z))
    return 1.0 / (1.0 + e) if z >= 0.0 else e / (1.0 + e)


# --- z times a gate between 0 and 1 -------------------------------------------------------------

GELU_CUBIC = 0.044715  # Hendrycks & Gimpel 2016, the tanh form
_GELU_INNER = 2.0 * math.sqrt(2.0 / math.pi)
_SQRT_HALF = math.sqrt(0.5)
_GATE_END = 800.0  # beyond it every gate is 0 or 1, and infinity * 0 would be NaN
_NORMAL_DENSITY = 1.0 / math.sqrt(2.0 * math.pi)  # of the standard normal distribution, at 0


def _gelu(z: float) -> float:
    t = -_GATE_END if z < -_GATE_END else z
    return 0.5 * t * math.erfc(-_SQRT_HALF * t)  # erfc, since 1 + erf cancels for negative z


def _gelu_slope(z: float, a: float) -> float:
    t = min(max(z, -_GATE_END), _GATE_END)
    return 0.5 * math.erfc(-_SQRT_HALF * t) + _NORMAL_DENSITY * t * math.exp(-0.5 * t * t)


def _gelu_tanh(z: float) -> float:
    t = -_GATE_END if z < -_GATE_END else z
    u = _GELU_INNER * t * (1.0 + GELU_CUBIC * t * t)
    e = math.exp(-abs(u))  # (1 + tanh(u / 2)) / 2 is the sigmoid of u
    return t / (1.0 + e) if u >= 0.0 else t * e / (1.0 + e)


def _gelu_tanh_slope(z: float, a: float) -> float:
    t = min(max(z, -_GATE_END), _GATE_END)
    u = _GELU_INNER * t * (1.0 + GELU_CUBIC * t * t)
    e = math.exp(-abs(u))
    gate = 1.0 / (1.0 + e) if u >= 0.0 else e / (1.0 + e)
    inner_slope = _GELU_INNER * (1.0 + 3.0 * GELU_CUBIC * t * t)
    return gate + t * inner_slope * e / ((1.0 + e) * (1.0 + e))


def _silu(z: float) -> float:
    t = -_GATE_END if z < -_GATE_END else z
    e = math.exp(-abs(t))
    return t / (1.0 + e) if t >= 0.0 else t * e / (1.0 + e)


def _silu_slope(z: float, a: float) -> float:
    t = min(max(z, -_GATE_END), _GATE_END)
    e = math.exp(-abs(t))
    gate = 1.0 / (1.0 + e) if t >= 0.0 else e / (1.0 + e)
    return gate + t * e / ((1.0 + e) * (1.0 + e))


def _mish(z: float) -> float:
    # The gate tanh(log(1 + exp z)) is rational in exp(z), and in exp(-z).
    t = -_GATE_END if z < -_GATE_END else z
    e = math.exp(-abs(t))
    below = e * (e + 2.0)
    gate = (1.0 + 2.0 * e) / (1.0 + 2.0 * e + 2.0 * e * e) if t > 0.0 else below / (below + 2.0)
    return t * gate


def _mish_slope(z: float, a: float) -> float:
    t = min(max(z, -_GATE_END), _GATE_END)
    e = math.exp(-abs(t))
    below = e * (e + 2.0)
    gate = (1.0 + 2.0 * e) / (1.0 + 2.0 * e + 2.0 * e * e) if t > 0.0 else below / (below + 2.0)
    sigmoid = 1.0 / (1.0 + e) if t > 0.0 else e / (1.0 + e)
    return gate + t * sigmoid * (1.0 - gate * gate)


# --- the registry -------------------------------------------------------------------------------


def _listed(
    name: str, code: int, value: Scalar | None = None, slope: Slope | None = None, has_slope: bool = True
) -> Activation:
    """One of the library's own, which alone have a code; without functions it works on rows."""
    activation = object.__new__(Activation)
    own = {"name": name, "code": code, "value": value, "slope": slope, "by_row": value is None, "has_slope": has_slope}
    vars(activation).update(own)
    return activation


_ALL = (
    _listed("identity", 0, _identity, _identity_slope),
    _listed("sigmoid", 1, _sigmoid, _sigmoid_slope),
    _listed("tanh", 2, _tanh, _tanh_slope),
    _listed("sign", 3, _sign, _sign_slope, has_slope=False),
    _listed("relu", 4, _relu, _relu_slope),
    _listed("leaky_relu", 5, _leaky_relu, _leaky_relu_slope),
    _listed("elu", 6, _elu, _elu_slope),
    _listed("selu", 7, _selu, _selu_slope),
    _listed("gelu", 8, _gelu, _gelu_slope),
    _listed("gelu_tanh", 9, _gelu_tanh, _gelu_tanh_slope),
    _listed("silu", 10, _silu, _silu_slope),
    _listed("mish", 11, _mish, _mish_slope),
    _listed("softplus", 12, _softplus, _softplus_slope),
    _listed("softsign", 13, _softsign, _softsign_slope),
    _listed("hard_sigmoid", 14, _hard_sigmoid, _hard_sigmoid_slope),
    _listed("hard_tanh", 15, _hard_tanh, _hard_tanh_slope),
    _listed("hard_swish", 16, _hard_swish, _hard_swish_slope),
    _listed("softmax", 17),
    _listed("log_softmax", 18),
)
ACTIVATIONS: dict[str, Activation] = {activation.name: activation for activation in _ALL}
ALIASES = {"logistic": "sigmoid"}  # scikit-learn's name


def get(activation: str | Activation) -> Activation:
    """Look up an activation.

    Parameters
    ----------
    activation : str or Activation
        A name (scikit-learn's "logistic" is "sigmoid"); an Activation is returned as it is.

    Returns
    -------
    Activation
        The activation of that name.

    Raises
    ------
    ValueError
        If the name is unknown; the message has the nearest known one. If an Activation has a code, but is not the
        library's of that code: kernels would compute another function than its own.
    TypeError
        If `activation` is neither a string nor an Activation.
    """
    if isinstance(activation, Activation):
        if activation.code != USER:
            _require_listed(activation)
        return activation
    if not isinstance(activation, str):
        raise wrong_type("activation", activation, "a name or an Activation")
    found = ACTIVATIONS.get(ALIASES.get(activation, activation))
    if found is None:
        raise unknown_name("activation", activation, [*ACTIVATIONS, *ALIASES])
    return found
