"""What users' functions call, for dual numbers: functions of math, NumPy, SciPy and Python."""

from __future__ import annotations

import builtins
import itertools
import math
import sys
from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np

from fastnn.kernels.jit.functions import dual_powers  # noqa: F401 - gives dual numbers the operator
from fastnn.kernels.jit.functions.compositions import log_cosh
from fastnn.kernels.jit.functions.dual import Dual, Truth
from fastnn.kernels.jit.functions.dual_functions import ONE
from fastnn.kernels.jit.functions.dual_pairs import SEVERAL, larger, smaller
from fastnn.kernels.jit.functions.refusal import Refused

__all__ = ["known_function"]

# What else others call the same.
_ALIASES: dict[str, str] = {
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
    "arctan2": "atan2",
    "arcsinh": "asinh",
    "arccosh": "acosh",
    "arctanh": "atanh",
    "rad2deg": "degrees",
    "deg2rad": "radians",
    "abs": "fabs",
    "absolute": "fabs",
    "fix": "trunc",
    "true_divide": "divide",
    "pow": "power",
    "float_power": "power",
}
_FUNCTIONS: dict[str, Callable[..., Any]] = {**ONE, **SEVERAL}
# Functions of the library's own that are whole operations here: nothing raises an error at an infinite result.
_OF_THE_LIBRARY: dict[str, Callable[..., Any]] = {
    "unbounded_exp": ONE["exp"],
    "unbounded_expm1": ONE["expm1"],
    "log_cosh_of": log_cosh,
}
_OF_SCIPY = "erf erfc ndtr expit log_expit xlogy xlog1py expm1 log1p exp2".split()


def known_function(thing: Any) -> Callable[..., Any] | None:
    """What stands for a function that others have written, or None where it is unknown."""
    try:
        return _TABLE.get(thing) or _of_scipy(thing) or _of_the_library(thing)
    except TypeError:  # it has no hash, and is no function
        return None


def _is_recorded(thing: Any) -> bool:
    return isinstance(thing, Dual | Truth)


def _lifted(numbers: tuple[Any, ...]) -> list[Dual]:
    """Numbers, of which one at least is recorded, as dual ones."""
    first = next(each for each in numbers if _is_recorded(each))
    like = first.number() if isinstance(first, Truth) else first
    duals = []
    for each in numbers:
        dual = like.lifted(each)
        if dual is None:
            raise Refused(f"gives {type(each).__name__} where a number is wanted")
        duals.append(dual)
    return duals


def _standing_for(original: Any, function: Callable[..., Any], count: int) -> Callable[..., Any]:
    """`function` of so many numbers where one is recorded, else the original."""
    name = original.__name__

    def standing(*numbers: Any, **options: Any) -> Any:
        if not any(map(_is_recorded, (*numbers, *options.values()))):
            return original(*numbers, **options)
        if options:
            raise Refused(f"gives {name} the option {next(iter(options))}, which compiled code does not know")
        if len(numbers) != count:
            raise Refused(f"gives {name} {len(numbers)} arguments, wanted {count}")
        return function(*_lifted(numbers))

    return standing


# --- functions whose arguments need a look -----------------------------------------------------------


def _log(number: Any, *base: Any) -> Any:
    """math.log, which may have a base."""
    if not any(map(_is_recorded, (number, *base))):
        return math.log(number, *base)
    logarithms = [ONE["log"](each) for each in _lifted((number, *base))]
    return logarithms[0] / logarithms[1] if base else logarithms[0]


def _clip(z: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:  # noqa: A002
    """numpy.clip, whose bounds have two names each."""
    low, high = a_min if min is None else min, a_max if max is None else max
    if low is not None:
        z = _TABLE[np.maximum](z, low)
    return z if high is None else _TABLE[np.minimum](z, high)


def _where(condition: Any, chosen: Any, other: Any) -> Any:
    if not isinstance(condition, Truth | Dual):
        return chosen if condition else other
    return SEVERAL["where"](*_lifted((condition, chosen, other)))


def _float(number: Any = 0.0) -> Any:
    if isinstance(number, Truth):
        return number.number()
    return number if isinstance(number, Dual) else float(number)


def _whole(original: Any) -> Callable[..., Any]:
    """A type of integers, which cuts off what a number has behind the point."""

    def whole(number: Any = 0, *base: Any) -> Any:
        return ONE["trunc"](*_lifted((number,))) if _is_recorded(number) else original(number, *base)

    return whole


def _round(number: Any, digits: Any = None) -> Any:
    if _is_recorded(number) and digits is not None:
        raise Refused("rounds to digits, which compiled code does not know; round(z) is known")
    return ONE["rint"](*_lifted((number,))) if _is_recorded(number) else round(number, digits)


def _single(number: Any = 0.0) -> Any:
    """numpy.float32, which takes digits from a float64."""
    if not _is_recorded(number):
        return np.float32(number)
    dual = _lifted((number,))[0]
    if dual.graph.dtype is np.float64:
        raise Refused("makes float32 of a number of a float64 network; float(z) keeps it what it is")
    return dual


def _best(original: Any, of_two: Callable[[Dual, Dual], Dual]) -> Callable[..., Any]:
    """max or min, of several numbers or of one collection of them."""

    def best(*numbers: Any, **options: Any) -> Any:
        several = tuple(numbers[0]) if len(numbers) == 1 else numbers  # which an iterator gives once
        if options or not any(map(_is_recorded, several)):
            return original(*([several] if len(numbers) == 1 else several), **options)
        return reduce(of_two, _lifted(several))

    return best


# --- the table ---------------------------------------------------------------------------------------


def _table() -> dict[Any, Callable[..., Any]]:
    counts = dict.fromkeys(ONE, 1) | dict.fromkeys(SEVERAL, 2) | {"where": 3, "clip": 3, "fma": 3}
    names = {name: name for name in counts} | _ALIASES
    found: dict[Any, Callable[..., Any]] = {}
    for module, (called, name) in itertools.product((math, np, builtins), names.items()):
        original = getattr(module, called, None)
        # math has its own remainder; NumPy's is Python's
        own = "mod" if original is np.remainder else name
        if original is not None and original is not pow:  # which may have three arguments, and works by operators
            found[original] = _standing_for(original, _FUNCTIONS[own], counts[own])
    found |= {math.log: _log, np.clip: _clip, np.where: _where}
    found |= {float: _float, np.float64: _float, np.float32: _single, round: _round}
    found |= {kind: _whole(kind) for kind in (int, np.int32, np.int64)}
    found |= {np.round: _round, np.around: _round}
    found |= {max: _best(max, larger), min: _best(min, smaller)}
    return found


_TABLE = _table()


def _of_scipy(thing: Any) -> Callable[..., Any] | None:
    """A function of scipy.special, if anyone has imported that."""
    special = sys.modules.get("scipy.special")
    for name in _OF_SCIPY if special is not None else ():
        if thing is getattr(special, name, None):
            return _standing_for(thing, _FUNCTIONS[name], 1 if name in ONE else 2)
    return None


def _of_the_library(thing: Any) -> Callable[..., Any] | None:
    """A function of fastnn.loss_functions, which is no part of the compiler."""
    losses = sys.modules.get("fastnn.loss_functions")
    for name, function in _OF_THE_LIBRARY.items() if losses is not None else ():
        if thing is getattr(losses, name):
            return _standing_for(thing, function, 1)
    return None
