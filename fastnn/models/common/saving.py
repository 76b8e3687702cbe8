"""`save` and `load`: the parameters and attributes of a model in one file, by their names."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

from fastnn import plan, storage
from fastnn.errors import FileError
from fastnn.storage import FAULTS, FilePath, Kind, record, records_of
from fastnn.training import rates
from fastnn.training.neuron_engine import Average
from fastnn.training.run import Run

__all__ = ["MODEL_KINDS", "Saved"]

MODEL_KINDS: dict[str, Kind] = {
    **storage.KINDS,
    **records_of(plan, "plan"),
    **records_of(rates, "rates", {"ConstantRate": "Constant", "InverseScalingRate": "InverseScaling"}),
    "loop.Run": record(Run, {"unaveraged": "behind"}),
    "neuron.Average": record(Average),
}


class Saved(ABC):
    """A model that can be saved to a file and loaded from it."""

    _kinds: ClassVar[Mapping[str, Kind]] = MODEL_KINDS

    def save(self, path: FilePath) -> None:
        """Save the model to a file in the format safetensors.

        The file has the parameters, the fitted attributes, and what training needs to go on; so
        the loaded model answers, and learns, bitwise as this one. Callbacks and metadata requests
        are not saved, and of an activation or a loss of the user's own the names of its functions. A file that was
        there is replaced as a whole; if anything fails, it stays.

        Parameters
        ----------
        path : str or path
            The file to write.

        Raises
        ------
        ValueError
            If the model has a function of the user's own that cannot be imported by a name, such as a lambda: a file
            holds no code. If `load` would refuse the file, as for a parameter that is out of its range or an attribute
            that `fit` does not set.
        TypeError
            If a parameter or an attribute is of a type that files cannot hold, such as a function.
        ImportError
            If the package safetensors is not installed.
        OSError
            If the file cannot be written.
        """
        parameters, attributes = self._taken_apart()
        parts = {"class": type(self).__name__, "parameters": parameters, **attributes}

        def check(parts: dict[str, Any]) -> None:
            try:
                self._put_together(parts.pop("parameters"), {k: v for k, v in parts.items() if k != "class"})
            except FAULTS as fault:
                raise FileError(f"{Path(path)} was not written, since `load` would refuse it: {fault}") from fault

        storage.write(path, "model", parts, self._kinds, check)

    @classmethod
    def load(cls, path: FilePath, *, trusted: Iterable[str | Callable[..., Any]] = ()) -> Self:
        """Load a model that `save` has saved. Nothing in the file is ever executed.

        Parameters
        ----------
        path : str or path
            The file to read.
        trusted : list of functions or str, default=()
            The user's own functions that the model may call: themselves, or names such as "package.module:function",
            whose modules are imported. The error of a file that needs others names them.

        Returns
        -------
        model
            Of this class.

        Raises
        ------
        FileError
            A ValueError. If the file is damaged, is not fastnn's, has a newer format, or holds a model of another
            class or one whose parts do not fit each other, or needs functions that are not trusted.
        TypeError
            If `trusted` has something else than functions and names.
        ImportError
            If the package safetensors is not installed.
        OSError
            If there is no file, or it cannot be read.
        """
        parts = storage.read(path, "model", cls._kinds, trusted)
        name = parts.pop("class", None) if isinstance(parts, dict) else None
        name = name if isinstance(name, str) else None
        if name != cls.__name__:
            raise FileError(f"{Path(path)} holds a model of the class {name}, not {cls.__name__}: use {name}.load.")
        try:
            return cls._put_together(parts.pop("parameters"), parts)
        except FAULTS as fault:
            raise FileError(f"{Path(path)} does not hold a whole {name}: {fault}") from fault

    @abstractmethod
    def _taken_apart(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Arguments for the constructor, and what to set after it."""

    @classmethod
    @abstractmethod
    def _put_together(cls, parameters: dict[str, Any], attributes: dict[str, Any]) -> Self:
        """The model of what `_taken_apart` gave; ValueError or TypeError if it makes none."""
