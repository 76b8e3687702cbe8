"""A network as it was when `jit` was called, and what it gives in plain Python: the same as in compiled code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn.jit.architecture import CLASS, LABELS, LINK, PAIRS
from fastnn.kernels.composed.network import input_gradient
from fastnn.kernels.contract import Array
from fastnn.kernels.select import native
from fastnn.plan import Plan

__all__ = ["Contents"]


@dataclass(frozen=True, eq=False)
class Contents:
    """Parameters and what is made of them.

    Attributes
    ----------
    plan : Plan
    params : ndarray (p,)
        A copy, which nothing changes.
    output : {"raw", "link", "pairs", "class", "labels"}
        As in `Architecture`.
    labels : ndarray of int64
        Of "class": the integers that stand for the classes; else empty.
    """

    plan: Plan
    params: Array
    output: str
    labels: NDArray[np.int64]

    def outputs(self, x: Array) -> NDArray[Any]:
        """What the network gives for x (n, i): (n, o)."""
        z = np.empty((len(x), self.plan.widths[-1]), self.plan.dtype)
        native.network_forward(self.plan, self.params, x, z, 1)
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
        input_gradient(native, self.plan, self.params, x[None], range(o), link, out, 1)
        return np.concatenate([-out[0], out[0]]) if self.output == PAIRS else out[0]
