"""Warnings that name the line of the user's program, from whatever depth of this package they come."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from sklearn.exceptions import ConvergenceWarning

__all__ = ["collected_warnings", "warn_caller"]

_collected: ContextVar[list[tuple[str, type[Warning]]] | None] = ContextVar("collected", default=None)
_INSIDE = ("fastnn.", "sklearn.callback.")  # scikit-learn's callbacks wrap our fit


@contextmanager
def collected_warnings() -> Iterator[list[tuple[str, type[Warning]]]]:
    """Keep what `warn_caller` would say in this thread: in another one than the user's there is no line to name."""
    warned: list[tuple[str, type[Warning]]] = []
    token = _collected.set(warned)
    try:
        yield warned
    finally:
        _collected.reset(token)


def warn_caller(message: str, category: type[Warning] = ConvergenceWarning) -> None:
    """Warn as if from the line outside of this package that called it."""
    collected = _collected.get()
    if collected is not None:
        collected.append((message, category))
        return
    level = 2
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith(_INSIDE):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)
