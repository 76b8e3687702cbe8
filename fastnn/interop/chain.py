"""Layers of another library, one after the other, as a Network: what is affine is folded into the dense layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn import losses
from fastnn.activations import Activation, get
from fastnn.interop.clipping import clipping
from fastnn.layers import Dense, Dropout, Layer
from fastnn.losses import Loss
from fastnn.models.network.network import Network

__all__ = ["FOLDED", "Chain"]

# A mean of more than so many standard deviations is taken off by a layer of its own: in the bias, as smaller ones are,
# it would cost as many times the rounding error.
FOLDED = 4.0

_LINK_LOSSES = {"softmax": "cross_entropy", "sigmoid": "binary_cross_entropy"}
_IDENTITY = get("identity")
_PLAIN = (1.0, 0.0)  # scale and shift

Vector = NDArray[np.float64]


@dataclass
class _Dense:
    """A dense layer that is being put together, in float64 whatever its dtype will be."""

    w: NDArray[np.float64]
    b: Vector | None
    activation: Activation = _IDENTITY
    dropout: float = 0.0


class Chain:
    """A network that grows at its end.

    Parameters
    ----------
    n_inputs : int
        Columns of its input.
    """

    def __init__(self, n_inputs: int) -> None:
        self.width = n_inputs
        self._layers: list[_Dense] = []
        self._scale: Vector | None = None  # of what waits for the next dense layer: x * scale + shift
        self._shift: Vector | None = None
        self._dropout = 0.0

    def dense(self, w: NDArray[Any], b: NDArray[Any] | None) -> None:
        """Add x @ w + b."""
        w = w.astype(np.float64)
        b = None if b is None else b.astype(np.float64)
        if not self._layers:
            self._take_off_means()
        if self._shift is not None:
            shifted = self._shift @ w
            b = shifted if b is None else b + shifted
        if self._scale is not None:
            w = self._scale[:, None] * w
        self._layers.append(_Dense(w, b, dropout=self._dropout))
        self._scale = self._shift = None
        self._dropout, self.width = 0.0, w.shape[1]

    def _take_off_means(self) -> None:
        """Give the means of inputs that are far from zero a layer of their own."""
        if self._scale is None or self._shift is None:
            return
        far = (np.abs(self._shift) > FOLDED) & (self._scale != 0)
        if far.any():
            means = np.divide(self._shift, self._scale, out=np.zeros(self.width), where=far)
            self._layers.append(_Dense(np.eye(self.width), means))
            self._shift = np.where(far, 0.0, self._shift)

    def affine(self, scale: Any = 1.0, shift: Any = 0.0) -> None:
        """Add x * scale + shift, for every column the same or each its own."""
        scale, shift = (np.broadcast_to(np.asarray(each, np.float64), self.width) for each in (scale, shift))
        last = self._last_linear()
        if last is not None:
            last.w = last.w * scale
            moved = shift if last.b is None else last.b * scale + shift
            last.b = moved if last.b is not None or shift.any() else None
            return
        before = np.zeros(self.width) if self._shift is None else self._shift
        self._scale = scale if self._scale is None else self._scale * scale
        self._shift = before * scale + shift

    def _last_linear(self) -> _Dense | None:
        """The last layer, if nothing but what is affine has come after its product."""
        if not self._layers or self._layers[-1].activation is not _IDENTITY or self._scale is not None:
            return None
        return self._layers[-1]

    def activation(self, activation: Activation) -> None:
        """Add an activation; behind another one there is a dense layer that changes nothing."""
        if activation.name == "identity":
            return
        if self._last_linear() is None:
            self.dense(np.eye(self.width), None)
        self._layers[-1].activation = activation

    def clip(self, low: float, high: float) -> None:
        """Add the nearest number between two bounds."""
        activation, before, after = clipping(low, high)
        if before != _PLAIN:
            self.affine(*before)
        self.activation(activation)
        if after != _PLAIN:
            self.affine(*after)

    def dropout(self, rate: float) -> None:
        """Add a dropout of the inputs of the next dense layer; several are one that keeps as much as they do.

        Where no dense layer comes any more there is none: a network does not drop its outputs.
        """
        if rate >= 1:
            raise ValueError(f"a rate of {rate:g} would drop all")
        self._dropout = 1 - (1 - self._dropout) * (1 - rate) if self._dropout else rate

    def network(self, loss: str | Loss | None, dtype: Any) -> Network:
        """The network.

        A softmax or sigmoid at its end becomes the link of the loss, where that has it; without a loss it decides
        which one that is.
        """
        if self._scale is not None or not self._layers:
            self.dense(np.eye(self.width), None)
        last = self._layers[-1]
        chosen = losses.get(_LINK_LOSSES.get(last.activation.name, "squared_error") if loss is None else loss)
        ends = [*(layer.activation for layer in self._layers[:-1])]
        ends.append(
            _IDENTITY
            if last.activation == get(chosen.link if chosen.link != "exp" else "identity")
            else last.activation
        )
        layers: list[Layer] = []
        for layer, activation in zip(self._layers, ends, strict=True):
            layers += [Dropout(layer.dropout)] if layer.dropout else []
            layers.append(Dense(layer.w.shape[1], activation, bias=layer.b is not None))
        made = Network(layers, len(self._layers[0].w), chosen, dtype=dtype, random_state=0)
        for layer, w, b in zip(self._layers, made.weights, made.biases, strict=True):
            w[...] = layer.w
            if b is not None and layer.b is not None:
                b[...] = layer.b
        return made
