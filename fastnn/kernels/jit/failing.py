"""Whether compiled code can end in an error, read off its LLVM code.

A function that Numba compiles returns a status, 0 where all is well. After optimisation that of a function which cannot
raise is the constant 0, or comes from a function that it calls and that cannot raise either.
"""

from __future__ import annotations

import re
from typing import Any

from llvmlite import binding as llvm

__all__ = ["can_fail"]

_FINE = re.compile(r"i32 (0|-2)\b")  # -2: None is returned


def can_fail(code: str, name: str) -> bool:
    """Whether a function may return another status than that all is well.

    Parameters
    ----------
    code : str
        LLVM code of a module, optimised.
    name : str
        The function's name there.
    """
    return not _Module(code).is_harmless(name)


class _Module:
    """Functions by their names, each looked at once."""

    def __init__(self, code: str) -> None:
        self._module = llvm.parse_assembly(code)
        self._functions = {function.name: function for function in self._module.functions}
        self._harmless: dict[str, bool] = {}

    def is_harmless(self, name: str) -> bool:
        """Whether a function is known to end without an error; of one that lies elsewhere nothing is known."""
        if name not in self._harmless:
            self._harmless[name] = True  # of functions that call each other none fails, if nothing else does
            function = self._functions.get(name)
            self._harmless[name] = function is not None and not function.is_declaration and self._is_fine(function)
        return self._harmless[name]

    def _is_fine(self, function: Any) -> bool:
        """Whether all that a function returns is 0, or what harmless ones have returned."""
        instructions = [each for block in function.blocks for each in block.instructions]
        by_name = {each.name: each for each in instructions if each.name}
        left = [status for each in instructions if each.opcode == "ret" for status in each.operands]
        seen: set[str] = set()
        while left:
            status = left.pop()
            origin = by_name.get(status.name)
            if origin is None:
                if not _FINE.match(str(status).strip()):
                    return False
            elif origin.name not in seen:
                seen.add(origin.name)
                *values, last = origin.operands
                if origin.opcode == "phi":
                    left += [*values, last]
                elif origin.opcode == "select":  # the first is the condition
                    left += [*values[1:], last]
                elif origin.opcode != "call" or not self.is_harmless(last.name):
                    return False
        return True
