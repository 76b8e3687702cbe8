"""A graph of ONNX operators while it is written: nodes and arrays, which become a file or part of another graph."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["FLOATS", "Graph", "Node", "renamed_outputs", "type_of"]

FLOATS = {np.dtype(np.float32): 1, np.dtype(np.float64): 11}  # ONNX's numbers for them
# Of strings, too, which are arrays of objects.
_TYPES = {"int64": 7, "object": 8, "bool": 9, "float16": 10, "uint8": 2, "uint16": 4, "uint32": 12, "uint64": 13}


def type_of(dtype: Any) -> int:
    """ONNX's number for a dtype."""
    return FLOATS.get(np.dtype(dtype)) or _TYPES[np.dtype(dtype).name]


@dataclass
class Node:
    """An operator, the names of what it takes and of the one thing that it gives."""

    kind: str
    inputs: list[str]
    output: str
    attributes: dict[str, Any]
    domain: str = ""


@dataclass
class Graph:
    """What has been written so far.

    Attributes
    ----------
    dtype : numpy.dtype
        What is computed in: float32 or float64.
    opset : int
        The version of ONNX's operators.
    x : str
        The name of the input (n, i).
    nodes : list of Node
    arrays : dict of str to ndarray
        The constants, by name.
    """

    dtype: np.dtype[Any]
    opset: int
    x: str = "X"
    nodes: list[Node] = field(default_factory=list)
    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)

    def node(self, kind: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """Add an operator; the name of its output."""
        output = f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(Node(kind, list(inputs), output, attributes, domain))
        return output

    def array(self, values: ArrayLike, name: str = "") -> str:
        """Add a constant; its name."""
        constant = np.asarray(values)
        name = name or f"constant_{len(self.arrays)}"
        self.arrays[name] = constant
        return name

    def number(self, value: float) -> str:
        """A number of the graph's dtype as a constant, each once; its name."""
        name = f"number_{float(value)!r}"
        return self.array(np.array(value, self.dtype), name)

    def cast(self, value: str, dtype: Any) -> str:
        """The same in another dtype."""
        return self.node("Cast", value, to=type_of(dtype))


def renamed_outputs(graph: Graph, outputs: dict[str, str]) -> list[Node]:
    """The nodes of a graph, with other names of the values that are its outputs.

    A value that is no node's, or an output already, is handed on by an Identity.
    """
    names: dict[str, str] = {}
    handed_on = []
    made = {node.output for node in graph.nodes}
    for name, value in outputs.items():
        if value in made and value not in names:
            names[value] = name
        else:
            handed_on.append(Node("Identity", [names.get(value, value)], name, {}))
    nodes = [
        replace(
            node, inputs=[names.get(each, each) for each in node.inputs], output=names.get(node.output, node.output)
        )
        for node in graph.nodes
    ]
    return [*nodes, *handed_on]
