"""What a value of a graph is while it is read: a constant, or a function of the last layer's raw output.

Graphs write an activation in many ways: as one operator, or as a handful of products, exponentials and comparisons. So
a value is followed as numbers: what it is at some points of z. From these `fastnn.interop.onnx.reading.recognised`
tells which activation it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastnn.activations import Activation

__all__ = ["POINTS", "Base", "Constant", "Form", "Known", "Layer", "Line", "Numbers", "Value", "at", "identity_layer"]

Numbers = NDArray[Any]

_MOST = 1 << 25  # weights with layers that only hand on: a small file must not ask for more memory than there is


def _points() -> NDArray[np.float64]:
    """Points at the same distances on both sides of zero: powers of two and between them, halves, and large ones."""
    powers = 2.0 ** np.arange(-40, 11)
    large = 10.0 ** np.arange(4, 31)
    right = np.unique(np.concatenate([powers, 1.25 * powers, 1.5 * powers, np.arange(1, 80) / 2, large]))
    return np.concatenate([-right[::-1], [0.0], right])


POINTS = _points()
POINTS.flags.writeable = False
_PLACES = {float(point): place for place, point in enumerate(POINTS)}


def at(values: NDArray[np.float64], point: float) -> float:
    """What values at POINTS are at one of them."""
    return float(values[_PLACES[point]])


@dataclass(frozen=True)
class Layer:
    """A dense layer: w (i, o), b (o,), and an activation."""

    w: Numbers
    b: Numbers
    activation: Activation


@dataclass(frozen=True)
class Line:
    """scale * (z - center) + shift, of numbers, or of vectors of one for each output.

    Only what happens to inputs has a center: a mean that is taken off first, by which no digits are lost.
    """

    scale: Any = 1.0
    shift: Any = 0.0
    center: Any = 0.0

    def then(self, scale: Any, shift: Any) -> Line:
        """Another line of what this one gives."""
        return Line(self.scale * scale, self.shift * scale + shift, self.center)

    @property
    def is_plain(self) -> bool:
        """Whether it is z itself."""
        return bool(np.all(self.scale == 1) and np.all(self.shift == 0) and np.all(self.center == 0))


@dataclass(frozen=True, eq=False)
class Base:
    """What functions are functions of: the raw output of the last layer so far, or the network's input.

    Attributes
    ----------
    layers : tuple of Layer
        Those that are finished.
    w, b : ndarray, optional
        Of the last layer, whose activation is not known yet; None for the input, or what the last finished layer gives.
    line : Line
        What happens to the inputs of the next layer first.
    width : int
        Its columns; 0 where nothing says it yet.
    """

    layers: tuple[Layer, ...] = ()
    w: Numbers | None = None
    b: Numbers | None = None
    line: Line = field(default_factory=Line)
    width: int = 0


@dataclass(frozen=True)
class Known:
    """after(activation(before(z))), with lines before and after."""

    activation: Activation | str
    before: Line = Line()
    after: Line = Line()


class Form(NamedTuple):
    """How many dimensions an array has, and how many rows where that is fixed; else 0."""

    rank: int = 2
    rows: int = 0


@dataclass(frozen=True, eq=False)
class Value:
    """A function of each number of a base.

    Attributes
    ----------
    base : Base
    values : ndarray
        At POINTS of the base's z.
    line : Line, optional
        It is this line of z.
    named : Known, optional
        What it is, as one operator says.
    tail : tuple of Value and Line, optional
        It is this line of another function.
    constants : tuple of float
        The numbers that have taken part.
    form : Form
    """

    base: Base
    values: Numbers
    line: Line | None = None
    named: Known | None = None
    tail: tuple[Value, Line] | None = None
    constants: tuple[float, ...] = ()
    form: Form = Form()

    @classmethod
    def of(cls, base: Base, form: Form) -> Value:
        """The base itself."""
        return cls(base, POINTS, Line(), form=form)

    def lined(self, scale: float, shift: float) -> Value:
        """A line of this value, by numbers."""
        values = self.values * scale + shift
        constants = (*self.constants, scale, shift)[-16:]
        if self.line is not None:
            return replace(self, values=values, line=self.line.then(scale, shift), constants=constants)
        inner, line = self.tail or (self, Line())
        return replace(self, values=values, named=None, tail=(inner, line.then(scale, shift)), constants=constants)


@dataclass(frozen=True, eq=False)
class Constant:
    """An array that the file has, or the shape of one that depends on the input.

    Attributes
    ----------
    array : ndarray
    is_shape : bool
        Its integers are a shape, or a part of one: there 0 stands for the rows, of which there may be any number.
    """

    array: Numbers
    is_shape: bool = False


def identity_layer(layers: tuple[Layer, ...], width: int, what: str) -> tuple[Numbers, Numbers]:
    """w and b of a layer after others that hands its inputs on.

    Raises
    ------
    ValueError
        If the width is not known, or too large.
    """
    if not width or sum(layer.w.size for layer in layers) + width * width > _MOST:
        known = f"of {width:,} columns there are too many" if width else "the graph does not say of how many columns"
        raise ValueError(f"{what} needs a layer of its own in a Network, and {known}.")
    return np.eye(width), np.zeros(width)
