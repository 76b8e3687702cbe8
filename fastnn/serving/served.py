"""What is to be served: a fitted model as a network, and the scalers of a pipeline before it.

Predictors and all exports read models here, and nowhere else, so that they agree on what can be served.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastnn.errors import wrong_type
from fastnn.models.common.as_network import AsNetwork, ModelNetwork
from fastnn.models.common.fitting import held

__all__ = ["SCALERS", "ServedModel", "Step", "read_model", "usual_method"]

SCALERS = ("StandardScaler", "MinMaxScaler", "MaxAbsScaler")
_ANSWERS = ("predict", "predict_proba", "decision_function")


class Step(NamedTuple):
    """One operation on the features, one value for each of them.

    Attributes
    ----------
    operation : {"subtract", "divide", "multiply", "add", "clip"}
    values : ndarray of float64 (i,)
        The right operand; of "clip" (2,): the lowest and the highest value.
    """

    operation: str
    values: NDArray[np.float64]


@dataclass(frozen=True)
class ServedModel:
    """A fitted model or pipeline.

    Attributes
    ----------
    model : estimator or Network
        The model, the last step of a pipeline, in the state in which it was read: a fit that ends meanwhile changes
        nothing of it.
    network : ModelNetwork
        The same as a network. Its parameters may be the model's own: copy what has to stay.
    method : str
        What is asked of it.
    steps : tuple of Step
        What happens to x before the network sees it, one after the other.
    rounded : tuple of bool
        For each step whether its values are rounded to the dtype of x first. Else an x of float32 is computed with in
        float64, and the result is rounded.
    dtypes : tuple of numpy.dtype
        For each step that of the values in the scaler.
    """

    model: Any
    network: ModelNetwork
    method: str
    steps: tuple[Step, ...] = ()
    rounded: tuple[bool, ...] = ()
    dtypes: tuple[np.dtype[Any], ...] = ()

    @property
    def output(self) -> str:
        """What the method gives: "raw", "link", "pairs", "class" or "labels"."""
        return self.network.output(self.method)

    def asked(self, method: str) -> ServedModel:
        """The same model, in the same state, asked for another method; ValueError if there is no such method."""
        network = self.model._as_network(method)
        network.output(method)
        return replace(self, network=network, method=method)


def read_model(model: Any, method: str) -> ServedModel:
    """Read a fitted model, or a pipeline of scalers and one.

    Parameters
    ----------
    model : estimator, Network or Pipeline
        Steps before the last may be a StandardScaler, MinMaxScaler or MaxAbsScaler, None or "passthrough", or a
        Pipeline of such.
    method : str
        What is asked of it: "predict", "predict_proba", "decision_function", "raw", ...

    Raises
    ------
    ValueError
        If a step is something else, or the model has no such method.
    TypeError
        If it is no model of this library, or its class or a scaler's changes what such a one does.
    NotFittedError
        If it, or a scaler, is not fitted.
    """
    steps: tuple[Step, ...] = ()
    rounded: tuple[bool, ...] = ()
    *before, (_, model) = _flattened("", model)
    for name, transformer in before:
        own = _steps_of(name, transformer)
        steps += own
        rounded += (_rounds(transformer),) * len(own)
    if not isinstance(model, AsNetwork):
        raise wrong_type("model", model, "a fitted estimator or Network of fastnn, or a Pipeline that ends with one")
    _require_unchanged(model, _ANSWERS)
    model = held(model)
    dtypes = tuple(step.values.dtype for step in steps)
    exact = tuple(Step(step.operation, step.values.astype(np.float64)) for step in steps)
    network = model._as_network(method)
    network.output(method)  # which there is, or an error
    return ServedModel(model, network, method, exact, rounded, dtypes)


def usual_method(model: Any) -> str:
    """What is asked of a model by those who do not say: "predict_proba" where it has it, else "predict"."""
    return "predict_proba" if "predict_proba" in read_model(model, "raw").network.outputs else "predict"


def _flattened(name: str, model: Any) -> Iterator[tuple[str, Any]]:
    """The steps of a pipeline, and of those in it; or the model alone."""
    if not _is_named(model, "Pipeline"):
        yield name, model
        return
    _require_unchanged(model, (*_ANSWERS, "transform"))
    for inner, step in model.steps:
        yield from _flattened(f"{name}__{inner}" if name else inner, step)


def _is_named(instance: Any, name: str) -> bool:
    """Whether an object is of scikit-learn's class of this name, or of one made from it."""
    return any(each.__name__ == name and each.__module__.startswith("sklearn.") for each in type(instance).__mro__)


def _require_unchanged(instance: Any, methods: tuple[str, ...]) -> None:
    """Raise TypeError for an object of a class that users have made of a library's, and in which a method is theirs."""
    for kind in type(instance).__mro__:
        if kind.__module__.split(".")[0] in ("fastnn", "sklearn"):
            return  # what it is made of
        for name in methods:
            if name in vars(kind):
                raise TypeError(
                    f"{type(instance).__name__} has a method {name} of its own, and what can be served is what the "
                    "library's own classes do: give an object of such a class, with the same attributes."
                )


def _rounds(transformer: Any) -> bool:
    """Whether a scaler rounds its values to the dtype of x: a StandardScaler does since scikit-learn 1.8."""
    from sklearn import __version__

    major, minor = map(int, __version__.split(".")[:2])
    return _is_named(transformer, "StandardScaler") and (major, minor) >= (1, 8)


def _steps_of(name: str, transformer: Any) -> tuple[Step, ...]:
    """The operations of one step of a pipeline, their values in the scaler's dtype."""
    if transformer is None or transformer == "passthrough":
        return ()
    kind = next((each for each in SCALERS if _is_named(transformer, each)), None)
    if kind is None:
        raise ValueError(
            f"The step {name!r} of the pipeline is a {type(transformer).__name__}; what can be served with a model is "
            f"a {', '.join(SCALERS[:-1])} or {SCALERS[-1]}. Apply this step before."
        )
    from sklearn.utils.validation import check_is_fitted

    check_is_fitted(transformer)
    _require_unchanged(transformer, ("transform",))
    if kind == "StandardScaler":
        return _given(
            ("subtract", transformer.mean_ if transformer.with_mean else None), ("divide", transformer.scale_)
        )
    if kind == "MaxAbsScaler":
        low_high = (-1.0, 1.0) if getattr(transformer, "clip", False) else None  # which came with scikit-learn 1.9
        return _given(("divide", transformer.scale_), ("clip", low_high))
    low_high = transformer.feature_range if transformer.clip else None
    return _given(("multiply", transformer.scale_), ("add", transformer.min_), ("clip", low_high))


def _given(*steps: tuple[str, Any]) -> tuple[Step, ...]:
    return tuple(Step(name, np.asarray(values)) for name, values in steps if values is not None)
