"""Users' own activations and losses for the native kernels: compiled by Numba, called by address."""

from __future__ import annotations

from typing import Any

from fastnn.activations import Activation
from fastnn.kernels.available import require_numba
from fastnn.losses import Loss

__all__ = ["compiled_activation", "compiled_loss"]


def compiled_activation(activation: Activation, dtype: Any) -> Any:
    """A user's own activation, compiled; its `address` holds as long as it lives.

    Raises
    ------
    ImportError
        Without Numba.
    TypeError
        If the activation works by row, or Numba cannot compile it.
    """
    require_numba(f"Activation {activation.name!r} is a user's own, and compiling it for backend='native'", "reference")
    from fastnn.kernels.jit.native import native_activation

    return native_activation(activation, dtype)


def compiled_loss(loss: Loss, dtype: Any) -> Any:
    """A user's own loss, compiled: a `_core.NativeLoss`.

    Raises
    ------
    ImportError
        Without Numba.
    TypeError
        If Numba cannot compile it.
    """
    require_numba(f"Loss {loss.name!r} is a user's own, and compiling it for backend='native'", "reference")
    from fastnn.kernels.called_back import called_loss

    return called_loss(loss, dtype)
