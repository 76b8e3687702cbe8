"""Activations and losses by their codes, from Python."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from fastnn.activations import ACTIVATIONS, Activation
from fastnn.losses import LOSSES, Loss

__all__ = ["named_activation", "named_loss"]

_Listed = TypeVar("_Listed", Activation, Loss)


def _listed(kind: str, given: str | int | _Listed, listed: Mapping[str, _Listed]) -> str | _Listed:
    if not isinstance(given, int):
        return given
    if not 0 <= given < len(listed):
        raise ValueError(f"{kind}={given}, wanted a code of at least 0 and below {len(listed)}.")
    return list(listed.values())[given]


def named_activation(activation: str | int | Activation) -> str | Activation:
    """What fastnn.kernels takes for an activation: codes become activations."""
    return _listed("activation", activation, ACTIVATIONS)


def named_loss(loss: str | int | Loss) -> str | Loss:
    """What fastnn.kernels takes for a loss: codes become losses."""
    return _listed("loss", loss, LOSSES)
