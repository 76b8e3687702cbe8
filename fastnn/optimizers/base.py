"""What all optimizers have in common: a registry, ranges of hyper-parameters, and the state."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from numbers import Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from fastnn.errors import no_subclass, unknown_name, wrong_type
from fastnn.validation import as_float

__all__ = ["BELOW_ONE", "NOT_NEGATIVE", "OPTIMIZERS", "RANGES", "Optimizer", "OptimizerState", "Range", "get"]

Range = tuple[Callable[[float], bool], str]  # a test, and what passes it in words

_ABOVE_ZERO: Range = (lambda value: 0 < value < math.inf, "a finite number above 0")
NOT_NEGATIVE: Range = (lambda value: 0 <= value < math.inf, "a finite number of at least 0")
_SHARE: Range = (lambda value: 0 <= value <= 1, "a number in [0, 1]")
BELOW_ONE: Range = (lambda value: 0 <= value < 1, "a number in [0, 1)")
RANGES: dict[str, Range] = {
    "learning_rate": _ABOVE_ZERO,
    "momentum": _SHARE,
    "rho": BELOW_ONE,
    "beta_1": BELOW_ONE,
    "beta_2": BELOW_ONE,
    "epsilon": _ABOVE_ZERO,
    "weight_decay": NOT_NEGATIVE,
    "clip_value": _ABOVE_ZERO,
    "clip_norm": _ABOVE_ZERO,
    "ema": BELOW_ONE,
}
# Of every optimizer, and no arguments of its kernel.
_AROUND_THE_STEP = ("clip_value", "clip_norm", "ema")
_KINDS = "fastnn.optimizers.kinds"

OPTIMIZERS: dict[str, type[Optimizer]] = {}  # by name, in the order of their classes in kinds.py


@dataclass(frozen=True)
class Optimizer:
    """What all optimizers have: hyper-parameters as fields, in the order of their kernel.

    One that is out of its range is a ValueError, and one that is no number a TypeError.

    Parameters
    ----------
    learning_rate : float, default=0.001
        What a step is multiplied by, above 0.
    clip_value : float, optional
        Before a step every component of the gradient, penalty included, is brought within [-clip_value, clip_value].
    clip_norm : float, optional
        Before a step, and after `clip_value`, the gradient of all parameters together is scaled down to a Euclidean
        norm of at most this (Pascanu, Mikolov and Bengio 2013).
    ema : float, optional
        After every step a moving average of the parameters keeps this share of itself, in [0, 1), and takes the rest
        from them (Polyak and Juditsky 1992); it begins at the first parameters.

    Attributes
    ----------
    name : str
        In the registry; the kernel is ``{name}_step``.
    code : int
        In the native engine.
    slots : tuple of str
        The vectors that its kernel keeps between steps.
    counts_steps : bool
        Whether the kernel takes the number of the step.
    """

    learning_rate: float = 0.001
    clip_value: float | None = field(default=None, kw_only=True)
    clip_norm: float | None = field(default=None, kw_only=True)
    ema: float | None = field(default=None, kw_only=True)

    name: ClassVar[str]
    code: ClassVar[int]
    slots: ClassVar[tuple[str, ...]]
    counts_steps: ClassVar[bool] = False

    # A class of kinds.py that inherits from this one is listed thereby: its code is its place among them, and
    # tools/generate_optimizers.py writes the list of C++, the wrappers of its kernel and their types.
    def __init_subclass__(cls) -> None:
        if cls.__module__ != _KINDS:  # one with more fields would call its kernel with too many numbers
            instead = "Use one of those in fastnn.optimizers, with other hyper-parameters."
            raise no_subclass(cls, cls.__mro__[1].__name__, instead)
        cls.code = len(OPTIMIZERS)
        OPTIMIZERS[cls.name] = cls

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if each.name not in RANGES or (value is None and each.default is None):  # a flag, or left out
                continue
            allows, wanted = RANGES[each.name]
            if not isinstance(value, Real):
                raise wrong_type(each.name, value, wanted)
            if not allows(as_float(value)):
                raise ValueError(f"{each.name}={value!r}, wanted {wanted}")

    @classmethod
    def hyper_names(cls) -> tuple[str, ...]:
        """Return the names of the kernel's hyper-parameters but the learning rate, in its order.

        Returns
        -------
        tuple of str
            Names of fields.
        """
        around = ("learning_rate", *_AROUND_THE_STEP)
        return tuple(each.name for each in fields(cls) if each.name not in around)

    @property
    def hyper(self) -> tuple[float, ...]:
        """The values of `hyper_names`."""
        return tuple(float(getattr(self, name)) for name in self.hyper_names())

    @property
    def state_names(self) -> tuple[str, ...]:
        """Names of all vectors of the state: `slots`, and "average" where there is an `ema`."""
        return self.slots if self.ema is None else (*self.slots, "average")

    def averaged(self, state: OptimizerState) -> NDArray[np.floating[Any]] | None:
        """Return the moving average of the parameters.

        Parameters
        ----------
        state : OptimizerState
            What the optimizer remembers.

        Returns
        -------
        ndarray of shape (n_params,), or None
            A vector of the state, not a copy; None without `ema`.
        """
        return None if self.ema is None else state.slots[-1]

    @property
    def kernel(self) -> str:
        """The name of the kernel that takes one step."""
        return f"{self.name}_step"

    def arguments(self, step: int, learning_rate: float) -> tuple[float, ...]:
        """Return the numbers that the kernel takes after its vectors, in its order.

        Parameters
        ----------
        step : int
            The number of the step, from 1.
        learning_rate : float
            The rate of this step.

        Returns
        -------
        tuple of float
            The step, if the kernel counts steps; the rate; `hyper`.
        """
        counted = (step,) if self.counts_steps else ()
        return (*counted, learning_rate, *self.hyper)


@dataclass
class OptimizerState:
    """What an optimizer remembers between steps.

    Parameters
    ----------
    step : int
        Steps taken so far.
    slots : tuple of ndarray of shape (n_params,)
        One vector for each of `Optimizer.state_names`.
    """

    step: int
    slots: tuple[NDArray[np.floating[Any]], ...]

    @classmethod
    def zeros(cls, optimizer: Optimizer, params: NDArray[np.floating[Any]]) -> OptimizerState:
        """Return the state before the first step: zeros, and the parameters as their average.

        Parameters
        ----------
        optimizer : Optimizer
            Whose state it is.
        params : ndarray of shape (n_params,)
            The first parameters.

        Returns
        -------
        OptimizerState
            With vectors of the parameters' shape and dtype.
        """
        # np.zeros_like would write them: these take no memory before somebody does.
        slots = tuple(np.zeros(params.shape, params.dtype) for _ in optimizer.slots)
        return cls(0, slots if optimizer.ema is None else (*slots, params.copy()))

    def copy(self) -> OptimizerState:
        """Return a copy that shares no memory with this state.

        Returns
        -------
        OptimizerState
            After as many steps.
        """
        return OptimizerState(self.step, tuple(slot.copy() for slot in self.slots))


def get(optimizer: str | Optimizer) -> Optimizer:
    """Look up an optimizer by name.

    Parameters
    ----------
    optimizer : str or Optimizer
        A name in `OPTIMIZERS`; an optimizer object is returned as it is.

    Returns
    -------
    Optimizer
        The optimizer of that name, with its default hyper-parameters.

    Raises
    ------
    ValueError, TypeError
        If it is an unknown name, of which the message has the nearest known one; or neither a name nor an optimizer.
    """
    if isinstance(optimizer, Optimizer) and type(optimizer) is not Optimizer:  # which has no kernel
        return optimizer
    if not isinstance(optimizer, str):
        raise wrong_type("optimizer", optimizer, "a name or an optimizer")
    found = OPTIMIZERS.get(optimizer)
    if found is None:
        raise unknown_name("optimizer", optimizer, OPTIMIZERS)
    return found()
