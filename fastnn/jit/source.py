"""The nopython code of a kernel, as source text: checks of shapes and numbers, and the call of the C interface.

It is made of what the contract says of the kernel, and of what is known of the arguments when a call is compiled.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from fastnn.kernels.contract import KERNELS, Argument, Kernel
from fastnn.kernels.public.checked_call import LOWEST, RANGES

__all__ = ["Known", "implementation"]


@dataclass(frozen=True)
class Known:
    """What is known of a call when it is compiled.

    Parameters
    ----------
    signature : str
        The public function's, without its name: "(x, w, b, activation="relu", out=None)".
    dtype : str
        "float32" or "float64".
    missing : tuple of str
        Arrays that are None: inputs that are left out, and outputs that the function makes.
    structs : dict of str to str
        Expressions for what C takes as a struct, by the option's name.
    """

    signature: str
    dtype: str
    missing: tuple[str, ...]
    structs: dict[str, str]


def _is_array(argument: Argument) -> bool:
    return argument.role != "option"


def _is_written(argument: Argument) -> bool:
    return argument.role in ("output", "update")


def _local(kernel: Kernel, argument: Argument) -> str:
    """What an array is called in the code: several outputs come as one tuple."""
    outputs = kernel.with_role("output")
    if argument.role != "output":
        return argument.name
    return "out" if len(outputs) == 1 else f"out_{outputs.index(argument)}"


def _described(argument: Argument) -> str:
    return f"{argument.name} ({', '.join(argument.shape)}{',' * (len(argument.shape) == 1)})"


def _shapes(kernel: Kernel, known: Known) -> Iterator[str]:
    """Read sizes from the inputs, make the outputs that are missing, and compare all the others."""
    seen: set[str] = set()
    different = []
    for argument in sorted(filter(_is_array, kernel.arguments), key=lambda each: each.role == "output"):
        name = _local(kernel, argument)
        if argument.name in known.missing:
            if argument.role == "output":
                yield f"{name} = empty(({''.join(f'{letter}_, ' for letter in argument.shape)}), dtype)"
            continue
        for axis, letter in enumerate(argument.shape):
            if letter in seen:
                different.append(f"{name}.shape[{axis}] != {letter}_")
            else:
                yield f"{letter}_ = {name}.shape[{axis}]"
            seen.add(letter)
    if different:
        given = [each for each in kernel.arguments if _is_array(each) and each.name not in known.missing]
        wanted = ", ".join(map(_described, given))
        yield f"if {' or '.join(different)}:"
        yield f'    raise ValueError("fastnn.jit.{kernel.name} wants {wanted}, and the shapes of these do not fit.")'


def _overlaps(kernel: Kernel, known: Known) -> Iterator[str]:
    """What is written shares no memory with anything else."""
    given = [each for each in kernel.arguments if _is_array(each) and each.name not in known.missing]
    for first, second in combinations(given, 2):
        if _is_written(first) or _is_written(second):
            yield f"if not apart({_local(kernel, first)}, {_local(kernel, second)}):"
            message = f"{first.name} and {second.name} share memory, of which one is written."
            yield f'    raise ValueError("fastnn.jit.{kernel.name}: {message}")'


def _ranges(kernel: Kernel) -> Iterator[str]:
    """Numbers are what the public kernels take."""
    for argument in kernel.with_role("option"):
        name = argument.name
        if name in LOWEST:
            test, wanted = f"{name} >= {LOWEST[name]}", f"at least {LOWEST[name]}"
        elif name in RANGES:
            test, wanted = f"allows_{name}({name})", RANGES[name][1]
        else:
            continue
        yield f"if not {test}:"
        yield f'    raise ValueError("fastnn.jit.{kernel.name}: {name} is out of its range, wanted {wanted}.")'


def _result(kernel: Kernel) -> str:
    outputs = [_local(kernel, argument) for argument in kernel.with_role("output")]
    numbers = ["number"] * len(kernel.returns)
    if outputs or numbers:
        return ", ".join(numbers + outputs)
    return kernel.arguments[0].name


def _call(kernel: Kernel, known: Known) -> str:
    """What calls the function of the C interface."""
    given = []
    for argument in kernel.arguments:
        if not _is_array(argument):
            given.append(known.structs.get(argument.name, argument.name))
        elif argument.name in known.missing and argument.role == "input":
            given.append("None")
        else:
            given.append(_local(kernel, argument))
    used = {letter for argument in kernel.arguments for letter in argument.shape}
    given += [f"{letter}_" for letter in "niop" if letter in used]
    return f"call({', '.join(given)})"


def implementation(name: str, known: Known) -> str:
    """The source of a function with the public one's name and signature."""
    kernel = KERNELS[name]
    outputs = kernel.with_role("output")
    lines = []
    if len(outputs) > 1 and outputs[0].name not in known.missing:
        lines.append(f"{', '.join(_local(kernel, each) for each in outputs)} = out")
    lines += [*_shapes(kernel, known), *_overlaps(kernel, known), *_ranges(kernel)]
    lines += [f"status, number = {_call(kernel, known)}", "if status != 0:", "    fail(status)"]
    lines.append(f"return {_result(kernel)}")
    return "\n".join([f"def {name}{known.signature}:", *(f"    {line}" for line in lines), ""])
