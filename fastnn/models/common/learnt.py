"""What a fit has come to, before it is put on the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["Learnt"]


@dataclass(frozen=True)
class Learnt:
    """The result of training.

    Attributes
    ----------
    attributes : dict of str to anything
        Fitted attributes, by their names.
    warning : str
        What a user should know; empty where nothing is to be said.
    """

    attributes: dict[str, Any]
    warning: str = ""
