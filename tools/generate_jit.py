#!/usr/bin/env python
"""Write the kernels of fastnn.jit after those of fastnn.kernels: `python tools/generate_jit.py`.

Each has the arguments of its twin but for the backend and the threads, all of them by position too, as nopython code
wants them, and its documentation. `--check` writes nothing, and fails where a file is not as it would be written.
"""

from __future__ import annotations

import inspect
import re
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

from fastnn import kernels
from fastnn.kernels.contract import KERNELS
from fastnn.optimizers import OPTIMIZERS

ROOT = Path(__file__).resolve().parent.parent
WIDTH = 120
LEFT_OUT = ("backend", "n_threads")
HOME = {"Activation": "fastnn.activations", "Loss": "fastnn.losses", "Array": "fastnn.kernels.contract"}
HEAD = '''"""{title} for nopython code, and for Python alike.

tools/generate_jit.py writes this file.
"""

from __future__ import annotations

from fastnn import kernels
{imported}

__all__ = [
{exports}
]
'''
NAMED = {
    "activation": ("Activation", "Its name, its code, or the activation itself. Nopython code takes a name only where"),
    "loss": ("Loss", "Its name, its code, or the loss itself. Nopython code takes a name only where"),
}


def parameters_of(function: Callable[..., object]) -> list[inspect.Parameter]:
    return [each for each in inspect.signature(function).parameters.values() if each.name not in LEFT_OUT]


def type_of(each: inspect.Parameter) -> str:
    type_ = str(each.annotation).replace("ArrayLike", "Array")
    return type_.replace("str | ", "str | int | ") if each.name in NAMED else type_


def declared(each: inspect.Parameter) -> str:
    default = "" if each.default is each.empty else f" = {repr(each.default).replace(chr(39), chr(34))}"
    return f"    {each.name}: {type_of(each)}{re.sub('e-0', 'e-', default)},"


def passed_on(each: inspect.Parameter) -> str:
    value = f"named_{each.name}({each.name})" if each.name in NAMED else each.name
    return f"{each.name}={value}" if each.kind is each.KEYWORD_ONLY else value


def documentation(function: Callable[..., object]) -> str:
    """The twin's, without what is left out, and examples."""
    text = inspect.getdoc(function) or ""
    text = re.sub(r"\n\nExamples\n-+\n.*\Z", "", text, flags=re.DOTALL)
    for name in LEFT_OUT:
        text = re.sub(rf"\n{name} :[^\n]*(\n    [^\n]*)+", "", text)
    text = re.sub(r"array-like", "ndarray", text)
    for name, (kind, says) in NAMED.items():
        entry = rf"\n{name} : str or {kind}([^\n]*)\n    [^\n]*"
        text = re.sub(entry, rf"\n{name} : str, int or {kind}\1\n    {says}\n    it is written in the call.", text)
    return text


def function_text(name: str) -> str:
    twin = getattr(kernels, name)
    parameters = parameters_of(twin)
    returned = inspect.signature(twin).return_annotation
    lines = [f"def {name}(", *map(declared, parameters), f") -> {returned}:"]
    lines.append(textwrap.indent(f'"""{documentation(twin)}\n"""', "    "))
    lines.append(called(name, [*map(passed_on, parameters), "n_threads=1"]))
    return "\n".join(lines)


def called(name: str, arguments: list[str]) -> str:
    """The call of the twin in the layout of the formatter: on one line, its arguments on one, or each on its own."""
    joined = ", ".join(arguments)
    line = f"    return kernels.{name}({joined})"
    if len(line) <= WIDTH:
        return f"{line}\n"
    own_line = [joined] if len(joined) + 8 <= WIDTH else [f"{argument}," for argument in arguments]
    return "\n".join([f"    return kernels.{name}(", *(f"        {each}" for each in own_line), "    )", ""])


def module(title: str, names: list[str]) -> str:
    body = "\n\n".join(map(function_text, names))
    used = [f"from {home} import {name}" for name, home in HOME.items() if re.search(rf"\b{name}\b.*[,:]\n", body)]
    helpers = sorted(set(re.findall(r"\bnamed_\w+", body)))
    used += [f"from fastnn.jit.named import {', '.join(helpers)}"] * bool(helpers)
    exports = "\n".join(f'    "{name}",' for name in sorted(names))
    head = HEAD.format(title=title, imported="\n".join(sorted(used)), exports=exports)
    return f"{head}\n\n{body}"


def files() -> dict[Path, str]:
    steps = {f"{name}_step": kind.counts_steps for name, kind in OPTIMIZERS.items()}
    around = ["clip_by_value", "clip_by_norm", "ema_step", "dropout"]
    layers = [name for name, kernel in KERNELS.items() if kernel.storey == "layer" and name not in [*steps, *around]]
    parts = {
        "layers": ("Kernels of layers and losses", layers),
        "steps": ("Steps of optimizers", [name for name, counts in steps.items() if not counts]),
        "counting_steps": ("Steps of optimizers that count them", [name for name, counts in steps.items() if counts]),
        "around_steps": ("What is done around an optimizer's step", around),
    }
    return {ROOT / f"fastnn/jit/{name}.py": module(title, names) for name, (title, names) in parts.items()}


def main(arguments: list[str]) -> int:
    stale = {path: text for path, text in files().items() if not path.is_file() or path.read_text() != text}
    if arguments == ["--check"]:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is stale: run python tools/generate_jit.py", file=sys.stderr)
        return 1 if stale else 0
    for path, text in stale.items():
        path.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
