"""Users' functions that call networks, compiled with Numba."""

from __future__ import annotations

import numpy as np
from numba import njit, prange

__all__ = ["batch", "call", "give_back", "gradient", "gradients", "parallel_rows", "rows"]


@njit(fastmath=True)  # which shall change nothing
def rows(net, x, out):
    for r in range(x.shape[0]):
        net.row(x[r], out[r])


@njit(parallel=True)
def parallel_rows(net, x, out):
    for r in prange(x.shape[0]):
        net.row(x[r], out[r])


@njit
def batch(net, x, out):
    net.batch(x, out)


@njit
def call(net, x):
    return net(x)


@njit(fastmath=True)
def gradient(net, x, out):
    net.row_gradient(x, out)


@njit
def give_back(net):
    return net


def gradients(net, x):
    """d output / d input for every row (n, o, i)."""
    i, o = net.architecture.widths[0], net.architecture.n_outputs
    out = np.full((len(x), *((o, i) if o > 1 else (i,))), np.nan, x.dtype)
    for r in range(len(x)):
        gradient(net, x[r], out[r])
    return out.reshape(len(x), o, i)
