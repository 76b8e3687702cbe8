"""The tables that summaries of logistic regressions print."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["firth_table", "table"]

_WIDEST_NAME = 32


def table(summary: Any) -> str:
    """The whole table of a `Summary`, as lines of text."""
    return _whole(summary, _head(summary), ("z", "p"), (summary.z, summary.p_value))


def firth_table(summary: Any) -> str:
    """The whole table of a `FirthSummary`, as lines of text."""
    return _whole(summary, _firth_head(summary), ("chi2", "p"), (summary.chi2, summary.p_value))


def _whole(summary: Any, head: str, names: tuple[str, str], test: tuple[Any, Any]) -> str:
    """The head, and the parameters of every contrast with a test (m, k) of these names."""
    parts = [head]
    for row, name in enumerate(summary.classes[1:]):
        lines = _contrast(summary, row, names, (test[0][row], test[1][row]))
        parts.append(f"log-odds of {name!s} against {summary.classes[0]!s}\n{lines}")
    return "\n\n".join(parts)


def _head(summary: Any) -> str:
    left = [
        ("observations", f"{summary.n_observations:.10g}"),
        ("parameters", f"{summary.estimate.size}"),
        ("residual df", f"{summary.df_residual:.10g}"),
        ("pseudo R2", f"{summary.pseudo_r2:.4f}"),
    ]
    right = [
        ("log-likelihood", f"{summary.log_likelihood:.4f}"),
        ("of the null model", f"{summary.null_log_likelihood:.4f}"),
        ("AIC", f"{summary.aic:.4f}"),
        ("BIC", f"{summary.bic:.4f}"),
    ]
    title = "Logistic regression by maximum likelihood"
    return "\n".join([title, *_figures(left, right), f"likelihood-ratio test of all features: {_ratio(summary)}"])


def _firth_head(summary: Any) -> str:
    left = [("observations", f"{summary.n_observations:.10g}"), ("parameters", f"{summary.estimate.size}")]
    right = [
        ("log-likelihood*", f"{summary.log_likelihood:.4f}"),
        ("of the null model*", f"{summary.null_log_likelihood:.4f}"),
    ]
    title = "Logistic regression by Firth's penalised likelihood"
    note = "* penalised by half the logarithm of the information's determinant, as are tests and intervals"
    test = f"penalised likelihood-ratio test of all features: {_ratio(summary)}"
    return "\n".join([title, *_figures(left, right), test, note])


def _figures(left: Sequence[tuple[str, str]], right: Sequence[tuple[str, str]]) -> list[str]:
    return [f"{a:<14}{b:>14}    {c:<18}{d:>16}" for (a, b), (c, d) in zip(left, right, strict=True)]


def _ratio(summary: Any) -> str:
    p = _p(summary.likelihood_ratio_p_value, "= ")
    return f"chi2({summary.df_model}) = {summary.likelihood_ratio:.4f}, p {p}"


def _contrast(summary: Any, row: int, tests: tuple[str, str], test: tuple[Any, Any]) -> str:
    """Parameters of one contrast, a line each, with a test (k,) of these names."""
    names = [_short(name) for name in summary.names]
    width = max(map(len, names))
    tail = (1 - summary.level) / 2
    ends = (f"{100 * tail:.4g} %", f"{100 * (1 - tail):.4g} %")
    heads = ("estimate", "std. error", *tests, *ends)
    rule = "-" * (width + sum(_WIDTHS))
    lines = [" " * width + "".join(f"{head:>{w}}" for head, w in zip(heads, _WIDTHS, strict=True)), rule]
    columns = (summary.estimate[row], summary.standard_error[row], *test, summary.confidence_interval[row])
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
