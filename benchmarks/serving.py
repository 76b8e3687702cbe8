"""Frozen predictors: calls with one row and with more, and what the predictor itself takes to be made."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from fastnn import Dense, Network

from .cases import DTYPES, SERVED, SERVED_ROWS, generator
from .common import _Benchmark, best_of

ZEROS = ", 80 % zeros"
NETS = {"-".join(map(str, widths)): widths for widths in SERVED}
CASES = list(NETS) + [name + ZEROS for name, widths in NETS.items() if widths[0] == 784]


def network_of(case: str, dtype: str) -> Network:
    """Return a network with random weights, a logistic regression among them."""
    widths = NETS[case.removesuffix(ZEROS)]
    loss = "binary_cross_entropy" if widths[-1] == 1 else "cross_entropy"
    layers = [*(Dense(units, "relu") for units in widths[1:-1]), Dense(widths[-1])]
    return Network(layers, n_inputs=widths[0], loss=loss, dtype=dtype, random_state=0, n_threads=1)


def rows_of(case: str, n: int, dtype: str) -> np.ndarray:
    """Return random rows for a case."""
    rng = generator()
    x = rng.normal(size=(n, NETS[case.removesuffix(ZEROS)][0]))
    x[rng.random(x.shape) < 0.8 * case.endswith(ZEROS)] = 0
    return x.astype(dtype)


class Predictor(_Benchmark):
    """Probabilities into a given array: the kernel and what is left around it."""

    params = [DTYPES, list(map(str, SERVED_ROWS)), CASES]
    param_names = ["dtype", "rows", "case"]

    def prepare(self, dtype: str, rows: str, case: str) -> None:
        from fastnn import compile_predict

        network, x = network_of(case, dtype), rows_of(case, int(rows), dtype)
        predictor = compile_predict(network, "predict")
        want = network.predict(x)
        row, want = (x[0], want[0]) if len(x) == 1 else (x, want)
        out = np.full_like(want, np.nan)
        predictor(row, out)
        np.testing.assert_array_equal(out, want)
        self.call: Any = partial(predictor, row, out)
        self.allocating = partial(predictor, row)

    def track_allocating(self, dtype: str, rows: str, case: str) -> float:
        best = best_of({"given": self.call, "allocating": self.allocating})
        return max(1e9 * (best["allocating"] - best["given"]), 0.1)

    track_allocating.unit = "ns"  # type: ignore[attr-defined]


class CompilePredict(_Benchmark):
    """Making a predictor of a network: reading it, and packing its weights."""

    params = [DTYPES, list(NETS)]
    param_names = ["dtype", "case"]

    def prepare(self, dtype: str, case: str) -> None:
        from fastnn import compile_predict

        network, x = network_of(case, dtype), rows_of(case, 3, dtype)
        self.call: Any = partial(compile_predict, network, "predict")
        np.testing.assert_array_equal(self.call()(x), network.predict(x))
