"""Random targets for every loss."""

from __future__ import annotations

import numpy as np

from fastnn import losses


def targets(rng: np.random.Generator, loss: losses.Loss, shape: tuple[int, ...]) -> np.ndarray:
    """Targets (n, o) that the loss is made for."""
    n, o = shape
    if loss.name == "cross_entropy":
        y = rng.random(size=shape)
        y[::2] = 0
        y[::2, : min(o, 1)] = 1
        return y / np.maximum(y.sum(axis=1, keepdims=True), 1e-300)
    if loss.name == "binary_cross_entropy":
        return np.where(rng.random(shape) < 0.3, rng.random(shape), rng.integers(0, 2, shape))
    if loss.name == "poisson":
        return rng.poisson(2.0, shape).astype(np.float64)
    if loss.name == "hinge":
        return rng.choice([-1.0, 1.0], shape)
    return rng.normal(size=shape)
