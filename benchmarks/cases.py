"""The one table of shapes, networks and seeds that benchmarks use."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fastnn import losses
from fastnn.activations import ACTIVATIONS

SEED = 20260101

BACKENDS = ["native", "jit", "reference"]
DTYPES = ["float32", "float64"]
ON_TWO_THREADS = " on 2 threads"  # how the label of a case ends that only the native backend has

# Layers as (n, i, o), the smallest first: one row, narrow outputs, odd sizes, squares, and the layers of a picture
# classifier. The large ones are also measured on two threads.
LAYERS = [
    (1, 64, 64),
    (64, 64, 2),
    (64, 64, 10),
    (33, 65, 127),
    (32, 32, 32),
    (32, 64, 64),
    (64, 64, 64),
    (128, 128, 128),
    (128, 784, 128),
    (256, 256, 256),
    (512, 1024, 1024),
]
LARGE_LAYERS = [(256, 256, 256), (512, 1024, 1024)]

# Arrays of z as (n, o): a row alone, one that stays in cache, narrow and wide rows, and one that leaves L2.
ONE_ROW = (1, 100)
IN_CACHE = (128, 128)
NARROW_ROWS = (1024, 10)
WIDE_ROWS = (16, 1000)
LARGE_OUTPUT = (2048, 512)

BY_ELEMENT = [name for name, activation in ACTIVATIONS.items() if not activation.by_row]
BY_ROW = [name for name, activation in ACTIVATIONS.items() if activation.by_row]
LOSSES = list(losses.LOSSES)

# Lengths of a parameter vector: in L1, in L2, beyond.
PARAMS = [2_410, 101_770, 1_863_690]


class Net(NamedTuple):
    """A classifier: its widths, the rows of its training data, and the rows of a mini-batch."""

    widths: tuple[int, ...]
    n: int
    batch_size: int
    activation: str = "relu"

    @property
    def name(self) -> str:
        """Its widths, as in 64-32-10."""
        return "-".join(map(str, self.widths))


NETWORKS = [
    Net((64, 32, 10), 2000, 32),
    Net((64, 64, 64, 10), 2000, 64),
    Net((20, 64, 64, 2), 10_000, 128),
    Net((784, 128, 10), 8192, 128),
    Net((784, 256, 128, 10), 8192, 256),
    Net((784, 1024, 1024, 10), 4096, 512),
    Net((4, 32, 16, 4), 10_000, 10_000, "tanh"),
]

# What is served: a logistic regression and networks by their widths, and rows of a call.
SERVED = [(30, 1), (64, 32, 10), (20, 64, 64, 2), (784, 128, 10), (784, 256, 128, 10), (784, 1024, 1024, 10)]
SERVED_ROWS = [1, 8, 64, 256, 1024]


class Neurons(NamedTuple):
    """Rows that one neuron learns from, each of i inputs, so many at a time."""

    n: int
    i: int
    batch_size: int

    @property
    def name(self) -> str:
        """As in 5000x100 online, 5000x100 by 32."""
        return f"{self.n}x{self.i} {'online' if self.batch_size == 1 else f'by {self.batch_size}'}"


# The first also for every activation. 100 weights are at home in registers with AVX-512, 400 in L1.
NEURONS = [
    Neurons(5000, 100, 1),
    Neurons(5000, 2, 1),
    Neurons(5000, 30, 1),
    Neurons(5000, 400, 1),
    Neurons(5000, 100, 32),
    Neurons(20_000, 100, 20_000),
]


def generator() -> np.random.Generator:
    """Return the generator that every setup starts from."""
    return np.random.default_rng(SEED)


def label(shape: tuple[int, ...]) -> str:
    """Return a shape as asv shows it: (128, 784, 10) is "128x784x10"."""
    return "x".join(map(str, shape))


def labelled(shapes: list[tuple[int, ...]], large: list[tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    """Return shapes by their labels, and the large ones once more for two threads."""
    threaded = {label(shape) + ON_TWO_THREADS: shape for shape in large}
    return {label(shape): shape for shape in shapes} | threaded


def threads_of(case: str) -> int:
    """Return how many threads a case is for."""
    return 2 if case.endswith(ON_TWO_THREADS) else 1


def one_hot(rng: np.random.Generator, n: int, o: int) -> np.ndarray:
    """Return n random rows of the o x o identity, float64."""
    return np.eye(o)[rng.integers(0, o, n)]
