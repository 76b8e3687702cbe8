"""LAPACK on one thread, where its own would only be in the way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import Any

__all__ = ["one_thread"]

_setting = Lock()


@contextmanager
def one_thread() -> Iterator[None]:
    """A context in which BLAS and LAPACK have one thread.

    The library's pool keeps spinning for a while after a pass, and so do OpenBLAS's threads after a
    factor; on the same processors both wait for each other: a factor of 201 parameters took 2.8
    instead of 0.2 ms, one of 785 takes 6 ms with one thread as with two. With one thread its bits
    depend on no setting either.

    The setting is the whole process's. Who comes first makes and takes it back, and nobody else
    touches it meanwhile: so no order of leaving can leave it behind.
    """
    if not _setting.acquire(blocking=False):
        yield
        return
    try:
        with _blas().limit(limits=1):
            yield
    finally:
        _setting.release()


@cache
def _blas() -> Any:
    import scipy.linalg.lapack  # noqa: F401 - loaded first, since only loaded libraries are found
    from threadpoolctl import ThreadpoolController  # here, since it looks through all of them

    return ThreadpoolController().select(user_api="blas")
