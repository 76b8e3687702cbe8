"""From the raw output z (n, o) of a classifier to classes and logarithms of probabilities.

One column is one sigmoid neuron, the probability of the second class; several columns are classes
(softmax) or labels of their own (sigmoid), as the loss of the engine's plan says.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn.kernels.contract import Array
from fastnn.training.engine import Engine

__all__ = ["class_index", "log_probabilities"]


def class_index(z: Array) -> NDArray[Any]:
    """The likeliest class of every row (n,)."""
    return (z[:, 0] > 0).astype(np.intp) if z.shape[1] == 1 else z.argmax(axis=1)


def log_probabilities(engine: Engine, z: Array) -> Array:
    """Logarithms of the probabilities; where those vanish, what they are, and not -inf."""
    # Not 1 - p for the first of two classes: that has no digits left where p is nearly 1.
    p = engine.link(np.hstack([-z, z]) if z.shape[1] == 1 else z)
    vanishing = p < np.finfo(p.dtype).tiny
    if not vanishing.any():
        return np.log(p)
    if engine.plan.loss.link == "softmax":
        exact = engine.activation(z, "log_softmax")
    else:
        both = np.hstack([z, -z]) if z.shape[1] == 1 else -z
        exact = -engine.activation(both, "softplus")
    logarithms: Array = np.log(p, where=~vanishing, out=exact)
    return logarithms
