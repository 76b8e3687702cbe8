"""The one walk over what functions read: each thing once, with its line, and through all that it reaches."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from types import ModuleType
from typing import Any

import pytest

from fastnn.surroundings import MISSING, FunctionCopies, Read, Walk, Watch, reads, remembered

SCALE = 2.0
settings = ModuleType("settings_of_reads")
settings.K = 3.0  # type: ignore[attr-defined]


def scaled(z: float, power: float = 1.0, *, more: float = 0.0) -> float:
    return SCALE * abs(z) ** power + more


@lru_cache
def remembers(z: float) -> float:
    return scaled(z)


def reaches(z: float) -> float:
    return remembers(z) * settings.K + math.exp(z)


def closes_over(value: Any) -> Callable[[float], float]:
    def outer(z: float) -> float:
        return (lambda u: u * value * SCALE)(z)

    return outer


def test_the_reads_of_a_function() -> None:
    found = {read.name: (read.kind, read.value) for read in reads(scaled)}
    assert found == {
        "SCALE": ("global", 2.0),
        "abs": ("builtin", abs),
        "power": ("default", 1.0),
        "more": ("keyword", 0.0),
    }
    line = scaled.__code__.co_firstlineno + 1
    assert {read.place for read in reads(scaled) if read.kind == "global"} == {(scaled.__code__, line)}


def test_functions_within_and_what_is_not_there() -> None:
    assert [(read.kind, read.name, read.value) for read in reads(closes_over(5.0))] == [
        ("cell", "value", 5.0),
        ("global", "SCALE", 2.0),
    ]

    def reads_early(z: float) -> float:
        return later * z + not_there  # type: ignore[name-defined]  # noqa: F821

    assert [(read.name, read.value) for read in reads(reads_early)] == [("later", MISSING), ("not_there", MISSING)]
    later = 1.0
    assert next(reads(reads_early)).value == later


def test_attributes_are_no_globals() -> None:
    """A name that only an attribute has is not read from the globals, whatever lies there."""
    scope: dict[str, Any] = {"math": math, "exp": [1.0]}
    exec("def f(z):\n    return math.exp(z)\n", scope)
    assert [read.name for read in reads(scope["f"])] == ["math"]


def test_the_walk_goes_through_callees_and_modules_but_not_into_those_of_others() -> None:
    walk = list(Walk((reaches, None, math.sin)))
    assert [read.name for read in walk if read.kind == "code"] == ["reaches", "remembers", "scaled"]
    attributes = {(read.source.__name__, read.name): read.value for read in walk if read.kind == "attribute"}
    assert attributes[("settings_of_reads", "K")] == 3.0
    assert {module for module, _ in attributes} == {"settings_of_reads"}


def test_copies_read_what_stands_for_a_thing() -> None:
    class Doubled(FunctionCopies):
        def stand_in(self, read: Read) -> Any:
            return 2 * read.value if isinstance(read.value, float) else read.value

    copy = Doubled({}).copied(scaled)
    assert copy(3.0) == 4.0 * 3.0**2
    assert scaled(3.0) == 6.0
    assert Doubled({}).copied(closes_over(5.0))(1.0) == 40.0


def test_a_watch_sees_what_it_should(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Watch((reaches,))
    assert not watch.has_changed()
    for owner, name, value in ((globals(), "SCALE", 3.0), (globals(), "abs", abs), (globals(), "scaled", closes_over)):
        with monkeypatch.context() as patch:
            patch.setitem(owner, name, value)
            assert watch.has_changed(), name
    with monkeypatch.context() as patch:
        patch.setattr(settings, "K", 4.0)
        assert watch.has_changed()
    with monkeypatch.context() as patch:
        patch.setattr(scaled, "__defaults__", (2.0,))
        assert watch.has_changed()
    with monkeypatch.context() as patch:
        patch.setitem(globals(), "another_name", 1.0)
        assert not watch.has_changed()
    assert not watch.has_changed()


def test_numbers_that_a_module_makes_up_do_not_change() -> None:
    class MadeUp(ModuleType):
        def __getattr__(self, name: str) -> float:
            if name == "raises":
                raise RuntimeError(name)
            return float(f"{len(name)}.5")

    made_up = MadeUp("made_up")
    assert not Watch((lambda z: made_up.factor * z,)).has_changed()
    assert not Watch((lambda z: made_up.raises * z,)).has_changed()


def test_a_memory_forgets_the_oldest_and_passes_on_what_has_no_hash() -> None:
    asked = []

    @remembered(2)
    def made(function: Any, name: str) -> int:
        asked.append(name)
        return len(asked)

    assert [made(scaled, "a"), made(scaled, "b"), made(scaled, "a")] == [1, 2, 1]
    made(scaled, "c")
    assert made(scaled, "b") == 4
    assert [made([], "list"), made([], "list")] == [5, 6]  # type: ignore[arg-type]
