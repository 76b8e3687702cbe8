"""Scalar functions that users write, checked when an Activation or a Loss is made of them.

A function is called at some points: it has to return a number at each, and a slope that is given has to be the one that
differences of the value show there.
"""

from __future__ import annotations

import inspect
import math
import pickle
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import FunctionType, ModuleType
from typing import Any

from fastnn.dual_numbers import differentiated, is_number
from fastnn.errors import wrong_type

__all__ = ["UserFunctions", "name_of", "path_of", "require_name", "require_picklable"]

# Points where no function that people write has a kink, and others where it may.
_SMOOTH = (-5.137, -2.293, -1.1127, -0.3713, 0.2917, 0.8331, 1.7213, 3.9119)
_OTHERS = (0.0, 1.0, -1.0, 30.0, -30.0, 1000.0, -1000.0)
_TARGETS = (0.0, 1.0, 0.4127, 2.6383, -1.0)

_STEP = 1e-3
_STEPS_AGREE = 1e-3  # else there is a kink, or rounding, and a difference says nothing
_SLOPES_AGREE = 1e-2  # generous: functions may be fits of others


def name_of(function: Any) -> str:
    """What users call a function."""
    return getattr(function, "__name__", repr(function))


def require_name(what: str, name: object) -> None:
    """Raise TypeError where what is given for the name of a function is no text."""
    if not isinstance(name, str):
        raise wrong_type(f"The name of {what}", name, "a string, such as 'snake'")


@dataclass(frozen=True)
class UserFunctions:
    """A value and its slope, which may be None, of an activation or a loss.

    Parameters
    ----------
    owner : str
        What errors call it, such as "activation 'snake'".
    value, slope : callable
        ``value(z)`` and ``slope(z, a)`` of an activation, ``value(z, y)`` and ``slope(z, y)`` of a loss.
    of_targets : bool
        Whether it is a loss.
    """

    owner: str
    value: Any
    slope: Any
    of_targets: bool

    def check(self, *, slope_is_used: bool = True) -> None:
        """Raise where these are no functions that a network can be trained with.

        Raises
        ------
        TypeError
            If one cannot be called, takes another number of arguments, raises an error, or returns no number; or if no
            slope is given and none can be derived.
        ValueError
            If the slope is none of the value.
        """
        arguments = ("z", "y") if self.of_targets else ("z",)
        _require_function(f"value of {self.owner}", self.value, *arguments)
        if self.slope is not None:
            _require_function(f"slope of {self.owner}", self.slope, "z", "y" if self.of_targets else "a")
        evaluate = self._evaluator(slope_is_used)
        for point in self._points(_SMOOTH + _OTHERS):
            a = evaluate(*point)
            if self.slope is not None:
                self._number("slope", self.slope, point if self.of_targets else (*point, a))
        if self.slope is not None and slope_is_used:
            self._compare(evaluate)

    def _points(self, places: tuple[float, ...]) -> list[tuple[float, ...]]:
        return [(z, y) for z in places for y in _TARGETS] if self.of_targets else [(z,) for z in places]

    # --- values ---

    def _evaluator(self, slope_is_used: bool) -> Callable[..., float]:
        """What gives the value at a point: as the slope is derived, or, with one that is given, as Python calls it."""
        derived = differentiated(self.value)
        first = self._points(_SMOOTH)[0]
        try:
            derived(*first)
        except (TypeError, AttributeError) as fault:
            self._number("value", self.value, first)
            if self.slope is None and slope_is_used:
                raise TypeError(
                    f"slope of {self.owner} cannot be derived from value, {name_of(self.value)}"
                    f"{_line_of(fault, self.value)}: {_said(fault)}. Give a slope."
                ) from fault
            return lambda *point: self._number("value", self.value, point)
        except Exception as fault:
            raise self._fault("value", first, fault) from fault

        def evaluate(*point: float) -> float:
            try:
                return derived(*point)[0]
            except Exception as fault:
                raise self._fault("value", point, fault) from fault

        return evaluate

    def _number(self, role: str, function: Any, point: tuple[float, ...]) -> float:
        """A function's number at a point; NaN where Python's arithmetic has an error, as it has for 1 / 0."""
        try:
            found = function(*point)
        except ArithmeticError:
            return math.nan
        except Exception as fault:
            if isinstance(fault, ValueError) and _is_of_math(fault):
                return math.nan
            raise self._fault(role, point, fault) from fault
        if not is_number(found):
            raise wrong_type(f"{role} of {self.owner} at {_place(point)}", found, "a float on every path")
        return float(found)

    def _fault(self, role: str, point: tuple[float, ...], fault: Exception) -> TypeError:
        function = self.value if role == "value" else self.slope
        line = _line_of(fault, function)
        return TypeError(
            f"{role} of {self.owner}, {name_of(function)}, ends in an error at {_place(point)}{line}: "
            f"{type(fault).__name__}: {_said(fault)}. It has to return a float for all floats; math.nan says "
            "that there is no number."
        )

    # --- slopes ---

    def _compare(self, evaluate: Callable[..., float]) -> None:
        found = [
            (point, _difference(evaluate, point), self._slope_at(evaluate, point)) for point in self._points(_SMOOTH)
        ]
        if all(seen in (0.0, None) for _, seen, _ in found):
            return  # steps, whose derivative is 0 and no use: the slope that is given replaces it
        for point, seen, given in found:
            if seen is None or not math.isfinite(given):
                continue
            if abs(given - seen) > _SLOPES_AGREE * max(abs(given), abs(seen)) + _noise(evaluate(*point)):
                raise ValueError(
                    f"slope of {self.owner} is {given:.6g} at {_place(point)}, but differences of value say {seen:.6g} "
                    "there. Mend it, or leave it out: then it is derived from value."
                )

    def _slope_at(self, evaluate: Callable[..., float], point: tuple[float, ...]) -> float:
        return self._number("slope", self.slope, point if self.of_targets else (*point, evaluate(*point)))


def _require_function(role: str, function: Any, *arguments: str) -> None:
    wanted = f"a function of {', '.join(arguments)}"
    if not callable(function):
        raise wrong_type(role, function, wanted)
    try:
        signature = inspect.signature(function)
    except (ValueError, TypeError):  # some that are written in C have none
        return
    try:
        signature.bind(*arguments)
    except TypeError:
        count = len(signature.parameters)
        raise TypeError(
            f"{role}, {name_of(function)}, takes {count} argument{'' if count == 1 else 's'}, wanted {len(arguments)} "
            f"({', '.join(arguments)})."
        ) from None


def _difference(evaluate: Callable[..., float], point: tuple[float, ...]) -> float | None:
    """The derivative by z, of the fourth order; None where two steps do not agree on it, or there is a kink."""
    z, *rest = point
    here = evaluate(*point)

    def slope_and_bend(step: float) -> tuple[float, float]:
        left, right = evaluate(z - step, *rest), evaluate(z + step, *rest)
        far = evaluate(z + 2 * step, *rest) - evaluate(z - 2 * step, *rest)
        return (8 * (right - left) - far) / (12 * step), (right - here + left - here) / step

    (coarse, coarse_bend), (fine, fine_bend) = slope_and_bend(_STEP), slope_and_bend(_STEP / 2)
    agree = abs(coarse - fine) <= _STEPS_AGREE * abs(fine) + _noise(here)
    is_smooth = abs(fine_bend) <= 0.75 * abs(coarse_bend) + _noise(here)  # with half the step it is half as large
    return fine if agree and is_smooth else None  # also where one is no number


def _noise(value: float) -> float:
    """How far rounding may move a difference."""
    return 1e-11 * abs(value) / _STEP


def _is_of_math(fault: ValueError) -> bool:
    """Whether `math` has raised it, as for the logarithm of a negative number, and no line of a user's."""
    return "math domain" in str(fault) or "expected a" in str(fault)


def _said(fault: Exception) -> str:
    return str(fault).replace("'Dual' object", "a dual number, which takes the place of a float,").rstrip(".")


def _place(point: tuple[float, ...]) -> str:
    return ", ".join(f"{name} = {number:g}" for name, number in zip(("z", "y"), point, strict=False))


def _line_of(fault: Exception, function: Any) -> str:
    """Where in a user's file an error has come up, if it has."""
    file = getattr(getattr(function, "__code__", None), "co_filename", None)
    trace, found = fault.__traceback__, ""
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            found = f" (line {trace.tb_lineno} of {file})"
        trace = trace.tb_next
    return found


# --- by name ------------------------------------------------------------------------------------


def path_of(function: Any) -> str | None:
    """The place where a function can be imported from, ``module:name``; None where there is none."""
    module, name = getattr(function, "__module__", None), getattr(function, "__qualname__", None)
    found: Any = sys.modules.get(module) if isinstance(module, str) else None
    if not isinstance(found, ModuleType) or not isinstance(name, str):
        return None
    for part in name.split("."):
        found = getattr(found, part, None)
    return f"{module}:{name}" if found is function else None


def require_picklable(owner: str, **functions: Any) -> None:
    """Raise PicklingError for a function without a name in a module, unless the pickler keeps code.

    Raises
    ------
    pickle.PicklingError
        It says what to do. Pickle's own error knows no activation, and not what would help.
    """
    for role, function in functions.items():
        if isinstance(function, FunctionType) and path_of(function) is None and not _pickler_keeps_code():
            raise pickle.PicklingError(
                f"{role} of {owner} is {function.__qualname__} of the module {function.__module__!r}, which pickle "
                "cannot find there by that name. Define it by def at the top of a module, or use the package "
                "cloudpickle, which keeps the code of functions."
            )


def _pickler_keeps_code() -> bool:
    """Whether cloudpickle or dill is at work: only the frame that called the pickler tells."""
    frame = sys._getframe(1)
    own = (__name__, "fastnn.activations", "fastnn.losses", "copyreg", "pickle")
    while frame.f_back is not None and frame.f_globals.get("__name__") in own:
        frame = frame.f_back
    module = str(frame.f_globals.get("__name__"))
    return "cloudpickle" in module or module.split(".")[0] == "dill"
