"""The kernels of fastnn.jit, made known to Numba where there is one."""

from __future__ import annotations

from fastnn.jit import around_steps, counting_steps, layers, steps
from fastnn.kernels.available import why_no_numba

__all__ = ["FUNCTIONS"]

_MODULES = (layers, steps, counting_steps, around_steps)

FUNCTIONS = {name: getattr(module, name) for module in _MODULES for name in module.__all__}


def _tell_numba() -> None:
    from numba.core.registry import cpu_target

    from fastnn.jit.overloads import register

    for function in FUNCTIONS.values():
        register(function)
    # Numba may be in the middle of a function that has led here, with what it knew when it began.
    cpu_target.typing_context.refresh()
    cpu_target.target_context.refresh()


if why_no_numba() is None:
    _tell_numba()
