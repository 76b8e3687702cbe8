"""One flat vector with its views: what shares memory, what is copied, and what is refused."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from fastnn import losses
from fastnn.activations import get
from fastnn.flat_params import FlatParams
from fastnn.plan import Plan

FUNCTIONS = (get("tanh"), get("identity"))
LOSS = losses.get("squared_error")


def flat_of(bias: tuple[bool, bool] = (True, True), dtype: Any = np.float64) -> FlatParams:
    plan = Plan((3, 4, 2), FUNCTIONS, bias, LOSS, np.dtype(dtype))
    return FlatParams(plan, plan.initial_params(0))


def test_weights_and_biases_are_views() -> None:
    flat = flat_of((True, False))
    assert [w.shape for w in flat.weights] == [(3, 4), (4, 2)]
    assert flat.biases[1] is None
    flat.weights[1][...] = 7
    np.testing.assert_array_equal(flat.params[-8:], 7)
    assert flat.are_views(list(flat.weights), list(flat.biases))
    assert not flat.are_views([flat.weights[0], flat.weights[1].copy()], flat.biases)
    assert not flat.are_views(flat.weights, [flat.biases[0]])


def test_a_pickle_has_the_numbers_once_and_views_again() -> None:
    flat = flat_of()
    data = pickle.dumps(flat)
    assert data.count(flat.params.tobytes()) == 1
    again = pickle.loads(data)
    assert np.shares_memory(again.weights[0], again.params)
    np.testing.assert_array_equal(again.params, flat.params)


def test_joined_takes_what_it_had_apart() -> None:
    for bias in ((True, True), (False, True)):
        flat = flat_of(bias)
        again = FlatParams.joined(flat.plan, flat.weights, flat.biases)
        np.testing.assert_array_equal(again.params, flat.params)
        assert not np.shares_memory(again.params, flat.params)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda w, b: w.pop(), "shorter|longer"),
        (lambda w, b: w.__setitem__(0, w[0].T), r"^weights\[0\] has shape \(4, 3\) and dtype float64, wanted \(3, 4\)"),
        (lambda w, b: w.__setitem__(0, 3.0), r"weights\[0\] is 3.0, wanted an array of float64 of shape \(3, 4\)"),
        (lambda w, b: w.__setitem__(0, w[0].astype(np.float32)), r"weights\[0\] has shape \(3, 4\) and dtype float32"),
        (lambda w, b: b.__setitem__(1, None), "biases where its description has none, or none where"),
        (lambda w, b: b.__setitem__(1, b[0]), r"biases\[1\] has shape \(4,\) and dtype float64, wanted \(2,\)"),
    ],
)
def test_joined_refuses_other_layers(change: Any, error: str) -> None:
    flat = flat_of()
    weights, biases = list(flat.weights), list(flat.biases)
    change(weights, biases)
    with pytest.raises(ValueError, match=error):
        FlatParams.joined(flat.plan, weights, biases)


def test_assigned_arrays_are_copied_and_read_again() -> None:
    weights, biases = [np.ones((3, 4)), np.ones((4, 2), np.float32)], [np.zeros(4), np.zeros(2)]
    given = (weights, biases, FUNCTIONS, LOSS)
    flat = FlatParams.assigned(*given)
    assert (flat.plan.widths, flat.plan.dtype) == ((3, 4, 2), np.float64)
    assert flat.params.sum() == 20
    assert not flat.refresh(*given)  # one array is of another dtype than the copy
    weights[1] = np.ones((4, 2))
    flat = FlatParams.assigned(*given)
    weights[0][...] = 2
    assert flat.params.sum() == 20
    assert flat.refresh(*given)
    assert flat.params.sum() == 32
    assert not flat.refresh([weights[0].copy(), weights[1]], biases, FUNCTIONS, LOSS)
    assert not flat.refresh(weights, biases, FUNCTIONS, losses.get("huber"))
    weights[0].resize((4, 3), refcheck=False)  # in place
    assert not flat.refresh(*given)


@pytest.mark.parametrize(
    ("weights", "biases", "error"),
    [
        ([(3, 4)], [(4,)], "have 1 and 1 arrays, wanted 2"),
        ([(3, 4), (5, 2)], [(4,), (2,)], r"coefs_\[1\] has shape \(5, 2\), wanted \(4, outputs of the layer\)"),
        ([(3,), (4, 2)], [(4,), (2,)], r"coefs_\[0\] has shape \(3,\), wanted \(n_features, outputs"),
        ([(3, 4), (4, 2)], [(4,), (3,)], r"intercepts_\[1\] has shape \(3,\), wanted \(2,\) as coefs_\[1\]"),
    ],
)
def test_assigned_arrays_that_make_no_network(weights: Any, biases: Any, error: str) -> None:
    with pytest.raises(ValueError, match=error):
        FlatParams.assigned(list(map(np.zeros, weights)), list(map(np.zeros, biases)), FUNCTIONS, LOSS)
