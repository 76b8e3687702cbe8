"""The oracle: a kernel of any backend against the reference run in float64.

Inputs are read-only; outputs are full of NaN before the call, so that what is not written is seen;
every array lies between guard cells, so that what is written beyond is seen too. Tolerances are
what rounding can do, by element: they scale with the fan-in and with the magnitude of what is
summed (see `tolerances`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tolerances import tolerance_of

from fastnn import activations, losses
from fastnn.kernels import reference
from fastnn.kernels.contract import KERNELS, Argument, Kernel
from fastnn.kernels.select import kernels_for

GUARD_CELLS = 32
GUARD = -12345.5  # exact in every floating dtype

Run = Callable[..., Any]


def guarded(values: NDArray[Any], dtype: Any, writeable: bool) -> NDArray[Any]:
    """A copy of an array that lies between guard cells."""
    cells = np.full(values.size + 2 * GUARD_CELLS, GUARD, dtype)
    inside = cells[GUARD_CELLS : GUARD_CELLS + values.size].reshape(values.shape)
    with np.errstate(over="ignore"):  # 1e300 is infinity in float32
        inside[...] = values
    inside.flags.writeable = writeable
    return inside


def assert_guards(name: str, array: NDArray[Any]) -> None:
    """Fail if a guard cell before or after the array has another value."""
    cells = array
    while isinstance(cells.base, np.ndarray):
        cells = cells.base
    around = np.concatenate([cells[:GUARD_CELLS], cells[len(cells) - GUARD_CELLS :]])
    assert (around == np.array(GUARD).astype(around.dtype)).all(), (
        f"{name} of shape {array.shape} was written beyond its end"
    )


def check(backend: str, name: str, dtype: Any, **arguments: Any) -> None:
    """Fail unless a backend's kernel does what the reference does.

    `arguments` are the kernel's inputs, updates and options by name, arrays in any dtype. Sizes of
    outputs follow from them.
    """
    check_function(getattr(kernels_for(backend), name), name, dtype, **arguments)


def check_function(run: Run, name: str, dtype: Any, **arguments: Any) -> None:
    """`check` for any function with the signature of the kernel `name`."""
    kernel = KERNELS[name]
    ready = _arrays(kernel, dtype, arguments)
    before = {key: value.copy() for key, value in ready.items() if isinstance(value, np.ndarray)}
    wanted, wanted_number = _reference(kernel, ready)

    number = run(*(ready[argument] for argument in kernel.argument_names))

    for key, array in before.items():
        assert_guards(key, ready[key])
        if key not in wanted:
            np.testing.assert_array_equal(ready[key], array, f"{key} is an input and was changed")
    tolerance = tolerance_of(name, ready | before, wanted, np.finfo(dtype).eps)
    for key, array in wanted.items():
        _assert_within(f"{key} of {name}", ready[key], array, tolerance[key])
    if kernel.returns:
        (what,) = kernel.returns
        assert isinstance(number, float), f"{name} returned {number!r}, wanted a Python float"
        _assert_within(f"{what} of {name}", np.float64(number), wanted_number, tolerance[what])
    else:
        assert number is None, f"{name} returned {number!r}, wanted nothing"


# --- arguments ----------------------------------------------------------------------------------


def _arrays(kernel: Kernel, dtype: Any, arguments: dict[str, Any]) -> dict[str, Any]:
    ready: dict[str, Any] = {}
    sizes: dict[str, int] = {}
    for argument in kernel.arguments:
        if argument.role == "option":
            ready[argument.name] = _option(argument.name, arguments[argument.name])
        elif argument.role == "output":
            shape = tuple(sizes[letter] for letter in argument.shape)
            ready[argument.name] = guarded(np.full(shape, np.nan), dtype, writeable=True)
        else:
            ready[argument.name] = _given(argument, arguments[argument.name], dtype)
            if ready[argument.name] is not None:
                sizes |= dict(zip(argument.shape, ready[argument.name].shape, strict=True))
    return ready


def _given(argument: Argument, value: Any, dtype: Any) -> NDArray[Any] | None:
    if value is None:
        return None
    return guarded(np.asarray(value), dtype, writeable=argument.role == "update")


def _option(name: str, value: Any) -> Any:
    registry = {"activation": activations.get, "loss": losses.get}
    return registry[name](value) if name in registry else value


def _reference(kernel: Kernel, ready: dict[str, Any]) -> tuple[dict[str, NDArray[Any]], Any]:
    """What the reference writes and returns for the same numbers in float64."""
    doubles = {
        key: value.astype(np.float64) if isinstance(value, np.ndarray) else value for key, value in ready.items()
    }
    run = getattr(reference, kernel.name)
    number = run(*(doubles[argument] for argument in kernel.argument_names))
    written = kernel.with_role("update", "output")
    return {argument.name: doubles[argument.name] for argument in written}, number


# --- judgement ----------------------------------------------------------------------------------


def _assert_within(name: str, found: NDArray[Any], wanted: NDArray[Any], tolerance: NDArray[Any]) -> None:
    """|found - wanted| <= tolerance where wanted is a number; NaN and infinity must be the same."""
    found = np.asarray(found, np.float64)
    limit = float(np.finfo(np.float32).max)
    with np.errstate(all="ignore"):
        close = np.abs(found - wanted) <= tolerance
        same = (found == wanted) | (np.isnan(found) & np.isnan(wanted))
        overflow = np.isinf(found) & (np.abs(wanted) > limit) & (found * wanted > 0)
        wrong = ~(close | same | overflow)
    if not wrong.any():
        return
    worst = np.unravel_index(np.argmax(wrong), wrong.shape)
    shape = np.shape(wanted)
    raise AssertionError(
        f"{name} of shape {shape} is wrong in {int(wrong.sum())} element(s), first at {worst}: "
        f"found {found[worst]!r}, wanted {np.asarray(wanted)[worst]!r} "
        f"within {np.broadcast_to(tolerance, shape)[worst]!r}"
    )
