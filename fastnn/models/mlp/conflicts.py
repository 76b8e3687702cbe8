"""Parameters of an MLP that cannot be had together."""

from __future__ import annotations

from inspect import signature
from typing import Any

from fastnn.models.mlp.options import AROUND_THE_STEP, MLPOptions
from fastnn.optimizers import SGD, Optimizer

__all__ = ["refuse_conflicts"]

# Those that an optimizer object has itself.
_HYPER = ("learning_rate_init", "momentum", "nesterovs_momentum", "beta_1", "beta_2", "epsilon")
_BY_STEP = ("dropout", "l1", *AROUND_THE_STEP, "scoring")


def refuse_conflicts(
    model: MLPOptions, incremental: bool, X_val: Any = None, y_val: Any = None, sample_weight_val: Any = None
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
        twice = [name for name in _changed(model, AROUND_THE_STEP) if getattr(model.solver, name) is not None]
        _refuse(model, _changed(model, _HYPER) + twice, "an optimizer object has its own")
    if not isinstance(model.learning_rate, str):
        _refuse(model, _changed(model, ("learning_rate_init",)), "a schedule has its own")
    elif model.learning_rate != "constant" and not _knows_names(model.solver):
        raise ValueError(
            f"learning_rate={model.learning_rate!r} acts on sgd alone, and solver is {model.solver!r}. "
            "For this one pass a schedule, such as fastnn.schedules.Plateau(0.001)."
        )


def _refuse_with_lbfgs(model: MLPOptions, X_val: Any) -> None:
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


def _knows_names(solver: str | Optimizer) -> bool:
    """Whether scikit-learn's names of learning rates act on it, or are silently passed over there too."""
    return isinstance(solver, SGD) or solver in ("sgd", "adam", "lbfgs")


def _changed(model: MLPOptions, names: tuple[str, ...]) -> list[str]:
    """Which of these parameters are not at their defaults."""
    defaults = signature(type(model)).parameters
    return [name for name in names if getattr(model, name) != defaults[name].default]


def _refuse(model: MLPOptions, names: list[str], why: str) -> None:
    if names:
        given = ", ".join(f"{name}={getattr(model, name)!r}" for name in names)
        raise ValueError(
            f"{given} would have no effect: {why}, with solver={model.solver!r} and "
            f"learning_rate={model.learning_rate!r}. Leave {'it' if len(names) == 1 else 'them'} out."
        )
