"""Preconditioners: approximations of the Hessian whose inverse is cheap to apply."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from fastnn import activations
from fastnn.solvers.objective.types import HessianFree, Matrix, Vector
from fastnn.solvers.preconditioner.cholesky import factorise, inverse_of_triangle, scaled_by, solve
from fastnn.solvers.preconditioner.one_blas_thread import one_thread

__all__ = [
    "CholeskyPreconditioner",
    "DiagonalPreconditioner",
    "PartialPreconditioner",
    "Preconditioner",
    "SharedPreconditioner",
    "diagonal_of",
    "newton_preconditioner",
]

_LEAST_DAMPING = 1e-13
_MOST_DAMPING = 1e3
_VANISHING = 1e-18  # of second derivatives by features of scale one


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


def _threads_for(p: int) -> AbstractContextManager[None]:
    """A context for LAPACK on p parameters. For fewer OpenBLAS takes one thread by itself; for more, several pay."""
    return one_thread() if 128 <= p <= 1024 else nullcontext()


class CholeskyPreconditioner:
    """The Hessian (p, p) by its Cholesky factor, scaled to a unit diagonal.

    A multiple of that diagonal is added (Marquardt 1963), no more than makes it positive definite: so constant and
    duplicated columns, and directions in which the loss is flat, do no harm. Since it only
    preconditions, the optimum stays where it is.

    Parameters
    ----------
    hessian : ndarray (p, p)
    least : float, default=0.0
        What stands for second derivatives that are less. By features of scale one, the rounding of a gradient over a
        second derivative of 1e-30, such as that of the intercept of a class that no row has, is no step.
    """

    def __init__(self, hessian: Matrix, least: float = 0.0) -> None:
        diagonal = np.maximum(hessian.diagonal(), least)
        self._inverse = 1 / np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
        scaled = scaled_by(hessian, self._inverse)
        damping = _LEAST_DAMPING * len(hessian)
        is_definite = False
        while not is_definite and damping < _MOST_DAMPING:
            scaled.ravel()[:: len(scaled) + 1] = 1 + damping
            with _threads_for(len(scaled)):
                self._factor, is_definite = factorise(scaled)
            damping *= 100
        if not is_definite:
            if not np.isfinite(scaled).all():
                raise ValueError("The Hessian has numbers that are not finite.")
            # Where rows are certain, the rounding of float32 can leave more beside the diagonal than on it.
            self._factor = np.eye(len(scaled))

    def solve(self, vector: Vector) -> Vector:
        """The inverse times a vector (p,), or times several vectors, the columns of (p, k)."""
        inverse = self._inverse if vector.ndim == 1 else self._inverse[:, None]
        with _threads_for(len(vector)):
            solution: Vector = solve(self._factor, inverse * vector)
        return inverse * solution

    def root(self) -> Matrix:
        """V (p, p), whose product with its own transpose is the inverse."""
        with _threads_for(len(self._factor)):
            inverse = inverse_of_triangle(self._factor)
        return np.ascontiguousarray(self._inverse[:, None] * inverse.T)


def newton_preconditioner(hessian: Matrix, outputs: int) -> CholeskyPreconditioner:
    """The Hessian (p, p) of a logistic regression with so many outputs, by features of scale one; it is changed.

    A softmax does not change where the same is added to the coefficients of all classes. What rounding leaves of a
    gradient in that direction, where the intercepts have no curvature at all, would be a large step: so it gets some.
    """
    if outputs > 1:
        by_output = hessian.reshape(-1, outputs, len(hessian) // outputs, outputs)
        mean = hessian.diagonal().reshape(-1, outputs).mean(axis=1)
        np.einsum("jkjl->jkl", by_output)[...] += (mean / outputs)[:, None, None]
    return CholeskyPreconditioner(hessian, _VANISHING)


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
