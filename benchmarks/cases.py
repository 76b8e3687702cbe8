"""The one table of shapes and seeds that benchmarks use."""

from __future__ import annotations

import numpy as np

SEED = 20260101

BACKENDS = ["native", "jit", "reference"]
DTYPES = ["float32", "float64"]

# Layers as (n, i, o), the smallest first: one row, narrow outputs, squares, the first layer of a picture classifier.
LAYERS = [(1, 64, 64), (64, 64, 10), (32, 64, 64), (128, 128, 128), (128, 784, 128), (256, 256, 256)]

# Arrays of z as (n, o): narrow rows that stay in L1, wide rows, and one that leaves L2.
OUTPUTS = [(32, 10), (32, 128), (64, 1000), (2048, 512)]

# Lengths of a parameter vector: in L1, in L2, beyond.
PARAMS = [2_410, 101_770, 1_863_690]

# Networks as (widths, n, batch size), the training table of docs/performance.md.
NETWORKS = [
    ((64, 32, 10), 2000, 32),
    ((64, 64, 64, 10), 2000, 64),
    ((20, 64, 64, 2), 10_000, 128),
    ((784, 128, 10), 8192, 128),
    ((784, 256, 128, 10), 8192, 256),
    ((784, 1024, 1024, 10), 4096, 512),
    ((4, 32, 16, 4), 10_000, 10_000),
]


def generator() -> np.random.Generator:
    """Return the generator that every setup starts from."""
    return np.random.default_rng(SEED)


def label(case: tuple[object, ...]) -> str:
    """Return a case as asv shows it: (128, 784, 10) is "128x784x10"."""
    return "x".join(str(part) for part in case)


def cases(table: list[tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    """Return a table of shapes by their labels."""
    return {label(case): case for case in table}


def one_hot(rng: np.random.Generator, n: int, o: int) -> np.ndarray:
    """Return n random rows of the o x o identity, float64."""
    return np.eye(o)[rng.integers(0, o, n)]
