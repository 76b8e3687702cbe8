"""The one block of memory that the compiled code of a network reads: everything that its architecture does not say.

It begins with addresses of the native functions, and what these read. Then come the labels, each layer's parameters in
whole vectors, and the same as one vector, as the native kernel for a whole network wants them. Where each part begins
follows from the architecture alone.
"""

from __future__ import annotations

from ctypes import c_void_p
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn import activations
from fastnn.activations import Activation
from fastnn.flat_params import FlatParams
from fastnn.jit.architecture import Architecture
from fastnn.kernels.abi import FIRST_FUNCTION, symbols
from fastnn.kernels.select import native

__all__ = ["ACTIVATION_BYTES", "FUNCTIONS", "Layout", "layout_of", "write_block"]

FUNCTIONS = ("activation_tile", "link", "network_forward")  # their addresses, in this order

_CACHE_LINE = 64  # no vector lies in two of them

# The structs of fastnn/include/fastnn.h.
_ACTIVATION = np.dtype({"names": ["code", "parameters", "own"], "formats": ["i4", "2f8", "uintp"]}, align=True)
_LOSS = np.dtype([("code", "i4"), ("link", "i4"), ("parameter", "f8"), ("own", np.uintp)], align=True)
_NETWORK = np.dtype([(name, np.uintp) for name in ("widths", "activations", "has_bias", "layers")])
ACTIVATION_BYTES = _ACTIVATION.itemsize


@dataclass(frozen=True)
class Layout:
    """Where each part begins, in bytes.

    Attributes
    ----------
    functions : int
        Addresses of `FUNCTIONS`.
    network, loss, exp : int
        Structs; the second has the link, the third the link exp.
    activations : int
        A struct for every layer, and one for the link.
    widths, has_bias : int
        What `network` points to.
    labels : int
        Of "class".
    layers : tuple of (int, int)
        Each layer's b and w, in rows of whole vectors.
    params : int
        One vector of all of them, without padding.
    nbytes : int
        Where all ends.
    """

    functions: int
    network: int
    loss: int
    exp: int
    activations: int
    widths: int
    has_bias: int
    labels: int
    layers: tuple[tuple[int, int], ...]
    params: int
    nbytes: int


@lru_cache(maxsize=256)
def layout_of(architecture: Architecture) -> Layout:
    """The layout that compiled code of this architecture knows."""
    end = 0

    def place(nbytes: int) -> int:
        nonlocal end
        begin, end = end, -(-(end + nbytes) // _CACHE_LINE) * _CACHE_LINE
        return begin

    layers, size = architecture.n_layers, architecture.itemsize
    shapes = list(zip(architecture.widths[:-1], architecture.widths[1:], strict=True))
    n_params = sum(i * o + o * bias for (i, o), bias in zip(shapes, architecture.biases, strict=True))
    return Layout(
        functions=place(8 * len(FUNCTIONS)),
        network=place(_NETWORK.itemsize),
        loss=place(_LOSS.itemsize),
        exp=place(_LOSS.itemsize),
        activations=place(ACTIVATION_BYTES * (layers + 1)),
        widths=place(8 * (layers + 1)),
        has_bias=place(4 * layers),
        labels=place(8 * architecture.n_labels),
        layers=tuple((place(architecture.padded(o) * size), place(i * architecture.padded(o) * size)) for i, o in shapes),
        params=place(n_params * size),
        nbytes=place(0),
    )


@lru_cache(maxsize=2)
def _addresses(dtype: str) -> NDArray[np.uintp]:
    """Where the native functions for an element type are in this process."""
    names = [symbol.name for symbol in symbols()]
    table = (c_void_p * (FIRST_FUNCTION + len(names))).from_address(native.api_address())
    return np.array([table[FIRST_FUNCTION + names.index(f"{name}_{dtype}")] for name in FUNCTIONS], np.uintp)


def _write_activation(into: Any, activation: Activation, dtype: Any) -> Any:
    """Fill a struct; what holds a user's own function in memory."""
    into["code"] = activation.code
    if activation.code >= 0:
        into["parameters"][: len(activation.parameters)] = activation.parameters
        return None
    from fastnn.kernels.user_activations import compiled_activation

    compiled = compiled_activation(activation, dtype)
    into["own"] = compiled.address
    return compiled


def write_block(
    block: NDArray[np.uint8], architecture: Architecture, flat: FlatParams, labels: NDArray[np.int64]
) -> list[Any]:
    """Fill a block whose address stays; the owners of what it points to outside of itself.

    Raises
    ------
    ImportError, TypeError
        If an activation is a user's own and cannot be compiled.
    """
    plan, layout, base = flat.plan, layout_of(architecture), block.ctypes.data

    def part(begin: int, count: int, dtype: Any) -> NDArray[Any]:
        return block[begin : begin + count * np.dtype(dtype).itemsize].view(dtype)

    block[:] = 0
    part(layout.functions, len(FUNCTIONS), np.uintp)[:] = _addresses(architecture.dtype)
    part(layout.widths, plan.n_layers + 1, np.int64)[:] = plan.widths
    part(layout.has_bias, plan.n_layers, np.int32)[:] = plan.bias
    places = (layout.widths, layout.activations, layout.has_bias)
    part(layout.network, 1, _NETWORK)[0] = (*(base + place for place in places), plan.n_layers)
    for place, link in ((layout.loss, plan.loss.link), (layout.exp, "exp")):
        part(place, 1, _LOSS)["link"] = native.LINK_CODES[link]
    part(layout.labels, architecture.n_labels, np.int64)[:] = labels
    part(layout.params, plan.n_params, plan.dtype)[:] = flat.params
    _write_layers(part, architecture, layout, flat)
    linked = architecture.link if architecture.link in activations.ACTIVATIONS else "identity"
    structs = part(layout.activations, plan.n_layers + 1, _ACTIVATION)
    functions = (*plan.activations, activations.get(linked))
    return [_write_activation(*each, plan.dtype) for each in zip(structs, functions, strict=True)]


def _write_layers(part: Any, architecture: Architecture, layout: Layout, flat: FlatParams) -> None:
    for (of_b, of_w), w, b in zip(layout.layers, flat.weights, flat.biases, strict=True):
        i, o = w.shape
        q = architecture.padded(o)
        part(of_w, i * q, w.dtype).reshape(i, q)[:, :o] = w
        if b is not None:
            part(of_b, q, w.dtype)[:o] = b
