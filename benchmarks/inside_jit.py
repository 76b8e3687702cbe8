"""Kernels and mathematics that a function compiled with Numba calls: what a call costs in its loop."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from fastnn import kernels
from fastnn.kernels.available import why_no_numba

from .cases import DTYPES, generator, label
from .common import _Benchmark, best_of

CALLS = 1000  # of a kernel, in one call of the compiled function
LAYERS = {label(shape): shape for shape in ((1, 16, 16), (1, 64, 32), (32, 64, 64))}
ROWS = {label(shape): shape for shape in ((1, 16), (1, 64))}


NUMBERS = 4096  # of which a function is computed, all in L1
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "exp": np.exp,
    "log": np.log,
    "tanh": np.tanh,
    "erf": math.erf,
    "sin": np.sin,
    "power": np.power,
}


def _require_numba() -> None:
    if (reason := why_no_numba()) is not None:
        raise NotImplementedError(reason)  # asv skips the case


def _in_a_loop(kernel: str, **options: Any) -> Callable[..., Any]:
    """A compiled function that calls a kernel of fastnn.jit many times on the same arrays, the output last."""
    _require_numba()
    from numba import njit

    from fastnn import jit

    given = {"dense_forward": "x, w, b", "activation_forward": "z"}[kernel]
    named = ", ".join(f"{name}={value!r}" for name, value in options.items())
    source = f"def loop({given}, out):\n    for _ in range({CALLS}):\n        jit.{kernel}({given}, {named}, out=out)\n"
    names = {"jit": jit}
    exec(source, names)
    compiled: Callable[..., Any] = njit(names["loop"])
    return compiled


class _InsideJit(_Benchmark):
    param_names = ["dtype", "case"]

    def time(self, kernel: str, activation: str, inputs: list[np.ndarray], dtype: str) -> None:
        """Check a compiled loop against the reference, and make it what is timed."""
        given = [array.astype(dtype) for array in inputs]
        wanted = getattr(kernels, kernel)(*given, activation, backend="reference")
        out = np.full(wanted.shape, np.nan, dtype)
        self.call = partial(_in_a_loop(kernel, activation=activation), *given, out)
        self.call()
        np.testing.assert_allclose(out, wanted, rtol=1e-4, atol=1e-4)

    def track_ns_per_call(self, dtype: str, case: str) -> float:
        return 1e9 * best_of({"loop": self.call})["loop"] / CALLS

    track_ns_per_call.unit = "ns"  # type: ignore[attr-defined]


class DenseForwardInsideJit(_InsideJit):
    """With ReLU, fused."""

    params = [DTYPES, list(LAYERS)]

    def prepare(self, dtype: str, case: str) -> None:
        rng, (n, i, o) = generator(), LAYERS[case]
        self.time("dense_forward", "relu", [rng.normal(size=shape) for shape in ((n, i), (i, o), (o,))], dtype)


class ActivationForwardInsideJit(_InsideJit):
    """tanh, of a row."""

    params = [DTYPES, list(ROWS)]

    def prepare(self, dtype: str, case: str) -> None:
        self.time("activation_forward", "tanh", [generator().normal(size=ROWS[case])], dtype)


class MathInsideJit(_Benchmark):
    """A function of fastnn.jit.math in a plain loop, beside what Numba makes of `math` and NumPy's."""

    params = [list(FUNCTIONS), DTYPES]
    param_names = ["function", "dtype"]

    def prepare(self, function: str, dtype: str) -> None:
        _require_numba()
        from fastnn.jit import math as vector_math

        x = generator().uniform(0.1, 3, NUMBERS).astype(dtype)
        given = (x, x[::-1].copy()) if function == "power" else (x,)
        results = {who: np.full_like(x, np.nan) for who in ("ours", "Numba's")}
        self.calls = {
            who: partial(_loop_over(of, len(given)), *given, results[who])
            for who, of in (("ours", getattr(vector_math, function)), ("Numba's", FUNCTIONS[function]))
        }
        for call in self.calls.values():
            call()
        np.testing.assert_allclose(*results.values(), rtol=8 * float(np.finfo(dtype).eps))
        self.call = self.calls["ours"]

    def track_ns_per_number(self, function: str, dtype: str) -> float:
        return 1e9 * best_of({"ours": self.call})["ours"] / NUMBERS

    def track_ratio_to_numba(self, function: str, dtype: str) -> float:
        best = best_of(self.calls)
        return best["ours"] / best["Numba's"]

    track_ns_per_number.unit = "ns"  # type: ignore[attr-defined]
    track_ratio_to_numba.unit = "x"  # type: ignore[attr-defined]


def _loop_over(function: Callable[..., Any], count: int) -> Callable[..., Any]:
    """A compiled loop over a function of one number or two, the results last."""
    from numba import njit

    def one(x: np.ndarray, out: np.ndarray) -> None:
        for k in range(x.size):
            out[k] = function(x[k])

    def two(x: np.ndarray, y: np.ndarray, out: np.ndarray) -> None:
        for k in range(x.size):
            out[k] = function(x[k], y[k])

    compiled: Callable[..., Any] = njit((one, two)[count - 1])
    return compiled
