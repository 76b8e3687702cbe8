"""Functions that users write, compiled: scalar Python becomes loops over flat arrays.

What a function reads from around it (numbers, other functions) is frozen when it is compiled. Its
compiled form is kept in memory: Numba's cache on disk cannot hold functions that others pass in.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import lru_cache
from types import CellType, FunctionType
from typing import Any, NamedTuple

import numpy as np
from numba import njit, types
from numba.core.errors import NumbaError
from numba.extending import is_jitted

__all__ = [
    "REMEMBERED",
    "ActivationLoops",
    "compile_activation",
    "compile_at_first_call",
    "compile_scalar",
    "compile_scalars",
    "name_of",
]

REMEMBERED = 256  # functions; a lambda made anew in every fit must not fill the memory
# No reassociation: the order of a user's sums may matter, as it does in (1 + z) - 1.
_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": {"contract"}}


class ActivationLoops(NamedTuple):
    """The kernels of one activation over flat arrays, as `smooth_loops` has them."""

    value: Any  # value(a, *parameters): in place, a holding z at first
    backward: Any  # backward(z, a, d_a, out, *parameters): out = d_a * slope(z, a)


@lru_cache(REMEMBERED)
def compile_scalar(function: Callable[..., float], n_parameters: int = 0) -> Any:
    """Compile a function of floats, together with the Python functions that it calls.

    Parameters
    ----------
    function : callable
        Takes floats and returns one, by numbers, ``math``, ``if`` and functions of the same kind;
        or a function of one float that Numba knows, as ``math.tanh``; or one that is compiled.
        In compiled form, 1 / 0 and ``math.exp(1000)`` are infinite instead of errors.
    n_parameters : int, default=0
        So many of the last arguments are floats that callers give, whether they have a default or not.

    Returns
    -------
    Numba function
        The same one for the same `function`.

    Raises
    ------
    TypeError
        If Numba cannot compile `function` for floats, or it does not return a number.
    """
    compiled: Any = function if is_jitted(function) else _compiled(function, {})
    arguments = _argument_types(compiled, n_parameters)
    try:
        compiled.compile(arguments)
    except NumbaError as error:
        raise TypeError(
            f"{name_of(function)} cannot be compiled for floats, wanted a function that uses "
            f"numbers, the math module and other such functions. Numba says: {error}"
        ) from error
    result = compiled.overloads[arguments].signature.return_type
    if not isinstance(result, types.Float | types.Integer | types.Boolean):
        raise TypeError(f"{name_of(function)} returns {result}, wanted a float on every path.")
    return compiled


@lru_cache(REMEMBERED)
def compile_activation(
    value: Callable[[float], float], slope: Callable[[float, float], float], n_parameters: int = 0
) -> ActivationLoops:
    """Compile value(z) and slope(z, a) to loops over flat arrays, evaluated in float64.

    Parameters
    ----------
    value, slope : callable
        Of one and of two floats, which `compile_scalar` can compile.
    n_parameters : int, default=0
        So many more floats follow in both, and are arguments of the loops.

    Returns
    -------
    ActivationLoops
        The same one for the same two functions.

    Raises
    ------
    TypeError
        If Numba cannot compile a function for floats, it does not return a number, or it takes another number of
        arguments.
    """
    scalar_value, scalar_slope = compile_scalars(value, slope, n_parameters)

    @njit(**_OPTIONS)
    def value_loop(a: Any, *parameters: float) -> None:
        for k in range(a.size):
            a[k] = scalar_value(np.float64(a[k]), *parameters)

    @njit(**_OPTIONS)
    def backward_loop(z: Any, a: Any, d_a: Any, out: Any, *parameters: float) -> None:
        for k in range(out.size):
            out[k] = d_a[k] * scalar_slope(np.float64(z[k]), np.float64(a[k]), *parameters)

    return ActivationLoops(value_loop, backward_loop)


def compile_scalars(
    value: Callable[[float], float], slope: Callable[[float, float], float], n_parameters: int = 0
) -> tuple[Any, Any]:
    """Compile value(z) and slope(z, a), as for `compile_activation`."""
    return _scalar_of(value, n_parameters, "z"), _scalar_of(slope, n_parameters, "z", "a")


def compile_at_first_call(function: Callable[..., Any]) -> Any:
    """`function`, with the Python functions that it calls, for kernels to call; compiled when the first of them is."""
    return _compiled(function, {})


def _scalar_of(function: Callable[..., float], n_parameters: int, *wanted: str) -> Any:
    """The compiled function, which must take the arguments `wanted`, and parameters."""
    compiled = compile_scalar(function, n_parameters)
    came = _argument_types(compiled, n_parameters).count(types.float64) - n_parameters
    if came != len(wanted):
        raise TypeError(
            f"{name_of(function)} takes {came} {'argument' if came == 1 else 'arguments'}, "
            f"wanted {len(wanted)} ({', '.join(wanted)})."
        )
    return compiled


def _argument_types(compiled: Any, n_parameters: int = 0) -> tuple[Any, ...]:
    """A float for each argument, except for those with a default before the last ones, which are parameters."""
    arguments = list(inspect.signature(compiled.py_func).parameters.values())
    free, omitted = len(arguments) - n_parameters, types.Omitted
    return tuple(
        types.float64 if each.default is each.empty or at >= free else omitted(each.default)
        for at, each in enumerate(arguments)
    )


def name_of(function: Any) -> str:
    """What users call a function."""
    return getattr(function, "__name__", repr(function))


def _compiled(function: Any, seen: dict[Any, Any]) -> Any:
    """`function` and the Python functions that it uses, each compiled once; `seen` has them."""
    if function in seen:
        return seen[function]
    if not isinstance(function, FunctionType):  # math.tanh, np.tanh: of one float
        return njit(**_OPTIONS)(lambda z: function(z))

    def inside(thing: Any) -> Any:
        return _compiled(thing, seen) if isinstance(thing, FunctionType) else thing

    seen[function] = function  # recursion is not resolved: Numba refuses it
    known = {name: function.__globals__.get(name) for name in function.__code__.co_names}
    around = function.__globals__ | {name: inside(thing) for name, thing in known.items() if thing is not None}
    cells = tuple(CellType(inside(cell.cell_contents)) for cell in function.__closure__ or ())
    copy = FunctionType(function.__code__, around, function.__name__, function.__defaults__, cells or None)
    seen[function] = njit(**_OPTIONS)(copy)
    return seen[function]
