#!/usr/bin/env python3
"""Writes what repeats the contract: Cython's view of the C++ headers, and the kernels in the compiled module's stub.

    python tools/contract.py            write the files
    python tools/contract.py --check    fail where one of them is not what would be written

The contract itself is typed twice: for C++ in src_ext/contract/*.hpp (argument blocks, the list of kernels), for Python
in fastnn/kernels/contract.py (the arguments of public kernels). src_ext/contract/_contract.pxd and _serving.pxd are
read off the former, the marked part of fastnn/_core.pyi off the latter; a test compares them. The headers are read as
what they are: plain structs, constants and lists; a declaration of another kind is an error that quotes it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADERS = ROOT / "src_ext/contract"
DECLARATIONS = HEADERS / "_contract.pxd"
SERVING = HEADERS / "_serving.pxd"
STUB = ROOT / "fastnn/_core.pyi"

HEAD = """# The C++ side of the contract (contract/*.hpp) as Cython sees it. Do not edit: tools/contract.py writes it.
#
# The argument blocks are templates over the element type in which only pointers depend on it, so the binding fills
# the float one and passes it to either kernel: the layout is the same.
from libc.stdint cimport int32_t, int64_t, uint64_t

from _lists cimport Activation, UserLoss
"""
SERVING_HEAD = """# Blocks of frozen predictors (contract/serving.hpp), as in _contract.pxd, and written too.
from _contract cimport NetworkShape
"""

# --- the headers ------------------------------------------------------------------------------------------------------

# What kernels see alone, and lists, which make their declarations by macros: _lists.pxd has these.
NOT_DECLARED = ("table.hpp", "activations.hpp", "losses.hpp", "optimizers.hpp")
SPELLED = {"ptrdiff_t": "Py_ssize_t"}


def without_comments(text: str) -> str:
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.DOTALL)
    return re.sub(r"//[^\n]*", "", text).replace("\\\n", " ")


def ordered_headers() -> list[Path]:
    """The headers of the contract, each after those that it includes."""
    done: list[Path] = []

    def visit(path: Path) -> None:
        if path in done or path.name in NOT_DECLARED:
            return
        for name in re.findall(r'#include "contract/(\w+\.hpp)"', path.read_text(encoding="utf-8")):
            visit(HEADERS / name)
        done.append(path)

    for path in sorted(HEADERS.glob("*.hpp")):
        visit(path)
    return done


def macros_of(text: str) -> dict[str, str]:
    """Bodies of the lists, FASTNN_..._KERNELS and what joins them."""
    return dict(re.findall(r"#define (FASTNN_\w+)\(KERNEL\)([^\n]*)", text))


def kernels_of(name: str, macros: dict[str, str]) -> Iterator[tuple[str, str]]:
    """(type, name) of every kernel in a list, through the lists in it."""
    entry = r"(FASTNN_\w+)\(KERNEL\)|KERNEL\((\w+), (\w+)\)"
    if re.sub(entry, "", macros[name]).strip():
        raise ValueError(f"{name} has more than kernels: {re.sub(entry, '', macros[name]).split()}")
    for inner, type_, kernel in re.findall(entry, macros[name]):
        if inner:
            yield from kernels_of(inner, macros)
        else:
            yield type_, kernel


def statements(text: str) -> Iterator[str]:
    """The declarations of a namespace, each up to its closing `;` or, of a function, `}`."""
    body = text[text.index("namespace fastnn {") + len("namespace fastnn {") : text.rindex("}")]
    body = re.sub(r"^\s*#[^\n]*", "", body, flags=re.MULTILINE)
    start = depth = 0
    for at, mark in enumerate(body):
        depth += (mark == "{") - (mark == "}")
        is_end = mark == ";" or (mark == "}" and not body[at + 1 :].lstrip().startswith(";"))
        if depth == 0 and is_end and body[start : at + 1].strip(" \n;"):
            yield " ".join(body[start : at + 1].split())
            start = at + 1


# --- one declaration --------------------------------------------------------------------------------------------------


def type_in_cython(text: str) -> str:
    return re.sub(r"\w+", lambda word: SPELLED.get(word.group(), word.group()), text.strip())


def parameters_in_cython(text: str) -> str:
    """Types of a function's parameters; a name after the last type is dropped, since not all have one."""
    types = [re.sub(r"(?<=[\w*&])\s+\w+$|(?<=[*&])\w+$", "", one.strip()) for one in text.split(",") if one.strip()]
    return ", ".join(map(type_in_cython, types))


def fields_in_cython(body: str, numbers: dict[str, int], macros: dict[str, str]) -> Iterator[str]:
    """The lines of a struct."""
    for name, entry in re.findall(r"(FASTNN_\w+)\(FASTNN_(BOTH|ONE)_ENTR(?:IES|Y)\)", body):
        many = "[2]" if entry == "BOTH" else ""
        yield from (f"{type_} {kernel}{many}" for type_, kernel in kernels_of(name, macros))
    body = re.sub(r"FASTNN_\w+\(FASTNN_\w+\)", "", body)
    for field in filter(None, map(str.strip, body.split(";"))):
        pointer = re.fullmatch(r"([\w ]+?\**) \(\*(\w+)\)\((.*)\)", field)
        if pointer:
            yield f"{type_in_cython(pointer[1])} (*{pointer[2]})({parameters_in_cython(pointer[3])}) noexcept nogil"
            continue
        plain = re.fullmatch(r"((?:const )?\w+(?:<\w+>)?)(\s*\*?\s*)(\w.*|\*.*)", field)
        if plain is None or not re.fullmatch(r"\*?\w+(\[\w+\])?(, ?\*?\w+(\[\w+\])?)*", plain[2].strip() + plain[3]):
            raise ValueError(f"a field that is no pointer, number, array or struct: {field!r}")
        first = plain[2].strip() + plain[3]
        for name in map(str.strip, first.split(",")):
            # Of a size that a list decides Cython needs to know nothing but that it is an array.
            sized = re.sub(r"\[(k\w+)\]", lambda size: f"[{numbers.get(size[1], 1)}]", name)
            yield f"{type_in_cython(plain[1])} {sized}"


def struct_in_cython(statement: str, numbers: dict[str, int], macros: dict[str, str]) -> list[str]:
    found = re.fullmatch(r"(template <class T> )?struct (\w+) \{(.*)\};?", statement)
    assert found is not None
    head = f"cdef cppclass {found[2]}[T]:" if found[1] else f"cdef struct {found[2]}:"
    fields = fields_in_cython(found[3].replace("const char* name", "const char *name"), numbers, macros)
    return ["", f"    {head}", *(f"        {field}" for field in fields)]


def declaration(statement: str, numbers: dict[str, int], macros: dict[str, str]) -> tuple[str, list[str]]:
    """The lines of one statement, and whether they stand "before" the block of a header or "inside" it."""
    if statement.startswith(("struct ", "template <class T> struct ")):
        return "inside", struct_in_cython(statement, numbers, macros)
    constant = re.fullmatch(r"constexpr (\w+) (k\w+) = (.*);", statement)
    if constant:
        numbers[constant[2]] = int(constant[3])
        return "inside", [f"    const {type_in_cython(constant[1])} {constant[2]}"]
    enumeration = re.fullmatch(r"enum (?:\w+ )?: int \{ (.*?),? \};", statement)
    if enumeration:
        return "inside", [f"    const int {one.split(' = ')[0]}" for one in enumeration[1].split(", ")]
    function = re.fullmatch(r"static inline ([\w]+) (\w+)\((.*?)\) \{.*\}", statement)
    if function:
        return "inside", [f"    {function[1]} {function[2]}({parameters_in_cython(function[3])}) noexcept"]
    pointer = re.fullmatch(r"using (\w+) = (\w+) \(\*\)\((.*)\);", statement)
    if pointer:
        parameters = parameters_in_cython(pointer[3])
        return "before", [f"ctypedef {type_in_cython(pointer[2])} (*{pointer[1]})({parameters}) noexcept nogil"]
    raise ValueError(f"a declaration that tools/contract.py does not understand: {statement!r}")


def declarations(written: Path = DECLARATIONS) -> str:
    """The text of _contract.pxd, or that of _serving.pxd, which has one header of its own."""
    lines: list[str] = [SERVING_HEAD if written == SERVING else HEAD]
    numbers: dict[str, int] = {}
    for path in ordered_headers():
        if (path.stem == "serving") != (written == SERVING):
            continue
        text = without_comments(path.read_text(encoding="utf-8"))
        macros = macros_of(text)
        before: list[str] = []
        inside: list[str] = []
        for statement in statements(text):
            where, found = declaration(statement, numbers, macros)
            is_after_struct = bool(inside) and inside[-1].startswith(" " * 8) and found[0] != ""
            (before if where == "before" else inside).extend([""] * is_after_struct + found)
        if inside:
            inside = inside[1:] if not inside[0] else inside
            head = f'cdef extern from "contract/{path.name}" namespace "fastnn" nogil:'
            lines += ["", *before, *["", ""][: 2 * bool(before)], head, *inside, ""]
    return "\n".join(lines)


# --- the stub ---------------------------------------------------------------------------------------------------------

BEGIN = "# Kernels of fastnn/kernels/contract.py, written by tools/contract.py.\n"
END = "# End of what tools/contract.py writes.\n"

WHOLE = ("step", "seed", "layer", "first_row", "batch_size")
OPTION_TYPES = {
    **dict.fromkeys(WHOLE, "int"),
    "activation": "str | Activation",
    "loss": "str | Loss",
    "plan": "Any",
    "optimizer": "Optimizer",
    "state": "OptimizerState",
    "nesterov": "bool",
}
LONGEST = 120


def type_in_stub(argument) -> str:
    if argument.role == "option":
        return OPTION_TYPES.get(argument.name, "float")
    array = "ndarray[Any, dtype[int64]]" if argument.integer else "_Array"
    return f"{array} | None" if argument.optional else array


def kernel_in_stub(kernel) -> str:
    """A function in the layout of the formatter: on one line, its arguments on one, or each on its own."""
    numbers = ["float"] * len(kernel.returns)
    returned = {0: "None", 1: "float"}.get(len(numbers), f"tuple[{', '.join(numbers)}]")
    arguments = [f"{argument.name}: {type_in_stub(argument)}" for argument in kernel.arguments] + ["n_threads: int = 0"]
    head, tail = f"def {kernel.name}(", f") -> {returned}: ..."
    joined = ", ".join(arguments)
    if len(head + joined + tail) <= LONGEST:
        return f"{head}{joined}{tail}\n"
    if len(joined) + 4 <= LONGEST:
        return f"{head}\n    {joined}\n{tail}\n"
    return "\n".join([head, *(f"    {argument}," for argument in arguments), tail, ""])


def stub() -> str:
    """The text of _core.pyi, of which the part between two marks is the table of kernels."""
    sys.path.insert(0, str(ROOT))
    try:
        from fastnn.kernels.contract import KERNELS
    finally:
        sys.path.remove(str(ROOT))
    text = STUB.read_text(encoding="utf-8")
    before, after = text[: text.index(BEGIN)], text[text.index(END) :]
    return before + BEGIN + "".join(map(kernel_in_stub, KERNELS.values())) + "\n" + after


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["--check"]):
        sys.exit(f"contract: wanted no argument or --check, got {' '.join(arguments)}")
    stale = []
    for path, text in ((DECLARATIONS, declarations()), (SERVING, declarations(SERVING)), (STUB, stub())):
        if path.read_text(encoding="utf-8") == text:
            continue
        stale.append(str(path.relative_to(ROOT)))
        if not arguments:
            path.write_text(text, encoding="utf-8")
    print("\n".join(f"{'stale' if arguments else 'written'}: {name}" for name in stale) or "nothing to write")
    return 1 if arguments and stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
