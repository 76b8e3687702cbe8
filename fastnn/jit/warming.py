"""What would be compiled at its first use, compiled beforehand."""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from fastnn.activations import Activation
from fastnn.errors import out_of_range, wrong_type
from fastnn.kernels.users.compiled import compiled_activation, compiled_loss
from fastnn.losses import Loss

__all__ = ["warmup"]

_BOTH = (np.float32, np.float64)
_WANTED = "an Activation, a Loss, a Network, or an estimator with some among its parameters"


def warmup(*things: Any, dtype: DTypeLike | None = None) -> dict[str, float]:
    """Compile now what would be compiled at its first use, and keep it on disk, where later processes find it.

    Users' functions are kept in FASTNN_CACHE_DIR, else in the user's cache folder; the kernels of ``backend="jit"``
    where Numba keeps what it compiles.

    Parameters
    ----------
    *things : Activation, Loss, Network or estimator
        Users' own activations and losses, or models that have some; of estimators and pipelines their parameters count,
        whether they are fitted or not. Without any, the kernels of ``backend="jit"`` itself.
    dtype : dtype-like, optional
        Either float32 or float64; both by default, and of a Network its own.

    Returns
    -------
    dict of str to float
        What was made ready, and the seconds that it took: of what was compiled before, hardly any.

    Raises
    ------
    ImportError
        Without Numba.
    TypeError
        If a function cannot be compiled, or something is given that can have none.
    ValueError
        If the dtype is neither float32 nor float64.

    Examples
    --------
    >>> from math import sin
    >>> from fastnn import Activation, jit
    >>> snake = Activation("snake", lambda z: z + sin(z) ** 2)
    >>> list(jit.warmup(snake, dtype="float32"))
    ["activation 'snake' for float32"]
    """
    dtypes = _BOTH if dtype is None else (_read_dtype(dtype),)
    if not things:
        return dict(_of_backend(dtypes))
    took: dict[str, float] = {}
    for thing in things:
        own = getattr(getattr(thing, "plan", None), "dtype", None) if dtype is None else None
        for function in _functions_in(thing):
            for each in dtypes if own is None else (own.type,):
                start = perf_counter()
                compiled_loss(function, each) if isinstance(function, Loss) else compiled_activation(function, each)
                took[f"{_kind(function)} {function.name!r} for {np.dtype(each).name}"] = perf_counter() - start
    return took


def _kind(function: Activation | Loss) -> str:
    return "loss" if isinstance(function, Loss) else "activation"


def _of_backend(dtypes: tuple[Any, ...]) -> Iterator[tuple[str, float]]:
    from fastnn.jit.backend_kernels import call_all  # here, since it needs Numba

    for each in dtypes:
        start = perf_counter()
        call_all(each)
        yield f"backend='jit' for {np.dtype(each).name}", perf_counter() - start


def _functions_in(thing: Any) -> Iterator[Activation | Loss]:
    """The users' own functions that a thing is or has."""
    if isinstance(thing, Activation | Loss):
        if thing.code < 0:
            yield thing
        return
    plan = getattr(thing, "plan", thing)
    if hasattr(plan, "activations") and hasattr(plan, "loss"):
        parts = (*plan.activations, plan.loss)
    elif hasattr(thing, "get_params"):
        values = thing.get_params().values()
        parts = tuple(each for value in values for each in (value if isinstance(value, list | tuple) else (value,)))
    else:
        raise wrong_type("What to warm up", thing, _WANTED)
    for part in parts:
        if isinstance(part, Activation | Loss):
            yield from _functions_in(part)


def _read_dtype(dtype: DTypeLike) -> type[Any]:
    try:
        read = np.dtype(dtype).type
    except TypeError:
        read = object
    if read not in _BOTH:
        raise out_of_range("dtype", dtype, "float32 or float64")
    return read
