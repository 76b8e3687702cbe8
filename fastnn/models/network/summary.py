"""A network in words: the call that makes it, and a table of its layers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fastnn import losses
from fastnn.layers import Dense, Layer
from fastnn.losses import Loss
from fastnn.plan import Plan

__all__ = ["call", "summary"]


def call(layers: Iterable[Layer], plan: Plan) -> str:
    """The call that makes such a network, defaults left out."""
    inside = ", ".join(map(_brief, layers))
    return f"Network([{inside}], n_inputs={plan.widths[0]}, loss={_loss(plan.loss)}, dtype={plan.dtype.name!r})"


def _loss(loss: Loss) -> str:
    """The name of a loss, or where it is more than the name stands for, the call that makes it."""
    if loss.code == losses.USER:
        return repr(loss)
    is_named = loss == losses.LOSSES[loss.name]
    return repr(loss.name) if is_named else f"losses.{loss.name}({loss.parameter})"


def _brief(layer: Layer) -> str:
    if not isinstance(layer, Dense):
        return repr(layer)
    given = layer.activation
    if isinstance(given, str) or given.label == given.name:
        name = given if isinstance(given, str) else given.name
        activation = "" if name == "identity" else f", {name!r}"
    else:
        activation = f", activations.{given.label}"
    return f"Dense({layer.units}{activation}{'' if layer.bias else ', bias=False'})"


def summary(layers: Iterable[Layer], plan: Plan) -> str:
    """A table with the shapes of every layer, its activation and the number of its parameters."""
    rows: list[tuple[str, ...]] = [("layer", "output", "w", "b", "activation", "parameters")]
    rows.append(("inputs", f"(n, {plan.widths[0]})", "", "", "", ""))
    l = 0
    for layer in layers:
        output = f"(n, {plan.widths[l]})"
        if isinstance(layer, Dense):
            rows.append(_dense_row(plan, l))
            l += 1
        else:
            rows.append((f"Dropout {layer.rate:g}", output, "", "", "", ""))
    size = plan.n_params * plan.dtype.itemsize
    loss = plan.loss.name if plan.loss.code == losses.USER else _loss(plan.loss).strip("'").removeprefix("losses.")
    total = f"{plan.n_params:,} parameters, {_bytes(size)}, {plan.dtype}, loss {loss}"
    return "\n".join([*_table(rows), total])


def _dense_row(plan: Plan, l: int) -> tuple[str, ...]:
    i, o, bias = plan.widths[l], plan.widths[l + 1], plan.bias[l]
    shapes = (f"(n, {o})", f"({i}, {o})", f"({o},)" if bias else "none")
    return (f"Dense {l}", *shapes, plan.activations[l].label, f"{i * o + o * bias:,}")


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of equal columns, a rule below the first; the last column, numbers, to the right."""
    sizes = [max(map(len, column)) for column in zip(*rows, strict=True)]

    def line(row: Sequence[str]) -> str:
        cells = [cell.ljust(size) for cell, size in zip(row[:-1], sizes[:-1], strict=True)]
        return "  ".join([*cells, row[-1].rjust(sizes[-1])]).rstrip()

    lines = [line(row) for row in rows]
    return [lines[0], "  ".join("-" * size for size in sizes), *lines[1:]]


def _bytes(size: float) -> str:
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} GB"
