"""Values as a description in JSON and named arrays, and back.

What JSON has stands for itself. Everything else is an object with the key "$", whose value says
what it is: "tensor" refers to an array by its name in the file; "tuple", "dict", "float", "scalar"
and "array" (of strings, or of objects) are Python's and NumPy's; and any other is the tag of a
`Kind`. Only what is written here or in a `Kind` is ever made, so a file cannot name code to run.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Kind", "decode", "encode", "record"]

# Those that safetensors and NumPy both have.
_DTYPES = frozenset(
    ("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32", "float64")
)


@dataclass(frozen=True)
class Kind:
    """A type that files can hold beside Python's and NumPy's own.

    Attributes
    ----------
    type : type
        Its instances, but not those of subclasses.
    take : callable
        take(value) -> dict of str to what a file can hold.
    make : callable
        make(**parts) -> value; raises ValueError or TypeError for parts that make none.
    """

    type: type
    take: Callable[[Any], dict[str, Any]]
    make: Callable[..., Any]


def record(cls: type) -> Kind:
    """The kind of a dataclass: its parts are its fields; one that a file lacks has its default."""
    settable = {field.name: field.init for field in fields(cls)}

    def take(value: Any) -> dict[str, Any]:
        return {name: getattr(value, name) for name in settable}

    def make(**parts: Any) -> Any:
        unknown = sorted(parts.keys() - settable.keys())
        if unknown:
            raise ValueError(f"{cls.__name__} has no field {', '.join(unknown)} in this version of fastnn")
        value = cls(**{name: part for name, part in parts.items() if settable[name]})
        for name, part in parts.items():
            if not settable[name]:
                object.__setattr__(value, name, part)
        return value

    return Kind(cls, take, make)


# --- to a description ---------------------------------------------------------------------------


def encode(value: Any, kinds: Mapping[str, Kind]) -> tuple[str, dict[str, NDArray[Any]]]:
    """A value as JSON and arrays by name.

    Raises
    ------
    TypeError
        If it contains what is of no known type; the message says where.
    """
    encoder = _Encoder(kinds)
    description = encoder.encode(value, "")
    return json.dumps(description, allow_nan=False, separators=(",", ":")), encoder.tensors


class _Encoder:
    def __init__(self, kinds: Mapping[str, Kind]) -> None:
        self.tensors: dict[str, NDArray[Any]] = {}
        self._kinds = {kind.type: (tag, kind) for tag, kind in kinds.items()}

    def encode(self, value: Any, place: str) -> Any:
        if value is None or type(value) in (bool, int):
            return value
        if isinstance(value, str):  # NumPy's too
            return str(value)
        if type(value) is float:
            return value if isfinite(value) else {"$": "float", "value": repr(value)}
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
        items = [self.encode(item, f"{place}.{k}") for k, item in enumerate(value.ravel().tolist())]
        dtype = "object" if value.dtype.kind == "O" else value.dtype.newbyteorder("=").str[1:]
        return {"$": "array", "dtype": dtype, "shape": list(value.shape), "items": items}


# --- from a description -------------------------------------------------------------------------


def decode(content: str, tensors: Mapping[str, NDArray[Any]], kinds: Mapping[str, Kind]) -> Any:
    """The value that `encode` has described.

    Raises
    ------
    ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError, MemoryError
        If the description is none of `encode`.
    """
    return _Decoder(tensors, kinds).decode(json.loads(content))


class _Decoder:
    def __init__(self, tensors: Mapping[str, NDArray[Any]], kinds: Mapping[str, Kind]) -> None:
        self._tensors = tensors
        self._kinds = kinds

    def decode(self, node: Any) -> Any:
        if isinstance(node, list):
            return [self.decode(item) for item in node]
        if not isinstance(node, dict):
            return node
        tag = node.get("$")
        if tag is None:
            return {key: self.decode(item) for key, item in node.items()}
        if tag in self._kinds:
            return self._kinds[tag].make(**self.decode(node["parts"]))
        return self._builtin(tag, node)

    def _builtin(self, tag: str, node: dict[str, Any]) -> Any:
        match tag:
            case "tensor":
                return self._tensors[node["name"]]
            case "tuple":
                return tuple(self.decode(item) for item in node["items"])
            case "dict":
                return {self.decode(key): self.decode(item) for key, item in node["items"]}
            case "float":
                return float(node["value"])
            case "scalar":
                return _dtype(node["dtype"]).type(self.decode(node["value"]))
            case "array":
                return self._array(node)
        raise ValueError(f"{tag!r} is of no known kind")

    def _array(self, node: dict[str, Any]) -> NDArray[Any]:
        items = self.decode(node["items"])
        dtype = np.dtype(object) if node["dtype"] == "object" else np.dtype(f"=U{int(node['dtype'].removeprefix('U'))}")
        array = np.empty(len(items), dtype)
        for k, item in enumerate(items):  # one by one: an object may be a sequence
            array[k] = item
        return array.reshape(node["shape"])


def _dtype(name: str) -> np.dtype[Any]:
    if name not in _DTYPES:
        raise ValueError(f"the dtype {name!r} is not known")
    return np.dtype(name)
