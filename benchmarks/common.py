"""What every kernel benchmark does: draw arrays, check the kernel once against the reference, then be timed.

A class names its kernel and says how its arguments are drawn; the rest is read off the contract.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from fastnn.kernels.contract import KERNELS
from fastnn.kernels.select import kernels_for
from fastnn.optimizers import OptimizerState
from fastnn.plan import Plan

from .cases import BACKENDS, DTYPES, generator

TOLERANCE = {"float32": 2e-4, "float64": 1e-10}  # relative to the largest value; the tests are the strict ones


def arguments(kernel: str, given: dict[str, Any], shapes: dict[str, tuple[int, ...]], dtype: str) -> list[Any]:
    """Return a kernel's arguments in order: inputs cast to the dtype, outputs filled with NaN."""
    values: list[Any] = []
    for argument in KERNELS[kernel].arguments:
        if argument.role == "output":
            values.append(np.full(shapes[argument.name], np.nan, dtype))
        elif argument.integer or argument.double:
            values.append(given[argument.name])
        else:
            values.append(_cast(given[argument.name], dtype))
    return values


def _cast(value: Any, dtype: str) -> Any:
    """Return an array, a plan or an optimizer's state in the dtype, with memory of its own; the rest as it is."""
    if isinstance(value, np.ndarray):
        return value.astype(dtype)
    if isinstance(value, Plan):
        return replace(value, dtype=np.dtype(dtype))
    if isinstance(value, OptimizerState):
        return OptimizerState(value.step, tuple(slot.astype(dtype) for slot in value.slots))
    return value


def written(kernel: str, values: list[Any]) -> list[np.ndarray]:
    """Return the arrays that the kernel writes."""
    roles = [argument.role for argument in KERNELS[kernel].arguments]
    return [value for role, value in zip(roles, values, strict=True) if role in ("output", "update")]


def verify(kernel: str, backend: Any, given: dict[str, Any], shapes: dict[str, tuple[int, ...]], dtype: str) -> None:
    """Raise AssertionError if one call of the backend's kernel differs from the reference in float64."""
    ours, theirs = (arguments(kernel, given, shapes, kind) for kind in (dtype, "float64"))
    found = getattr(backend, kernel)(*ours)
    wanted = getattr(kernels_for("reference"), kernel)(*theirs)
    pairs = list(zip(written(kernel, ours), written(kernel, theirs), strict=True))
    if KERNELS[kernel].returns_loss:
        pairs.append((np.float64(found), np.float64(wanted)))
    for ours_part, theirs_part in pairs:
        scale = np.abs(theirs_part).max() if np.size(theirs_part) else 0.0
        np.testing.assert_allclose(ours_part, theirs_part, rtol=0, atol=TOLERANCE[dtype] * (1 + scale))


class _KernelBenchmark:
    """Base class; asv passes over names that start with an underscore."""

    kernel = ""
    params: list[list[Any]] = [BACKENDS, DTYPES, []]
    param_names = ["backend", "dtype", "case"]
    version = "1"

    def draw(self, rng: np.random.Generator, case: str) -> tuple[dict[str, Any], dict[str, tuple[int, ...]]]:
        """Return the kernel's inputs (float64) and options by name, and the shapes of its outputs."""
        raise TypeError(f"{type(self).__name__} does not say how its arguments are drawn")

    def flops(self, case: str) -> float:
        """Return the floating-point operations of one call; 0 where counting them makes no sense."""
        return 0.0

    def setup(self, backend: str, dtype: str, case: str) -> None:
        kernels = kernels_for(backend)
        given, shapes = self.draw(generator(), case)
        verify(self.kernel, kernels, given, shapes, dtype)
        self.call = getattr(kernels, self.kernel)
        self.values = arguments(self.kernel, given, shapes, dtype)

    def time_kernel(self, backend: str, dtype: str, case: str) -> None:
        self.call(*self.values)


class _FlopBenchmark(_KernelBenchmark):
    """Also tells picoseconds per floating-point operation, the call from Python not counted."""

    def track_ps_per_flop(self, backend: str, dtype: str, case: str) -> float:
        from fastnn import _core

        if backend != "native":
            return float("nan")
        count = max(2, int(2e7 / self.flops(case)))
        seconds = min(_core.seconds_per_call(count, self.call, *self.values, n_threads=1) for _ in range(7))
        return 1e12 * seconds / self.flops(case)

    track_ps_per_flop.unit = "ps/FLOP"  # type: ignore[attr-defined]
