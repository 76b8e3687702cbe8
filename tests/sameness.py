"""Whether two values are the same in every bit and type."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from types import FunctionType
from typing import Any

import numpy as np


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal, and of the same types, all the way down; NaN equals itself."""
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        if one.dtype.kind == "O":
            return one.shape == other.shape and same(one.ravel().tolist(), other.ravel().tolist())
        native = one.astype(one.dtype.newbyteorder("="))
        return (native.dtype, one.shape, native.tobytes()) == (other.dtype, other.shape, other.tobytes())
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, FunctionType):  # such as an activation's with parameters, which may have been made anew
        return (one.__code__, one.__defaults__) == (other.__code__, other.__defaults__)
    if is_dataclass(one):
        return all(same(getattr(one, field.name), getattr(other, field.name)) for field in fields(one))
    return repr(one) == repr(other)
