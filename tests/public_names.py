"""Everything public: the names of the package and of its public modules, and what they name."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from types import ModuleType

import fastnn

__all__ = ["documented_objects", "public_names"]


def public_names() -> Iterator[tuple[str, object]]:
    """Every public name of the package and of its public modules, dotted, and what it names."""
    for name in fastnn.__all__:
        value = getattr(fastnn, name)
        if isinstance(value, ModuleType):
            yield from ((f"{name}.{inner}", getattr(value, inner)) for inner in value.__all__)
        else:
            yield name, value


def _is_ours(value: object) -> bool:
    """Whether this package has written a class, function or property, not a library that it stands on."""
    source = value.fget if isinstance(value, property) else inspect.unwrap(value) if callable(value) else value
    return str(getattr(source, "__module__", "")).startswith("fastnn")


def _members(kind: type) -> Iterator[tuple[str, object]]:
    """Public methods and properties of a class, as they are defined, but for those of other libraries."""
    for name, static in inspect.getmembers_static(kind):
        value = static.__func__ if isinstance(static, classmethod | staticmethod) else static
        value = getattr(value, "fn", value)  # what scikit-learn's available_if holds
        if not name.startswith("_") and (inspect.isfunction(value) or isinstance(value, property)) and _is_ours(value):
            yield name, value


def documented_objects() -> dict[str, object]:
    """Public classes, functions, methods and properties, each once, by the first name that leads to it."""
    found: dict[int, tuple[str, object]] = {}
    # A name of the package itself is the one that users know, wherever the module stands that has it too.
    for name, value in sorted(public_names(), key=lambda pair: pair[0].count(".")):
        if (inspect.isclass(value) or inspect.isfunction(value)) and _is_ours(value):
            found.setdefault(id(value), (name, value))
            if isinstance(value, type):
                for member, function in _members(value):
                    found.setdefault(id(function), (f"{name}.{member}", function))
    return dict(found.values())
