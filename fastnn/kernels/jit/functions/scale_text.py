"""Products of numbers and powers of two, in the operation that AVX-512 has for them, as LLVM code."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["scale_text"]

_AS_THE_THREAD_ROUNDS = 4


def scale_text(name: str, operands: Sequence[str], element: str, lanes: int) -> tuple[list[str], str]:
    """Instructions for v * 2^k, rounded once, and the declaration of what they call.

    Parameters
    ----------
    name : str
        Of the register for the result, with which those for parts of it begin.
    operands : sequence of str
        v and k.
    element : {"float", "double"}
        Their type.
    lanes : int
        Numbers in a vector that takes two machine registers; LLVM knows the operation for one.
    """
    width, suffix = (16, "ps") if element == "float" else (8, "pd")
    whole, part, mask = f"<{lanes} x {element}>", f"<{width} x {element}>", f"i{width}"
    function = f"@llvm.x86.avx512.mask.scalef.{suffix}.512"
    lines, parts = [], []
    for first in range(0, lanes, width):
        places = _places(first, width)
        numbers = f"{name}_v{first}", f"{name}_k{first}"
        for to, given in zip(numbers, operands, strict=True):
            lines.append(f"{to} = shufflevector {whole} {given}, {whole} undef, {places}")
        arguments = f"{part} {numbers[0]}, {part} {numbers[1]}, {part} zeroinitializer, {mask} -1"
        parts.append(f"{name}_{first}")
        lines.append(f"{parts[-1]} = call {part} {function}({arguments}, i32 {_AS_THE_THREAD_ROUNDS})")
    low, high = parts
    lines.append(f"{name} = shufflevector {part} {low}, {part} {high}, {_places(0, lanes)}")
    return lines, f"declare {part} {function}({part}, {part}, {part}, {mask}, i32)"


def _places(first: int, count: int) -> str:
    places = ", ".join(f"i32 {first + k}" for k in range(count))
    return f"<{count} x i32> <{places}>"
