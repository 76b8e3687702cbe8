"""What a neuron's activation decides: whether it is a classifier, how it learns, from where."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn import activations
from fastnn.activations import Activation
from fastnn.kernels.contract import Array
from fastnn.models.common.parameter_checks import ParameterError
from fastnn.models.neuron.parameters import HasActivation, NeuronParameters
from fastnn.plan import Plan, linear_plan
from fastnn.training.engine import Engine
from fastnn.training.neuron_engine import Average, NeuronEngine

__all__ = [
    "function_of",
    "has_probabilities",
    "initial_params",
    "is_classifier",
    "learning_engine",
    "longest_safe_rate",
    "name_of",
]

_CLASSIFIERS = ("sigmoid", "sign")
# From zero these reach the same optimum as from anywhere; the others might not get away from it.
_FROM_ZERO = ("sigmoid", "sign", "identity")


def name_of(neuron: HasActivation) -> str:
    """The name that fastnn has for the neuron's activation; none for a user's own."""
    activation: object = neuron.activation  # until `fit` refuses what is neither
    if isinstance(activation, Activation):
        return activation.name if activation.code >= 0 else ""
    return activations.ALIASES.get(activation, activation) if isinstance(activation, str) else ""


def is_classifier(neuron: HasActivation) -> bool:
    """Whether its answer stands for one of two classes."""
    return name_of(neuron) in _CLASSIFIERS


def has_probabilities(neuron: HasActivation) -> bool:
    """Whether its answer is the probability of a class."""
    return name_of(neuron) == "sigmoid"


def function_of(neuron: HasActivation) -> Activation:
    """Return the activation that a neuron's parameter names.

    Raises
    ------
    ValueError
        If it is unknown, or one of whole rows.
    """
    function = activations.get(neuron.activation)
    if function.by_row:
        raise ParameterError(f"activation={function.name!r} needs several outputs; a Neuron has one.")
    return function


def _plan(n_inputs: int, dtype: Any) -> Plan:
    """z = w . x + b, with the sigmoid as link."""
    return linear_plan(n_inputs, 1, "binary_cross_entropy", np.dtype(dtype))


def learning_engine(neuron: NeuronParameters, n_inputs: int, dtype: Any, average: Average | None) -> Engine:
    """The engine that teaches the neuron; ValueError where the activation cannot be learnt through."""
    function = function_of(neuron)
    if not function.has_slope and name_of(neuron) != "sign":
        raise ValueError(
            f"activation={function.name!r} has no slope, so gradient descent cannot teach this neuron; "
            "only fastnn's own 'sign' has a rule of its own."
        )
    how = (function, neuron.batch_size == 1, average)
    return NeuronEngine(_plan(n_inputs, dtype), *how, neuron.backend, neuron.n_threads)


def initial_params(neuron: NeuronParameters, plan: Plan, random_state: Any) -> Array:
    """w and b (n_features + 1,) to start from."""
    if name_of(neuron) in _FROM_ZERO:
        return np.zeros(plan.n_params, plan.dtype)
    return plan.initial_params(random_state)


def _squares(x: Any) -> NDArray[np.float64]:
    """The squared length (n,) of every row; x may be sparse."""
    if isinstance(x, np.ndarray):
        lengths: NDArray[np.float64] = np.einsum("ni,ni->n", x, x, dtype=np.float64)
        return lengths
    stored = x.astype(np.float64)
    return np.asarray(stored.multiply(stored).sum(axis=1), np.float64).ravel()


def longest_safe_rate(neuron: NeuronParameters, x: Any, sample_weight: Array | None) -> float:
    """The rate that "auto" means: so short that no single row makes learning diverge."""
    if name_of(neuron) == "sign":
        return 1.0  # from zero, the answers do not depend on it
    lengths = 1 + _squares(x)
    if sample_weight is not None and neuron.batch_size == 1:
        lengths *= sample_weight  # as long as its step is
    elif sample_weight is not None:
        lengths = lengths[sample_weight > 0]
    return 1 / float(lengths.max())
