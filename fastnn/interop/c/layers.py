"""The statements that compute a network from its weights, layer by layer."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn.activations import Activation, get
from fastnn.interop.c.activations import element, row_softmax
from fastnn.interop.c.text import function_of_math, number, numbers, type_of
from fastnn.serving.served import ServedModel, Step

__all__ = ["Layers", "linked"]

_OPERATORS = {"subtract": "-", "divide": "/", "multiply": "*", "add": "+"}


class Layers:
    """The code of a network in one dtype.

    Attributes
    ----------
    tables : str
        Weights, biases and the numbers of the steps before.
    functions : str
        One for each activation.
    statements : str
        What computes the last layer's activations from x.
    result : str
        The array in which they are then.
    stack : int
        Numbers in arrays on the stack.
    """

    def __init__(self, name: str, served: ServedModel) -> None:
        plan, steps = served.network.plan, served.steps
        self._name, self._plan, self._dtype = name, plan, plan.dtype
        self._rounded = served.rounded
        self._functions: dict[Activation, str] = {}  # their names in C
        self.functions = ""
        hidden = plan.widths[1:]
        sizes = {"a": max(hidden[0::2]), "b": max(hidden[1::2], default=0)}
        self.stack = sum(sizes.values())
        kind = type_of(self._dtype)
        declared = ", ".join(f"{array}[{size}]" for array, size in sizes.items() if size)
        self.statements = f"{kind} {declared};\n"
        weights, biases = plan.unpack(served.network.params)
        self.tables = "".join(self._table_of(place, step) for place, step in enumerate(steps))
        source = "x"
        for l, (w, b) in enumerate(zip(weights, biases, strict=True)):
            self.tables += numbers(f"{name}_w{l}", w, self._dtype)
            if b is not None:
                self.tables += numbers(f"{name}_b{l}", b, self._dtype)
            target = "ab"[l % 2]
            self.statements += self._layer(l, source, target, b is not None, steps if l == 0 else ())
            source = target
        self.result = source

    # --- the steps before -----------------------------------------------------------------------

    def _table_of(self, place: int, step: Step) -> str:
        if step.operation == "clip":
            return ""
        return numbers(f"{self._name}_s{place}", step.values, self._dtype_of(place))

    def _dtype_of(self, place: int) -> np.dtype[Any]:
        """What a step computes in: where scikit-learn does so in float64, the result is rounded."""
        return self._dtype if self._rounded[place] else np.dtype(np.float64)

    def _steps(self, steps: tuple[Step, ...]) -> str:
        """Statements on one feature v, that of number k."""
        kind, code = type_of(self._dtype), ""
        for place, step in enumerate(steps):
            values = f"{self._name}_s{place}[k]"
            if step.operation == "clip":
                low, high = (number(value, self._dtype) for value in step.values)
                code += f"v = v < {low} ? {low} : (v > {high} ? {high} : v);\n"
            elif self._dtype_of(place) == self._dtype:
                code += f"v {_OPERATORS[step.operation]}= {values};\n"
            else:
                code += f"v = ({kind})((double)v {_OPERATORS[step.operation]} {values});\n"
        return code

    # --- layers ---------------------------------------------------------------------------------

    def _layer(self, l: int, source: str, target: str, bias: bool, steps: tuple[Step, ...]) -> str:
        i, o = self._plan.widths[l : l + 2]
        kind, name, activation = type_of(self._dtype), self._name, self._plan.activations[l]
        start = f"{name}_b{l}[j]" if bias else number(0, self._dtype)
        prepared = "".join(f"    {line}\n" for line in self._steps(steps).splitlines())
        code = f"""\
/* layer {l}: {i} to {o}, {activation.label} */
for (int j = 0; j < {o}; ++j) {target}[j] = {start};
for (int k = 0; k < {i}; ++k) {{
    {"" if steps else "const "}{kind} v = {source}[k];
    const {kind} *const w = {name}_w{l} + (long)k * {o};
{prepared}    for (int j = 0; j < {o}; ++j) {target}[j] += v * w[j];
}}
"""
        if activation.by_row:
            return code + row_softmax(target, o, self._dtype, log=activation.name == "log_softmax")
        if activation == get("identity"):
            return code
        function = self._functions.get(activation)
        if function is None:
            function = self._functions[activation] = f"{name}_f{len(self._functions)}"
            self.functions += element(activation, function, self._dtype)
        return code + f"for (int j = 0; j < {o}; ++j) {target}[j] = {function}({target}[j]);\n"


def linked(output: str, link: str, array: str, width: int, dtype: np.dtype[Any]) -> str:
    """The statements that put what a method gives into `out`, of the raw output in an array."""
    each = f"for (int j = 0; j < {width}; ++j)"
    if output == "pairs":
        return f"out[0] = {_sigmoid(f'-{array}[0]', dtype)};\nout[1] = {_sigmoid(f'{array}[0]', dtype)};\n"
    if output == "raw" or link == "identity":
        return f"{each} out[j] = {array}[j];\n"
    if link == "softmax":
        return row_softmax(array, width, dtype, log=False) + f"{each} out[j] = {array}[j];\n"
    if link == "sigmoid":
        return f"{each} out[j] = {_sigmoid(f'{array}[j]', dtype)};\n"
    return f"{each} out[j] = {function_of_math('exp', dtype)}({array}[j]);\n"


def _sigmoid(z: str, dtype: np.dtype[Any]) -> str:
    one = number(1, dtype)  # exp may become infinite, and the quotient 0, which is right
    return f"{one} / ({one} + {function_of_math('exp', dtype)}(-({z})))"
