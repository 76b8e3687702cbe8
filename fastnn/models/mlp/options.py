"""What an MLP's parameters say of its network and of its training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn import activations, optimizers
from fastnn.activations import Activation
from fastnn.losses import Loss
from fastnn.models.common.estimator import Estimator
from fastnn.models.common.parameter_checks import ParameterError
from fastnn.models.common.warnings import warn_caller
from fastnn.optimizers import OPTIMIZERS, SGD, Optimizer
from fastnn.plan import Plan
from fastnn.schedules import Plateau, Schedule
from fastnn.training import rates
from fastnn.training.recipe import Recipe

__all__ = ["AROUND_THE_STEP", "MLPOptions", "functions_of", "plan_of", "recipe_of"]

_IDENTITY = activations.get("identity")
# Names of an estimator's parameters where an optimizer's fields have others.
_NAME_OF_FIELD = {"learning_rate": "learning_rate_init", "nesterov": "nesterovs_momentum"}

AROUND_THE_STEP = ("clip_value", "clip_norm", "ema")


class MLPOptions(Estimator):
    """The parameters of classifiers and regressors alike, which functions read that decide how a network is trained."""

    hidden_layer_sizes: int | Sequence[int] | NDArray[np.integer[Any]]
    activation: str | Activation | Sequence[str | Activation]
    solver: str | Optimizer
    alpha: float
    batch_size: int | str
    learning_rate: str | Schedule | Plateau
    power_t: float
    max_iter: int
    max_fun: int
    shuffle: bool
    tol: float
    verbose: bool | int | str
    early_stopping: bool
    validation_fraction: float
    n_iter_no_change: float
    dropout: float | Sequence[float]
    l1: float
    scoring: str | Callable[..., float] | None
    backend: str
    n_threads: int | None


# --- the network --------------------------------------------------------------------------------


def plan_of(model: MLPOptions, n_inputs: int, n_outputs: int, dtype: Any, loss: Loss) -> Plan:
    """The plan of the network that the parameters describe.

    Raises
    ------
    ValueError
        If parameters name another number of layers than others, or an activation has no slope.
    """
    sizes = model.hidden_layer_sizes
    hidden = (sizes,) if isinstance(sizes, (int, Integral)) else tuple(sizes)
    functions = functions_of(model, len(hidden))
    widths = (n_inputs, *(int(size) for size in hidden), n_outputs)
    dropout = _dropout_of(model, len(hidden))
    plan = Plan(widths, functions, (True,) * len(functions), loss, np.dtype(dtype), dropout)
    plan.require_trainable()
    return plan


def functions_of(model: MLPOptions, n_hidden: int) -> tuple[Activation, ...]:
    """The activation of every layer; the last one's output is raw.

    Raises
    ------
    ValueError
        If there are names for another number of hidden layers.
    """
    given = model.activation
    if isinstance(given, (str, Activation)):
        return (*(activations.get(given),) * n_hidden, _IDENTITY)
    if len(given) != n_hidden:
        raise ParameterError(
            f"activation={given!r} names {len(given)} activations, wanted {n_hidden}: one for each hidden layer."
        )
    return (*(activations.get(each) for each in given), _IDENTITY)


def _dropout_of(model: MLPOptions, n_hidden: int) -> tuple[float, ...]:
    """The rate on the input of every layer: those of the hidden layers' outputs, and none on X."""
    given = model.dropout
    rates = (given,) * n_hidden if isinstance(given, (float, Real)) else tuple(given)
    if len(rates) != n_hidden or (n_hidden == 0 and given):
        raise ParameterError(f"dropout={given!r} has {len(rates)} rates, wanted {n_hidden}: one for each hidden layer.")
    return (0.0, *map(float, rates))


# --- training -----------------------------------------------------------------------------------


def recipe_of(model: MLPOptions, n: int, *, incremental: bool) -> Recipe:
    """How the network is trained on n rows; by one epoch in partial_fit."""
    optimizer = _optimizer_of(model)
    return Recipe(
        optimizer,
        _rate_of(model, optimizer),
        _batch_size(model, n),
        epochs=1 if incremental else int(model.max_iter),
        alpha=float(model.alpha),
        l1=float(model.l1),
        shuffle=bool(model.shuffle),
        patience=model.n_iter_no_change,
        tol=model.tol,
        keep_on_interrupt=True,
    )


def _optimizer_of(model: MLPOptions) -> Optimizer:
    """The optimizer that `solver` is, or names: then its hyper-parameters are the model's."""
    if isinstance(model.solver, Optimizer):
        chosen = optimizers.get(model.solver)
        around = {name: getattr(model, name) for name in AROUND_THE_STEP}
        return replace(chosen, **{name: float(value) for name, value in around.items() if value is not None})
    kind = OPTIMIZERS[model.solver]
    given: dict[str, Any] = {}
    for field in fields(kind):
        value = getattr(model, _NAME_OF_FIELD.get(field.name, field.name), None)
        if value is not None:
            given[field.name] = bool(value) if field.name == "nesterov" else float(value)
    return kind(**given)


def _rate_of(model: MLPOptions, optimizer: Optimizer) -> rates.Rate:
    """The learning rate by the step; scikit-learn's names act on sgd alone, as there."""
    if not isinstance(model.learning_rate, str):
        return rates.scheduled(model.learning_rate)
    if isinstance(optimizer, SGD):
        return rates.by_name(model.learning_rate, optimizer.learning_rate, float(model.power_t))
    return rates.ConstantRate(optimizer.learning_rate)


def _batch_size(model: MLPOptions, n: int) -> int:
    if isinstance(model.batch_size, str):  # "auto"
        return min(200, n)
    if model.batch_size > n:
        warn_caller(
            f"Got `batch_size` larger than sample size ({model.batch_size} > {n}). It is going to be clipped.",
            UserWarning,
        )
    return min(int(model.batch_size), n)
