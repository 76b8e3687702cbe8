"""Whole networks: a forward pass, a gradient, an epoch."""

from __future__ import annotations

from functools import partial

import numpy as np

from fastnn import _core
from fastnn.activations import Activation
from fastnn.kernels.select import kernels_for
from fastnn.layers import Dense
from fastnn.optimizers import Adam, OptimizerState
from fastnn.plan import Plan

from .cases import BACKENDS, DTYPES, NETWORKS, ON_TWO_THREADS, Net, generator, one_hot, threads_of
from .common import TOLERANCE, Given, Shapes, _Benchmark, _KernelBenchmark, arguments, native_only

NETS = {net.name: net for net in NETWORKS}
NETS |= {net.name + ON_TWO_THREADS: net for net in NETWORKS if net.widths[0] == 784 or net.batch_size == net.n}
FLOPS = 2e8  # of an epoch, about: so many rows are taken, but at least two mini-batches
LEARNING_RATE = 1e-5  # small: a network that is timed thousands of times over the same rows should not learn them


def multiply_adds(net: Net) -> int:
    """Return the multiply-adds of a row's way up; its way back takes twice as many, but for the first layer's d_x."""
    return sum(i * o for i, o in zip(net.widths, net.widths[1:], strict=False))


def rows_of(net: Net) -> int:
    """Return how many rows of a network are measured."""
    batches = max(2, round(FLOPS / (6 * multiply_adds(net) * net.batch_size)))
    return min(net.n, batches * net.batch_size)


def drawn(rng: np.random.Generator, net: Net, activation: str | Activation = "") -> tuple[Given, Shapes]:
    """Return the inputs of a network's kernels, and the shapes of their outputs; with another activation if given."""
    n, i, o = rows_of(net), net.widths[0], net.widths[-1]
    hidden = [Dense(units, activation or net.activation) for units in net.widths[1:-1]]
    plan = Plan.from_layers([*hidden, Dense(o)], i, "cross_entropy", np.float64)
    params = plan.initial_params(np.random.RandomState(0))
    given = {"plan": plan, "params": params, "x": rng.normal(size=(n, i)), "y": one_hot(rng, n, o)}
    given |= {"sample_weight": None, "alpha": 1e-4, "l1": 0.0, "seed": 0}
    return given, {"out": (n, o), "d_params": params.shape}


def drawn_epoch(rng: np.random.Generator, net: Net, activation: str | Activation = "") -> tuple[Given, Shapes]:
    """Return the inputs of an epoch of Adam over rows in random order."""
    given, _ = drawn(rng, net, activation)
    n, batch_size = len(given["x"]), net.batch_size
    given |= {"order": rng.permutation(n), "batch_size": batch_size, "optimizer": Adam()}
    given |= {"state": OptimizerState.zeros(Adam(), given["params"])}
    return given | {"learning_rates": np.full(-(-n // batch_size), LEARNING_RATE)}, {}


class _Network(_KernelBenchmark):
    params = [BACKENDS, DTYPES, list(NETS)]

    def draw(self, rng: np.random.Generator, case: str) -> tuple[Given, Shapes]:
        return drawn(rng, NETS[case])

    def flops(self, net: Net) -> float:
        """Return the operations of one call."""
        return 2.0 * rows_of(net) * multiply_adds(net)

    @native_only("ps/FLOP", NETS)
    def track_ps_per_flop(self, backend: str, dtype: str, case: str) -> float:
        return self.picoseconds() / self.flops(NETS[case])


class NetworkForward(_Network):
    kernel = "network_forward"


class NetworkPredict(_Benchmark):
    """Raw output and probabilities in one call, as predictions make it."""

    params = [DTYPES, list(NETS)]
    param_names = ["dtype", "case"]

    def prepare(self, dtype: str, case: str) -> None:
        given, shapes = drawn(generator(), NETS[case])
        plan, params, x, out = arguments("network_forward", given, shapes, dtype)
        self.call = partial(_core.network_predict, plan, params, x, plan.loss, out, threads_of(case))
        self.call()
        z, wanted = np.empty((2, *shapes["out"]))
        kernels_for("reference").network_forward(given["plan"], given["params"], given["x"], z)
        kernels_for("reference").link(z, plan.loss, wanted)
        if not np.linalg.norm(out - wanted) <= TOLERANCE["network"][dtype] * np.linalg.norm(wanted):  # also a NaN
            raise AssertionError("network_predict is off: not worth timing")


class NetworkGradient(_Network):
    kernel = "network_gradient"

    def flops(self, net: Net) -> float:
        return 2.0 * rows_of(net) * (3 * multiply_adds(net) - net.widths[0] * net.widths[1])


class FitEpoch(NetworkGradient):
    """An epoch of Adam over rows in random order."""

    kernel = "fit_epoch"

    def draw(self, rng: np.random.Generator, case: str) -> tuple[Given, Shapes]:
        return drawn_epoch(rng, NETS[case])
