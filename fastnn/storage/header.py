"""The header of a safetensors file: what it says of tensors, compared with the bytes that are there.

safetensors' own reader maps the file into memory, where a file that shrinks meanwhile kills the process, or takes the
tensors twice; so the few bytes before the data are read here.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from math import prod
from typing import Any, BinaryIO

import numpy as np

from fastnn.storage.strict_json import from_json

__all__ = ["Place", "read_header"]

_LONGEST = 100_000_000  # bytes of a header, by the format
_MOST_DIMENSIONS = 32
_DTYPES = {
    "BOOL": "bool",
    **{f"I{bits}": f"int{bits}" for bits in (8, 16, 32, 64)},
    **{f"U{bits}": f"uint{bits}" for bits in (8, 16, 32, 64)},
    **{f"F{bits}": f"float{bits}" for bits in (16, 32, 64)},
}


@dataclass(frozen=True)
class Place:
    """Where a tensor lies: `begin` and `end` count from the first byte of the data."""

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    begin: int
    end: int


def read_header(file: BinaryIO, size: int) -> tuple[dict[str, str], list[Place]]:
    """The metadata, and the tensors in the order of their bytes, of a file of so many bytes; then data follow.

    Raises
    ------
    ValueError
        If this is no header, or not that of a file of this size.
    """
    length = int.from_bytes(file.read(8), "little")
    if not 2 <= length <= min(_LONGEST, size - 8):
        raise ValueError(f"its header would have {length} bytes, and the file has {size}")
    content = from_json(file.read(length).decode())
    if not isinstance(content, dict):
        raise ValueError("its header is no mapping")
    metadata = content.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(text, str) for text in metadata.values()):
        raise ValueError("its metadata are no mapping of texts")
    places = sorted(
        (_place(name, entry) for name, entry in content.items()), key=lambda place: (place.begin, place.end)
    )
    end = 0
    for place in places:
        if place.begin != end:
            raise ValueError(f"the tensor {place.name!r} begins at byte {place.begin} of the data, wanted {end}")
        end = place.end
    if 8 + length + end != size:
        raise ValueError(f"its tensors end at byte {8 + length + end}, and the file has {size}")
    return metadata, places


def _place(name: str, entry: Any) -> Place:
    if not isinstance(entry, dict) or entry.keys() != {"dtype", "shape", "data_offsets"}:
        raise ValueError(f"the tensor {name!r} needs dtype, shape and data_offsets")
    if not isinstance(entry["dtype"], str) or entry["dtype"] not in _DTYPES:
        raise ValueError(f"the tensor {name!r} has the dtype {entry['dtype']!r}")
    dtype = np.dtype(_DTYPES[entry["dtype"]])
    shape, offsets = _sizes(name, entry["shape"]), _sizes(name, entry["data_offsets"])
    if len(shape) > _MOST_DIMENSIONS or prod(max(length, 1) for length in shape) * dtype.itemsize > sys.maxsize:
        raise ValueError(f"the tensor {name!r} has a shape that no array can have")
    if len(offsets) != 2 or offsets[1] - offsets[0] != prod(shape) * dtype.itemsize:
        raise ValueError(f"the tensor {name!r} of shape {shape} and dtype {dtype} does not fill bytes {offsets}")
    return Place(name, dtype, shape, *offsets)


def _sizes(name: str, given: Any) -> tuple[int, ...]:
    if not isinstance(given, list) or not all(type(size) is int and 0 <= size <= sys.maxsize for size in given):
        raise ValueError(f"the tensor {name!r} has sizes that are no integers of at least 0")
    return tuple(given)
