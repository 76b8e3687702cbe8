"""Compare the vector functions for users' code with float64, over all 2^32 numbers of float32.

    python tools/sweep_vector_math.py [--only exp,tanh] [--step 1]

prints the largest error of each function in units of the last place (below the normal numbers: of the least one). It
takes a minute or so for a function on one core; --step 4099 takes every 4099th number, and a second. NumPy and SciPy
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


def compiled(function: Any) -> Callable[[Array, Array], tuple[float, int]]:
    """A loop that looks for the largest error of a function of one number, and where it is."""

    def loop(x: Array, wanted: Array) -> tuple[float, int]:
        worst, place = 0.0, 0
        for k in range(x.size):
            found, exact = np.float64(function(x[k])), wanted[k]
            rounded = np.float64(np.float32(exact))
            exponent = (np.float64(exact).view(np.int64) >> 52) & 0x7FF
            exponent = min(max(exponent, 1023 - 126), 1023 + 127) - 23
            error = abs(found - exact) / np.int64(exponent << 52).view(np.float64)
            if not error < np.inf:  # right, if both are NaN or the same infinity
                error = 0.0 if found == rounded or (found != found and exact != exact) else np.inf
            if error > worst:
                worst, place = error, k
        return worst, place

    done: Callable[[Array, Array], tuple[float, int]] = njit(error_model="numpy")(loop)
    return done


def chunks(step: int) -> Iterator[Array]:
    """Every number, or every so-manieth one."""
    for first in range(0, ALL, CHUNK * step):
        yield np.arange(first, min(first + CHUNK * step, ALL), step, dtype=np.uint64).astype(np.uint32).view(np.float32)


def swept(name: str, step: int) -> tuple[float, np.float32]:
    """The largest error, and where it is."""
    loop, exact = compiled(BY_NAME[name].value), OTHERS.get(name) or getattr(np, name)
    worst = (0.0, np.float32(0))
    for x in chunks(step):
        error, k = loop(x, exact(x.astype(np.float64)))
        worst = max(worst, (error, x[k]), key=lambda each: each[0])
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
