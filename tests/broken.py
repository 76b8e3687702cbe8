"""Ways in which an argument can be unusual or wrong: in its layout, type, shape or size."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

Change = Callable[[np.ndarray], Any]


class Recursive(list):  # type: ignore[type-arg]
    """A list that contains itself."""

    def __init__(self) -> None:
        super().__init__([1.0])
        self.append(self)


class WithArray:
    """Something that can become an array."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self.array.astype(dtype or self.array.dtype)


def strided(array: np.ndarray) -> np.ndarray:
    """The same numbers, every second one of a buffer."""
    if array.ndim == 0:
        return array
    wide = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), array.dtype)
    wide[..., ::2] = array
    return wide[..., ::2]


def misaligned(array: np.ndarray) -> np.ndarray:
    """The same numbers, one byte beside where they should be."""
    memory = np.zeros(array.nbytes + 1, np.uint8)
    moved = memory[1:].view(array.dtype).reshape(array.shape)
    moved[...] = array
    return moved


def read_only(array: np.ndarray) -> np.ndarray:
    """A copy that cannot be written to."""
    copy = array.copy()
    copy.flags.writeable = False
    return copy


# The same numbers in other memory: an input is taken so.
LAYOUTS: dict[str, Change] = {
    "as it is": lambda array: array,
    "read-only": read_only,
    "strided": strided,
    "reversed": lambda array: array[..., ::-1].copy()[..., ::-1],
    "upside down": lambda array: array[::-1].copy()[::-1],
    "Fortran": lambda array: np.asfortranarray(array),
    "rows apart": lambda array: np.repeat(array, 3, axis=0)[::3],
    "swapped": lambda array: array.astype(array.dtype.newbyteorder()),
    "misaligned": misaligned,
    "memory-mapped": lambda array: array.view(np.memmap),
}


def _huge(array: np.ndarray) -> np.ndarray:
    """More rows than there is memory for, of one number."""
    return np.broadcast_to(np.ones((), array.dtype), (2**46, *array.shape[1:]))


def _as(dtype: Any) -> Change:
    return lambda array: np.nan_to_num(array).astype(dtype)


ODD_ARRAYS: dict[str, Change] = {
    **{name: change for name, change in LAYOUTS.items() if name != "as it is"},
    "no stride": lambda array: np.broadcast_to(np.ones((), array.dtype), array.shape),
    "huge": _huge,
    # types
    "half": _as(np.float16),
    "float32": _as(np.float32),
    "float64": _as(np.float64),
    "long double": _as(np.longdouble),
    "int8": _as(np.int8),
    "int64": _as(np.int64),
    "uint64": lambda array: np.abs(np.nan_to_num(array)).astype(np.uint64),
    "bool": _as(bool),
    "complex": _as(np.complex64),
    "objects": _as(object),
    "None inside": lambda array: np.full(array.shape, None),
    "text": _as("U8"),
    "bytes": _as("S8"),
    "dates": lambda array: np.zeros(array.shape, "M8[s]"),
    "times": lambda array: np.zeros(array.shape, "m8[s]"),
    "void": lambda array: np.zeros(array.shape, "V8"),
    "records": lambda array: np.zeros(array.shape, [("a", float), ("b", int)]),
    # shapes
    "a row less": lambda array: array[:-1].copy(),
    "a row more": lambda array: np.concatenate([array, array[:1]]) if array.ndim else array,
    "a column less": lambda array: array[..., :-1].copy(),
    "a column more": lambda array: np.concatenate([array, array[..., :1]], axis=-1),
    "a dimension less": lambda array: array[0] if len(array) else array.ravel(),
    "a dimension more": lambda array: array[..., np.newaxis].copy(),
    "a scalar": lambda array: np.ones((), array.dtype),
    "no rows": lambda array: array[:0].copy(),
    "no columns": lambda array: array[..., :0].copy(),
    "seven dimensions": lambda array: array.reshape((*array.shape, 1, 1, 1, 1, 1)),
    "transposed": lambda array: array.T.copy(),
    # containers and what is no array
    "a list": np.ndarray.tolist,
    "a tuple": lambda array: tuple(array.tolist()) if array.ndim else array,
    "a memoryview": memoryview,
    "a ragged list": lambda array: [[1.0, 2.0], [3.0]],
    "a recursive list": lambda array: Recursive(),
    "masked": lambda array: np.ma.masked_array(array),
    "a matrix": lambda array: array.view(np.matrix) if array.ndim == 2 else array,
    "pandas": lambda array: pd.DataFrame(array) if array.ndim == 2 else pd.Series(array),
    "sparse": lambda array: sp.csr_array(array) if array.ndim == 2 else sp.coo_array(array),
    "an __array__": WithArray,
    "None": lambda array: None,
    "a number": lambda array: 3.0,
    "a word": lambda array: "word",
    "a bytes": lambda array: b"12345678",
    "a set": lambda array: {1.0, 2.0},
    "a dict": lambda array: {"a": 1.0},
    "an iterator": lambda array: iter(array.tolist()),
    "a function": lambda array: itertools.chain,
    "an object": lambda array: object(),
}

ODD_OPTIONS: dict[str, Any] = {
    "None": None,
    "a word": "word",
    "a bytes": b"word",
    "NaN": np.nan,
    "infinity": np.inf,
    "minus infinity": -np.inf,
    "-1": -1,
    "-0.5": -0.5,
    "0": 0,
    "0.5": 0.5,
    "1.0": 1.0,
    "2": 2,
    "2**31": 2**31,
    "2**63": 2**63,
    "2**70": 2**70,
    "-2**70": -(2**70),
    "10**400": 10**400,
    "True": True,
    "complex": 1 + 0j,
    "float32": np.float32(0.5),
    "int8": np.int8(3),
    "uint64": np.uint64(2**63),
    "an array of no dimension": np.array(0.5),
    "an array": np.array([0.5, 0.5]),
    "an empty list": [],
    "a fraction": Fraction(1, 2),
    "a decimal": Decimal("0.5"),
    "a date": np.datetime64("2020-01-01"),
    "a type": float,
    "an object": object(),
}
