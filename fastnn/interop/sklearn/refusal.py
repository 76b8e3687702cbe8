"""What the other library has no counterpart of: collected, and refused by names and values, all at once."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["Refusal"]


class Refusal:
    """What of one model has no counterpart.

    Parameters
    ----------
    what : str
        The beginning of the error, such as "This MLPClassifier cannot become scikit-learn's".
    predict_only : bool
        Whether what matters in training alone is let go.
    """

    def __init__(self, what: str, *, predict_only: bool) -> None:
        self._what, self._predict_only = what, predict_only
        self._always: list[str] = []
        self._of_training: list[str] = []

    def add(self, name: str, value: object, why: str) -> None:
        """Note what decides predictions and has no counterpart."""
        self._always.append(f"{name}={reprlib.repr(value)} ({why})")

    def add_of_training(self, name: str, value: object, why: str = "it has no such parameter") -> None:
        """Note what decides training alone and has no counterpart."""
        if not self._predict_only:
            self._of_training.append(f"{name}={reprlib.repr(value)} ({why})")

    def add_others(self, given: Mapping[str, Any], defaults: Mapping[str, Any]) -> None:
        """Note each parameter of training that is not what it is by default."""
        for name, default in defaults.items():
            if name in given and not _is_same(given[name], default):
                self.add_of_training(name, given[name])

    def check(self) -> None:
        """Raise ValueError if anything has been noted."""
        if not (self._always or self._of_training):
            return
        end = ""
        if not self._always:
            end = " With predict_only=True the model predicts the same, and would learn otherwise."
        raise ValueError(f"{self._what}: {'; '.join([*self._always, *self._of_training])}.{end}")


def _is_same(value: Any, default: Any) -> bool:
    """Whether a parameter is the default; of numbers, one or several, whether each is."""
    if default is None:
        return value is None
    if not isinstance(value, (list, tuple, np.ndarray, np.generic, bool, int, float)):
        return False
    return bool(np.all(np.asarray(value) == default))
