"""Networks inside functions that are compiled with Numba."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from fastnn import Dense, Network

from .cases import DTYPES, Net, generator
from .common import _Benchmark, best_of

ROWS = 2000
SMALL = (10, 16, 16, 1)
NETS = {
    f"{net.name} {net.activation}": net
    for net in (Net(SMALL, ROWS, 1, "tanh"), Net(SMALL, ROWS, 1, "relu"), Net((64, 32, 10), ROWS, 1, "relu"))
}


def row(net: Any, x: Any, out: Any) -> None:
    for r in range(x.shape[0]):
        net.row(x[r], out[r])


def batch(net: Any, x: Any, out: Any) -> None:
    net.batch(x, out)


def row_gradient(net: Any, x: Any, out: Any) -> None:
    for r in range(x.shape[0]):
        net.row_gradient(x[r], out[r])


FUNCTIONS = {"row": row, "batch": batch, "row_gradient": row_gradient}


def network(case: str, dtype: str) -> Network:
    """Return the network of a case."""
    net = NETS[case]
    hidden = [Dense(units, net.activation) for units in net.widths[1:-1]]
    return Network([*hidden, Dense(net.widths[-1])], net.widths[0], dtype=dtype, random_state=0)


class NetworkInJit(_Benchmark):
    """A loop over rows in nopython code, on one thread."""

    params = [list(FUNCTIONS), DTYPES, list(NETS)]
    param_names = ["way", "dtype", "case"]

    def prepare(self, way: str, dtype: str, case: str) -> None:
        from numba import njit

        model = network(case, dtype)
        i, o = NETS[case].widths[0], NETS[case].widths[-1]
        x = generator().normal(size=(ROWS, i)).astype(dtype)
        wanted = model.input_gradient(x) if way == "row_gradient" else model.predict(x)
        out = np.full(((ROWS, i) if way == "row_gradient" and o == 1 else wanted.shape), np.nan, dtype)
        self.call: Any = partial(njit(FUNCTIONS[way]), model.jit(), x, out)
        self.call()
        np.testing.assert_allclose(out, wanted, rtol=1e-4, atol=1e-5)

    def track_ns_per_row(self, way: str, dtype: str, case: str) -> float:
        return 1e9 * best_of({"call": self.call})["call"] / ROWS

    track_ns_per_row.unit = "ns"  # type: ignore[attr-defined]
