"""Where features are, and how large: what an outlier cannot move, and what ordinary data have in any case."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from fastnn.solvers.objective.coordinates import Coordinates
from fastnn.solvers.objective.logistic import LogisticObjective
from fastnn.solvers.objective.rescaled_copy import RescaledCopy, intercept_at_zero
from fastnn.solvers.objective.scales import Scales, has_far_columns, scales_of

FORMS = [np.asarray, sp.csr_array, sp.csc_array]


def drawn(n: int = 2000, i: int = 3) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(n, i))


def scales(x: Any, weight: np.ndarray | None = None, can_shift: bool = True) -> Scales:
    dense = x if isinstance(x, np.ndarray) else x.toarray()
    means, squares = (np.average(power, axis=0, weights=weight) for power in (dense, dense**2))
    return scales_of(x, weight, means, squares, can_shift=can_shift, eps=2e-16)


def problem(x: Any, **settings: Any) -> LogisticObjective:
    return LogisticObjective(x, (np.arange(x.shape[0]) % 2).astype(np.int32), 1, **settings)


@pytest.mark.parametrize("form", FORMS)
def test_ordinary_features_have_their_root_mean_square_and_stay_where_they_are(form: Any) -> None:
    x = drawn() * [1, 1e3, 1e-3] + [3, 0, 0]
    found = scales(form(x))
    np.testing.assert_allclose(found.deviation, np.sqrt((x**2).mean(axis=0)))
    assert not found.centre.any()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("size", [1e6, 1e12])
def test_an_outlier_moves_neither(form: Any, size: float) -> None:
    x = drawn()
    x[0, 0] = size
    x[7, 1], x[:, 1] = size, x[:, 1] + 1e5
    found = scales(form(x))
    assert (found.deviation < 50).all()
    assert abs(found.centre[1] - 1e5) < 2
    assert not found.centre[[0, 2]].any()


def test_a_weight_of_two_is_two_rows() -> None:
    x = drawn(60) + [0, 1e4, 0]
    weight = np.arange(60) % 3
    once, twice = scales(x, weight.astype(float)), scales(np.repeat(x, weight, axis=0))
    np.testing.assert_allclose(once.centre, twice.centre, rtol=1e-12)
    np.testing.assert_allclose(once.deviation, twice.deviation, rtol=1e-6)


def test_constant_features_and_rounding() -> None:
    """A variance that is lost in the rounding of mean squares is read off the rows."""
    x = drawn() * [1, 0, 1] + [1e9, 5, 0]
    found = scales(x)
    assert 0.3 < found.deviation[0] < 3
    assert found.centre[1] == 0
    np.testing.assert_allclose(found.deviation[1], 5)
    assert not scales(x, can_shift=False).centre.any()


def test_columns_that_are_far_are_seen_and_dummies_are_not() -> None:
    x = drawn()
    assert has_far_columns(np.column_stack([x, x[:, 0] + 1e4]))
    assert not has_far_columns(np.column_stack([x, np.ones(2000), np.arange(2000) % 10 > 0]))


@pytest.mark.parametrize("outputs", [1, 3])
def test_coordinates_are_a_change_of_variables(outputs: int) -> None:
    """The loss is the same; gradients and Hessians are those of the centred and scaled features."""
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(50, 2)), rng.integers(0, max(outputs, 2), 50, dtype=np.int32)
    centre, unit = np.array([2.0, -5.0]), np.repeat([3.0, 0.5, 1.5], outputs)
    plain = LogisticObjective((x - centre) / [3.0, 0.5], y, outputs)
    other = LogisticObjective(x, y, outputs).in_units(unit, centre)
    params = rng.normal(size=3 * outputs)
    scaled = params * np.repeat([1.0, 1.0, 1.5], outputs)
    loss, d_params, hessian = plain.with_hessian(params)
    found = other.with_hessian(scaled)
    ratio = np.repeat([1.0, 1.0, 1 / 1.5], outputs)
    assert found[0] == pytest.approx(loss, rel=1e-12)
    np.testing.assert_allclose(found[1], d_params * ratio, atol=1e-12)
    np.testing.assert_allclose(found[2], hessian * ratio * ratio[:, None], atol=1e-12)
    vector = rng.normal(size=3 * outputs)
    np.testing.assert_allclose(other.with_product(scaled)[2](vector), found[2] @ vector, atol=1e-12)
    coordinates = other.coordinates
    np.testing.assert_allclose(coordinates.from_user(coordinates.to_user(scaled)), scaled, atol=1e-12)
    d_user = coordinates.gradient_to_user(found[1])
    coordinates.transform_gradient(d_user)
    np.testing.assert_allclose(d_user, found[1], atol=1e-12)
    shared = other.with_shared_curvature(scaled)[2]
    blocks = [found[2][k::outputs, k::outputs] for k in range(outputs)]
    np.testing.assert_allclose(shared, np.mean(blocks, axis=0), atol=1e-12)


def test_the_intercept_is_rounded_once() -> None:
    """The terms of a sum are a million million times larger than what is left of it."""
    w, centre = np.array([1 / 3, 1.0]), np.array([1e12, 7.0])
    wanted = 0.125 - 7.0 - float.fromhex((1 / 3).hex()) * 1e12
    assert intercept_at_zero(0.125, centre, w) == pytest.approx(wanted, rel=1e-15)
    assert intercept_at_zero(0.125, np.array([2.0**60, -(2.0**60)]), np.array([1.0, 1.0])) == 0.125


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_copy_is_made_where_numbers_do_not_allow_less(dtype: Any) -> None:
    x = drawn()
    far = 1e5 if dtype == np.float32 else 1e9
    for moved, is_copied in (([0, 0, 0], False), ([20, 0, 0], False), ([far, 0, 0], True)):
        objective = problem((x + moved).astype(dtype))
        stored = RescaledCopy.of(objective, objective.scales())
        assert stored.is_copied == is_copied
        if is_copied:
            assert abs(np.median(stored.objective.x[:, 0])) < 1
            user = stored.to_user(stored.objective, np.array([1.0, 2.0, 3.0, 0.5]))
            assert (user == user.astype(dtype)).all()
            np.testing.assert_allclose(stored.from_user(user), [1, 2, 3, 0.5], atol=far * np.finfo(dtype).eps)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("size", [1e-170, 1e170])
def test_numbers_whose_squares_are_not_held_are_multiplied_by_powers_of_two(form: Any, size: float) -> None:
    objective = problem(form(drawn() * [1, size, 1]), alpha=1.0)
    with np.errstate(all="ignore"):
        stored = RescaledCopy.of(objective, objective.scales())
    assert (np.frexp(stored.factor)[0] == 0.5).all()
    assert stored.factor[0] == stored.factor[2] == 1
    assert 0.1 < abs(stored.objective.x[:, [1]]).max() <= 1
    assert np.isfinite(stored.objective.strength).all()


def test_rows_without_weight_say_nothing() -> None:
    x = drawn()
    x[::2] += 1e8
    assert not scales(x, (np.arange(2000) % 2).astype(float)).centre.any()


def test_units_alone() -> None:
    coordinates = Coordinates(np.array([2.0, 4.0]), 1)
    np.testing.assert_array_equal(coordinates.to_user(np.array([2.0, 2.0])), [1.0, 0.5])
