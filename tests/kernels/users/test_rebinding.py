"""What a function reads may become another thing: every backend goes by what is there when a call begins."""

from __future__ import annotations

import builtins
import math
import pickle
import warnings
from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import pytest

from fastnn import Activation, Dense, Loss, MLPRegressor, Network, kernels

BACKENDS = [pytest.param(name, marks=pytest.mark.jit) for name in ("native", "jit")] + ["reference"]
EACH_BACKEND = pytest.mark.parametrize("backend", BACKENDS)
Z = np.linspace(-2, 2, 12).reshape(4, 3)

FACTOR = 2.0
settings = ModuleType("settings_of_this_test")
settings.K = 2.0  # type: ignore[attr-defined]


def by_a_global(z: float) -> float:
    return FACTOR * z


def by_a_callee(z: float) -> float:
    return 1.0 * by_a_global(z)


def by_a_module(z: float) -> float:
    return settings.K * z


def by_a_shadowed_builtin(z: float) -> float:
    return 2.0 * abs(z)


def squared(z: float, y: float) -> float:
    return FACTOR * (z - y) ** 2


def slope_of_squared(z: float, y: float) -> float:
    return 2.0 * FACTOR * (z - y)


@pytest.fixture
def rebind(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    def to(factor: float) -> None:
        monkeypatch.setitem(globals(), "FACTOR", factor)
        monkeypatch.setattr(settings, "K", factor)

    return to


@EACH_BACKEND
@pytest.mark.parametrize("function", [by_a_global, by_a_callee, by_a_module])
@pytest.mark.parametrize("slope", [None, lambda z, a: FACTOR], ids=["derived", "given"])
def test_a_kernel_sees_it(backend: str, function: Any, slope: Any, rebind: Callable[[float], None]) -> None:
    activation = Activation("own", function, slope)
    for factor in (2.0, 3.0, 2.0):
        rebind(factor)
        a = kernels.activation_forward(Z, activation, backend=backend)
        np.testing.assert_allclose(a, factor * Z, rtol=1e-14)
        d_z = kernels.activation_backward(Z, a, np.ones_like(Z), activation, backend=backend)
        np.testing.assert_allclose(d_z, factor, rtol=1e-14)


@EACH_BACKEND
def test_a_cell_a_default_and_a_builtin(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cell = 2.0

    def by_a_cell(z: float) -> float:
        return cell * z

    def by_a_default(z: float, scale: float = 2.0, *, more: float = 1.0) -> float:
        return scale * z * more

    functions = (by_a_cell, by_a_default, by_a_shadowed_builtin)
    own = [Activation("own", each) for each in functions]
    ask = lambda: [kernels.activation_forward(Z, each, backend=backend)[3, 2] / 2 for each in own]  # noqa: E731
    assert ask() == [2.0, 2.0, 2.0]
    cell = 3.0
    by_a_default.__defaults__ = (4.0,)
    monkeypatch.setitem(globals(), "abs", lambda z: 5 * z)
    assert ask() == [3.0, 4.0, 10.0]
    by_a_default.__kwdefaults__["more"] = 2.0
    assert ask() == [3.0, 8.0, 10.0]
    by_a_default.__code__ = (lambda z, scale, *, more: z).__code__
    assert ask()[1] == 1.0


@EACH_BACKEND
def test_a_name_that_a_program_has_added_to_the_builtins(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    own = None
    for factor in (2.0, 3.0):
        monkeypatch.setattr(builtins, "factor_of_all", factor, raising=False)
        own = own or Activation("own", lambda z: factor_of_all * z)  # type: ignore[name-defined] # noqa: F821
        for each in (own, Activation("own", lambda z: factor_of_all * z)):  # type: ignore[name-defined] # noqa: F821
            np.testing.assert_allclose(kernels.activation_forward(Z, each, backend=backend), factor * Z, rtol=1e-14)


class Numbers(NamedTuple):
    factor: float
    function: Callable[[float], float]


OWN = Numbers(1.5, math.tanh), (by_a_global, 2.0)


def by_tuples(z: float) -> float:
    return OWN[0].factor * OWN[0].function(z) + OWN[1][1] * OWN[1][0](z)  # type: ignore[operator]


@EACH_BACKEND
def test_tuples_of_numbers_and_functions(backend: str, rebind: Callable[[float], None]) -> None:
    """Named ones, too; what the functions in them read counts as well."""
    own = Activation("own", by_tuples)
    for factor in (2.0, 3.0):
        rebind(factor)
        a = kernels.activation_forward(Z, own, backend=backend)
        np.testing.assert_allclose(a, 1.5 * np.tanh(Z) + 2 * factor * Z, rtol=1e-14)
        slope = kernels.activation_backward(Z, a, np.ones_like(Z), own, backend=backend)
        np.testing.assert_allclose(slope, 1.5 / np.cosh(Z) ** 2 + 2 * factor, rtol=1e-13)


@EACH_BACKEND
@pytest.mark.parametrize("slope", [None, slope_of_squared], ids=["derived", "given"])
def test_a_network_sees_it(backend: str, slope: Any, rebind: Callable[[float], None]) -> None:
    """In predictions, gradients and further fits, without a new Activation, Loss or Network."""
    loss = Loss("own", squared, slope)
    layers = [Dense(2, Activation("own", by_a_global)), Dense(1)]
    network = Network(layers, 3, loss=loss, dtype="float64", backend=backend, random_state=0)
    y = Z[:, 0]
    for factor in (2.0, 3.0):
        rebind(factor)
        (w, v), (b, c) = network.weights, network.biases
        wanted = factor * (Z @ w + b) @ v + c
        np.testing.assert_allclose(network.predict(Z), wanted, rtol=1e-13)
        value, gradient = network.loss_and_gradient(Z, y)
        assert value == pytest.approx(float(factor * ((wanted[:, 0] - y) ** 2).mean()))
        d_c = network.unpack(gradient)[1][1]
        assert d_c[0] == pytest.approx(float(2 * factor * (wanted[:, 0] - y).mean()))
        network.fit(Z, y, epochs=1)


@EACH_BACKEND
def test_the_next_fit_sees_it(backend: str, rebind: Callable[[float], None]) -> None:
    own = Activation("own", by_a_global)
    model = MLPRegressor(
        hidden_layer_sizes=(3,), activation=own, solver="sgd", max_iter=3, backend=backend, random_state=0
    )
    found = []
    for factor in (2.0, 0.5, 2.0):
        rebind(factor)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # three epochs do not converge
            found.append(model.fit(Z, Z[:, 0]).coefs_[0].copy())
    first, second, third = found
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(first, third)


@pytest.mark.jit
def test_what_jit_gives_is_a_copy(rebind: Callable[[float], None]) -> None:
    from numba import njit

    layers = [Dense(2, Activation("own", by_a_global)), Dense(1)]
    network = Network(layers, 3, dtype="float64", random_state=0)
    rebind(2.0)
    net, before, slope = network.jit(), network.predict(Z)[1, 0], np.empty(3)
    net.row_gradient(Z[1], slope)
    rebind(3.0)
    assert network.predict(Z)[1, 0] != before
    called, now = njit(lambda net, x: net(x)), np.empty(3)
    assert net(Z[1]) == called(net, Z[1]) == before
    net.row_gradient(Z[1], now)
    np.testing.assert_array_equal(now, slope)
    again = pickle.loads(pickle.dumps(net))
    assert again(Z[1]) == called(again, Z[1]) == network.predict(Z)[1, 0]  # made anew, of functions as they are


@pytest.mark.jit
def test_what_has_not_changed_is_kept(monkeypatch: pytest.MonkeyPatch, rebind: Callable[[float], None]) -> None:
    from fastnn.kernels.users import compiled

    asked = []
    genuine = compiled.fingerprint
    monkeypatch.setattr(compiled, "fingerprint", lambda *arguments: asked.append(1) or genuine(*arguments))
    network = Network([Dense(2, Activation("own", lambda z: by_a_callee(z) + math.sin(z))), Dense(1)], 3)
    for _ in range(3):
        network.predict(Z.astype(np.float32))
    plan = network.plan.native
    assert asked == [1]
    assert network.plan.native is plan
    rebind(3.5)
    network.predict(Z.astype(np.float32))
    assert asked == [1, 1]
    assert network.plan.native is not plan


def test_a_plan_without_users_functions_looks_at_nothing() -> None:
    """Its native form is a plain attribute, which costs no call."""
    network = Network([Dense(2, "tanh"), Dense(1)], 3)
    assert network.plan.native is vars(network.plan)["native"]
