"""How a network's outputs change with the inputs of one row, as LLVM's intermediate code: forward, and back for each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba.core import cgutils

from fastnn.jit.architecture import INLINE, LINK, PAIRS
from fastnn.jit.emit_outputs import OutputEmitter
from fastnn.jit.vectors import INT64, Vectors, number

__all__ = ["GradientEmitter"]

_VECTORS = 8  # of a row that is passed over without a loop


class GradientEmitter(OutputEmitter):
    """Writes the gradient of the outputs."""

    def gradient(self, x: Any, out: Any) -> None:
        """d output / d x, at out: a row of inputs for every output."""
        architecture = self.architecture
        values, slopes, source = [], [], x
        for l in range(architecture.n_layers):
            a, slope = self._layer_with_slope(l, source)
            values.append(a)
            slopes.append(slope)
            source = a
        start = self._starts(source)
        with cgutils.for_range(self.builder, number(architecture.n_outputs)) as loop:
            d = self.scratch(architecture.widths[-1])
            start(loop.index, d)
            for l in reversed(range(architecture.n_layers)):
                self._through_activation(l, values[l], slopes[l], d)
                row = self.builder.mul(loop.index, number(architecture.widths[0]))
                below = self.scratch(architecture.widths[l]) if l > 0 else self.scalar.at(out, row)
                self._through_weights(l, d, below)
                d = below

    def _layer_with_slope(self, l: int, x: Any) -> tuple[Any, Any]:
        """Layer l's activation, and its slope where a native function has worked it out."""
        o, kind = self.architecture.widths[l + 1], self.architecture.activations[l]
        a, slope = self.scratch(o), self.scratch(o) if kind == "function" else None
        self.dense(l, x, a, padded=True)
        if kind not in INLINE:
            self.activate(l, a, a, slope)
        return a, slope

    # --- from an output to the last layer's activation ------------------------------------------

    def _starts(self, z: Any) -> Callable[[Any, Any], None]:
        """What writes the gradient of output k by z to d, from (k, d)."""
        architecture, builder = self.architecture, self.builder
        o, output = architecture.widths[-1], architecture.output
        p, slope = self.scratch(architecture.n_outputs), self.scratch(architecture.n_outputs)
        one = ir.Constant(self.real, 1.0)

        def alone(k: Any, d: Any, value: Any) -> None:
            cgutils.memset(builder, d, number(architecture.padded(o) * architecture.itemsize), 0)
            builder.store(value, builder.gep(d, [k]))

        if output not in (LINK, PAIRS) or architecture.link == "identity":
            return lambda k, d: alone(k, d, one)
        if output == PAIRS:
            both = self.scratch(2)
            builder.store(builder.load(z), both)
            self.pair(both)
            self.link(both, p, slope)
            return lambda k, d: builder.store(self._of_pair(k, slope), d)
        self.link(z, p, None if architecture.link == "exp" else slope)
        if architecture.link == "softmax":
            return lambda k, d: self._of_softmax(k, p, d)
        rates = p if architecture.link == "exp" else slope  # exp is its own slope
        return lambda k, d: alone(k, d, builder.load(builder.gep(rates, [k])))

    def _of_pair(self, k: Any, slope: Any) -> Any:
        """Of the first one with the opposite sign."""
        rate = self.builder.load(self.builder.gep(slope, [k]))
        return self.builder.select(self.builder.icmp_signed("==", k, number(0)), self.builder.fneg(rate), rate)

    def _of_softmax(self, k: Any, p: Any, d: Any) -> None:
        """p[k] (1 where c is k, else 0, minus p[c])."""
        builder, o = self.builder, self.architecture.widths[-1]
        mine = builder.load(builder.gep(p, [k]))
        minus = self.of_layer(o).splat(builder.fneg(mine))

        def body(vectors: Vectors, c: Any, count: int) -> None:
            vectors.store(vectors.first(builder.fmul(vectors.load(p, c), minus), count), d, c)

        self._each(o, body)
        place = builder.gep(d, [k])
        builder.store(builder.fadd(builder.load(place), mine), place)

    # --- back -----------------------------------------------------------------------------------

    def _each(self, o: int, body: Callable[[Vectors, Any, int], None]) -> None:
        """body(vectors, c, count) for every vector of a row; lanes from `count` on lie behind its end."""
        vectors = self.of_layer(o)
        full, rest = divmod(o, vectors.lanes)
        if full > _VECTORS:
            with cgutils.for_range(self.builder, number(full)) as loop:
                body(vectors, self.builder.mul(loop.index, number(vectors.lanes)), vectors.lanes)
        else:
            for v in range(full):
                body(vectors, v * vectors.lanes, vectors.lanes)
        if rest:
            body(vectors, full * vectors.lanes, rest)

    def _through_activation(self, l: int, a: Any, slope: Any, d: Any) -> None:
        """In d, from the gradient by the activation of layer l to that by its z; zero behind the row's end."""
        builder, kind, o = self.builder, self.architecture.activations[l], self.architecture.widths[l + 1]
        if kind in ("softmax", "log_softmax"):
            self._through_row_function(l, a, d)
            return

        def body(vectors: Vectors, c: Any, count: int) -> None:
            rate, value = vectors.load(d, c), vectors.load(a, c)
            if kind == "relu":
                zero = vectors.constant(0.0)
                rate = builder.select(builder.fcmp_ordered(">", value, zero), rate, zero)
            elif kind == "function":
                rate = builder.fmul(rate, vectors.load(slope, c))
            vectors.store(vectors.first(rate, count), d, c)

        self._each(o, body)

    def _through_row_function(self, l: int, a: Any, d: Any) -> None:
        """softmax: a (d - sum a d); log_softmax: d - exp(a) sum d."""
        builder, o = self.builder, self.architecture.widths[l + 1]
        is_log = self.architecture.activations[l] == "log_softmax"
        p = self.scratch(o) if is_log else a
        if is_log:
            self.call("link", a, self.address(self.layout.exp, INT64), p, 1, o)
        total = self._sum(o, lambda vectors, c: self._product(vectors, None if is_log else a, d, c))

        def body(vectors: Vectors, c: Any, count: int) -> None:
            rate, share, mean = vectors.load(d, c), vectors.load(p, c), vectors.splat(total)
            if is_log:
                rate = builder.fsub(rate, builder.fmul(share, mean))
            else:
                rate = builder.fmul(share, builder.fsub(rate, mean))
            vectors.store(vectors.first(rate, count), d, c)

        self._each(o, body)

    def _product(self, vectors: Vectors, a: Any, d: Any, c: Any) -> Any:
        rate = vectors.load(d, c)
        return rate if a is None else self.builder.fmul(rate, vectors.load(a, c))

    def _sum(self, o: int, term: Callable[[Vectors, Any], Any]) -> Any:
        """The sum over a row."""
        vectors = self.of_layer(o)
        total = cgutils.alloca_once_value(self.builder, vectors.constant(0.0))

        def body(vectors: Vectors, c: Any, count: int) -> None:
            value = vectors.first(term(vectors, c), count)
            self.builder.store(self.builder.fadd(self.builder.load(total), value), total)

        self._each(o, body)
        return vectors.sum(self.builder.load(total))

    def _through_weights(self, l: int, d: Any, out: Any) -> None:
        """out = w @ d of layer l."""
        architecture = self.architecture
        i, o = architecture.widths[l : l + 2]
        w, stride = self.address(self.layout.layers[l][1], self.real), number(architecture.padded(o))
        with cgutils.for_range(self.builder, number(i)) as loop:
            row = self.builder.gep(w, [self.builder.mul(loop.index, stride)])
            total = self._sum(o, lambda vectors, c: self._product(vectors, row, d, c))
            self.builder.store(total, self.builder.gep(out, [loop.index]))
