"""Users' functions in memory: one code for what is the same, kept as long as it is used."""

from __future__ import annotations

import gc
import math
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import numpy as np
import pytest

from fastnn import Dense, Loss, Network, _core, kernels
from fastnn.activations import Activation
from fastnn.kernels.users import compiled

pytestmark = pytest.mark.jit

Z = np.linspace(-2, 2, 40).reshape(8, 5)


def one(z: float, a: float) -> float:
    return 1.0


def scaled(k: float) -> Activation:
    return Activation("scaled", value=lambda z: k * z + math.sin(z), slope=lambda z, a: k + math.cos(z))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """The names of what is compiled; nothing is in memory or on disk."""
    names: list[str] = []
    genuine = compiled._Source._compiled

    def noted(source: Any) -> bytes:
        names.append(source.name)
        return genuine(source)

    monkeypatch.setenv("FASTNN_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(compiled._Source, "_compiled", noted)
    monkeypatch.setattr(compiled, "_loaded", WeakValueDictionary())  # the backend jit keeps the library's own code
    forget()
    return names


def forget() -> None:
    for memory in (compiled._activation, compiled._backward, compiled._loss):
        memory.cache_clear()
    gc.collect()


def forward(activation: Activation, **more: Any) -> np.ndarray:
    return kernels.activation_forward(Z, activation, backend="native", **more)


def test_the_same_functions_have_one_code(asked: list[str]) -> None:
    for _ in range(3):
        np.testing.assert_allclose(forward(scaled(2.0)), 2 * Z + np.sin(Z), rtol=1e-14)
    named = Activation("of another name", value=scaled(2.0).value, slope=scaled(2.0).slope)
    assert compiled.compiled_activation(named, np.float64).address
    assert asked == ["scaled"]
    assert len(compiled._loaded) == 1


def test_another_number_dtype_or_slope_is_another_code(asked: list[str]) -> None:
    np.testing.assert_allclose(forward(scaled(2.0)), 2 * Z + np.sin(Z), rtol=1e-14)
    np.testing.assert_allclose(forward(scaled(3.0)), 3 * Z + np.sin(Z), rtol=1e-14)
    kernels.activation_forward(Z.astype(np.float32), scaled(3.0))
    forward(Activation("scaled", value=scaled(3.0).value, slope=lambda z, a: math.cos(z) + 3.0))
    assert len(asked) == 4


def test_what_has_no_value_is_compiled_in_memory_alone(asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "fingerprint", lambda kind, functions, dtype: None)
    activation = scaled(2.0)
    for _ in range(2):
        np.testing.assert_allclose(forward(activation), 2 * Z + np.sin(Z), rtol=1e-14)
    assert asked == ["scaled"]
    forget()
    forward(activation)
    assert asked == ["scaled"] * 2


FACTOR = 2.0


def reads_a_global(z: float) -> float:
    return FACTOR * z


def reads_a_callee(z: float) -> float:
    return reads_a_global(z)


def test_what_changed_is_noticed_at_the_next_compilation(asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def now(value: Callable[[float], float]) -> float:
        forget()
        return float(forward(Activation("now", value=value))[0, 0] / Z[0, 0])

    cell = 5.0

    def reads_a_cell(z: float) -> float:
        return cell * z

    assert [now(reads_a_global), now(reads_a_callee), now(reads_a_cell)] == [2.0, 2.0, 5.0]
    monkeypatch.setitem(globals(), "FACTOR", 3.0)
    cell = 6.0
    assert [now(reads_a_global), now(reads_a_callee), now(reads_a_cell)] == [3.0, 3.0, 6.0]
    monkeypatch.setitem(globals(), "reads_a_global", lambda z: 7 * z)
    assert now(reads_a_callee) == 7.0
    assert len(asked) == 7


def test_a_lambda_made_anew_in_every_fit_does_not_fill_the_memory(
    asked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code = compiled._Source("activation", "new", lambda z: z, one, np.float64)._compiled()
    monkeypatch.setattr(compiled, "fetch", lambda key, compiler: code)  # which takes no time
    for k in range(compiled.REMEMBERED + 20):
        compiled._activation(lambda z, k=float(k): z, one, np.float64, "new")
    gc.collect()
    assert len(compiled._loaded) == compiled.REMEMBERED


def test_a_plan_holds_its_code(asked: list[str]) -> None:
    network = Network([Dense(4, scaled(2.0)), Dense(1)], 5, dtype="float64", random_state=0)
    before = network.predict(Z)
    forget()
    assert len(compiled._loaded) == 1
    np.testing.assert_array_equal(network.predict(Z), before)
    del network
    gc.collect()
    assert len(compiled._loaded) == 0


def test_code_goes_while_a_fit_runs_elsewhere(asked: list[str]) -> None:
    network = Network([Dense(16, scaled(0.5)), Dense(1)], 5, dtype="float64", random_state=0)
    wanted = Network([Dense(16, scaled(0.5)), Dense(1)], 5, dtype="float64", random_state=0).fit(Z, Z[:, 0], epochs=300)
    fit = threading.Thread(target=network.fit, args=(Z, Z[:, 0]), kwargs={"epochs": 300})
    fit.start()
    for k in range(30):
        forget()
        forward(scaled(float(k)))
    fit.join()
    np.testing.assert_array_equal(network.params, wanted.params)


def test_a_loss_is_the_kernels_own_kind(asked: list[str], dtype: type) -> None:
    loss = Loss("cauchy", lambda z, y: math.log1p((z - y) ** 2), link="exp")
    own: Any = compiled.compiled_loss(loss, dtype)
    z, y = Z.astype(dtype), Z[::-1].astype(dtype).copy()
    d_z, out = np.empty_like(z), np.empty_like(z)
    found = _core.loss_and_gradient(z, y, None, own, d_z)
    eps = float(np.finfo(dtype).eps)
    assert found == pytest.approx(np.log1p((Z - Z[::-1]) ** 2).sum() / len(Z), rel=20 * eps)
    np.testing.assert_allclose(d_z, 2 * (Z - Z[::-1]) / (1 + (Z - Z[::-1]) ** 2) / len(Z), rtol=20 * eps, atol=eps)
    _core.link(z, own, out)
    np.testing.assert_allclose(out, np.exp(Z), rtol=20 * eps)
    assert compiled.compiled_loss(loss, dtype) is own
    forget()
    compiled.compiled_loss(loss, dtype)
    assert asked == ["cauchy"]


def test_threads_compile_different_functions_side_by_side(asked: list[str]) -> None:
    def use(k: int) -> None:
        np.testing.assert_allclose(forward(scaled(float(k % 4))), (k % 4) * Z + np.sin(Z), rtol=1e-13, atol=1e-15)

    threads = [threading.Thread(target=use, args=(k,)) for k in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(asked) == 4


def test_an_object_without_a_hash_is_refused_as_others_are() -> None:
    class Called:
        __hash__ = None  # type: ignore[assignment]

        def __call__(self, z: float) -> float:
            return z

    with pytest.raises(TypeError, match="it is a Called, wanted is a Python function"):
        compiled.compiled_activation(Activation("called", Called()), np.float32)
