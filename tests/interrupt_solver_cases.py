"""Calls of the kernels that solvers are made of: see interrupt_cases."""

from __future__ import annotations

from typing import Any

import numpy as np
from interrupt_cases import CASES, CORE, LONG, RNG, Case, case, nothing, numbers, writing
from random_sparse import random_array
from scipy.sparse import csc_array, csr_array

__all__ = ["CASES"]  # these too


def logistic_of(x: Any, outputs: int, *, diagonal: bool = False, hessian: bool = False) -> Case:
    n, i = x.shape
    y = RNG.integers(0, max(outputs, 2), n).astype(np.int32)
    p = (i + 1) * outputs
    shapes = [(p,), *([(p,)] if diagonal else []), *([(p, p)] if hessian else [])]

    def run(d: np.ndarray, *more: np.ndarray) -> None:
        second = more[0] if diagonal else None, more[-1] if hessian else None
        CORE.logistic_gradient(x, y, None, np.full(p, 0.01), outputs, d, None, *second)

    return writing(run, *shapes, dtype=float)


def sparse(form: type, n: int = 20_000, i: int = 2000, density: float = 0.02) -> Any:
    return form(random_array((n, i), density=density, format="csc", rng=0, dtype=float))


@case
def logistic_gradient() -> Case:
    return logistic_of(numbers(20_000, 1000, dtype=float), 1)


@case
def logistic_gradient_of_classes() -> Case:
    return logistic_of(numbers(2000, 500, dtype=float), 200, diagonal=True)


@case
def logistic_gradient_csr() -> Case:
    return logistic_of(sparse(csr_array, 4000), 100, diagonal=True)


@case
def logistic_gradient_csc() -> Case:
    return logistic_of(CORE.SparseColumns(sparse(csc_array, 4000)), 100, diagonal=True)


@case
def logistic_gradient_with_hessian() -> Case:
    return logistic_of(numbers(40_000, 200, dtype=float), 1, hessian=True)


@case
def logistic_product() -> Case:
    x = numbers(2000, 500, dtype=float)
    state, vector = np.full((2000, 300), 1 / 300), numbers(501 * 300, dtype=float)
    return writing(lambda out: CORE.logistic_product(x, None, state, vector, out), vector.shape, dtype=float)


def gram_of(x: Any) -> Case:
    weight = np.full(x.shape[0], 0.5)
    return writing(lambda out: CORE.weighted_gram(x, weight, out), (x.shape[1],) * 2, dtype=float)


@case
def weighted_gram() -> Case:
    return gram_of(numbers(4000, 1000, dtype=float))


@case
def weighted_gram_csr() -> Case:
    return gram_of(sparse(csr_array, 4000, density=0.1))


@case
def weighted_gram_csc() -> Case:
    return gram_of(CORE.SparseColumns(sparse(csc_array, 4000, density=0.1)))


def no_penalty(count: int) -> np.ndarray:
    return np.array([np.zeros(count), np.zeros(count), np.full(count, -np.inf), np.full(count, np.inf)])


@case
def column_sums() -> Case:
    x, z = numbers(500, 20_000, dtype=float), np.abs(numbers(3, 20_000, dtype=float))
    return writing(lambda d, c: CORE.column_sums(x, z, z, z, d, c, None), (500, 3), (500, 3), dtype=float)


@case
def quadratic_descent() -> Case:
    half = numbers(500, 500, dtype=float)
    hessian, penalty = half @ half.T, no_penalty(500)
    run = lambda w, d: CORE.quadratic_descent(hessian, penalty, 0.0, 300, w, d)  # noqa: E731
    return Case(lambda: [np.zeros(500), numbers(500, dtype=float).copy()], run)


@case
def column_descent() -> Case:
    m, n = 500, 20_000
    x, weight = numbers(m, n, dtype=float), np.full((1, n), 0.25)
    sums = nothing(m, 1, dtype=float), nothing(m, 1, dtype=float), nothing(m, dtype=float)
    CORE.column_sums(x, numbers(1, n, dtype=float), weight, None, *sums)
    last = (np.zeros(1), np.full(1, 0.25 * n), None, 0.0, 10)

    def run(w: np.ndarray, b: np.ndarray, u: np.ndarray) -> None:
        CORE.column_descent(x, weight, None, *sums, no_penalty(m), *last, w, b, u, None)

    return Case(lambda: [np.zeros((m, 1)), np.zeros(1), np.zeros((1, n))], run)


def memory_case(name: str) -> Case:
    steps = np.abs(numbers(10, 2_000_000, dtype=float))
    run = lambda f, v: getattr(CORE, name)(steps, steps, np.full(10, 1e9), 9, 10, f, v)  # noqa: E731
    return Case(lambda: [np.ones(10), np.ones(2_000_000)], run)


@case
def memory_backward() -> Case:
    return memory_case("memory_backward")


@case
def memory_forward() -> Case:
    return memory_case("memory_forward")


def saga_of(x: Any, outputs: int, *, epoch: bool) -> Case:
    n, i = x.shape
    y = RNG.integers(0, max(outputs, 2), n).astype(np.int32)
    p = (i + 1) * outputs
    given, scale = (x, y, None), np.ones(i)

    def run(params: np.ndarray, table: np.ndarray, d: np.ndarray) -> None:
        if epoch:
            turns = (np.arange(n), None, scale, float(n), n, 1e-4, no_penalty(p))
            CORE.saga_epoch(*given, *turns, params, table, d)
        else:
            CORE.saga_table(*given, None, scale, float(n), params, table, d)

    return Case(lambda: [np.zeros(p), np.zeros((n, outputs)), np.zeros(p)], run)


@case
def saga_table() -> Case:
    return saga_of(numbers(2000, 500, dtype=float), 50, epoch=False)


@case
def saga_epoch() -> Case:
    return saga_of(numbers(2000, 500, dtype=float), 50, epoch=True)


@case
def saga_epoch_csr() -> Case:
    return saga_of(sparse(csr_array, 4000, 1000), 50, epoch=True)


@case
def permutation() -> Case:
    return Case(lambda: [np.zeros(4_000_000, np.int64)], lambda order: CORE.permutation(0, 0, order))


def evenly_sparse() -> Any:
    columns = np.arange(LONG, dtype=np.int32) * 7919 % 1000
    return csr_array((np.ones(LONG), columns, np.arange(0, LONG + 1, 20)), shape=(LONG // 20, 1000))


@case
def take_columns() -> Case:
    rows, features = CORE.SparseRows(evenly_sparse()), np.arange(1000)

    def run(out: list[Any]) -> None:
        out.extend(CORE.take_columns(rows, features, True)[1])

    return Case(lambda: [[]], run)
