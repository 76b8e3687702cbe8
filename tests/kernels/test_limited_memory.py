"""The two loops of L-BFGS: native against the reference, and against the matrix that they stand for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fastnn.kernels.contract import LIMITED_MEMORY
from fastnn.kernels.select import kernels_for

NATIVE, REFERENCE = kernels_for("native"), kernels_for("reference")
SIZE = 5


def pairs(rng: np.random.Generator, p: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Steps, changes by a positive definite matrix, curvatures; read-only, since kernels read them."""
    steps = rng.normal(size=(SIZE, p))
    changes = steps * rng.uniform(0.5, 2, p)
    rings = steps, changes, np.einsum("kp,kp->k", steps, changes)
    for ring in rings:
        ring.setflags(write=False)
    return rings


def corrected(kernels: Any, rings: tuple[np.ndarray, ...], newest: int, count: int, vector: np.ndarray) -> np.ndarray:
    """The inverse Hessian that the pairs make of the identity, times vector."""
    factors = np.full(SIZE, np.nan)
    out = vector.copy()
    kernels.memory_backward(*rings, newest, count, factors, out)
    kernels.memory_forward(*rings, newest, count, factors, out)
    return out


def by_matrices(rings: tuple[np.ndarray, ...], newest: int, count: int) -> np.ndarray:
    """The same as a matrix, by the BFGS update (Nocedal and Wright 2006, 7.16)."""
    steps, changes, curvatures = rings
    inverse = np.eye(steps.shape[1])
    for age in reversed(range(count)):
        k = (newest - age) % SIZE
        v = np.eye(len(inverse)) - np.outer(changes[k], steps[k]) / curvatures[k]
        inverse = v.T @ inverse @ v + np.outer(steps[k], steps[k]) / curvatures[k]
    return inverse


@pytest.mark.parametrize("p", [1, 7, 8, 9, 31, 64, 131])
@pytest.mark.parametrize(("newest", "count"), [(0, 1), (2, 3), (1, 5), (4, 5)])
def test_both_are_the_matrix(rng: np.random.Generator, p: int, newest: int, count: int) -> None:
    rings, vector = pairs(rng, p), rng.normal(size=p)
    wanted = by_matrices(rings, newest, count) @ vector
    for kernels in (NATIVE, REFERENCE):
        np.testing.assert_allclose(corrected(kernels, rings, newest, count, vector), wanted, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", [name for name in LIMITED_MEMORY if name != "dot"])
@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"newest": SIZE}, "newest=5"),
        ({"newest": -1}, "newest=-1"),
        ({"count": 0}, "count=0"),
        ({"count": SIZE + 1}, "count=6"),
        ({"steps": np.ones((SIZE, 4))}, "steps"),
        ({"changes": np.ones((SIZE - 1, 3))}, "changes"),
        ({"curvatures": np.ones(SIZE, np.float32)}, "curvatures"),
        ({"factors": np.ones(SIZE - 1)}, "factors"),
    ],
)
def test_bad_input(name: str, changed: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {
        "steps": np.ones((SIZE, 3)),
        "changes": np.ones((SIZE, 3)),
        "curvatures": np.ones(SIZE),
        "newest": 0,
        "count": 1,
        "factors": np.ones(SIZE),
        "vector": np.ones(3),
    }
    with pytest.raises(ValueError, match=message):
        getattr(NATIVE, name)(*(given | changed).values())
    overlapping = np.ones((SIZE, 3))
    with pytest.raises(ValueError, match="overlaps"):
        getattr(NATIVE, name)(*(given | {"steps": overlapping, "vector": overlapping[1]}).values())


@pytest.mark.parametrize("p", [0, 1, 7, 8, 9, 31, 64, 131])
def test_dot(rng: np.random.Generator, p: int) -> None:
    a, b = rng.normal(size=(2, p))
    a.setflags(write=False)
    for kernels in (NATIVE, REFERENCE):
        np.testing.assert_allclose(kernels.dot(a, b), sum(a * b), rtol=1e-13, atol=1e-13)
    with pytest.raises(ValueError, match="b"):
        NATIVE.dot(a, np.ones(p + 1))
    with pytest.raises(ValueError, match="a"):
        NATIVE.dot(np.ones(2 * p + 4)[::2], np.ones(p + 2))
