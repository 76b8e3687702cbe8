"""One step of each optimizer, of every backend."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from oracle import check
from shapes import sizes

from fastnn import kernels as public
from fastnn.kernels.contract import KERNELS
from fastnn.kernels.select import kernels_for
from fastnn.optimizers import OPTIMIZERS, SGD, Adadelta, Adagrad, Adam, Adamax, AdamW, Lion, NAdam, Optimizer, RMSprop

KINDS = tuple(OPTIMIZERS.values())


def unusual() -> Iterator[Optimizer]:
    """Every optimizer with each of its numbers at the end of its range, or far from its default."""
    others = {"epsilon": 1e-2, "weight_decay": 3.0, "nesterov": False}
    for kind in KINDS:
        yield from (kind(**{name: others.get(name, 0.0)}) for name in kind.hyper_names())


RULES: list[Optimizer] = [
    *(kind() for kind in KINDS),
    *unusual(),
    SGD(momentum=0.0, nesterov=False),
    Adam(beta_1=0.0, epsilon=1e-2),
    AdamW(weight_decay=0.0),
]
STEPS = [1, 2, 1000, 10**6]


def named(optimizer: Optimizer, learning_rate: float, step: int = 3) -> dict[str, Any]:
    """The options of an optimizer's kernel, by name."""
    names = (argument.name for argument in KERNELS[optimizer.kernel].with_role("option"))
    return dict(zip(names, optimizer.arguments(step, learning_rate), strict=True))


def vectors(optimizer: Optimizer, size: int, rng: np.random.Generator) -> dict[str, Any]:
    """Random parameters, gradient and state; u and v are means of what is not negative."""
    names = ("params", "d_params", *optimizer.slots)
    drawn = dict(zip(names, rng.normal(size=(len(names), size)), strict=True))
    return {name: values**2 if name in ("u", "v") else values for name, values in drawn.items()}


def run(backend: str, optimizer: Optimizer, dtype: Any, d_params: Any, steps: int = 1) -> Any:
    """Parameters after some steps with the same gradient, from ones and a state of zeros."""
    return run_with_state(backend, optimizer, dtype, d_params, steps)[0]


def run_with_state(backend: str, optimizer: Optimizer, dtype: Any, d_params: Any, steps: int = 1) -> list[Any]:
    """As `run`; what the optimizer remembers too."""
    d_params = np.asarray(d_params, dtype)
    params, slots = np.ones_like(d_params), [np.zeros_like(d_params) for _ in optimizer.slots]
    kernel = getattr(kernels_for(backend), optimizer.kernel)
    for step in range(1, steps + 1):
        kernel(params, d_params, *slots, *optimizer.arguments(step, optimizer.learning_rate))
    return [params, *slots]


@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_step(backend, dtype, rule, rng):
    for step in STEPS if rule.counts_steps else [1]:
        for size in (*sizes(dtype), 5003):
            given = vectors(rule, size, rng)
            check(backend, rule.kernel, dtype, **given, **named(rule, 0.01, step))


@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_first_step_from_zeros(backend, dtype, rule, rng):
    """Where g and v are 0 only epsilon is left below the line."""
    given = vectors(rule, 37, rng)
    given |= {name: np.zeros(37) for name in rule.slots}
    given["d_params"][::3] = 0.0
    check(backend, rule.kernel, dtype, **given, **named(rule, 0.1, 1))


@pytest.mark.parametrize("rule", RULES, ids=repr)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_not_finite_flows(backend, dtype, rule, bad, rng):
    given = vectors(rule, 37, rng)
    given["d_params"][20] = bad
    check(backend, rule.kernel, dtype, **given, **named(rule, 0.1))


def test_first_adam_step_is_the_learning_rate(backend, dtype):
    """Independent of the gradient's size, as the paper says."""
    d_params = np.array([1e-3, -1.0, 50.0, 1e4])
    params = run(backend, Adam(0.01, epsilon=1e-12), dtype, d_params)
    np.testing.assert_allclose(params - 1, -0.01 * np.sign(d_params), rtol=1e-4)


def test_first_rmsprop_step(backend, dtype):
    """v is (1 - rho) g**2, so that the step is the rate over the root of 1 - rho."""
    params = run(backend, RMSprop(0.01, rho=0.75), dtype, [1e-3, -1.0, 50.0])
    np.testing.assert_allclose(params, [0.98, 1.02, 0.98], rtol=1e-5)


def test_adagrad_steps_shrink_with_the_root_of_their_number(backend, dtype):
    params = run(backend, Adagrad(0.1), dtype, [1e-3, -1.0, 50.0], steps=4)
    moved = 0.1 * (1 + 2**-0.5 + 3**-0.5 + 4**-0.5)
    np.testing.assert_allclose(params, [1 - moved, 1 + moved, 1 - moved], rtol=1e-5)


def test_adamw_without_gradient_only_decays(backend, dtype):
    params = run(backend, AdamW(0.1, weight_decay=0.5), dtype, np.zeros(5), steps=3)
    np.testing.assert_allclose(params, np.full(5, 0.95**3), rtol=1e-6)


def test_adamw_without_decay_is_adam_bit_for_bit(backend, dtype, rng):
    d_params = rng.normal(size=101)
    wanted = run(backend, Adam(0.1), dtype, d_params, steps=5)
    found = run(backend, AdamW(0.1, weight_decay=0.0), dtype, d_params, steps=5)
    np.testing.assert_array_equal(found, wanted)


def test_first_nadam_step_is_longer_than_adams(backend, dtype):
    """By beta_1 / (1 + beta_1): what the next step's m has of this gradient already."""
    rule = NAdam(0.01, beta_1=0.6, epsilon=1e-12)
    params = run(backend, rule, dtype, [1e-3, -1.0, 50.0])
    moved = 0.01 * (1 + 0.6 / 1.6)
    np.testing.assert_allclose(params, [1 - moved, 1 + moved, 1 - moved], rtol=1e-5)


def test_first_adamax_step_is_the_learning_rate(backend, dtype):
    """Independent of the gradient's size: m is corrected, and u is that size."""
    params = run(backend, Adamax(0.01, epsilon=1e-12), dtype, [1e-3, -1.0, 50.0])
    np.testing.assert_allclose(params, [0.99, 1.01, 0.99], rtol=1e-5)


def test_adamax_forgets_the_largest_gradient_slowly(backend, dtype):
    _, _, u = run_with_state(backend, Adamax(beta_2=0.5), dtype, [0.0, 3.0])
    params, m = np.ones_like(u), np.zeros_like(u)
    rule = Adamax(beta_2=0.5)
    getattr(kernels_for(backend), rule.kernel)(params, np.zeros_like(u), m, u, *rule.arguments(2, 0.01))
    np.testing.assert_allclose(u, [1e-8, 1.5], rtol=1e-6)


def test_first_adadelta_step_is_the_root_of_epsilon(backend, dtype):
    """Over the root of 1 - rho, whatever the gradient's size is."""
    params = run(backend, Adadelta(rho=0.75, epsilon=1e-4), dtype, [1e3, -1e4])
    np.testing.assert_allclose(params, [0.98, 1.02], rtol=1e-5)


def test_lion_steps_by_the_sign(backend, dtype):
    """Of nothing there is none, so that weights that take no part stay."""
    params = run(backend, Lion(0.01), dtype, [1e-3, -50.0, 0.0, -0.0])
    np.testing.assert_allclose(params, [0.99, 1.01, 1.0, 1.0], rtol=1e-6)


def test_lion_without_gradient_only_decays(backend, dtype):
    params = run(backend, Lion(0.1, weight_decay=0.5), dtype, np.zeros(5), steps=3)
    np.testing.assert_allclose(params, np.full(5, 0.95**3), rtol=1e-6)


def test_lion_decides_by_another_mean_than_it_remembers(backend, dtype):
    """beta_1 = 0 is the gradient's sign beside any momentum, however small the gradient is."""
    params, m = np.ones(3, dtype), np.full(3, 1e9, dtype)
    rule = Lion(beta_1=0.0, beta_2=0.5)
    getattr(kernels_for(backend), rule.kernel)(params, np.array([1e-9, -1e-9, 0.0], dtype), m, *rule.arguments(1, 0.5))
    np.testing.assert_array_equal(params, np.array([0.5, 1.5, 1.0], dtype))
    np.testing.assert_allclose(m, 5e8)


@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_public_kernel(backend, dtype, rule, rng):
    """The same numbers as the backend's own, in the caller's memory; also from a list."""
    given = {name: values.astype(dtype) for name, values in vectors(rule, 37, rng).items()}
    wanted = {name: values.copy() for name, values in given.items()}
    options = named(rule, 0.01)
    getattr(kernels_for(backend), rule.kernel)(*wanted.values(), *options.values())
    step = getattr(public, rule.kernel)
    for convert in (np.asarray, np.ndarray.tolist) if dtype == np.float64 else (np.asarray,):
        mine = {name: values.copy() for name, values in given.items()}
        arrays = mine | {"d_params": convert(mine["d_params"])}
        assert step(**arrays, **options, backend=backend) is mine["params"]
        for name, values in wanted.items():
            np.testing.assert_array_equal(mine[name], values)


@pytest.mark.parametrize("kind", KINDS)
def test_public_defaults_are_the_optimizers(kind, dtype, rng):
    rule = kind()
    given = {name: values.astype(dtype) for name, values in vectors(rule, 37, rng).items()}
    wanted = {name: values.copy() for name, values in given.items()}
    options = named(rule, rule.learning_rate)
    getattr(kernels_for("native"), rule.kernel)(*wanted.values(), *options.values())
    needed = {"step": 3} if rule.counts_steps else {}
    needed |= {"learning_rate": 0.001} if kind is SGD else {}
    for n_threads in (None, 2):
        mine = {name: values.copy() for name, values in given.items()}
        getattr(public, rule.kernel)(**mine, **needed, n_threads=n_threads)
        for name, values in wanted.items():
            np.testing.assert_array_equal(mine[name], values)


@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_threads_do_not_change_a_bit(dtype, rule, rng):
    drawn = {name: values.astype(dtype) for name, values in vectors(rule, 50_003, rng).items()}
    options, found = named(rule, 0.01).values(), []
    for n_threads in (1, 2, 3):
        mine = {name: values.copy() for name, values in drawn.items()}
        getattr(kernels_for("native"), rule.kernel)(*mine.values(), *options, n_threads)
        found.append(mine)
    for other in found[1:]:
        for name, values in found[0].items():
            np.testing.assert_array_equal(other[name], values)


@pytest.mark.parametrize("kind", KINDS)
def test_a_gradient_whose_square_is_infinite(backend, dtype, kind):
    """In a vector with others, and in the steps after the first too: no step, but no NaN either."""
    d_params = np.random.default_rng(0).normal(size=37)
    huge = {np.float32: 1e25, np.float64: 1e180}[dtype]
    d_params[[3, 36]] = huge, -huge
    found, wanted = (run_with_state(each, kind(), dtype, d_params, steps=3) for each in (backend, "reference"))
    assert np.isfinite(wanted[0]).all()
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_nan_stays_nan(backend, dtype, kind, rng):
    """In the gradient or in any vector of the state."""
    rule = kind()
    for name in ("d_params", *rule.slots):
        given = {key: values.astype(dtype) for key, values in vectors(rule, 37, rng).items()}
        given[name][[3, 36]] = np.nan
        getattr(kernels_for(backend), rule.kernel)(*given.values(), *named(rule, 0.01).values())
        np.testing.assert_array_equal(np.flatnonzero(np.isnan(given["params"])), [3, 36])
