"""Why a user's function cannot be compiled, in one sentence with the user's own line."""

from __future__ import annotations

import dis
import linecache
import re
import traceback
from collections.abc import Collection
from types import CodeType
from typing import Any

__all__ = ["Refused", "name_of", "refusal"]

_SHOWN = 100  # characters of a line


class Refused(TypeError):  # noqa: N818 - what is refused, not an error of ours
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
    place = getattr(error, "place", None) or _innermost(error, codes)
    reason = str(error) if isinstance(error, Refused) else _told(error)
    if not isinstance(error, Refused) and _is_raised_by_user(error, codes):
        reason += ", which native code cannot stop for; return math.nan where there is no number"
    return TypeError(f"{name_of(function)} cannot be compiled: {_shown(place)}{reason}.")


def _told(error: BaseException) -> str:
    said = re.sub(r"\bDual\b", "float", re.sub(r"\bTruth\b", "bool", str(error))).rstrip(".")
    return f"raises {type(error).__name__}{f': {said}' if said else ''}"


def _is_raised_by_user(error: BaseException, codes: Collection[CodeType]) -> bool:
    """Whether it comes from raise or assert in a user's line."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None or trace.tb_frame.f_code not in codes:
        return False
    code = trace.tb_frame.f_code.co_code
    return dis.opname[code[trace.tb_lasti]] == "RAISE_VARARGS"


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
