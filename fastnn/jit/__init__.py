"""Compiled on your machine: what makes ready beforehand what would be compiled at its first use.

Names are loaded when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastnn.jit.warming import warmup as warmup

# The module that each public name comes from.
_HOME = {
    "warmup": "warming",
}

__all__ = [  # noqa: F822 - __getattr__ has them
    "warmup",
]


if not TYPE_CHECKING:  # a type checker that saw it would take any name for a public one, of type Any

    def __getattr__(name: str) -> object:
        if name not in _HOME:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted(__all__)
