"""What LogisticRegressionCV's parameters ask for, from the forms that scikit-learn has had for them over time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from numbers import Integral
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import get_scorer_names

from fastnn.models.common.parameter_checks import Integer
from fastnn.models.common.warnings import warn_caller

__all__ = ["Grid", "ScorerLike", "SplitterLike", "read_grid", "read_legacy", "read_scoring"]


@dataclass(frozen=True)
class SplitterLike:
    """What `sklearn.model_selection.check_cv` takes."""

    def accepts(self, value: Any) -> bool:
        """Whether the value is a number of folds, has a method `split`, can be iterated over, or is None."""
        if value is None or Integer(2).accepts(value):
            return True
        return not isinstance(value, (str, bytes)) and (hasattr(value, "split") or isinstance(value, Iterable))

    def __str__(self) -> str:
        return "an integer of at least 2, a splitter, an iterable of pairs (train, test), or None"


@dataclass(frozen=True)
class ScorerLike:
    """The name of a scorer, or a callable."""

    def accepts(self, value: Any) -> bool:
        """Whether the value is callable, or the name of a scorer that scikit-learn knows."""
        return callable(value) or (isinstance(value, str) and (value == "warn" or value in get_scorer_names()))

    def __str__(self) -> str:
        return "a callable, or one of sklearn.metrics.get_scorer_names()"


class GridParameters(Protocol):
    """The parameters of `LogisticRegressionCV` that are read here."""

    Cs: Any  # an integer or array-like
    l1_ratios: ArrayLike | None
    penalty: str | None
    scoring: str | Callable[..., float] | None
    use_legacy_attributes: bool | str


@dataclass(frozen=True)
class Grid:
    """The penalties to choose from.

    Attributes
    ----------
    Cs : ndarray (c,)
    l1_ratios : ndarray (l,)
    shown : ndarray (l,)
        The l1_ratios as the attribute shows them: None where the parameter was left out.
    """

    Cs: NDArray[np.float64]
    l1_ratios: NDArray[np.float64]
    shown: NDArray[Any]

    @property
    def has_ratios(self) -> bool:
        """Whether the old attributes have an axis for the ratios."""
        return self.shown[0] is not None


def read_grid(model: GridParameters) -> Grid:
    """The grid of Cs and l1_ratios; warns about what is deprecated.

    Raises
    ------
    ValueError
        If l1_ratios and penalty do not go together.
    """
    Cs = np.logspace(-4, 4, model.Cs) if isinstance(model.Cs, Integral) else np.asarray(model.Cs, np.float64)
    ratios = _l1_ratios(model)
    if model.penalty == "deprecated":
        if model.l1_ratios is None:
            warn_caller("'l1_ratios=None' was deprecated; use numbers from 0 to 1, such as (0,).", FutureWarning)
        values = (0.0,) if ratios is None else ratios
    else:
        values = _ratios_by_penalty(model.penalty, ratios)
    shown = np.asarray([None] if ratios is None else ratios)
    return Grid(Cs, np.broadcast_to(np.asarray(values, np.float64), shown.shape), shown)


def _l1_ratios(model: GridParameters) -> Any:
    if isinstance(model.l1_ratios, str):
        warn_caller(
            "The default value for l1_ratios will change from None to (0.0,). Set l1_ratios=(0,) to keep the L2 "
            "penalty and silence this warning.",
            FutureWarning,
        )
        return None
    return model.l1_ratios


def _ratios_by_penalty(penalty: str | None, ratios: Any) -> Any:
    """The l1_ratios that the deprecated `penalty` stands for."""
    warn_caller(
        "'penalty' was deprecated. Leave it unset and use l1_ratios ((0,) for 'l2', (1,) for 'l1'), or Cs=(np.inf,) "
        "for no penalty.",
        FutureWarning,
    )
    if penalty == "elasticnet":
        if ratios is None:
            raise ValueError("l1_ratios must be an array-like of numbers between 0 and 1; got (l1_ratios=None)")
        return ratios
    if ratios is not None:
        message = f"l1_ratios parameter is only used when penalty is 'elasticnet'. Got (penalty={penalty})"
        warn_caller(message, UserWarning)
    return (float(penalty == "l1"),)


def read_scoring(model: GridParameters) -> Any:
    """`scoring`; warns where it was left out, as its default will change."""
    if model.scoring != "warn":
        return model.scoring
    warn_caller(
        "The default value of the parameter 'scoring' will change from None, i.e. accuracy, to 'neg_log_loss'. Set "
        "scoring='accuracy' or 'neg_log_loss' to silence this warning.",
        FutureWarning,
    )
    return None


def read_legacy(model: GridParameters) -> bool:
    """`use_legacy_attributes`; warns where it was left out, as its default will change."""
    if model.use_legacy_attributes != "warn":
        return bool(model.use_legacy_attributes)
    warn_caller(
        "The default value of use_legacy_attributes will change from True to False, which makes fitted attributes "
        "plain arrays and numbers. Set it to silence this warning.",
        FutureWarning,
    )
    return True
