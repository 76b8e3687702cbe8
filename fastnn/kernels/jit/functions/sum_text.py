"""The sum that a loop over vectors makes of what it computes, as LLVM code."""

from __future__ import annotations

__all__ = ["Sum"]

_BLOCK = 256  # numbers that are added up in their own type, as float32 has too few digits for long sums


class Sum:
    """Lanes are added up by themselves, over blocks in the numbers' type and over all blocks in float64.

    Which numbers meet in which order depends on their count alone. Labels of the loop that it is part of: `entry`,
    `step`, `whole_out` and `rest_out` behind the body, `again` before the next step, `done`.

    Parameters
    ----------
    element : str
        "float" or "double".
    lanes : int
        Elements of a vector; a power of two, and at least two.
    """

    def __init__(self, element: str, lanes: int) -> None:
        self._element, self._lanes = element, lanes
        self._vector, self._mask = f"<{lanes} x {element}>", f"<{lanes} x i1>"
        self._wide = f"<{lanes // 2} x double>"

    def begin(self) -> list[str]:
        """In a step, before its body."""
        return [
            f"  %sum = phi {self._vector} [ zeroinitializer, %entry ], [ %sum_next, %again ]",
            f"  %total = phi {self._wide} [ zeroinitializer, %entry ], [ %total_next, %again ]",
        ]

    def whole(self, text: str) -> list[str]:
        """Behind the body of a whole step that has computed a vector; instead of the way to the next step."""
        return [
            f"  %sum_whole = fadd {self._vector} %sum, {text}",
            f"  %in_block = and i64 %next, {_BLOCK - 1}",
            "  %ends_block = icmp eq i64 %in_block, 0",
            "  br i1 %ends_block, label %block_end, label %again",
            "block_end:",
            *self._added("block", "%total", "%sum_whole"),
            "  br label %again",
        ]

    def again(self) -> list[str]:
        """Before the next step."""
        return [
            f"  %sum_next = phi {self._vector} [ %sum_whole, %whole_out ], [ zeroinitializer, %block_end ]",
            f"  %total_next = phi {self._wide} [ %total, %whole_out ], [ %total_block, %block_end ]",
        ]

    def rest(self, text: str) -> list[str]:
        """Behind the body of a masked step: its other lanes may be anything."""
        return [
            f"  %masked = select {self._mask} %mask_out, {self._vector} {text}, {self._vector} zeroinitializer",
            f"  %sum_rest = fadd {self._vector} %sum, %masked",
        ]

    def end(self) -> list[str]:
        """Behind the loop."""
        lines = [
            f"  %sum_end = phi {self._vector} [ zeroinitializer, %entry ], [ %sum_next, %again ], "
            "[ %sum_rest, %rest_out ]",
            f"  %total_end = phi {self._wide} [ zeroinitializer, %entry ], [ %total_next, %again ], "
            "[ %total, %rest_out ]",
            *self._added("all", "%total_end", "%sum_end"),
        ]
        found, lanes = "%total_all", self._lanes // 2
        while lanes > 1:
            lines += _halves(f"lanes_{lanes}", "double", lanes, found)
            found, lanes = f"%lanes_{lanes}", lanes // 2
        return [*lines, f"  %result = extractelement <1 x double> {found}, i32 0", "  ret double %result"]

    def _added(self, name: str, total: str, sums: str) -> list[str]:
        """%total_name, a total with the sums of a block."""
        lines, wide = _halves(f"half_{name}", self._element, self._lanes, sums), f"%half_{name}"
        if self._element == "float":
            lines.append(f"  %wide_{name} = fpext <{self._lanes // 2} x float> {wide} to {self._wide}")
            wide = f"%wide_{name}"
        return [*lines, f"  %total_{name} = fadd {self._wide} {total}, {wide}"]


def _halves(name: str, element: str, lanes: int, text: str) -> list[str]:
    """%name, the sum of a vector's halves."""
    vector, half = f"<{lanes} x {element}>", f"<{lanes // 2} x {element}>"
    lines = []
    for part, first in (("low", 0), ("high", lanes // 2)):
        places = ", ".join(f"i32 {first + k}" for k in range(lanes // 2))
        mask = f"<{lanes // 2} x i32> <{places}>"
        lines.append(f"  %{name}_{part} = shufflevector {vector} {text}, {vector} undef, {mask}")
    return [*lines, f"  %{name} = fadd {half} %{name}_low, %{name}_high"]
