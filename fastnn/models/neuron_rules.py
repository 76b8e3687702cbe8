"""What a neuron's activation decides: whether it is a classifier, how it learns, from where."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn import activations, losses
from fastnn.activations import Activation
from fastnn.kernels.contract import Array
from fastnn.plan import Plan
from fastnn.training.engine import Engine
from fastnn.training.perceptron import PerceptronEngine

__all__ = [
    "function_of",
    "has_probabilities",
    "initial_params",
    "is_classifier",
    "learning_engine",
    "longest_safe_rate",
    "name_of",
    "raw_engine",
]

_IDENTITY = activations.get("identity")
# These learn on the raw output z, with the activation in the loss; the others through it.
_LOSS_ON_Z = {"sigmoid": "binary_cross_entropy", "sign": "hinge"}
# From zero these reach the same optimum as from anywhere; the others might not get away from it.
_FROM_ZERO = ("sigmoid", "sign", "identity")


def name_of(neuron: Any) -> str:
    """The name of the neuron's activation, as fastnn has it; also of one that does not exist."""
    given = neuron.activation
    if isinstance(given, Activation):
        return given.name
    return activations.ALIASES.get(given, given) if isinstance(given, str) else ""


def is_classifier(neuron: Any) -> bool:
    """Whether its answer stands for one of two classes."""
    return name_of(neuron) in _LOSS_ON_Z


def has_probabilities(neuron: Any) -> bool:
    """Whether its answer is the probability of a class."""
    return name_of(neuron) == "sigmoid"


def function_of(neuron: Any) -> Activation:
    """The activation.

    Raises
    ------
    ValueError
        If it is unknown, or one of whole rows.
    """
    function = activations.get(neuron.activation)
    if function.by_row:
        raise ValueError(f"activation={function.name!r} needs several outputs; a Neuron has one.")
    return function


def learning_engine(neuron: Any, n_inputs: int, dtype: Any) -> Engine:
    """The network of this one neuron, as it learns."""
    function = function_of(neuron)
    loss = losses.get(_LOSS_ON_Z.get(function.name, "squared_error"))
    last = _IDENTITY if function.name in _LOSS_ON_Z else function
    plan = Plan((n_inputs, 1), (last,), (True,), loss, np.dtype(dtype))
    kind = PerceptronEngine if function.name == "sign" else Engine
    return kind(plan, neuron.backend, neuron.n_threads)


def raw_engine(neuron: Any, n_inputs: int, dtype: Any) -> Engine:
    """The network that gives z, with the sigmoid as its link."""
    loss = losses.get("binary_cross_entropy")
    plan = Plan((n_inputs, 1), (_IDENTITY,), (True,), loss, np.dtype(dtype))
    return Engine(plan, neuron.backend, neuron.n_threads)


def initial_params(neuron: Any, plan: Plan, random_state: Any) -> Array:
    """w and b (n_features + 1,) to start from."""
    if name_of(neuron) in _FROM_ZERO:
        return np.zeros(plan.n_params, plan.dtype)
    return plan.initial_params(random_state)


def longest_safe_rate(neuron: Any, x: Array, sample_weight: Array | None) -> float:
    """The rate that "auto" means: so short that no single row makes learning diverge."""
    if name_of(neuron) == "sign":
        return 1.0  # from zero, the answers do not depend on it
    if sample_weight is not None:
        x = x[sample_weight > 0]
    return 1 / (1 + float(np.einsum("ni,ni->n", x, x, dtype=np.float64).max()))
