"""What a user's functions are, as a short text: the name under which their compiled code is kept.

Compiled code depends on the functions, on the versions of what compiles them, and on the processor. Two functions with
the same fingerprint do the same, and one of which anything has changed has another fingerprint.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from fastnn import _core
from fastnn._version import __version__
from fastnn.kernels.users.description import Description

__all__ = ["fingerprint"]

TILE_ABI = 2  # how compiled code is called: as an ActivationTile, a LossTile, a LossRun
_PACKAGE = Path(__file__).parents[2]
_COMPILER = (_PACKAGE / "kernels" / "jit" / "functions", _PACKAGE / "surroundings")  # the folders of its files


def fingerprint(kind: str, functions: tuple[Callable[..., Any] | None, ...], dtype: type) -> str | None:
    """The name of compiled code: equal for functions that do the same, different where anything is.

    Parameters
    ----------
    kind : str
        What is made of the functions: "activation" or "loss".
    functions : tuple of callable or None
        Of the user's, in a fixed order.
    dtype : type
        np.float32 or np.float64.

    Returns
    -------
    str or None
        64 hexadecimal digits; None where a function reads what has no value that could be told, such as an object of a
        class of the user's.

    Raises
    ------
    ImportError
        Without llvmlite, which tells the processor.
    """
    compiler = _compiler()
    try:
        told = repr((kind, dtype.__name__, compiler, Description(functions).told()))
    except Exception:  # NoValueError; or an object of the user's, which may raise anything when it is looked at
        return None
    return sha256(told.encode()).hexdigest()


@cache
def _compiler() -> tuple[Any, ...]:
    """What compiles, and for which processor."""
    import llvmlite  # here, since it takes 60 ms and only users' functions need it
    from llvmlite import binding as llvm

    sources = sha256()
    for folder in _COMPILER:
        for file in sorted(folder.rglob("*.py")):  # a clone has one version in all its states
            sources.update(file.read_bytes())
    versions = (__version__, TILE_ABI, sys.version, llvmlite.__version__)
    host = (llvm.get_process_triple(), llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten())
    processor = (*host, _core.simd_level())  # a lower instruction set than the processor's best may be asked for
    return sources.hexdigest(), versions, processor
