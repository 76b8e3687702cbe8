"""The compiled module's door of fitted models: network_answer, linear_params and are_same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from broken import misaligned
from networks import LAYERS, problem

from fastnn import _core


def _answer(given: Any, x: Any, *, link: bool = True, pairs: bool = False, check_finite: bool = True) -> Any:
    return _core.network_answer(given.plan, given.params, x, given.plan.loss if link else None, pairs, check_finite, 1)


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("n", [1, 17])
def test_it_is_network_predict_in_memory_of_its_own(dtype: Any, name: str, n: int) -> None:
    given = problem(name, dtype, n)
    for link in (False, True):
        wanted = np.empty((n, given.plan.widths[-1]), dtype)
        _core.network_predict(given.plan, given.params, given.x, given.plan.loss if link else None, wanted, 1)
        found = _answer(given, given.x, link=link)
        assert found.dtype == dtype
        assert found.flags.c_contiguous
        assert found.flags.owndata
        np.testing.assert_array_equal(found, wanted, strict=True)


def test_pairs_are_for_one_output_alone(dtype: Any) -> None:
    one, three = problem("one neuron", dtype, 3), problem("relu", dtype, 3)
    wanted = np.empty((3, 2), dtype)
    _core.network_predict(one.plan, one.params, one.x, one.plan.loss, wanted, 1)
    np.testing.assert_array_equal(_answer(one, one.x, pairs=True), wanted, strict=True)
    np.testing.assert_array_equal(_answer(three, three.x, pairs=True), _answer(three, three.x), strict=True)


OTHERS: dict[str, Callable[[np.ndarray], Any]] = {
    "list": lambda x: x.tolist(),
    "row": lambda x: x[0],
    "no row": lambda x: x[:0],
    "columns": lambda x: np.asfortranarray(x),
    "strided": lambda x: np.repeat(x, 2, axis=1)[:, ::2],
    "narrow": lambda x: np.ascontiguousarray(x[:, 1:]),
    "another dtype": lambda x: x.astype("f4" if x.dtype == "f8" else "f8"),
    "integers": lambda x: x.astype(int),
    "swapped": lambda x: x.astype(x.dtype.newbyteorder()),
    "misaligned": misaligned,
    "subclass": lambda x: x.view(np.recarray),
    "None": lambda x: None,
}


@pytest.mark.parametrize("other", OTHERS)
def test_what_kernels_cannot_read_has_no_answer(dtype: Any, other: str) -> None:
    given = problem("relu", dtype, 4)
    for check_finite in (False, True):
        assert _answer(given, OTHERS[other](given.x), check_finite=check_finite) is None


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_has_no_answer_where_that_matters(dtype: Any, number: float) -> None:
    given = problem("relu", dtype, 4)
    x = given.x.copy()
    x[2, 1] = number
    assert _answer(given, x) is None
    assert _answer(given, x, check_finite=False).shape == (4, given.plan.widths[-1])


def test_a_plan_of_another_dtype_is_refused() -> None:
    given, other = problem("relu", "f4", 2), problem("relu", "f8", 2)
    with pytest.raises(TypeError, match="wanted a plan of its dtype"):
        _core.network_answer(given.plan, other.params, other.x, None, False, True, 1)
    with pytest.raises(ValueError, match="params has shape"):
        _core.network_answer(given.plan, given.params[1:], given.x, None, False, True, 1)


# --- linear_params --------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(5,), (1, 5), (3, 5), (40, 7), (16, 1), (0, 4)], ids=str)
def test_parameters_are_the_weights_turned_and_then_the_biases(dtype: Any, shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    coef = rng.normal(size=shape).astype(dtype)
    o = shape[0] if len(shape) == 2 else 1
    intercept = rng.normal(size=o).astype(dtype)
    found = _core.linear_params(coef, intercept)
    np.testing.assert_array_equal(found, np.concatenate([coef.T.ravel(), intercept]), strict=True)
    assert not np.shares_memory(found, coef)


def test_what_is_no_plain_pair_has_no_parameters() -> None:
    coef, intercept = np.ones((3, 5)), np.ones(3)
    for w, b in (
        (coef.tolist(), intercept),
        (coef, 1.0),
        (coef.astype("f4"), intercept),
        (coef.astype(int), intercept.astype(int)),
        (np.asfortranarray(coef), intercept),
        (coef.astype(">f8"), intercept.astype(">f8")),
        (misaligned(coef), intercept),
        (coef, np.ones(6)[::2]),
        (coef, np.ones(2)),
        (np.ones((3, 5, 1)), intercept),
        (np.array(1.0), np.ones(1)),
        (None, intercept),
    ):
        assert _core.linear_params(w, b) is None


# --- are_same -------------------------------------------------------------------------------------


def test_lists_of_the_same_objects() -> None:
    one, other = np.ones(2), np.ones(2)
    assert _core.are_same([one, other], (one, other))
    assert _core.are_same([], ())
    others: tuple[Any, ...] = ([one], [one, other, one], [other, one], [one, one.copy()])
    for these in (*others, np.stack([one, other]), iter([one, other])):
        assert not _core.are_same(these, (one, other))
