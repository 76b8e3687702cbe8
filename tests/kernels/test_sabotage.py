"""Proof that the oracle bites: kernels that are wrong in a known way, and it rejects each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from oracle import check_function, guarded

from fastnn import activations, losses
from fastnn.kernels import contract, reference
from fastnn.optimizers import OPTIMIZERS, Optimizer

Saboteur = Callable[..., Any]


STEPS = {f"{name}_step": kind for name, kind in OPTIMIZERS.items()}


def _given_to_a_step(kind: type[Optimizer], rng: np.random.Generator) -> dict[str, Any]:
    """Options that all have an effect which is larger than rounding."""
    drawn = {name: rng.normal(size=37) for name in ("params", "d_params", *kind.slots)}
    vectors = {name: values**2 if name in ("u", "v") else values for name, values in drawn.items()}
    given = vectors | ({"step": 3} if kind.counts_steps else {}) | {"learning_rate": 0.1}
    large = {"epsilon": 0.01, "weight_decay": 0.3}
    return given | {name: large.get(name, getattr(kind(), name)) for name in kind.hyper_names()}


def _given(name: str, rng: np.random.Generator) -> dict[str, Any]:
    """Arguments of a kernel; x and w are square, so that what is transposed has the right shape."""
    n, i, o = 18, 18, 18
    x, w, b = rng.normal(size=(n, i)), rng.normal(size=(i, o)), rng.normal(size=o)
    d_z = rng.normal(size=(n, o))
    if name in STEPS:
        return _given_to_a_step(STEPS[name], rng)
    return {
        "dense_forward": {"x": x, "w": w, "b": b, "activation": "relu"},
        "dense_backward_input": {"d_z": d_z, "w": w},
        "dense_backward_params": {"x": x, "d_z": d_z},
        "activation_forward": {"z": x, "activation": "tanh"},
        "activation_backward": {"z": x, "a": np.tanh(x), "d_a": d_z, "activation": "tanh"},
        "link": {"z": x, "loss": "binary_cross_entropy"},
        "loss_and_gradient": {
            "z": x,
            "y": d_z,
            "sample_weight": np.abs(b) + 0.1,
            "loss": "squared_error",
        },
        "clip_by_value": {"d_params": b + np.sign(b), "limit": 0.5},
        "clip_by_norm": {"d_params": b, "limit": 0.5},
        "ema_step": {"average": b, "params": d_z[0], "decay": 0.75},
        "dropout": {"x": x, "rate": 0.5, "seed": 1, "step": 2, "layer": 3, "first_row": 4},
    }[name]


KERNELS = tuple(kernel.name for kernel in contract.KERNELS.values() if kernel.storey == "layer")


def _rejects(name: str, saboteur: Saboteur, dtype: Any, rng: np.random.Generator) -> None:
    with pytest.raises(AssertionError):
        check_function(saboteur, name, dtype, **_given(name, rng))


@pytest.mark.parametrize("name", KERNELS)
def test_the_reference_passes(name, dtype, rng):
    check_function(getattr(reference, name), name, dtype, **_given(name, rng))


@pytest.mark.parametrize("name", KERNELS)
def test_a_kernel_that_does_nothing(name, dtype, rng):
    _rejects(name, lambda *arguments: 0.0 if name == "loss_and_gradient" else None, dtype, rng)


@pytest.mark.parametrize("name", KERNELS)
def test_a_kernel_that_leaves_stale_output(name, dtype, rng):
    """The result is left in the caller's previous array: this one keeps what it had."""

    def saboteur(*arguments):
        copies = [a.copy() if isinstance(a, np.ndarray) else a for a in arguments]
        return getattr(reference, name)(*copies)

    _rejects(name, saboteur, dtype, rng)


@pytest.mark.parametrize("name", KERNELS)
def test_a_kernel_that_forgets_the_last_element(name, dtype, rng):
    def saboteur(*arguments):
        arrays = [a for a in arguments if isinstance(a, np.ndarray) and a.flags.writeable]
        kept = [a.flat[-1] for a in arrays]
        loss = getattr(reference, name)(*arguments)
        for array, value in zip(arrays, kept, strict=True):
            array.flat[-1] = value
        return loss

    _rejects(name, saboteur, dtype, rng)


@pytest.mark.parametrize("name", KERNELS)
def test_a_kernel_with_the_wrong_sign(name, dtype, rng):
    def saboteur(*arguments):
        loss = getattr(reference, name)(*arguments)
        for array in arguments:
            if isinstance(array, np.ndarray) and array.flags.writeable:
                array *= -1
        return loss

    _rejects(name, saboteur, dtype, rng)


@pytest.mark.parametrize("name", KERNELS)
def test_a_kernel_that_writes_beyond_its_end(name, dtype, rng):
    def saboteur(*arguments):
        loss = getattr(reference, name)(*arguments)
        last = next(a for a in arguments[::-1] if isinstance(a, np.ndarray) and a.flags.writeable)
        cells = last
        while isinstance(cells.base, np.ndarray):
            cells = cells.base
        cells[-32] = 1.0
        return loss

    _rejects(name, saboteur, dtype, rng)


def _off_by_one_column(x, w, b, activation, out):
    reference.dense_forward(x, np.roll(w, 1, axis=1), b, activation, out)


def _transposed(x, w, b, activation, out):
    reference.dense_forward(x, np.ascontiguousarray(w.T), b, activation, out)


def _without_bias(x, w, b, activation, out):
    reference.dense_forward(x, w, None, activation, out)


def _without_the_last_input(x, w, b, activation, out):
    reference.dense_forward(x[:, :-1], w[:-1], b, activation, out)


def _without_activation(x, w, b, activation, out):
    reference.dense_forward(x, w, b, activations.get("identity"), out)


def _in_half_precision(x, w, b, activation, out):
    half = [array.astype(np.float16).astype(array.dtype) for array in (x, w, b)]
    reference.dense_forward(*half, activation, out)


def _returning_something(x, w, b, activation, out):
    reference.dense_forward(x, w, b, activation, out)
    return out


@pytest.mark.parametrize(
    "saboteur",
    [
        _off_by_one_column,
        _transposed,
        _without_bias,
        _without_the_last_input,
        _without_activation,
        _in_half_precision,
        _returning_something,
    ],
)
def test_wrong_dense_forward(saboteur, dtype, rng):
    _rejects("dense_forward", saboteur, dtype, rng)


def test_wrong_backward(dtype, rng):
    def transposed_input(d_z, w, out):
        out[...] = d_z @ w

    def mean_instead_of_sum(x, d_z, d_w, d_b):
        reference.dense_backward_params(x, d_z, d_w, d_b)
        d_b /= len(x)

    def slope_of_z(z, a, d_a, activation, out):
        reference.activation_backward(z, z, d_a, activation, out)

    _rejects("dense_backward_input", transposed_input, dtype, rng)
    _rejects("dense_backward_params", mean_instead_of_sum, dtype, rng)
    _rejects("activation_backward", slope_of_z, dtype, rng)


def test_wrong_loss(dtype, rng):
    def unweighted(z, y, sample_weight, loss, d_z):
        return reference.loss_and_gradient(z, y, None, loss, d_z)

    def gradient_of_the_sum(z, y, sample_weight, loss, d_z):
        value = reference.loss_and_gradient(z, y, sample_weight, loss, d_z)
        d_z *= sample_weight.sum()
        return value

    def loss_of_the_first_row(z, y, sample_weight, loss, d_z):
        reference.loss_and_gradient(z, y, sample_weight, loss, d_z)
        return reference.loss_and_gradient(z[:1], y[:1], None, loss, d_z[:1].copy())

    def another_loss(z, y, sample_weight, loss, d_z):
        return reference.loss_and_gradient(z, y, sample_weight, losses.get("log_cosh"), d_z)

    for saboteur in (unweighted, gradient_of_the_sum, loss_of_the_first_row, another_loss):
        _rejects("loss_and_gradient", saboteur, dtype, rng)


def _classical(params, d_params, velocity, learning_rate, momentum, nesterov):
    reference.sgd_step(params, d_params, velocity, learning_rate, momentum, False)


def _uncorrected(params, d_params, m, v, step, *rest):
    reference.adam_step(params, d_params, m, v, 10**6, *rest)


def _one_step_ahead(params, d_params, m, v, step, *rest):
    reference.adam_step(params, d_params, m, v, step + 1, *rest)


def _sum_instead_of_mean(params, d_params, v, learning_rate, rho, epsilon):
    reference.adagrad_step(params, d_params, v, learning_rate, epsilon)


def _new_squares_at_full_weight(params, d_params, v, learning_rate, rho, epsilon):
    v *= rho
    reference.adagrad_step(params, d_params, v, learning_rate, epsilon)


def _without_the_root(params, d_params, v, learning_rate, epsilon):
    v += d_params**2
    params -= learning_rate * d_params / (v + epsilon)


def _by_the_old_mean(params, d_params, v, learning_rate, rho, epsilon):
    params -= learning_rate * d_params / (np.sqrt(v) + epsilon)
    v *= rho
    v += (1 - rho) * d_params**2


def _by_the_old_sum(params, d_params, v, learning_rate, epsilon):
    params -= learning_rate * d_params / (np.sqrt(v) + epsilon)
    v += d_params**2


def _mean_instead_of_sum(params, d_params, v, learning_rate, epsilon):
    reference.rmsprop_step(params, d_params, v, learning_rate, 0.99, epsilon)


def _decay_in_the_gradient(params, d_params, m, v, *options):
    *of_adam, weight_decay = options
    reference.adam_step(params, d_params + weight_decay * params, m, v, *of_adam)


def _decay_after_the_step(params, d_params, m, v, step, learning_rate, *rest):
    *of_adam, weight_decay = rest
    reference.adam_step(params, d_params, m, v, step, learning_rate, *of_adam)
    params *= 1 - learning_rate * weight_decay


def _decay_without_the_rate(params, d_params, m, v, *options):
    *of_adam, weight_decay = options
    params *= 1 - weight_decay
    reference.adam_step(params, d_params, m, v, *of_adam)


def _without_decay(params, d_params, m, v, *options):
    reference.adam_step(params, d_params, m, v, *options[:-1])


def _without_look_ahead(params, d_params, m, v, *options):
    reference.adam_step(params, d_params, m, v, *options)


def _corrected_as_of_now(params, d_params, m, v, step, learning_rate, beta_1, beta_2, epsilon):
    """m by this step's correction instead of the next one's."""
    before = params.copy()
    reference.nadam_step(params, d_params, m, v, step, learning_rate, beta_1, beta_2, epsilon)
    ahead = beta_1 * m + (1 - beta_1) * d_params
    root = np.sqrt(v / (1 - beta_2**step)) + epsilon
    params[...] = before - learning_rate * ahead / (1 - beta_1**step) / root


def _clipped_one_by_one(d_params, limit):
    norm = float(np.linalg.norm(d_params))
    reference.clip_by_value(d_params, limit)
    return norm


def _norm_after_clipping(d_params, limit):
    reference.clip_by_norm(d_params, limit)
    return float(np.linalg.norm(d_params))


def _clipped_from_above(d_params, limit):
    np.minimum(d_params, limit, out=d_params)


def _averaged_the_other_way(average, params, decay):
    reference.ema_step(average, params, 1 - decay)


def _unscaled(x, rate, seed, step, layer, first_row, out):
    reference.dropout(x, rate, seed, step, layer, first_row, out)
    out *= 1 - rate


def _another_mask(x, rate, seed, step, layer, first_row, out):
    reference.dropout(x, rate, seed, step, layer, first_row + 1, out)


WRONG_STEPS = {
    "clip_by_value": [_clipped_from_above],
    "clip_by_norm": [_clipped_one_by_one, _norm_after_clipping],
    "ema_step": [_averaged_the_other_way],
    "dropout": [_unscaled, _another_mask],
    "sgd_step": [_classical],
    "adam_step": [_uncorrected, _one_step_ahead],
    "rmsprop_step": [_sum_instead_of_mean, _new_squares_at_full_weight, _by_the_old_mean],
    "adagrad_step": [_mean_instead_of_sum, _without_the_root, _by_the_old_sum],
    "adamw_step": [
        _decay_in_the_gradient,
        _decay_after_the_step,
        _decay_without_the_rate,
        _without_decay,
    ],
    "nadam_step": [_without_look_ahead, _corrected_as_of_now],
}


@pytest.mark.parametrize(
    ("name", "saboteur"),
    [(name, saboteur) for name, wrong in WRONG_STEPS.items() for saboteur in wrong],
)
def test_wrong_steps(name, saboteur, dtype, rng):
    _rejects(name, saboteur, dtype, rng)


OPTIONS = [(name, option.name) for name in STEPS for option in contract.KERNELS[name].with_role("option")]


@pytest.mark.parametrize(("name", "option"), OPTIONS)
def test_a_step_by_another_number(name, option, dtype, rng):
    """Than the one that it is given: so each of them has an effect that the oracle sees."""
    place = contract.KERNELS[name].argument_names.index(option)

    def saboteur(*arguments):
        value = arguments[place]
        other = not value if isinstance(value, bool) else value + 1 if option == "step" else value / 2
        getattr(reference, name)(*arguments[:place], other, *arguments[place + 1 :])

    _rejects(name, saboteur, dtype, rng)


@pytest.mark.parametrize(("name", "slot"), [(name, slot) for name, kind in STEPS.items() for slot in kind.slots])
def test_a_step_that_remembers_nothing(name, slot, dtype, rng):
    place = contract.KERNELS[name].argument_names.index(slot)

    def saboteur(*arguments):
        getattr(reference, name)(*arguments[:place], np.zeros_like(arguments[place]), *arguments[place + 1 :])

    _rejects(name, saboteur, dtype, rng)


def test_a_kernel_that_writes_to_its_input(dtype, rng):
    def saboteur(z, activation, out):
        z.flags.writeable = True
        reference.activation_forward(z, activation, out)
        z[0, 0] += 1

    with pytest.raises(AssertionError, match="is an input and was changed"):
        check_function(saboteur, "activation_forward", dtype, z=np.ones((3, 3)), activation="relu")


def test_inputs_are_read_only(dtype):
    array = guarded(np.ones((3, 3)), dtype, writeable=False)
    with pytest.raises(ValueError, match="read-only"):
        array[0, 0] = 2
