"""Parameters begin at a cache line, whichever way a model has come by them."""

from __future__ import annotations

import numpy as np
import pytest

import fastnn
from fastnn.memory import aligned_copy, aligned_empty

SIZES = (0, 1, 7, 33, 1000)


def is_aligned(array: np.ndarray) -> bool:
    return array.ctypes.data % 64 == 0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_vectors_begin_at_a_cache_line(dtype):
    kept = [aligned_empty(n, dtype) for n in SIZES for _ in range(20)]
    assert all(is_aligned(vector) for vector in kept if len(vector))  # nobody reads an empty one
    for vector in kept:  # each has its own memory, all of it
        vector[...] = 1
        assert vector.dtype == dtype and vector.flags.c_contiguous and vector.flags.writeable
    assert [len(vector) for vector in kept[::20]] == list(SIZES)


def test_a_copy_has_the_same_numbers_in_memory_of_its_own():
    given = np.arange(50.0)[::2]
    copy = aligned_copy(given)
    narrow = aligned_copy(given, np.float32)
    assert is_aligned(copy) and is_aligned(narrow) and narrow.dtype == np.float32
    np.testing.assert_array_equal(copy, given)
    np.testing.assert_array_equal(narrow, given)
    assert not np.shares_memory(copy, given)


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_parameters_are_aligned(tmp_path):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 5)), np.arange(60) % 3
    layers = [fastnn.Dense(9, "relu"), fastnn.Dense(3)]
    for seed in range(10):  # NumPy's memory is aligned by chance
        model = fastnn.MLPClassifier((7,), max_iter=2, tol=0, warm_start=True, random_state=seed)
        first = model.fit(X, y)._flat_params().params
        again = model.fit(X, y)._flat_params().params
        model.save(tmp_path / "model")
        loaded = fastnn.MLPClassifier.load(tmp_path / "model")._flat_params().params
        network = fastnn.Network(layers, n_inputs=5, loss="cross_entropy", random_state=seed)
        before = network.params
        network.fit(X, y, epochs=1)
        found = [first, again, loaded, before, network.params]
        model.coefs_ = [w.copy() for w in model.coefs_]  # as users put them
        assert list(map(is_aligned, [*found, model._flat_params().params])) == [True] * 6
