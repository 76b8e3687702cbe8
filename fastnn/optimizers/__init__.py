"""Hyper-parameters and state of each optimizer. The steps themselves are kernels."""

from fastnn.optimizers import kinds
from fastnn.optimizers.base import BELOW_ONE as BELOW_ONE
from fastnn.optimizers.base import NOT_NEGATIVE as NOT_NEGATIVE
from fastnn.optimizers.base import OPTIMIZERS, Optimizer, OptimizerState, get
from fastnn.optimizers.base import RANGES as RANGES
from fastnn.optimizers.base import Range as Range
from fastnn.optimizers.kinds import *  # noqa: F403

__all__ = ["OPTIMIZERS", "Optimizer", "OptimizerState", "get"]
__all__ += kinds.__all__


def __dir__() -> list[str]:
    return sorted(__all__)
