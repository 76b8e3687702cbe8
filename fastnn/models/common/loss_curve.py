"""The loss of every epoch as a picture."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from sklearn.exceptions import NotFittedError

from fastnn.install import install_hint
from fastnn.models.common.fitting import held

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure
    from matplotlib.lines import Line2D

__all__ = ["LossCurveDisplay", "plot_loss_curve"]


class LossCurveDisplay:
    """Curves over the epochs: the loss, and what was measured on held-out samples.

    It is best made by `from_estimator`. Needs matplotlib.

    Parameters
    ----------
    loss : sequence of float
        Of every epoch.
    validation_loss, validation_score : sequence of float, default=None
        On held-out samples; the score has an axis of its own, on the right.
    estimator_name : str, default=None
        For the legend.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where the curves are drawn.
    figure_ : matplotlib Figure
        What they are drawn in.
    line_ : matplotlib Line2D
        The loss.
    validation_lines_ : list of matplotlib Line2D
        Those of the held-out samples that there are.

    Examples
    --------
    >>> from fastnn import LossCurveDisplay
    >>> display = LossCurveDisplay([3.0, 2.0, 1.5], estimator_name="three epochs")
    >>> display.plot().ax_.get_xlabel()  # doctest: +SKIP
    'Epoch'
    """

    ax_: Axes
    figure_: Figure | SubFigure
    line_: Line2D
    validation_lines_: list[Line2D]

    def __init__(
        self,
        loss: Sequence[float],
        *,
        validation_loss: Sequence[float] | None = None,
        validation_score: Sequence[float] | None = None,
        estimator_name: str | None = None,
    ) -> None:
        self.loss = loss
        self.validation_loss = validation_loss
        self.validation_score = validation_score
        self.estimator_name = estimator_name

    @classmethod
    def from_estimator(
        cls, estimator: object, *, ax: Axes | None = None, name: str | None = None, **kwargs: Any
    ) -> Self:
        """Plot what an estimator tells of its training.

        Parameters
        ----------
        estimator : estimator or Network
            Anything trained that has a `history_`, a `history`, or a `loss_curve_` as
            scikit-learn's networks do.
        ax : matplotlib Axes, default=None
            Where to draw; a new figure if None.
        name : str, default=None
            For the legend; the estimator's class if None.
        **kwargs
            For matplotlib's `plot` of the loss.

        Returns
        -------
        LossCurveDisplay
            With the curves drawn.

        Raises
        ------
        NotFittedError
            A ValueError. If the estimator has no epochs to show.
        ImportError
            If matplotlib is not installed.
        """
        history = _history_of(estimator)
        curves = {key: history[key] for key in ("validation_loss", "validation_score") if _has_numbers(history, key)}
        display = cls(history["loss"], estimator_name=name or type(estimator).__name__, **curves)
        return display.plot(ax, **kwargs)

    def plot(self, ax: Axes | None = None, *, name: str | None = None, **kwargs: Any) -> Self:
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; a new figure if None.
        name : str, default=None
            For the legend, instead of the estimator's name.
        **kwargs
            For matplotlib's `plot` of the loss.

        Returns
        -------
        self
            The display itself, with the attributes of what was drawn.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        ax = self.ax_ = _pyplot().subplots()[1] if ax is None else ax
        self.figure_ = ax.figure
        name = self.estimator_name if name is None else name
        before = "" if name is None else f"{name}, "
        epochs = range(1, len(self.loss) + 1)
        self.line_ = ax.plot(epochs, self.loss, **{"label": f"{before}loss", **kwargs})[0]
        self.validation_lines_ = []
        style: dict[str, Any] = {"color": self.line_.get_color(), "label": f"{before}validation loss"}
        if self.validation_loss is not None:
            self.validation_lines_ += ax.plot(epochs, self.validation_loss, "--", **style)
        handles = ax.get_lines()
        if self.validation_score is not None:
            right, style["label"] = _right_of(ax), f"{before}validation score"
            self.validation_lines_ += right.plot(epochs, self.validation_score, ":", **style)
            right.set_ylabel("Validation score")
            handles = [*handles, *right.get_lines()]
        ax.set(xlabel="Epoch", ylabel="Loss")
        ax.legend(handles=handles)
        return self


def plot_loss_curve(self: object, ax: Axes | None = None, **kwargs: Any) -> LossCurveDisplay:
    """Plot the loss of every epoch, and what was measured on held-out samples.

    Parameters
    ----------
    ax : matplotlib Axes, default=None
        Where to draw; a new figure if None.
    **kwargs
        For matplotlib's `plot` of the loss, and `name` for the legend.

    Returns
    -------
    LossCurveDisplay
        With the curves drawn.

    Raises
    ------
    NotFittedError
        If there has been no epoch yet.
    ImportError
        If matplotlib is not installed.
    """
    return LossCurveDisplay.from_estimator(held(self), ax=ax, **kwargs)


def _pyplot() -> Any:
    try:
        from matplotlib import pyplot
    except ImportError as missing:
        raise ImportError(
            f"A loss curve needs matplotlib, which cannot be imported here: {install_hint('plot')}."
        ) from missing
    return pyplot


def _right_of(ax: Axes) -> Any:
    """The axes with a scale on the right that lie on these, of a curve before or new ones."""
    for other in ax.get_shared_x_axes().get_siblings(ax):
        if other is not ax and other.bbox.bounds == ax.bbox.bounds:
            return other
    return ax.twinx()


def _history_of(estimator: object) -> Mapping[str, Sequence[float]]:
    for name in ("history_", "history"):
        history: Mapping[str, Sequence[float]] | None = getattr(estimator, name, None)
        if history is not None and len(history["loss"]) > 0:
            return history
    losses = getattr(estimator, "loss_curve_", ())
    if len(losses) == 0:
        raise NotFittedError(f"{estimator!r} has no epochs to show. Call fit first.")
    return {"loss": losses}


def _has_numbers(history: Mapping[str, Sequence[float]], key: str) -> bool:
    return not all(map(math.isnan, history.get(key, ())))
