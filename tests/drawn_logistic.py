"""Logistic regressions over drawn rows, as the tests of solvers take them."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn.solvers.objective.logistic import LogisticObjective

__all__ = ["draw", "problem"]


def draw(n: int, i: int, classes: int, density: float = 1.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Features, a part `density` of them not zero, and classes that they half explain; each class has a row."""
    rng = np.random.default_rng([n, i, classes, seed])
    x = rng.normal(size=(n, i)) @ (np.eye(i) + 0.3 * rng.normal(size=(i, i)) / i**0.5)
    x[rng.uniform(size=x.shape) > density] = 0
    z = x @ rng.normal(size=(i, classes)) / i**0.5 + rng.gumbel(size=(n, classes))
    y = z.argmax(axis=1).astype(np.int32)
    y[:classes] = np.arange(classes)
    return x, y


def problem(x: Any, y: np.ndarray, **settings: Any) -> LogisticObjective:
    """The objective of x and y, whose classes are counted."""
    classes = int(y.max()) + 1
    return LogisticObjective(x, y, 1 if classes == 2 else classes, **settings)
