"""Users' own activations and losses for the native kernels: found in memory, on disk, or compiled by Numba."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any
from weakref import WeakValueDictionary

import numpy as np

from fastnn.activations import Activation
from fastnn.errors import wrong_type
from fastnn.kernels.available import require_numba
from fastnn.kernels.users.fingerprint import fingerprint
from fastnn.kernels.users.loader import LoadedCode, load
from fastnn.kernels.users.locks import alone_in_process
from fastnn.kernels.users.notice import told_if_slow
from fastnn.kernels.users.store import fetch

__all__ = ["NativeActivation", "compiled_activation"]

REMEMBERED = 256  # functions; a lambda made anew in every fit must not fill the memory
_SYMBOL = "fastnn_tile"
_NO_PARAMETERS = 0  # a null pointer: what users' functions read is compiled into them
_loaded: WeakValueDictionary[str, LoadedCode] = WeakValueDictionary()  # functions that do the same have one code


class NativeActivation:
    """A C function, an ActivationTile, and in memory the struct UserActivation that points to it.

    Attributes
    ----------
    address : int
        Of the struct; it holds as long as this object lives.
    """

    def __init__(self, tile: LoadedCode) -> None:
        self._tile = tile  # the code lives as long as it does
        self._struct = np.array([tile.address, _NO_PARAMETERS], np.uintp)
        self.address = int(self._struct.ctypes.data)


def compiled_activation(activation: Activation, dtype: Any) -> NativeActivation:
    """A user's own activation, compiled; its `address` holds as long as it lives.

    What its functions read from around them is what they had read when they were compiled first in this process.

    Parameters
    ----------
    activation : Activation
        With value(z) and slope(z, a).
    dtype : type
        np.float32 or np.float64.

    Returns
    -------
    NativeActivation
        The same one for the same functions, as long as it is remembered.

    Raises
    ------
    ImportError
        Without Numba, where the code is not on disk.
    TypeError
        If the activation works by row, Numba cannot compile it, or a function can raise an error.
    """
    return _activation(activation.value, activation.slope, dtype, activation.name)


@lru_cache(REMEMBERED)
def _activation(value: Any, slope: Any, dtype: Any, name: str) -> NativeActivation:
    if value is None or slope is None:
        raise wrong_type("activation", name, "one with value(z) and slope(z, a)")

    def compiled() -> bytes:
        from fastnn.kernels.jit.functions.tiles import activation_tile_code

        return activation_tile_code(value, slope, dtype)

    return NativeActivation(_code("Activation", name, (value, slope), dtype, compiled))


def _code(kind: str, name: str, functions: tuple[Any, ...], dtype: Any, compiled: Callable[[], bytes]) -> LoadedCode:
    """The code of functions, from wherever it is; `compiled` makes it."""

    def compiled_by_numba() -> bytes:
        require_numba(f"{kind} {name!r} is a user's own, and compiling it for backend='native'", "reference")
        return compiled()

    with told_if_slow(f"{kind.lower()} {name!r} for {np.dtype(dtype).name}"):
        try:
            key = fingerprint(kind, functions, dtype)
        except ImportError:  # no llvmlite, then, without which there is no Numba
            require_numba(f"{kind} {name!r} is a user's own, and compiling it for backend='native'", "reference")
            raise
        if key is None:
            return load(compiled_by_numba(), _SYMBOL)
        with alone_in_process(key):
            code = _loaded.get(key)
            if code is None:
                code = _loaded[key] = load(fetch(key, compiled_by_numba), _SYMBOL)
            return code
