"""An MLP's training by epochs: the run that it goes on with, what ends it, and the fitted attributes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn.flat_params import FlatParams
from fastnn.kernels.contract import Array
from fastnn.models.common.learnt import Learnt
from fastnn.models.mlp.checkpoint import PastCurves
from fastnn.models.mlp.held_out import Scoring
from fastnn.models.mlp.options import MLPOptions
from fastnn.training.history import History, grown
from fastnn.training.loop import Outcome
from fastnn.training.rates import Rate
from fastnn.training.recipe import Recipe
from fastnn.training.run import Run
from fastnn.training.stopping import Stopping, by_score

__all__ = ["OF_FITS", "learnt_by_epochs", "network_attributes", "placed", "run_of", "stopping_of"]

# What a fit sets and a fit that begins anew forgets, also where it sets no other.
OF_FITS = (
    "t_",
    "loss_",
    "loss_curve_",
    "history_",
    "validation_loss_curve_",
    "best_loss_",
    "validation_scores_",
    "best_validation_score_",
    "_training",
    "_no_improvement_count",
)


def placed(array: NDArray[Any] | None, rows: NDArray[np.int64], n: int) -> Any:
    """An array of these rows alone, put where they are among n rows; so an X with all rows need not be copied."""
    if array is None:
        return None
    whole = np.repeat(array[:1], n, axis=0)  # nobody reads the other rows, so they may be anything
    whole[rows] = array
    return whole


def network_attributes(flat: FlatParams) -> dict[str, Any]:
    """What a fitted estimator has of its network, by the names of its attributes."""
    widths = flat.plan.widths
    return {
        "_network": flat,
        "coefs_": list(flat.weights),
        "intercepts_": list(flat.biases),
        "n_outputs_": widths[-1],
        "n_layers_": len(widths),
    }


def run_of(
    before: Mapping[str, Any], recipe: Recipe, params: Array, random_state: np.random.RandomState, *, incremental: bool
) -> Run:
    """partial_fit goes on with state and rate; a fit begins with new ones, also a warm one."""
    training: Run | None = before.get("_training") if incremental else None
    if training is not None:
        return training.resumed(recipe, params)
    seed = int(random_state.randint(2**31 - 1))
    return Run.begin(recipe, params, seed, n_seen=before.get("t_", 0))


def stopping_of(early: bool, before: Mapping[str, Any], recipe: Recipe, rate: Rate, params: Array) -> Stopping:
    """By the loss, or for early stopping by the score on held-out samples; goes on where a fit before has ended."""
    stopping = Stopping(recipe.tol, recipe.patience, rate)
    stopping.stalled = before.get("_no_improvement_count", 0)
    if not early:
        lowest = before.get("best_loss_")
        stopping.best = -math.inf if lowest is None else -lowest
        return stopping
    stopping.measure, stopping.keep_best = by_score, True
    highest = before.get("best_validation_score_")
    if highest is not None and highest > -math.inf:  # neither NaN; the first weights are never the best ones
        stopping.best, stopping.best_params = highest, params.copy()
    return stopping


def learnt_by_epochs(
    model: MLPOptions,
    outcome: Outcome,
    run: Run,
    stopping: Stopping,
    history: History,
    past: PastCurves,
    scoring: Scoring | None,
    *,
    incremental: bool,
) -> Learnt:
    """The fitted attributes that epochs have.

    Raises
    ------
    ValueError
        If no score of early stopping is a number.
    """
    lists = history.joined()
    attributes = {
        "history_": lists,
        "loss_curve_": grown(past.lists.get("loss_curve_"), outcome.losses),
        "loss_": [loss for loss in outcome.losses if math.isfinite(loss)][-1],
        "n_iter_": len(outcome.losses),
        "t_": run.n_seen,
        "best_loss_": None if model.early_stopping else -stopping.best,
        "_training": run,
        "_no_improvement_count": stopping.stalled,
        **_validation(model, outcome, stopping, lists, past, scoring),
    }
    message = outcome.message
    if not message and outcome.reason == "finished" and not incremental:
        message = (
            f"Stochastic Optimizer: Maximum iterations ({model.max_iter}) reached and the "
            "optimization hasn't converged yet. Increase max_iter."
        )
    return Learnt(attributes, message)


def _validation(
    model: MLPOptions,
    outcome: Outcome,
    stopping: Stopping,
    lists: Mapping[str, list[float]],
    past: PastCurves,
    scoring: Scoring | None,
) -> dict[str, Any]:
    """What held-out samples have said after every epoch, if there are some."""
    names = ("validation_loss_curve_", "validation_scores_")
    if scoring is None:
        return dict.fromkeys((*names, "best_validation_score_"))
    diverged = outcome.reason == "diverged"
    n_finished = len(outcome.losses) - diverged
    curves: dict[str, Any] = {}
    for name, key in zip(names, ("validation_loss", "validation_score"), strict=True):
        values = lists[key][-n_finished:] + [math.nan] * diverged
        curves[name] = grown(past.lists.get(name), values)
    if model.early_stopping:
        if outcome.reason != "interrupted":
            scoring.require_scores(values)
        return {**curves, "best_validation_score_": stopping.best}
    # Those of the calls before are not looked at again where their best one is known.
    best = past.best_score
    scores = curves["validation_scores_"] if best is None or math.isinf(best) else [best, *values]
    highest = max((score for score in scores if not math.isnan(score)), default=math.nan)
    return {**curves, "best_validation_score_": highest}
