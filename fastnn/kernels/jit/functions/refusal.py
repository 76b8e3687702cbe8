"""Why a user's function cannot be compiled, in one sentence with the user's own line."""

from __future__ import annotations

import linecache
import traceback
from collections.abc import Collection
from types import CodeType
from typing import Any

__all__ = ["Refused", "name_of", "refusal"]

_SHOWN = 100  # characters of a line


class Refused(TypeError):
    """What a function does and compiled code cannot do.

    Parameters
    ----------
    reason : str
        Goes on after the line in question: "calls open, ...".
    place : tuple of (CodeType, int), optional
        The line, where it is known before the function runs.
    """

    def __init__(self, reason: str, place: tuple[CodeType, int] | None = None) -> None:
        super().__init__(reason)
        self.place = place


def name_of(function: Any) -> str:
    """What users call a function."""
    return getattr(function, "__name__", repr(function))


def refusal(function: Any, error: BaseException, codes: Collection[CodeType]) -> TypeError:
    """The error that users see.

    Parameters
    ----------
    function : callable
        The user's.
    error : BaseException
        What came of running it with numbers that record what is done with them.
    codes : collection of CodeType
        Of the user's functions: the innermost line of one of them is the line in question.
    """
    if isinstance(error, Refused):
        reason = str(error)
    else:
        said = str(error).replace("'Dual'", "'float'").replace("'Truth'", "'bool'").rstrip(".")
        kind = type(error).__name__
        reason = (
            f"raises {kind}{f': {said}' if said else ''}, and compiled code cannot raise errors; return math.nan where "
            "there is no number"
        )
    place = getattr(error, "place", None) or _innermost(error, codes)
    return TypeError(f"{name_of(function)} cannot be compiled: {_shown(place)}{reason}.")


def _innermost(error: BaseException, codes: Collection[CodeType]) -> tuple[CodeType, int] | None:
    places = [(frame.f_code, line) for frame, line in traceback.walk_tb(error.__traceback__) if frame.f_code in codes]
    return places[-1] if places else None


def _shown(place: tuple[CodeType, int] | None) -> str:
    if place is None:
        return "it "
    code, line = place
    text = linecache.getline(code.co_filename, line).strip()
    text = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
    return f"line {line} of {code.co_filename}{f', {text!r},' if text else ''} "
