"""Arguments of a public kernel, checked and converted by what `contract` says of them."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from numbers import Integral, Real
from typing import Any

import numpy as np

from fastnn import activations, losses, optimizers
from fastnn.errors import out_of_range, wrong_type
from fastnn.kernels.contract import KERNELS, Array, Kernel, PlanLike
from fastnn.kernels.select import bound
from fastnn.validation import (
    Sizes,
    as_floating,
    as_integers,
    check_floating,
    check_no_overlap,
    check_output,
    check_size,
    common_dtype,
    laid_out,
)

__all__ = ["LOWEST", "RANGES", "REFUSED", "as_count", "as_flag", "run_checked"]

# What the compiled kernels raise, and what reading the shape of something that is no array raises.
# The public kernels first call the compiled kernel with what they were given: it checks types,
# flags and shapes itself and raises before it writes. What it refuses comes here, to be converted
# or explained.
REFUSED = (ValueError, TypeError, AttributeError, IndexError, OverflowError)


def run_checked(name: str, backend: str, n_threads: int | None, given: dict[str, Any]) -> tuple[Any, list[Array]]:
    """Run a kernel on what a user gave.

    Returns what the kernel returns and the arrays that it wrote, in its order.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what the contract says and cannot become it.
    """
    kernel = KERNELS[name]
    kernels, threads = bound(backend, n_threads)
    ready = _prepare(kernel, given)
    arguments = (ready[argument] for argument in kernel.argument_names)
    returned = getattr(kernels, name)(*arguments, *threads)
    written = [argument.name for argument in kernel.with_role("update", "output")]
    return returned, [ready[name] if given[name] is None else given[name] for name in written]


def _prepare(kernel: Kernel, given: dict[str, Any]) -> dict[str, Any]:
    ready = dict(given)
    for argument in kernel.with_role("option"):
        ready[argument.name] = _option(argument.name, given[argument.name])
    sizes = Sizes()
    if "plan" in ready:
        _bind_plan(sizes, ready["plan"])
        if "loss" in kernel.returns:
            ready["plan"].require_trainable()
    _convert_inputs(kernel, ready)
    for argument in kernel.with_role("input", "update"):
        if ready[argument.name] is not None:
            sizes.check(argument.name, ready[argument.name].shape, argument.shape)
    dtype = _dtype(kernel, ready)
    if kernel.name.endswith("_epoch"):
        _check_rows(ready, sizes)
    if kernel.name == "fit_epoch":
        _check_state(ready, dtype)
    if kernel.name == "neuron_epoch":
        _check_neuron(ready, sizes)
    _prepare_outputs(kernel, ready, given, sizes, dtype)
    for argument in kernel.with_role("input"):
        if ready[argument.name] is not None:
            ready[argument.name] = laid_out(ready[argument.name])
    return ready


# --- arrays -------------------------------------------------------------------------------------


def _bind_plan(sizes: Sizes, plan: PlanLike) -> None:
    sizes.bind("i", plan.widths[0], "the plan")
    sizes.bind("o", plan.widths[-1], "the plan")
    sizes.bind("p", plan.n_params, "the plan")


def _convert_inputs(kernel: Kernel, ready: dict[str, Any]) -> None:
    for argument in kernel.with_role("input", "update"):
        value = ready[argument.name]
        if value is None and argument.optional:
            continue
        if argument.role == "update" and not isinstance(value, np.ndarray):
            raise wrong_type(argument.name, value, "an ndarray, which is updated in place")
        if argument.integer:
            ready[argument.name] = as_integers(argument.name, value)
        elif argument.double and argument.role == "input":
            ready[argument.name] = as_floating(argument.name, value).astype(np.float64, copy=False)
        elif argument.role == "input":
            ready[argument.name] = as_floating(argument.name, value)


def _dtype(kernel: Kernel, ready: dict[str, Any]) -> np.dtype[Any]:
    """The kernel's one dtype; updates and outputs are not converted to it but must have it."""
    floating = {
        argument.name: ready[argument.name]
        for argument in kernel.with_role("input") or kernel.with_role("update")
        if not (argument.integer or argument.double or ready[argument.name] is None)
    }
    if not kernel.with_role("input"):
        check_floating(floating)
    dtype = common_dtype(floating)
    if "plan" in ready and ready["plan"].dtype != dtype:
        raise TypeError(
            f"{next(iter(floating))} is {dtype} but the plan is {ready['plan'].dtype}; "
            "convert the arrays or make a plan of their dtype."
        )
    return dtype


def _prepare_outputs(
    kernel: Kernel,
    ready: dict[str, Any],
    given: dict[str, Any],
    sizes: Sizes,
    dtype: np.dtype[Any],
) -> None:
    """Allocate the outputs that are None, and check that the others can be written to."""
    written = kernel.with_role("output", "update")
    for argument in written:
        if argument.optional and ready[argument.name] is None:
            continue
        shape = sizes.shape_of(argument.shape)
        check_size(argument.name, shape, dtype)
        if ready[argument.name] is None and argument.role == "output":
            ready[argument.name] = np.empty(shape, dtype)
        else:
            own = np.dtype(np.float64) if argument.double else dtype
            check_output(argument.name, ready[argument.name], shape, own)
            # A matrix has two dimensions however it is reshaped.
            ready[argument.name] = np.asarray(ready[argument.name])
    others = _memory_of_inputs(kernel, ready, given)
    if kernel.name == "fit_epoch":
        others |= dict(zip(ready["optimizer"].state_names, ready["state"].slots, strict=True))
    for argument in written:
        check_no_overlap(argument.name, ready[argument.name], others)
        others[argument.name] = ready[argument.name]


def _memory_of_inputs(kernel: Kernel, ready: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """What a user gave as inputs, and what is no ndarray as the array of its memory that it has become."""
    names = [argument.name for argument in kernel.with_role("input")]
    return {name: given[name] if isinstance(given[name], np.ndarray) else ready[name] for name in names}


def _check_rows(ready: dict[str, Any], sizes: Sizes) -> None:
    """What an epoch has: rows that exist, a learning rate per step."""
    order = ready["order"]
    (n,) = sizes.shape_of("n")
    if order is not None and order.size and not 0 <= order.min() <= order.max() < n:
        raise ValueError(
            f"order of shape {order.shape} has rows from {order.min()} to {order.max()}, but x has "
            f"the rows 0 to {n - 1}."
        )
    rows = n if order is None else len(order)
    ready["batch_size"] = min(ready["batch_size"], max(rows, 2))  # 1 alone is online for a neuron
    n_steps = ceil(rows / ready["batch_size"])
    if len(ready["learning_rates"]) != n_steps:
        raise ValueError(
            f"learning_rates has shape {ready['learning_rates'].shape}, wanted one for each of the {n_steps} steps."
        )


def _check_state(ready: dict[str, Any], dtype: np.dtype[Any]) -> None:
    """An optimizer's state that fits the plan."""
    _integer(0)("state.step", ready["state"].step)
    plan, state = ready["plan"], ready["state"]
    names = ready["optimizer"].state_names
    if len(state.slots) != len(names):
        raise ValueError(
            f"state has {len(state.slots)} vector(s), but {ready['optimizer'].name} keeps {', '.join(names)}."
        )
    for name, slot in zip(names, state.slots, strict=True):
        check_output(f"{name} of state", slot, (plan.n_params,), dtype)
    for k, (name, slot) in enumerate(zip(names, state.slots, strict=True)):
        check_no_overlap(name, slot, dict(zip(names[:k], state.slots[:k], strict=True)))
        others = ("x", "y", "sample_weight", "order", "learning_rates")
        check_no_overlap(name, slot, {key: ready[key] for key in others})


def _check_neuron(ready: dict[str, Any], sizes: Sizes) -> None:
    """An activation of single numbers, and a weight for each input and one for the bias."""
    if ready["activation"].by_row:
        raise ValueError(f"activation={ready['activation'].name!r} works on whole rows; a neuron has one output.")
    i, p = sizes.shape_of("ip")
    if p != i + 1:
        raise ValueError(f"params has shape ({p},), wanted ({i + 1},): w for the {i} inputs of x, then b.")


# --- options ------------------------------------------------------------------------------------


def _plan(name: str, value: Any) -> PlanLike:
    if not isinstance(value, PlanLike):
        raise wrong_type(name, value, "a fastnn.plan.Plan")
    return value


def _state(name: str, value: Any) -> optimizers.OptimizerState:
    if not isinstance(value, optimizers.OptimizerState):
        raise wrong_type(name, value, "an OptimizerState")
    return value


def as_flag(name: str, value: Any) -> bool:
    """`value` as True or False, of which 1 and 0 are other names; TypeError if it is neither."""
    if not isinstance(value, (bool, np.bool_, Real)) or value not in (0, 1):
        raise wrong_type(name, value, "True or False")
    return bool(value)


def _whole(name: str, value: Any, low: int) -> int:
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise wrong_type(name, value, f"an integer of at least {low}")
    if value < low:
        raise out_of_range(name, value, f"at least {low}")
    return int(value)


def _integer(low: int) -> Callable[[str, Any], int]:
    """Integers from low on that a kernel can hold."""

    def convert(name: str, value: Any) -> int:
        number = _whole(name, value, low)
        if number >= 1 << 63:
            raise out_of_range(name, value, f"at least {low} and below 2**63")
        return number

    return convert


as_count = _integer(1)


def _number(name: str, value: Any) -> float:
    if not isinstance(value, Real):
        raise wrong_type(name, value, "a real number")
    try:
        return float(value)
    except OverflowError:
        raise out_of_range(name, value, "a number that float64 can hold") from None


def _within(allowed: optimizers.Range) -> Callable[[str, Any], float]:
    allows, wanted = allowed

    def convert(name: str, value: Any) -> float:
        number = _number(name, value)
        if not allows(number):
            raise out_of_range(name, value, wanted)
        return number

    return convert


# The ranges of options that are numbers, and the lowest values of those that are integers.
RANGES: dict[str, optimizers.Range] = {
    **optimizers.RANGES,
    **dict.fromkeys(("rate", "decay"), optimizers.BELOW_ONE),
    **dict.fromkeys(("alpha", "l1"), optimizers.NOT_NEGATIVE),
    "learning_rate": optimizers.NOT_NEGATIVE,  # a schedule may give 0
    "limit": (lambda value: value > 0, "a number above 0"),
}
LOWEST = {"step": 1, "seed": 0, "layer": 0, "first_row": 0}

_OPTIONS: dict[str, Callable[[str, Any], Any]] = {
    "plan": _plan,
    "activation": lambda name, value: activations.get(value),
    "loss": lambda name, value: losses.get(value),
    "optimizer": lambda name, value: optimizers.get(value),
    "state": _state,
    "batch_size": lambda name, value: _whole(name, value, 1),  # more than all rows are all of them
    "nesterov": as_flag,
    **{name: _integer(low) for name, low in LOWEST.items()},
    **{name: _within(allowed) for name, allowed in RANGES.items()},
}


def _option(name: str, value: Any) -> Any:
    return _OPTIONS[name](name, value)
