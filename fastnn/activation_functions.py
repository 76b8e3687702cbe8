"""The activations as scalar functions: value, slope and the numbers that they take, each once.

From the rows of those with parameters, and the docstrings of their values, tools/generate_activations.py
writes the functions of their names in `fastnn.activations`.

``value(z)`` gives a and ``slope(z, a)`` gives da/dz; parameters come after them, with the defaults
that a name alone stands for. They are plain Python over `math`, each complete in itself (none calls
another), so that a compiler can take any of them alone. NaN flows through the values, infinity
gives the limit, and nothing overflows. softmax and log_softmax work on whole rows, so they have no
scalar form.
"""

from __future__ import annotations

import math

from fastnn.activation_rows import ANY, NOT_NEGATIVE, POSITIVE, Parameter, Row

__all__ = ["GELU_CUBIC", "ROWS"]

# --- piecewise linear ---------------------------------------------------------------------------


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


def _relu6(z: float) -> float:
    return 0.0 if z < 0.0 else (6.0 if z > 6.0 else z)


def _relu6_slope(z: float, a: float) -> float:
    return 1.0 if 0.0 < z < 6.0 else 0.0


def _thresholded_relu(z: float, threshold: float = 1.0) -> float:
    """Return z above the threshold, and else zero.

    References
    ----------
    Konda, Memisevic and Krueger (2015), "Zero-bias autoencoders and the benefits of co-adapting features".
    """
    return 0.0 if z <= threshold else z


def _thresholded_relu_slope(z: float, a: float, threshold: float = 1.0) -> float:
    return 1.0 if z > threshold else 0.0


def _leaky_relu(z: float, slope: float = 0.01) -> float:
    """Return the leaky relu: z above zero, slope * z below.

    References
    ----------
    Maas, Hannun and Ng (2013), "Rectifier nonlinearities improve neural network acoustic models".
    """
    return z if z > 0.0 else slope * z


def _leaky_relu_slope(z: float, a: float, slope: float = 0.01) -> float:
    return 1.0 if z > 0.0 else slope


def _hard_sigmoid(z: float, slope: float = 1.0 / 6.0, offset: float = 0.5) -> float:
    """Return the hard sigmoid: slope * z + offset, cut off below 0 and above 1.

    PyTorch's has the slope 1/6, as here; Keras's before version 3 had 0.2.

    References
    ----------
    Courbariaux, Bengio and David (2015), "BinaryConnect: training deep neural networks with binary weights during
    propagations".
    """
    left, right = -offset / slope, (1.0 - offset) / slope
    if z <= left:
        return 0.0
    a = (z - left) * slope  # without a division, which would take more than all else
    return 1.0 if z >= right or a > 1.0 else a


def _hard_sigmoid_slope(z: float, a: float, slope: float = 1.0 / 6.0, offset: float = 0.5) -> float:
    left, right = -offset / slope, (1.0 - offset) / slope
    return slope if left < z < right else 0.0


def _hard_tanh(z: float) -> float:
    return -1.0 if z <= -1.0 else (1.0 if z >= 1.0 else z)


def _hard_tanh_slope(z: float, a: float) -> float:
    return 1.0 if -1.0 < z < 1.0 else 0.0


def _hard_swish(z: float) -> float:
    return 0.0 if z <= -3.0 else (z if z >= 3.0 else z * (z * (1.0 / 6.0) + 0.5))


def _hard_swish_slope(z: float, a: float) -> float:
    return 0.0 if z <= -3.0 else (1.0 if z >= 3.0 else z * (1.0 / 3.0) + 0.5)


def _softshrink(z: float, threshold: float = 0.5) -> float:
    """Return z moved towards zero by the threshold, and zero where it would go beyond.

    References
    ----------
    Donoho (1995), "De-noising by soft-thresholding".
    """
    size = abs(z)
    return math.copysign(size - threshold, z) if size > threshold else 0.0 * z


def _softshrink_slope(z: float, a: float, threshold: float = 0.5) -> float:
    return 1.0 if abs(z) > threshold else 0.0


def _hard_shrink(z: float, threshold: float = 0.5) -> float:
    """Return z where abs(z) is above the threshold, and else zero.

    References
    ----------
    Donoho and Johnstone (1994), "Ideal spatial adaptation by wavelet shrinkage".
    """
    return z if abs(z) > threshold else 0.0 * z


def _hard_shrink_slope(z: float, a: float, threshold: float = 0.5) -> float:
    return 1.0 if abs(z) > threshold else 0.0


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


def _elu(z: float, alpha: float = 1.0) -> float:
    """Return the exponential linear unit: z above zero, alpha * (exp(z) - 1) below.

    References
    ----------
    Clevert, Unterthiner and Hochreiter (2016), "Fast and accurate deep network learning by exponential linear units
    (ELUs)".
    """
    return z if z >= 0.0 else alpha * math.expm1(z)


def _elu_slope(z: float, a: float, alpha: float = 1.0) -> float:
    return 1.0 if z > 0.0 else a + alpha


TINY = 2.0**-54  # of it exp(z) - 1 is z, but z / alpha may be subnormal


def _celu(z: float, alpha: float = 1.0) -> float:
    """Return an exponential linear unit whose slope is 1 at zero: z above, alpha * (exp(z / alpha) - 1) below.

    References
    ----------
    Barron (2017), "Continuously differentiable exponential linear units".
    """
    return z if z >= -alpha * TINY else alpha * math.expm1(z / alpha)


def _celu_slope(z: float, a: float, alpha: float = 1.0) -> float:
    return 1.0 if z > 0.0 else math.exp(z / alpha)  # 1 + a / alpha, but zero where a is rounded to -alpha


def _selu(z: float, alpha: float = SELU_ALPHA, scale: float = SELU_SCALE) -> float:
    """Return the scaled exponential linear unit: scale * z above zero, scale * alpha * (exp(z) - 1) below.

    References
    ----------
    Klambauer, Unterthiner, Mayr and Hochreiter (2017), "Self-normalizing neural networks".
    """
    return scale * z if z >= 0.0 else scale * alpha * math.expm1(z)


def _selu_slope(z: float, a: float, alpha: float = SELU_ALPHA, scale: float = SELU_SCALE) -> float:
    return scale if z > 0.0 else a + scale * alpha


def _softplus(z: float, beta: float = 1.0) -> float:
    """Return softplus, a smooth relu: log(1 + exp(beta * z)) / beta.

    References
    ----------
    Dugas, Bengio, Bélisle, Nadeau and Garcia (2001), "Incorporating second-order functional knowledge for better
    option pricing".
    """
    bend = math.log1p(math.exp(-abs(beta * z))) / beta
    return z + bend if z > 0.0 else bend


def _softplus_slope(z: float, a: float, beta: float = 1.0) -> float:
    e = math.exp(-abs(beta * z))
    return 1.0 / (1.0 + e) if z >= 0.0 else e / (1.0 + e)


def _log_sigmoid(z: float) -> float:
    bend = math.log1p(math.exp(-abs(z)))
    return z - bend if z < 0.0 else -bend


def _log_sigmoid_slope(z: float, a: float) -> float:
    e = math.exp(-abs(z))
    return 1.0 / (1.0 + e) if z < 0.0 else e / (1.0 + e)


# Of (z cosh z - sinh z) / z**3 in z**2, the highest power first: all positive, so nothing cancels as in z - tanh(z).
_SHRINK_SERIES = tuple((2 * k + 2) / math.factorial(2 * k + 3) for k in range(10, -1, -1))


def _tanh_shrink(z: float) -> float:
    h = math.exp(-abs(z))  # of which tanh(z) and 1 / cosh(z) are quotients: one exponential, where they take three
    below = 1.0 + h * h
    if not abs(z) < 1.4:
        return z - math.copysign((1.0 - h * h) / below, z)
    total = 0.0
    for coefficient in _SHRINK_SERIES:
        total = total * (z * z) + coefficient
    return z * (z * z) * (((2.0 * h) * total) / below)


def _tanh_shrink_slope(z: float, a: float) -> float:
    t = math.tanh(z)
    return t * t


# --- z times a gate between 0 and 1 -------------------------------------------------------------

GELU_CUBIC = 0.044715  # Hendrycks & Gimpel 2016, the tanh form
_GELU_INNER = 2.0 * math.sqrt(2.0 / math.pi)
_SQRT_HALF = math.sqrt(0.5)
_GATE_END = 800.0  # beyond it every gate is 0 or 1, and infinity * 0 would be NaN
_NORMAL_DENSITY = 1.0 / math.sqrt(2.0 * math.pi)  # of the standard normal distribution, at 0


def _gelu(z: float) -> float:
    t = -_GATE_END if z < -_GATE_END else z
    # erfc, since 1 + erf cancels for negative z
    return z if z > _GATE_END else 0.5 * t * math.erfc(-_SQRT_HALF * t)


def _gelu_slope(z: float, a: float) -> float:
    t = min(max(z, -_GATE_END), _GATE_END)
    return 0.5 * math.erfc(-_SQRT_HALF * t) + _NORMAL_DENSITY * t * math.exp(-0.5 * t * t)


def _gelu_tanh(z: float) -> float:
    t = -_GATE_END if z < -_GATE_END else z
    u = _GELU_INNER * t * (1.0 + GELU_CUBIC * t * t)
    e = math.exp(-abs(u))  # (1 + tanh(u / 2)) / 2 is the sigmoid of u
    inverse = 1.0 / (1.0 + e)
    return t * inverse if u >= 0.0 else (t * e) * inverse


def _gelu_tanh_slope(z: float, a: float) -> float:
    t = min(max(z, -_GATE_END), _GATE_END)
    u = _GELU_INNER * t * (1.0 + GELU_CUBIC * t * t)
    e = math.exp(-abs(u))
    inverse = 1.0 / (1.0 + e)
    gate = inverse if u >= 0.0 else e * inverse
    inner_slope = _GELU_INNER * (1.0 + 3.0 * GELU_CUBIC * t * t)
    return gate + t * inner_slope * e * (inverse * inverse)


def _silu(z: float) -> float:
    t = -_GATE_END if z < -_GATE_END else z
    e = math.exp(-abs(t))
    inverse = 1.0 / (1.0 + e)
    return t * inverse if t >= 0.0 else (t * e) * inverse


def _silu_slope(z: float, a: float) -> float:
    t = min(max(z, -_GATE_END), _GATE_END)
    e = math.exp(-abs(t))
    inverse = 1.0 / (1.0 + e)
    gate = inverse if t >= 0.0 else e * inverse
    return gate + t * e * (inverse * inverse)


_MISH_END = 40.0  # beyond it the gate is 1, and exp(z)**2 might be infinite


def _mish(z: float) -> float:
    # The gate tanh(log(1 + exp z)) is rational in exp(z).
    t = -_GATE_END if z < -_GATE_END else z
    e = math.exp(min(t, _MISH_END))
    below = e * (e + 2.0)
    return t * (below / (below + 2.0))


def _mish_slope(z: float, a: float) -> float:
    # gate + t sigmoid(t) (1 - gate**2), whose last two factors have 1 + exp(t) in common
    t = min(max(z, -_GATE_END), _MISH_END)
    e = math.exp(t)
    below = e * (e + 2.0)
    inverse = 1.0 / (below + 2.0)
    return inverse * (below + t * ((4.0 * (e * e + e)) * inverse))


# --- all of them, in the order of their numbers in the kernels ----------------------------------

_DEPTH = "the values below zero come near to -alpha"
_BEND = "the larger it is, the nearer is softplus to relu"
_MIDDLE = "the value at zero, where that is between 0 and 1"

ROWS = (
    Row("identity", _identity, _identity_slope),
    Row("sigmoid", _sigmoid, _sigmoid_slope),
    Row("tanh", _tanh, _tanh_slope),
    Row("sign", _sign, _sign_slope, has_slope=False),
    Row("relu", _relu, _relu_slope),
    Row("leaky_relu", _leaky_relu, _leaky_relu_slope, parameters=(Parameter("slope", ANY),)),
    Row("elu", _elu, _elu_slope, parameters=(Parameter("alpha", NOT_NEGATIVE, _DEPTH),)),
    Row("selu", _selu, _selu_slope, parameters=(Parameter("alpha", NOT_NEGATIVE), Parameter("scale", POSITIVE))),
    Row("gelu", _gelu, _gelu_slope),
    Row("gelu_tanh", _gelu_tanh, _gelu_tanh_slope),
    Row("silu", _silu, _silu_slope),
    Row("mish", _mish, _mish_slope),
    Row("softplus", _softplus, _softplus_slope, parameters=(Parameter("beta", POSITIVE, _BEND),)),
    Row("softsign", _softsign, _softsign_slope),
    Row(
        "hard_sigmoid",
        _hard_sigmoid,
        _hard_sigmoid_slope,
        parameters=(Parameter("slope", POSITIVE), Parameter("offset", ANY, _MIDDLE)),
    ),
    Row("hard_tanh", _hard_tanh, _hard_tanh_slope),
    Row("hard_swish", _hard_swish, _hard_swish_slope),
    Row("softmax"),
    Row("log_softmax"),
    Row("celu", _celu, _celu_slope, parameters=(Parameter("alpha", POSITIVE, _DEPTH),)),
    Row("softshrink", _softshrink, _softshrink_slope, parameters=(Parameter("threshold", NOT_NEGATIVE),)),
    Row("hard_shrink", _hard_shrink, _hard_shrink_slope, parameters=(Parameter("threshold", NOT_NEGATIVE),)),
    Row("tanh_shrink", _tanh_shrink, _tanh_shrink_slope),
    Row("log_sigmoid", _log_sigmoid, _log_sigmoid_slope),
    Row("relu6", _relu6, _relu6_slope),
    Row("thresholded_relu", _thresholded_relu, _thresholded_relu_slope, parameters=(Parameter("threshold", ANY),)),
)
