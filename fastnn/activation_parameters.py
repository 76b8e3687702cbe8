"""The library's activations with parameters: which numbers they take, and what an Activation has by them."""

from __future__ import annotations

from functools import lru_cache
from numbers import Real
from types import FunctionType
from typing import Any

from fastnn.activation_functions import ROWS
from fastnn.activation_rows import Row
from fastnn.errors import wrong_type

__all__ = ["defaults_of", "fields_of", "listed_fields"]

_REMEMBERED = 256  # functions with other parameters than the defaults


def defaults_of(row: Row) -> tuple[float, ...]:
    """The parameters that the name alone stands for."""
    return row.value.__defaults__ or () if isinstance(row.value, FunctionType) else ()


def _checked(row: Row, parameters: tuple[Any, ...]) -> tuple[float, ...]:
    """The parameters as floats.

    Raises
    ------
    ValueError, TypeError
        If there are more or fewer than the function has, or one is no number or out of its limits.
    """
    names = [each.name for each in row.parameters]
    came: object = parameters
    if not isinstance(came, tuple) or len(came) != len(names):
        wanted = f"its parameters are ({', '.join(names)})" if names else "it has none"
        raise ValueError(f"parameters={parameters!r} of activation {row.name!r}: {wanted}.")
    for given, (name, limits, _) in zip(parameters, row.parameters, strict=True):
        wanted = f"a number from {limits.least:g} to {limits.largest:g}"
        is_number = isinstance(given, Real) and not isinstance(given, bool)
        if not is_number:
            raise wrong_type(f"{name} of activation {row.name!r}", given, wanted)
        if not limits.least <= given <= limits.largest:  # an integer may be larger than any float
            raise ValueError(f"{name}={given} of activation {row.name!r}, wanted {wanted}.")
    return tuple(float(given) + 0.0 for given in parameters)  # -0.0 becomes 0.0, which it equals


@lru_cache(_REMEMBERED)
def _with_defaults(function: FunctionType, parameters: tuple[float, ...]) -> FunctionType:
    """The same function with other defaults: one that a compiler can take as it takes any."""
    if parameters == (function.__defaults__ or ()):
        return function
    return FunctionType(function.__code__, function.__globals__, function.__name__, parameters)


def fields_of(row: Row, parameters: tuple[Any, ...]) -> dict[str, Any]:
    """All that an Activation of the library's has."""
    numbers = _checked(row, parameters)
    value, slope = (
        _with_defaults(function, numbers) if isinstance(function, FunctionType) else None
        for function in (row.value, row.slope)
    )
    return {
        "name": row.name,
        "code": ROWS.index(row),
        "value": value,
        "slope": slope,
        "by_row": value is None,
        "has_slope": row.has_slope,
        "parameters": numbers,
    }


def listed_fields(row: Row | None, given: Any) -> dict[str, Any]:
    """All that the library's Activation of a row has, if one with a code is that and nothing else.

    Raises
    ------
    ValueError
        If there is no row, or another function or code is given.
    """
    wanted = {} if row is None else fields_of(row, given.parameters or defaults_of(row))
    others = [name for name in wanted if name != "parameters" and not _is_same(getattr(given, name), wanted[name])]
    if others or not wanted:
        raise ValueError(
            f"code={given.code} of activation {given.name!r}: numbers stand for the library's own functions, "
            "whatever is given with them. Leave it out for a function of yours; fastnn.activations.get has the "
            "library's."
        )
    return wanted


def _is_same(given: Any, wanted: Any) -> bool:
    """Whether two fields are equal; of functions, whether they do the same with the same defaults."""
    if isinstance(given, FunctionType) and isinstance(wanted, FunctionType):
        return given.__code__ is wanted.__code__ and given.__defaults__ == wanted.__defaults__
    return bool(given == wanted)
