#!/usr/bin/env python
"""Write what repeats the list of fastnn/kernels/abi.py: `python tools/generate_abi.py`.

Parts of the C header, Cython's declarations and functions, and what fills the table. `--check` writes nothing, and
fails where a file is not as it would be written.
"""

from __future__ import annotations

import inspect
import re
import sys
import textwrap
from collections.abc import Callable, Iterable
from pathlib import Path

from fastnn.activations import ACTIVATIONS
from fastnn.kernels import abi
from fastnn.kernels.abi import Parameter, Symbol
from fastnn.losses import LOSSES

ROOT = Path(__file__).resolve().parent.parent
WIDTH = 118  # some lines are indented by two afterwards
HEADER = "fastnn/include/fastnn.h"
WRITTEN = "Do not edit: tools/generate_abi.py writes this file."


def in_lines(before: str, arguments: Iterable[str], after: str) -> str:
    """What is in parentheses, going on below the first argument where a line is full."""
    given = list(arguments)
    pieces = [each + (after if k + 1 == len(given) else ",") for k, each in enumerate(given)]
    lines, line = [], before
    for piece in pieces:
        if line != before and len(line) + len(piece) + 1 > WIDTH:
            lines.append(line)
            line = " " * len(before) + piece
        else:
            line += piece if line == before else f" {piece}"
    return "\n".join([*lines, line])


def declared(each: Parameter) -> str:
    return f"{each.type} {each.name}"


# --- the header ---------------------------------------------------------------------------------


def codes_of(title: str, name: str, codes: dict[str, int]) -> str:
    prefix = f"FASTNN_{name.upper()}_"
    rows = [f"  {prefix}{each.upper()} = {code}" for each, code in codes.items()]
    return "\n".join([f"// {title}", f"enum fastnn_{name}_code {{", ",\n".join(rows), "};"])


def links() -> dict[str, int]:
    text = (ROOT / "src_ext/contract/losses.hpp").read_text()
    return {name: code for code, name in enumerate(re.findall(r"  LINK\((\w+), k\w+Link\)", text))}


def codes() -> str:
    return "\n\n".join(
        [
            f"#define FASTNN_ABI_VERSION {abi.VERSION}",
            codes_of(
                "The activations of the library, and one of your own. New ones come at the end.",
                "activation",
                {"own": -1} | {each.name: each.code for each in ACTIVATIONS.values()},
            ),
            codes_of(
                "The losses of the library, and one of your own. New ones come at the end.",
                "loss",
                {"own": -1} | {each.name: each.code for each in LOSSES.values()},
            ),
            codes_of("What makes predictions of raw outputs.", "link", links()),
        ]
    )


def sentence_of(symbol: Symbol) -> str:
    """What a function does, before the first of its two entries."""
    function = symbol.function
    if symbol.element == "double":
        return ""
    says = f"Removed: {function.removed}" if function.removed else function.says
    return textwrap.fill(says, WIDTH, initial_indent="// ", subsequent_indent="// ") + "\n"


def functions() -> str:
    return "\n".join(
        sentence_of(each) + in_lines(f"int (*{each.name})(", map(declared, each.parameters), ");")
        for each in abi.symbols()
    )


def names() -> str:
    return "\n".join(f"#define fastnn_{each.name} FASTNN_TABLE->{each.name}" for each in abi.symbols())


# --- the table ----------------------------------------------------------------------------------


def entry(symbol: Symbol) -> str:
    if symbol.function.removed:
        return f"  table->{symbol.name} = removed;"
    template = f"<{symbol.element}>" if symbol.element else ""
    return f"  table->{symbol.name} = {symbol.function.name}{template};"


def in_namespace(says: str, included: str, body: str) -> str:
    head = f"// {says} {WRITTEN}\n#pragma once\n\n{included}"
    return f"{head}namespace fastnn {{\n\n{body}\n\n}}  // namespace fastnn\n"


def table() -> str:
    body = "\n".join(map(entry, abi.symbols()))
    filled = f"static void fill(fastnn_api* table) {{\n{body}\n}}"
    return in_namespace("Fills the table of functions.", '#include "fastnn.h"\n\n', filled)


def loss_parameters() -> str:
    numbers = ", ".join(repr(each.parameter) for each in LOSSES.values())
    listed = f"constexpr double kLossParameters[] = {{{numbers}}};"
    return in_namespace("The default of every loss's parameter, by its code.", "", listed)


# --- Cython -------------------------------------------------------------------------------------

PXD_HEAD = """# The C interface for other Cython modules, as fastnn/include/fastnn.h describes it.
# {written}
#
# `from fastnn cimport _core` imports what is used when the other module is imported, and refuses a function that has
# gone or has other arguments. The structs come from the header, whose folder is fastnn.get_include().
from libc.stdint cimport int32_t, int64_t, uint64_t


cdef extern from "fastnn.h" nogil:
    ctypedef struct fastnn_own_activation:
        void (*function)(const void* parameters, const void* z, void* a, void* slope, Py_ssize_t count) noexcept
        const void* parameters

    ctypedef struct fastnn_activation:
        int code
        double parameters[2]
        const fastnn_own_activation* own

    ctypedef struct fastnn_own_loss:
        void (*function)(const void* parameters, const void* z, const void* y, void* losses, void* d_z,
                         Py_ssize_t count) noexcept
        const void* parameters

    ctypedef struct fastnn_loss:
        int code
        int link
        double parameter
        const fastnn_own_loss* own

    ctypedef struct fastnn_network:
        const int64_t* widths
        const fastnn_activation* activations
        const int32_t* has_bias
        Py_ssize_t layers

    enum fastnn_status:
        FASTNN_OK
        FASTNN_NO_MEMORY
        FASTNN_UNKNOWN
        FASTNN_REMOVED
"""


def in_cython(each: Parameter) -> str:
    return f"{each.type.replace('ptrdiff_t', 'Py_ssize_t')} {each.name}"


def signature(symbol: Symbol, before: str, name: str, after: str) -> str:
    return in_lines(f"{before}int {name}(", map(in_cython, symbol.parameters), f") noexcept{after}")


def declarations() -> str:
    enums = "\n".join(enumeration(kind, members) for kind, members in enumerations().items())
    lines = "\n".join(signature(each, "cdef ", each.name, " nogil") for each in abi.symbols())
    return f"{PXD_HEAD.format(written=WRITTEN)}\n{enums}\n\n{lines}\n"


def enumerations() -> dict[str, list[str]]:
    return {
        f"fastnn_{kind}_code": re.findall(rf"^  (FASTNN_{kind.upper()}_\w+) =", codes(), re.MULTILINE)
        for kind in ("activation", "loss", "link")
    }


def enumeration(kind: str, members: list[str]) -> str:
    return "\n".join([f"    enum {kind}:", *(f"        {each}" for each in members), ""])


def wrapper(symbol: Symbol) -> str:
    head = signature(symbol, "cdef ", symbol.name, " nogil:")
    called = in_lines(f"    return fastnn_{symbol.name}(", (each.name for each in symbol.parameters), ")")
    return f"{head}\n{called}\n"


def wrappers() -> str:
    head = f"# What fastnn/_core.pxd offers, by the table of functions. {WRITTEN}\n\n"
    called = "\n".join(signature(each, "    ", f"fastnn_{each.name}", "") for each in abi.symbols())
    return f'{head}cdef extern from "fastnn.h" nogil:\n{called}\n\n\n' + "\n\n".join(map(wrapper, abi.symbols()))


# --- files --------------------------------------------------------------------------------------

FILES: dict[str, Callable[[], str]] = {
    "fastnn/_core.pxd": declarations,
    "src_ext/binding/api.pxi": wrappers,
    "src_ext/abi/table.hpp": table,
    "src_ext/abi/loss_parameters.hpp": loss_parameters,
}
PARTS: dict[str, dict[str, Callable[[], str]]] = {HEADER: {"codes": codes, "functions": functions, "names": names}}


def with_part(text: str, name: str, part: str) -> str:
    """The header's text with what is between the two lines replaced."""
    begin = re.escape(f"tools/generate_abi.py writes this: {name}")
    found = re.search(rf"^( *)(// {begin}\n)(.*?)^ *// until here$", text, re.DOTALL | re.MULTILINE)
    if found is None:
        raise SystemExit(f"{HEADER} has no lines between which {name!r} could be written")
    return text[: found.start(3)] + textwrap.indent(part + "\n", found[1]) + text[found.end(3) :]


def generated() -> dict[Path, str]:
    """The text of every file that is written, wholly or in part."""
    texts = {ROOT / path: write() for path, write in FILES.items()}
    for path, parts in PARTS.items():
        text = (ROOT / path).read_text()
        for name, write in parts.items():
            text = with_part(text, name, write())
        texts[ROOT / path] = text
    return texts


def main(arguments: list[str]) -> int:
    found = Path(inspect.getfile(abi)).parents[2]
    if found != ROOT:
        raise SystemExit(f"fastnn is imported from {found}, wanted the one of {ROOT}: set PYTHONPATH to this folder.")
    stale = {path: text for path, text in generated().items() if not path.is_file() or path.read_text() != text}
    if arguments == ["--check"]:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is stale: run python tools/generate_abi.py", file=sys.stderr)
        return 1 if stale else 0
    for path, text in stale.items():
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
