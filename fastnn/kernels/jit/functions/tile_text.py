"""The loop of a tile function around the expressions of its vectors."""

from __future__ import annotations

from collections.abc import Sequence

from fastnn.kernels.jit.functions.graph import Graph, Node
from fastnn.kernels.jit.functions.llvm_text import Writer
from fastnn.kernels.jit.functions.object_code import pointer_to, vector_bits
from fastnn.kernels.jit.functions.sum_text import Sum

__all__ = ["activation_text", "backward_text", "lanes_of", "loss_text"]

_VECTORS = 2  # in a step: the one's operations run in the shadow of the other's


def lanes_of(graph: Graph) -> int:
    """How many elements a step of the loop has."""
    bits = 8 * int(graph.dtype().itemsize)
    return _VECTORS * vector_bits() // bits


class _Loop:
    """A function over `count` elements: whole vectors, then a masked one, by the same instructions.

    All inputs of a step are read before its outputs are written, so that they may lie in the same memory.
    """

    def __init__(self, writer: Writer) -> None:
        self.writer, self._with_calls = writer, Writer(writer.graph, writer.lanes, calls_libm=True)
        self.lanes, self.vector = writer.lanes, writer.vector
        self.pointer, self.vector_pointer = pointer_to(writer.element), pointer_to(writer.vector)
        self.align = 4 if writer.element == "float" else 8
        self.mask = f"<{self.lanes} x i1>"
        kind = f"v{self.lanes}{'f32' if self.align == 4 else 'f64'}"
        self._suffix = f"{kind}.p0" if self.vector_pointer == "ptr" else f"{kind}.p0{kind}"

    def function(self, name: str, inputs: Sequence[str], outputs: dict[str, Node]) -> str:
        """A function that reads `inputs` and writes `outputs`, of the arrays that have their names."""
        results, body = self._results(outputs)
        lines = [
            f"define internal void @{name}({self._arrays((*inputs, *outputs))}, i64 %count) #0 {{",
            "entry:",
            *self._step(self._places((*inputs, *outputs)), inputs, body),
            "whole_out:",
            *(self._store(*each) for each in results.items()),
            "  br label %again",
            *self._again(),
            "rest_out:",
            *self._mask("out"),
            *(self._masked_store(*each) for each in results.items()),
            "  br label %done",
            "done:",
            "  ret void",
            "}",
        ]
        return "\n".join(lines)

    def sum_function(self, name: str, inputs: Sequence[str], summed: Node, outputs: dict[str, Node]) -> str:
        """The same of a function that returns a sum in float64. Expressions may have the argument `scale`."""
        total = Sum(self.writer.element, self.lanes)
        arguments = f"{self._arrays((*inputs, *outputs))}, double %one_scale, i64 %count"
        results, body = self._results({"summed": summed, **outputs})
        term = results.pop("summed")
        lines = [
            f"define internal double @{name}({arguments}) #0 {{",
            "entry:",
            *self._scale(),
            *self._step([*total.begin(), *self._places((*inputs, *outputs))], inputs, body),
            "whole_out:",
            *(self._store(*each) for each in results.items()),
            *total.whole(term),
            *self._again(total.again()),
            "rest_out:",
            *self._mask("out"),
            *(self._masked_store(*each) for each in results.items()),
            *total.rest(term),
            "  br label %done",
            "done:",
            *total.end(),
            "}",
        ]
        return "\n".join(lines)

    def _arrays(self, names: Sequence[str]) -> str:
        return ", ".join(f"{self.pointer} %at_{each}" for each in names)

    def _results(self, outputs: dict[str, Node]) -> tuple[dict[str, str], list[str]]:
        """Nodes as operands, and the instructions that compute them."""
        tests = self.writer.large_angles(outputs.values())
        lines = [f"  {each}" for each in self.writer.body(outputs.values())]
        results = {each: f"%out_{each}" if tests else self.writer.text(node) for each, node in outputs.items()}
        return results, [*lines, *self._large_angles(tests, outputs)]

    def _scale(self) -> list[str]:
        """The argument `scale` in every lane."""
        element, vector, one = self.writer.element, self.vector, "%one_scale"
        lines = []
        if element == "float":
            lines.append("  %short_scale = fptrunc double %one_scale to float")
            one = "%short_scale"
        return [
            *lines,
            f"  %first_scale = insertelement {vector} undef, {element} {one}, i32 0",
            f"  %scale = shufflevector {vector} %first_scale, {vector} undef, <{self.lanes} x i32> zeroinitializer",
        ]

    def _step(self, begin: Sequence[str], inputs: Sequence[str], body: Sequence[str]) -> list[str]:
        """From the entry to the end of a step's body; `begin` are its first lines."""
        return [
            "  %empty = icmp slt i64 %count, 1",
            "  br i1 %empty, label %done, label %step",
            "step:",
            "  %k = phi i64 [ 0, %entry ], [ %next, %again ]",
            *begin,
            f"  %next = add i64 %k, {self.lanes}",
            "  %whole = icmp sle i64 %next, %count",
            "  %left = sub i64 %count, %k",
            "  br i1 %whole, label %whole_in, label %rest_in",
            "whole_in:",
            *(self._load(each) for each in inputs),
            "  br label %body",
            "rest_in:",
            *self._mask("in"),
            *(self._masked_load(each) for each in inputs),
            "  br label %body",
            "body:",
            *(self._either(each) for each in inputs),
            *body,
            "  br i1 %whole, label %whole_out, label %rest_out",
        ]

    def _again(self, begin: Sequence[str] = ()) -> list[str]:
        """The way to the next step."""
        more = "  %more = icmp slt i64 %next, %count"
        return ["again:", *begin, more, "  br i1 %more, label %step, label %done"]

    def declarations(self) -> list[str]:
        """Of all that functions call, which are written before."""
        arguments = f"{self.vector_pointer}, i32, {self.mask}"
        return [
            f"declare {self.vector} @llvm.masked.load.{self._suffix}({arguments}, {self.vector})",
            f"declare void @llvm.masked.store.{self._suffix}({self.vector}, {arguments})",
            *sorted(self.writer.declared | self._with_calls.declared),
            *self._with_calls.defined.values(),
            '!0 = !{!"branch_weights", i32 1, i32 10000}',
        ]

    def _places(self, names: Sequence[str]) -> list[str]:
        lines = []
        for each in names:
            at = f"%address_{each} = getelementptr {self.writer.element}, {self.pointer} %at_{each}, i64 %k"
            lines.append(f"  {at}")
            if self.vector_pointer != "ptr":
                lines.append(f"  %place_{each} = bitcast {self.pointer} %address_{each} to {self.vector_pointer}")
        return lines

    def _place(self, name: str) -> str:
        return f"{self.vector_pointer} %{'address' if self.vector_pointer == 'ptr' else 'place'}_{name}"

    def _mask(self, end: str) -> list[str]:
        count = f"<{self.lanes} x i32>"
        places = ", ".join(f"i32 {k}" for k in range(self.lanes))
        zeros = f"<{self.lanes} x i32> zeroinitializer"
        return [
            f"  %left_{end} = trunc i64 %left to i32",
            f"  %one_left_{end} = insertelement {count} undef, i32 %left_{end}, i32 0",
            f"  %all_left_{end} = shufflevector {count} %one_left_{end}, {count} undef, {zeros}",
            f"  %mask_{end} = icmp slt {count} <{places}>, %all_left_{end}",
        ]

    def _load(self, name: str) -> str:
        return f"  %whole_{name} = load {self.vector}, {self._place(name)}, align {self.align}"

    def _masked_load(self, name: str) -> str:
        call = f"call {self.vector} @llvm.masked.load.{self._suffix}"
        return (
            f"  %rest_{name} = {call}({self._place(name)}, i32 {self.align}, {self.mask} %mask_in, "
            f"{self.vector} zeroinitializer)"
        )

    def _either(self, name: str) -> str:
        return f"  %{name} = phi {self.vector} [ %whole_{name}, %whole_in ], [ %rest_{name}, %rest_in ]"

    def _large_angles(self, tests: Sequence[str], outputs: dict[str, Node]) -> list[str]:
        """A look whether there is a large angle, and the same instructions with calls for a step that has one."""
        if not tests:
            return []
        lines, found = [], tests[0]
        for k, each in enumerate(tests[1:]):
            lines.append(f"  %found_{k} = or {self.mask} {found}, {each}")
            found = f"%found_{k}"
        slow = self._with_calls.body(outputs.values())
        return [
            *lines,
            f"  %bits = bitcast {self.mask} {found} to i{self.lanes}",
            f"  %is_large = icmp ne i{self.lanes} %bits, 0",
            "  br i1 %is_large, label %calls, label %out, !prof !0",
            "calls:",
            *(f"  {each}" for each in slow),
            "  br label %out",
            "out:",
            *(self._either_way(*each) for each in outputs.items()),
        ]

    def _either_way(self, name: str, node: Node) -> str:
        fast, slow = self.writer.text(node), self._with_calls.text(node)
        return f"  %out_{name} = phi {self.vector} [ {fast}, %body ], [ {slow}, %calls ]"

    def _store(self, name: str, text: str) -> str:
        return f"  store {self.vector} {text}, {self._place(name)}, align {self.align}"

    def _masked_store(self, name: str, text: str) -> str:
        value = f"{self.vector} {text}"
        return (
            f"  call void @llvm.masked.store.{self._suffix}({value}, {self._place(name)}, i32 {self.align}, "
            f"{self.mask} %mask_out)"
        )


def activation_text(value: Node, slope: Node) -> str:
    """LLVM code of `fastnn_tile`, an ActivationTile."""
    loop = _Loop(Writer(value.graph, lanes_of(value.graph)))
    functions = [
        loop.function("value", ("z",), {"a": value}),
        loop.function("both", ("z",), {"a": value, "slope": slope}),
    ]
    p = loop.pointer
    entry = f"""define void @fastnn_tile({p} %parameters, {p} %z, {p} %a, {p} %slope, i64 %count) #0 {{
  %wanted = icmp ne {p} %slope, null
  br i1 %wanted, label %with, label %without
with:
  tail call void @both({p} %z, {p} %a, {p} %slope, i64 %count)
  ret void
without:
  tail call void @value({p} %z, {p} %a, i64 %count)
  ret void
}}"""
    return "\n".join([*functions, entry, *loop.declarations()])


def loss_text(value: Node, slope: Node) -> str:
    """LLVM code of `fastnn_tile`, a LossTile, and of `fastnn_run`, a LossRun."""
    graph = value.graph
    loop = _Loop(Writer(graph, lanes_of(graph)))
    p = loop.pointer
    functions = [
        loop.function("both", ("z", "y"), {"losses": value, "d_z": slope}),
        loop.sum_function("sums", ("z", "y"), value, {"d_z": slope * graph.argument("scale")}),
    ]
    entries = f"""define void @fastnn_tile({p} %parameters, {p} %z, {p} %y, {p} %losses, {p} %d_z, i64 %count) #0 {{
  tail call void @both({p} %z, {p} %y, {p} %losses, {p} %d_z, i64 %count)
  ret void
}}
define double @fastnn_run({p} %parameters, {p} %z, {p} %y, {p} %d_z, double %scale, i64 %count) #0 {{
  %total = tail call double @sums({p} %z, {p} %y, {p} %d_z, double %scale, i64 %count)
  ret double %total
}}"""
    return "\n".join([*functions, entries, *loop.declarations()])


def backward_text(d_z: Node) -> str:
    """LLVM code of `fastnn_tile`, a BackwardTile."""
    loop = _Loop(Writer(d_z.graph, lanes_of(d_z.graph)))
    loop.declarations()
    p = loop.pointer
    function = loop.function("both", ("z", "a", "d_a"), {"d_z": d_z})
    entry = f"""define void @fastnn_tile({p} %parameters, {p} %z, {p} %a, {p} %d_a, {p} %d_z, i64 %count) #0 {{
  tail call void @both({p} %z, {p} %a, {p} %d_a, {p} %d_z, i64 %count)
  ret void
}}"""
    return "\n".join([function, entry, *loop.declarations()])
