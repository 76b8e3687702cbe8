"""A family of logistic regressions: each member as if it were solved alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array

from fastnn.solvers.choose import minimise
from fastnn.solvers.path import Family, side_by_side, solve_family

ALPHAS = [1.0, 100.0, 0.0, 1e-2]


def family_of(rng: np.random.Generator, outputs: int, weighted: bool, **parameters: Any) -> Family:
    x = rng.normal(size=(200, 4))
    y = (x @ rng.uniform(-0.5, 0.5, (4, max(outputs, 2))) + rng.gumbel(size=(200, max(outputs, 2)))).argmax(axis=1)
    weight = rng.uniform(0.1, 3, 200) if weighted else None
    return Family(x * [1, 1e3, 1e-3, 1], y.astype(np.int32), outputs, weight, fit_intercept=True, **parameters)


def alone(family: Family, alpha: float) -> Any:
    return minimise(family.objective(alpha), tol=1e-11, max_iter=5000)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("outputs", [1, 3])
def test_members_are_as_if_solved_alone(rng: np.random.Generator, outputs: int, weighted: bool) -> None:
    family = family_of(rng, outputs, weighted)
    subsets = [np.arange(30, 200), np.arange(60), rng.integers(0, 200, 150)]
    on_all, by_subset = solve_family(family, ALPHAS, subsets, tol=1e-9, max_iter=500)
    for part, solutions in zip([family, *map(family.subset, subsets)], [on_all, *by_subset], strict=True):
        for alpha, solution in zip(ALPHAS, solutions, strict=True):
            wanted = alone(part, alpha)
            assert solution.converged
            assert solution.loss == pytest.approx(wanted.loss, rel=1e-10)


def test_subsets_count_rows_as_often_as_they_occur(rng: np.random.Generator) -> None:
    family = family_of(rng, 1, weighted=True)
    rows = np.r_[0:120, 0:50]
    masked, copied = family.subset(rows), family.subset(rows[:90])
    assert masked.x is family.x
    assert copied.x.shape == (90, 4)
    assert masked.total == pytest.approx(family.sample_weight[rows].sum())
    assert copied.total == pytest.approx(family.sample_weight[rows[:90]].sum())


@pytest.mark.parametrize("sparse", [False, True])
def test_the_same_for_every_number_of_workers(rng: np.random.Generator, sparse: bool) -> None:
    family = family_of(rng, 3, weighted=False)
    if sparse:
        family = Family(csr_array(family.x), family.y, 3, None, fit_intercept=True)
    subsets = [np.arange(k, 200) for k in (10, 20, 30)]
    results = [solve_family(family, ALPHAS, subsets, tol=1e-6, max_iter=100, n_workers=k) for k in (1, 2, 5)]
    for other in results[1:]:
        for mine, wanted in zip([other[0], *other[1]], [results[0][0], *results[0][1]], strict=True):
            for a, b in zip(mine, wanted, strict=True):
                np.testing.assert_array_equal(a.params, b.params)


def test_an_error_in_a_thread_comes_out() -> None:
    def fail(task: int) -> int:
        raise ZeroDivisionError(task)

    assert side_by_side(lambda task: 2 * task, range(5), 3) == [0, 2, 4, 6, 8]
    with pytest.raises(ZeroDivisionError):
        side_by_side(fail, range(5), 3)
