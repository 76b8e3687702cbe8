"""Accuracy of the compiled element-wise functions in float32, in units of the last place."""

from __future__ import annotations

import numpy as np
import pytest
from tolerances import ACTIVATIONS, SINGLE

from fastnn import activations, losses
from fastnn.kernels.select import kernels_for


def sample() -> np.ndarray:
    """float32 numbers of every exponent from 2^-126 to 2^127 and both signs, and many below 128."""
    rng = np.random.default_rng(2024)
    bits = rng.integers(0x00800000, 0x7F800000, 60_000, dtype=np.uint32)
    wide = bits.view(np.float32)
    near = rng.uniform(0, 128, 60_000).astype(np.float32) ** 2 / 128
    kinks = np.nextafter(np.float32([1, 1, 3, 3, 0.5, 0.5, 6, 6]), np.float32([0, 2, 0, 4, 0, 1, 5, 7]))
    one_side = np.concatenate([wide, near, kinks, np.float32([0, 0.5, 1, 3, 6, 88.5, 88.8, 103.9, 104])])
    return np.concatenate([one_side, -one_side]).reshape(1, -1)


def ulps(found: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Distance in units of the last place of float32; below its normal numbers, of the least."""
    smallest = np.finfo(np.float32).smallest_normal
    unit = np.spacing(np.maximum(np.abs(wanted), smallest).astype(np.float32)).astype(np.float64)
    with np.errstate(invalid="ignore"):
        distance = np.abs(found.astype(np.float64) - wanted) / unit
    overflow = np.isinf(found) & (np.abs(wanted) > np.finfo(np.float32).max) & (found * wanted > 0)
    return np.where(overflow | (found == wanted), 0.0, distance)


def assert_ulps(name: str, z: np.ndarray, found: np.ndarray, wanted: np.ndarray, limit: float):
    with np.errstate(over="ignore"):
        distance = ulps(found, wanted)
    worst = np.unravel_index(np.argmax(np.nan_to_num(distance, nan=np.inf)), z.shape)
    assert (distance <= limit).all(), (
        f"{name}({z[worst]!r}) is {found[worst]!r}, wanted {wanted[worst]!r}: "
        f"{distance[worst]:.3g} ulp, at most {limit} are allowed"
    )


def test_every_activation_of_numbers_is_here():
    assert set(ACTIVATIONS) == {each.name for each in activations.ACTIVATIONS.values() if not each.by_row}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation(name):
    z, activation = sample(), activations.get(name)
    found, wanted = np.full_like(z, np.nan), np.empty(z.shape)
    kernels_for("native").activation_forward(z, activation, found)
    kernels_for("reference").activation_forward(z.astype(np.float64), activation, wanted)
    assert_ulps(name, z, found, wanted, ACTIVATIONS[name].ulps)


def test_exp():
    z, loss = sample(), losses.get("poisson")
    found, wanted = np.full_like(z, np.nan), np.empty(z.shape)
    kernels_for("native").link(z, loss, found)
    kernels_for("reference").link(z.astype(np.float64), loss, wanted)
    assert_ulps("exp", z, found, wanted, SINGLE)
