"""Users' functions that raise: refused where they are compiled, since nobody could hear of it, else passed on."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numba import njit

from fastnn import Dense, MLPRegressor, Network, Neuron, kernels
from fastnn.activations import ACTIVATIONS, Activation
from fastnn.kernels.users.compiled import compiled_activation

Z = np.linspace(-2, 2, 40).reshape(8, 5)
POWERS = (0.5, 1.0, 2.0)
TABLE = np.linspace(0, 1, 11)


def raises(z: float) -> float:
    if 1.5 < z < 1.7 or z > 2000:  # where nobody looks when an Activation is made
        raise ValueError("too far to the right")
    return 2 * z


def helped(z: float) -> float:
    return z + wavy(z) + raises(z)


def allocates(z: float) -> float:
    return float(len([z, z]))


divides = njit(lambda z: 1 / (z - 1.55))  # Numba's defaults would have an error for 1 / 0


def wavy(z: float) -> float:
    """Too long to be compiled into those that call it, so that these get its status."""
    total = 0.0
    for k in range(30):
        total += math.sin(k * z) * math.cos(k * z) + math.exp(-k * abs(z))
        if total > 3:
            total *= 0.3
        elif total < -2:
            total += math.tanh(total)
    return total


def waves(z: float) -> float:
    return wavy(z) + wavy(2 * z) + wavy(3 * z)


def polynomial(z: float) -> float:
    total = 0.0
    for power in POWERS:
        total = total * z + power
    return total


def looks_up(z: float) -> float:
    return TABLE[min(max(int(z * 10), 0), 10)]


def catches(z: float) -> float:
    try:
        return raises(z)
    except Exception:
        return math.nan


def plain(z: float) -> float:
    return 1 / z + z % 3 + z // 2 + z**2 + math.sqrt(z) + math.log(z) + np.tanh(z) + round(z)


def two(z: float, a: float) -> float:
    return 2.0


def raises_too(z: float, a: float) -> float:
    return raises(z) - 2 * z + 2


def user(value: Any, slope: Any = two) -> Activation:
    return Activation("mine", value=value, slope=slope, has_slope=value is raises or slope is not two)


FAILING = [raises, helped, looks_up, catches]
HARMLESS = [wavy, waves, polynomial, plain, allocates, divides]


@pytest.mark.parametrize("value", FAILING, ids=lambda function: getattr(function, "__name__", "compiled"))
def test_native_code_refuses_what_can_raise(value: Callable[[float], float]) -> None:
    with pytest.raises(TypeError, match="cannot be compiled"):
        kernels.activation_forward(Z, user(value), backend="native")


@pytest.mark.parametrize("value", HARMLESS, ids=lambda function: getattr(function, "__name__", "compiled"))
def test_what_cannot_raise_is_taken(value: Callable[[float], float]) -> None:
    z = 1 + abs(Z)  # plain Python has errors for others
    found = kernels.activation_forward(z, user(value), backend="native")
    wanted = kernels.activation_forward(z, user(value), backend="reference")
    np.testing.assert_allclose(found, wanted, rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_librarys_own_are_taken(dtype: type) -> None:
    for activation in ACTIVATIONS.values():
        if not activation.by_row:
            own = Activation(f"own {activation.name}", activation.value, activation.slope, has_slope=False)
            compiled_activation(own, dtype)


REFUSED = TypeError, "raises ValueError: too far to the right, which native code cannot stop for"
EXPECTED = {"native": REFUSED, "jit": REFUSED, "reference": (ValueError, "right")}
BY_BACKEND = pytest.mark.parametrize(("backend", "error"), EXPECTED.items(), ids=EXPECTED)


@BY_BACKEND
def test_predictions(backend: str, error: tuple[type[Exception], str]) -> None:
    network = Network([Dense(4, user(raises)), Dense(1)], 5, backend=backend, random_state=0, dtype="float64")
    for act in (network.forward, network.predict, network.input_gradient):
        with pytest.raises(error[0], match=error[1]):
            act(1e5 * Z)


@BY_BACKEND
@pytest.mark.parametrize("where", ["value", "slope"])
def test_fits(backend: str, error: tuple[type[Exception], str], where: str) -> None:
    own = user(raises) if where == "value" else user(lambda z: 2 * z, raises_too)
    expected = pytest.raises(error[0], match=error[1])
    network = Network([Dense(4, own), Dense(1)], 5, backend=backend, random_state=0)
    before = network.params.copy()
    with expected:
        network.fit(1e5 * Z, Z[:, 0], epochs=2)
    np.testing.assert_array_equal(network.params, before)
    for model in (
        MLPRegressor(hidden_layer_sizes=(4,), activation=own, max_iter=2, random_state=0, backend=backend),
        Neuron(own, learning_rate=1.0, max_iter=2, random_state=0, backend=backend),
    ):
        with expected:
            model.fit(1e5 * Z, Z[:, 0])
        assert not hasattr(model, "n_features_in_")
