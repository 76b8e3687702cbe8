"""Small networks and data for the tests of network kernels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from available import HAS_NUMBA
from numpy.typing import NDArray

from fastnn import activations, optimizers
from fastnn.activations import Activation
from fastnn.layers import Dense, Dropout, Layer
from fastnn.optimizers import SGD, Adam, AdamW, Optimizer, OptimizerState, RMSprop
from fastnn.plan import Plan

BUMP = Activation("bump", value=lambda z: 1 / (1 + z * z), slope=lambda z, a: -2 * z * a * a)

# Widths around a vector, an odd one, one neuron alone, one output, few; every kind of layer somewhere.
LAYERS: dict[str, tuple[int, list[Layer], str]] = {
    "one neuron": (3, [Dense(1)], "binary_cross_entropy"),
    "relu": (7, [Dense(16, "relu"), Dense(3)], "cross_entropy"),
    "odd widths": (5, [Dense(17, "tanh"), Dense(9, "silu"), Dense(2)], "squared_error"),
    "no bias": (4, [Dense(8, "gelu", bias=False), Dense(15, "elu"), Dense(1)], "huber"),
    "row functions": (6, [Dense(5, "softmax"), Dense(4, "log_softmax"), Dense(2)], "log_cosh"),
    "last activation": (6, [Dense(33, "relu"), Dense(3, "sigmoid")], "squared_error"),
    "parameters": (
        6,
        [
            Dense(19, activations.leaky_relu(0.3)),
            Dense(8, activations.elu(0.5)),
            Dense(17, activations.celu(2.0)),
            Dense(9, activations.softplus(2.5)),
            Dense(3, activations.hard_sigmoid(0.2, 0.4)),
        ],
        "squared_error",
    ),
    "shrinkage": (
        5,
        [Dense(18, "tanh_shrink"), Dense(7, "softshrink"), Dense(9, "hard_shrink"), Dense(5, "log_sigmoid"), Dense(2)],
        "squared_error",
    ),
    "poisson": (6, [Dense(10, "softplus"), Dense(2)], "poisson"),
    "one output": (6, [Dense(16, "relu"), Dense(1)], "squared_error"),
    "one output, odd": (5, [Dense(7, "tanh"), Dense(1, "sigmoid", bias=False)], "squared_error"),
    "narrow": (9, [Dense(32, "tanh"), Dense(3, "tanh"), Dense(32, "tanh"), Dense(2)], "squared_error"),
    "a user's own": (6, [Dense(18, BUMP), Dense(5, "tanh"), Dense(2, BUMP)], "squared_error"),
    "dropout": (
        9,
        [
            Dropout(0.2),
            Dense(20, "relu"),
            Dropout(0.5),
            Dense(17),
            Dropout(0.3),
            Dense(11, "tanh"),
            Dropout(0.1),
            Dense(2),
        ],
        "squared_error",
    ),
    "dropout of row functions": (
        6,
        [Dense(9, "softmax"), Dropout(0.5), Dense(8, "log_softmax"), Dropout(0.25), Dense(3)],
        "cross_entropy",
    ),
}
if not HAS_NUMBA:
    del LAYERS["a user's own"]
OPTIMIZERS: dict[str, Optimizer] = {
    **{name: kind() for name, kind in optimizers.OPTIMIZERS.items()},
    "momentum": SGD(nesterov=False),
    "plain": SGD(momentum=0.0),
    "adamw": AdamW(weight_decay=0.5),
    "clipped by value": SGD(clip_value=0.01),
    "clipped by norm": Adam(clip_norm=0.1),
    "clipped by both, averaged": AdamW(clip_value=0.05, clip_norm=0.1, ema=0.9),
    "averaged": RMSprop(ema=0.99),
}
# In float32 Adam turns a rounding error of a small gradient into one of the step's size.
TOLERANCE = {np.float32: 2e-3, np.float64: 1e-9}
Fit = tuple[NDArray[Any], OptimizerState, list[tuple[float, float]]]


@dataclass
class Problem:
    """A plan with parameters and data for it, all of the plan's dtype."""

    plan: Plan
    params: NDArray[Any]
    x: NDArray[Any]
    y: NDArray[Any]
    weight: NDArray[Any]

    def fit(self, kernels: Any, optimizer: Optimizer, epochs: int = 1, **options: Any) -> Fit:
        """Parameters, state, losses and penalties after some epochs from `params`, which stay as they are."""
        params = self.params.copy()
        state = OptimizerState.zeros(optimizer, params)
        weight, order = options.get("weight"), options.get("order")
        batch_size, alpha = options.get("batch_size", 16), options.get("alpha", 0.0)
        n = len(self.x) if order is None else len(order)
        rates = np.linspace(0.02, 0.01, -(-n // batch_size))
        data = (self.x, self.y, weight, order, batch_size)
        rest = (optimizer, state, rates, alpha, options.get("l1", 0.0), options.get("seed", 0))
        losses = [kernels.fit_epoch(self.plan, params, *data, *rest) for _ in range(epochs)]
        return params, state, losses


def problem(name: str, dtype: Any, n: int = 53) -> Problem:
    """The network of that name with random parameters and n rows of random data."""
    n_inputs, layers, loss = LAYERS[name]
    rng = np.random.default_rng([n, *name.encode()])
    plan = Plan.from_layers(layers, n_inputs, loss, dtype)
    x, o = rng.normal(size=(n, n_inputs)), plan.widths[-1]
    y = rng.normal(size=(n, o))
    if loss == "cross_entropy":
        y = np.eye(o)[rng.integers(0, o, n)]
    if loss == "binary_cross_entropy":
        y = rng.integers(0, 2, (n, o))
    if loss == "poisson":
        y = rng.poisson(1.5, (n, o))
    weight = rng.integers(0, 4, n) / 2
    params = rng.normal(size=plan.n_params) / 2
    return Problem(plan, *(array.astype(dtype) for array in (params, x, y, weight)))


def assert_same_fit(found: Fit, wanted: Fit, dtype: Any) -> None:
    """Fail unless two fits are the same to rounding."""
    tolerance = TOLERANCE[dtype]
    for one, other in zip((found[0], *found[1].slots), (wanted[0], *wanted[1].slots), strict=True):
        scale = max(1.0, float(np.abs(other).max()))
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance * scale)
    assert found[1].step == wanted[1].step
    np.testing.assert_allclose(found[2], wanted[2], rtol=tolerance)
