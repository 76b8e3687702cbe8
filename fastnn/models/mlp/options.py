"""What an MLP's parameters ask of training, and what they cannot ask together."""

from __future__ import annotations

from dataclasses import fields, replace
from inspect import signature
from numbers import Real
from typing import Any

from fastnn import optimizers
from fastnn.models.common.parameter_checks import ParameterError
from fastnn.optimizers import OPTIMIZERS, SGD, Optimizer
from fastnn.training import rates

__all__ = ["dropout_of", "optimizer_of", "rate_of", "refuse_conflicts"]

# Names of an estimator's parameters where an optimizer's fields have others.
_NAME_OF_FIELD = {"learning_rate": "learning_rate_init", "nesterov": "nesterovs_momentum"}
# Those that an optimizer object has itself.
_HYPER = ("learning_rate_init", "momentum", "nesterovs_momentum", "beta_1", "beta_2", "epsilon")

_AROUND_THE_STEP = ("clip_value", "clip_norm", "ema")
_BY_STEP = ("dropout", "l1", *_AROUND_THE_STEP, "scoring")


def optimizer_of(model: Any) -> Optimizer:
    """The optimizer that `solver` is, or names: then its hyper-parameters are the model's."""
    if isinstance(model.solver, Optimizer):
        chosen = optimizers.get(model.solver)
        around = {name: getattr(model, name) for name in _AROUND_THE_STEP}
        return replace(chosen, **{name: float(value) for name, value in around.items() if value is not None})
    kind = OPTIMIZERS[model.solver]
    given: dict[str, Any] = {}
    for field in fields(kind):
        value = getattr(model, _NAME_OF_FIELD.get(field.name, field.name), None)
        if value is not None:
            given[field.name] = bool(value) if field.name == "nesterov" else float(value)
    return kind(**given)


def dropout_of(model: Any, n_hidden: int) -> tuple[float, ...]:
    """The rate on the input of every layer: those of the hidden layers' outputs, and none on X."""
    given = model.dropout
    rates = (given,) * n_hidden if isinstance(given, Real) else tuple(given)
    if len(rates) != n_hidden or (n_hidden == 0 and given):
        raise ParameterError(f"dropout={given!r} has {len(rates)} rates, wanted {n_hidden}: one for each hidden layer.")
    return (0.0, *map(float, rates))


def rate_of(model: Any, optimizer: Optimizer) -> rates.Rate:
    """The learning rate by the step; scikit-learn's names act on sgd alone, as there."""
    if not isinstance(model.learning_rate, str):
        return rates.scheduled(model.learning_rate)
    if isinstance(optimizer, SGD):
        return rates.by_name(model.learning_rate, optimizer.learning_rate, float(model.power_t))
    return rates.Constant(optimizer.learning_rate)


def refuse_conflicts(
    model: Any, incremental: bool, X_val: Any = None, y_val: Any = None, sample_weight_val: Any = None
) -> None:
    """Raise ValueError where one parameter would leave another without effect.

    Not where scikit-learn has the same two and says nothing.
    """
    if model.early_stopping and incremental:
        raise ValueError(
            "partial_fit does not support early_stopping=True: a call is one pass over its samples. Score samples of "
            "your own between the calls, or use fit."
        )
    if (X_val is None) != (y_val is None) or (X_val is None and sample_weight_val is not None):
        raise ValueError("A validation set needs both X_val and y_val; sample_weight_val goes with them.")
    if model.solver == "lbfgs":
        _refuse_with_lbfgs(model, X_val)
    if model.scoring is not None and X_val is None and not model.early_stopping:
        raise ValueError(
            f"scoring={model.scoring!r} would have no effect: nothing is held out to be scored. "
            "Set early_stopping=True, or pass X_val and y_val to fit."
        )
    if isinstance(model.solver, Optimizer):
        twice = [name for name in _changed(model, _AROUND_THE_STEP) if getattr(model.solver, name) is not None]
        _refuse(model, _changed(model, _HYPER) + twice, "an optimizer object has its own")
    if not isinstance(model.learning_rate, str):
        _refuse(model, _changed(model, ("learning_rate_init",)), "a schedule has its own")
    elif model.learning_rate != "constant" and not _heeds_names(model.solver):
        raise ValueError(
            f"learning_rate={model.learning_rate!r} acts on sgd alone, and solver is {model.solver!r}. "
            "For this one pass a schedule, such as fastnn.schedules.Plateau(0.001)."
        )


def _refuse_with_lbfgs(model: Any, X_val: Any) -> None:
    """What is done by the step or by the epoch has no meaning for L-BFGS."""
    given = _changed(model, _BY_STEP)
    if not isinstance(model.learning_rate, str):
        given.append("learning_rate")
    if X_val is not None:
        given.append("X_val")
    if given:
        raise ValueError(
            f"{', '.join(given)} cannot be had with solver='lbfgs', which minimises one function of all samples "
            "and chooses its steps itself. Leave it out, or choose another solver, such as 'adam'."
        )


def _heeds_names(solver: str | Optimizer) -> bool:
    """Whether scikit-learn's names of learning rates act on it, or are silently passed over there too."""
    return isinstance(solver, SGD) or solver in ("sgd", "adam", "lbfgs")


def _changed(model: Any, names: tuple[str, ...]) -> list[str]:
    """Which of these parameters are not at their defaults."""
    defaults = signature(type(model)).parameters
    return [name for name in names if getattr(model, name) != defaults[name].default]


def _refuse(model: Any, names: list[str], why: str) -> None:
    if names:
        given = ", ".join(f"{name}={getattr(model, name)!r}" for name in names)
        raise ValueError(
            f"{given} would have no effect: {why}, with solver={model.solver!r} and "
            f"learning_rate={model.learning_rate!r}. Leave {'it' if len(names) == 1 else 'them'} out."
        )
