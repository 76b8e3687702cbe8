#!/usr/bin/env python
"""Write what follows from the classes of fastnn/optimizers/kinds.py: `python tools/generate_optimizers.py`.

The list of C++, the functions of the compiled module, the public wrappers of the kernels, and the names that fastnn
exports. (The types of the compiled module come from the contract: tools/contract.py.) `--check` writes nothing, and
fails where a file is not as it would be written.
"""

from __future__ import annotations

import inspect
import re
import sys
import textwrap
from collections.abc import Callable
from dataclasses import MISSING, Field, fields
from functools import partial
from pathlib import Path

from fastnn.optimizers import OPTIMIZERS, RANGES, Optimizer

ROOT = Path(__file__).resolve().parent.parent
WIDTH = 120
# Between these two lines a file that is written by hand has a part that is not.
BEGIN, END = "tools/generate_optimizers.py writes this: {}", "until here"
# What the binding calls the ranges of fastnn.optimizers, by their words.
TESTS = {
    "a finite number above 0": "is_above_zero",
    "a finite number of at least 0": "is_not_negative",
    "a number in [0, 1]": "is_share",
    "a number in [0, 1)": "is_below_one",
}
# Without a default: there is no rate of plain gradient descent that suits most problems.
REQUIRED = {("sgd", "learning_rate")}

Kind = type[Optimizer]


def options_of(kind: Kind) -> list[Field[object]]:
    """The learning rate and the hyper-parameters, in the kernel's order."""
    of_kernel = ("learning_rate", *kind.hyper_names())
    return [each for each in fields(kind) if each.name in of_kernel]


def in_lines(before: str, arguments: list[str], after: str, indent: str, between: str = ",") -> str:
    """What is in parentheses, going on below its first part where a line is full."""
    lines, line = [], before
    for k, argument in enumerate(arguments):
        piece = argument + (between if k + 1 < len(arguments) else after)
        if len(line) + len(piece) + 1 > WIDTH:
            lines.append(line)
            line = indent + piece
        else:
            line += piece if line == before else f" {piece}"
    return "\n".join([*lines, line])


# --- C++ ----------------------------------------------------------------------------------------


def cpp_list() -> str:
    rows = [f"  X({', '.join([k.__name__, k.name, str(len(k.slots)), *k.hyper_names()])})" for k in OPTIMIZERS.values()]
    lines = ["#define FASTNN_OPTIMIZERS(X)", *rows]
    width = max(map(len, lines)) + 1
    return "\n".join([f"{line:{width}}\\" for line in lines[:-1]] + [lines[-1]])


# --- the compiled module ------------------------------------------------------------------------


def as_tuple(names: tuple[str, ...]) -> str:
    return f"({', '.join(names)}{',' * (len(names) == 1)})"


def cython_step(kind: Kind) -> str:
    types = {"float": "double", "bool": "bint"}
    options = options_of(kind)
    vectors = [f"cnp.ndarray {name} not None" for name in ("params", "d_params", *kind.slots)]
    numbers = [f"{types[str(each.type)]} {each.name}" for each in options]
    counted = ["int64_t step"] if kind.counts_steps else []
    name = f"{kind.name}_step"
    arguments = [*vectors, *counted, *numbers, "Py_ssize_t n_threads=0"]
    head = in_lines(f"def {name}(", arguments, "):", " " * len(f"def {name}("))
    hyper = kind.hyper_names()
    tests = [f"{TESTS[RANGES[each][1]]}({each})" for each in hyper if each in RANGES]
    step = "step" if kind.counts_steps else "1"
    given = [f"k{kind.__name__}", "params", "d_params", as_tuple(kind.slots), step, "learning_rate"]
    given += [as_tuple(hyper), "in_range", "n_threads"]
    return "\n".join(
        [
            head,
            f'    """One step of {kind.__name__}, in place{"; step counts from 1" if kind.counts_steps else ""}."""',
            in_lines("    cdef bint in_range = (", tests, ")", " " * 26, " and"),
            in_lines("    optimizer_step(", given, ")", " " * 19),
        ]
    )


def cython_steps() -> str:
    codes = in_lines("    int ", [f"k{kind.__name__}" for kind in OPTIMIZERS.values()], "", " " * 8)
    head = (
        "# One step of each optimizer. tools/generate_optimizers.py writes this file.\n\n"
        f'cdef extern from "contract/optimizers.hpp" namespace "fastnn" nogil:\n{codes}\n'
    )
    return "\n\n".join([head, *(cython_step(kind) + "\n" for kind in OPTIMIZERS.values())])


# --- the public kernels -------------------------------------------------------------------------

WRAPPERS = '''"""{title}, in place on flat vectors.

tools/generate_optimizers.py writes this file.
"""

from __future__ import annotations

from numpy.typing import ArrayLike

from fastnn.kernels.contract import Array
{imported}from fastnn.kernels.public.step import take_step

__all__ = [
{exports}
]
'''
WRAPPER = '''def {name}_step(
{signature}
) -> Array:
    """Update {listed} in place by one step of `fastnn.{kind}`.

    Parameters
    ----------
    params : ndarray of shape (p,), float32 or float64
        The parameters: writable and contiguous.
    d_params : array-like of shape (p,), of params' dtype
        The gradient.
    {slots} : ndarray of shape (p,), of params' dtype
        What the optimizer remembers of the steps before, at first zeros: writable and contiguous.
{parameters}
    backend : {{"auto", "native", "jit", "reference"}}, default="auto"
        Which implementation computes; "auto" is "native".
    n_threads : int, optional
        How many threads "native" uses at most; None leaves it to `fastnn.get_num_threads`.

    Returns
    -------
    ndarray of shape (p,)
        The same `params`.

    Raises
    ------
    ValueError, TypeError
        If an argument is not what is described above; the message names it, and says what was wanted.
    """
{body}
'''
STEP = "step : int\n    The number of this step, from 1."
COUNT = '    step = step if type(step) is int else as_count("step", step)  # the compiled kernel would take 2.5 as 2\n'


def with_default(kind: Kind, each: Field[object]) -> str:
    if (kind.name, each.name) in REQUIRED or each.default is MISSING:
        return f"{each.name}: {each.type}"
    return f"{each.name}: {each.type} = {re.sub('e-0', 'e-', repr(each.default))}"


def documented(kind: Kind) -> str:
    """What the class's docstring says of the hyper-parameters."""
    section = re.search(r"Parameters\n-+\n(.*?)\n\n\S[^\n]*\n-+\n", inspect.getdoc(kind) or "", re.DOTALL)
    if section is None:
        raise SystemExit(f"{kind.__name__} documents no parameters before another section")
    options = {each.name for each in options_of(kind)}  # what a class says of the others is nothing to the kernel
    entries = [each for each in re.split(r"\n(?=\S)", section[1]) if options & set(each.partition(" :")[0].split(", "))]
    lines = "\n".join(entries).splitlines()
    for _, name in (pair for pair in REQUIRED if pair[0] == kind.name):
        lines = [line.split(", default=")[0] if line.startswith(f"{name} :") else line for line in lines]
    return "\n".join(([STEP] if kind.counts_steps else []) + lines)


def wrapper_of(kind: Kind) -> str:
    options = options_of(kind)
    updated = ["params", *kind.slots]
    signature = ["params: Array", "d_params: ArrayLike", *(f"{slot}: Array" for slot in kind.slots), "*"]
    signature += ["step: int"] if kind.counts_steps else []
    signature += [with_default(kind, each) for each in options]
    signature += ['backend: str = "auto"', "n_threads: int | None = None"]
    given = ["params", "d_params", *kind.slots, *(["step"] if kind.counts_steps else [])]
    given += [f'as_flag("{each.name}", {each.name})' if each.type == "bool" else each.name for each in options]
    return WRAPPER.format(
        name=kind.name,
        kind=kind.__name__,
        signature="\n".join(f"    {argument}," for argument in signature),
        listed=", ".join(updated[:-1]) + f" and {updated[-1]}",
        slots=", ".join(kind.slots),
        parameters=textwrap.indent(documented(kind), "    "),
        body=(COUNT if kind.counts_steps else "")
        + f"    arguments = ({', '.join(given)})\n"
        + f'    return take_step("{kind.name}_step", arguments, backend, n_threads)',
    )


def wrappers(counts_steps: bool) -> str:
    """Those of kernels that count steps, or of the others: all of them together are too long a file."""
    kinds = [kind for kind in OPTIMIZERS.values() if kind.counts_steps == counts_steps]
    has_flag = any(each.type == "bool" for kind in kinds for each in options_of(kind))
    checks = ["as_count"] * counts_steps + ["as_flag"] * has_flag
    exports = "\n".join(f'    "{name}_step",' for name in sorted(kind.name for kind in kinds))
    title = "Public steps of optimizers" + " that count their steps" * counts_steps
    imported = f"from fastnn.kernels.public.checked_call import {', '.join(checks)}\n" if checks else ""
    head = WRAPPERS.format(title=title, imported=imported, exports=exports)
    return "\n\n".join([head, *map(wrapper_of, kinds)])


def types() -> str:
    return "\n".join(f"{name}_step: Callable[..., None]" for name in OPTIMIZERS)


# --- fastnn -------------------------------------------------------------------------------------


def class_names() -> list[str]:
    """As ruff sorts them: what is in capitals first."""
    return sorted((kind.__name__ for kind in OPTIMIZERS.values()), key=lambda name: (not name.isupper(), name.lower()))


def imports() -> str:
    lines = [f"from fastnn.optimizers import {name} as {name}" for name in class_names()]
    return "\n".join([*lines, ""])  # ruff wants a blank line before a comment that more imports follow


def names() -> str:
    return in_lines("_OPTIMIZERS = (", [f'"{name}"' for name in class_names()], ")", "    ")


def exports() -> str:
    listed = ", ".join(f'"{name}"' for name in class_names())
    return f"__all__ += [{listed}]  # noqa: F822"


FILES: dict[str, Callable[[], str]] = {
    "src_ext/binding/optimizer_steps.pxi": cython_steps,
    "fastnn/kernels/public/optimizer.py": partial(wrappers, counts_steps=False),
    "fastnn/kernels/public/counting_optimizer.py": partial(wrappers, counts_steps=True),
}
PARTS: dict[str, dict[str, Callable[[], str]]] = {
    "src_ext/contract/optimizers.hpp": {"list": cpp_list},
    "fastnn/kernels/contract.py": {"types": types},
    "fastnn/__init__.py": {"imports": imports, "names": names, "exports": exports},
}


def with_part(text: str, name: str, part: str) -> str:
    """A file's text with what is between the two lines replaced."""
    begin = re.escape(BEGIN.format(name))
    found = re.search(rf"^( *)((?:#|//) {begin}\n)(.*?)^ *(?:#|//) {END}$", text, re.DOTALL | re.MULTILINE)
    if found is None:
        raise SystemExit(f"a file has no lines between which {name!r} could be written")
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
    found = Path(inspect.getfile(Optimizer)).parents[2]
    if found != ROOT:
        raise SystemExit(f"fastnn is imported from {found}, wanted the one of {ROOT}: set PYTHONPATH to this folder.")
    stale = {path: text for path, text in generated().items() if not path.is_file() or path.read_text() != text}
    if arguments == ["--check"]:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is stale: run python tools/generate_optimizers.py", file=sys.stderr)
        return 1 if stale else 0
    for path, text in stale.items():
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
