"""ONNX graphs as networks."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from fastnn.activations import Activation
from fastnn.install import install_hint
from fastnn.interop.needed import needed
from fastnn.interop.onnx.reading.building import closed, with_layer_of_its_own
from fastnn.interop.onnx.reading.file import Source, graph_of, load
from fastnn.interop.onnx.reading.reader import input_of, output_of, read
from fastnn.interop.onnx.reading.recognised import EXP, recognised
from fastnn.interop.onnx.reading.values import Base, Layer, Value
from fastnn.layers import Dense
from fastnn.models.network.network import Network

__all__ = ["from_onnx"]

_LOSSES = {"softmax": "cross_entropy", "sigmoid": "binary_cross_entropy", EXP: "poisson"}


def from_onnx(model: str | os.PathLike[str] | bytes | Source) -> Network:
    """Read an ONNX graph of dense layers as a Network.

    Graphs as PyTorch, Keras, skl2onnx and `to_onnx` write them: products with weights, activations as one operator or
    written out, softmax, batch normalisation and scaling, which become part of the weights, and what changes nothing in
    inference. An output of labels is left aside, and so are the labels themselves: a Network has none, and gives its
    columns in the order in which the graph has its classes.

    Parameters
    ----------
    model : str, path, bytes or onnx.ModelProto
        The file, its bytes, or what the package onnx has made of it. Weights in a file beside it, as PyTorch writes
        them, are found by the path alone.

    Returns
    -------
    Network
        Its `predict` gives the graph's output of floats, or for maps by label their numbers. A last softmax, sigmoid or
        exponential becomes the link of the loss "cross_entropy", "binary_cross_entropy" or "poisson", so that training
        can go on; else the loss is "squared_error". Its dtype is that of the graph's input.

    Raises
    ------
    ImportError
        If the package onnx is not installed.
    ValueError
        If the file is no ONNX model or damaged, or a node cannot be part of a Network; says which.

    See Also
    --------
    to_onnx : The way back.
    """
    onnx = needed("onnx", "from_onnx", install_hint("onnx"))
    proto, folder = load(onnx, model)
    graph = graph_of(proto)
    x, output = input_of(graph), output_of(graph)
    with np.errstate(all="ignore"):  # functions are computed at points where they may overflow
        layers, loss = _finished(read(graph, x, output, folder), f"The output {output!r}")
        return _network(layers, loss, np.dtype(np.float64 if x.is_wide else np.float32))


def _finished(value: Value, what: str) -> tuple[tuple[Layer, ...], str]:
    """All layers, and the loss whose link the last activation is."""
    known = recognised(value)
    if known is not None and known.activation == EXP and value.base.w is not None and known.after.is_plain:
        base = value.base
        w, b = base.w * known.before.scale, base.b * known.before.scale + known.before.shift
        return (*base.layers, Layer(w, b, Activation("identity"))), _LOSSES[EXP]
    base, line = closed(value, what)
    if not line.is_plain or not base.layers:
        base = with_layer_of_its_own(Base(base.layers, line=line, width=base.width), what)
        base, _ = closed(Value.of(base, value.form), what)
    *before, last = base.layers
    loss = _LOSSES.get(last.activation.name)
    if loss is None:
        return base.layers, "squared_error"
    return (*before, Layer(last.w, last.b, Activation("identity"))), loss


def _network(layers: tuple[Layer, ...], loss: str, dtype: np.dtype[Any]) -> Network:
    dense = [Dense(layer.w.shape[1], layer.activation) for layer in layers]
    network = Network(dense, len(layers[0].w), loss, dtype=dtype, random_state=0)
    for layer, w, b in zip(layers, network.weights, network.biases, strict=True):
        w[...] = layer.w
        if b is not None:
            b[...] = layer.b
        if np.isfinite(layer.w).all() and not np.isfinite(w).all():
            raise ValueError(f"Some weights of this ONNX model are too large for {dtype}.")
    return network
