"""all_finite of the compiled module: what the doors of estimators ask."""

from __future__ import annotations

import numpy as np
import pytest

from fastnn import _core


@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan])
def test_one_bad_number_wherever_it_is(dtype, bad):
    for size in (1, 15, 16, 17, 1024, 5003):
        x = np.full(size, np.finfo(dtype).max, dtype)  # whose sum would overflow
        assert _core.all_finite(x)
        for k in {0, size // 2, size - 1}:
            x[k] = bad
            assert not _core.all_finite(x)
            x[k] = 0


def test_any_shape_and_nothing(dtype):
    x = np.ones((300, 40, 2), dtype)
    assert _core.all_finite(x)
    x[200, 3, 1] = np.nan
    for n_threads in (1, 2, 7):
        assert not _core.all_finite(x, n_threads)
    assert _core.all_finite(np.empty((0, 5), dtype))


def test_what_is_refused():
    with pytest.raises(TypeError, match="wanted float32 or float64"):
        _core.all_finite(np.ones(3, np.int64))
    with pytest.raises(ValueError, match="not plain C-contiguous"):
        _core.all_finite(np.ones((4, 4))[:, ::2])
