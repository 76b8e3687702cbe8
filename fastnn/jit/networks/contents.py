"""A network as it was when `jit` was called, and what it gives in plain Python: the same as in compiled code."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn.activations import Activation
from fastnn.jit.networks.architecture import CLASS, LABELS, LINK, PAIRS
from fastnn.kernels.composed.network import input_gradient
from fastnn.kernels.contract import Array
from fastnn.kernels.select import native
from fastnn.plan import Plan

__all__ = ["Contents"]


class _Compiled:
    """A plan with users' own activations as they are compiled now, as they are for functions in nopython code.

    It has what kernels ask a plan for.
    """

    def __init__(self, plan: Plan) -> None:
        def compiled(activation: Activation) -> Any:
            from fastnn.kernels.users.compiled import compiled_activation

            tile = compiled_activation(activation, plan.dtype)
            return native.NativeActivation(tile.address, plan.dtype, tile)

        self.widths, self.n_layers, self.dtype = plan.widths, plan.n_layers, plan.dtype
        self.loss, self.unpack = plan.loss, plan.unpack
        self.activations = tuple(each if each.code >= 0 else compiled(each) for each in plan.activations)
        self.native = native.NativePlan(plan.widths, self.activations, plan.bias, plan.dropout, plan.dtype)


@dataclass(frozen=True, eq=False)
class Contents:
    """Parameters and what is made of them.

    Attributes
    ----------
    plan : Plan
    params : ndarray (p,)
        A copy, which nothing changes.
    output : {"raw", "link", "pairs", "class", "labels"}
        What is made of the last layer's activation; `Architecture` has the meaning of each.
    labels : ndarray of int64
        Of "class": the integers that stand for the classes; else empty.
    """

    plan: Plan
    params: Array
    output: str
    labels: NDArray[np.int64]
    _compiled: Any = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_compiled", _Compiled(self.plan))

    def __reduce__(self) -> tuple[type[Contents], tuple[Any, ...]]:
        return Contents, (self.plan, self.params, self.output, self.labels)

    def outputs(self, x: Array) -> NDArray[Any]:
        """What the network gives for x (n, i): (n, o)."""
        z = np.empty((len(x), self.plan.widths[-1]), self.plan.dtype)
        native.network_forward(self._compiled, self.params, x, z, 1)
        if self.output == CLASS:
            index = z[:, 0] > 0 if z.shape[1] == 1 else z.argmax(axis=1)
            return self.labels[index.astype(np.intp)][:, None]
        if self.output == LABELS:
            return (z > 0).astype(np.int64)
        if self.output == PAIRS:
            z = np.hstack([-z, z])
        if self.output not in (LINK, PAIRS):
            return z
        out = np.empty_like(z)
        native.link(z, self.plan.loss, out, 1)
        return out

    def gradient(self, x: Array) -> Array:
        """d output / d x (o, i) at x (i,)."""
        o = self.plan.widths[-1]
        out = np.empty((1, o, len(x)), self.plan.dtype)
        link = self.output in (LINK, PAIRS)
        input_gradient(native, self._compiled, self.params, x[None], range(o), link, out, 1)
        return np.concatenate([-out[0], out[0]]) if self.output == PAIRS else out[0]
