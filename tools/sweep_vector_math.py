"""Compare the vector functions for users' code with float64, over all 2^32 numbers of float32.

    python tools/sweep_vector_math.py [--only exp,tanh] [--step 1]

prints the largest error of each function in units of the last place (below the normal numbers: of the least one). It
takes two minutes or so for a function on one core; --step 4099 takes every 4099th number, and a second. NumPy and SciPy
are the reference.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy import special

from fastnn.kernels.jit.functions.vector_math import BY_NAME

CHUNK, ALL = 1 << 16, 1 << 32
OTHERS = {"sigmoid": special.expit, "erf": special.erf, "erfc": special.erfc}
OTHERS |= {f"a{name}": getattr(np, f"arc{name}") for name in ("cos", "cosh", "sin", "sinh", "tan", "tanh")}
Array = NDArray[Any]


def compiled(function: Any) -> Callable[[Array, Array], None]:
    """A loop over a function of one number."""

    def loop(x: Array, out: Array) -> None:
        for k in range(x.size):
            out[k] = function(x[k])

    done: Callable[[Array, Array], None] = njit(error_model="numpy")(loop)
    return done


def chunks(step: int) -> Iterator[Array]:
    """Every number, or every so-manieth one."""
    for first in range(0, ALL, CHUNK * step):
        yield np.arange(first, min(first + CHUNK * step, ALL), step, dtype=np.uint64).astype(np.uint32).view(np.float32)


def errors(found: Array, wanted: Array) -> Array:
    limits = np.finfo(np.float32)
    size = np.clip(np.abs(wanted), limits.smallest_normal, limits.max).astype(np.float32)
    distance = np.abs(found - wanted) / np.spacing(size).astype(np.float64)
    rounded = wanted.astype(np.float32)
    same = (found == rounded) | (np.isnan(found) & np.isnan(rounded))
    return np.where(np.isfinite(distance), distance, np.where(same, 0.0, np.inf))


def swept(name: str, step: int) -> tuple[float, np.float32]:
    """The largest error, and where it is."""
    loop, exact = compiled(BY_NAME[name].value), OTHERS.get(name) or getattr(np, name)
    worst = (0.0, np.float32(0))
    for x in chunks(step):
        found = np.full_like(x, 99)
        loop(x, found)
        distance = errors(found, exact(x.astype(np.float64)))
        k = int(distance.argmax())
        worst = max(worst, (float(distance[k]), x[k]), key=lambda each: each[0])
    return worst


def main() -> None:
    """Sweep and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [name for name, function in BY_NAME.items() if len(function.slopes) == 1 and name not in ("fmax", "fmin")]
    parser.add_argument("--only", default=",".join(names))
    parser.add_argument("--step", type=int, default=1)
    chosen = parser.parse_args()
    with np.errstate(all="ignore"):
        for name in chosen.only.split(","):
            worst, x = swept(name, chosen.step)
            print(f"{name:10} {worst:.3f} at {x!r}", flush=True)


if __name__ == "__main__":
    main()
