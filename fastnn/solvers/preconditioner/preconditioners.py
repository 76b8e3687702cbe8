"""Preconditioners: approximations of the Hessian whose inverse is cheap to apply."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from fastnn import activations
from fastnn.solvers.objective.types import HessianFree, Matrix, Vector
from fastnn.solvers.preconditioner.cholesky import CholeskyPreconditioner

__all__ = [
    "DiagonalPreconditioner",
    "PartialPreconditioner",
    "Preconditioner",
    "SharedPreconditioner",
    "diagonal_of",
]


class Preconditioner(Protocol):
    """A positive definite stand-in for the Hessian."""

    def solve(self, vector: Vector) -> Vector:
        """Its inverse times a vector (p,)."""
        ...


class DiagonalPreconditioner:
    """The Hessian's diagonal (p,) alone; where that vanishes, one."""

    def __init__(self, diagonal: Vector) -> None:
        self._inverse = 1 / np.where(diagonal > 0, diagonal, 1.0)

    def solve(self, vector: Vector) -> Vector:
        """The inverse times a vector (p,)."""
        return self._inverse * vector


def diagonal_of(objective: HessianFree) -> Callable[[Vector], Preconditioner]:
    """A function that gives the diagonal of the Hessian for params (p,)."""
    return lambda params: DiagonalPreconditioner(objective.with_diagonal(params)[2])


class PartialPreconditioner:
    """A preconditioner for some parameters, and one number for each of the others.

    Parameters
    ----------
    chosen : ndarray (k,) of int
    preconditioner : Preconditioner
        Of the chosen ones.
    diagonal : float
        What stands for the Hessian's diagonal of the others.
    """

    def __init__(self, chosen: NDArray[np.intp], preconditioner: Preconditioner, diagonal: float) -> None:
        self._chosen, self._preconditioner, self._inverse = chosen, preconditioner, 1 / diagonal

    def solve(self, vector: Vector) -> Vector:
        """The inverse times a vector (p,)."""
        result: Vector = self._inverse * vector
        result[self._chosen] = self._preconditioner.solve(vector[self._chosen])
        return result


class SharedPreconditioner:
    """One matrix (m, m) for each of `outputs` classes, as if they did not influence each other.

    For parameters (m, outputs), flat: a factor that is `outputs` times smaller than the Hessian's. It is
    applied by products of our own kernels: LAPACK's threads would still be spinning where a pass
    wants the processors.

    Parameters
    ----------
    matrix : ndarray (m, m)
    outputs : int
    kernel : callable
        kernel(name, *arguments) runs a kernel of the problem's backend, on its threads.
    """

    def __init__(self, matrix: Matrix, outputs: int, kernel: Callable[..., Any]) -> None:
        self._root, self._outputs, self._kernel = CholeskyPreconditioner(matrix).root(), outputs, kernel

    def solve(self, vector: Vector) -> Vector:
        """The inverse times a vector (p,)."""
        by_output = vector.reshape(-1, self._outputs)
        inner, result = np.empty_like(by_output), np.empty_like(by_output)
        self._kernel("dense_backward_params", self._root, by_output, inner, np.empty(self._outputs))
        self._kernel("dense_forward", self._root, inner, None, activations.get("identity"), result)
        return result.ravel()
