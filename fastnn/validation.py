"""Arrays as kernels want them, and explanations of what is wrong with an array.

A kernel wants arrays of one dtype (float32 or float64) that are C-contiguous, aligned and of native
byte order. Inputs are converted where no number changes; outputs are the caller's memory and must
be right as they are.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from math import inf, prod
from numbers import Integral, Real
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from fastnn.errors import out_of_range, wrong_type
from fastnn.tensors import as_host

__all__ = [
    "Sizes",
    "as_float",
    "as_floating",
    "as_integers",
    "check_counts",
    "check_floating",
    "check_no_overlap",
    "check_output",
    "check_reals",
    "check_size",
    "common_dtype",
    "dense_rows",
    "laid_out",
]

_FLOATING = (np.dtype(np.float32), np.dtype(np.float64))


# --- inputs -------------------------------------------------------------------------------------


def as_floating(name: str, value: Any) -> NDArray[Any]:
    """`value` as a float32 or float64 array in any layout; other real numbers become float64.

    Raises
    ------
    TypeError
        If `value` has complex numbers, strings or objects.
    ValueError
        If `value` is a ragged list.
    """
    array = _as_array(name, value)
    if array.dtype.newbyteorder("=") in _FLOATING:
        return array
    if array.dtype.kind not in "fiub":
        raise TypeError(
            f"{name} of shape {array.shape} has dtype {array.dtype}, wanted real numbers: float32, "
            "float64, or what can become float64."
        )
    return array.astype(np.float64)


def as_integers(name: str, value: Any) -> NDArray[np.int64]:
    """`value` as an int64 array.

    Raises
    ------
    TypeError
        If `value` has anything else than integers.
    """
    array = _as_array(name, value)
    if array.size == 0:  # an empty list is of float64
        return np.empty(array.shape, np.int64)
    if array.dtype.kind not in "iu":
        raise TypeError(f"{name} of shape {array.shape} has dtype {array.dtype}, wanted integers (int64).")
    return array.astype(np.int64, copy=False)


def _as_array(name: str, value: Any) -> NDArray[Any]:
    try:
        return np.asarray(as_host(name, value))
    except ValueError as fault:  # a ragged list
        raise ValueError(f"{name} cannot become an array: {fault}") from None


def laid_out(array: NDArray[Any]) -> NDArray[Any]:
    """The same numbers C-contiguous, aligned, in native byte order; copied only where they must."""
    if array.flags.c_contiguous and array.flags.aligned and array.dtype.isnative:
        return array  # a dtype made anew, as below, costs every ufunc that meets the array 3 us
    return np.require(array, array.dtype.newbyteorder("="), ["C", "A"])


def common_dtype(arrays: Mapping[str, NDArray[Any]]) -> np.dtype[Any]:
    """The one dtype of all arrays.

    Raises
    ------
    TypeError
        If float32 and float64 are mixed.
    """
    dtypes = {name: array.dtype.newbyteorder("=") for name, array in arrays.items()}
    first, dtype = next(iter(dtypes.items()))
    for name, other in dtypes.items():
        if other != dtype:
            raise TypeError(
                f"{first} is {dtype} but {name} is {other} (other types count as float64): the "
                f"arrays of a kernel need one dtype. Convert one, as by {name}.astype(np.{dtype})."
            )
    return dtype


def check_floating(arrays: Mapping[str, NDArray[Any]]) -> None:
    """Raise TypeError if an array that is updated in place is neither float32 nor float64."""
    for name, array in arrays.items():
        if array.dtype not in _FLOATING:
            raise TypeError(
                f"{name} of shape {array.shape} has dtype {array.dtype}, wanted float32 or float64, as it is updated "
                f"in place. Pass {name}.astype(np.float64)."
            )


def check_counts(**counts: Any) -> None:
    """Check that arguments, given by their names, are integers of at least 1.

    Raises
    ------
    TypeError
        If one is no integer.
    ValueError
        If one is below 1.
    """
    wanted = "an integer of at least 1"
    for name, count in counts.items():
        if isinstance(count, bool) or not isinstance(count, Integral):
            raise wrong_type(name, count, wanted)
        if count < 1:
            raise out_of_range(name, count, wanted)


def check_reals(**numbers: Any) -> None:
    """Check that arguments, given by their names, are real numbers; TypeError if one is not."""
    for name, number in numbers.items():
        if isinstance(number, (bool, str)) or not hasattr(number, "__float__"):
            raise wrong_type(name, number, "a real number")


# --- shapes -------------------------------------------------------------------------------------


class Sizes:
    """What the letters of shapes stand for, and which array said so."""

    def __init__(self) -> None:
        self._sizes: dict[str, int] = {}
        self._origins: dict[str, str] = {}

    def bind(self, letter: str, size: int, origin: str) -> None:
        """From now on `letter` is `size`, because `origin` has it."""
        self._sizes[letter] = size
        self._origins[letter] = origin

    def check(self, name: str, shape: tuple[int, ...], letters: str) -> None:
        """Compare a shape with its letters, and bind those that are new.

        Raises
        ------
        ValueError
            If the number of dimensions or a size is another one.
        """
        wanted = f"({', '.join(letters)}{',' if len(letters) == 1 else ''})"
        if len(shape) != len(letters):
            hint = f"; for one row use {name}.reshape(1, -1)" if len(shape) == 1 else ""
            raise ValueError(f"{name} has shape {shape}, wanted {len(letters)} dimension(s) {wanted}{hint}.")
        for letter, size in zip(letters, shape, strict=True):
            if self._sizes.setdefault(letter, size) != size:
                raise ValueError(
                    f"{name} has shape {shape}, wanted {wanted} with "
                    f"{letter} = {self._sizes[letter]} as in {self._origins[letter]}."
                )
            self._origins.setdefault(letter, f"{name} of shape {shape}")

    def shape_of(self, letters: str) -> tuple[int, ...]:
        """The shape that letters stand for."""
        return tuple(self._sizes[letter] for letter in letters)


def as_float(number: Real) -> float:
    """The number as a float: infinite, which ranges refuse, where it is larger than any float.

    That is an integer of hundreds of digits, for which `float` raises OverflowError instead of what a range says.
    """
    try:
        return float(number)
    except OverflowError:
        return inf if cast(float, number) > 0 else -inf


def check_size(name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    """Raise ValueError if an array of this shape is larger than an address can be."""
    if prod(shape) * dtype.itemsize > sys.maxsize:
        raise ValueError(
            f"{name} of shape {shape} and dtype {dtype} would have more bytes than memory can "
            "address; process the rows in parts."
        )


# --- outputs ------------------------------------------------------------------------------------


def check_output(name: str, out: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    """Check that a kernel can write to `out` as it is.

    Raises
    ------
    TypeError
        If `out` is not an ndarray.
    ValueError
        If its shape, dtype or layout is wrong or it is read-only.
    """
    if not isinstance(out, np.ndarray):
        raise wrong_type(name, out, f"an ndarray of shape {shape} and dtype {dtype} to write to")
    if out.shape != shape:
        raise ValueError(f"{name} has shape {out.shape}, wanted {shape}.")
    if out.dtype != dtype:
        raise ValueError(f"{name} of shape {shape} has dtype {out.dtype}, wanted {dtype}.")
    if not out.flags.writeable:
        raise ValueError(f"{name} of shape {shape} is read-only; a kernel writes to it.")
    if not (out.flags.c_contiguous and out.flags.aligned):
        raise ValueError(
            f"{name} of shape {shape} has strides {out.strides}, wanted C-contiguous and aligned "
            "memory, as np.empty gives it."
        )


def check_no_overlap(name: str, out: NDArray[Any], others: Mapping[str, Any]) -> None:
    """Raise ValueError if `out` shares memory with one of the other arrays."""
    for other, array in others.items():
        if isinstance(array, np.ndarray) and _shares_memory(out, array):
            raise ValueError(
                f"{name} of shape {out.shape} overlaps {other} of shape {array.shape}; give {name} memory of its own."
            )


def _shares_memory(one: NDArray[Any], other: NDArray[Any]) -> bool:
    try:
        return np.shares_memory(one, other, max_work=10_000)  # type: ignore[arg-type]
    except np.exceptions.TooHardError:  # strides too intricate to tell: on the safe side
        return True


def dense_rows(x: Any) -> NDArray[Any]:
    """Rows of x, which may be sparse, as an ndarray."""
    rows: NDArray[Any] = x if isinstance(x, np.ndarray) else x.toarray()
    return rows
