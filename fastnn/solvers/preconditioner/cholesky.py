"""The Hessian's Cholesky factor as a preconditioner, by blocks (Golub and Van Loan 2013), so that Ctrl-C need not wait.

Python sees a signal between two calls of LAPACK: the factor of 20,000 parameters is one call of half a minute, and as
blocks many of a few hundredths of a second. Triangles are lower ones, C-contiguous, with zeros above.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from fastnn.solvers.objective.types import Matrix, Vector
from fastnn.solvers.preconditioner.one_blas_thread import one_thread

__all__ = ["CholeskyPreconditioner", "blocks_of", "newton_preconditioner"]

_BLOCK = 1024  # rows: a product of two blocks takes 20 ms, and reaches the speed of large ones
_AT_ONCE = 2048  # up to so many rows LAPACK does it in one call
_COLUMNS = 128  # of a right side: with 20,000 rows of a triangle 50 ms
_LEAST_DAMPING = 1e-13
_MOST_DAMPING = 1e3
_VANISHING = 1e-18  # of second derivatives by features of scale one


class CholeskyPreconditioner:
    """The Hessian (p, p) by its Cholesky factor, scaled to a unit diagonal.

    A multiple of that diagonal is added (Marquardt 1963), no more than makes it positive definite: so constant and
    duplicated columns, and directions in which the loss is flat, do no harm. Since it only preconditions, the optimum
    stays where it is.

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
        scaled = _scaled_by(hessian, self._inverse)
        damping = _LEAST_DAMPING * len(hessian)
        is_definite = False
        while not is_definite and damping < _MOST_DAMPING:
            scaled.ravel()[:: len(scaled) + 1] = 1 + damping
            with _threads_for(len(scaled)):
                self._factor, is_definite = _factorise(scaled)
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
            solution: Vector = _solve(self._factor, inverse * vector)
        return inverse * solution

    def root(self) -> Matrix:
        """V (p, p), whose product with its own transpose is the inverse."""
        with _threads_for(len(self._factor)):
            inverse = _inverse_of_triangle(self._factor)
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


def _threads_for(p: int) -> AbstractContextManager[None]:
    """A context for LAPACK on p parameters. For fewer OpenBLAS takes one thread by itself; for more, several pay."""
    return one_thread() if 128 <= p <= 1024 else nullcontext()


def blocks_of(count: int, size: int = _BLOCK) -> Iterator[slice]:
    """Slices of at most `size` rows, of `count` rows."""
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))


def _scaled_by(matrix: Matrix, factors: Vector) -> Matrix:
    """The matrix (p, p), rows and columns multiplied by the factors (p,)."""
    scaled = np.empty_like(matrix)
    for rows in blocks_of(len(matrix)) if len(matrix) > _AT_ONCE else (slice(None),):
        block = np.multiply(matrix[rows], factors, out=scaled[rows])
        block *= factors[rows, None]
    return scaled


def _factorise(matrix: Matrix) -> tuple[Matrix, bool]:
    """The factor of a positive definite matrix (p, p), by its lower triangle alone, and whether it is one."""
    from scipy.linalg.lapack import dpotrf  # here, since it is slow to import

    if len(matrix) <= _AT_ONCE:
        upper, info = dpotrf(matrix.T)  # a Fortran array, so that LAPACK copies it only once
        return upper.T, info == 0
    lower = np.zeros_like(matrix)
    for rows in blocks_of(len(matrix)):
        for columns in blocks_of(rows.stop):
            block = matrix[rows, columns].copy()
            for before in blocks_of(columns.start):
                block -= lower[rows, before] @ lower[columns, before].T
            if columns.start < rows.start:
                lower[rows, columns] = _solve_block(lower[columns, columns], block.T, transposed=False).T
                continue
            upper, info = dpotrf(block.T)
            if info != 0:
                return lower, False
            lower[rows, rows] = upper.T
    return lower, True


def _solve(lower: Matrix, right: Any) -> Any:
    """The solution of ``lower @ lower.T @ x = right``; right is (p,) or (p, q)."""
    from scipy.linalg.lapack import dpotrs

    if len(lower) <= _AT_ONCE:
        return dpotrs(lower.T, right)[0]
    return _solve_triangle(lower, _solve_triangle(lower, right), transposed=True)


def _solve_triangle(lower: Matrix, right: Any, *, transposed: bool = False) -> Any:
    """The solution of ``lower @ x = right``, or of ``lower.T @ x = right``; right is (p,) or (p, q)."""
    if len(lower) <= _AT_ONCE:
        return _solve_block(lower, right, transposed=transposed)
    if right.ndim == 1:
        return _solve_by_blocks(lower, right, transposed=transposed)
    solution = np.empty_like(right)
    for columns in blocks_of(right.shape[1], _COLUMNS):
        solution[:, columns] = _solve_by_blocks(lower, right[:, columns], transposed=transposed)
    return solution


def _solve_by_blocks(lower: Matrix, right: Any, *, transposed: bool) -> Any:
    solution = right.copy()
    blocks = list(blocks_of(len(lower)))
    for rows in reversed(blocks) if transposed else blocks:
        done = slice(rows.stop, None) if transposed else slice(0, rows.start)
        known = lower[done, rows].T if transposed else lower[rows, done]
        solution[rows] -= known @ solution[done]
        solution[rows] = _solve_block(lower[rows, rows], solution[rows], transposed=transposed)
    return solution


def _solve_block(lower: Matrix, right: Any, *, transposed: bool) -> Any:
    from scipy.linalg.lapack import dtrtrs

    return dtrtrs(lower.T, right, lower=0, trans=0 if transposed else 1)[0]


def _inverse_of_triangle(lower: Matrix) -> Matrix:
    """The inverse (p, p) of a triangle."""
    from scipy.linalg.lapack import dtrtri

    if len(lower) <= _AT_ONCE:
        inverse: Matrix = dtrtri(lower.T)[0].T
        return inverse
    inverse = np.zeros_like(lower)
    for columns in blocks_of(len(lower), _COLUMNS):
        first = columns.start // _BLOCK * _BLOCK  # above are zeros
        unit = np.zeros((len(lower) - first, columns.stop - columns.start))
        unit[columns.start - first :][: unit.shape[1]] = np.eye(unit.shape[1])
        inverse[first:, columns] = _solve_by_blocks(lower[first:, first:], unit, transposed=False)
    return inverse
