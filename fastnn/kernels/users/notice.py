"""A line on stderr for those who wait: why the first use of a function takes so long."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import UnsupportedOperation
from typing import TextIO

__all__ = ["told_if_slow"]

_SILENT = 1.0  # seconds


@contextmanager
def told_if_slow(what: str, is_kept: bool) -> Iterator[None]:
    """Say on stderr what is being compiled, if that takes longer than a second and FASTNN_QUIET is not set."""
    if os.environ.get("FASTNN_QUIET"):
        yield
        return
    timer = threading.Timer(_SILENT, _tell, (what, is_kept))
    timer.daemon = True
    with suppress(RuntimeError):  # no more threads, as when Python ends: then there is no line
        timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _tell(what: str, is_kept: bool) -> None:
    often = "once on this machine; fastnn.jit.warmup does it beforehand" if is_kept else "in every process"
    with suppress(OSError, ValueError, AttributeError):  # closed, or none at all
        _require_open(sys.stderr)
        sys.stderr.write(f"fastnn compiles {what}: this happens {often}.\n")
        sys.stderr.flush()


def _require_open(stream: TextIO) -> None:
    """Raise OSError if the system has no such file any more, or another one of that number that is only read.

    What is written to it would stay in its buffer, and the process would end with the status 120.
    """
    try:
        descriptor = stream.fileno()
    except UnsupportedOperation:  # of a stream in memory
        return
    os.write(descriptor, b"")
