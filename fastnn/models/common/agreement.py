"""Whether the parts of a fitted model, each of which may be what it is, make one model together."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from fastnn.flat_params import FlatParams
from fastnn.kernels.contract import Array
from fastnn.models.common.arrays import HasFeatures
from fastnn.models.common.attributes import COUNT
from fastnn.models.common.output import link_of_output
from fastnn.models.common.parameter_checks import Integer
from fastnn.storage import require_array
from fastnn.training.run import Run

__all__ = [
    "require_average",
    "require_classes",
    "require_linear",
    "require_network",
    "require_run",
    "require_there",
    "require_weights_of_passes",
    "require_whole_logistic",
]


class HasClasses(Protocol):
    """A fitted classifier."""

    classes_: NDArray[Any]


class HasCoefficients(HasClasses, Protocol):
    """A fitted linear model."""

    n_features_in_: int
    coef_: Array
    intercept_: Array


class HasNetwork(Protocol):
    """A fitted network, of classes or of numbers."""

    n_features_in_: int
    n_outputs_: int
    n_layers_: int
    out_activation_: str

    def _flat_params(self) -> FlatParams: ...


class HasLabels(HasClasses, Protocol):
    """A fitted network of classes."""

    out_activation_: str

    def _is_multilabel(self) -> bool: ...


def require_there(model: object, *names: str) -> None:
    """Raise ValueError where the model lacks one of these attributes."""
    missing = ", ".join(name for name in names if name not in vars(model))
    if missing:
        raise ValueError(f"{missing} is missing")


def require_classes(model: HasClasses, least: int, most: int | None = None) -> int:
    """How many classes the model tells apart; ValueError where they are fewer or more than it can."""
    require_there(model, "classes_")
    n_classes = len(model.classes_)
    if n_classes < least or (most is not None and n_classes > most):
        raise ValueError(f"classes_ has {n_classes}, wanted {least}{'' if most == least else ' or more'}")
    return n_classes


# --- linear models ------------------------------------------------------------------------------


def require_linear(model: HasCoefficients, rows: int) -> None:
    """Raise ValueError unless coef_ and intercept_ are those of so many outputs and n_features_in_ inputs."""
    require_there(model, "coef_", "intercept_", "n_features_in_")
    _require_names(model)
    _require_shape("coef_", model.coef_, (rows, model.n_features_in_))
    _require_shape("intercept_", model.intercept_, (rows,))


def require_whole_logistic(model: HasCoefficients) -> None:
    """Raise ValueError unless a logistic regression's coefficients and what goes with them are of one model."""
    n_classes = require_classes(model, 2)
    rows = 1 if n_classes == 2 else n_classes
    require_linear(model, rows)
    _require_evidence(model, n_classes)
    training: Run | None = getattr(model, "_training", None)
    if training is not None:
        require_there(model, "_rows_seen")
        size = rows * model.n_features_in_
        require_run(training, size, size + rows)


def require_average(model: object, n_params: int, dtype: Any) -> None:
    """Raise ValueError where the average of a neuron's parameters is one of others."""
    average = getattr(model, "_average", None)
    if average is None:
        return
    _require_counts(n_steps=average.n_steps)
    if average.total.dtype != np.float64:
        raise ValueError(f"the average is a sum of {average.total.dtype}, wanted float64")
    _require_shape("the average", average.total, (n_params,))
    if average.last is not None:
        require_array(average.last, (n_params,), np.dtype(dtype))


def require_weights_of_passes(model: HasFeatures) -> None:
    """Raise ValueError unless history_ has weights for the start and every pass, and numbers for every pass."""
    history = getattr(model, "history_", None)
    if history is None:
        return
    if history.keys() != {"coef", "intercept", "loss", "learning_rate"}:
        raise ValueError(f"history_ has {', '.join(history)}, wanted coef, intercept, loss and learning_rate")
    n = len(np.atleast_1d(history["loss"]))
    for name, shape in (("coef", (n + 1, model.n_features_in_)), ("intercept", (n + 1,))):
        _require_shape(f"history_[{name!r}]", history[name], shape)
    for name in ("loss", "learning_rate"):
        _require_shape(f"history_[{name!r}]", history[name], (n,))


def _require_evidence(model: HasFeatures, n_classes: int) -> None:
    """Raise ValueError where what a summary needs is of another model."""
    evidence = getattr(model, "_evidence", None)
    if evidence is None:
        return
    k = model.n_features_in_ + bool(evidence.intercept)
    p = (n_classes - 1) * k
    _require_shape("theta", evidence.theta, (n_classes - 1, k))
    if evidence.covariance.size:
        _require_shape("covariance", evidence.covariance, (p, p))
    elif not (len(evidence.dependent) or evidence.finding.is_separated):
        raise ValueError("a summary needs a covariance")
    _require_indices("dependent", evidence.dependent.tolist(), k)
    _require_indices("separating", evidence.separating, model.n_features_in_)


def _require_indices(name: str, numbers: Iterable[Any], below: int) -> None:
    if not all(map(Integer(0, below - 1).accepts, numbers)):
        raise ValueError(f"{name} has other numbers than those of features")


# --- networks -----------------------------------------------------------------------------------


def require_network(model: HasNetwork) -> None:
    """Raise ValueError unless the weights make a network of n_features_in_ inputs for its outputs."""
    require_there(model, "coefs_", "intercepts_", "n_features_in_", "n_outputs_", "n_layers_", "out_activation_")
    _require_names(model)
    fitted = model.__dict__.get("_network")
    plan = model._flat_params().plan
    widths = plan.widths
    outputs = _outputs_of_classes(cast(HasLabels, model)) if hasattr(model, "classes_") else model.n_outputs_
    if (widths[0], widths[-1]) != (model.n_features_in_, outputs):
        raise ValueError(
            f"coefs_ make a network from {widths[0]} inputs to {widths[-1]} outputs, wanted "
            f"{model.n_features_in_} and {outputs}"
        )
    if fitted is None:  # users have assigned other weights, which a run need not fit
        return
    if (model.n_outputs_, model.n_layers_) != (widths[-1], len(widths)):
        raise ValueError(f"n_outputs_ and n_layers_ are {model.n_outputs_} and {model.n_layers_}, of widths {widths}")
    if plan.activations[-1].name != "identity" or plan.loss.link != link_of_output(model.out_activation_):
        raise ValueError(f"out_activation_ is {model.out_activation_!r}, of a network with the loss {plan.loss.name!r}")
    training: Run | None = getattr(model, "_training", None)
    if training is not None:
        require_run(training, fitted.plan.n_params)
        _require_dtype(training, fitted.params)


def _outputs_of_classes(model: HasLabels) -> int:
    """The outputs that a network has for its classes."""
    output, n_classes = model.out_activation_, len(model.classes_)
    if output == "exp":
        raise ValueError("out_activation_ is 'exp', which is for numbers, and not for classes")
    if model._is_multilabel():
        if output == "softmax":
            raise ValueError("out_activation_ is 'softmax', which is for one label a sample, and not for several")
        return n_classes
    if output == "logistic" and n_classes > 2:
        raise ValueError(f"out_activation_ is 'logistic', which is for two classes, and there are {n_classes}")
    if output == "softmax" and n_classes < 2:
        raise ValueError("out_activation_ is 'softmax', which is for two classes or more, and there is one")
    return n_classes if output == "softmax" or n_classes > 2 else 1


def _require_dtype(run: Run, params: Array) -> None:
    for slot in (*run.state.slots, *(() if run.unaveraged is None else (run.unaveraged,))):
        if slot.dtype != params.dtype:
            raise ValueError(f"a slot of the optimizer is of {slot.dtype}, wanted {params.dtype}")


# --- what training goes on from -----------------------------------------------------------------


def require_run(run: Run, *sizes: int) -> None:
    """Raise ValueError unless a run can go on from a number of parameters, one of these sizes."""
    _require_counts(seed=run.seed, epoch=run.epoch, n_seen=run.n_seen, step=run.state.step)
    names = run.optimizer.state_names
    if len(run.state.slots) != len(names):
        raise ValueError(f"the optimizer has {len(run.state.slots)} slots, wanted {', '.join(names)}")
    shapes = [(size,) for size in sizes]
    for vector in (*run.state.slots, *(() if run.unaveraged is None else (run.unaveraged,))):
        if vector.shape not in shapes or vector.shape != run.state.slots[0].shape:
            raise ValueError(
                f"a slot of the optimizer has shape {vector.shape}, wanted {' or '.join(map(str, shapes))}"
            )


def _require_counts(**counts: Any) -> None:
    for name, count in counts.items():
        if not COUNT.accepts(count):
            raise ValueError(f"{name} is {count!r}, wanted {COUNT}")


def _require_names(model: HasFeatures) -> None:
    names = getattr(model, "feature_names_in_", None)
    if names is not None and len(names) != model.n_features_in_:
        raise ValueError(f"feature_names_in_ has {len(names)} names, wanted {model.n_features_in_}")


def _require_shape(name: str, array: Any, shape: tuple[int, ...]) -> None:
    if np.issubdtype(array.dtype, np.floating) and array.shape == shape:
        return
    raise ValueError(f"{name} has shape {array.shape} and dtype {array.dtype}, wanted {shape} and real numbers")
