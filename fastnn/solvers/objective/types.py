"""What a solver is given, and what it gives back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import inf
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Curved",
    "Goal",
    "HasHessian",
    "HessianFree",
    "Matrix",
    "Objective",
    "Smooth",
    "Solution",
    "SolverOptions",
    "Vector",
    "Watch",
    "numbered_from",
]

Vector = NDArray[np.float64]
Matrix = NDArray[np.float64]
Objective = Callable[[Vector], tuple[float, Vector]]
"""objective(params) -> (loss, its gradient as an array of its own), params float64 (p,)."""

Watch = Callable[[int, Vector, float], None]
"""watch(iteration, params, loss) after every iteration, counted from 1; params must not be changed
or kept."""


def numbered_from(before: int, watch: Watch | None) -> Watch | None:
    """The watch of a solver that goes on after so many iterations."""
    return None if watch is None else lambda iteration, params, loss: watch(before + iteration, params, loss)


class Smooth(Protocol):
    """An objective that has a gradient, and knows how exact its values are."""

    @property
    def resolution(self) -> float:
        """The relative rounding of the loss: smaller differences mean nothing."""
        ...

    def __call__(self, params: Vector) -> tuple[float, Vector]:
        """Loss and gradient (p,)."""
        ...


class HasHessian(Protocol):
    """What gives second derivatives."""

    def with_hessian(self, params: Vector) -> tuple[float, Vector, Matrix]:
        """Loss, gradient and Hessian (p, p)."""
        ...


class Curved(Smooth, HasHessian, Protocol):
    """An objective that has a Hessian; `LogisticObjective` and `SumObjective` are such."""

    @property
    def outputs(self) -> int:
        """How many coefficients belong to a feature."""
        ...

    def largest_change(self, step: Vector) -> float:
        """The most that a step (p,) changes a row's score, over all rows."""
        ...


class HessianFree(Smooth, Protocol):
    """An objective that has second derivatives without computing the Hessian; `LogisticObjective` is one."""

    def with_diagonal(self, params: Vector) -> tuple[float, Vector, Vector]:
        """Loss, gradient and the diagonal (p,) of the Hessian."""
        ...

    def largest_change(self, step: Vector) -> float:
        """The most that a step (p,) changes a row's score, over all rows."""
        ...

    def with_product(self, params: Vector) -> tuple[float, Vector, Callable[[Vector], Vector]]:
        """Loss, gradient, and a function that multiplies the Hessian by a vector (p,)."""
        ...


@dataclass(frozen=True)
class Goal:
    """Where a solver may stop.

    Attributes
    ----------
    gradient : float
        The largest component of the gradient.
    gain : float, default=inf
        What the second-order model promises may still be gained, in parts of the loss.
    vanishing : float, default=0.0
        A loss that counts as none: where it is no larger, a small gradient is enough, whatever the gain.
    """

    gradient: float
    gain: float = inf
    vanishing: float = 0.0


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
    solver : str
        Name of the one that has taken over from that asked for, where one has.
    is_rounding : bool
        Whether it ended because rounding hides what is left, and not at the goal.
    gain : float
        What second derivatives promise may still be gained, in parts of the loss, where that was looked at.
    coarse : tuple of int
        Features whose deviation X's dtype hardly resolves, because they lie so far from zero.
    """

    params: Vector
    loss: float
    n_iter: int
    converged: bool
    message: str = ""
    solver: str = ""
    is_rounding: bool = False
    gain: float = inf
    coarse: tuple[int, ...] = ()

    def counted_from(self, before: int) -> Solution:
        """The same solution, where so many iterations of another solver came before its own."""
        return replace(self, n_iter=before + self.n_iter)


@dataclass(frozen=True)
class SolverOptions:
    """What a user asks of a solver, whichever it is.

    Attributes
    ----------
    tol : float
    max_iter : int
    watch : callable, optional
    seed : int, default=0
        Of the orders of the rows, for solvers that draw them.
    sample_steps : tuple of int, default=()
        Samples that a solver may begin with, as steps from row to row, the smallest sample first.
    """

    tol: float
    max_iter: int
    watch: Watch | None = None
    seed: int = 0
    sample_steps: tuple[int, ...] = ()

    def after(self, n_iter: int) -> SolverOptions:
        """What is left for a solver that goes on after so many iterations."""
        return replace(self, max_iter=self.max_iter - n_iter, watch=numbered_from(n_iter, self.watch))
