"""One fused layer: NumPy and PyTorch beside fastnn, and how near the kernel alone comes to the machine's peak."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fastnn import _core, activations, kernels

from ..cases import DTYPES, LAYERS, generator, label
from .contest import Contestant, Effort, compete, fma_peak, limit_blas, optional, print_table, repeated, summary

Arrays = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def arrays_of(shape: tuple[int, ...], dtype: str) -> Arrays:
    """Return x, w, b and out."""
    rng = generator()
    n, i, o = shape
    x, w, b = (rng.normal(size=size).astype(dtype) for size in ((n, i), (i, o), o))
    return x, w, b, np.full((n, o), np.nan, dtype)


def numpy_layer(x: np.ndarray, w: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
    """Compute a layer with NumPy as well as it can: no temporary arrays."""
    np.matmul(x, w, out=out)
    np.add(out, b, out=out)
    np.maximum(out, 0, out=out)


def torch_contestants(arrays: Arrays, effort: Effort) -> Iterator[Contestant]:
    """Yield PyTorch's two ways: the usual one, and the one without allocation."""
    torch = optional("torch")
    if torch is None:
        return
    x, w, b, out = map(torch.from_numpy, arrays)
    transposed = w.T.contiguous()  # as torch.nn.Linear keeps it
    usual = torch.inference_mode()(lambda: torch.relu_(torch.nn.functional.linear(x, transposed, b)))
    in_place = torch.inference_mode()(lambda: torch.relu_(torch.addmm(b, x, w, out=out)))
    for name, call in (("PyTorch linear", usual), ("PyTorch addmm", in_place)):
        yield repeated(name, 1, call, effort, lambda: torch.set_num_threads(1))


def contestants(arrays: Arrays, effort: Effort) -> Iterator[Contestant]:
    """Yield all who compute this layer; in the end all of them must have computed the same."""
    x, w, b, out = arrays
    yield repeated("fastnn", 1, lambda: kernels.dense_forward(x, w, b, "relu", out=out, n_threads=1), effort)
    ours = out.copy()
    yield repeated("NumPy", 1, lambda: numpy_layer(x, w, b, out), effort, limit_blas(1))
    np.testing.assert_allclose(ours, out, rtol=1e-3, atol=1e-3)
    yield from torch_contestants(arrays, effort)


def share_of_peak(arrays: Arrays, effort: Effort) -> float:
    """Return how near the kernel, timed below the binding, comes to the peak, measured beside it."""
    x, w, b, out = arrays
    flops = 2.0 * len(x) * w.size
    count, best = max(2, int(effort.seconds * 1e10 / flops)), float("inf")
    relu = activations.get("relu")
    for _ in range(effort.rounds):
        best = min(best, _core.seconds_per_call(count, _core.dense_forward, x, w, b, relu, out, n_threads=1))
    return flops / best / fma_peak(str(x.dtype))


def rows(effort: Effort) -> Iterator[list[str]]:
    """Yield the table's rows."""
    for dtype in DTYPES[:1] if effort.quick else DTYPES:
        for shape in LAYERS[:1] if effort.quick else LAYERS:
            arrays = arrays_of(shape, dtype)
            best = compete(contestants(arrays, effort), effort)
            yield [dtype, label(shape), *summary(best), f"{share_of_peak(arrays, effort):.0%}"]


def fused_layers(effort: Effort) -> None:
    """Print the table."""
    header = ["dtype", "n x i x o", "fastnn", "best peer, threads", "ratio", "kernel alone, of the FMA peak"]
    print_table("Kernels: dense forward with bias and ReLU, one thread, called from Python", header, rows(effort))
