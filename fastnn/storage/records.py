"""Types that files hold beside Python's and NumPy's own; dataclasses by their fields, whose types are checked."""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import cache
from numbers import Integral, Real
from types import MappingProxyType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np

__all__ = ["Kind", "is_number", "record"]

_LARGEST = 2**63  # what an integer must stay below to be one of NumPy's and a float


@dataclass(frozen=True)
class Kind:
    """A type that files can hold beside Python's and NumPy's own.

    Attributes
    ----------
    type : type
        Its instances, but not those of subclasses.
    take : callable
        take(value) -> dict of str to what a file can hold.
    make : callable
        make(**parts) -> value; raises ValueError or TypeError for parts that make none.
    """

    type: type
    take: Callable[[Any], dict[str, Any]]
    make: Callable[..., Any]


def is_number(value: Any) -> bool:
    """Whether the value is a real number that kernels can compute with; NaN and infinity are."""
    if type(value) is float:  # of histories there are millions
        return True
    if type(value) is bool:
        return False
    return abs(int(value)) < _LARGEST if isinstance(value, Integral) else isinstance(value, Real)


def record(cls: type, words: Mapping[str, str] = MappingProxyType({})) -> Kind:
    """The kind of a dataclass: its parts are its fields; one that a file lacks has its default.

    A field that has another name than when files began to hold it is among the `words`, by its name.
    """
    settable = {field.name: field.init for field in fields(cls)}
    names = {word: name for name, word in words.items()}

    def take(value: Any) -> dict[str, Any]:
        return {words.get(name, name): getattr(value, name) for name in settable}

    def make(**saved: Any) -> Any:
        parts = {names.get(word, word): part for word, part in saved.items()}
        _require_fields(cls, parts)
        value = cls(**{name: part for name, part in parts.items() if settable[name]})
        for name, part in parts.items():
            if not settable[name]:
                object.__setattr__(value, name, part)
        return value

    return Kind(cls, take, make)


def _require_fields(cls: type, parts: dict[str, Any]) -> None:
    types = _types_of(cls)
    unknown = sorted(parts.keys() - types.keys())
    if unknown:
        raise ValueError(f"{cls.__name__} has no field {', '.join(unknown)} in this version of fastnn")
    for name, part in parts.items():
        if not _is_of(part, types[name]):
            raise ValueError(f"the {name} of {cls.__name__} cannot be {reprlib.repr(part)}")


@cache
def _types_of(cls: type) -> dict[str, Any]:
    types = get_type_hints(cls)
    return {field.name: types[field.name] for field in fields(cls)}


def _is_of(value: Any, wanted: Any) -> bool:
    """Whether the value is of a type as annotations write it; of numbers only that they are real."""
    origin, inner = get_origin(wanted) or wanted, get_args(wanted)
    if origin in (Union, UnionType):
        return any(_is_of(value, each) for each in inner)
    if origin is Literal:
        return isinstance(value, str) and value in inner
    if origin is tuple:
        return isinstance(value, (tuple, list)) and all(_is_of(item, inner[0]) for item in value)
    if origin is bool:
        return isinstance(value, (bool, np.bool_)) or (isinstance(value, Integral) and value in (0, 1))
    if origin in (int, float):  # a schedule's steps may be given as 1e4
        return is_number(value)
    if origin is np.ndarray:
        wanted_number = get_args(inner[1])[0]
        number = np.integer if issubclass(get_origin(wanted_number) or wanted_number, np.integer) else np.floating
        return isinstance(value, np.ndarray) and np.issubdtype(value.dtype, number)
    if hasattr(origin, "__value__"):  # an alias of the type statement, as NumPy's NDArray is since 2.5
        return _is_of(value, origin.__value__[inner] if inner else origin.__value__)
    return isinstance(value, origin)
