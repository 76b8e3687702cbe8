"""Headers that `to_c` has written, compiled as strictly as compilers can be asked to, and called by ctypes."""

from __future__ import annotations

import ctypes
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

__all__ = ["STRICT", "compiled", "library_of"]

STRICT = ("-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wdouble-promotion", "-Werror")


def compiled(folder: Path, code: str, *flags: str, compiler: str = "gcc", standard: str = "c99") -> Path:
    """The file that a compiler makes of a program's text; the test fails where it says anything."""
    source, target = folder / "program.c", folder / "program.so"
    source.write_text(code)
    language = ("-x", "c++") if standard.startswith("c++") else ()
    words = [compiler, f"-std={standard}", *STRICT, *language, str(source), "-o", str(target), *flags, "-lm"]
    done = subprocess.run(words, capture_output=True, text=True, cwd=folder)
    assert done.returncode == 0, done.stderr
    return target


class Library:
    """Functions of headers, for all rows of x."""

    def __init__(self, path: Path) -> None:
        self._library = ctypes.CDLL(str(path))

    def run(self, name: str, x: NDArray[Any], out: NDArray[Any]) -> NDArray[Any]:
        """What the function of a header gives for every row, in `out` (n, o)."""
        function = getattr(self._library, f"run_{name}")
        function(ctypes.c_void_p(x.ctypes.data), ctypes.c_void_p(out.ctypes.data), ctypes.c_int(len(x)))
        return out

    def is_right(self, name: str) -> bool:
        """Whether a header's test of itself says so."""
        return getattr(self._library, f"test_{name}")() == 1


def library_of(folder: Path, headers: Mapping[str, tuple[str, str, str]], compiler: str = "gcc") -> Library:
    """All headers in one program: by their names the text, the function's end, and C's type of an answer."""
    code = ""
    for name, (text, method, answer) in headers.items():
        (folder / f"{name}.h").write_text(text)
        number = "float" if "const float *x" in text else "double"
        inputs, outputs = f"{name.upper()}_INPUTS", f"{name.upper()}_OUTPUTS"
        to = f"({answer} *)out + i * {outputs}"
        row = f"(const {number} *)x + i * {inputs}"
        call = (
            f"{name}_{method}({row}, {to});"
            if method != "predict" or "*out" in text or "*labels" in text
            else (f"(({answer} *)out)[i] = {name}_{method}({row});")
        )
        code += f"""\
#include "{name}.h"
void run_{name}(const void *x, void *out, int n);
int test_{name}(void);
void run_{name}(const void *x, void *out, int n) {{ for (int i = 0; i < n; ++i) {{ {call} }} }}
int test_{name}(void) {{ return {name}_self_test(); }}
"""
    return Library(compiled(folder, code, "-O2", "-shared", "-fPIC", compiler=compiler))
