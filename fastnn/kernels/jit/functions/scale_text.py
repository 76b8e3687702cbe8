"""The LLVM code that multiplies vectors by powers of two, as AVX-512 does in one operation."""

from __future__ import annotations

__all__ = ["scale_text"]

_BITS = 512


def scale_text(result: str, x: str, k: str, element: str, lanes: int) -> tuple[str, str]:
    """Instructions for a register `result`, x 2^k for a whole k, and the declaration of what they call.

    LLVM has the operation for 512 bits alone, so that wider vectors are taken apart.
    """
    width = _BITS // (32 if element == "float" else 64)
    whole, piece, mask = f"<{lanes} x {element}>", f"<{width} x {element}>", f"i{width}"
    called = f"@llvm.x86.avx512.mask.scalef.{'ps' if element == 'float' else 'pd'}.512"
    lines, scaled = [], []
    for k0 in range(0, lanes, width):
        parts = [f"{result}_{name}_{k0}" for name in ("x", "k")]
        for part, given in zip(parts, (x, k), strict=True):
            lines.append(f"{part} = shufflevector {whole} {given}, {whole} undef, {_places(k0, width)}")
        scaled.append(f"{result}_{k0}")
        arguments = f"{piece} {parts[0]}, {piece} {parts[1]}, {piece} zeroinitializer, {mask} -1, i32 4"
        lines.append(f"{scaled[-1]} = call {piece} {called}({arguments})")
    low, high = scaled[0], scaled[-1]
    lines.append(f"{result} = shufflevector {piece} {low}, {piece} {high}, {_places(0, lanes)}")
    return "\n  ".join(lines), f"declare {piece} {called}({piece}, {piece}, {piece}, {mask}, i32)"


def _places(first: int, count: int) -> str:
    return f"<{count} x i32> <{', '.join(f'i32 {place}' for place in range(first, first + count))}>"
