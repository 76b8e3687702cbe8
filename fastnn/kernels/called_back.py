"""Users' own functions as C functions without a compiler: each number is computed by Python.

That is a thousand times slower than compiled code, and right: for NUMBA_DISABLE_JIT=1, with which Numba compiles
nothing.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn import _core
from fastnn.activations import Activation
from fastnn.dual_numbers import differentiated
from fastnn.losses import Loss, element_of

__all__ = ["CalledActivation", "called_activation", "called_loss"]

# What ActivationTile and LossTile are in src_ext/contract: pointers, and how many numbers they point to.
_ACTIVATION_TILE = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 4, ctypes.c_ssize_t)
_LOSS_TILE = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 5, ctypes.c_ssize_t)
_REALS: dict[Any, Any] = {np.float32: ctypes.c_float, np.float64: ctypes.c_double}


class CalledActivation:
    """A C function that calls Python, an ActivationTile, and the struct UserActivation that points to it.

    Attributes
    ----------
    address : int
        Of the struct; it holds as long as this object lives.
    """

    def __init__(self, tile: Any) -> None:
        self._tile = tile
        self._struct = np.array([ctypes.cast(tile, ctypes.c_void_p).value, 0], np.uintp)
        self.address = int(self._struct.ctypes.data)


def called_activation(activation: Activation, dtype: Any) -> CalledActivation:
    """A user's own activation; where its functions raise, all numbers of the call are NaN."""
    both, real = _value_and_slope(activation), np.dtype(dtype).type

    def tile(_: Any, z: int, a: int, slope: int | None, count: int) -> None:
        inputs, values = _array(z, real, count).copy(), _array(a, real, count)  # z and a may be the same memory
        slopes = np.empty(count, real) if slope is None else _array(slope, real, count)
        _fill(both, (inputs,), values, slopes)

    return CalledActivation(_ACTIVATION_TILE(tile))


def called_loss(loss: Loss, dtype: Any) -> _core.NativeLoss:
    """A user's own loss; where its functions raise, all numbers of the call are NaN."""
    element, real = element_of(loss), np.dtype(dtype).type
    assert element is not None  # only the library has losses of whole rows

    def tile(_: Any, z: int, y: int, losses: int, d_z: int, count: int) -> None:
        inputs = _array(z, real, count).copy(), _array(y, real, count).copy()
        _fill(lambda z, y: element(z, y, 0.0), inputs, _array(losses, real, count), _array(d_z, real, count))

    compiled = _LOSS_TILE(tile)
    address = ctypes.cast(compiled, ctypes.c_void_p).value
    assert address is not None
    return _core.NativeLoss(address, dtype, loss.link, compiled)


def _value_and_slope(activation: Activation) -> Callable[[float], tuple[float, float]]:
    value, slope = activation.value, activation.slope
    assert value is not None
    if slope is None:
        return differentiated(value)

    def both(z: float) -> tuple[float, float]:
        a = value(z)
        return a, slope(z, a)

    return both


def _array(address: int, real: Any, count: int) -> NDArray[Any]:
    return np.ctypeslib.as_array((_REALS[real] * count).from_address(address))


def _fill(
    function: Callable[..., tuple[float, float]],
    inputs: tuple[NDArray[Any], ...],
    values: NDArray[Any],
    slopes: NDArray[Any],
) -> None:
    """Both results for every element; NaN for all where one raises, which nobody above C could hear of."""
    try:
        for k, numbers in enumerate(zip(*(each.tolist() for each in inputs), strict=True)):
            values[k], slopes[k] = function(*numbers)
    except Exception:
        values[...] = slopes[...] = math.nan
