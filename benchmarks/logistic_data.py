"""Data for logistic regression: drawn, or the real ones where they are."""

from __future__ import annotations

import csv
import gzip
import os
from pathlib import Path

import numpy as np
import scipy.sparse as sp

from .cases import generator

Data = tuple[np.ndarray | sp.csr_array, np.ndarray]


def short(x: sp.csr_array) -> sp.csr_array:
    """Return a matrix with indices of 32 bits, as scikit-learn's solvers want them."""
    x.indices, x.indptr = x.indices.astype(np.int32), x.indptr.astype(np.int32)
    return x


def correlated(n: int, features: int) -> Data:
    """Return features of different scales that are correlated, as real ones are, and labels that they half explain."""
    rng = generator()
    mix = np.eye(features) + 0.3 * rng.normal(size=(features, features)) / features**0.5
    x = rng.normal(size=(n, features)) @ mix * np.logspace(-0.5, 0.5, features)
    z = x @ rng.normal(size=features) / features**0.5
    return x, (z + rng.logistic(size=n) > 0).astype(int)


def words() -> Data:
    """Return 20,000 texts of 60 words out of 20,000, as frequent as in a language, each text of length one."""
    rng = generator()
    n, features, length = 20_000, 20_000, 60
    frequency = 1 / np.arange(10, features + 10)
    words = rng.choice(features, size=(n, length), p=frequency / frequency.sum())
    x = sp.csr_array((np.ones(n * length), words.ravel(), np.arange(0, n * length + 1, length)), (n, features))
    x.sum_duplicates()
    x = x * np.log(1 + n / (1 + np.bincount(x.indices, minlength=features)))  # words that many texts have say little
    x = short(sp.csr_array(x / sp.linalg.norm(x, axis=1)[:, None]))
    z = x @ rng.normal(size=features) * 5
    return x, (z + rng.logistic(size=n) > 0).astype(int)


def _file(name: str) -> Path | None:
    """Return a file of the real data, or None where it is missing."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    path = Path(os.environ.get("FASTNN_DATA") or beside) / name
    return path if path.is_file() else None


def mnist() -> Data | None:
    """Return pixels between 0 and 1, and digits."""
    images, labels = _file("mnist-t10k-images-idx3-ubyte.gz"), _file("mnist-t10k-labels-idx1-ubyte.gz")
    if images is None or labels is None:
        return None
    x = np.frombuffer(gzip.decompress(images.read_bytes())[16:], np.uint8).reshape(-1, 784)
    return x / 255, np.frombuffer(gzip.decompress(labels.read_bytes())[8:], np.uint8).astype(int)


def adult() -> Data | None:
    """Return numbers standardised and words one-hot, as a sparse matrix, and whether the income is high."""
    path = _file("adult.csv.gz")
    if path is None:
        return None
    with gzip.open(path, "rt", encoding="utf-8") as file:
        header, *lines = csv.reader(file)
    table = dict(zip(header, map(np.array, zip(*lines, strict=True)), strict=True))
    y = np.char.startswith(table.pop("income"), ">50K").astype(int)
    columns = []
    for column in table.values():
        if np.char.isnumeric(column).all():
            numbers = column.astype(float)
            columns.append(sp.csr_array(((numbers - numbers.mean()) / numbers.std())[:, None]))
        else:
            kinds = np.unique(column)
            columns.append(sp.csr_array((column[:, None] == kinds).astype(float)))
    return short(sp.csr_array(sp.hstack(columns))), y
