"""LAPACK on one thread, and the setting brought back."""

from __future__ import annotations

from threading import Event, Thread

import numpy as np
import pytest
from patience import LONG
from threadpoolctl import ThreadpoolController, threadpool_limits

from fastnn.solvers.preconditioner.cholesky import CholeskyPreconditioner
from fastnn.solvers.preconditioner.one_blas_thread import one_thread


def blas_threads() -> set[int]:
    return {library["num_threads"] for library in ThreadpoolController().select(user_api="blas").info()}


def test_it_holds_inside_and_is_brought_back() -> None:
    with threadpool_limits(2, user_api="blas"):
        outside = blas_threads()
        with one_thread():
            assert blas_threads() == {1}
            with one_thread():
                assert blas_threads() == {1}
            assert blas_threads() == {1}
        assert blas_threads() == outside
        with pytest.raises(ZeroDivisionError), one_thread():
            raise ZeroDivisionError
        assert blas_threads() == outside


@pytest.mark.parametrize("first_leaves_first", [False, True])
def test_threads_that_leave_in_any_order(first_leaves_first: bool) -> None:
    inside, may_leave = Event(), Event()

    def second() -> None:
        with one_thread():
            inside.set()
            assert may_leave.wait(LONG)

    with threadpool_limits(2, user_api="blas"):
        outside = blas_threads()
        thread = Thread(target=second)
        with one_thread():
            thread.start()
            assert inside.wait(LONG)
            if not first_leaves_first:
                may_leave.set()
                thread.join()
                assert blas_threads() == {1}
        assert blas_threads() == outside
        may_leave.set()
        thread.join()
        assert blas_threads() == outside


@pytest.mark.parametrize("p", [3, 130, 300])
def test_a_factor_does_not_depend_on_the_setting(p: int) -> None:
    x = np.random.default_rng(0).normal(size=(2 * p, p))
    hessian, vector = x.T @ x, np.ones(p)
    answers = []
    for threads in (1, 2):
        with threadpool_limits(threads, user_api="blas"):
            preconditioner = CholeskyPreconditioner(hessian)
            answers.append((preconditioner.solve(vector), preconditioner.root()))
    for one, two in zip(*answers, strict=True):
        np.testing.assert_array_equal(one, two)
    np.testing.assert_allclose(hessian @ answers[0][0], vector, rtol=1e-6)
    np.testing.assert_allclose(answers[0][1] @ answers[0][1].T @ hessian, np.eye(p), atol=1e-6)
