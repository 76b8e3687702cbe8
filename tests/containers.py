"""The same X, y and weights in every container that somebody may pass, and what is none of them.

Each takes plain float64 numbers, multiples of 1/4, X (n, i), y (n,) of 0 and 1 or weights (n,). What it makes means the
same numbers, unless it has a place among those that must be refused.
"""

from __future__ import annotations

import array
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import scipy.sparse as sp
from broken import LAYOUTS, Recursive, WithArray
from foreign import TENSORS, UNREADABLE

Make = Callable[[np.ndarray], Any]


class Own(np.ndarray):
    """A subclass of arrays."""


def _with(value: Any, dtype: Any = float) -> Make:
    """One element is something else."""

    def make(a: np.ndarray) -> np.ndarray:
        changed = a.astype(dtype)
        changed[(1,) * a.ndim] = value
        return changed

    return make


def _frame(a: np.ndarray) -> Any:
    return pd.DataFrame(a, columns=[f"c{j}" for j in range(a.shape[1])])


def _mixed_frame(a: np.ndarray) -> Any:
    frame = _frame(a)
    return frame.astype({"c0": "Float64", "c1": "float32", "c2": object})


def _indexed(x: Any, indices: Any, starts: Any) -> Any:
    x.indices, x.indptr = x.indices.astype(indices), x.indptr.astype(starts)
    return x


def _in_parts(a: np.ndarray) -> Any:
    """Every element as a sum of two that lie at one place."""
    n, i = a.shape
    columns, starts = np.tile(np.repeat(np.arange(i), 2), n), 2 * i * np.arange(n + 1)
    return sp.csr_array((np.repeat(a.ravel() / 2, 2), columns, starts), shape=a.shape)


def _unsorted(a: np.ndarray) -> Any:
    n, i = a.shape
    return sp.csr_array((a[:, ::-1].ravel(), np.tile(np.arange(i)[::-1], n), i * np.arange(n + 1)), shape=a.shape)


def _outside(a: np.ndarray) -> Any:
    x = sp.csr_array(a)
    x.indices = x.indices.copy()
    x.indices[3] = 10**6
    return x


NUMBERS: dict[str, Make] = {  # of X, y and weights alike
    **LAYOUTS,
    "a list": np.ndarray.tolist,
    "a tuple": lambda a: tuple(a.tolist()),
    "a list of arrays": list,
    "a memoryview": memoryview,
    "an __array__": WithArray,
    "a subclass": lambda a: a.view(Own),
    "masked, nothing hidden": lambda a: np.ma.masked_array(a),
    "objects": lambda a: a.astype(object),
    "float32": lambda a: a.astype(np.float32),
    "half": lambda a: a.astype(np.float16),
    "long double": lambda a: a.astype(np.longdouble),
    "swapped float32": lambda a: a.astype(">f4"),
    "swapped half": lambda a: a.astype(">f2"),
    "fractions": lambda a: np.vectorize(Fraction, otypes=[object])(a),
    "decimals": lambda a: np.vectorize(Decimal, otypes=[object])(a),
    **TENSORS,
}

SAME_X: dict[str, Make] = {
    **NUMBERS,
    "a list of tuples": lambda a: list(map(tuple, a.tolist())),
    "a list of lists of scalars": lambda a: [list(row) for row in a],
    "a list of array.array": lambda a: [array.array("d", row) for row in a],
    "a frame": _frame,
    "a frame of float32": lambda a: _frame(a.astype(np.float32)),
    "a frame, nullable": lambda a: _frame(a).astype("Float64"),
    "a frame, mixed": _mixed_frame,
    "a frame of objects": lambda a: _frame(a).astype(object),
    "a frame of categories": lambda a: _frame(a).astype("category"),
    "a frame, sparse": lambda a: _frame(a).astype(pd.SparseDtype(float, 0.0)),
    "a frame named by numbers": lambda a: pd.DataFrame(a),
    "a frame with one name twice": lambda a: pd.DataFrame(a, columns=["a", "b", "a"]),
    "polars": lambda a: pl.DataFrame(a, schema=["a", "b", "c"]),
    **{
        f"{form} {kind}": lambda a, form=form, kind=kind: getattr(sp, f"{form}_{kind}")(a)
        for form in ("csr", "csc", "coo", "bsr", "lil", "dok", "dia")
        for kind in ("array", "matrix")
    },
    **{
        f"{form}, indices {indices}, starts {starts}": lambda a, form=form, i=indices, s=starts: _indexed(
            getattr(sp, form)(a), i, s
        )
        for form in ("csr_array", "csc_array")
        for indices in ("i2", "u2", "i4", "u4", "i8", "u8", ">i4")
        for starts in ("i4", "i8", "i2", "u4", "u8", ">i8")
    },
    "csr, float32": lambda a: sp.csr_array(a.astype(np.float32)),
    "csr, long double": lambda a: sp.csr_array(a.astype(np.longdouble)),
    "csr, swapped": lambda a: sp.csr_array((sp.csr_array(a).data.astype(">f8"), *_places(a)), shape=a.shape),
    "csr, in parts": _in_parts,
    "csc, in parts": lambda a: _in_parts(np.ascontiguousarray(a.T)).T,
    "csr, unsorted": _unsorted,
}


def _places(a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return sp.csr_array(a).indices, sp.csr_array(a).indptr


REFUSED_X: dict[str, Make] = {
    "None": lambda a: None,
    "a number": lambda a: 1.0,
    "a word": lambda a: "word",
    "a bytes": lambda a: b"word",
    "a set": lambda a: {1.0},
    "a dict": lambda a: {"a": a[:, 0]},
    "an iterator": lambda a: iter(a.tolist()),
    "an object": lambda a: object(),
    "a type": lambda a: list,
    "a ragged list": lambda a: [[1.0, 2.0, 3.0]] * (len(a) - 1) + [[1.0]],
    "a recursive list": lambda a: Recursive(),
    "no dimension": lambda a: np.array(1.0),
    "one dimension": lambda a: a[:, 0].copy(),
    "a series": lambda a: pd.Series(a[:, 0]),
    "three dimensions": lambda a: a[:, :, np.newaxis],
    "no rows": lambda a: a[:0],
    "no columns": lambda a: a[:, :0],
    "an empty list": lambda a: [],
    "empty lists": lambda a: [[] for _ in a],
    "a row less": lambda a: a[:-1],
    "NaN": _with(np.nan),
    "infinity": _with(np.inf),
    "NaN, float32": _with(np.nan, np.float32),
    "NaN, by columns": lambda a: np.asfortranarray(_with(np.nan)(a)),
    "NaN in a list": lambda a: _with(np.nan)(a).tolist(),
    "None in objects": _with(None, object),
    "a word in objects": _with("word", object),
    "a list in objects": _with([1.0], object),
    "complex in objects": _with(1j, object),
    "a date in a frame": lambda a: _frame(a).assign(c1=pd.Timestamp("2020-01-01")),
    "NA in a frame": lambda a: _frame(a).astype("Float64").mask(a > 1),
    "a word in a frame": lambda a: _frame(a).assign(c1="word"),
    "null in polars": lambda a: pl.DataFrame({"a": [None, *a[1:, 0]], "b": a[:, 1], "c": a[:, 2]}),
    "words in polars": lambda a: pl.DataFrame({"a": ["w"] * len(a), "b": a[:, 1], "c": a[:, 2]}),
    "larger than float64": _with(np.longdouble("1e4000"), np.longdouble),
    "complex": lambda a: a + 0j,
    "dates": lambda a: a.astype(int).astype("M8[s]"),
    "times": lambda a: a.astype(int).astype("m8[s]"),
    "void": lambda a: np.zeros(a.shape, "V8"),
    "records": lambda a: np.zeros(len(a), [("a", float), ("b", float), ("c", float)]),
    "csr, NaN": lambda a: sp.csr_array(_with(np.nan)(a)),
    "csr, complex": lambda a: sp.csr_array(a + 0j),
    "csr, outside": _outside,
    "coo, one dimension": lambda a: sp.coo_array(a[:, 0]),
    "csr, no rows": lambda a: sp.csr_array(a[:0]),
    **UNREADABLE,
}

COLUMNS: dict[str, Make] = {  # of numbers, y or weights
    "a series": pd.Series,
    "a series, nullable": lambda a: pd.Series(a).astype("Float64"),
    "a series of objects": lambda a: pd.Series(a).astype(object),
    "a series of categories": lambda a: pd.Series(a).astype("category"),
    "a series with an index": lambda a: pd.Series(a, index=np.arange(len(a))[::-1]),
    "an index": pd.Index,
    "polars": pl.Series,
    "array.array": lambda a: array.array("d", a),
    "int8": lambda a: a.astype(np.int8),
    "uint64": lambda a: a.astype(np.uint64),
    "int64": lambda a: a.astype(np.int64),
    "swapped int": lambda a: a.astype(">i4"),
    "integers, nullable": lambda a: pd.Series(a).astype("Int64"),
    "a range of floats": lambda a: [float(each) for each in a],
}

REFUSED_COLUMN: dict[str, Make] = {
    "a row less": lambda a: a[:-1],
    "a row more": lambda a: np.append(a, 1.0),
    "no rows": lambda a: a[:0],
    "an empty list": lambda a: [],
    "three dimensions": lambda a: a[:, np.newaxis, np.newaxis],
    "a word": lambda a: "word",
    "a set": lambda a: {0.0, 1.0},
    "a dict": lambda a: dict(enumerate(a.tolist())),
    "an iterator": lambda a: iter(a.tolist()),
    "an object": lambda a: object(),
    "a type": lambda a: list,
    "NaN": _with(np.nan),
    "infinity": _with(np.inf),
    "None in objects": _with(None, object),
    "a list in objects": _with([1.0], object),
    "a ragged list": lambda a: [[1.0, 2.0]] + [[1.0]] * (len(a) - 1),
    "NA": lambda a: pd.Series(a).astype("Float64").mask(a > 0),
    "complex": lambda a: a + 0j,
    "void": lambda a: np.zeros(a.shape, "V8"),
    "records": lambda a: np.zeros(len(a), [("a", float), ("b", float)]),
    **UNREADABLE,
}

REFUSED_WEIGHTS: dict[str, Make] = {
    **REFUSED_COLUMN,
    "a column": lambda a: a[:, np.newaxis],
    "negative": lambda a: -a,
    "zeros": lambda a: 0 * a,
    "words": lambda a: a.astype("U4"),
    "dates": lambda a: a.astype(int).astype("M8[s]"),
    "times": lambda a: a.astype(int).astype("m8[s]"),
    "a matrix": lambda a: a[:, np.newaxis].view(np.matrix),
    "sparse": lambda a: sp.csr_array(a[:, np.newaxis]),
    "NaN for all": lambda a: np.nan,
    "infinity for all": lambda a: np.inf,
    "-1 for all": lambda a: -1,
    "0 for all": lambda a: 0.0,
    "complex for all": lambda a: 1j,
    "balanced": lambda a: "balanced",
}
