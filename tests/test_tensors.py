"""Arrays of other libraries become NumPy's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from foreign import TENSORS, UNREADABLE, DLPackTensor

from fastnn.tensors import as_host

A = np.arange(6.0).reshape(2, 3)


@pytest.mark.parametrize("kind", TENSORS)
def test_a_tensor_becomes_an_array(kind: str) -> None:
    for array in (A, A.astype(np.float32), A.astype(int), A > 2, A[:, 0], A[:, ::-1]):
        found = as_host("x", TENSORS[kind](array))
        assert type(found) is np.ndarray and found.dtype == array.dtype
        np.testing.assert_array_equal(found, array)


def test_memory_is_shared() -> None:
    assert np.shares_memory(as_host("x", DLPackTensor(A)), A)


@pytest.mark.parametrize(
    "value",
    [A, A[0, 0], A.view(np.matrix), [1.0], 1.0, None, "word", pd.DataFrame(A), pd.Series(A[0]), pl.DataFrame(A)]
    + [pl.Series(A[0]), sp.csr_array(A), pd.array([1, None]), memoryview(A)],
    ids=lambda value: f"{type(value).__module__}.{type(value).__name__}",
)
def test_all_else_is_left(value: Any) -> None:
    assert as_host("x", value) is value


@pytest.mark.parametrize("kind", UNREADABLE)
def test_what_cannot_be_read_is_refused_in_words(kind: str) -> None:
    reason = "it lies on the device" if kind == "on a device" else "requires grad"
    with pytest.raises(TypeError, match=rf"^x is a foreign\.\w+ that NumPy cannot read \(.*{reason}.*detach\(\)\.cpu"):
        as_host("x", UNREADABLE[kind](A))
