"""Values as a description in JSON and named arrays, and back.

What JSON has stands for itself. Everything else is an object with the key "$", whose value says
what it is: "tensor" refers to an array by its name in the file, and "floats" to one that is a long
list; "tuple", "dict", "float", "scalar" and "array" (of strings, or of objects) are Python's and
NumPy's; and any other is the tag of a `Kind`. Only what is written here or in a `Kind` is ever
made, so a file cannot name code to run, and each tensor becomes one thing.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from math import isfinite, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn.storage.records import Kind
from fastnn.storage.strict_json import from_json

__all__ = ["decode", "encode"]

# Those that safetensors and NumPy both have.
_DTYPES = frozenset(
    ("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32", "float64")
)
_MANY = 100  # so many numbers of a list, such as losses of epochs, are no text: a header has 100 MB at most
_DEEPEST = 64  # levels of lists, mappings and objects inside each other

# Bytes that the arrays of strings of a file may take beyond 64 for each character: NumPy makes all strings of an array
# as long as the longest may be, so that a few bytes of a file could ask for any memory. 4,000 labels of
# 10 characters and one of 700 take 8 MB.
_ROOM = 2**26


class _Room:
    """What arrays of strings may still take, of one file."""

    def __init__(self) -> None:
        self._left = _ROOM

    def take(self, items: list[str], width: int) -> None:
        """ValueError where an array of these strings, each of `width` characters, takes too much."""
        self._left -= 4 * width * len(items) - 64 * sum(len(item) + 1 for item in items)
        if self._left < 0:
            raise ValueError(
                f"an array of {len(items)} strings of {width} characters is nearly empty, and too large: have it as "
                "one of objects, as y.astype(object) makes it"
            )
        self._left = min(self._left, _ROOM)


# --- to a description ---------------------------------------------------------------------------


def encode(value: Any, kinds: Mapping[str, Kind]) -> tuple[str, dict[str, NDArray[Any]]]:
    """A value as JSON and arrays by name.

    Raises
    ------
    TypeError
        If it contains what is of no known type; the message says where.
    ValueError
        If it is nested too deeply, or contains an array of strings that is nearly empty.
    """
    encoder = _Encoder(kinds)
    description = encoder.encode(value, "")
    return json.dumps(description, allow_nan=False, separators=(",", ":")), encoder.tensors


class _Encoder:
    def __init__(self, kinds: Mapping[str, Kind]) -> None:
        self.tensors: dict[str, NDArray[Any]] = {}
        self._kinds = {kind.type: (tag, kind) for tag, kind in kinds.items()}
        self._room = _Room()
        self._depth = 0

    def encode(self, value: Any, place: str) -> Any:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ValueError(f"{place.lstrip('.')[:40]}... is nested more than {_DEEPEST} levels deep.")
        description = self._encode(value, place)
        self._depth -= 1
        return description

    def _encode(self, value: Any, place: str) -> Any:
        if value is None or type(value) in (bool, int):
            return value
        if isinstance(value, str):  # NumPy's too
            return str(value)
        if type(value) is float:
            return value if isfinite(value) else {"$": "float", "value": repr(value)}
        if type(value) is list and len(value) >= _MANY and set(map(type, value)) == {float}:
            return self._array(np.array(value), place) | {"$": "floats"}
        if type(value) in (list, tuple):
            items = [self.encode(item, f"{place}.{k}") for k, item in enumerate(value)]
            return items if type(value) is list else {"$": "tuple", "items": items}
        if isinstance(value, np.generic) and value.dtype.name in _DTYPES:
            return {"$": "scalar", "dtype": value.dtype.name, "value": self.encode(value.item(), place)}
        if isinstance(value, np.ndarray):
            return self._array(value, place)
        if isinstance(value, Mapping):
            return self._mapping(value, place)
        if type(value) in self._kinds:
            tag, kind = self._kinds[type(value)]
            return {"$": tag, "parts": self._mapping(kind.take(value), place)}
        where = place.lstrip(".") or "the value"
        raise TypeError(f"{where} is {value!r} of type {type(value).__name__}, which a file cannot hold; a pickle can.")

    def _mapping(self, value: Mapping[Any, Any], place: str) -> dict[str, Any]:
        if all(type(key) is str and key != "$" for key in value):
            return {key: self.encode(item, f"{place}.{key}") for key, item in value.items()}
        items = [
            [self.encode(key, f"{place}.{key}"), self.encode(item, f"{place}.{key}")] for key, item in value.items()
        ]
        return {"$": "dict", "items": items}

    def _array(self, value: NDArray[Any], place: str) -> dict[str, Any]:
        if value.dtype.name in _DTYPES:
            name = place.lstrip(".") or "value"
            while name in self.tensors:  # a key may have a point
                name += "_"
            self.tensors[name] = np.array(value, value.dtype.newbyteorder("="), order="C", copy=None)
            return {"$": "tensor", "name": name}
        if value.dtype.kind not in "UO":
            raise TypeError(f"{place.lstrip('.')} is an array of dtype {value.dtype}, which a file cannot hold.")
        if value.dtype.kind == "U":
            self._room.take(value.ravel().tolist(), value.dtype.itemsize // 4)
        items = [self.encode(item, f"{place}.{k}") for k, item in enumerate(value.ravel().tolist())]
        dtype = "object" if value.dtype.kind == "O" else value.dtype.newbyteorder("=").str[1:]
        return {"$": "array", "dtype": dtype, "shape": list(value.shape), "items": items}


# --- from a description -------------------------------------------------------------------------


def decode(content: str, tensors: Mapping[str, NDArray[Any]], kinds: Mapping[str, Kind]) -> Any:
    """The value that `encode` has described.

    Raises
    ------
    ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError, MemoryError
        If the description is none of `encode`, or does not have each of the tensors once.
    """
    decoder = _Decoder(tensors, kinds)
    value = decoder.decode(from_json(content))
    decoder.require_all_used()
    return value


class _Decoder:
    def __init__(self, tensors: Mapping[str, NDArray[Any]], kinds: Mapping[str, Kind]) -> None:
        self._tensors = dict(tensors)
        self._kinds = kinds
        self._room = _Room()
        self._depth = 0

    def require_all_used(self) -> None:
        if self._tensors:
            raise ValueError(f"the tensor {next(iter(self._tensors))!r} belongs to nothing")

    def decode(self, node: Any) -> Any:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ValueError(f"it is nested more than {_DEEPEST} levels deep")
        value = self._decode(node)
        self._depth -= 1
        return value

    def _decode(self, node: Any) -> Any:
        if isinstance(node, list):
            return [self.decode(item) for item in node]
        if not isinstance(node, dict):
            return node
        tag = node.get("$")
        if tag is None:
            return {key: self.decode(item) for key, item in node.items()}
        if tag not in self._kinds:
            return self._builtin(tag, node)
        if not isinstance(node["parts"], dict):
            raise TypeError(f"the parts of {tag} are {node['parts']!r}, wanted a mapping")
        return self._kinds[tag].make(**{name: self.decode(part) for name, part in node["parts"].items()})

    def _builtin(self, tag: str, node: dict[str, Any]) -> Any:
        match tag:
            case "tensor":
                return self._tensors.pop(node["name"])  # two that share their memory would change each other
            case "floats":
                return self._floats(node)
            case "tuple":
                return tuple(self.decode(item) for item in _list(node, "items"))
            case "dict":
                return {self.decode(key): self.decode(item) for key, item in _list(node, "items")}
            case "float":
                return _float(node["value"])
            case "scalar":
                return self._scalar(node)
            case "array":
                return self._array(node)
        raise ValueError(f"{tag!r} is of no known kind")

    def _floats(self, node: dict[str, Any]) -> list[float]:
        array = self._tensors.pop(node["name"])
        if array.dtype != np.float64 or array.ndim != 1:
            raise ValueError(f"a list of numbers is an array of {array.dtype} of shape {array.shape}")
        numbers: list[float] = array.tolist()
        return numbers

    def _scalar(self, node: dict[str, Any]) -> Any:
        value = self.decode(node["value"])
        if node["dtype"] not in _DTYPES:
            raise ValueError(f"the dtype {node['dtype']!r} is not known")
        if not isinstance(value, (bool, int, float)):
            raise TypeError(f"{value!r} is no number")
        return np.dtype(node["dtype"]).type(value)

    def _array(self, node: dict[str, Any]) -> NDArray[Any]:
        items, shape = [self.decode(item) for item in _list(node, "items")], _list(node, "shape")
        if not all(type(length) is int and 0 <= length <= sys.maxsize for length in shape):
            raise ValueError(f"the shape {shape} is not possible")
        if prod(shape) != len(items):
            raise ValueError(f"cannot reshape {len(items)} items into shape {shape}")
        array = np.empty(len(items), object if node["dtype"] == "object" else self._strings(node["dtype"], items))
        for k, item in enumerate(items):  # one by one: an object may be a sequence
            array[k] = item
        return array.reshape(shape)

    def _strings(self, dtype: str, items: list[Any]) -> str:
        """The dtype of an array of strings, which have room in it."""
        digits = dtype.removeprefix("U")
        if digits == dtype or not digits.isdecimal() or len(digits) > 9:
            raise ValueError(f"the dtype {dtype!r} is not known, or too large")
        if not all(isinstance(item, str) and len(item) <= int(digits) for item in items):
            raise ValueError(f"an array of dtype {dtype} has items that are no strings, or longer")
        self._room.take(items, int(digits))
        return f"=U{int(digits)}"


def _list(node: dict[str, Any], name: str) -> list[Any]:
    if not isinstance(node[name], list):
        raise TypeError(f"{name} is {node[name]!r}, wanted a list")
    items: list[Any] = node[name]
    return items


def _float(text: Any) -> float:
    if text not in ("inf", "-inf", "nan"):
        raise ValueError(f"{text!r} is no number")
    return float(text)
