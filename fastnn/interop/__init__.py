"""Models go where people use them, and come from there: a file for each partner, which is imported when it is used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastnn.interop.onnx.reading import from_onnx as from_onnx
    from fastnn.interop.onnx.registering import register_onnx as register_onnx
    from fastnn.interop.onnx.writing import to_onnx as to_onnx

# The module below this one that each name comes from.
_HOME = {
    "from_onnx": "onnx.reading",
    "register_onnx": "onnx.registering",
    "to_onnx": "onnx.writing",
}

__all__ = ["from_onnx", "register_onnx", "to_onnx"]  # noqa: F822 - __getattr__ has them


if not TYPE_CHECKING:  # a type checker that saw it would take any name for a public one, of type Any

    def __getattr__(name: str) -> object:
        if name not in _HOME:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted(__all__)
