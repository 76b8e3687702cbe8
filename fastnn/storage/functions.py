"""Users' own functions in files: by names under which they can be imported, and are where a user trusts them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from importlib import import_module
from typing import Any

from fastnn.errors import wrong_type
from fastnn.user_functions import path_of

__all__ = ["NOTHING_TRUSTED", "Functions", "UntrustedError", "names_in", "take_functions"]


class UntrustedError(ValueError):
    """A file has the name of a function that nobody has said to be trusted."""


class Functions:
    """Functions that may be called in what a file makes.

    Parameters
    ----------
    trusted : iterable of str or callable
        Names such as "package.module:function", whose modules may be imported, or functions themselves, which are
        taken for those of their names.

    Raises
    ------
    TypeError
        If it has something else.
    ValueError
        If a function has no name in a module, or a name has another form.
    """

    def __init__(self, trusted: Iterable[str | Callable[..., Any]] = ()) -> None:
        if isinstance(trusted, str) or not isinstance(trusted, Iterable):
            raise wrong_type("trusted", trusted, "a list of functions, or of names such as 'package.module:function'")
        self._given: dict[str, Any] = {}
        self._names: set[str] = set()
        for each in trusted:
            self._trust(each)

    def _trust(self, each: Any) -> None:
        if isinstance(each, str):
            module, colon, name = each.partition(":")
            if not (module and colon and name):
                raise ValueError(f"trusted has {each!r}, wanted names such as 'package.module:function'.")
            self._names.add(each)
        elif callable(each):
            self._given[_required_path("trusted has", each)] = each
        else:
            raise wrong_type("An item of trusted", each, "a function, or a name such as 'package.module:function'")

    def find(self, name: Any) -> Any:
        """The function of a name in a file.

        Raises
        ------
        UntrustedError
            If it is not trusted.
        ValueError, ImportError
            If there is no such function.
        """
        if not isinstance(name, str):
            raise ValueError(f"a function has the name {name!r}, wanted 'module:name'")
        if name in self._given:
            return self._given[name]
        if name not in self._names:
            raise UntrustedError(name)
        module, _, path = name.partition(":")
        found: Any = import_module(module)
        for part in path.split("."):
            found = getattr(found, part, None)
        if not callable(found):
            raise ValueError(f"there is no function {name!r}; give your function itself, as in trusted=[function]")
        return found


NOTHING_TRUSTED = Functions()


def take_functions(owner: str, **functions: Any) -> dict[str, str]:
    """The names of those functions that there are, by their roles.

    Raises
    ------
    ValueError
        If one has no name in a module: files hold no code.
    """
    return {role: _required_path(f"The {owner} has the {role}", each) for role, each in functions.items() if each}


def _required_path(what: str, function: Any) -> str:
    path = path_of(function)
    if path is None:
        name = getattr(function, "__qualname__", repr(function))
        raise ValueError(
            f"{what} {name}, which cannot be imported by a name, and a file holds no code. Define it by def at the top "
            "of a module, or pickle the model with the package cloudpickle, which keeps the code of functions."
        )
    return path


def names_in(description: Any, kinds: Collection[str]) -> Iterator[str]:
    """The names of all functions in a description, in whose objects of these kinds the parts have them."""
    left = [description]
    while left:  # no recursion: a forged file may be nested more deeply than calls may be
        item = left.pop()
        if isinstance(item, dict):
            parts = item.get("parts")
            if item.get("$") in kinds and isinstance(parts, dict):
                yield from (parts[role] for role in ("value", "slope") if isinstance(parts.get(role), str))
            item = [*item.values()]
        if isinstance(item, list):
            left += reversed(item)
