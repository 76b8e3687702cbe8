"""Which nodes of a graph an output needs, in an order in which they can be read."""

from __future__ import annotations

from typing import Any

from fastnn.interop.onnx.reading.file import described

__all__ = ["nodes_for"]


def nodes_for(graph: Any, output: str, known: set[str]) -> list[Any]:
    """The nodes that an output needs, each after those that it needs itself.

    Parameters
    ----------
    graph : GraphProto
    output : str
    known : set of str
        Names that need no node: inputs and constants.

    Raises
    ------
    ValueError
        If nodes go round in a circle, two give the same value, or none gives a value that is needed.
    """
    makers: dict[str, int] = {}
    for index, node in enumerate(graph.node):
        for name in node.output:
            if name and (name in makers or name in known):
                raise ValueError(f"The value {name!r} comes from two nodes.")
            makers[name] = index
    order: list[int] = []
    state: dict[int, bool] = {}  # whether a node is done; one that is not is being looked at
    waiting: list[tuple[str, int | None]] = [(output, None)]  # values to find, and nodes whose values have been found
    while waiting:
        name, done = waiting.pop()
        if done is not None:
            state[done] = True
            order.append(done)
        elif name not in known:
            _visit(graph, name, makers, state, waiting)
    return [graph.node[index] for index in order]


def _visit(
    graph: Any, name: str, makers: dict[str, int], state: dict[int, bool], waiting: list[tuple[str, int | None]]
) -> None:
    index = makers.get(name)
    if index is None:
        raise ValueError(f"No node or constant of this ONNX model gives the value {name!r}, which is needed.")
    if state.get(index):
        return
    node = graph.node[index]
    if index in state:
        raise ValueError(f"{described(node)} needs its own output {name!r}: the graph has a circle.")
    state[index] = False
    waiting.append((name, index))
    waiting.extend((each, None) for each in node.input if each)
