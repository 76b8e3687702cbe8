"""Losses on the raw output z (n, o), their gradients, and the links: the native kernels over compiled functions."""

from __future__ import annotations

from fastnn import _core
from fastnn.kernels.contract import Array
from fastnn.kernels.jit.library import engine_loss
from fastnn.losses import Loss

__all__ = ["link", "loss_and_gradient"]

_ONE_THREAD = 1


def loss_and_gradient(z: Array, y: Array, sample_weight: Array | None, loss: Loss, d_z: Array) -> float:
    """Weighted mean over the rows of the sum over outputs; its gradient by z (n, o) goes to d_z.

    Where all weights are zero (or there are no rows), loss and gradient are zero.
    """
    return _core.loss_and_gradient(z, y, sample_weight, engine_loss(loss, z.itemsize), d_z, _ONE_THREAD)


def link(z: Array, loss: Loss, out: Array) -> None:
    """out (n, o): the prediction that z (n, o) means under the loss."""
    _core.link(z, loss, out, _ONE_THREAD)
