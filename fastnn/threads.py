"""How many threads the native kernels use.

In order: `n_threads` of the call, `threads(n)` around it, `set_num_threads`, FASTNN_NUM_THREADS,
OMP_NUM_THREADS, else the least of the processor's affinity, the cgroup's quota and the number of
physical cores. Results never depend on it.

A count is a limit: the kernels use no more threads than there are CPUs that the calling thread may
run on, and only one for a while where other programs need these.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# Larger counts mean this one, as OpenMP does with counts above its limit: no machine has more CPUs.
_MOST = 4096

_local = threading.local()
_chosen: int | None = None
_default: int | None = None


def _from_environment() -> int | None:
    for name in ("FASTNN_NUM_THREADS", "OMP_NUM_THREADS"):
        text = os.environ.get(name, "").split(",")[0].strip()  # "4,2" has one count per level
        if text.isdecimal() and (digits := text.lstrip("0")):
            return min(int(digits[:9]), _MOST)  # Python refuses to read thousands of digits
        if text and name == "FASTNN_NUM_THREADS":  # OpenMP's variable has forms that are not ours
            raise ValueError(f"FASTNN_NUM_THREADS={text!r}, wanted an integer of at least 1")
    return None


def _checked(n: int) -> int:
    if type(n) is int and 1 <= n <= _MOST:  # of every prediction: 0.15 us less than to ask what else it may be
        return n
    if isinstance(n, bool) or not hasattr(n, "__index__"):
        raise TypeError(f"n_threads={n!r}, wanted an integer")
    if n < 1:
        raise ValueError(f"n_threads={n}, wanted at least 1")
    return min(int(n), _MOST)


def get_num_threads() -> int:
    """Return the number of threads that a call without `n_threads` uses at most.

    Returns
    -------
    int
        What `threads` or `set_num_threads` has set; else FASTNN_NUM_THREADS or OMP_NUM_THREADS; else the least of the
        process's affinity, its control group's quota and the number of physical cores.

    Raises
    ------
    ValueError
        If FASTNN_NUM_THREADS is not a number of at least 1.

    See Also
    --------
    set_num_threads : Set the number for the whole process.
    threads : Set it inside a with block.
    """
    global _default
    override: int | None = getattr(_local, "n", None)
    if override is not None:
        return override
    if _chosen is not None:
        return _chosen
    if _default is None:
        from fastnn._cores import granted_cores  # here, since it reads files and needs pathlib

        _default = _from_environment() or granted_cores()
    return _default


def set_num_threads(n: int | None) -> None:
    """Set the number of threads for the whole process; None returns to the default.

    Results never depend on it.

    Parameters
    ----------
    n : int or None
        At least 1; more than 4096 are taken as 4096.

    Raises
    ------
    ValueError
        If n is below 1.
    TypeError
        If n is not an integer.
    """
    global _chosen
    _chosen = None if n is None else _checked(n)


def resolve(n_threads: int | None) -> int:
    """Return the count for the kernels: 0 means the default."""
    return 0 if n_threads is None else _checked(n_threads)


@contextmanager
def threads(n: int) -> Iterator[None]:
    """Use at most n threads inside the with block, in the calling thread only.

    Parameters
    ----------
    n : int
        At least 1; more than 4096 are taken as 4096.

    Yields
    ------
    None
        Nothing: the block runs with the limit.

    Raises
    ------
    ValueError
        If n is below 1.
    TypeError
        If n is not an integer.

    Examples
    --------
    >>> import fastnn
    >>> with fastnn.threads(1):
    ...     fastnn.get_num_threads()
    1
    """
    before = getattr(_local, "n", None)
    _local.n = _checked(n)
    try:
        yield
    finally:
        _local.n = before
