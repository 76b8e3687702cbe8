"""Users' own activations and losses for the native kernels: found in memory, on disk, or compiled."""

from __future__ import annotations

from typing import Any, NamedTuple
from weakref import WeakValueDictionary

import numpy as np

from fastnn import _core
from fastnn.activations import Activation
from fastnn.errors import wrong_type
from fastnn.kernels.available import require_numba
from fastnn.kernels.users.fingerprint import fingerprint
from fastnn.kernels.users.loader import LoadedCode, load
from fastnn.kernels.users.locks import alone_in_process, not_forked_meanwhile
from fastnn.kernels.users.notice import told_if_slow
from fastnn.kernels.users.store import fetch
from fastnn.losses import Loss
from fastnn.surroundings import remembered

__all__ = ["REMEMBERED", "NativeActivation", "compiled_activation", "compiled_backward", "compiled_loss"]

REMEMBERED = 256  # functions; a lambda made anew in every fit must not fill the memory
# What the object code of each kind has, as contract/activations.hpp and contract/losses.hpp have them.
_SYMBOLS = {"activation": ("fastnn_tile",), "backward": ("fastnn_tile",), "loss": ("fastnn_tile", "fastnn_run")}
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

    What its functions read from around them is what is there at this call: they are compiled anew if that has changed,
    which takes about a microsecond to see.

    Parameters
    ----------
    activation : Activation
        With value(z), and slope(z, a) or none.
    dtype : type
        np.float32 or np.float64.

    Returns
    -------
    NativeActivation
        The same one for the same functions, as long as it is remembered.

    Raises
    ------
    ImportError
        Without llvmlite, which comes with Numba.
    TypeError
        If it cannot be compiled; one sentence shows the line in question.
    """
    return _activation(activation.value, activation.slope, dtype, activation.name)


@remembered(REMEMBERED)
def _activation(value: Any, slope: Any, dtype: Any, name: str) -> NativeActivation:
    if value is None:
        raise wrong_type("activation", name, "one with value(z)")
    return NativeActivation(_Source("activation", name, value, slope, dtype).loaded())


def compiled_backward(activation: Activation, dtype: Any) -> LoadedCode:
    """The way back of an activation, compiled: a BackwardTile at its `address`, as long as it lives.

    Raises
    ------
    ImportError
        Without llvmlite, which comes with Numba.
    TypeError
        If it cannot be compiled; one sentence shows the line in question.
    """
    return _backward(activation.value, activation.slope, dtype, activation.name)


@remembered(REMEMBERED)
def _backward(value: Any, slope: Any, dtype: Any, name: str) -> LoadedCode:
    return _Source("backward", name, value, slope, dtype).loaded()


def compiled_loss(loss: Loss, dtype: Any) -> _core.NativeLoss:
    """A user's own loss, compiled, with its link.

    Parameters
    ----------
    loss : Loss
        With value(z, y), and slope(z, y) or none.
    dtype : type
        np.float32 or np.float64.

    Returns
    -------
    NativeLoss
        The same one for the same functions and link, as long as it is remembered.

    Raises
    ------
    ImportError
        Without llvmlite, which comes with Numba.
    TypeError
        If it cannot be compiled; one sentence shows the line in question.
    """
    return _loss(loss.value, loss.slope, dtype, loss.link, loss.name)


@remembered(REMEMBERED)
def _loss(value: Any, slope: Any, dtype: Any, link: str, name: str) -> _core.NativeLoss:
    tile = _Source("loss", name, value, slope, dtype).loaded()
    address, run = tile.addresses
    return _core.NativeLoss(address, dtype, link, tile, run=run)


class _Source(NamedTuple):
    """Functions to be compiled for a dtype, or found compiled."""

    kind: str  # "activation", "backward" or "loss"
    name: str
    value: Any
    slope: Any
    dtype: Any

    def loaded(self) -> LoadedCode:
        """Their code in memory, from wherever it is."""
        key = self._fingerprint()
        with told_if_slow(f"{self.kind} {self.name!r} for {np.dtype(self.dtype).name}", key is not None):
            if key is None:
                return _load(None, self._compiled(), self.kind)
            with alone_in_process(key):
                with not_forked_meanwhile():
                    code = _loaded.get(key)
                return code or _load(key, fetch(key, self._compiled), self.kind)

    def _fingerprint(self) -> str | None:
        try:
            with not_forked_meanwhile():
                return fingerprint(self.kind, (self.value, self.slope), self.dtype)
        except ImportError:  # no llvmlite, which comes with Numba
            what = f"{self.kind.capitalize()} {self.name!r} is a user's own, and compiling it for backend='native'"
            require_numba(what, "reference")
            raise

    def _compiled(self) -> bytes:
        with not_forked_meanwhile():
            from fastnn.kernels.jit.functions import tiles  # here, since what is on disk needs no compiler

            compiler = getattr(tiles, f"{self.kind}_tile_code")
            code: bytes = compiler(self.value, self.slope, self.dtype)
            return code


def _load(key: str | None, code: bytes, kind: str) -> LoadedCode:
    with not_forked_meanwhile():  # and so one thread at a time: Python may have no GIL
        loaded = load(code, *_SYMBOLS[kind])
        if key is not None:
            _loaded[key] = loaded
        return loaded
