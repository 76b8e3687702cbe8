"""Where in a user's program a call stands that Numba is compiling."""

from __future__ import annotations

import sys
from types import FrameType

from numba.core.ir import Loc

__all__ = ["place_of_call"]


def place_of_call() -> str:
    """The file and the line, in words: Numba knows, in one of the functions that lead here."""
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        place = getattr(frame.f_locals.get("self"), "loc", None)
        if isinstance(place, Loc):
            return f" ({place.filename}, line {place.line})"
        frame = frame.f_back
    return ""
