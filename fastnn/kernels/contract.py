"""The one table of kernels: names, argument order, shapes.

Backends, selection, tests, benchmarks and stubs read it. Below this level all arrays are
C-contiguous, aligned, of native byte order and of one floating dtype (float32 or float64); inputs
come first, outputs last, and the caller owns all memory.

Letters of shapes: n rows, i inputs, o outputs; p parameters of a network; r rows of an epoch; s its
steps.

Not in the table is what the native backend alone has, since it does at once, with the same bits, what kernels do one
after another: `network_predict` (network_forward, link) and `Workspace`, whose fit_epoch keeps memory and
in it what the optimizer remembers, until `write_state`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from fastnn.activations import Activation
from fastnn.losses import Loss
from fastnn.optimizers import OPTIMIZERS, Optimizer

__all__ = [
    "BACKENDS",
    "COORDINATE_DESCENT",
    "KERNELS",
    "LIMITED_MEMORY",
    "LOGISTIC_PASSES",
    "SAGA",
    "Argument",
    "Array",
    "JitPlanLike",
    "Kernel",
    "Kernels",
    "PlanLike",
]

Array = NDArray[np.floating[Any]]
Role = Literal["input", "output", "update", "option"]

BACKENDS = ("native", "jit", "reference")


@runtime_checkable
class PlanLike(Protocol):
    """What network kernels need to know of a network; `fastnn.plan.Plan` has it."""

    @property
    def widths(self) -> tuple[int, ...]: ...
    @property
    def activations(self) -> tuple[Activation, ...]: ...
    @property
    def bias(self) -> tuple[bool, ...]: ...
    @property
    def loss(self) -> Loss: ...
    @property
    def dropout(self) -> tuple[float, ...]: ...
    @property
    def dtype(self) -> np.dtype[np.floating[Any]]: ...
    @property
    def n_layers(self) -> int: ...
    @property
    def n_params(self) -> int: ...
    def unpack(self, flat: Array) -> tuple[list[Array], list[Array | None]]: ...
    def require_trainable(self) -> None: ...


class JitPlanLike(PlanLike, Protocol):
    """A plan that the backend "jit" can read.

    Apart from PlanLike, of which Python 3.11 looks at every attribute to tell what is one: this one compiles.
    """

    @property
    def jitted(self) -> Any: ...


class Kernels(Protocol):
    """All kernels in the table as attributes, of one backend; their arguments are the table's."""

    dense_forward: Callable[..., None]
    dense_backward_input: Callable[..., None]
    dense_backward_params: Callable[..., None]
    activation_forward: Callable[..., None]
    activation_backward: Callable[..., None]
    link: Callable[..., None]
    loss_and_gradient: Callable[..., float]
    # tools/generate_optimizers.py writes this: types
    sgd_step: Callable[..., None]
    adam_step: Callable[..., None]
    rmsprop_step: Callable[..., None]
    adagrad_step: Callable[..., None]
    adamw_step: Callable[..., None]
    nadam_step: Callable[..., None]
    adamax_step: Callable[..., None]
    adadelta_step: Callable[..., None]
    lion_step: Callable[..., None]
    # until here
    clip_by_value: Callable[..., None]
    clip_by_norm: Callable[..., float]
    ema_step: Callable[..., None]
    dropout: Callable[..., None]
    network_forward: Callable[..., None]
    network_gradient: Callable[..., float]
    fit_epoch: Callable[..., tuple[float, float]]
    neuron_epoch: Callable[..., float]


@dataclass(frozen=True)
class Argument:
    """One argument of a kernel; `shape` has a letter per dimension, none for what is no array."""

    name: str
    role: Role
    shape: str = ""
    optional: bool = False
    integer: bool = False  # int64 instead of the kernel's dtype
    double: bool = False  # float64 whatever the kernel's dtype


@dataclass(frozen=True)
class Kernel:
    """A kernel by its arguments in the order in which every backend takes them."""

    name: str
    storey: Literal["layer", "network"]
    arguments: tuple[Argument, ...]
    returns: tuple[str, ...] = ()  # numbers: of one a float, of several a tuple

    @property
    def argument_names(self) -> tuple[str, ...]:
        """Names of all arguments, in order."""
        return tuple(argument.name for argument in self.arguments)

    def with_role(self, *roles: Role) -> tuple[Argument, ...]:
        """The arguments of the given roles, in order."""
        return tuple(argument for argument in self.arguments if argument.role in roles)


def _input(name: str, shape: str, optional: bool = False) -> Argument:
    return Argument(name, "input", shape, optional)


def _output(name: str, shape: str) -> Argument:
    return Argument(name, "output", shape)


def _update(name: str) -> Argument:
    return Argument(name, "update", "p")


def _option(name: str) -> Argument:
    return Argument(name, "option")


def _layer(name: str, *arguments: Argument, returns: tuple[str, ...] = ()) -> Kernel:
    return Kernel(name, "layer", arguments, returns)


def _step(optimizer: type[Optimizer]) -> Kernel:
    """The kernel of one step of an optimizer."""
    counted = ("step",) if optimizer.counts_steps else ()
    return _layer(
        f"{optimizer.name}_step",
        _update("params"),
        _input("d_params", "p"),
        *map(_update, optimizer.slots),
        *map(_option, (*counted, "learning_rate", *optimizer.hyper_names())),
    )


def _network(name: str, *arguments: Argument, returns: tuple[str, ...] = ()) -> Kernel:
    return Kernel(name, "network", arguments, returns)


_SAMPLE_WEIGHT = _input("sample_weight", "n", optional=True)
_ORDER = Argument("order", "input", "r", optional=True, integer=True)
_LEARNING_RATES = Argument("learning_rates", "input", "s", double=True)

_ALL = (
    _layer(
        "dense_forward",
        _input("x", "ni"),
        _input("w", "io"),
        _input("b", "o", optional=True),
        _option("activation"),
        _output("out", "no"),
    ),
    _layer(
        "dense_backward_input",
        _input("d_z", "no"),
        _input("w", "io"),
        _output("out", "ni"),
    ),
    _layer(
        "dense_backward_params",
        _input("x", "ni"),
        _input("d_z", "no"),
        _output("d_w", "io"),
        _output("d_b", "o"),
    ),
    _layer(
        "activation_forward",
        _input("z", "no"),
        _option("activation"),
        _output("out", "no"),
    ),
    _layer(
        "activation_backward",
        _input("z", "no"),
        _input("a", "no"),
        _input("d_a", "no"),
        _option("activation"),
        _output("out", "no"),
    ),
    _layer("link", _input("z", "no"), _option("loss"), _output("out", "no")),
    _layer(
        "loss_and_gradient",
        _input("z", "no"),
        _input("y", "no"),
        _SAMPLE_WEIGHT,
        _option("loss"),
        _output("d_z", "no"),
        returns=("loss",),
    ),
    *map(_step, OPTIMIZERS.values()),
    _layer("clip_by_value", _update("d_params"), _option("limit")),
    _layer("clip_by_norm", _update("d_params"), _option("limit"), returns=("norm",)),
    _layer("ema_step", _update("average"), _input("params", "p"), _option("decay")),
    _layer(
        "dropout",
        _input("x", "no"),
        *map(_option, ("rate", "seed", "step", "layer", "first_row")),
        _output("out", "no"),
    ),
    _network(
        "network_forward",
        _option("plan"),
        _input("params", "p"),
        _input("x", "ni"),
        _output("out", "no"),
    ),
    _network(
        "network_gradient",
        _option("plan"),
        _input("params", "p"),
        _input("x", "ni"),
        _input("y", "no"),
        _SAMPLE_WEIGHT,
        _option("alpha"),
        _output("d_params", "p"),
        returns=("loss",),
    ),
    _network(
        "fit_epoch",
        _option("plan"),
        _update("params"),
        _input("x", "ni"),
        _input("y", "no"),
        _SAMPLE_WEIGHT,
        _ORDER,
        *map(_option, ("batch_size", "optimizer", "state")),
        _LEARNING_RATES,
        *map(_option, ("alpha", "l1", "seed")),
        returns=("loss", "penalty"),
    ),
    _network(
        "neuron_epoch",
        _option("activation"),
        _update("params"),
        _input("x", "ni"),
        _input("y", "n"),
        _SAMPLE_WEIGHT,
        _ORDER,
        _option("batch_size"),
        _LEARNING_RATES,
        Argument("total", "update", "p", optional=True, double=True),
        returns=("loss",),
    ),
)

KERNELS: dict[str, Kernel] = {kernel.name: kernel for kernel in _ALL}

# Passes over all rows that the solvers of logistic regression are made of. Apart from the table: X may be sparse, and
# sums are float64 whatever X is. The native and the reference backend have them; "jit" has the reference's.
LOGISTIC_PASSES = ("logistic_gradient", "logistic_product", "weighted_gram")

# What solvers for penalties that make coefficients zero are made of, in float64; backends have them in the same way.
COORDINATE_DESCENT = ("column_sums", "quadratic_descent", "column_descent", "take_columns")

# What corrects a metric by the last steps of L-BFGS, in float64. Solvers call the native ones whatever the backend,
# as all their small loops over params alone; tests compare them with the reference.
LIMITED_MEMORY = ("dot", "memory_backward", "memory_forward")

# SAGA's turns, one row after another; parameters and table are float64 whatever X is.
SAGA = ("saga_table", "saga_epoch")
