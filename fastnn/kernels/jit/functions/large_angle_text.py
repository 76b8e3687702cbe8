"""LLVM code that takes the large angles of a vector to libm, one after another: small, as it is seldom run."""

from __future__ import annotations

import struct

from fastnn.kernels.jit.functions.formats import FORMATS
from fastnn.kernels.jit.functions.object_code import pointer_to

__all__ = ["hexadecimal", "large_angle_text"]

_TEXT = """define internal {vector} @fastnn_{name}({vector} %x, {vector} %near) #1 {{
entry:
  %x_first = alloca {element}, i32 {lanes}, align 64
  %near_first = alloca {element}, i32 {lanes}, align 64
{casts}
  store {vector} %x, {whole} %x_{at}, align 64
  store {vector} %near, {whole} %near_{at}, align 64
  br label %each
each:
  %k = phi i64 [ 0, %entry ], [ %next, %after ]
  %x_place = getelementptr {element}, {pointer} %x_first, i64 %k
  %angle = load {element}, {pointer} %x_place
  %size = call {element} @{size}({element} %angle)
  %is_large = fcmp ogt {element} %size, {largest}
  br i1 %is_large, label %large, label %after
large:
  %found = call {element} @{libm}({element} %angle)
  %place = getelementptr {element}, {pointer} %near_first, i64 %k
  store {element} %found, {pointer} %place
  br label %after
after:
  %next = add i64 %k, 1
  %more = icmp slt i64 %next, {lanes}
  br i1 %more, label %each, label %done
done:
  %all = load {vector}, {whole} %near_{at}, align 64
  ret {vector} %all
}}"""


def hexadecimal(number: float) -> str:
    """A number as LLVM writes real ones of either type: the bits of a float64."""
    return f"0x{struct.unpack('<Q', struct.pack('<d', number))[0]:016X}"


def large_angle_text(name: str, element: str, lanes: int) -> tuple[str, set[str]]:
    """The function fastnn_<name>(x, near), and what it needs declared.

    Parameters
    ----------
    name : {"sin", "cos", "tan"}
        Of which `near` has the values, where angles are not large.
    element : {"float", "double"}
        The type of numbers.
    lanes : int
        Numbers in a vector.
    """
    libm, size = (f"{name}f", "llvm.fabs.f32") if element == "float" else (name, "llvm.fabs.f64")
    vector = f"<{lanes} x {element}>"
    pointer, whole = pointer_to(element), pointer_to(vector)
    is_typed = whole != "ptr"
    casts = [f"  %{each}_at = bitcast {pointer} %{each}_first to {whole}" for each in ("x", "near") if is_typed]
    text = _TEXT.format(
        name=name,
        element=element,
        lanes=lanes,
        vector=vector,
        pointer=pointer,
        whole=whole,
        casts="\n".join(casts),
        at="at" if is_typed else "first",
        libm=libm,
        size=size,
        largest=hexadecimal(FORMATS[element].largest_angle),
    )
    return text, {f"declare {element} @{each}({element})" for each in (libm, size)}
