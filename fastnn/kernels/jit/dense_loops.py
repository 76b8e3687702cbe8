"""z = x @ w + b, and its way back, in pure Numba.

The backend "jit" has the compiled module's products (`dense`), which pack their operands. These here show what can be
written in nopython code, and are measured beside those; tests hold them to the same contract.

Numba's loops have one sum in a register, or a row of them in memory. A product at the machine's speed needs a tile of
them, several rows by two vectors, which stays in registers along the whole depth: so the tile is written in LLVM's
vectors, and stands in the loops as a function whose body in Python says what it does. Each element is one chain of
fused multiply-adds, the bias first and then k ascending, whatever tile it is in: the compiled module's bits.

A call from Python costs as much as some thousand multiply-adds: a product is one call of a compiled function, which
slices arrays itself, adds the bias and applies relu.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, overload

from fastnn.activations import ACTIVATIONS, Activation
from fastnn.kernels.contract import Array
from fastnn.kernels.jit.activation import activation_forward
from fastnn.kernels.jit.functions.object_code import native_bits, pointer_to
from fastnn.kernels.jit.style import kernel
from fastnn.kernels.pieces import pieces

__all__ = ["dense_backward_input", "dense_backward_params", "dense_forward"]

# --- a tile: some rows by two vectors ------------------------------------------------------------

_ROWS = 8 if native_bits() == 512 else 4  # of 32 registers, or of 16, with two vectors each, and some left
_VECTORS = 2
_VECTOR_BYTES = native_bits() // 8
_INDEX = ir.IntType(64)
_REALS = {types.float32: (ir.FloatType(), 4, "f32"), types.float64: (ir.DoubleType(), 8, "f64")}


class _Matrix(NamedTuple):
    """A matrix: where its first number is, and the bytes from row to row and from column to column."""

    data: Any
    row_step: Any
    column_step: Any

    def at(self, builder: Any, row: Any, column: Any) -> Any:
        """The place of a number."""
        steps = builder.add(builder.mul(row, self.row_step), builder.mul(column, self.column_step))
        first = builder.bitcast(self.data, ir.IntType(8).as_pointer())
        return builder.bitcast(builder.gep(first, [steps]), self.data.type)


class _Vectors:
    """Instructions on vectors of one type of numbers."""

    def __init__(self, builder: Any, real: Any) -> None:
        self.builder = builder
        self.real, self.itemsize, self._suffix = _REALS[real]
        self.lanes = _VECTOR_BYTES // self.itemsize
        self.type = ir.VectorType(self.real, self.lanes)
        self._mask_type = ir.VectorType(ir.IntType(1), self.lanes)

    def splat(self, number: Any) -> Any:
        """A vector of one number."""
        nothing, lane = ir.Constant(self.type, ir.Undefined), ir.IntType(32)
        first = self.builder.insert_element(nothing, number, ir.Constant(lane, 0))
        return self.builder.shuffle_vector(
            first, nothing, ir.Constant(ir.VectorType(lane, self.lanes), [0] * self.lanes)
        )

    def first(self, count: Any) -> Any:
        """A mask of so many lanes, at most all."""
        bits = None
        for lane in range(self.lanes):
            is_in = self.builder.icmp_signed("<", ir.Constant(_INDEX, lane), count)
            nothing = ir.Constant(self._mask_type, ir.Undefined) if bits is None else bits
            bits = self.builder.insert_element(nothing, is_in, ir.Constant(ir.IntType(32), lane))
        return bits

    def fma(self, a: Any, b: Any, c: Any) -> Any:
        """a b + c."""
        return self._call(f"llvm.fma.v{self.lanes}{self._suffix}", self.type, [a, b, c])

    def larger(self, a: Any, b: Any) -> Any:
        """Of each lane the larger number; NaN where a is."""
        return self.builder.select(self.builder.fcmp_ordered("<", a, b), b, a)

    def halves(self, a: Any, b: Any, length: int) -> tuple[Any, Any]:
        """Of each pair of runs of so many lanes the first ones, of a and b in turn, and the second ones."""
        lanes = range(self.lanes)
        first = [self.lanes + lane - length if lane & length else lane for lane in lanes]
        second = [self.lanes + lane if lane & length else lane + length for lane in lanes]
        kind = ir.VectorType(ir.IntType(32), self.lanes)
        return tuple(self.builder.shuffle_vector(a, b, ir.Constant(kind, order)) for order in (first, second))

    def load(self, place: Any, mask: Any = None) -> Any:
        """The numbers at a place, all or those of a mask."""
        vector = self._at(place)
        if mask is None:
            return self.builder.load(vector, align=self.itemsize)
        align, nothing = ir.Constant(ir.IntType(32), self.itemsize), ir.Constant(self.type, None)
        return self._call(self._masked("load"), self.type, [vector, align, mask, nothing])

    def store(self, place: Any, values: Any, mask: Any = None) -> None:
        """Write them."""
        vector = self._at(place)
        if mask is None:
            self.builder.store(values, vector, align=self.itemsize)
            return
        align = ir.Constant(ir.IntType(32), self.itemsize)
        self._call(self._masked("store"), ir.VoidType(), [values, vector, align, mask])

    def _at(self, place: Any) -> Any:
        return self.builder.bitcast(place, self.type.as_pointer())

    def _masked(self, what: str) -> str:
        numbers = f"v{self.lanes}{self._suffix}"
        return f"llvm.masked.{what}.{numbers}.p0{'' if pointer_to('float') == 'ptr' else numbers}"

    def _call(self, name: str, result: Any, operands: list[Any]) -> Any:
        module = self.builder.module
        if name not in module.globals:
            ir.Function(module, ir.FunctionType(result, [each.type for each in operands]), name)
        return self.builder.call(module.globals[name], operands)


class _Tile(NamedTuple):
    """A tile of out, which is `rows` by a vector or two: out += left @ right, and no less than a bound."""

    vectors: _Vectors
    rows: int
    left: _Matrix
    right: _Matrix
    out: _Matrix
    depth: Any
    r: Any
    c: Any
    bound: Any

    def _place(self, array: _Matrix, row: Any, v: int) -> Any:
        column = self.vectors.builder.add(self.c, ir.Constant(_INDEX, v * self.vectors.lanes))
        return array.at(self.vectors.builder, row, column)

    def emit(self, masks: list[Any]) -> None:
        """Write the loop along the depth, with a mask or None for each vector of a row."""
        builder = self.vectors.builder
        rows = [builder.add(self.r, ir.Constant(_INDEX, row)) for row in range(self.rows)]
        places = [(self._place(self.out, row, v), mask) for row in rows for v, mask in enumerate(masks)]
        first = [self.vectors.load(*place) for place in places]
        before, loop, after = builder.block, builder.append_basic_block(), builder.append_basic_block()
        builder.cbranch(builder.icmp_signed(">", self.depth, ir.Constant(_INDEX, 0)), loop, after)
        builder.position_at_end(loop)
        k = builder.phi(_INDEX)
        sums = [builder.phi(self.vectors.type) for _ in first]
        added = self._added(sums, k, rows, masks)
        following = builder.add(k, ir.Constant(_INDEX, 1))
        for phi, start, end in zip((k, *sums), (ir.Constant(_INDEX, 0), *first), (following, *added), strict=True):
            phi.add_incoming(start, before)
            phi.add_incoming(end, loop)
        builder.cbranch(builder.icmp_signed("<", following, self.depth), loop, after)
        builder.position_at_end(after)
        totals = [builder.phi(self.vectors.type) for _ in first]
        for total, start, end in zip(totals, first, added, strict=True):
            total.add_incoming(start, before)
            total.add_incoming(end, loop)
        for (place, mask), total in zip(places, totals, strict=True):
            self.vectors.store(place, self.vectors.larger(total, self.bound), mask)

    def _added(self, sums: list[Any], k: Any, rows: list[Any], masks: list[Any]) -> list[Any]:
        """The sums with one more term."""
        builder, vectors = self.vectors.builder, self.vectors
        right = [vectors.load(self._place(self.right, k, v), mask) for v, mask in enumerate(masks)]
        left = [vectors.splat(builder.load(self.left.at(builder, row, k))) for row in rows]
        terms = [(of_row, of_column) for of_row in left for of_column in right]
        return [vectors.fma(*term, each) for term, each in zip(terms, sums, strict=True)]


def _matrix(context: Any, builder: Any, kind: Any, value: Any) -> Any:
    array = context.make_array(kind)(context, builder, value)
    steps = [builder.extract_value(array.strides, axis) for axis in range(2)]
    return _Matrix(array.data, *steps), [builder.extract_value(array.shape, axis) for axis in range(2)]


def _emit_product(rows: int, context: Any, builder: Any, signature: Any, operands: Any) -> Any:
    kinds = signature.args[:3]
    (left, (_, depth)), (right, _), (out, (_, columns)) = (
        _matrix(context, builder, *pair) for pair in zip(kinds, operands[:3], strict=True)
    )
    vectors, (r, c, is_relu) = _Vectors(builder, kinds[0].dtype), operands[3:]
    zero, least = (ir.Constant(vectors.real, number) for number in (0.0, -np.inf))
    bound = vectors.splat(builder.select(is_relu, zero, least))
    tile = _Tile(vectors, rows, left, right, out, depth, r, c, bound)
    # As many columns as are left: two vectors, one and some lanes, or some lanes.
    rest = builder.sub(columns, c)
    beyond = builder.sub(rest, ir.Constant(_INDEX, vectors.lanes))
    with builder.if_else(builder.icmp_signed(">=", beyond, ir.Constant(_INDEX, vectors.lanes))) as (whole, part):
        with whole:
            tile.emit([None, None])
        with part, builder.if_else(builder.icmp_signed(">", beyond, ir.Constant(_INDEX, 0))) as (two, one):
            with two:
                tile.emit([None, vectors.first(beyond)])
            with one:
                tile.emit([vectors.first(rest)])
    return context.get_dummy_value()


def _emit_transpose(context: Any, builder: Any, signature: Any, operands: Any) -> Any:
    (source, _), (out, _) = (
        _matrix(context, builder, *pair) for pair in zip(signature.args[:2], operands, strict=False)
    )
    vectors, (r, c) = _Vectors(builder, signature.args[0].dtype), operands[2:]
    at = [ir.Constant(_INDEX, number) for number in range(vectors.lanes)]
    block = [vectors.load(source.at(builder, builder.add(r, each), c)) for each in at]
    length = vectors.lanes // 2
    while length:  # exchange the two off-diagonal quarters of blocks of 2 length by 2 length
        for row in range(vectors.lanes):
            if not row & length:
                block[row], block[row + length] = vectors.halves(block[row], block[row + length], length)
        length //= 2
    for each, row in zip(at, block, strict=True):
        vectors.store(out.at(builder, builder.add(c, each), r), row)
    return context.get_dummy_value()


def _are_matrices(*kinds: Any) -> bool:
    return all(isinstance(kind, types.Array) and kind.ndim == 2 and kind.dtype in _REALS for kind in kinds)


def _intrinsic_product(rows: int) -> Any:
    """What adds a product to so many rows of out and a tile's columns."""

    @intrinsic  # type: ignore[untyped-decorator]
    def product(typingctx: Any, left: Any, right: Any, out: Any, r: Any, c: Any, is_relu: Any) -> Any:
        if not _are_matrices(left, right, out):
            return None
        return types.void(left, right, out, types.intp, types.intp, types.boolean), partial(_emit_product, rows)

    return product


@intrinsic  # type: ignore[untyped-decorator]
def _transpose_vectors(typingctx: Any, source: Any, out: Any, r: Any, c: Any) -> Any:
    if not _are_matrices(source, out):
        return None
    return types.void(source, out, types.intp, types.intp), _emit_transpose


# --- what the loops call, and where Numba is told to compile nothing, what runs ------------------


def _add_rows(left: Any, right: Any, out: Any, rows: slice, c: int, is_relu: bool) -> None:
    columns = slice(c, c + _VECTORS * _VECTOR_BYTES // out.itemsize)
    out[rows, columns] += left[rows] @ right[:, columns]
    if is_relu:
        np.maximum(out[rows, columns], 0, out=out[rows, columns])


def _add_tile(left: Any, right: Any, out: Any, r: int, c: int, is_relu: bool) -> None:
    """out += left @ right, then relu if asked for: _ROWS rows from r on, the columns of a tile from c on, if there."""
    _add_rows(left, right, out, slice(r, r + _ROWS), c, is_relu)


def _add_row(left: Any, right: Any, out: Any, r: int, c: int, is_relu: bool) -> None:
    """The same of one row."""
    _add_rows(left, right, out, slice(r, r + 1), c, is_relu)


def _transpose_block(source: Any, out: Any, r: int, c: int) -> None:
    """Of source transposed, a square of a vector's numbers a side, from row r and column c of source on."""
    side = _VECTOR_BYTES // source.itemsize
    out[c : c + side, r : r + side] = source[r : r + side, c : c + side].T


_tile, _row = _intrinsic_product(_ROWS), _intrinsic_product(1)


overload(_add_tile, strict=False, inline="always")(
    lambda *_: lambda left, right, out, r, c, is_relu: _tile(left, right, out, r, c, is_relu)
)
overload(_add_row, strict=False, inline="always")(
    lambda *_: lambda left, right, out, r, c, is_relu: _row(left, right, out, r, c, is_relu)
)
overload(_transpose_block, strict=False, inline="always")(
    lambda *_: lambda source, out, r, c: _transpose_vectors(source, out, r, c)
)


# --- products, tile by tile ----------------------------------------------------------------------

_DEPTH = 256  # so many rows of a tile's columns stay in L1: 32 KB


@kernel
def _add_product(left: Any, right: Any, out: Any, is_relu: bool) -> None:
    """out (rows, columns) += left (rows, depth) @ right (depth, columns), tile by tile, and relu at the end."""
    n_rows, depth = left.shape
    whole = n_rows - n_rows % _ROWS
    for first in range(0, max(depth, 1), _DEPTH):
        some_left, some_right = left[:, first : first + _DEPTH], right[first : first + _DEPTH]
        ends = is_relu and first + _DEPTH >= depth
        for c in range(0, out.shape[1], _VECTORS * _VECTOR_BYTES // out.itemsize):
            for r in range(0, whole, _ROWS):
                _add_tile(some_left, some_right, out, r, c, ends)
            for r in range(whole, n_rows):
                _add_row(some_left, some_right, out, r, c, ends)


@kernel
def _forward(x: Any, w: Any, b: Any, out: Any, first: int, last: int, is_relu: bool) -> None:
    rows = out[first:last]
    for r in range(rows.shape[0]):
        for c in range(rows.shape[1]):
            rows[r, c] = 0 if b is None else b[c]
    _add_product(x[first:last], w, rows, is_relu)


@kernel
def _transpose(w: Any, out: Any) -> None:
    i, o = w.shape
    side = _VECTOR_BYTES // w.itemsize
    for r in range(0, i - i % side, side):
        for c in range(0, o - o % side, side):
            _transpose_block(w, out, r, c)
    for r in range(i):
        for c in range(o - o % side if r < i - i % side else 0, o):
            out[c, r] = w[r, c]


@kernel
def _backward_input(d_z: Any, w: Any, w_transposed: Any, out: Any, first: int, last: int) -> None:
    if first == 0:
        _transpose(w, w_transposed)
    out[first:last] = 0
    _add_product(d_z[first:last], w_transposed, out[first:last], False)


@kernel
def _add_params(x: Any, d_z: Any, d_w: Any, d_b: Any, first: int, last: int) -> None:
    if first == 0:
        d_w[:] = 0
        d_b[:] = 0
    rows = d_z[first:last]
    _add_product(x[first:last].T, rows, d_w, False)
    _add_product(np.ones((1, rows.shape[0]), rows.dtype), rows, d_b.reshape(1, -1), False)


def dense_forward(x: Array, w: Array, b: Array | None, activation: Activation, out: Array) -> None:
    """out (n, o) = activation(x (n, i) @ w (i, o) + b (o,))."""
    if not out.size:
        return
    is_relu = activation is ACTIVATIONS["relu"]
    is_done = is_relu or activation is ACTIVATIONS["identity"]
    z = out if is_done else np.empty_like(out)
    for rows in pieces(len(out), w.size):
        _forward(x, w, b, z, rows.start, rows.stop, is_relu)
    if not is_done:
        activation_forward(z, activation, out)


def dense_backward_input(d_z: Array, w: Array, out: Array) -> None:
    """out (n, i) = d_z (n, o) @ w (i, o) transposed: the gradient of x."""
    if out.size:
        w_transposed = np.empty(w.shape[::-1], w.dtype)
        for rows in pieces(len(out), w.size):
            _backward_input(d_z, w, w_transposed, out, rows.start, rows.stop)


def dense_backward_params(x: Array, d_z: Array, d_w: Array, d_b: Array) -> None:
    """d_w (i, o) and d_b (o,): sums over the rows of x (n, i) and d_z (n, o)."""
    for rows in pieces(max(len(x), 1), d_w.size):
        _add_params(x, d_z, d_w, d_b, rows.start, rows.stop)
