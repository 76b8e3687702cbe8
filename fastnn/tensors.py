"""Arrays of other libraries, such as PyTorch's tensors, as NumPy's."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["as_host", "is_tensor"]

_READABLE = (1, 3, 11)  # DLPack's numbers of memory that the CPU reads: its own, and pinned memory of CUDA and ROCm


def is_tensor(value: Any) -> bool:
    """Whether this is an array of another library: by the array API standard, by DLPack, or with a device."""
    if isinstance(value, (np.ndarray, np.generic)):
        return False
    if hasattr(value, "__array_namespace__") or hasattr(value, "__dlpack__"):
        return True
    return hasattr(value, "__array__") and hasattr(value, "device")


def as_host(name: str, value: Any) -> Any:
    """A tensor as an ndarray, over the same memory where it can be; anything else as it is.

    Raises
    ------
    TypeError
        If NumPy cannot read the tensor, because of its device, its gradient, its layout or its dtype.
    """
    if not is_tensor(value):
        return value
    try:
        _require_cpu(value)
        return np.asarray(value) if hasattr(value, "__array__") else np.from_dlpack(value)
    except Exception as fault:  # whatever the other library raises
        kind = f"{type(value).__module__}.{type(value).__qualname__}"
        raise TypeError(
            f"{name} is a {kind} that NumPy cannot read ({fault}). Pass one in the CPU's memory, without a gradient "
            f"and dense, such as {name}.detach().cpu(), of a dtype that NumPy has."
        ) from fault


def _require_cpu(value: Any) -> None:
    """Raise TypeError for a tensor on another device: some libraries copy it silently, at every call."""
    asked = getattr(value, "__dlpack_device__", None)
    if asked is not None and int(asked()[0]) not in _READABLE:
        raise TypeError(f"it lies on the device {getattr(value, 'device', asked())}")
