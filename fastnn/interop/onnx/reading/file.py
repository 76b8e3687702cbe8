"""An ONNX file as it is read: its graph, its constants and attributes, with nothing taken on trust."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Source", "attribute", "array_of", "described", "graph_of", "load"]

OLDEST_OPSET = 7  # in which operators broadcast as they do now
DOMAINS = ("", "ai.onnx", "ai.onnx.ml")
_DTYPES = {1: "<f4", 11: "<f8", 10: "<f2", 7: "<i8", 6: "<i4", 9: "?"}
_FIELDS = {1: "float_data", 11: "double_data", 7: "int64_data", 6: "int32_data", 9: "int32_data"}
_EXTERNAL = 1
_MOST_DIGITS = 18  # of a place in a file


class Source(Protocol):
    """A ModelProto of the package onnx."""

    def SerializeToString(self) -> bytes:  # noqa: N802 - its name there
        """Its bytes."""


def load(onnx: Any, model: str | os.PathLike[str] | bytes | Source) -> tuple[Any, str | None]:
    """The ModelProto of a file, of its bytes or of itself, and the folder of the file.

    Raises
    ------
    ValueError
        If it is none.
    """
    if isinstance(model, onnx.ModelProto):
        return model, None
    content: Any = model
    folder = None
    if not isinstance(model, bytes | bytearray | memoryview):
        folder = os.path.dirname(os.path.abspath(os.fspath(model)))  # type: ignore[arg-type] # its error names the type
        with open(os.fspath(model), "rb") as file:  # type: ignore[arg-type]
            content = file.read()
    proto = onnx.ModelProto()
    try:
        proto.ParseFromString(bytes(content))
    except Exception as fault:  # of protobuf, whose module depends on its version
        raise ValueError(f"This is no ONNX model, or a part of one: {fault}.") from fault
    return proto, folder


def graph_of(proto: Any) -> Any:
    """The graph of a model; ValueError where there is none, or its operators are too old or of other makers."""
    graph = proto.graph
    if not graph.node:
        raise ValueError("This ONNX model has no nodes: the file is empty, cut off or no ONNX model.")
    versions = {each.domain: each.version for each in proto.opset_import}
    opset = versions.get("", versions.get("ai.onnx", 0))
    if opset < OLDEST_OPSET:
        raise ValueError(f"This ONNX model has operators of version {opset}, wanted at least {OLDEST_OPSET}.")
    return graph


def described(node: Any) -> str:
    """A node in a message."""
    name = f" {node.name!r}" if node.name else ""
    return f"The node{name} of operator {node.op_type!r}"


def array_of(tensor: Any, folder: str | None) -> NDArray[Any]:
    """A constant (float64, int64 or bool), of which every byte is there: in the model, or in a file in its folder.

    Raises
    ------
    ValueError
        If it is of another type, or lies elsewhere, or its numbers are not as many as its shape says.
    """
    what = f"The constant {tensor.name!r}"
    if tensor.data_type not in _DTYPES:
        raise ValueError(f"{what} has ONNX's type {tensor.data_type}, wanted floats, integers or bools.")
    dims = tuple(tensor.dims)
    if any(each < 0 for each in dims):
        raise ValueError(f"{what} has the shape {dims}.")
    dtype = np.dtype(_DTYPES[tensor.data_type])
    is_outside = tensor.data_location == _EXTERNAL or bool(tensor.external_data)
    if is_outside or tensor.raw_data:
        size = math.prod(dims) * dtype.itemsize
        raw = _outside(what, tensor.external_data, folder, size) if is_outside else tensor.raw_data
        if len(raw) != size:
            raise ValueError(f"{what} of shape {dims} and dtype {dtype} has {len(raw)} bytes.")
        values = np.frombuffer(raw, dtype)
    else:
        stored = getattr(tensor, _FIELDS.get(tensor.data_type, "int32_data"))
        if len(stored) != math.prod(dims):
            raise ValueError(f"{what} of shape {dims} has {len(stored)} numbers.")
        values = _halves(stored) if dtype == np.float16 else np.array(stored, dtype)
    wide = {"f": np.float64, "i": np.int64, "b": np.bool_}[dtype.kind]
    return values.astype(wide).reshape(dims)


def _outside(what: str, entries: Any, folder: str | None, size: int) -> bytes:
    """The bytes of a constant that lie in another file, which has to be in the model's folder itself."""
    told = {each.key: each.value for each in entries}
    name = told.get("location", "")
    if folder is None:
        raise ValueError(
            f"{what} is not in the model: its numbers lie in the file {name!r}. Pass the path of the model, or save it "
            "as one file, in PyTorch by torch.onnx.export(..., external_data=False)."
        )
    path = os.path.join(folder, name)
    offset, length = (told.get(key, default) for key, default in (("offset", "0"), ("length", str(size))))
    if os.path.basename(name) != name or os.path.islink(path) or not os.path.isfile(path):
        raise ValueError(f"{what} lies in {name!r}, which is no file beside the model.")
    if length != str(size) or not offset.isdecimal() or len(offset) > _MOST_DIGITS:
        raise ValueError(f"{what} has {size} bytes, and its file is said to have {length} from {offset} on.")
    there = max(0, os.path.getsize(path) - int(offset))
    if there < size:  # which may be more than there is memory
        raise ValueError(f"{what} has {size} bytes, of which the file {name!r} has {there} from {offset} on.")
    with open(path, "rb") as file:
        file.seek(int(offset))
        return file.read(size)


def _halves(stored: Iterable[int]) -> NDArray[np.float16]:
    """float16 numbers of the integers that have their bits."""
    return (np.array(stored, np.int64) & 0xFFFF).astype(np.uint16).view(np.float16)


def _kind(value: Any) -> tuple[type, type]:
    """The type of a value, and of its elements."""
    return type(value), type(value[0]) if isinstance(value, list) and value else object


_FLOAT = 1
_KINDS = {_FLOAT: "f", 2: "i", 3: "s", 6: "floats", 7: "ints"}


def attribute(node: Any, name: str, default: Any) -> Any:
    """An attribute of a node, of its default's type; ValueError where it is of another one, or there twice."""
    found = [each for each in node.attribute if each.name == name]
    if len(found) > 1:
        raise ValueError(f"{described(node)} has the attribute {name!r} {len(found)} times.")
    for each in found:
        if each.type not in _KINDS:
            raise ValueError(f"{described(node)} has an attribute {name!r} of a kind that it cannot have.")
        value: Any = getattr(each, _KINDS[each.type])
        value = list(value) if each.type in (6, 7) else value
        if each.type == _FLOAT:  # a float32: 0.3 is meant where 0.30000001192 is the nearest one
            value = float(str(np.float32(value)))
        if isinstance(default, float) and each.type == 2:
            value = float(value)
        if _kind(value) != _kind(default):
            raise ValueError(f"{described(node)} has {name}={value!r}, wanted what {default!r} is.")
        return value
    return default
