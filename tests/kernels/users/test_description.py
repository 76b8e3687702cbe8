"""Two functions have one description if, and only if, they do the same."""

from __future__ import annotations

import math
import operator
import sys
from collections.abc import Callable
from enum import Enum, IntEnum
from types import FunctionType, ModuleType, SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest
from scipy import special

from fastnn.kernels.users.description import Description, NoValueError

settings = ModuleType("settings_of_a_test")
settings.K = 2.0
settings.inner = ModuleType("settings_of_a_test.inner")
settings.inner.Q = 3.0
K = 1.5


class Pair(NamedTuple):
    first: float
    second: float


class Other(NamedTuple):
    first: float
    other: float


class Colour(Enum):
    RED = 1.0
    GREEN = 2.0


class Sort(IntEnum):
    A = 1


def _measured(factor: float) -> Any:
    class Measured(float, Enum):
        ONE = 1.0

        def __new__(cls, value: float) -> Measured:
            member = float.__new__(cls, value * factor)
            member._value_ = value
            return member

    return Measured.ONE


def told(*functions: Any) -> str:
    return repr(Description(functions).told())


def with_globals(function: FunctionType, **around: Any) -> FunctionType:
    return FunctionType(function.__code__, around, function.__name__, function.__defaults__, function.__closure__)


def reads(z: float) -> float:
    return z * value(z) if callable(value) else z * value  # type: ignore[name-defined]  # noqa: F821


def closes_over(value: Any) -> Callable[[float], float]:
    return lambda z: z * value


def half(z: float) -> float:
    return z / 2


def third(z: float) -> float:
    return z / 3


def chain(z: float) -> float:
    return settings.inner.Q * z * settings.K


# --- what is the same ---------------------------------------------------------------------------


def test_neither_the_name_nor_the_place_counts() -> None:
    scope: dict[str, Any] = {}
    exec("def one(z):\n    return z + 1\n\n\ndef another(z):\n    # elsewhere\n    return z + 1\n", scope)
    assert told(scope["one"]) == told(scope["another"]) == told(lambda z: z + 1)


def test_a_closure_made_anew_is_the_same() -> None:
    assert told(closes_over(2.0)) == told(closes_over(2.0))
    assert told(closes_over(half)) == told(closes_over(half))


def test_what_is_not_read_does_not_count() -> None:
    assert told(with_globals(half, value=1)) == told(with_globals(half, value=2))


def test_functions_that_call_each_other_come_to_an_end() -> None:
    def even(z: float) -> float:
        return odd(z - 1) if z > 0 else 1.0

    def odd(z: float) -> float:
        return even(z - 1) if z > 0 else 0.0

    assert told(even) == told(even) != told(odd)


# --- what is different --------------------------------------------------------------------------

VALUES = [
    *(0.0, -0.0, 0, False, None, 1.5, 1, True, 1 + 0j, math.nan, math.inf, "1", b"1", (1, 2), ((1,), 2), (), ...),
    *(np.float32(1.5), np.float64(1.5), np.int32(1), np.bool_(True), Pair(1, 2), Other(1, 2), Colour.RED, Colour.GREEN),
    *(Sort.A, math.sin, math.cos, np.sin, np.cos, special.expit, special.erf, abs, float, np.float32, math, np),
    *(half, third, operator.add, settings, settings.inner, np.where, frozenset({1, 2}), frozenset({1, 3})),
]


def test_every_value_counts_wherever_it_is_read() -> None:
    for place in (
        lambda value: with_globals(reads, value=value),
        closes_over,
        lambda value: FunctionType(half.__code__, {}, "half", (value,)),
        lambda value: with_globals(chain, settings=_module(K=value)),
    ):
        seen = [told(place(value)) for value in VALUES]
        assert len(set(seen)) == len(VALUES)
        assert seen == [told(place(value)) for value in VALUES]


def _module(name: str = "another_of_a_test", **contents: Any) -> ModuleType:
    module = ModuleType(name)
    vars(module).update(contents)
    return module


def test_a_member_of_an_enumeration_counts_as_the_number_that_it_is() -> None:
    assert told(closes_over(_measured(2.0))) != told(closes_over(_measured(3.0)))


def test_a_changed_callee_is_seen_through_functions_and_modules() -> None:
    def through(callee: Any) -> list[str]:
        between = with_globals(reads, value=callee)
        return [told(with_globals(reads, value=between)), told(with_globals(chain, settings=_module(K=between)))]

    assert not set(through(half)) & set(through(third))


def test_attributes_of_modules_are_values() -> None:
    before = told(chain)
    settings.inner.Q = 4.0
    try:
        assert told(chain) != before
    finally:
        settings.inner.Q = 3.0
    assert told(chain) == before


def test_a_module_counts_wherever_it_is_read_from() -> None:
    def from_a_default(z: float, where: Any = settings) -> float:
        return z * where.K

    def from_a_tuple(z: float, where: Any = (settings,)) -> float:
        return z * where[0].K

    def by_import(z: float) -> float:
        import settings_of_a_test

        return z * settings_of_a_test.K

    def passed_on(z: float) -> float:
        return reads_from(settings, z)

    def reads_from(where: Any, z: float) -> float:
        return z * where.K

    sys.modules["settings_of_a_test"] = settings
    readers = (from_a_default, from_a_tuple, by_import, passed_on)
    before = [told(each) for each in readers]
    settings.K = 2.5
    try:
        assert all(told(each) != old for each, old in zip(readers, before, strict=True))
    finally:
        settings.K = 2.0
        del sys.modules["settings_of_a_test"]


def test_a_function_within_counts() -> None:
    def reader(k: float) -> Callable[[float], float]:
        def outer(z: float) -> float:
            def inner(u: float) -> float:
                return u * k

            return inner(z)

        return outer

    assert told(reader(1.0)) != told(reader(2.0))
    inner = "def f(z):\n    return (lambda u: u * value)(z)"
    scopes: list[dict[str, Any]] = [{"value": 1.0}, {"value": 2.0}]
    for scope in scopes:
        exec(inner, scope)
    assert told(scopes[0]["f"]) != told(scopes[1]["f"])


def test_keyword_defaults_and_the_order_of_functions_count() -> None:
    def scaled(k: float) -> Callable[[float], float]:
        def function(z: float, *, scale: float = k) -> float:
            return z * scale

        return function

    assert told(scaled(1.0)) != told(scaled(2.0))
    assert told(half, third) != told(third, half) != told(third, None)


@pytest.mark.jit
def test_a_jitted_function_is_what_was_compiled() -> None:
    from numba import njit, vectorize

    for decorate in (njit, vectorize):
        assert told(with_globals(reads, value=decorate(half))) == told(with_globals(reads, value=decorate(half)))
        assert told(with_globals(reads, value=decorate(half))) != told(with_globals(reads, value=decorate(third)))


# --- what has no value --------------------------------------------------------------------------


class Called:
    def __call__(self, z: float) -> float:
        return z


class Nasty:
    @property
    def __name__(self) -> str:
        raise KeyError("asked for a name")


def relative(z: float) -> float:
    from . import settings  # type: ignore[attr-defined]

    return settings.K * z


UNTOLD = [object(), Called(), [1.0], {1: 2}, np.ones(3), SimpleNamespace(), iter(()), Pair]


@pytest.mark.parametrize("value", UNTOLD, ids=lambda value: type(value).__name__)
def test_what_has_no_value_is_not_told(value: Any) -> None:
    with pytest.raises(NoValueError):
        told(with_globals(reads, value=value))


def test_relative_imports_and_impostors_are_not_told() -> None:
    with pytest.raises(NoValueError):
        told(relative)
    with pytest.raises(NoValueError):  # two modules of one name
        told(with_globals(reads, value=(settings, _module(settings.__name__))))
    stranger = lambda z: z  # noqa: E731
    stranger.__module__, stranger.__qualname__ = "math", "sin"
    assert told(with_globals(reads, value=stranger)) != told(with_globals(reads, value=math.sin))
