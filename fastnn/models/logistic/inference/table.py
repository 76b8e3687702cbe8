"""The tables that summaries of logistic regressions print."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from fastnn.models.logistic.inference.figures import Figures
from fastnn.models.logistic.inference.likelihood import Vector

__all__ = ["ratio_test", "table"]

_WIDEST_NAME = 32


Lines = Sequence[tuple[str, str]]


def table(
    summary: Figures,
    title: str,
    left: Lines,
    right: Lines,
    notes: Sequence[str],
    tests: Mapping[str, Vector],
    interval: Vector,
) -> str:
    """The whole table of a summary, as lines of text.

    Parameters
    ----------
    summary : Figures
    title : str
    left, right : sequences of pairs
        Names and values of the figures at the head, in two columns.
    notes : sequence of str
        Below the figures.
    tests : mapping of str to ndarray (m, k)
        The columns between standard errors and confidence intervals: a statistic, and last its p-value.
    interval : ndarray (m, k, 2)
        The confidence intervals.
    """
    parts = ["\n".join([title, *_figures(left, right), *notes])]
    for row, name in enumerate(summary.classes[1:]):
        lines = _contrast(summary, row, {test: values[row] for test, values in tests.items()}, interval[row])
        parts.append(f"log-odds of {name!s} against {summary.classes[0]!s}\n{lines}")
    return "\n\n".join(parts)


def _figures(left: Lines, right: Lines) -> list[str]:
    return [f"{a:<14}{b:>14}    {c:<18}{d:>16}" for (a, b), (c, d) in zip(left, right, strict=True)]


def ratio_test(summary: Figures) -> str:
    """The likelihood-ratio test of all features, in words."""
    p = _p(summary.likelihood_ratio_p_value, "= ")
    return f"chi2({summary.df_model}) = {summary.likelihood_ratio:.4f}, p {p}"


def _contrast(summary: Figures, row: int, tests: Mapping[str, Vector], interval: Vector) -> str:
    """Parameters of one contrast, a line each, with tests (k,) and intervals (k, 2)."""
    names = [_short(name) for name in summary.names]
    width = max(map(len, names))
    tail = (1 - summary.level) / 2
    ends = (f"{100 * tail:.4g} %", f"{100 * (1 - tail):.4g} %")
    heads = ("estimate", "std. error", *tests, *ends)
    rule = "-" * (width + sum(_WIDTHS))
    lines = [" " * width + "".join(f"{head:>{w}}" for head, w in zip(heads, _WIDTHS, strict=True)), rule]
    columns = (summary.estimate[row], summary.standard_error[row], *tests.values(), interval)
    for name, estimate, error, statistic, p, (low, high) in zip(names, *columns, strict=True):
        cells = (f"{estimate:#.5g}", f"{error:#.5g}", f"{statistic:.2f}", _p(p), f"{low:#.5g}", f"{high:#.5g}")
        lines.append(f"{name:<{width}}" + "".join(f"{cell:>{w}}" for cell, w in zip(cells, _WIDTHS, strict=True)))
    return "\n".join(lines)


_WIDTHS = (13, 13, 9, 9, 13, 13)


def _p(p: float, equals: str = "") -> str:
    if np.isnan(p):
        return f"{equals}nan"
    return "< 1e-4" if p < 1e-4 else f"{equals}{p:.4f}"


def _short(name: str) -> str:
    return name if len(name) <= _WIDEST_NAME else f"{name[: _WIDEST_NAME - 3]}..."
