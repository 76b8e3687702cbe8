"""Object code in memory: it lies there as long as somebody holds it."""

from __future__ import annotations

import ctypes
import gc
import mmap
import threading
from pathlib import Path

import pytest

from fastnn.kernels.users.loader import LoadedCode, load

pytestmark = pytest.mark.jit

ADDS = """
define double @added(double %x) {{
  %y = fadd double %x, {:e}
  ret double %y
}}
"""
CALLS = """
declare double @{0}(double)
define double @called(double %x) {{
  %y = call double @{0}(double %x)
  ret double %y
}}
"""


def code_of(text: str) -> bytes:
    from fastnn.kernels.jit.functions.object_code import object_code

    return object_code(text)


def call(loaded: LoadedCode, x: float) -> float:
    function = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)(loaded.address)
    return float(function(x))


def executable() -> int:
    """Pages of memory of this process that can be executed. Pieces side by side are one line of the list."""
    lines = Path("/proc/self/maps").read_text().splitlines()
    ranges = [line.split()[0].split("-") for line in lines if " r-xp " in line]
    return sum(int(end, 16) - int(start, 16) for start, end in ranges) // mmap.PAGESIZE


def test_code_is_called_by_its_address() -> None:
    loaded = [load(code_of(ADDS.format(k)), "added") for k in range(5)]  # of one name each
    assert [call(each, 1.0) for each in loaded] == [1, 2, 3, 4, 5]


def test_it_reaches_the_c_library() -> None:
    assert call(load(code_of(CALLS.format("tgamma")), "called"), 5.0) == 24


@pytest.mark.parametrize("missing", ["no_such_function", "numba_gil_ensure"])
def test_what_is_not_there_is_an_error(missing: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError, match="called"):
        load(code_of(CALLS.format(missing)), "called")
    with pytest.raises(RuntimeError, match="nothing"):
        load(code_of(ADDS.format(1)), "nothing")
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("code", [b"", b"no object code", b"\x7fELF" + bytes(200)])
def test_what_is_no_code_is_an_error(code: bytes) -> None:
    with pytest.raises(RuntimeError):
        load(code, "added")


def test_code_goes_with_the_last_who_holds_it() -> None:
    code = code_of(ADDS.format(1))
    load(code, "added")
    gc.collect()
    before = executable()
    held = [load(code, "added") for _ in range(20)]
    assert executable() >= before + 20
    del held
    gc.collect()
    assert executable() == before


def test_others_run_while_code_comes_and_goes() -> None:
    code, stop, faults = code_of(ADDS.format(1)), threading.Event(), []
    kept = load(code, "added")

    def run() -> None:
        while not stop.is_set():
            if call(kept, 1.0) != 2:
                faults.append("another number")

    def come_and_go() -> None:
        for _ in range(200):
            if call(load(code, "added"), 2.0) != 3:
                faults.append("another number")

    threads = [threading.Thread(target=act) for act in (run, run, come_and_go, come_and_go, come_and_go)]
    for thread in threads:
        thread.start()
    for thread in threads[2:]:
        thread.join()
    stop.set()
    for thread in threads[:2]:
        thread.join()
    assert not faults
