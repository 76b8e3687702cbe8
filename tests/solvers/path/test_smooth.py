"""A family of logistic regressions: each member as if it were solved alone."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from patience import patient
from scipy.sparse import csr_array

from fastnn.solvers.minimise import minimise
from fastnn.solvers.path import smooth as path
from fastnn.solvers.path.family import Family, side_by_side
from fastnn.solvers.path.smooth import solve_family

ALPHAS = [1.0, 100.0, 0.0, 1e-2]
SCATTERED = [np.arange(30, 200), np.arange(60), np.random.default_rng(0).integers(0, 200, 150)]
FOLDS = [np.flatnonzero(np.arange(200) % 3 != k) for k in range(3)]  # what they leave out divides the rows


def family_of(rng: np.random.Generator, outputs: int, weighted: bool, **parameters: Any) -> Family:
    x = rng.normal(size=(200, 4))
    y = (x @ rng.uniform(-0.5, 0.5, (4, max(outputs, 2))) + rng.gumbel(size=(200, max(outputs, 2)))).argmax(axis=1)
    weight = rng.uniform(0.1, 3, 200) if weighted else None
    return Family(x * [1, 1e3, 1e-3, 1], y.astype(np.int32), outputs, weight, fit_intercept=True, **parameters)


def alone(family: Family, alpha: float) -> Any:
    return minimise(family.losses.penalised(alpha), tol=1e-11, max_iter=5000)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("subsets", [SCATTERED, FOLDS, []], ids=["scattered", "folds", "none"])
def test_members_are_as_if_solved_alone(
    rng: np.random.Generator, subsets: list[np.ndarray], outputs: int, weighted: bool
) -> None:
    family = family_of(rng, outputs, weighted)
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
    assert masked.losses.total == pytest.approx(family.sample_weight[rows].sum())
    assert copied.losses.total == pytest.approx(family.sample_weight[rows[:90]].sum())


@pytest.mark.parametrize("sparse", [False, True])
def test_the_same_for_every_number_of_workers(rng: np.random.Generator, sparse: bool) -> None:
    family = family_of(rng, 3, weighted=False)
    if sparse:
        family = Family(csr_array(family.x), family.y, 3, None, fit_intercept=True)
    subsets = SCATTERED if sparse else FOLDS
    results = [solve_family(family, ALPHAS, subsets, tol=1e-6, max_iter=100, n_workers=k) for k in (1, 2, 5)]
    for other in results[1:]:
        for mine, wanted in zip([other[0], *other[1]], [results[0][0], *results[0][1]], strict=True):
            for a, b in zip(mine, wanted, strict=True):
                np.testing.assert_array_equal(a.params, b.params)


def test_where_hessians_do_not_pay(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    family = family_of(rng, 3, weighted=True)
    parameters = {"tol": 1e-9, "max_iter": 500}
    wanted = solve_family(family, ALPHAS, FOLDS, **parameters)
    monkeypatch.setattr(path, "hessian_pays", lambda *arguments: False)
    for subsets in (FOLDS, SCATTERED):
        found = solve_family(family, ALPHAS, subsets, **parameters)
        for mine, theirs in zip(found[0] + found[1][0] * (subsets is FOLDS), wanted[0] + wanted[1][0], strict=False):
            assert mine.loss == pytest.approx(theirs.loss, rel=1e-10)


def test_an_error_in_a_thread_comes_out() -> None:
    def fail(task: int) -> int:
        raise ZeroDivisionError(task)

    assert side_by_side(lambda task: 2 * task, range(5), 3) == [0, 2, 4, 6, 8]
    with pytest.raises(ZeroDivisionError):
        side_by_side(fail, range(5), 3)


def test_an_error_in_a_thread_ends_the_others() -> None:
    begun = []

    def fail_first(task: int) -> None:
        begun.append(task)
        if task == 0:
            raise ZeroDivisionError(task)
        time.sleep(patient(0.05))

    with pytest.raises(ZeroDivisionError):
        side_by_side(fail_first, range(100), 2)
    assert len(begun) < 50
