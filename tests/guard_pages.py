"""Right calls of compiled kernels on arrays that end, or begin, where memory does: a step outside ends the process.

    python tests/guard_pages.py [EXAMPLES]

Guard cells tell what is written outside of an array, these tell what is read there. The last line says which kernel it
was.
"""

from __future__ import annotations

import ctypes
import mmap
import sys
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from kernel_calls import Call, calls

from fastnn import _core
from fastnn.kernels.contract import KERNELS
from fastnn.optimizers import OptimizerState

PROT_NONE = 0
_memory: list[mmap.mmap] = []  # of the last call


def beside_nothing(array: np.ndarray, at_end: bool) -> np.ndarray:
    """A copy with a page that cannot be read right behind it, or right before it."""
    pages = -(-max(array.nbytes, 1) // mmap.PAGESIZE)
    size = (pages + 1) * mmap.PAGESIZE
    memory = mmap.mmap(-1, size)
    _memory.append(memory)
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    wall = address + (size - mmap.PAGESIZE if at_end else 0)
    start = size - mmap.PAGESIZE - array.nbytes if at_end else mmap.PAGESIZE
    copy = np.frombuffer(memory, array.dtype, array.size, start).reshape(array.shape)
    copy[...] = array
    copy.flags.writeable = array.flags.writeable
    mprotect = ctypes.CDLL(None, use_errno=True).mprotect
    if mprotect(ctypes.c_void_p(wall), ctypes.c_size_t(mmap.PAGESIZE), PROT_NONE) != 0:
        raise OSError(ctypes.get_errno(), "mprotect")
    return copy


def moved(value: Any, at_end: bool) -> Any:
    """An argument with its arrays there."""
    if isinstance(value, np.ndarray):
        return beside_nothing(value, at_end)
    if isinstance(value, OptimizerState):
        return OptimizerState(value.step, tuple(beside_nothing(slot, at_end) for slot in value.slots))
    return value


def main() -> None:
    """Call every kernel so many times."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    how = settings(max_examples=count, deadline=None, database=None, derandomize=True, phases=[Phase.generate])
    how = settings(how, suppress_health_check=list(HealthCheck))
    for name in KERNELS:
        print(name, flush=True)

        @how
        @given(calls(name), st.booleans())
        def call(right: Call, at_end: bool) -> None:
            given = {key: moved(value, at_end) for key, value in right.given.items()}
            Call(right.name, right.dtype, given).private(_core)
            given.clear()
            _memory.clear()

        call()
    print("all kernels stayed inside", flush=True)


if __name__ == "__main__":
    main()
