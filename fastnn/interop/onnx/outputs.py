"""A fitted model as a graph: scalers, layers, and what becomes of the raw output: labels, probabilities or numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn.interop.onnx.functions import activation_nodes
from fastnn.interop.onnx.graph import Graph
from fastnn.models.common.as_network import ModelNetwork
from fastnn.serving.served import ServedModel

__all__ = ["Answer", "answers", "classes_of", "label_array", "layers", "pairs", "scaled"]


_KINDS = {"subtract": "Sub", "divide": "Div", "multiply": "Mul", "add": "Add"}


def scaled(graph: Graph, x: str, served: ServedModel) -> str:
    """What scalers make of x, by the operations of scikit-learn's and in the dtypes of theirs."""
    for (operation, values), rounded in zip(served.steps, served.rounded, strict=True):
        if operation == "clip":
            x = graph.node("Clip", x, *(graph.number(each) for each in values))
        elif rounded or graph.dtype == np.float64:
            x = graph.node(_KINDS[operation], x, graph.array(values.astype(graph.dtype)))
        else:
            x = _in_float64(graph, _KINDS[operation], x, values)
    return x


def _in_float64(graph: Graph, kind: str, x: str, values: NDArray[np.float64]) -> str:
    """One operation in float64, as scikit-learn's scalers do it to float32 where they do not round their numbers first.

    In float32 it would lose 6e-8 times the size of a feature, where only its range counts.
    """
    wide = graph.node(kind, graph.cast(x, np.float64), graph.array(values))
    return graph.cast(wide, np.float32)


def layers(graph: Graph, x: str, network: ModelNetwork) -> str:
    """Add all layers; what the activation of the last one gives."""
    weights, biases = network.plan.unpack(network.params)
    a = x
    for l, (w, b) in enumerate(zip(weights, biases, strict=True)):
        given = [graph.array(_in_dtype(w, graph), f"w_{l}")]
        given += [] if b is None else [graph.array(_in_dtype(b, graph), f"b_{l}")]
        a = activation_nodes(graph, network.plan.activations[l], graph.node("Gemm", a, *given))
    return a


def _in_dtype(values: NDArray[Any], graph: Graph) -> NDArray[Any]:
    with np.errstate(over="ignore"):
        result = values.astype(graph.dtype)
    if np.isfinite(values).all() and not np.isfinite(result).all():
        raise ValueError(f"Some weights are too large for dtype={graph.dtype.name!r}; export with dtype='float64'.")
    return result


@dataclass(frozen=True)
class Answer:
    """An output of the graph.

    Attributes
    ----------
    value : str
        The name of the value that it is.
    dtype : numpy.dtype
    shape : tuple of int
        But for the rows.
    """

    value: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]


def answers(graph: Graph, z: str, network: ModelNetwork) -> dict[str, Answer]:
    """Add what becomes of the raw output.

    Returns
    -------
    dict of str to Answer
        "label" and "probabilities" of a classifier, or "label" and "scores" where it has no probabilities; else
        "variable".
    """
    o = network.plan.widths[-1]
    answer = network.output("predict")
    if answer in ("raw", "link"):
        return {"variable": Answer(z if answer == "raw" else _linked(graph, z, network), graph.dtype, (o,))}
    if answer == "labels":
        has_label = graph.cast(graph.node("Greater", z, graph.number(0)), np.int64)
        label = Answer(has_label, np.dtype(np.int64), (o,))
    else:
        classes = label_array(classes_of(network))
        label = Answer(
            graph.node("Gather", graph.array(classes, "classes"), _index(graph, z, network)), classes.dtype, ()
        )
    if "predict_proba" in network.outputs:
        return {"label": label, "probabilities": _probabilities(graph, z, network)}
    scores = (_flat(graph, z), ()) if o == 1 else (z, (o,))
    return {"label": label, "scores": Answer(scores[0], graph.dtype, scores[1])}


def _flat(graph: Graph, value: str) -> str:
    """(n, 1) as (n,)."""
    return graph.node("Reshape", value, graph.array(np.array([-1])))


def _index(graph: Graph, z: str, network: ModelNetwork) -> str:
    """The number (n,) of the likeliest class, by the raw output, as the models themselves decide."""
    if network.plan.widths[-1] > 1 or len(classes_of(network)) == 1:  # of one column the largest is always the first
        return graph.node("ArgMax", z, axis=1, keepdims=0)
    second = graph.cast(graph.node("Greater", z, graph.number(0)), np.int64)
    return _flat(graph, second)


def _probabilities(graph: Graph, z: str, network: ModelNetwork) -> Answer:
    """The probability of every class or label."""
    o = network.plan.widths[-1]
    if network.output("predict") == "class" and len(classes_of(network)) == 1:
        return Answer(graph.node("Softmax", z, axis=1), graph.dtype, (1,))  # which is 1 for every row
    if network.output("predict_proba") == "pairs":
        z, o = pairs(graph, z), 2
    return Answer(_linked(graph, z, network), graph.dtype, (o,))


def pairs(graph: Graph, z: str) -> str:
    """The raw outputs (n, 2) of both classes of one sigmoid neuron."""
    return graph.node("Concat", graph.node("Neg", z), z, axis=1)


def _linked(graph: Graph, z: str, network: ModelNetwork) -> str:
    """The loss's link of the raw output."""
    link = network.plan.loss.link
    if link == "identity":
        return z
    attributes: dict[str, Any] = {"axis": 1} if link == "softmax" else {}
    return graph.node(link.capitalize(), z, **attributes)


def classes_of(network: ModelNetwork) -> NDArray[Any]:
    """The classes, of which a regressor has none."""
    return np.empty(0) if network.classes is None else network.classes


def label_array(classes: NDArray[Any]) -> NDArray[Any]:
    """Classes as an array that ONNX can hold.

    Raises
    ------
    ValueError
        If they are neither numbers nor strings.
    """
    kind = classes.dtype.kind
    if kind in ("O", "T", "U") and all(isinstance(each, str) for each in classes.tolist()):
        return np.array(classes.tolist(), object)
    if kind == "i" or (kind == "u" and int(classes.max()) < 2**63):
        return classes.astype(np.int64)
    if kind in ("b", "u") or (kind == "f" and classes.itemsize <= 8):
        return classes
    raise ValueError(
        f"The classes {classes!r} are of dtype {classes.dtype}; labels in ONNX are strings, integers, floats or bools. "
        "Fit the model to such labels."
    )
