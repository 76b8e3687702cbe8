"""What cross-validation has found, the choice among it, and the fitted attributes in their old and new forms."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn.kernels.contract import Array
from fastnn.models.logistic.cv.parameters import Grid

__all__ = ["Choice", "Results", "choose"]


@dataclass(frozen=True)
class Results:
    """Of f folds, l l1_ratios and c Cs.

    Attributes
    ----------
    grid : Grid
    coefs : ndarray (f, l, c, o, k)
        Rows of `coef_`, each followed by its intercept where there is one.
    n_iter : ndarray (f, l, c), int32
    scores : ndarray (f, l, c)
    """

    grid: Grid
    coefs: Array
    n_iter: NDArray[np.int32]
    scores: NDArray[np.float64]

    def attributes(self, choice: Choice, classes: NDArray[Any], *, legacy: bool) -> dict[str, Any]:
        """The fitted attributes of scikit-learn's class of the same name, beside classes and coefficients."""
        found = {
            "Cs_": self.grid.Cs,
            "l1_ratios_": self.grid.shown,
            "C_": choice.C,
            "l1_ratio_": choice.l1_ratio,
            "coefs_paths_": self.coefs,
            "scores_": self.scores,
            "n_iter_": self.n_iter,
        }
        return found | self._legacy(choice, classes) if legacy else found

    def _legacy(self, choice: Choice, classes: NDArray[Any]) -> dict[str, Any]:
        """Everything once more for every class; Cs before l1_ratios, which have no axis where they were left out."""
        keys = classes[1:] if len(classes) == 2 else classes
        without = () if self.grid.has_ratios else (-1,)
        scores = np.squeeze(np.swapaxes(self.scores, 1, 2), without)
        paths = np.squeeze(np.moveaxis(self.coefs, (3, 2), (0, 2)), tuple(axis - 1 for axis in without))
        left_out = choice.place is not None and not self.grid.has_ratios
        return {
            "C_": np.full(len(keys), choice.C),
            "l1_ratio_": np.full(len(keys), None if left_out else choice.l1_ratio),
            "scores_": {key: scores.copy() for key in keys},
            "coefs_paths_": dict(zip(keys, paths, strict=True)),
            "n_iter_": np.squeeze(np.swapaxes(self.n_iter, 1, 2), without)[None],
        }


@dataclass(frozen=True)
class Choice:
    """The best penalty: its place on the grid for one fit on all rows, or else averages over the folds.

    Attributes
    ----------
    C, l1_ratio : float
    place : tuple of int, optional
        Numbers of the l1_ratio and the C.
    coefs : ndarray (o, k), optional
    """

    C: float
    l1_ratio: float
    place: tuple[int, int] | None = None
    coefs: Array | None = None


def choose(results: Results, *, refit: bool) -> Choice:
    """The penalty with the best mean score; without `refit` the average of each fold's best.

    Folds that no penalty has a score of, as they lack a class, have no say. A penalty without a score of another fold
    is never the best.

    Raises
    ------
    ValueError
        If no penalty has a score of any fold, or none has one of all others.
    """
    grid = results.grid
    by_C = np.swapaxes(results.scores, 1, 2)  # where scores are equal, the first C wins, as in scikit-learn
    shape = by_C.shape[1:]
    counted = np.flatnonzero(~np.isnan(by_C).all(axis=(1, 2)))
    by_C = by_C[counted]
    scores = (by_C.sum(axis=0, keepdims=True) if refit else by_C).reshape(-1, math.prod(shape))
    if not len(counted) or np.isnan(scores).all():
        raise ValueError(
            "No penalty can be chosen: its scores are no numbers (NaN), as where the held-out rows of a fold lack a "
            "class that the scorer needs. Choose another scoring, or folds that have rows of every class."
        )
    c, l = np.unravel_index(np.argmax(np.where(np.isnan(scores), -np.inf, scores), axis=1), shape)
    if refit:
        return Choice(float(grid.Cs[c[0]]), float(grid.l1_ratios[l[0]]), place=(int(l[0]), int(c[0])))
    coefs: Array = results.coefs[counted, l, c].mean(axis=0)
    return Choice(float(grid.Cs[c].mean()), float(grid.l1_ratios[l].mean()), coefs=coefs)
