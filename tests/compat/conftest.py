"""A plugin for scikit-learn's own tests: what their conftest.py gives them, and which of them are left out.

A test file here names those in `DESELECTED`, each with its reason.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pytest


@pytest.fixture
def global_random_seed() -> int:
    """The seed that scikit-learn's tests take by default."""
    return 42


def _is_deselected(item: Any) -> bool:
    names: Collection[str] = getattr(item.module, "DESELECTED", ()) if isinstance(item, pytest.Function) else ()
    return bool({item.name, getattr(item, "originalname", None)}.intersection(names))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the deselected tests, and let pytest count them as such."""
    left_out = [item for item in items if _is_deselected(item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
