"""What a network gives for one row, as LLVM's intermediate code."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils

from fastnn.jit.architecture import CLASS, LABELS, PAIRS, RAW
from fastnn.jit.emit import Emitter
from fastnn.jit.vectors import INT32, INT64, number

__all__ = ["OutputEmitter"]


class OutputEmitter(Emitter):
    """Writes the whole way from a row to what the network gives."""

    def outputs(self, x: Any, out: Any) -> None:
        """What the network gives for x, at out, which has numbers or integers as the architecture says.

        Out may be the same memory as x.
        """
        architecture = self.architecture
        if architecture.output == CLASS:
            self._class(self._raw(x), out)
        elif architecture.output == LABELS:
            self._labels(self._raw(x), out)
        elif architecture.is_large:
            self.copy(self._by_native_kernel(x), out, architecture.n_outputs)
        elif architecture.output == RAW:
            self.activations(x, out)
        else:
            z = self.scratch(architecture.n_outputs)
            self.activations(x, z)
            if architecture.output == PAIRS:
                self.pair(z)
            self.link(z, out)

    def _by_native_kernel(self, x: Any) -> Any:
        """Where it writes what the network gives, or for labels what they are made of; out might be x."""
        memory = self.scratch(max(self.architecture.n_outputs, self.architecture.widths[-1]))
        self.rows(x, memory, 1)
        return memory

    def rows(self, x: Any, out: Any, n: Any) -> Any:
        """What the network gives for n rows, by the native kernel for a whole network; its status."""
        layout, output = self.layout, self.architecture.output
        network, params, loss = (self.address(part, INT64) for part in (layout.network, layout.params, layout.loss))
        of_link = None if output in (RAW, CLASS, LABELS) else loss
        pairs = ir.Constant(INT32, int(output == PAIRS))
        return self.call("network_forward", network, params, x, of_link, pairs, out, n)

    def _raw(self, x: Any) -> Any:
        """Where the last layer's activation is."""
        if self.architecture.is_large:
            return self._by_native_kernel(x)
        z = self.scratch(self.architecture.widths[-1])
        self.activations(x, z)
        return z

    def pair(self, z: Any) -> None:
        """-z and z of one number, in its place."""
        value = self.builder.load(z)
        self.builder.store(self.builder.fneg(value), z)
        self.builder.store(value, self.scalar.at(z, 1))

    def link(self, z: Any, out: Any, slope: Any = None) -> None:
        """The loss's link."""
        architecture = self.architecture
        if architecture.link == "identity":
            self.copy(z, out, architecture.n_outputs)
        elif architecture.link == "exp":
            self.call("link", z, self.address(self.layout.loss, INT64), out, 1, architecture.n_outputs)
        else:
            self.activate(architecture.n_layers, z, out, slope)

    # --- labels ---------------------------------------------------------------------------------

    def _class(self, z: Any, out: Any) -> None:
        """The integer of the likeliest class."""
        labels = self.address(self.layout.labels, INT64)
        place = self.builder.gep(labels, [self._likeliest(z)])
        self.builder.store(self.builder.load(place), out)

    def _likeliest(self, z: Any) -> Any:
        """The first of the largest numbers, or the first that is none, as NumPy's argmax; of one whether it is above 0."""
        builder, count = self.builder, self.architecture.widths[-1]
        if count == 1:
            return builder.zext(builder.fcmp_ordered(">", builder.load(z), ir.Constant(self.real, 0.0)), INT64)
        index = cgutils.alloca_once_value(builder, number(0))
        with cgutils.for_range(builder, number(count - 1)) as loop:
            c = builder.add(loop.index, number(1))
            largest = builder.load(builder.gep(z, [builder.load(index)]))
            above = builder.fcmp_unordered(">", builder.load(builder.gep(z, [c])), largest)
            takes = builder.and_(above, builder.fcmp_ordered("ord", largest, largest))
            builder.store(builder.select(takes, c, builder.load(index)), index)
        return builder.load(index)

    def _labels(self, z: Any, out: Any) -> None:
        """1 where a number is above zero."""
        builder, zero = self.builder, ir.Constant(self.real, 0.0)
        with cgutils.for_range(builder, number(self.architecture.widths[-1])) as loop:
            has_label = builder.fcmp_ordered(">", builder.load(builder.gep(z, [loop.index])), zero)
            builder.store(builder.zext(has_label, INT64), builder.gep(out, [loop.index]))
