"""Users' own activations for the native kernels: compiled by Numba, called by address."""

from __future__ import annotations

from typing import Any

from fastnn.activations import Activation

__all__ = ["compiled_activation"]


def compiled_activation(activation: Activation, dtype: Any) -> Any:
    """A user's own activation, compiled; its `address` holds as long as it lives.

    Raises
    ------
    ImportError
        Without Numba.
    TypeError
        If the activation works by row, or Numba cannot compile it.
    """
    try:
        from fastnn.kernels.jit.native import native_activation
    except ImportError as missing:
        raise ImportError(
            f"Activation {activation.name!r} is a user's own. Numba compiles it for backend='native', but cannot be "
            "imported here: install numba, or use backend='reference'."
        ) from missing
    return native_activation(activation, dtype)
