"""What a solver is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Objective", "Solution", "Vector", "Watch"]

Vector = NDArray[np.float64]
Objective = Callable[[Vector], tuple[float, Vector]]
"""objective(params) -> (loss, its gradient as an array of its own), params float64 (p,)."""

Watch = Callable[[int, Vector, float], None]
"""watch(iteration, params, loss) after every iteration, counted from 1; params must not be changed
or kept."""


@dataclass(frozen=True)
class Solution:
    """Where a solver ended.

    Attributes
    ----------
    params : ndarray (p,), float64
    loss : float
    n_iter : int
    converged : bool
    message : str
        Why it stopped, where it has not converged.
    """

    params: Vector
    loss: float
    n_iter: int
    converged: bool
    message: str = ""
