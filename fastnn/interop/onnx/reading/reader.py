"""A graph's way from its input to its output, node by node."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn.interop.onnx.reading.file import DOMAINS, array_of, described
from fastnn.interop.onnx.reading.learned import LEARNED
from fastnn.interop.onnx.reading.operators import OPERATORS, Item, refused
from fastnn.interop.onnx.reading.order import nodes_for
from fastnn.interop.onnx.reading.shapes import SHAPES
from fastnn.interop.onnx.reading.sizes import SIZES
from fastnn.interop.onnx.reading.values import Base, Constant, Form, Value

__all__ = ["Input", "input_of", "output_of", "read"]

_FLOAT_TYPES = (1, 10, 11)
_KNOWN = {**OPERATORS, **SHAPES, **SIZES, **LEARNED}
_MOST_NODES = 10_000  # each takes a few KB while the graph is read


class Input:
    """The input of a graph.

    Attributes
    ----------
    name : str
    width : int
        Its columns; 0 where the graph does not say it.
    form : Form
    is_wide : bool
        Whether it is of float64.
    """

    def __init__(self, info: Any) -> None:
        tensor = info.type.tensor_type
        dims = [each.dim_value if each.HasField("dim_value") else 0 for each in tensor.shape.dim]
        self.name = info.name
        self.is_wide = tensor.elem_type == 11
        self.form = Form(len(dims), dims[0] if dims else 0) if tensor.HasField("shape") else Form()
        if not info.type.HasField("tensor_type") or self.form.rank < 2:
            raise ValueError(
                f"The input {self.name!r} is no array of rows: it has {self.form.rank} dimensions, wanted 2."
            )
        width = 1
        for each in dims[1:]:
            width *= max(each, 0)
        self.width = width if len(dims) > 1 else 0


def input_of(graph: Any) -> Input:
    """The one input of a graph that is no constant; ValueError where there are others."""
    constants = {each.name for each in graph.initializer}
    found = [each for each in graph.input if each.name not in constants]
    if len(found) != 1:
        names = ", ".join(repr(each.name) for each in found) or "none"
        raise ValueError(f"A Network has one input, this ONNX model has {len(found)}: {names}.")
    return Input(found[0])


def output_of(graph: Any) -> str:
    """The name of the one output of floats; of maps by label what they are made of.

    Raises
    ------
    ValueError
        If there is none, or several.
    """
    makers = {name: node for node in graph.node for name in node.output}
    constants = {each.name for each in graph.initializer}
    found: list[str] = []
    for each in graph.output:
        maker = makers.get(each.name)
        if maker is not None and maker.op_type == "ZipMap" and len(maker.input) == 1:
            found.append(maker.input[0])
        elif maker is not None and maker.op_type == "Gather" and maker.input and maker.input[0] in constants:
            continue  # labels, which may be floats
        elif not each.type.HasField("tensor_type") or each.type.tensor_type.elem_type in (0, *_FLOAT_TYPES):
            found.append(each.name)
    if len(found) != 1:
        names = ", ".join(repr(each.name) for each in graph.output) or "none"
        raise ValueError(
            f"A Network has one output of floats, this ONNX model has {len(found)} among its outputs {names}. Take the "
            "part of the graph that you need by onnx.utils.extract_model."
        )
    return found[0]


def read(graph: Any, x: Input, output: str, folder: str | None) -> Value:
    """What the output is as a function of the input; constants may lie in files of the folder.

    Raises
    ------
    ValueError
        If a node cannot be part of a Network, or the graph is no graph.
    """
    tensors = {each.name: each for each in graph.initializer}
    if len(tensors) < len(graph.initializer):
        names = [each.name for each in graph.initializer]
        raise ValueError(f"Two constants have the name {max(names, key=names.count)!r}.")
    items: dict[str, Item] = {"": None, x.name: Value.of(Base(width=x.width), x.form)}
    nodes = nodes_for(graph, output, {x.name, *tensors})
    if len(nodes) > _MOST_NODES:
        raise ValueError(f"This ONNX model has {len(nodes):,} nodes before its output, wanted {_MOST_NODES:,} at most.")
    for node in nodes:
        for name in node.input:
            if name in tensors and name not in items:
                items[name] = Constant(array_of(tensors[name], folder))
        _read_node(node, items)
    found = items.get(output)
    if not isinstance(found, Value):
        raise ValueError(f"The output {output!r} does not depend on the input {x.name!r}.")
    return found


def _read_node(node: Any, items: dict[str, Item]) -> None:
    operator = _KNOWN.get(node.op_type)
    if node.op_type == "Constant":
        result: Item = _constant(node)
    elif operator is None or node.domain not in DOMAINS:
        raise refused(node, f"cannot be part of a Network. Operators that can are {', '.join(sorted(_KNOWN))}")
    else:
        missing = [name for name in node.input if name not in items]
        if missing:
            raise refused(node, f"takes {missing[0]!r}, which is no output of floats")
        result = operator(node, [items[name] for name in node.input])
    place = 1 if node.op_type == "LinearClassifier" else 0  # its first output is the label
    if len(node.output) > place:
        items[node.output[place]] = result


def _constant(node: Any) -> Constant:
    for each in node.attribute:
        if each.name == "value" and each.type == 4:
            return Constant(array_of(each.t, None))
        if each.name in ("value_float", "value_floats"):
            return Constant(np.array(each.f if each.name == "value_float" else list(each.floats), np.float64))
        if each.name in ("value_int", "value_ints"):
            return Constant(np.array(each.i if each.name == "value_int" else list(each.ints), np.int64))
    raise ValueError(f"{described(node)} has no array of floats or integers.")
