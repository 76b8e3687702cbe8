"""Random calls of every kernel of the contract, and of its public function: what fuzzing starts from.

A call is made from the table of kernels, so that a new kernel is called without a word here; an option that nobody
knows a range for makes it fail.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

import numpy as np
from broken import ODD_ARRAYS, ODD_OPTIONS
from hypothesis import strategies as st
from loss_cases import WITH_OTHERS, targets
from networks import LAYERS, OPTIMIZERS, problem
from oracle import assert_guards, guarded

from fastnn import kernels, losses
from fastnn.activations import ACTIVATIONS
from fastnn.kernels.contract import KERNELS, Argument, Kernel
from fastnn.optimizers import OptimizerState

SIZES = st.sampled_from([0, 1, 1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 33, 40])
MANY_ROWS = 530  # of a loss, two blocks and a bit
LIBRARY = [name for name in LAYERS if name != "a user's own"]  # which Numba would compile, for seconds
DTYPES = st.sampled_from([np.float32, np.float64])

Draw = Callable[[st.SearchStrategy[Any]], Any]

# Values of the options of layer kernels and of neuron_epoch, by name.
OPTIONS: dict[str, st.SearchStrategy[Any]] = {
    "activation": st.sampled_from([*ACTIVATIONS, ACTIVATIONS["tanh"]]),
    "loss": st.sampled_from([*losses.LOSSES, *WITH_OTHERS]),
    "learning_rate": st.floats(1e-4, 0.1),
    "momentum": st.sampled_from([0.0, 0.5, 0.9]),
    "nesterov": st.booleans(),
    "rho": st.sampled_from([0.0, 0.9, 0.99]),
    "beta_1": st.sampled_from([0.0, 0.9]),
    "beta_2": st.sampled_from([0.5, 0.999]),
    "epsilon": st.sampled_from([1e-8, 1e-3]),
    "weight_decay": st.sampled_from([0.0, 0.01]),
    "step": st.integers(1, 1000),
    "limit": st.floats(0.01, 10.0),
    "decay": st.sampled_from([0.0, 0.9, 0.999]),
    "rate": st.sampled_from([0.0, 0.25, 0.9]),
    "seed": st.integers(0, 2**63 - 1),
    "layer": st.integers(0, 8),
    "first_row": st.integers(0, 2**32),
    "batch_size": st.sampled_from([1, 2, 3, 16, 1000]),
}


@dataclass(frozen=True)
class Call:
    """Arguments of a kernel by their names in the contract; outputs are full of NaN, every array has guard cells."""

    name: str
    dtype: Any
    given: dict[str, Any]

    @property
    def kernel(self) -> Kernel:
        """Its entry in the table."""
        return KERNELS[self.name]

    def with_argument(self, name: str, value: Any) -> Call:
        """The same call but for one argument."""
        return replace(self, given=self.given | {name: value})

    def arrays(self) -> dict[str, np.ndarray]:
        """All arrays by name, those of an optimizer's state too."""
        found = {name: value for name, value in self.given.items() if isinstance(value, np.ndarray)}
        state = self.given.get("state")
        if isinstance(state, OptimizerState):
            found |= {f"state {k}": slot for k, slot in enumerate(state.slots) if isinstance(slot, np.ndarray)}
        return found

    def public(self, **more: Any) -> Any:
        """What the public kernel returns."""
        outputs = [argument.name for argument in self.kernel.with_role("output")]
        rest = {name: value for name, value in self.given.items() if name not in outputs}
        outs = [self.given[name] for name in outputs]
        if outs and any(out is not None for out in outs):
            rest["out"] = outs[0] if len(outs) == 1 else tuple(outs)
        return getattr(kernels, self.name)(**rest, **more)

    def private(self, functions: Any, **more: Any) -> Any:
        """What the kernel of a backend returns."""
        return getattr(functions, self.name)(*(self.given[name] for name in self.kernel.argument_names), **more)

    def fresh(self) -> Call:
        """The same call on memory of its own."""
        given = {name: _fresh(value) for name, value in self.given.items()}
        return replace(self, given=given)


def _fresh(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return guarded(value, value.dtype, value.flags.writeable)
    if isinstance(value, OptimizerState):
        return OptimizerState(value.step, tuple(map(_fresh, value.slots)))
    return value


# --- making calls -------------------------------------------------------------------------------


@st.composite
def calls(draw: Draw, name: str) -> Call:
    """A right call of the kernel with that name."""
    dtype = draw(DTYPES)
    if name == "neuron_epoch":
        return Call(name, dtype, _neuron(draw, dtype))
    if KERNELS[name].storey == "network":
        return Call(name, dtype, _network(draw, name, dtype))
    kernel = KERNELS[name]
    given = {argument.name: draw(OPTIONS[argument.name]) for argument in kernel.with_role("option")}
    sizes = {letter: draw(SIZES) for letter in "niop"}
    if name == "loss_and_gradient" and draw(st.integers(0, 9)) == 0:
        sizes["n"] = MANY_ROWS
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    for argument in kernel.arguments:
        if argument.role != "option":
            shape = tuple(sizes[letter] for letter in argument.shape)
            missing = argument.optional and draw(st.booleans())
            given[argument.name] = None if missing else _array(argument, shape, dtype, rng, given)
    return Call(name, dtype, given)


def _array(argument: Argument, shape: tuple[int, ...], dtype: Any, rng: np.random.Generator, given: Any) -> np.ndarray:
    values = rng.normal(size=shape)
    if argument.role == "output":
        values = np.full(shape, np.nan)
    if argument.name == "y":
        values = targets(rng, losses.get(given["loss"]), shape)
    if argument.name == "sample_weight":
        values = rng.integers(0, 4, shape) / 2
    if argument.name == "v":  # a mean of squares
        values = values**2
    return guarded(values, np.float64 if argument.double else dtype, argument.role != "input")


def _network(draw: Draw, name: str, dtype: Any) -> dict[str, Any]:
    """Arguments of a kernel of whole networks, on one of the small networks that all tests use."""
    data = problem(draw(st.sampled_from(LIBRARY)), dtype, draw(SIZES))
    updates = name == "fit_epoch"
    given: dict[str, Any] = {"plan": data.plan, "params": guarded(data.params, dtype, updates)}
    given["x"] = guarded(data.x, dtype, False)
    if name == "network_forward":
        return given | {"out": guarded(np.full((len(data.x), data.plan.widths[-1]), np.nan), dtype, True)}
    given["y"] = guarded(data.y, dtype, False)
    given["sample_weight"] = guarded(data.weight, dtype, False) if draw(st.booleans()) else None
    given["alpha"] = draw(st.sampled_from([0.0, 0.1]))
    if name == "network_gradient":
        return given | {"d_params": guarded(np.full(len(data.params), np.nan), dtype, True)}
    optimizer = OPTIMIZERS[draw(st.sampled_from(list(OPTIMIZERS)))]
    slots = OptimizerState.zeros(optimizer, data.params).slots
    given |= {"l1": draw(st.sampled_from([0.0, 0.1])), "seed": draw(OPTIONS["seed"]), "optimizer": optimizer}
    given["state"] = OptimizerState(draw(st.integers(0, 9)), tuple(guarded(slot, dtype, True) for slot in slots))
    return given | _epoch(draw, len(data.x))


def _epoch(draw: Draw, n: int) -> dict[str, Any]:
    """The rows of an epoch, the size of its batches, and a learning rate for each."""
    order, rows = None, n
    if draw(st.booleans()):
        rows = draw(st.integers(0, 2 * n))
        rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
        order = guarded(rng.integers(0, max(n, 1), rows), np.int64, False)
    batch_size = draw(OPTIONS["batch_size"])
    rates = np.full(ceil(rows / batch_size), draw(st.floats(1e-4, 0.05)))
    return {"order": order, "batch_size": batch_size, "learning_rates": guarded(rates, np.float64, False)}


ONE_NEURON = [name for name, activation in ACTIVATIONS.items() if not activation.by_row]


def _neuron(draw: Draw, dtype: Any) -> dict[str, Any]:
    n, i = draw(SIZES), draw(SIZES)
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    given: dict[str, Any] = {"activation": draw(st.sampled_from(ONE_NEURON))}
    given["params"] = guarded(rng.normal(size=i + 1), dtype, True)
    given["x"] = guarded(rng.normal(size=(n, i)), dtype, False)
    y = rng.random(n) if given["activation"] == "sigmoid" else rng.choice([-1.0, 1.0], n)
    given["y"] = guarded(y, dtype, False)
    weight = draw(st.booleans())
    given["sample_weight"] = guarded(rng.integers(0, 4, n) / 2, dtype, False) if weight else None
    given["total"] = guarded(rng.normal(size=i + 1), np.float64, True) if draw(st.booleans()) else None
    return given | _epoch(draw, n)


# --- what becomes of them -----------------------------------------------------------------------

NEGATIVE = ("-1", "-0.5", "-2**70", "minus infinity", "NaN")
# What is known not to work as it should, and what no machine could do; all else is tried.
LEFT_OUT = {
    **{("step", change): "overflows in the compiled kernel" for change in ("2**63", "2**70", "10**400", "uint64")},
    **{(name, change): "no penalty is negative" for name in ("alpha", "l1") for change in NEGATIVE},
    ("order", "huge"): "every row of it is looked at",
}


def odd_arguments(call: Call) -> st.SearchStrategy[tuple[str, str]]:
    """One argument of a call, and what becomes of it."""
    pairs = []
    for argument in call.kernel.arguments:
        odd = ODD_OPTIONS if argument.role == "option" else ODD_ARRAYS
        pairs += [(argument.name, change) for change in odd]
    return st.sampled_from([pair for pair in pairs if pair not in LEFT_OUT])


def assert_only_written(found: Call, before: Call) -> None:
    """Guard cells and inputs are as they were."""
    written = [argument.name for argument in found.kernel.with_role("output", "update")]
    for key, array in found.arrays().items():
        assert_guards(key, array)
        if key not in written and not key.startswith("state"):
            np.testing.assert_array_equal(array, before.arrays()[key], f"{key} is an input and was changed")
