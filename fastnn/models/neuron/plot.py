"""The decision line of a neuron with two inputs, and how it moved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fastnn.install import install_hint
from fastnn.models.common.linear import LinearModel
from fastnn.tensors import as_host

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_decision_line"]

_COLOURS = ("tab:orange", "tab:blue")  # of the first and of the second class
_MOST_LINES = 50  # of the history; more would be a smear


def plot_decision_line(neuron: LinearModel, X: Any, y: Any, ax: Axes | None) -> Axes:
    """Draw the line w . x + b = 0 of a fitted neuron with two inputs, and where it ran in earlier passes.

    The parameters and the result are those of `Neuron.plot_decision_line`.
    """
    if neuron.n_features_in_ != 2:
        raise ValueError(f"The neuron has {neuron.n_features_in_} input(s): only one with 2 has a decision line.")
    if X is None and y is not None:
        raise ValueError("y colours the points of X, and there is no X: pass both.")
    ax = _new_axes() if ax is None else ax
    if X is not None:
        _draw_points(ax, neuron, np.asarray(as_host("X", X), float), as_host("y", y))
    else:
        _show_line(ax, neuron)
    coef, intercept = _path(neuron)
    for k, (w, b) in enumerate(zip(coef, intercept, strict=True)):
        _draw_line(ax, w, b, color="black", alpha=0.1 + 0.5 * (k + 1) / len(coef), linewidth=0.8)
    _draw_line(ax, neuron.coef_[0], neuron.intercept_[0], color="black", linewidth=2)
    names = getattr(neuron, "feature_names_in_", ("first input", "second input"))
    ax.set(xlabel=names[0], ylabel=names[1])
    return ax


def _new_axes() -> Axes:
    try:
        from matplotlib import pyplot as plt
    except ImportError as missing:
        raise ImportError(
            f"plot_decision_line draws with matplotlib, which cannot be imported here: {install_hint('plot')}."
        ) from missing
    return plt.subplots()[1]


def _path(neuron: LinearModel) -> tuple[NDArray[Any], NDArray[Any]]:
    """Weights of the history, at most so many passes of it, evenly spread; none where none is kept."""
    history = getattr(neuron, "history_", None)
    if history is None:
        return np.empty((0, 2)), np.empty(0)
    n = len(history["intercept"])
    rows = np.unique(np.linspace(0, n - 1, min(n, _MOST_LINES)).astype(int))
    return history["coef"][rows], history["intercept"][rows]


def _draw_points(ax: Any, neuron: LinearModel, X: NDArray[Any], y: Any) -> None:
    if y is None:
        ax.scatter(*X.T, s=12, color="tab:gray")
    else:
        for label, colour in zip(neuron.classes_, _COLOURS, strict=True):
            ax.scatter(*X[np.asarray(y) == label].T, s=12, color=colour, label=str(label))
        ax.legend()
    # Lines are endless: the points say what is seen.
    margin = 0.05 * (np.ptp(X, axis=0) + (np.ptp(X, axis=0) == 0))
    ax.set(xlim=(X[:, 0].min() - margin[0], X[:, 0].max() + margin[0]))
    ax.set(ylim=(X[:, 1].min() - margin[1], X[:, 1].max() + margin[1]))


def _show_line(ax: Any, neuron: LinearModel) -> None:
    """Limits within which the line is seen."""
    w, b = neuron.coef_[0], float(neuron.intercept_[0])
    reach = 1 + 2 * abs(b) / max(float(np.linalg.norm(w)), np.finfo(float).tiny)
    if np.isfinite(reach):
        ax.set(xlim=(-reach, reach), ylim=(-reach, reach))


def _draw_line(ax: Any, w: NDArray[Any], b: Any, **style: Any) -> None:
    """w . x + b = 0, through its point nearest to the origin; nothing where w is zero."""
    length = float(w @ w)
    if length > 0:
        nearest = -float(b) / length * w
        ax.axline(tuple(nearest), tuple(nearest + np.array([-w[1], w[0]]) / length**0.5), **style)
