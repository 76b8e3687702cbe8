"""Odd arguments of public kernels, one by one, as fuzzing has found them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from available import BACKENDS
from networks import problem

from fastnn import kernels
from fastnn.optimizers import OPTIMIZERS, SGD, Optimizer

every_way = pytest.mark.parametrize("way", ["auto", *BACKENDS])


COUNTING = [kind for kind in OPTIMIZERS.values() if kind.counts_steps]


def vectors_of(kind: type[Optimizer]) -> tuple[np.ndarray, ...]:
    """Parameters, their gradient and the state."""
    return tuple(np.full(6, 0.5) for _ in range(2 + len(kind.slots)))


@every_way
def test_a_matrix_to_write_to_is_written_as_an_array(way: str) -> None:
    """A matrix has two dimensions however it is reshaped: a loop over its elements went outside of it."""
    z = np.random.default_rng(0).normal(size=(5, 4))
    wanted = kernels.activation_backward(z, np.tanh(z), z, "tanh")
    out = np.empty((5, 4)).view(np.matrix)
    assert kernels.activation_backward(z, np.tanh(z), z, "tanh", out=out, backend=way) is out
    np.testing.assert_allclose(out, wanted, rtol=1e-12)
    for name in ("activation_forward", "dropout"):
        options: dict[str, Any] = {"rate": 0.5, "seed": 1, "step": 1} if name == "dropout" else {"activation": "elu"}
        wanted = getattr(kernels, name)(z, **options)
        np.testing.assert_allclose(getattr(kernels, name)(z, **options, out=out, backend=way), wanted, rtol=1e-12)


@every_way
@pytest.mark.parametrize("clip", ["clip_by_value", "clip_by_norm"])
@pytest.mark.parametrize("dtype", [int, np.float16, np.longdouble, complex, object, "U4", "M8[s]", ">f8"], ids=str)
def test_a_gradient_of_another_type_is_refused(way: str, clip: str, dtype: Any) -> None:
    d_params = np.zeros(6, dtype)
    with pytest.raises((TypeError, ValueError), match=r"d_params of shape \(6,\) has dtype .*, wanted float"):
        getattr(kernels, clip)(d_params, limit=1.0, backend=way)


@every_way
@pytest.mark.parametrize("beta", ["beta_1", "beta_2"])
@pytest.mark.parametrize("value", [1.0, -0.5, 2.0**70, np.inf, np.nan])
@pytest.mark.parametrize("kind", COUNTING, ids=lambda kind: kind.name)
def test_a_beta_whose_powers_cannot_be_corrected_is_refused(
    way: str, kind: type[Optimizer], value: float, beta: str
) -> None:
    """Some backends had divided by zero or overflown, when m and v were changed already."""
    vectors = vectors_of(kind)
    with pytest.raises(ValueError, match=rf"{beta}=.* is not possible, wanted a number in \[0, 1\)"):
        getattr(kernels, f"{kind.name}_step")(*vectors, step=2, backend=way, **{beta: value})
    assert all((vector == 0.5).all() for vector in vectors)


@every_way
def test_a_number_larger_than_float64_is_refused(way: str) -> None:
    with pytest.raises(ValueError, match="learning_rate=1000.* is not possible, wanted a number that float64 can hold"):
        kernels.sgd_step(*vectors_of(SGD), learning_rate=10**400, backend=way)


@every_way
@pytest.mark.parametrize("flag", [None, "no", 0.5, np.ones(2), []], ids=str)
def test_nesterov_is_true_or_false(way: str, flag: Any) -> None:
    with pytest.raises(TypeError, match="nesterov is .*, wanted True or False"):
        kernels.sgd_step(*vectors_of(SGD), learning_rate=0.1, nesterov=flag, backend=way)
    for true in (True, np.True_, 1):
        kernels.sgd_step(*vectors_of(SGD), learning_rate=0.1, nesterov=true, backend=way)


@every_way
@pytest.mark.parametrize("step", [2.5, 1.0, "1", True, None, np.ones(2)], ids=str)
@pytest.mark.parametrize("kind", COUNTING, ids=lambda kind: kind.name)
def test_a_step_is_counted(way: str, kind: type[Optimizer], step: Any) -> None:
    """2.5 had been taken as 2."""
    with pytest.raises(TypeError, match="step is .*, wanted an integer of at least 1"):
        getattr(kernels, f"{kind.name}_step")(*vectors_of(kind), step=step, backend=way)
    getattr(kernels, f"{kind.name}_step")(*vectors_of(kind), step=np.int8(3), backend=way)


@every_way
@pytest.mark.parametrize("dtype", [float, complex, object, "U4"], ids=str)
def test_an_order_of_no_rows_may_have_any_type(way: str, dtype: Any) -> None:
    x, y, params = np.ones((3, 2)), np.ones(3), np.ones(3)
    rates = np.empty(0)
    order = np.empty(0, dtype)
    assert kernels.neuron_epoch("tanh", params, x, y, order=order, learning_rates=rates, backend=way) == 0


@every_way
def test_without_rows_a_gradient_is_zero(way: str, dtype: Any) -> None:
    """Some backends had added the penalty's."""
    given = problem("odd widths", dtype, 0)
    loss, d_params = kernels.network_gradient(given.plan, given.params, given.x, given.y, alpha=0.5, backend=way)
    assert loss == 0
    assert not d_params.any()
