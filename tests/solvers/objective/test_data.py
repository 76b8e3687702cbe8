"""The rows of a logistic regression: samples of them, and their forms for kernels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from drawn_logistic import draw, problem
from random_sparse import random_array

from fastnn.kernels.select import kernels_for
from fastnn.solvers.objective.logistic import LogisticObjective


def test_refuses_threads_where_there_are_none() -> None:
    x, y = draw(10, 2, 2)
    with pytest.raises(ValueError, match="only the native backend has threads"):
        problem(x, y, backend="reference", n_threads=2)


@pytest.mark.parametrize("step", [1, 2, 17, 2000])
@pytest.mark.parametrize("form", [sp.csc_array, sp.csc_matrix])
def test_a_sample_of_columns_is_that_of_rows(step: int, form: Any) -> None:
    x = random_array((1003, 17), density=0.1, rng=0, format="csr")
    y = (np.arange(1003) % 2).astype(np.int32)
    found = LogisticObjective(form(x), y, 1).sample(step)
    wanted = LogisticObjective(x, y, 1).sample(step)
    assert found.x.format == "csc"
    np.testing.assert_array_equal(found.x.toarray(), wanted.x.toarray())
    params = np.linspace(-1, 1, 18)
    np.testing.assert_allclose(found(params)[1], wanted(params)[1], atol=1e-14)


@pytest.mark.parametrize("form", [np.asarray, sp.csr_array, sp.csc_array])
def test_every_row_is_no_sample(form: Any) -> None:
    """But the problem itself: SciPy would copy X."""
    x, y = draw(40, 3, 2)
    whole = LogisticObjective(form(x), y, 1)
    assert whole.sample(1) is whole


@pytest.mark.parametrize("form", [sp.csr_array, sp.csc_array])
def test_rows_have_elements_in_one_piece(form: Any) -> None:
    """SAGA's step is by the largest row's square, and two halves have half of it; the user's matrix stays as it is."""
    x, y = draw(40, 3, 2)
    plain = form(x)
    twice = form((np.repeat(plain.data / 2, 2), np.repeat(plain.indices, 2), plain.indptr * 2), plain.shape)
    rows = LogisticObjective(twice, y, 1, backend="reference").data.by_rows()
    np.testing.assert_array_equal(rows.toarray(), x)
    assert rows.nnz == plain.nnz and twice.nnz == 2 * plain.nnz
    table, d_params, state = np.empty((40, 1)), np.empty(3), (y, None, None, np.ones(3), 40.0, np.zeros(3))
    kernels = kernels_for("native")
    largest = kernels.saga_table(LogisticObjective(twice, y, 1).data.by_rows(), *state, table, d_params)
    assert largest == pytest.approx((x**2).sum(axis=1).max())
    assert LogisticObjective(form(x), y, 1, backend="reference").data.by_rows().nnz == plain.nnz
