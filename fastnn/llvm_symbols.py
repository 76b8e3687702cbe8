"""The one symbol that compiled code of users asks for: the table of the C interface (fastnn/include/fastnn.h).

A program that Numba has cached names it and finds it in the next process, whose table may be that of another version.
So the name never changes: which functions there are, the table's own version tells (fastnn/jit/calls.py).
"""

from __future__ import annotations

from fastnn import _core

__all__ = ["TABLE", "register"]

TABLE = "fastnn_api"


def register() -> None:
    """Tell LLVM where the table is, if there is LLVM.

    Numba calls this when it starts, as the entry point of pyproject.toml asks, for a cached function may come before
    anything else of fastnn. How other code is compiled does not change. All programs that use Numba wait for it, also
    those that know nothing of fastnn: so this module imports the native core alone, in 3 ms, and not fastnn.kernels,
    which takes 60.
    """
    try:
        from llvmlite.binding import add_symbol
    except Exception:  # there is none, or a broken one, which may raise anything; Numba says which when it is asked
        return
    add_symbol(TABLE, _core.api_address())
