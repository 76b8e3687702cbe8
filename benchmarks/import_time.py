"""What importing costs. Each time is taken in a fresh interpreter."""

from __future__ import annotations

import subprocess
import sys

ABOVE_NUMPY = """
import sys, time
import numpy
start = time.perf_counter()
import fastnn
{then}
print(time.perf_counter() - start)
unwanted = {{"numba", "scipy", "sklearn"}} & set(sys.modules)
assert not unwanted, f"import fastnn imports {{unwanted}} too"
"""
FIRST_CALL = "fastnn.kernels.dense_forward([[1.0]], [[1.0]], [1.0])"


def _milliseconds(then: str) -> float:
    command = [sys.executable, "-c", ABOVE_NUMPY.format(then=then)]
    runs = [subprocess.run(command, capture_output=True, text=True, check=False) for _ in range(5)]
    for run in runs:
        if run.returncode:
            raise AssertionError(run.stderr)
    return 1e3 * min(float(run.stdout) for run in runs)


class ImportTime:
    """The import by itself, and to the end of the first call of a kernel, which loads the compiled module."""

    version = "1"

    def timeraw_numpy(self) -> str:
        return "import numpy"

    def timeraw_fastnn(self) -> str:
        return "import fastnn"

    def track_above_numpy(self) -> float:
        return _milliseconds("")

    def track_first_call(self) -> float:
        return _milliseconds(FIRST_CALL)

    track_above_numpy.unit = track_first_call.unit = "ms"  # type: ignore[attr-defined]
