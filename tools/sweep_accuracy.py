"""Compare the vector functions and the activations with float64, over all 2^32 numbers of float32.

    python tools/sweep_accuracy.py [--level avx512] [--only exp,tanh] [--step 1]

compiles the kernels' headers for an instruction set, with the flags that the package is built with, and prints the
largest error of each function in units of the last place (below the normal numbers: of the least one) as a Markdown
table. It takes a minute or two for a function on one core; --step 4099 takes every 4099th number, and seconds. The
exit code is 1 if an error is larger than docs/numerics.md allows. NumPy and SciPy are the reference.
"""

from __future__ import annotations

import argparse
import ctypes
import importlib.util
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from fastnn.activations import ACTIVATIONS

ROOT = Path(__file__).resolve().parent.parent
CHUNK = 1 << 15  # numbers at a time: what NumPy makes of them stays in cache
ALL = 1 << 32
LARGEST = 2.0**128  # stands for infinity: what rounding takes there is an error of half a unit, not an infinite one

Doubles = NDArray[np.float64]
Floats = NDArray[np.float32]


class Swept(NamedTuple):
    """A function, and how far from it the kernel may be."""

    limit: float
    exact: Callable[[Doubles], Any]


def _gelu_tanh(x: Doubles) -> Any:
    return x * special.expit(2 * np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))


SELU_SCALE, SELU_ALPHA = 1.0507009873554804934193, 1.6732632423543772848170
SWEPT = {
    "exp": Swept(2, np.exp),
    "log1p": Swept(2, np.log1p),
    "tanh": Swept(2, np.tanh),
    "sigmoid": Swept(2, special.expit),
    "erf": Swept(2, special.erf),
    "log": Swept(2, np.log),
    "expm1": Swept(2, np.expm1),
    "normal_cdf": Swept(4, special.ndtr),
    "gelu": Swept(4, lambda x: 0.5 * x * special.erfc(-np.sqrt(0.5) * x)),
    "gelu_tanh": Swept(4, _gelu_tanh),
    "silu": Swept(4, lambda x: x * special.expit(x)),
    "mish": Swept(4, lambda x: x * np.tanh(np.logaddexp(0, x))),
    "softplus": Swept(4, lambda x: np.logaddexp(0, x)),
    "elu": Swept(4, lambda x: np.where(x > 0, x, np.expm1(x))),
    "selu": Swept(4, lambda x: SELU_SCALE * np.where(x > 0, x, SELU_ALPHA * np.expm1(x))),
    "softsign": Swept(4, lambda x: x / (1 + np.abs(x))),
    "hard_swish": Swept(4, lambda x: x * np.clip(x + 3, 0, 6) / 6),
    "hard_sigmoid": Swept(2, lambda x: np.clip(x + 3, 0, 6) / 6),
    "leaky_relu": Swept(2, lambda x: np.where(x > 0, x, 0.01 * x)),
    "hard_tanh": Swept(0, lambda x: np.clip(x, -1, 1)),
    "relu6": Swept(0, lambda x: np.clip(x, 0, 6)),
    "relu": Swept(0, lambda x: np.maximum(x, 0)),
    "sign": Swept(0, np.sign),
    "thresholded_relu": Swept(0, lambda x: np.where(x <= 1, 0, x)),
    "softshrink": Swept(2, lambda x: np.where(np.abs(x) > 0.5, x - np.copysign(0.5, x), 0 * x)),
    "hard_shrink": Swept(0, lambda x: np.where(np.abs(x) > 0.5, x, 0 * x)),
    "log_sigmoid": Swept(4, lambda x: np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))),
    "celu": Swept(4, lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0)))),
}
# Of an activation that has no form of its own here the definition, which is slow: a microsecond a number.
SWEPT |= {
    name: Swept(4, np.vectorize(activation.value, otypes=[np.float64]))
    for name, activation in ACTIVATIONS.items()
    if name not in SWEPT and not activation.by_row and name != "identity"
}


class Worst(NamedTuple):
    """The largest error so far, and where it is."""

    ulp: float = 0.0
    x: float = 0.0


# --- the compiled functions -------------------------------------------------------------------------------------------


def setup_helpers() -> ModuleType:
    """setup.py as a module: it owns the flags."""
    spec = importlib.util.spec_from_file_location("fastnn_setup", ROOT / "setup.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def compiled(level: str, folder: Path) -> ctypes.CDLL:
    """The functions of sweep_accuracy.cpp for an instruction set."""
    source = f"src_ext/isa/{level}.cpp"
    header = re.search(r'#include "(kernels/vector/\w+\.hpp)"', (ROOT / source).read_text())
    assert header is not None
    library = folder / f"{level}.so"
    include = ["-include", str(ROOT / "src_ext" / header.group(1))]
    flags = [*setup_helpers().source_flags(source), *include, f"-I{ROOT / 'src_ext'}", "-shared", "-fPIC"]
    compiler = os.environ.get("CXX", "g++").split()
    subprocess.run([*compiler, *flags, str(ROOT / "tools/sweep_accuracy.cpp"), "-o", str(library)], check=True)
    return ctypes.CDLL(str(library))


def vectorised(library: ctypes.CDLL, name: str) -> Callable[[Floats], Floats]:
    """A compiled function of arrays whose lengths are multiples of the vector's width."""
    arrays = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_ssize_t]
    activation = ACTIVATIONS.get(name)
    code = () if activation is None else (activation.code,)
    function = library[f"sweep_{name}" if activation is None else "sweep_activation"]
    function.argtypes = [*(ctypes.c_int for _ in code), *arrays]
    function.restype = None

    def call(x: Floats) -> Floats:
        y = np.full_like(x, np.nan)
        function(*code, x.ctypes.data, y.ctypes.data, x.size)
        return y

    return call


# --- the sweep --------------------------------------------------------------------------------------------------------


def numbers(step: int) -> Iterator[Floats]:
    """Every `step`-th float32 by its bits, in chunks. Infinities are zero instead: they have tests of their own."""
    offsets = np.arange(0, step * CHUNK, step, dtype=np.uint32)
    for first in range(0, ALL, step * CHUNK):
        bits = offsets + np.uint32(first)
        bits[(ALL - first + step - 1) // step :] = 0  # they have begun again
        for infinity in (0x7F800000, 0xFF800000):
            if first <= infinity < first + step * CHUNK:
                bits[bits == infinity] = 0
        yield bits.view(np.float32)


def ulps(found: Floats | Doubles, wanted: Doubles) -> Doubles:
    """Distance in units of the last place of the float32 that is wanted."""
    exponent = wanted.astype(np.float32).view(np.uint32) & np.uint32(0x7F800000)
    np.minimum(np.maximum(exponent, np.uint32(0x00800000), out=exponent), np.uint32(0x7F000000), out=exponent)
    distance: Doubles = found - wanted
    np.abs(distance, out=distance)
    distance /= exponent.view(np.float32)
    distance *= 2.0**23
    return distance


def ulps_of_anything(found: Floats, wanted: Doubles) -> Doubles:
    """The same where not all are finite: 0 where neither is a number, infinite where only one is none."""
    distance = ulps(np.clip(found.astype(np.float64), -LARGEST, LARGEST), np.clip(wanted, -LARGEST, LARGEST))
    distance[np.isnan(found) & np.isnan(wanted)] = 0
    distance[np.isnan(distance)] = np.inf
    return distance


def swept(call: Callable[[Floats], Floats], exact: Callable[[Doubles], Any], step: int) -> Worst:
    """The largest error of a function."""
    worst = Worst()
    with np.errstate(all="ignore"):
        for x in numbers(step):
            found, wanted = call(x), np.asarray(exact(x.astype(np.float64)))
            distance = ulps(found, wanted)
            at = int(distance.argmax())  # of the first NaN, if there is one
            if not np.isfinite(distance[at]):
                distance = ulps_of_anything(found, wanted)
                at = int(distance.argmax())
            if distance[at] > worst.ulp:
                worst = Worst(float(distance[at]), float(x[at]))
    return worst


def names(text: str) -> list[str]:
    """Functions by their names, separated by commas."""
    chosen = [name.strip() for name in text.split(",")]
    for name in chosen:
        if name not in SWEPT:
            raise argparse.ArgumentTypeError(f"no function {name!r}; there are {', '.join(SWEPT)}")
    return chosen


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    helpers = setup_helpers()
    levels = list(helpers.LEVELS.get(helpers.machine(), {}))
    parser.add_argument("--level", choices=levels, default=levels[0], help="instruction set, default %(default)s")
    parser.add_argument("--only", type=names, default=list(SWEPT), help="functions, separated by commas")
    parser.add_argument("--step", type=int, default=1, help="take every so many numbers; odd, so that all bits change")
    options = parser.parse_args()
    print(f"| {options.level} | largest error in ulp | allowed | at |\n| --- | --- | --- | --- |", flush=True)
    missed = False
    with tempfile.TemporaryDirectory(prefix="fastnn-sweep-") as folder:
        library = compiled(options.level, Path(folder))
        for name in options.only:
            limit, exact = SWEPT[name]
            worst = swept(vectorised(library, name), exact, options.step)
            missed |= worst.ulp > limit
            print(f"| {name} | {worst.ulp:.3f} | {limit:g} | {worst.x:.9g} |", flush=True)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
