"""Names of users' functions in files."""

from __future__ import annotations

from typing import Any

from fastnn.storage.functions import names_in


def test_names_are_found_however_deep_a_file_is() -> None:
    deep: Any = {"$": "loss", "parts": {"value": "a:b", "slope": None}}
    for _ in range(10_000):
        deep = [deep]
    first = {"$": "activation", "parts": {"name": "c", "value": "d:e", "slope": "f:g"}}
    assert list(names_in([first, deep], ("activation", "loss"))) == ["d:e", "f:g", "a:b"]
