"""The package torch, where it is installed."""

from __future__ import annotations

from typing import Any

from fastnn.install import install_hint

__all__ = ["require_torch"]


def require_torch(purpose: str) -> Any:
    """The module torch; ImportError, with what to do, where it is not installed."""
    try:
        import torch
    except ImportError as fault:
        raise ImportError(f"{purpose} needs the package torch: {install_hint('torch')}.") from fault
    return torch
