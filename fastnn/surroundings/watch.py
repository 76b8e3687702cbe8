"""Whether anything that functions read has changed since something was made of them."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from functools import lru_cache, update_wrapper
from types import CellType, FunctionType, ModuleType
from typing import Any, Generic, TypeVar, overload

from fastnn.surroundings.reads import MISSING, contents_of
from fastnn.surroundings.walk import Walk, attribute_of

__all__ = ["Watch", "current_property", "remembered"]

T = TypeVar("T")
_PLAIN = (bool, int, float, complex, str, bytes)


class Watch:
    """All that functions reach, as it is when the watch is made.

    To look whether it has changed takes some 50 nanoseconds for each name that they read; to make a watch takes about a
    hundred times as long.

    Parameters
    ----------
    functions : tuple of callable or None
    """

    def __init__(self, functions: tuple[Any, ...]) -> None:
        self._names: list[tuple[dict[str, Any], str, Any]] = []
        self._cells: list[tuple[CellType, Any]] = []
        self._functions: list[tuple[FunctionType, Any, Any, Any]] = []
        self._attributes: list[tuple[ModuleType, str, Any]] = []
        for kind, name, value, source, _ in Walk(functions):
            if kind == "global":
                self._names.append((source, name, value))
            elif kind == "builtin":  # which a global of that name would hide, and which programs may add
                self._names += [(source, name, MISSING), (vars(builtins), name, value)]
            elif kind == "cell":
                self._cells.append((source, value))
            elif kind == "attribute":
                self._attributes.append((source, name, value))
            elif kind == "code":
                self._functions.append((source, value, source.__defaults__, source.__kwdefaults__))
            elif kind == "keyword":
                self._names.append((source.__kwdefaults__, name, value))

    def has_changed(self) -> bool:
        """Whether any of it is another thing now, if only an equal one."""
        for names, name, value in self._names:
            if names.get(name, MISSING) is not value:
                return True
        for cell, value in self._cells:
            if contents_of(cell) is not value:
                return True
        for function, code, defaults, keywords in self._functions:
            if function.__code__ is not code or function.__defaults__ is not defaults:
                return True
            if function.__kwdefaults__ is not keywords:
                return True
        for module, name, value in self._attributes:  # a generator would take 0.15 us of the 0.6 of a call
            if _differ(attribute_of(module, name), value):
                return True
        return False


def _differ(now: Any, before: Any) -> bool:
    """Modules may make attributes up whenever they are asked, so equal numbers are the same."""
    if now is before:
        return False
    return type(now) is not type(before) or not isinstance(now, _PLAIN) or repr(now) != repr(before)


class _Entry:
    """What has been made, and the watch; both in one attribute, so that threads never see one without the other."""

    __slots__ = ("known",)

    def __init__(self) -> None:
        self.known: tuple[Watch, Any] | None = None


def remembered(limit: int) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """As `functools.lru_cache`, but results are made anew when a function among the arguments reads something else.

    Parameters
    ----------
    limit : int
        Results that are kept.

    Returns
    -------
    callable
        A decorator. Arguments that have no hash are passed on each time. ``cache_clear`` forgets all.
    """

    def decorate(make: Callable[..., T]) -> Callable[..., T]:
        entry_of = lru_cache(limit)(lambda *_: _Entry())

        def current(*arguments: Any) -> T:
            try:
                entry = entry_of(*arguments)
            except TypeError:
                return make(*arguments)
            known = entry.known
            if known is None or known[0].has_changed():
                known = entry.known = Watch(arguments), make(*arguments)
            made: T = known[1]
            return made

        update_wrapper(current, make)
        current.cache_clear = entry_of.cache_clear  # type: ignore[attr-defined]
        return current

    return decorate


class current_property(Generic[T]):  # noqa: N801 - as functools.cached_property
    """As `functools.cached_property`, but made anew when a function of the user's reads something else.

    The object tells its users' functions by ``users_functions()``. Where it has none, what was made becomes a plain
    attribute, which costs nothing to read.
    """

    def __init__(self, make: Callable[[Any], T]) -> None:
        self._make = make
        self.__doc__ = make.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type | None = None) -> current_property[T]: ...
    @overload
    def __get__(self, instance: Any, owner: type | None = None) -> T: ...
    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return self
        kept = f"_current_{self._name}"
        known = instance.__dict__.get(kept)
        if known is None or known[0].has_changed():
            functions = instance.users_functions()
            known = Watch(functions), self._make(instance)
            instance.__dict__[kept if functions else self._name] = known if functions else known[1]
        return known[1]
