"""Network kernels made from layer kernels: this file defines what training is.

``compose(backend)`` takes a module with the layer kernels of `contract` and gives its network
kernels. The compiled module does each of them in one call and must agree with what is written here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import isfinite, nan
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastnn import activations
from fastnn.kernels.contract import Array, PlanLike
from fastnn.optimizers import Optimizer, OptimizerState
from fastnn.validation import dense_rows

__all__ = ["NetworkKernels", "compose", "input_gradient"]

_IDENTITY = activations.get("identity")


class NetworkKernels(NamedTuple):
    """The network storey of a backend."""

    network_forward: Callable[..., None]
    network_gradient: Callable[..., float]
    fit_epoch: Callable[..., tuple[float, float]]


def compose(backend: Any) -> NetworkKernels:
    """The network kernels that the layer kernels of `backend`, a module or namespace, make up."""
    return NetworkKernels(
        partial(_network_forward, backend),
        partial(_network_gradient, backend),
        partial(_fit_epoch, backend),
    )


# --- one pass over some rows --------------------------------------------------------------------


@dataclass(frozen=True)
class _LayerBuffers:
    """What a layer computes on the way up (z, a) and on the way down (d_a, d_z), each (n, o)."""

    z: Array
    a: Array
    d_a: Array
    d_z: Array

    def rows(self, n: int) -> _LayerBuffers:
        return _LayerBuffers(self.z[:n], self.a[:n], self.d_a[:n], self.d_z[:n])


def _allocate(plan: PlanLike, n: int) -> list[_LayerBuffers]:
    def buffer(o: int) -> Array:
        return np.empty((n, o), plan.dtype)

    return [_LayerBuffers(buffer(o), buffer(o), buffer(o), buffer(o)) for o in plan.widths[1:]]


def _total_weight(sample_weight: Array | None, n: int) -> float:
    """Sum of the weights of a batch; 1 where all are zero, so that loss and gradient are zero."""
    total = float(n) if sample_weight is None else float(sample_weight.sum(dtype=np.float64))
    return total if total > 0 else 1.0


@dataclass(frozen=True)
class _Dropout:
    """The masks of some rows in one step."""

    kernels: Any
    rates: tuple[float, ...]
    seed: int
    step: int
    first_row: int

    def __call__(self, l: int, values: Array) -> Array:
        """The inputs of layer l after dropout, or in the same way their gradient."""
        if self.rates[l] == 0:
            return values
        out = np.empty_like(values)
        self.kernels.dropout(values, self.rates[l], self.seed, self.step, l, self.first_row, out)
        return out


def _gradient(
    kernels: Any,
    plan: PlanLike,
    params: Array,
    x: Array,
    y: Array,
    sample_weight: Array | None,
    d_params: Array,
    layers: list[_LayerBuffers],
    drop: Callable[[int, Array], Array],
) -> float:
    """Mean loss over the rows of x (n, i); its gradient goes to d_params (p,)."""
    weights, biases = plan.unpack(params)
    inputs = [drop(0, x)]
    for l, layer in enumerate(layers):
        kernels.dense_forward(inputs[l], weights[l], biases[l], _IDENTITY, layer.z)
        kernels.activation_forward(layer.z, plan.activations[l], layer.a)
        if l + 1 < plan.n_layers:
            inputs.append(drop(l + 1, layer.a))

    last = layers[-1]
    loss: float = kernels.loss_and_gradient(last.a, y, sample_weight, plan.loss, last.d_a)

    d_weights, d_biases = plan.unpack(d_params)
    for l in reversed(range(plan.n_layers)):
        layer, d_b = layers[l], d_biases[l]
        kernels.activation_backward(layer.z, layer.a, layer.d_a, plan.activations[l], layer.d_z)
        unused = np.empty(plan.widths[l + 1], plan.dtype) if d_b is None else d_b
        kernels.dense_backward_params(inputs[l], layer.d_z, d_weights[l], unused)
        if l > 0:
            d_a = layers[l - 1].d_a
            kernels.dense_backward_input(layer.d_z, weights[l], d_a)
            d_a[...] = drop(l, d_a)
    return loss


def _add_penalty(plan: PlanLike, params: Array, d_params: Array, alpha: float, l1: float, total_weight: float) -> float:
    """L2 and L1 on w, not on b: adds their gradient to d_params and returns their value."""
    penalty = 0.0
    for w, d_w in zip(plan.unpack(params)[0], plan.unpack(d_params)[0], strict=True):
        if alpha > 0:
            d_w += (alpha / total_weight) * w
            penalty += 0.5 * alpha * float(np.square(w, dtype=np.float64).sum()) / total_weight
        if l1 > 0:
            d_w += (l1 / total_weight) * np.sign(w)
            penalty += l1 * float(np.abs(w).sum(dtype=np.float64)) / total_weight
    return penalty


# --- the kernels --------------------------------------------------------------------------------


def _network_forward(kernels: Any, plan: PlanLike, params: Array, x: Any, out: Array) -> None:
    """out (n, o): what the last layer's activation makes of x (n, i), which may be sparse."""
    weights, biases = plan.unpack(params)
    below = dense_rows(x)
    for l, activation in enumerate(plan.activations):
        a = out if l + 1 == plan.n_layers else np.empty((len(out), plan.widths[l + 1]), plan.dtype)
        kernels.dense_forward(below, weights[l], biases[l], activation, a)
        below = a


def _network_gradient(
    kernels: Any,
    plan: PlanLike,
    params: Array,
    x: Array,
    y: Array,
    sample_weight: Array | None,
    alpha: float,
    d_params: Array,
) -> float:
    """Mean loss over all rows, with penalty; its gradient goes to d_params (p,). Without rows both are zero."""
    x = dense_rows(x)
    if len(x) == 0:
        d_params[...] = 0
        return 0.0
    layers = _allocate(plan, len(x))
    loss = _gradient(kernels, plan, params, x, y, sample_weight, d_params, layers, lambda l, values: values)
    return loss + _add_penalty(plan, params, d_params, alpha, 0.0, _total_weight(sample_weight, len(x)))


def _fit_epoch(
    kernels: Any,
    plan: PlanLike,
    params: Array,
    x: Array,
    y: Array,
    sample_weight: Array | None,
    order: NDArray[np.int64] | None,
    batch_size: int,
    optimizer: Optimizer,
    state: OptimizerState,
    learning_rates: NDArray[np.float64],
    alpha: float,
    l1: float,
    seed: int,
) -> tuple[float, float]:
    """One pass over the rows in `order`, a step for each mini-batch; mean loss and penalty on the way.

    Where a loss is not finite, or at the end a penalty, a parameter or the parameters' average, both are NaN. Then, and
    on an exception, params and state are left as they were.
    """
    params_before, state_before = params.copy(), state.copy()
    data = (x, y, sample_weight, order, batch_size)
    losses = nan, nan
    try:
        found = _steps(kernels, plan, params, *data, optimizer, state, learning_rates, alpha, l1, seed)
        averaged = optimizer.averaged(state)
        seen = [params] if averaged is None else [params, averaged]
        if isfinite(sum(found)) and all(np.isfinite(each).all() for each in seen):
            losses = found
    finally:  # also after Ctrl-C
        if not isfinite(losses[0]):
            _restore(params, state, params_before, state_before)
    return losses


def _steps(
    kernels: Any,
    plan: PlanLike,
    params: Array,
    x: Array,
    y: Array,
    sample_weight: Array | None,
    order: NDArray[np.int64] | None,
    batch_size: int,
    optimizer: Optimizer,
    state: OptimizerState,
    learning_rates: NDArray[np.float64],
    alpha: float,
    l1: float,
    seed: int,
) -> tuple[float, float]:
    """The steps of an epoch, up to a loss that is not finite; mean loss and penalty on the way."""
    n = x.shape[0] if order is None else len(order)
    d_params = np.empty_like(params)
    layers = _allocate(plan, min(batch_size, n))
    sums = np.zeros(2)
    for k, first in enumerate(range(0, n, batch_size)):
        last = min(first + batch_size, n)
        rows = slice(first, last) if order is None else order[first:last]
        weight = None if sample_weight is None else sample_weight[rows]
        batch = [layer.rows(last - first) for layer in layers]
        drop = _Dropout(kernels, plan.dropout, seed, state.step + 1, first)
        loss = _gradient(kernels, plan, params, dense_rows(x[rows]), y[rows], weight, d_params, batch, drop)
        if not isfinite(loss):
            return nan, nan
        penalty = _add_penalty(plan, params, d_params, alpha, l1, _total_weight(weight, last - first))
        _step(kernels, optimizer, params, d_params, state, float(learning_rates[k]))
        sums += np.array([loss, penalty]) * (last - first)
    mean_loss, mean_penalty = (sums / max(n, 1)).tolist()
    return mean_loss, mean_penalty


def _step(
    kernels: Any,
    optimizer: Optimizer,
    params: Array,
    d_params: Array,
    state: OptimizerState,
    learning_rate: float,
) -> None:
    """One update of params and of the optimizer's state, from a gradient that it may clip."""
    if optimizer.clip_value is not None:
        kernels.clip_by_value(d_params, optimizer.clip_value)
    if optimizer.clip_norm is not None:
        kernels.clip_by_norm(d_params, optimizer.clip_norm)
    state.step += 1
    slots = state.slots[: len(optimizer.slots)]
    arguments = optimizer.arguments(state.step, learning_rate)
    getattr(kernels, optimizer.kernel)(params, d_params, *slots, *arguments)
    if optimizer.ema is not None:
        kernels.ema_step(state.slots[-1], params, optimizer.ema)


def _restore(params: Array, state: OptimizerState, params_before: Array, state_before: OptimizerState) -> None:
    params[...] = params_before
    state.step = state_before.step
    for slot, before in zip(state.slots, state_before.slots, strict=True):
        slot[...] = before


# --- gradients of the outputs -------------------------------------------------------------------


def input_gradient(
    kernels: Any, plan: PlanLike, params: Array, x: Array, outputs: Sequence[int], link: bool, out: Array, *threads: int
) -> None:
    """How outputs change with the inputs: once forward, then back to x for each of the outputs.

    Parameters
    ----------
    kernels : module or namespace
        The layer kernels of any backend.
    plan : PlanLike
    params : ndarray (p,)
    x : ndarray (n, i)
    outputs : sequence of int
        Columns of the last layer.
    link : bool
        Whether to differentiate the loss's link of the last layer's activation instead of that.
    out : ndarray (n, len(outputs), i)
    *threads : int
        For kernels that take a number of threads.
    """
    weights, biases = plan.unpack(params)
    layers = _allocate(plan, len(x))
    below = x
    for l, layer in enumerate(layers):
        kernels.dense_forward(below, weights[l], biases[l], _IDENTITY, layer.z, *threads)
        kernels.activation_forward(layer.z, plan.activations[l], layer.a, *threads)
        below = layer.a
    d_x = np.empty_like(x)
    for k, output in enumerate(outputs):
        layers[-1].d_a[...] = 0
        layers[-1].d_a[:, output] = 1
        if link:
            _link_backward(kernels, plan, layers[-1], *threads)
        for l in reversed(range(plan.n_layers)):
            layer, d_below = layers[l], layers[l - 1].d_a if l > 0 else d_x
            kernels.activation_backward(layer.z, layer.a, layer.d_a, plan.activations[l], layer.d_z, *threads)
            kernels.dense_backward_input(layer.d_z, weights[l], d_below, *threads)
        out[:, k] = d_x


def _link_backward(kernels: Any, plan: PlanLike, last: _LayerBuffers, *threads: int) -> None:
    """From the gradient of the predictions, in d_a, to that of the raw output, in its place."""
    if plan.loss.link == "identity":
        return
    prediction, d_prediction = np.empty_like(last.a), last.d_a.copy()
    kernels.link(last.a, plan.loss, prediction, *threads)
    if plan.loss.link == "exp":  # its own slope
        last.d_a[...] = d_prediction * prediction
        return
    kernels.activation_backward(last.a, prediction, d_prediction, activations.get(plan.loss.link), last.d_a, *threads)
