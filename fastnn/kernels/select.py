"""From the name of a backend to its kernels, chosen once and then just used."""

from __future__ import annotations

import sys
from functools import cache, partial
from importlib import import_module
from types import SimpleNamespace
from typing import Any

from fastnn._version import __version__
from fastnn.errors import unknown_name
from fastnn.kernels.available import available_backends, require_numba, why_no_numba
from fastnn.kernels.composed.network import compose
from fastnn.kernels.composed.neuron import neuron_epoch
from fastnn.kernels.contract import (
    BACKENDS,
    COORDINATE_DESCENT,
    KERNELS,
    LIMITED_MEMORY,
    LOGISTIC_PASSES,
    SAGA,
    Kernels,
)
from fastnn.kernels.random import permutation
from fastnn.threads import get_num_threads
from fastnn.threads import resolve as resolve_threads

__all__ = ["bound", "config", "kernels_for", "native", "resolve", "show_config"]


def resolve(backend: str) -> str:
    """The backend that a name means: "auto" is "native".

    Raises
    ------
    ValueError
        If there is no such backend; the message has the nearest one.
    """
    if backend == "auto":
        return "native"
    if backend not in BACKENDS:
        raise unknown_name("backend", backend, ("auto", *BACKENDS))
    return backend


def kernels_for(backend: str) -> Kernels:
    """All kernels of the contract, of one backend, as attributes.

    Parameters
    ----------
    backend : {"auto", "native", "jit", "reference"}

    Returns
    -------
    Kernels
        A module or a namespace: for "native" the compiled module, whose kernels take ``n_threads=0`` as their last
        argument.

    Raises
    ------
    ValueError
        If there is no such backend.
    ImportError
        For "jit" without Numba.
    """
    found: Kernels = _load(resolve(backend))
    return found


def bound(backend: str, n_threads: int | None) -> tuple[Any, tuple[int, ...]]:
    """The kernels that a backend's name and a number of threads mean.

    Parameters
    ----------
    backend : {"auto", "native", "jit", "reference"}
    n_threads : int, optional
        Only for the native backend; None means its default.

    Returns
    -------
    kernels : Kernels
        The layer and network kernels by their names, which `kernels_for` returns.
    threads : tuple of int
        What every call that can use threads takes after its other arguments: ``(n_threads,)`` for the native
        backend, nothing for the others.

    Raises
    ------
    ValueError
        If there is no such backend, or `n_threads` is given to one without threads or is below 1.
    ImportError
        For "jit" without Numba.
    """
    chosen = resolve(backend)
    if chosen == "native":
        return _load(chosen), (resolve_threads(n_threads),)  # a named tuple costs a prediction of one row 0.2 us more
    if n_threads is not None:
        raise ValueError(
            f"n_threads={n_threads!r} with backend={backend!r}: only the native backend has "
            "threads. Leave out one of the two."
        )
    return _load(chosen), ()


@cache
def _load(backend: str) -> Any:
    if backend == "native":
        return import_module("fastnn._core")
    reference = import_module("fastnn.kernels.reference")
    of_solvers = (*LOGISTIC_PASSES, *COORDINATE_DESCENT, *LIMITED_MEMORY, *SAGA)
    found = {name: getattr(reference, name) for name in of_solvers}
    if backend == "jit":
        jit = _jit()
        found |= {name: getattr(jit, name) for name in jit.__all__}
    else:
        found |= {name: getattr(reference, name) for name in KERNELS if hasattr(reference, name)}
        found |= compose(reference)._asdict() | {"neuron_epoch": partial(neuron_epoch, reference)}
    return SimpleNamespace(name=backend, **found, permutation=permutation)


class _Native:
    """The compiled module, imported when a kernel is first used."""

    def __getattr__(self, name: str) -> Any:
        value = getattr(_load("native"), name)
        setattr(self, name, value)  # from now on a plain attribute
        return value


native = _Native()


def _jit() -> Any:
    require_numba("backend='jit'", "native", "llvmlite")
    return import_module("fastnn.kernels.jit.backend")


def _installed(package: str) -> str:
    from importlib.metadata import PackageNotFoundError, version  # here, since it is slow to import

    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _backends() -> str:
    reason = why_no_numba()
    return ", ".join(available_backends()) + (f" (jit needs Numba: {reason})" if reason else "")


def config() -> dict[str, str]:
    """What `show_config` prints: a description for every heading."""
    core = _load("native")
    return {
        "fastnn": __version__,
        "Python": sys.version.split()[0],
        "instruction set": f"{core.simd_level()} (available: {', '.join(core.simd_available())})",
        "threads": str(get_num_threads()),
        "backends": _backends(),
        **{package: _installed(package) for package in ("numpy", "scipy", "scikit-learn", "numba")},
        "compiled": core.build_info(),
    }


def show_config() -> None:
    """Print versions, instruction sets, threads, backends, and how the package was compiled."""
    lines = config()
    width = max(map(len, lines))
    for heading, text in lines.items():
        print(f"{heading:{width}}  {text}")
