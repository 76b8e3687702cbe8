"""Cholesky factors and triangular systems by blocks (Golub and Van Loan 2013), so that Ctrl-C need not wait for LAPACK.

Python sees a signal between two calls: the factor of 20,000 parameters is one call of half a minute, and as blocks
many of a few hundredths of a second. Triangles are lower ones, C-contiguous, with zeros above.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from fastnn.solvers.objective.types import Matrix, Vector

__all__ = ["factorise", "inverse_of_triangle", "blocks_of", "scaled_by", "solve", "solve_triangle"]

_BLOCK = 1024  # rows: a product of two blocks takes 20 ms, and reaches the speed of large ones
_AT_ONCE = 2048  # up to so many rows LAPACK does it in one call
_COLUMNS = 128  # of a right side: with 20,000 rows of a triangle 50 ms


def blocks_of(count: int, size: int = _BLOCK) -> Iterator[slice]:
    """Slices of at most `size` rows, of `count` rows."""
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))


def scaled_by(matrix: Matrix, factors: Vector) -> Matrix:
    """The matrix (p, p), rows and columns multiplied by the factors (p,)."""
    scaled = np.empty_like(matrix)
    for rows in blocks_of(len(matrix)) if len(matrix) > _AT_ONCE else (slice(None),):
        block = np.multiply(matrix[rows], factors, out=scaled[rows])
        block *= factors[rows, None]
    return scaled


def factorise(matrix: Matrix) -> tuple[Matrix, bool]:
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


def solve(lower: Matrix, right: Any) -> Any:
    """The solution of ``lower @ lower.T @ x = right``; right is (p,) or (p, q)."""
    from scipy.linalg.lapack import dpotrs

    if len(lower) <= _AT_ONCE:
        return dpotrs(lower.T, right)[0]
    return solve_triangle(lower, solve_triangle(lower, right), transposed=True)


def solve_triangle(lower: Matrix, right: Any, *, transposed: bool = False) -> Any:
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


def inverse_of_triangle(lower: Matrix) -> Matrix:
    """The inverse (p, p) of a triangle."""
    from scipy.linalg.lapack import dtrtri

    if len(lower) <= _AT_ONCE:
        inverse: Matrix = dtrtri(lower.T)[0].T
        return inverse
    solve = partial(_solve_by_blocks, transposed=False)
    inverse = np.zeros_like(lower)
    for columns in blocks_of(len(lower), _COLUMNS):
        first = columns.start // _BLOCK * _BLOCK  # above are zeros
        unit = np.zeros((len(lower) - first, columns.stop - columns.start))
        unit[columns.start - first :][: unit.shape[1]] = np.eye(unit.shape[1])
        inverse[first:, columns] = solve(lower[first:, first:], unit)
    return inverse
