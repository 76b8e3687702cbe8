"""`save` and `load`: the parameters and attributes of a model in one file, by their names."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from fastnn import plan, storage
from fastnn.kernels.contract import Array
from fastnn.storage import FilePath, Kind, record, records_of
from fastnn.training import rates
from fastnn.training.loop import Run
from fastnn.training.neuron import Average

__all__ = ["MODEL_KINDS", "Saved", "fill_layers", "require_linear", "require_network", "require_own_names"]

MODEL_KINDS: dict[str, Kind] = {
    **storage.KINDS,
    **records_of(plan),
    **records_of(rates),
    "loop.Run": record(Run),
    "neuron.Average": record(Average),
}


class Saved(ABC):
    """A model that can be saved to a file and loaded from it."""

    _kinds: ClassVar[Mapping[str, Kind]] = MODEL_KINDS

    def save(self, path: FilePath) -> None:
        """Save the model to a file in the format safetensors.

        The file has the parameters, the fitted attributes, and what training needs to go on; so
        the loaded model answers, and learns, bitwise as this one. Callbacks and metadata requests
        are not saved. A file that was there is replaced as a whole; if anything fails, it stays.

        Parameters
        ----------
        path : str or path

        Raises
        ------
        ValueError
            If the model has an activation or a loss of the user's own: a file holds no code.
        TypeError
            If a parameter or an attribute is of a type that files cannot hold, such as a function.
        ImportError
            If the package safetensors is not installed.
        OSError
            If the file cannot be written.
        """
        parameters, attributes = self._taken_apart()
        parts = {"class": type(self).__name__, "parameters": parameters, **attributes}
        storage.write(path, "model", parts, self._kinds)

    @classmethod
    def load(cls, path: FilePath) -> Self:
        """Load a model that `save` has saved. Nothing in the file is ever executed.

        Parameters
        ----------
        path : str or path

        Returns
        -------
        model
            Of this class.

        Raises
        ------
        ValueError
            If the file is damaged, is not fastnn's, has a newer format, or holds a model of another
            class or one whose parts do not fit each other.
        ImportError
            If the package safetensors is not installed.
        OSError
            If there is no file, or it cannot be read.
        """
        parts = storage.read(path, "model", cls._kinds)
        name = parts.pop("class", None) if isinstance(parts, dict) else None
        if name != cls.__name__:
            raise ValueError(f"{Path(path)} holds a model of the class {name}, not {cls.__name__}: use {name}.load.")
        try:
            return cls._put_together(parts.pop("parameters"), parts)
        except (ValueError, TypeError, LookupError, AttributeError) as fault:
            raise ValueError(f"{Path(path)} does not hold a whole {name}: {fault}") from fault

    @abstractmethod
    def _taken_apart(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Arguments for the constructor, and what to set after it."""

    @classmethod
    @abstractmethod
    def _put_together(cls, parameters: dict[str, Any], attributes: dict[str, Any]) -> Self:
        """The model of what `_taken_apart` gave; ValueError or TypeError if it makes none."""


def fill_layers(own: Sequence[Array | None], saved: Sequence[Array | None]) -> None:
    """Copy weights and biases from a file; ValueError where those of the file are of other layers."""
    for mine, array in zip(own, saved, strict=True):
        if mine is not None and array is not None:
            storage.fill(mine, array)
        elif mine is not array:
            raise ValueError("a layer has biases where its description has none, or none where it has some")


# --- whether the parts of a model fit each other --------------------------------------------------


def require_own_names(cls: type, attributes: Mapping[str, Any]) -> None:
    """Raise ValueError where an attribute would hide a method or a property of the class."""
    hidden = sorted(name for name in attributes if hasattr(cls, name))
    if hidden:
        raise ValueError(f"{', '.join(hidden)} is no attribute of a fitted {cls.__name__}")


def require_linear(model: Any) -> None:
    """Raise ValueError unless coef_, intercept_, classes_ and n_features_in_ fit each other."""
    classes = getattr(model, "classes_", None)
    rows = 1 if classes is None or len(classes) == 2 else len(classes)
    _require_shape("coef_", model.coef_, (rows, model.n_features_in_))
    _require_shape("intercept_", model.intercept_, (rows,))


def require_network(model: Any) -> None:
    """Raise ValueError unless the weights make a network of n_features_in_ inputs for classes_."""
    widths = model._packed().plan.widths
    classes = getattr(model, "classes_", None)
    one_output = classes is not None and len(classes) == 2 and widths[-1] == 1
    outputs = model.n_outputs_ if classes is None or one_output else len(classes)
    if (widths[0], widths[-1]) != (model.n_features_in_, outputs):
        raise ValueError(
            f"coefs_ make a network from {widths[0]} inputs to {widths[-1]} outputs, wanted "
            f"{model.n_features_in_} and {outputs}"
        )
    training: Run | None = getattr(model, "_training", None)
    if training is not None:
        for slot in training.state.slots:
            _require_shape("a slot of the optimizer", slot, model._packed().params.shape)


def _require_shape(name: str, array: Any, shape: tuple[int, ...]) -> None:
    if np.issubdtype(array.dtype, np.floating) and array.shape == shape:
        return
    raise ValueError(f"{name} has shape {array.shape} and dtype {array.dtype}, wanted {shape} and real numbers")
