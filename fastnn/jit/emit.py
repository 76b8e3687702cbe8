"""The dense layers of one row as LLVM's intermediate code: the native kernels' order, and so the bits of `predict`.

Each output is one chain of multiply-adds, bias first, inputs ascending (kernels/dense/gemm.hpp). A lane is an output,
and several vectors run side by side.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils

from fastnn.jit.architecture import INLINE, Architecture
from fastnn.jit.block import ACTIVATION_BYTES, FUNCTIONS, layout_of
from fastnn.jit.vectors import BYTE, INT32, INT64, Vectors, number

__all__ = ["Emitter"]

_UNROLLED = 128  # multiply-adds of a layer without a loop: more only make compiling longer
_AT_ONCE = 32  # those of one turn of a loop
_ACCUMULATORS = 8  # vectors of outputs side by side: two pipes times a latency of four, half of AVX2's registers


class Emitter:
    """Writes code of a network into the function that is being built.

    Parameters
    ----------
    builder : llvmlite.ir.IRBuilder
    architecture : Architecture
    block : llvmlite.ir.Value
        Address of the block of memory.
    """

    def __init__(self, builder: Any, architecture: Architecture, block: Any) -> None:
        self.builder, self.architecture, self.block = builder, architecture, block
        self.layout = layout_of(architecture)
        self.scalar = self.vectors(1)
        self.real = self.scalar.real

    def vectors(self, lanes: int) -> Vectors:
        """Arithmetic on so many lanes."""
        return Vectors(self.builder, self.architecture.dtype, lanes, self.architecture.fused)

    def of_layer(self, o: int) -> Vectors:
        """Arithmetic on the vectors of a row of o outputs."""
        return self.vectors(self.architecture.lanes_of(o))

    def address(self, offset: int, kind: Any) -> Any:
        """Where a part of the block begins, as a pointer to this."""
        return self.builder.bitcast(self.builder.gep(self.block, [number(offset)]), kind.as_pointer())

    def scratch(self, count: int) -> Any:
        """Memory on the stack for so many numbers, in whole vectors."""
        memory = cgutils.alloca_once(self.builder, self.real, size=number(self.architecture.padded(count)))
        memory.align = 64
        return memory

    def copy(self, source: Any, target: Any, count: int) -> None:
        """So many numbers from one place to another."""
        cgutils.raw_memcpy(self.builder, target, source, number(count), self.architecture.itemsize, align=1)

    # --- layers ---------------------------------------------------------------------------------

    def activations(self, x: Any, out: Any) -> None:
        """The last layer's activation of x; out may be the same memory."""
        source = x
        for l in range(self.architecture.n_layers):
            source = self._layer(l, source, out)

    def _layer(self, l: int, x: Any, out: Any) -> Any:
        """Layer l and its activation; where they are: in out for the last layer."""
        architecture = self.architecture
        last, inline = l + 1 == architecture.n_layers, architecture.activations[l] in INLINE
        # The first layer reads x again for its second panel, when the first one is in out.
        direct = last and inline and (l > 0 or self._panels(l) == 1)
        target = out if direct else self.scratch(architecture.widths[l + 1])
        self.dense(l, x, target, padded=not direct)
        if not inline:
            self.activate(l, target, out if last else target)
        elif last and not direct:
            self.copy(target, out, architecture.widths[-1])
        return out if last else target

    def _panels(self, l: int) -> int:
        o = self.architecture.widths[l + 1]
        return -(-o // (_ACCUMULATORS * self.architecture.lanes_of(o)))

    def dense(self, l: int, x: Any, out: Any, *, padded: bool) -> None:
        """Layer l and its relu; where it is padded, out has room for whole vectors."""
        o = self.architecture.widths[l + 1]
        width = _ACCUMULATORS * self.architecture.lanes_of(o)
        full, rest = divmod(o, width)
        if full > 2:
            with cgutils.for_range(self.builder, number(full)) as loop:
                self._panel(l, x, out, self.builder.mul(loop.index, number(width)), width, padded=True)
        else:
            for k in range(full):
                self._panel(l, x, out, k * width, width, padded=True)
        if rest:
            self._panel(l, x, out, full * width, rest, padded=padded)

    def _panel(self, l: int, x: Any, out: Any, first: Any, columns: int, *, padded: bool) -> None:
        """So many outputs of layer l, from the first of them on."""
        architecture = self.architecture
        i, o = architecture.widths[l : l + 2]
        vectors = self.of_layer(o)
        of_b, of_w = (vectors.at(self.address(part, self.real), first) for part in self.layout.layers[l])
        places = range(0, columns, vectors.lanes)
        zero = vectors.constant(0.0)
        start = [vectors.load(of_b, c, aligned=True) if architecture.biases[l] else zero for c in places]
        sums = self._chains(vectors, start, x, of_w, i, architecture.padded(o))
        target = vectors.at(out, first)
        for c, total in zip(places, sums, strict=True):
            value = vectors.relu(total) if architecture.activations[l] == "relu" else total
            if padded or c + vectors.lanes <= columns:
                vectors.store(value, target, c)
            else:
                vectors.store_first(value, target, c, columns - c)

    def _chains(self, vectors: Vectors, start: list[Any], x: Any, w: Any, depth: int, stride: int) -> list[Any]:
        """start + x @ w, for `depth` numbers of x in their order."""
        if depth * len(start) <= _UNROLLED:
            return _multiply(vectors, start, x, w, depth, stride)
        turn = max(1, _AT_ONCE // len(start))
        places = [cgutils.alloca_once_value(self.builder, value) for value in start]
        with cgutils.for_range(self.builder, number(depth // turn)) as loop:
            k = self.builder.mul(loop.index, number(turn))
            row = vectors.at(w, self.builder.mul(k, number(stride)))
            sums = [self.builder.load(place) for place in places]
            for place, total in zip(places, _multiply(vectors, sums, vectors.at(x, k), row, turn, stride), strict=True):
                self.builder.store(total, place)
        done = depth // turn * turn
        sums = [self.builder.load(place) for place in places]
        return _multiply(vectors, sums, vectors.at(x, done), vectors.at(w, done * stride), depth - done, stride)

    # --- native functions -----------------------------------------------------------------------

    def activate(self, l: int, z: Any, a: Any, slope: Any = None) -> None:
        """a = activation(z) of layer l's row, or after the last layer the link; slope too where it is given."""
        widths = self.architecture.widths
        count = widths[l + 1] if l < self.architecture.n_layers else self.architecture.n_outputs
        struct = self.address(self.layout.activations + l * ACTIVATION_BYTES, BYTE)
        self.call("activation_tile", struct, z, a, slope, count)

    def call(self, name: str, *arguments: Any) -> Any:
        """A native function on addresses (None is null) and numbers; it lies where the block says. Its status."""
        values = [self._argument(each) for each in arguments]
        kind = ir.FunctionType(INT32, [value.type for value in values])
        place = self.address(self.layout.functions + 8 * FUNCTIONS.index(name), INT64)
        function = self.builder.inttoptr(self.builder.load(place), kind.as_pointer())
        return self.builder.call(function, values)

    def _argument(self, value: Any) -> Any:
        if value is None:
            return ir.Constant(BYTE.as_pointer(), None)
        if isinstance(value, int):
            return number(value)
        is_number = isinstance(value.type, ir.IntType)
        return value if is_number else self.builder.bitcast(value, BYTE.as_pointer())


def _multiply(vectors: Vectors, sums: list[Any], x: Any, w: Any, depth: int, stride: int) -> list[Any]:
    """sums + x @ w, without a loop."""
    for k in range(depth):
        left = vectors.splat(vectors.builder.load(vectors.at(x, k), align=vectors.itemsize))
        row = vectors.at(w, k * stride)
        sums = [
            vectors.multiply_add(left, vectors.load(row, v * vectors.lanes, aligned=True), total)
            for v, total in enumerate(sums)
        ]
    return sums
