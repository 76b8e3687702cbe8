"""What an MLP's training goes on from, there and here: the optimizer's vectors, step and learning rate."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.neural_network._stochastic_optimizers import AdamOptimizer, SGDOptimizer

from fastnn.kernels.contract import Array
from fastnn.optimizers import SGD, Adam, Optimizer, OptimizerState
from fastnn.plan import Plan
from fastnn.training.rates import Adaptive, ConstantRate, InverseScalingRate, Rate, by_name
from fastnn.training.run import Run

__all__ = ["run_of_sklearn", "sklearn_optimizer"]

_SLOTS = {"sgd": ("velocities",), "adam": ("ms", "vs")}  # scikit-learn's, in the order of ours


def _separate(plan: Plan, flat: Array) -> list[Array]:
    """A flat vector (p,) as scikit-learn has it: all weights, and then all biases."""
    weights, biases = plan.unpack(flat)
    return [np.array(each) for each in (*weights, *biases) if each is not None]


def _flat(plan: Plan, arrays: list[NDArray[Any]]) -> Array:
    """The way back: layer by layer, (p,)."""
    half = plan.n_layers
    flat = np.concatenate([part.ravel() for pair in zip(arrays[:half], arrays[half:], strict=True) for part in pair])
    return np.ascontiguousarray(flat, plan.dtype)


def sklearn_optimizer(run: Run | None, plan: Plan, parameters: dict[str, Any]) -> Any:
    """scikit-learn's optimizer that goes on from the run; None where it has none such, and begins anew.

    `parameters` are those of scikit-learn's estimator.
    """
    if run is None or type(run.optimizer) not in (SGD, Adam) or run.optimizer.ema is not None:
        return None
    if any(slot.shape != (plan.n_params,) for slot in run.state.slots):
        return None
    kind = run.optimizer.name
    if kind != parameters["solver"]:
        return None
    none: list[Any] = []  # the vectors are given below
    rate = parameters["learning_rate_init"]
    if kind == "adam":
        made = AdamOptimizer(none, rate, parameters["beta_1"], parameters["beta_2"], parameters["epsilon"])
        made.t = run.state.step
    else:
        how = (parameters["momentum"], parameters["nesterovs_momentum"], parameters["power_t"])
        made = SGDOptimizer(none, rate, parameters["learning_rate"], *how)
        made.learning_rate = getattr(run.rate, "current", rate)
    for name, slot in zip(_SLOTS[kind], run.state.slots, strict=True):
        setattr(made, name, _separate(plan, slot))
    return made


def run_of_sklearn(optimizer: Any, plan: Plan, model: Any, seed: int) -> Run | None:
    """The run that goes on from scikit-learn's optimizer; None where there is none, as of "lbfgs"."""
    kinds: dict[type, type[Optimizer]] = {AdamOptimizer: Adam, SGDOptimizer: SGD}
    kind = kinds.get(type(optimizer))
    if kind is None:
        return None
    initial = float(optimizer.learning_rate_init)
    rate: Rate = ConstantRate(initial)
    if kind is Adam:
        ours: Optimizer = Adam(initial, optimizer.beta_1, optimizer.beta_2, optimizer.epsilon)
    else:
        ours = SGD(initial, optimizer.momentum, bool(optimizer.nesterov))
        rate = by_name(optimizer.lr_schedule, initial, float(optimizer.power_t))
        if isinstance(rate, (Adaptive, InverseScalingRate)):
            rate.current = float(optimizer.learning_rate)
    slots = [_flat(plan, getattr(optimizer, name)) for name in _SLOTS[ours.name]]
    step = int(getattr(optimizer, "t", 0))
    state = OptimizerState.zeros(ours, np.empty(plan.n_params, plan.dtype))
    for own, given in zip(state.slots, slots, strict=True):
        own[...] = given
    state.step = step
    return Run(ours, state, rate, seed, len(getattr(model, "loss_curve_", ())), int(model.t_))
