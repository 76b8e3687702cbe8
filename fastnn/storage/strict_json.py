"""JSON as it is written here, and nothing else that Python's reader would take."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["from_json"]


def from_json(text: str) -> Any:
    """The value that the text describes.

    Raises
    ------
    ValueError
        If it is no JSON, has NaN or infinity for numbers, an integer of thousands of digits, or a key twice.
    RecursionError
        If it is nested too deeply to be read.
    """
    return json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_mapping)


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


def _mapping(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in mapping if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} is there twice")
    return mapping
