"""The way of all public steps of optimizers: to the compiled kernel at once, by the checks where it refuses."""

from __future__ import annotations

from typing import Any

from fastnn.kernels.contract import KERNELS, Array
from fastnn.kernels.public.checked_call import REFUSED, run_checked
from fastnn.kernels.select import native
from fastnn.threads import resolve as resolve_threads

__all__ = ["take_step"]


def take_step(name: str, arguments: tuple[Any, ...], backend: str, n_threads: int | None) -> Array:
    """Run a kernel on all its arguments, in the contract's order; params, updated, come first."""
    if backend == "auto":
        try:
            threads = 0 if n_threads is None else resolve_threads(n_threads)
            getattr(native, name)(*arguments, threads)
            params: Array = arguments[0]
            return params
        except REFUSED:
            pass
    given = dict(zip(KERNELS[name].argument_names, arguments, strict=True))
    return run_checked(name, backend, n_threads, given)[1][0]
