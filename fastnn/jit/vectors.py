"""Vectors in LLVM's intermediate code, without fast-math flags: what is written is what is computed."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils

__all__ = ["BYTE", "INT32", "INT64", "Vectors", "number"]

BYTE, INT32, INT64 = ir.IntType(8), ir.IntType(32), ir.IntType(64)


def number(value: int) -> ir.Constant:
    """A size or an offset."""
    return ir.Constant(INT64, value)


class Vectors:
    """Arithmetic on vectors of some lanes; those of one lane are scalars.

    Parameters
    ----------
    builder : llvmlite.ir.IRBuilder
    dtype : str
        "float32" or "float64".
    lanes : int
        A power of two.
    fused : bool
        Whether multiply-adds are rounded once.
    """

    def __init__(self, builder: Any, dtype: str, lanes: int, fused: bool) -> None:
        self.builder, self.dtype, self.lanes, self.fused = builder, dtype, lanes, fused
        self.real = ir.FloatType() if dtype == "float32" else ir.DoubleType()
        self.itemsize = 4 if dtype == "float32" else 8
        self.type = self.real if lanes == 1 else ir.VectorType(self.real, lanes)
        self.suffix = f"f{8 * self.itemsize}" if lanes == 1 else f"v{lanes}f{8 * self.itemsize}"

    def _like(self, lanes: int) -> Vectors:
        return Vectors(self.builder, self.dtype, lanes, self.fused)

    def _undefined(self) -> Any:
        return ir.Constant(self.type, ir.Undefined)

    # --- memory ---------------------------------------------------------------------------------

    def at(self, pointer: Any, offset: Any) -> Any:
        """The address of so many numbers on; the offset is a number of Python or of the code."""
        return self.builder.gep(pointer, [number(offset) if isinstance(offset, int) else offset])

    def load(self, pointer: Any, offset: Any, *, aligned: bool = False) -> Any:
        """A vector from there; aligned to whole vectors where that is said."""
        address = self.builder.bitcast(self.at(pointer, offset), self.type.as_pointer())
        return self.builder.load(address, align=self.itemsize * (self.lanes if aligned else 1))

    def store(self, value: Any, pointer: Any, offset: Any) -> None:
        """A vector to there."""
        address = self.builder.bitcast(self.at(pointer, offset), self.type.as_pointer())
        self.builder.store(value, address, align=self.itemsize)

    def store_first(self, value: Any, pointer: Any, offset: Any, count: int) -> None:
        """The first lanes to there, in pieces of powers of two; nothing is written behind them."""
        done = 0
        for size in (1 << k for k in reversed(range(count.bit_length()))):
            if count & size:
                part = value if size == self.lanes else self._piece(value, done, size)
                self._like(size).store(part, self.at(pointer, offset), done)
                done += size

    def _piece(self, value: Any, first: int, count: int) -> Any:
        if count == 1:
            return self.builder.extract_element(value, ir.Constant(INT32, first))
        mask = ir.Constant(ir.VectorType(INT32, count), list(range(first, first + count)))
        return self.builder.shuffle_vector(value, self._undefined(), mask)

    # --- values ---------------------------------------------------------------------------------

    def constant(self, value: float) -> Any:
        """The number in every lane."""
        return ir.Constant(self.type, value if self.lanes == 1 else [value] * self.lanes)

    def splat(self, value: Any) -> Any:
        """The scalar in every lane."""
        if self.lanes == 1:
            return value
        vector = self.builder.insert_element(self._undefined(), value, ir.Constant(INT32, 0))
        zeros = ir.Constant(ir.VectorType(INT32, self.lanes), [0] * self.lanes)
        return self.builder.shuffle_vector(vector, self._undefined(), zeros)

    def first(self, value: Any, count: int) -> Any:
        """The first lanes, and zero in the others."""
        if count >= self.lanes:
            return value
        mask = ir.Constant(ir.VectorType(ir.IntType(1), self.lanes), [k < count for k in range(self.lanes)])
        return self.builder.select(mask, value, self.constant(0.0))

    def multiply_add(self, a: Any, b: Any, c: Any) -> Any:
        """a b + c, rounded once where that is said."""
        if not self.fused:
            return self.builder.fadd(self.builder.fmul(a, b), c)
        kind = ir.FunctionType(self.type, [self.type] * 3)
        function = cgutils.get_or_insert_function(self.builder.module, kind, f"llvm.fma.{self.suffix}")
        return self.builder.call(function, [a, b, c])

    def relu(self, z: Any) -> Any:
        """0 where z is below, else z: a NaN and -0 stay, as in kernels/dense/dense.hpp."""
        zero = self.constant(0.0)
        return self.builder.select(self.builder.fcmp_ordered("<", z, zero), zero, z)

    def sum(self, value: Any) -> Any:
        """The sum of all lanes, in any order."""
        if self.lanes == 1:
            return value
        kind = ir.FunctionType(self.real, [self.real, self.type])
        name = f"llvm.vector.reduce.fadd.{self.suffix}"
        function = cgutils.get_or_insert_function(self.builder.module, kind, name)
        return self.builder.call(function, [ir.Constant(self.real, -0.0), value], fastmath=("reassoc",))
