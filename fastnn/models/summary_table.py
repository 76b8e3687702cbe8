"""The table that a summary of a logistic regression prints."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["table"]

_WIDEST_NAME = 32


def table(summary: Any) -> str:
    """The whole table, as lines of text."""
    parts = [_head(summary)]
    for row, name in enumerate(summary.classes[1:]):
        parts.append(f"log-odds of {name!s} against {summary.classes[0]!s}\n{_contrast(summary, row)}")
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
    lines = [f"{a:<14}{b:>14}    {c:<18}{d:>16}" for (a, b), (c, d) in zip(left, right, strict=True)]
    test = f"chi2({summary.df_model}) = {summary.likelihood_ratio:.4f}, p {_p(summary.likelihood_ratio_p_value, '= ')}"
    return "\n".join(
        ["Logistic regression by maximum likelihood", *lines, f"likelihood-ratio test of all features: {test}"]
    )


def _contrast(summary: Any, row: int) -> str:
    """Parameters of one contrast, a line each."""
    names = [_short(name) for name in summary.names]
    width = max(map(len, names))
    tail = (1 - summary.level) / 2
    ends = (f"{100 * tail:.4g} %", f"{100 * (1 - tail):.4g} %")
    heads = ("estimate", "std. error", "z", "p", *ends)
    rule = "-" * (width + sum(_WIDTHS))
    lines = [" " * width + "".join(f"{head:>{w}}" for head, w in zip(heads, _WIDTHS, strict=True)), rule]
    columns = (summary.estimate[row], summary.standard_error[row], summary.z[row], summary.p_value[row])
    for name, estimate, error, z, p, (low, high) in zip(names, *columns, summary.confidence_interval[row], strict=True):
        cells = (f"{estimate:#.5g}", f"{error:#.5g}", f"{z:.2f}", _p(p), f"{low:#.5g}", f"{high:#.5g}")
        lines.append(f"{name:<{width}}" + "".join(f"{cell:>{w}}" for cell, w in zip(cells, _WIDTHS, strict=True)))
    return "\n".join(lines)


_WIDTHS = (13, 13, 9, 9, 13, 13)


def _p(p: float, equals: str = "") -> str:
    if np.isnan(p):
        return f"{equals}nan"
    return "< 1e-4" if p < 1e-4 else f"{equals}{p:.4f}"


def _short(name: str) -> str:
    return name if len(name) <= _WIDEST_NAME else f"{name[: _WIDEST_NAME - 3]}..."
