"""Models go where people use them, and come from there: a file for each partner, which is imported when it is used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastnn.interop.c.header import to_c as to_c
    from fastnn.interop.keras import from_keras as from_keras
    from fastnn.interop.onnx.reading import from_onnx as from_onnx
    from fastnn.interop.onnx.registering import register_onnx as register_onnx
    from fastnn.interop.onnx.writing import to_onnx as to_onnx
    from fastnn.interop.sklearn.convert import from_sklearn as from_sklearn
    from fastnn.interop.sklearn.convert import to_sklearn as to_sklearn
    from fastnn.interop.torch.reading import from_torch as from_torch
    from fastnn.interop.torch.writing import to_torch as to_torch

# The module below this one that each name comes from.
_HOME = {
    "from_keras": "keras",
    "from_onnx": "onnx.reading",
    "from_sklearn": "sklearn.convert",
    "from_torch": "torch.reading",
    "register_onnx": "onnx.registering",
    "to_c": "c.header",
    "to_onnx": "onnx.writing",
    "to_sklearn": "sklearn.convert",
    "to_torch": "torch.writing",
}

__all__ = [  # noqa: F822 - __getattr__ has them
    "from_keras",
    "from_onnx",
    "from_sklearn",
    "from_torch",
    "register_onnx",
    "to_c",
    "to_onnx",
    "to_sklearn",
    "to_torch",
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
