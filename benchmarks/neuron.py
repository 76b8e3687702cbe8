"""One neuron that learns: an epoch online and in batches."""

from __future__ import annotations

import numpy as np

from fastnn import activations

from .cases import BACKENDS, BY_ELEMENT, DTYPES, NEURONS, ON_TWO_THREADS, Neurons
from .common import Given, Shapes, _KernelBenchmark, native_only

LEARNING_RATE = 1e-5  # small: a neuron that is timed thousands of times over the same rows should not learn them


def _cases() -> dict[str, tuple[str, Neurons]]:
    first, *_ = NEURONS
    found = {f"sigmoid {rows.name}": ("sigmoid", rows) for rows in NEURONS}
    found |= {f"{name} {first.name}": (name, first) for name in BY_ELEMENT if name != "sigmoid"}
    large = {name + ON_TWO_THREADS: case for name, case in found.items() if case[1].batch_size == case[1].n}
    return found | large


CASES = _cases()


class NeuronEpoch(_KernelBenchmark):
    """An epoch over rows in random order."""

    kernel = "neuron_epoch"
    params = [BACKENDS, DTYPES, list(CASES)]

    def draw(self, rng: np.random.Generator, case: str) -> tuple[Given, Shapes]:
        activation, (n, i, batch_size) = CASES[case]
        x = rng.normal(size=(n, i))
        y = x @ rng.normal(size=i) > 0
        rates = np.full(-(-n // batch_size), LEARNING_RATE)
        given = {"activation": activations.get(activation), "params": rng.normal(size=i + 1) / 10, "x": x}
        given |= {"y": np.where(y, 1.0, -1.0 if activation == "sign" else 0.0), "sample_weight": None, "total": None}
        return given | {"order": rng.permutation(n), "batch_size": batch_size, "learning_rates": rates}, {}

    @native_only("ns/row", CASES)
    def track_ns_per_row(self, backend: str, dtype: str, case: str) -> float:
        return self.picoseconds() / 1e3 / CASES[case][1].n
