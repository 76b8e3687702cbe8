"""Random sparse arrays from every version of SciPy: before 1.15 the argument `rng` is called `random_state`."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
from scipy import sparse

__all__ = ["random_array"]

_NAME = "rng" if "rng" in inspect.signature(sparse.random_array).parameters else "random_state"


def random_array(shape: tuple[int, ...], *, rng: int | np.random.Generator, **options: Any) -> Any:
    """See `scipy.sparse.random_array`; the same array in every version."""
    return sparse.random_array(shape, **options, **{_NAME: np.random.default_rng(rng)})
