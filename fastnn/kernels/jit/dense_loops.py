"""z = x @ w + b, and its way back, in pure Numba.

The backend "jit" has the compiled module's products (`dense`), which pack their operands. These here show what can be
written in nopython code, and are measured beside those; tests hold them to the same contract.

Numba's loops have one sum in a register, or a row of them in memory. A product at the machine's speed needs a tile of
them, several rows by two vectors, which stays in registers along the whole depth: so the tile is written in LLVM's
vectors. Each element is one chain of fused multiply-adds, the bias first and then k ascending, whatever tile it is in:
the compiled module's bits.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

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
_INDEX = ir.IntType(64)
_REALS = {types.float32: (ir.FloatType(), 4, "f32"), types.float64: (ir.DoubleType(), 8, "f64")}


def _tile_columns(itemsize: int) -> int:
    """How many columns a tile has, of numbers of so many bytes."""
    return _VECTORS * native_bits() // (8 * itemsize)


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
        self.lanes = _tile_columns(self.itemsize) // _VECTORS
        self.type = ir.VectorType(self.real, self.lanes)
        self._mask_type = ir.VectorType(ir.IntType(1), self.lanes)

    def splat(self, number: Any) -> Any:
        """A vector of one number."""
        nothing, lane = ir.Constant(self.type, ir.Undefined), ir.IntType(32)
        first = self.builder.insert_element(nothing, number, ir.Constant(lane, 0))
        return self.builder.shuffle_vector(
            first, nothing, ir.Constant(ir.VectorType(lane, self.lanes), [0] * self.lanes)
        )

    def first(self, count: Any, skipped: int) -> Any:
        """A mask of those lanes whose number, and `skipped`, is below a count."""
        bits = None
        for lane in range(self.lanes):
            is_in = self.builder.icmp_signed("<", ir.Constant(_INDEX, lane + skipped), count)
            nothing = ir.Constant(self._mask_type, ir.Undefined) if bits is None else bits
            bits = self.builder.insert_element(nothing, is_in, ir.Constant(ir.IntType(32), lane))
        return bits

    def fma(self, a: Any, b: Any, c: Any) -> Any:
        """a b + c."""
        return self._call(f"llvm.fma.v{self.lanes}{self._suffix}", self.type, [a, b, c])

    def load(self, place: Any, mask: Any) -> Any:
        """The numbers at a place, all or those of a mask."""
        vector = self._at(place)
        if mask is None:
            return self.builder.load(vector, align=self.itemsize)
        align, nothing = ir.Constant(ir.IntType(32), self.itemsize), ir.Constant(self.type, None)
        return self._call(self._masked("load"), self.type, [vector, align, mask, nothing])

    def store(self, place: Any, values: Any, mask: Any) -> None:
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
    """A tile of out, which is `rows` by two vectors: out += left @ right."""

    vectors: _Vectors
    rows: int
    left: _Matrix
    right: _Matrix
    out: _Matrix
    depth: Any
    r: Any
    c: Any

    def _place(self, array: _Matrix, row: Any, v: int) -> Any:
        column = self.vectors.builder.add(self.c, ir.Constant(_INDEX, v * self.vectors.lanes))
        return array.at(self.vectors.builder, row, column)

    def emit(self, masks: list[Any]) -> None:
        """Write the loop along the depth, with masks of both vectors or None."""
        builder = self.vectors.builder
        rows = [builder.add(self.r, ir.Constant(_INDEX, row)) for row in range(self.rows)]
        places = [(self._place(self.out, row, v), v) for row in rows for v in range(_VECTORS)]
        first = [self.vectors.load(place, masks[v]) for place, v in places]
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
        totals = []
        for (place, v), start, end in zip(places, first, added, strict=True):
            total = builder.phi(self.vectors.type)
            total.add_incoming(start, before)
            total.add_incoming(end, loop)
            totals.append((place, total, v))
        for place, total, v in totals:
            self.vectors.store(place, total, masks[v])

    def _added(self, sums: list[Any], k: Any, rows: list[Any], masks: list[Any]) -> list[Any]:
        """The sums with one more term."""
        builder, vectors = self.vectors.builder, self.vectors
        right = [vectors.load(self._place(self.right, k, v), masks[v]) for v in range(_VECTORS)]
        left = [vectors.splat(builder.load(self.left.at(builder, row, k))) for row in rows]
        return [vectors.fma(left[at // _VECTORS], right[at % _VECTORS], each) for at, each in enumerate(sums)]


def _matrix(context: Any, builder: Any, kind: Any, value: Any) -> Any:
    array = context.make_array(kind)(context, builder, value)
    steps = [builder.extract_value(array.strides, axis) for axis in range(2)]
    return _Matrix(array.data, *steps), [builder.extract_value(array.shape, axis) for axis in range(2)]


def _emit(rows: int, context: Any, builder: Any, signature: Any, operands: Any) -> Any:
    kinds = signature.args[:3]
    (left, (_, depth)), (right, _), (out, (_, columns)) = (
        _matrix(context, builder, *pair) for pair in zip(kinds, operands[:3], strict=True)
    )
    vectors = _Vectors(builder, kinds[0].dtype)
    tile = _Tile(vectors, rows, left, right, out, depth, *operands[3:])
    rest = builder.sub(columns, tile.c)
    is_whole = builder.icmp_signed(">=", rest, ir.Constant(_INDEX, _VECTORS * vectors.lanes))
    with builder.if_else(is_whole) as (whole, part):
        with whole:
            tile.emit([None] * _VECTORS)
        with part:
            tile.emit([vectors.first(rest, v * vectors.lanes) for v in range(_VECTORS)])
    return context.get_dummy_value()


def _typed(rows: int, left: Any, right: Any, out: Any) -> Any:
    arrays = (left, right, out)
    if not all(isinstance(each, types.Array) and each.ndim == 2 and each.dtype in _REALS for each in arrays):
        return None
    return types.void(left, right, out, types.intp, types.intp), partial(_emit, rows)


@intrinsic  # type: ignore[untyped-decorator]
def _add_tile(typingctx: Any, left: Any, right: Any, out: Any, r: Any, c: Any) -> Any:
    """_ROWS rows of out from r on, and the columns of a tile from c on, or those there are: out += left @ right."""
    return _typed(_ROWS, left, right, out)


@intrinsic  # type: ignore[untyped-decorator]
def _add_row_tile(typingctx: Any, left: Any, right: Any, out: Any, r: Any, c: Any) -> Any:
    """The same of one row."""
    return _typed(1, left, right, out)


# --- products, tile by tile ----------------------------------------------------------------------

_DEPTH = 256  # so many rows of a tile's columns stay in L1: 32 KB
_BLOCK = 16  # numbers of w that are next to each other either way: a line of the cache, of which all are used


@kernel
def _add_product(left: Any, right: Any, out: Any, columns: int) -> None:
    """out (rows, columns) += left (rows, depth) @ right (depth, columns), tile by tile."""
    n_rows, depth = left.shape
    whole = n_rows - n_rows % _ROWS
    for first in range(0, depth, _DEPTH):
        last = min(first + _DEPTH, depth)
        for c in range(0, out.shape[1], columns):
            for r in range(0, whole, _ROWS):
                _add_tile(left[:, first:last], right[first:last], out, r, c)
            for r in range(whole, n_rows):
                _add_row_tile(left[:, first:last], right[first:last], out, r, c)


@kernel
def _forward(x: Any, w: Any, b: Any, out: Any, columns: int) -> None:
    for r in range(out.shape[0]):
        for c in range(out.shape[1]):
            out[r, c] = 0 if b is None else b[c]
    _add_product(x, w, out, columns)


@kernel
def _transposed(w: Any) -> Any:
    i, o = w.shape
    out = np.empty((o, i), w.dtype)
    for first in range(0, i, _BLOCK):
        for k in range(o):
            for c in range(first, min(first + _BLOCK, i)):
                out[k, c] = w[c, k]
    return out


@kernel
def _backward_input(d_z: Any, w_transposed: Any, out: Any, columns: int) -> None:
    out[:] = 0
    _add_product(d_z, w_transposed, out, columns)


@kernel
def _add_params(x: Any, d_z: Any, d_w: Any, d_b: Any, columns: int, keeps: bool) -> None:
    if not keeps:
        d_w[:] = 0
        d_b[:] = 0
    _add_product(x.T, d_z, d_w, columns)
    for r in range(d_z.shape[0]):
        for c in range(d_z.shape[1]):
            d_b[c] += d_z[r, c]


def dense_forward(x: Array, w: Array, b: Array | None, activation: Activation, out: Array) -> None:
    """out (n, o) = activation(x (n, i) @ w (i, o) + b (o,))."""
    if not out.size:
        return
    is_identity = activation is ACTIVATIONS["identity"]
    z = out if is_identity else np.empty_like(out)
    for rows in pieces(len(out), w.size):
        _forward(x[rows], w, b, z[rows], _tile_columns(x.itemsize))
    if not is_identity:
        activation_forward(z, activation, out)


def dense_backward_input(d_z: Array, w: Array, out: Array) -> None:
    """out (n, i) = d_z (n, o) @ w (i, o) transposed: the gradient of x."""
    if out.size:
        w_transposed = _transposed(w)
        for rows in pieces(len(out), w.size):
            _backward_input(d_z[rows], w_transposed, out[rows], _tile_columns(w.itemsize))


def dense_backward_params(x: Array, d_z: Array, d_w: Array, d_b: Array) -> None:
    """d_w (i, o) and d_b (o,): sums over the rows of x (n, i) and d_z (n, o)."""
    keeps = False
    for rows in pieces(max(len(x), 1), d_w.size):
        _add_params(x[rows], d_z[rows], d_w, d_b, _tile_columns(x.itemsize), keeps)
        keeps = True
