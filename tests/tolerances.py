"""How far rounding may take a kernel from the exact result, by element.

`eps` is the distance from 1 to the next number of the kernel's dtype. A sum of k products, in
whatever order, errs by at most about k * eps / 2 times the sum of the products' magnitudes, and by
sqrt(k) in place of k on average; we allow SUM + sqrt(k). An activation multiplies an error of z by
no more than its steepest slope.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from loss_cases import terms
from numpy.typing import NDArray

SUM = 8.0
STEEPEST = 2.0  # no activation is steeper
ULPS = 8.0  # of an activation's or an optimizer's own arithmetic
TINY = 1e-37  # below float32's smallest normal number relative accuracy ends

Arrays = dict[str, Any]
Doubles = NDArray[np.float64]
INF = np.inf


class Expected(NamedTuple):
    """What tests expect of an activation of single numbers."""

    ulps: float  # largest error of the compiled value in float32
    limits: tuple[float, float, float, float]  # the value's at -infinity and at infinity, and the slope's
    at_zero: float | None = None  # the value there; None: zero, with its sign
    kinks: tuple[float, ...] = ()  # where the slope jumps, beside zero
    # what rounding errors of the value scale with, of |a|, |z| and the parameters
    magnitude: Callable[..., Doubles] = lambda a, z, *parameters: a
    # other parameters than the defaults that tests try, and what they change of the fields above
    others: Mapping[tuple[float, ...], dict[str, Any]] = MappingProxyType({})


EXACT, SINGLE, COMPOSITE = 0.0, 2.0, 4.0
SELU_SCALE, SELU_LEFT = 1.0507009873554805, 1.0507009873554805 * 1.6732632423543772
ACTIVATIONS = {
    "identity": Expected(EXACT, (-INF, INF, 1, 1)),
    "sigmoid": Expected(SINGLE, (0, 1, 0, 0), at_zero=0.5),
    "tanh": Expected(SINGLE, (-1, 1, 0, 0)),
    "sign": Expected(EXACT, (-1, 1, 0, 0)),
    "relu": Expected(EXACT, (0, INF, 0, 1)),
    "leaky_relu": Expected(
        SINGLE,
        (-INF, INF, 0.01, 1),
        others={(0.2,): {"limits": (-INF, INF, 0.2, 1)}, (-0.5,): {"limits": (INF, INF, -0.5, 1), "at_zero": 0.0}},
    ),
    "elu": Expected(
        COMPOSITE,
        (-1, INF, 0, 1),
        others={
            (0.3,): {"limits": (-0.3, INF, 0, 1)},
            (0.0,): {"limits": (0, INF, 0, 1), "at_zero": 0.0},
            (1.9,): {"limits": (-1.9, INF, 0, 1)},
        },
    ),
    "selu": Expected(COMPOSITE, (-SELU_LEFT, INF, 0, SELU_SCALE), others={(2.0, 1.1): {"limits": (-2.2, INF, 0, 1.1)}}),
    # exp(-z**2 / 2) of a rounded square
    "gelu": Expected(COMPOSITE, (0, INF, 0, 1), magnitude=lambda a, z: a * (1 + z**2 / 4)),
    # exp of a rounded cubic
    "gelu_tanh": Expected(COMPOSITE, (0, INF, 0, 1), magnitude=lambda a, z: a * (1 + z + z**3 / 8)),
    "silu": Expected(COMPOSITE, (0, INF, 0, 1)),
    "mish": Expected(COMPOSITE, (0, INF, 0, 1)),
    # exp of a rounded beta z
    "softplus": Expected(
        COMPOSITE,
        (0, INF, 0, 1),
        at_zero=np.log(2),
        magnitude=lambda a, z, beta: a * (1 + (beta != 1) * beta * z),
        others={(2.5,): {"at_zero": np.log(2) / 2.5}},
    ),
    "softsign": Expected(COMPOSITE, (-1, 1, 0, 0)),
    # z / 6 + 1 / 2 cancels near -3
    "hard_sigmoid": Expected(
        SINGLE,
        (0, 1, 0, 0),
        at_zero=0.5,
        kinks=(-3, 3),
        magnitude=lambda a, z, slope, offset: a + abs(offset),
        others={(0.2, 0.4): {"at_zero": 0.4, "kinks": (-2, 3)}, (0.3, 0.5): {"kinks": (-0.5 / 0.3, 0.5 / 0.3)}},
    ),
    "hard_tanh": Expected(EXACT, (-1, 1, 0, 0), kinks=(-1, 1)),
    "hard_swish": Expected(
        COMPOSITE, (0, INF, 0, 1), kinks=(-3, 3), magnitude=lambda a, z: np.where(z < 3, a + 1.5, a + 0.5)
    ),
    "celu": Expected(
        COMPOSITE,
        (-1, INF, 0, 1),
        others={(0.3,): {"limits": (-0.3, INF, 0, 1)}, (7.5,): {"limits": (-7.5, INF, 0, 1)}},
    ),
    "softshrink": Expected(SINGLE, (-INF, INF, 1, 1), kinks=(-0.5, 0.5), others={(1.5,): {"kinks": (-1.5, 1.5)}}),
    "hard_shrink": Expected(EXACT, (-INF, INF, 1, 1), kinks=(-0.5, 0.5), others={(1.5,): {"kinks": (-1.5, 1.5)}}),
    "tanh_shrink": Expected(COMPOSITE, (-INF, INF, 1, 1)),
    "log_sigmoid": Expected(COMPOSITE, (-INF, 0, 1, 0), at_zero=-np.log(2)),
    "relu6": Expected(EXACT, (0, 6, 0, 0), kinks=(6,)),
    "thresholded_relu": Expected(EXACT, (0, INF, 0, 1), at_zero=0.0, kinks=(1,), others={(-2.0,): {"kinks": (-2,)}}),
}


def tolerance_of(name: str, given: Arrays, wanted: Arrays, eps: float) -> dict[str, Any]:
    """The tolerance of every array that the kernel writes, and of its loss, by name."""
    doubles = {
        key: value.astype(np.float64) if isinstance(value, np.ndarray) else value for key, value in given.items()
    }
    with np.errstate(all="ignore"):
        return _TOLERANCES[name](doubles, wanted, float(eps))


def _of_sum(count: int, magnitude: Doubles, eps: float) -> Doubles:
    return (SUM + count**0.5) * eps * magnitude + TINY


def _dense_forward(given: Arrays, wanted: Arrays, eps: float) -> Arrays:
    x, w, b, activation = given["x"], given["w"], given["b"], given["activation"]
    magnitude = np.abs(x) @ np.abs(w) + (0 if b is None else np.abs(b))
    of_z = _of_sum(len(w), magnitude, eps)
    if activation.by_row:
        of_z = of_z.max(axis=1, keepdims=True, initial=0.0)
    if activation.name == "sign":  # it jumps: what is that near to 0 may go either way
        z = x @ w + (0 if b is None else b)
        return {"out": np.where(np.abs(z) <= of_z, 2.0, 0.0)}
    return {"out": STEEPEST * of_z + ULPS * eps * np.abs(wanted["out"])}


def _dense_backward_input(given: Arrays, wanted: Arrays, eps: float) -> Arrays:
    magnitude = np.abs(given["d_z"]) @ np.abs(given["w"]).T
    return {"out": _of_sum(given["w"].shape[1], magnitude, eps)}


def _dense_backward_params(given: Arrays, wanted: Arrays, eps: float) -> Arrays:
    x, d_z = np.abs(given["x"]), np.abs(given["d_z"])
    n = len(x)
    return {"d_w": _of_sum(n, x.T @ d_z, eps), "d_b": _of_sum(n, d_z.sum(axis=0), eps)}


def _activation_forward(given: Arrays, wanted: Arrays, eps: float) -> Arrays:
    a, z, name = np.abs(wanted["out"]), np.abs(given["z"]), given["activation"].name
    if name == "log_softmax":  # a difference of two numbers as large as z
        a = a + z.max(axis=1, keepdims=True, initial=1.0)
    if name == "softmax":  # exp of a rounded difference
        a = a * (1 + 2 * z.max(axis=1, keepdims=True, initial=0.0))
    if name in ACTIVATIONS and given["activation"].code >= 0:
        a = ACTIVATIONS[name].magnitude(a, z, *given["activation"].parameters)
    return {"out": ULPS * eps * a + TINY}


def _activation_backward(given: Arrays, wanted: Arrays, eps: float) -> Arrays:
    d_a = np.abs(given["d_a"])
    magnitude = d_a * (1 + np.abs(given["a"]))  # slopes are at most 2 and often differences from 1
    if given["activation"].by_row:
        count = d_a.shape[1]
        row = d_a.sum(axis=1, keepdims=True) * (1 + np.abs(given["a"]))
        return {"out": _of_sum(count, d_a + row, eps)}
    return {"out": 4 * ULPS * eps * magnitude + TINY}


def _link(given: Arrays, wanted: Arrays, eps: float) -> Arrays:
    magnitude, z = np.abs(wanted["out"]), np.abs(given["z"])
    if given["loss"].link == "exp":
        magnitude = magnitude * (1 + z)
    if given["loss"].link == "softmax":
        magnitude = magnitude * (1 + 2 * z.max(axis=1, keepdims=True, initial=0.0))
    return {"out": 2 * ULPS * eps * magnitude + TINY}


def _loss_and_gradient(given: Arrays, wanted: Arrays, eps: float) -> Arrays:
    z, y, loss = given["z"], given["y"], given["loss"]
    share = given["sample_weight"]
    share = np.ones(len(z)) if share is None else share
    share = np.abs(share / (share.sum() or 1.0))[:, np.newaxis]
    size = terms(z, y, loss)
    slope = 1 + np.abs(wanted["d_z"]) / np.where(share > 0, share, 1.0)
    count = z.shape[1] ** 0.5
    return {
        "d_z": (SUM + count) * eps * share * (slope + size) + TINY,
        "loss": (SUM + count) * eps * float((share * slope * (1 + size)).sum()) + TINY,
    }


def _sgd_step(given: Arrays, wanted: Arrays, eps: float) -> Arrays:
    moved = given["learning_rate"] * np.abs(given["d_params"])
    velocity = np.abs(given["velocity"]) + moved
    return {
        "velocity": ULPS * eps * velocity + TINY,
        "params": ULPS * eps * (np.abs(given["params"]) + velocity) + TINY,
    }


def _adam_step(given: Arrays, wanted: Arrays, eps: float) -> Arrays:
    """The change is a quotient of m, whose two parts may cancel."""
    change = np.abs(wanted["params"] - given["params"])
    parts = np.abs(given["m"]) + np.abs(given["d_params"])
    corrected = given["learning_rate"] * (1 - given["beta_2"] ** given["step"]) ** 0.5
    largest = corrected / (1 - given["beta_1"] ** given["step"]) * parts / (np.sqrt(wanted["v"]) + given["epsilon"])
    lost = ULPS * eps
    return {
        "m": lost * parts + TINY,
        "v": lost * (np.abs(given["v"]) + given["d_params"] ** 2) + TINY,
        "params": lost * (np.abs(given["params"]) + np.maximum(4 * change, largest)) + TINY,
    }


def _adamw_step(given: Arrays, wanted: Arrays, eps: float) -> Arrays:
    """Adam's, and the decay, which may cancel some of the change."""
    decay = given["learning_rate"] * given["weight_decay"] * np.abs(given["params"])
    of_adam = _adam_step(given, wanted, eps)
    return of_adam | {"params": of_adam["params"] + 4 * ULPS * eps * decay}


def _nadam_step(given: Arrays, wanted: Arrays, eps: float) -> Arrays:
    """Adam's, and the two parts of the change, which may cancel."""
    beta_1, step = given["beta_1"], given["step"]
    m, g = np.abs(wanted["m"]), np.abs(given["d_params"])
    parts = beta_1 * m / (1 - beta_1 ** (step + 1)) + (1 - beta_1) * g / (1 - beta_1**step)
    root = np.sqrt(wanted["v"] / (1 - given["beta_2"] ** step)) + given["epsilon"]
    of_adam = _adam_step(given, wanted, eps)
    change = given["learning_rate"] * parts / root
    return of_adam | {"params": of_adam["params"] + 4 * ULPS * eps * change}


def _scaled_by_squares(given: Arrays, wanted: Arrays, eps: float) -> Arrays:
    change = np.abs(wanted["params"] - given["params"])
    return {
        "v": ULPS * eps * (np.abs(given["v"]) + given["d_params"] ** 2) + TINY,
        "params": ULPS * eps * (np.abs(given["params"]) + change) + TINY,
    }


def _adamax_step(given: Arrays, wanted: Arrays, eps: float) -> Arrays:
    """The change is a quotient of m, whose two parts may cancel."""
    m, u = np.abs(given["m"]) + np.abs(given["d_params"]), np.abs(wanted["u"])
    change = given["learning_rate"] / (1 - given["beta_1"] ** given["step"]) * m / u
    return {
        "m": ULPS * eps * m + TINY,
        "u": ULPS * eps * u + TINY,
        "params": ULPS * eps * (np.abs(given["params"]) + 2 * change) + TINY,
    }


def _adadelta_step(given: Arrays, wanted: Arrays, eps: float) -> Arrays:
    change = np.abs(wanted["params"] - given["params"])
    return {
        "v": ULPS * eps * np.abs(wanted["v"]) + TINY,
        "u": 2 * ULPS * eps * np.abs(wanted["u"]) + TINY,
        "params": ULPS * eps * (np.abs(given["params"]) + 2 * change) + TINY,
    }


def _lion_step(given: Arrays, wanted: Arrays, eps: float) -> Arrays:
    """Where the mean is as small as its rounding, its sign may be any."""
    m, g, rate, beta_1 = given["m"], given["d_params"], given["learning_rate"], given["beta_1"]
    size = ULPS * eps * (np.abs(m) + np.abs(g))
    is_unsure = np.abs(beta_1 * m + (1 - beta_1) * g) < size
    params = np.abs(given["params"]) * (1 + rate * given["weight_decay"]) + rate
    return {"m": size + TINY, "params": ULPS * eps * params + np.where(is_unsure, 2 * rate, 0) + TINY}


def _clip_by_value(given: Arrays, wanted: Arrays, eps: float) -> Arrays:
    return {"d_params": eps * np.abs(wanted["d_params"]) + TINY}


def _clip_by_norm(given: Arrays, wanted: Arrays, eps: float) -> Arrays:
    norm = np.sqrt(np.sum(np.square(given["d_params"].astype(np.float64))))
    return {"d_params": ULPS * eps * np.abs(wanted["d_params"]) + TINY, "norm": 1e-14 * norm * len(wanted["d_params"])}


def _ema_step(given: Arrays, wanted: Arrays, eps: float) -> Arrays:
    return {"average": ULPS * eps * (np.abs(given["average"]) + np.abs(given["params"])) + TINY}


def _dropout(given: Arrays, wanted: Arrays, eps: float) -> Arrays:
    return {"out": 2 * eps * np.abs(wanted["out"]) + TINY}


_TOLERANCES = {
    "dense_forward": _dense_forward,
    "dense_backward_input": _dense_backward_input,
    "dense_backward_params": _dense_backward_params,
    "activation_forward": _activation_forward,
    "activation_backward": _activation_backward,
    "link": _link,
    "loss_and_gradient": _loss_and_gradient,
    "clip_by_value": _clip_by_value,
    "clip_by_norm": _clip_by_norm,
    "ema_step": _ema_step,
    "dropout": _dropout,
    "sgd_step": _sgd_step,
    "adam_step": _adam_step,
    "rmsprop_step": _scaled_by_squares,
    "adagrad_step": _scaled_by_squares,
    "adamw_step": _adamw_step,
    "adamax_step": _adamax_step,
    "adadelta_step": _adadelta_step,
    "lion_step": _lion_step,
    "nadam_step": _nadam_step,
}
