"""What the function of a header gives: numbers, a class or labels; and the row that it tests itself with."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn.interop.c.layers import Layers, linked
from fastnn.interop.c.text import array_of, integer, is_string, number, numbers, string, type_of
from fastnn.interop.c.trial import trial_of
from fastnn.serving.served import ServedModel

__all__ = ["Answer", "answer_of"]

_STRING = "const char *"
_INTEGERS = (  # each with the suffix of its literals, the least, and where it ends
    ("long", "L", -(2**31), 2**31),
    ("long long", "LL", -(2**63), 2**63),
    ("unsigned long long", "ULL", 0, 2**64),
)


def answer_of(name: str, served: ServedModel) -> Answer:
    """The answer of a method; ValueError where C has none such."""
    kind = {"class": _Class, "labels": _Labels}.get(served.output, _Numbers)
    return kind(name, served)


class Answer:
    """The function of a header and its self-test.

    Attributes
    ----------
    width : int
        Of the answer.
    tables : str
        Arrays that the functions read.
    """

    width: int

    def __init__(self, name: str, served: ServedModel) -> None:
        self.name, self.served = name, served
        self.plan = served.network.plan
        self.dtype = self.plan.dtype
        self.kind = type_of(self.dtype)
        self.trial = trial_of(served)
        x = numbers(f"{name}_test_x", self.trial.x, self.dtype)
        self.tables = self._classes() + x + self._expected()

    def _classes(self) -> str:
        return ""

    @abstractmethod
    def _expected(self) -> str:
        """The table of what is expected of the row."""

    @abstractmethod
    def function(self, layers: Layers) -> str:
        """The definition of the function, or functions."""

    @abstractmethod
    def _is_right(self) -> str:
        """The statements of the self-test."""

    def self_test(self) -> str:
        """The definition of the self-test."""
        return (
            "/* 1 if the answer to one row is what it should be, else 0. */\n"
            f"static inline int {self.name}_self_test(void)\n{_block(self._is_right())}"
        )


class _Numbers(Answer):
    @property
    def width(self) -> int:  # type: ignore[override]
        return 2 if self.served.output == "pairs" else self.plan.widths[-1]

    def _expected(self) -> str:
        return numbers(f"{self.name}_test_out", self.trial.out, self.dtype)

    def function(self, layers: Layers) -> str:
        end = linked(self.served.output, self.plan.loss.link, layers.result, self.plan.widths[-1], self.dtype)
        head = f"static inline void {self.name}_{self.served.method}(const {self.kind} *x, {self.kind} *out)"
        what = f"/* out[{self.width}] of x[{self.plan.widths[0]}], which may overlap. */\n"
        return f"{what}{head}\n{_block(layers.statements + end)}"

    def _is_right(self) -> str:
        tolerance = number(float(f"{self.trial.tolerance:.1e}"), self.dtype)
        fabs = "fabsf" if self.kind == "float" else "fabs"
        expected, one = f"{self.name}_test_out[j]", number(1, self.dtype)
        return f"""\
{self.kind} out[{self.width}];
{self.name}_{self.served.method}({self.name}_test_x, out);
for (int j = 0; j < {self.width}; ++j)
    if (!({fabs}(out[j] - {expected}) <= {tolerance} * ({one} + {fabs}({expected})))) return 0;
return 1;
"""


class _Class(Answer):
    width = 1

    def _classes(self) -> str:
        classes = np.asarray(self.served.network.classes)
        self._type, items = _labels_in_c(classes)
        declared = "char *const " if self._type == _STRING else self._type  # array_of writes a const before it
        return array_of(f"{declared}{self.name}_classes", items)

    def _expected(self) -> str:
        z = self.trial.z
        index = int(z[0] > 0) if len(z) == 1 else int(z.argmax())
        return f"static const int {self.name}_test_class = {min(index, self._n_classes() - 1)};\n"

    def _n_classes(self) -> int:
        return len(np.asarray(self.served.network.classes))

    def function(self, layers: Layers) -> str:
        z, o = layers.result, self.plan.widths[-1]
        if o == 1:
            choice = f"return {z}[0] > {number(0, self.dtype)};\n" if self._n_classes() > 1 else "return 0;\n"
            choice = choice if self._n_classes() > 1 else f"(void){z};\n{choice}"
        else:
            choice = (
                f"int best = 0;\nfor (int j = 1; j < {o}; ++j)\n    if ({z}[j] > {z}[best]) best = j;\nreturn best;\n"
            )
        name = self.name
        return f"""\
/* The number of the likeliest class, in {name}_classes, for x[{self.plan.widths[0]}]. */
static inline int {name}_class(const {self.kind} *x)
{_block(layers.statements + choice)}
/* Its label. */
static inline {self._type}{name}_predict(const {self.kind} *x)
{{
    return {name}_classes[{name}_class(x)];
}}
"""

    def _is_right(self) -> str:
        return f"return {self.name}_class({self.name}_test_x) == {self.name}_test_class;\n"


class _Labels(Answer):
    @property
    def width(self) -> int:  # type: ignore[override]
        return self.plan.widths[-1]

    def _expected(self) -> str:
        return array_of(f"int {self.name}_test_labels", [str(int(z > 0)) for z in self.trial.z])

    def function(self, layers: Layers) -> str:
        end = f"for (int j = 0; j < {self.width}; ++j) labels[j] = {layers.result}[j] > {number(0, self.dtype)};\n"
        head = f"static inline void {self.name}_predict(const {self.kind} *x, int *labels)"
        what = f"/* 1 for each of the labels[{self.width}] that x[{self.plan.widths[0]}] has, else 0. */\n"
        return f"{what}{head}\n{_block(layers.statements + end)}"

    def _is_right(self) -> str:
        return f"""\
int labels[{self.width}];
{self.name}_predict({self.name}_test_x, labels);
for (int j = 0; j < {self.width}; ++j)
    if (labels[j] != {self.name}_test_labels[j]) return 0;
return 1;
"""


def _labels_in_c(classes: NDArray[Any]) -> tuple[str, list[str]]:
    """The type of the labels, and each of them; ValueError where C has no such type."""
    values = classes.tolist()
    if all(isinstance(value, (bool, int)) for value in values):
        for kind, suffix, least, bound in _INTEGERS:
            if least <= min(values) and max(values) < bound:
                return f"{kind} ", [integer(int(value), suffix, least) for value in values]
    if all(isinstance(value, float) for value in values):
        return "double ", [number(value, np.dtype(np.float64)) for value in values]
    if all(isinstance(value, str) and is_string(value) for value in values):
        return _STRING, [string(value) for value in values]
    raise ValueError(
        f"classes_ has labels that C has no type for: {classes}. Wanted integers of at most 64 bits, floats, or "
        "strings of UTF-8 without a null; or use another method, such as 'raw'."
    )


def _block(code: str) -> str:
    return "{\n" + "".join(f"    {line}\n" if line else "\n" for line in code.splitlines()) + "}\n"
