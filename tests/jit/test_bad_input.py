"""What a network cannot take is an error of one sentence: of sizes when it runs, of kinds when it is compiled."""

from __future__ import annotations

import re

import numpy as np
import pytest
from jit_loops import batch, call, gradient, rows
from numba import njit

from fastnn import Dense, LogisticRegression, Network

pytestmark = pytest.mark.jit


@njit
def row(net, x, out):
    net.row(x, out)


LINE_OF_ROW = f"test_bad_input.py, line {row.py_func.__code__.co_firstlineno + 2}"


def compiled(function):
    return function


def interpreted(function):
    return function.py_func


BOTH = pytest.mark.parametrize("where", [compiled, interpreted])
MODEL = Network([Dense(4), Dense(3)], 2, dtype="float32", random_state=0)
LABELS = LogisticRegression().fit(np.eye(3), [0, 1, 1])


def floats(*shape, dtype=np.float32):
    return np.zeros(shape, dtype)


@BOTH
@pytest.mark.parametrize("sizes", [(1, 3), (3, 3), (2, 2), (2, 4), (0, 3)])
def test_sizes_of_a_row(where, sizes):
    x, out = map(floats, sizes)
    with pytest.raises(ValueError, match=r"row\(x, out\) of this network wants x of 2 and out of 3"):
        where(row)(MODEL.jit(), x, out)
    assert not out.any()


@BOTH
@pytest.mark.parametrize("shapes", [((4, 3), (4, 3)), ((4, 2), (3, 3)), ((4, 2), (4, 2)), ((4, 2), (3, 4))])
def test_sizes_of_a_batch(where, shapes):
    with pytest.raises(ValueError, match=r"wants x of shape \(n, 2\) and out of \(n, 3\)"):
        where(batch)(MODEL.jit(), floats(*shapes[0]), floats(*shapes[1]))


@BOTH
@pytest.mark.parametrize("shapes", [((3,), (3, 2)), ((2,), (2, 3)), ((2,), (6, 1))])
def test_sizes_of_a_gradient(where, shapes):
    with pytest.raises(ValueError, match=r"wants x of 2 and out of shape \(3, 2\)"):
        where(gradient)(MODEL.jit(), floats(*shapes[0]), floats(*shapes[1]))


@BOTH
def test_sizes_of_a_call(where):
    for shape in ((3,), (4, 3)):
        with pytest.raises(ValueError, match="(T|t)his network wants x of"):
            where(call)(MODEL.jit(), floats(*shape))


@pytest.mark.parametrize(
    ("x", "out", "name"),
    [
        (floats(2, dtype=float), floats(3), "x"),
        (floats(2, dtype=int), floats(3), "x"),
        (floats(2, 1), floats(3), "x"),
        (floats(2), floats(3, dtype=float), "out"),
        (floats(2), floats(6)[::2], "out"),
        (floats(2), floats(1, 3), "out"),
        (2.0, floats(3), "x"),
    ],
)
def test_kinds_of_arrays(x, out, name):
    net = MODEL.jit()
    wanted = f"^{name} of this network is a .*C-contiguous.* array of float32, and got .*{LINE_OF_ROW}[)]$"
    with pytest.raises(TypeError, match=wanted):
        row(net, x, out)
    with pytest.raises(TypeError, match=f"^{name} of row is .*wanted a C-contiguous, 1-dimensional array of float32"):
        row.py_func(net, x, out)


@BOTH
def test_calls_with_other_things(where):
    for x in ([1, 2], 2.0, floats(2, 2, 2), floats(2, dtype=float)):
        with pytest.raises(TypeError, match="x of .* a C-contiguous.* array of float32"):
            where(call)(MODEL.jit(), x)


@pytest.mark.parametrize(
    ("calls", "said"),
    [
        (lambda net, x: net.row(x), "row of this network wants x and out, and got no out"),
        (lambda net, x: net.row(out=x), "row of this network wants x and out, and got no x"),
        (lambda net, x: net.row(), "row of this network wants x and out, and got no x and no out"),
        (lambda net, x: net.batch(x), "batch of this network wants x and out, and got no out"),
        (lambda net, x: net.row_gradient(x), "row_gradient of this network wants x and out, and got no out"),
        (lambda net, x: net(), "A call of this network wants x, and got no x"),
    ],
)
def test_a_missing_argument(calls, said):
    with pytest.raises(TypeError, match=rf"^{said}\. \({re.escape(__file__)}, line \d+\)$"):
        njit(calls)(MODEL.jit(), floats(2))
    with pytest.raises(TypeError, match="missing"):
        calls(MODEL.jit(), floats(2))


def test_arrays_that_may_be_none():
    """Numba's type for these is no array, whatever the code has made sure of."""

    @njit
    def perhaps(net, x, out, is_there):
        chosen = x if is_there else None
        if chosen is not None:
            net.row(chosen, out)

    with pytest.raises(TypeError, match="^x of this network is .* and got OptionalType"):
        perhaps(MODEL.jit(), floats(2), floats(3), True)


@BOTH
@pytest.mark.parametrize("rows_apart", [0, 1, 3])
def test_a_batch_that_is_written_over_its_rows(where, rows_apart):
    """The kernel would read rows that it has written already."""
    memory = np.ones((4 + rows_apart, 200), np.float32)
    net = Network([Dense(200)], 200, random_state=0).jit()
    with pytest.raises(ValueError, match="these share memory"):
        where(batch)(net, memory[:4], memory[rows_apart:][:4])
    assert (memory == 1).all()
    memory = np.ones((8, 200), np.float32)
    where(batch)(net, memory[:4], memory[4:])
    assert (memory[4:] != 1).any()


def test_rows_with_gaps():
    """Numba does not know of the rows that a loop goes through whether they have gaps, so the code looks itself."""

    @njit
    def through(net, rows, out):
        for x in rows:
            net.row(x, out)

    @njit
    def of_all(net, rows):
        for x in rows:
            net(x)

    net, rows, out = MODEL.jit(), floats(5, 4), floats(3)
    through(net, rows[:, :2], out)
    np.testing.assert_array_equal(out, net(rows[-1, :2].copy()))
    for run in (lambda x: through(net, x, out), lambda x: of_all(net, x)):
        with pytest.raises(ValueError, match="do not lie side by side: np.ascontiguousarray"):
            run(rows[:, ::2])
    with pytest.raises(ValueError, match="do not lie side by side"):
        gradient(net, rows[0, ::2], floats(3, 2))
    with pytest.raises(TypeError, match="x of row is .*, not C-contiguous, wanted a C-contiguous, 1-dim"):
        row.py_func(net, rows[0, ::2], out)


def test_outputs_that_cannot_be_written():
    out = floats(3)
    out.flags.writeable = False
    with pytest.raises(TypeError, match="^out of this network is a writable"):
        row(MODEL.jit(), floats(2), out)
    with pytest.raises(ValueError, match="read-only"):
        row.py_func(MODEL.jit(), floats(2), out)


def test_inputs_that_cannot_be_written():
    x = floats(2)
    x.flags.writeable = False
    row(MODEL.jit(), x, floats(3))


def test_labels_are_integers_and_have_no_gradient():
    net = LABELS.jit()
    with pytest.raises(TypeError, match="^out of this network is .* array of int64"):
        row(net, floats(3, dtype=float), floats(1, dtype=float))
    for run in (gradient, gradient.py_func):
        with pytest.raises(TypeError, match=r"^This network gives labels, .*: take jit\(method='raw'\)"):
            run(net, floats(3, dtype=float), floats(3, dtype=float))


def test_no_slope_no_gradient():
    net = Network([Dense(4, "sign"), Dense(1)], 2, random_state=0).jit()
    for run in (gradient, gradient.py_func):
        with pytest.raises(TypeError, match="^An activation of this network has no slope"):
            run(net, floats(2), floats(2))


def test_layers_that_are_too_wide():
    with pytest.raises(ValueError, match="40001 outputs together, too many for the stack"):
        Network([Dense(40000), Dense(1)], 1).jit()


def test_no_rows():
    out = floats(0, 3)
    for run in (rows, batch, batch.py_func):
        run(MODEL.jit(), floats(0, 2), out)
    assert call(MODEL.jit(), floats(0, 2)).shape == (0, 3)
