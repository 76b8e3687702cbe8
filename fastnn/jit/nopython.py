"""The kernels of fastnn.jit, made known to Numba where there is one."""

from __future__ import annotations

from fastnn.jit import around_steps, counting_steps, layers, steps
from fastnn.jit.around_steps import *  # noqa: F403
from fastnn.jit.counting_steps import *  # noqa: F403
from fastnn.jit.layers import *  # noqa: F403
from fastnn.jit.steps import *  # noqa: F403
from fastnn.kernels.available import why_no_numba

__all__ = [*layers.__all__, *steps.__all__, *counting_steps.__all__, *around_steps.__all__]


def _tell_numba() -> None:
    from numba.core.registry import cpu_target

    from fastnn.jit.overloads import register

    for name in __all__:
        register(globals()[name])
    # Numba may be in the middle of a function that has led here, with what it knew when it began.
    cpu_target.typing_context.refresh()
    cpu_target.target_context.refresh()


if why_no_numba() is None:
    _tell_numba()
