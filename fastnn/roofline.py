"""How close each native kernel comes to the machine's limit: `python -m fastnn.roofline [--picture FILE]`.

A kernel's limit is the larger of its arithmetic at the FMA peak and its bytes at the bandwidth of the level that holds
them (Williams, Waterman and Patterson 2009). One thread; times are of a loop below the binding, the best of several.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastnn.kernels.select import native
from fastnn.machine import MachinePeak, machine_peak

__all__ = ["Point", "main", "measure"]

SHAPES = ((32, 32, 32), (32, 64, 64), (64, 64, 64), (64, 64, 10), (128, 128, 128), (256, 256, 256), (512, 512, 512))


@dataclass(frozen=True)
class Point:
    """One kernel on one shape."""

    kernel: str
    case: str
    dtype: str
    flops: float  # of one call
    nbytes: float  # that one call reads and writes
    seconds: float

    def fraction(self, peak: MachinePeak) -> float:
        """Return the part of the limit that is reached."""
        return peak.seconds(self.flops, self.nbytes, self.dtype) / self.seconds


def _time(flops: float, kernel: Callable[..., Any], *arguments: Any) -> float:
    count = max(2, int(2e7 / flops))
    seconds: float = min(native.seconds_per_call(count, kernel, *arguments, n_threads=1) for _ in range(7))
    return seconds


def _point(name: str, case: str, flops: float, *arguments: Any) -> Point:
    arrays = [argument for argument in arguments if isinstance(argument, np.ndarray)]
    seconds = _time(flops, getattr(native, name), *arguments)
    return Point(name, case, str(arrays[0].dtype), flops, float(sum(a.nbytes for a in arrays)), seconds)


def _dense(rng: np.random.Generator, dtype: str) -> Iterator[Point]:
    for n, i, o in SHAPES:
        x, w, d_z = (rng.normal(size=shape).astype(dtype) for shape in ((n, i), (i, o), (n, o)))
        b, d_w, flops, case = np.ones(o, dtype), np.empty_like(w), 2.0 * n * i * o, f"{n}x{i}x{o}"
        yield _point("dense_forward", case, flops, x, w, b, "relu", np.empty_like(d_z))
        yield _point("dense_backward_input", case, flops, d_z, w, np.empty_like(x))
        yield _point("dense_backward_params", case, flops, x, d_z, d_w, np.empty_like(b))


def _elementwise(rng: np.random.Generator, dtype: str) -> Iterator[Point]:
    """Arithmetic is counted as one operation an element: their limit is the bandwidth."""
    for n, o in ((32, 128), (256, 512)):
        z, y = rng.normal(size=(n, o)).astype(dtype), np.eye(n, o, dtype=dtype)
        out, size, case = np.empty_like(z), float(n * o), f"{n}x{o}"
        for activation in ("sigmoid", "tanh", "gelu", "softmax"):
            yield _point("activation_forward", f"{activation} {case}", size, z, activation, out)
        yield _point("loss_and_gradient", f"cross_entropy {case}", size, z, y, None, "cross_entropy", out)


def _optimizers(rng: np.random.Generator, dtype: str) -> Iterator[Point]:
    for count in (2_410, 101_770):
        params, d_params, m, v = (rng.uniform(0.5, 1.5, count).astype(dtype) for _ in range(4))
        yield _point("sgd_step", str(count), 6.0 * count, params, d_params, m, 1e-9, 0.9, True)
        yield _point("adam_step", str(count), 14.0 * count, params, d_params, m, v, 3, 1e-9, 0.9, 0.999, 1e-8)


def measure(dtypes: tuple[str, ...] = ("float32", "float64")) -> list[Point]:
    """Time every kernel on its shapes.

    Parameters
    ----------
    dtypes : tuple of str

    Returns
    -------
    list of Point
    """
    rng = np.random.default_rng(0)
    families = (_dense, _elementwise, _optimizers)
    return [point for dtype in dtypes for family in families for point in family(rng, dtype)]


def _print(points: list[Point], peak: MachinePeak) -> None:
    flops = ", ".join(f"{value / 1e9:.0f} GFLOP/s {dtype}" for dtype, value in peak.flops.items())
    bandwidth = ", ".join(f"{level} {value / 1e9:.0f} GB/s" for level, value in peak.bandwidth.items())
    print(f"{peak.simd}, one core: {flops}; read {bandwidth}\n")
    print(f"{'kernel':22} {'case':24} {'dtype':8} {'time':>10}  of the limit")
    for point in points:
        time = f"{point.seconds * 1e6:.2f} µs"
        print(f"{point.kernel:22} {point.case:24} {point.dtype:8} {time:>10}  {point.fraction(peak):6.0%}")


def _draw(points: list[Point], peak: MachinePeak, file: str) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(9, 6), layout="constrained")
    intensity = np.logspace(-2, 3, 200)
    for level, bandwidth in peak.bandwidth.items():
        roof = np.minimum(intensity * bandwidth, peak.flops["float32"]) / 1e9
        axes.loglog(intensity, roof, color="0.6", linewidth=1)
        axes.annotate(level, (intensity[20], roof[20]), fontsize=8, color="0.4")
    for kernel in dict.fromkeys(point.kernel for point in points):
        chosen = [point for point in points if point.kernel == kernel and point.dtype == "float32"]
        x, y = [p.flops / p.nbytes for p in chosen], [p.flops / p.seconds / 1e9 for p in chosen]
        axes.plot(x, y, "o", markersize=5, label=kernel)
    axes.set(xlabel="FLOP per byte", ylabel="GFLOP/s", title=f"float32, one core, {peak.simd}")
    axes.legend(fontsize=8)
    figure.savefig(file, dpi=120)


def main(arguments: list[str] | None = None) -> None:
    """Print the table, and draw the picture where a file is named."""
    parser = argparse.ArgumentParser(description="How close each native kernel comes to the machine's limit.")
    parser.add_argument("--picture", metavar="FILE", help="draw the roofline into FILE (needs matplotlib)")
    options = parser.parse_args(arguments)
    points, peak = measure(), machine_peak()
    _print(points, peak)
    if options.picture:
        _draw(points, peak, options.picture)


if __name__ == "__main__":
    main()
