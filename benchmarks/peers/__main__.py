"""fastnn beside its peers, in one run: `python -m benchmarks.peers [--quick] [--only TABLE,...]`.

Every number is the best of several runs that take turns. A ratio is the time of the best peer, at one or at two
threads, over the better one of fastnn's. Fractions are of the machine's own FMA peak, measured beside. A peer that is
not installed is left out.
"""

from __future__ import annotations

import argparse
import platform
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version

import fastnn
from fastnn import _core

from .adam import adam
from .contest import FULL, QUICK, Effort, fma_peak
from .functions import functions
from .inference import inference
from .kernels import fused_layers
from .logistic import logistic
from .logistic_cv import logistic_cv
from .logistic_l1 import logistic_l1
from .numba_half import numba_half
from .serving import serving
from .training import training

TABLES: dict[str, Callable[[Effort], None]] = {
    "training": training,
    "inference": inference,
    "serving": serving,
    "kernels": fused_layers,
    "functions": functions,
    "adam": adam,
    "logistic": logistic,
    "logistic_cv": logistic_cv,
    "logistic_l1": logistic_l1,
    "numba": numba_half,
}
PEERS = ("numpy", "scipy", "scikit-learn", "numba", "torch", "onnxruntime", "onnx", "celer", "skglm")


def chosen(text: str) -> list[str]:
    """Return the tables that a text names, separated by commas."""
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in TABLES:
            raise argparse.ArgumentTypeError(f"no table {name!r}; there are {', '.join(TABLES)}")
    return names


def versions() -> str:
    """Return what is installed, as a line."""
    found = [f"fastnn {fastnn.__version__}", f"Python {platform.python_version()}"]
    for name in PEERS:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"no {name}")
    return ", ".join(found)


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the arguments and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description="fastnn beside its peers.")
    parser.add_argument("--quick", action="store_true", help="the first case of each table, once: a smoke test")
    parser.add_argument("--only", type=chosen, default=list(TABLES), help=f"of {','.join(TABLES)}")
    options = parser.parse_args(arguments)
    peaks = " and ".join(f"{fma_peak(dtype) / 1e9:.0f} GFLOP/s in {dtype}" for dtype in ("float32", "float64"))
    print(f"Instruction set {_core.simd_level()}; FMA peak of one core {peaks}; {versions()}.")
    for name in options.only:
        TABLES[name](QUICK if options.quick else FULL)


if __name__ == "__main__":
    main()
