"""A program that asks a type checker for the type of everything public, made by looking at the installed package."""

from __future__ import annotations

import inspect
import re

from public_names import public_names

__all__ = ["program"]

_ATTRIBUTES = re.compile(r"Attributes\n-+\n(.*?)(?:\n\n\S[^\n]*\n-+\n|\Z)", re.DOTALL)
_NAMES = re.compile(r"^(\w+(?:, \w+)*) :", re.MULTILINE)


def _documented(kind: type) -> set[str]:
    """The attributes that a class's docstring names."""
    section = _ATTRIBUTES.search(inspect.getdoc(kind) or "")
    return {name for names in _NAMES.findall(section[1]) for name in names.split(", ")} if section else set()


def _members(kind: type) -> list[str]:
    """Public methods and properties, parameters, and attributes that are declared or documented."""
    of_python = {name for base in kind.__mro__ if base.__module__ == "builtins" for name in vars(base)}
    methods = {name for name in dir(kind) if not name.startswith("_")} - of_python
    is_estimator = hasattr(kind, "get_params")
    parameters = set(inspect.signature(kind).parameters) if is_estimator else set()
    own = [base for base in kind.__mro__ if base.__module__.startswith("fastnn")]
    declared = {name for base in own for name in inspect.get_annotations(base) if not name.startswith("_")}
    return sorted(methods | parameters | declared | _documented(kind))


def _parameters(value: object) -> list[str]:
    """The names by which a function takes arguments; of what is none there are none."""
    if not inspect.isfunction(value) and not inspect.ismethod(value):
        return []
    named = [each for each in inspect.signature(value).parameters.values() if each.kind is not each.POSITIONAL_ONLY]
    return [each.name for each in named if each.name != "self"]


def _ask(expression: str, value: object) -> str:
    """Ask for a type; what a function takes at run time follows."""
    names = ", ".join(_parameters(value))
    return f"reveal_type({expression})" + (f"  # takes {names}" if names else "")


def program() -> str:
    """Its text: a line for each expression."""
    lines = ["import fastnn", "import json", "reveal_type(json.loads)"]
    for name, value in public_names():
        lines.append(_ask(f"fastnn.{name}", value))
        if isinstance(value, type) and value.__module__.startswith("fastnn"):
            of = f"of_{name.replace('.', '_')}"
            lines.append(f"def {of}(it: fastnn.{name}) -> None:")
            asked = [_ask(f"it.{member}", getattr(value, member, None)) for member in _members(value)]
            lines += [f"    {line}" for line in asked or ["pass"]]
    return "\n".join(lines) + "\n"
