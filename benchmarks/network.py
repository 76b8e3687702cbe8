"""Whole networks: a forward pass, a gradient, an epoch."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn.layers import Dense
from fastnn.optimizers import Adam, OptimizerState
from fastnn.plan import Plan

from .cases import DTYPES, NETWORKS, label, one_hot
from .common import _KernelBenchmark

NETS = {label(widths): (widths, n, batch) for widths, n, batch in NETWORKS}
SMALL = [name for name, (widths, _, _) in NETS.items() if max(widths) <= 128]


class _Network(_KernelBenchmark):
    rows = 256

    def draw(self, rng: np.random.Generator, case: str) -> tuple[dict[str, Any], dict[str, tuple[int, ...]]]:
        widths, n, _ = NETS[case]
        n = min(n, self.rows)
        hidden = [Dense(units, "relu") for units in widths[1:-1]]
        plan = Plan.from_layers([*hidden, Dense(widths[-1])], widths[0], "cross_entropy", np.float64)
        params = plan.initial_params(np.random.RandomState(0))
        given = {"plan": plan, "params": params, "x": rng.normal(size=(n, widths[0])), "sample_weight": None}
        given |= {"y": one_hot(rng, n, widths[-1]), "alpha": 1e-4}
        return given, {"out": (n, widths[-1]), "d_params": params.shape}


class NetworkForward(_Network):
    kernel = "network_forward"
    params = [["native", "jit", "reference"], DTYPES, list(NETS)]


class NetworkGradient(_Network):
    kernel = "network_gradient"
    params = [["native", "jit", "reference"], DTYPES, SMALL]


class FitEpoch(_Network):
    """An epoch of Adam in a shuffled order, on all rows of the table."""

    kernel = "fit_epoch"
    params = [["native", "jit"], DTYPES, SMALL]
    rows = 10_000

    def draw(self, rng: np.random.Generator, case: str) -> tuple[dict[str, Any], dict[str, tuple[int, ...]]]:
        given, _ = super().draw(rng, case)
        n, batch = len(given["x"]), NETS[case][2]
        given |= {"order": rng.permutation(n), "batch_size": batch, "optimizer": Adam()}
        given |= {"state": OptimizerState.zeros(Adam(), given["params"])}
        return given | {"learning_rates": np.full(-(-n // batch), 1e-3)}, {}
