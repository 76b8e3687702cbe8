"""Samples that an MLP's training does not see, and how good the network is on them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import check_scoring

from fastnn.kernels.contract import Array
from fastnn.models.common.scorers import knowing_classes
from fastnn.models.mlp.options import MLPOptions
from fastnn.models.mlp.split import require_split, require_weight, split
from fastnn.models.mlp.targets import Targets, reported_loss
from fastnn.training.checkpoint import Choose
from fastnn.training.engine import Engine
from fastnn.training.held_out import HeldOut, Score
from fastnn.training.samples import Samples, selected

__all__ = ["Scoring", "share"]

_REMEDY = "Give fit an X_val and y_val that can be scored, or choose another scoring."


def share(
    model: MLPOptions, samples: Samples, targets: Targets, random_state: np.random.RandomState, choose: Choose
) -> tuple[Samples, Samples]:
    """The samples to train on, and a share of them that is held out."""
    y, weight = selected(samples.y, samples.rows), selected(samples.sample_weight, samples.rows)
    classes = targets.known_classes
    n_classes = 0 if classes is None or targets.several_labels else len(classes)
    for_scorer = model.scoring not in (None, "loss")
    train, held = choose(
        "rows",
        lambda: split(y, model.validation_fraction, random_state, n_classes=n_classes, for_scorer=for_scorer),
        lambda drawn: require_split(drawn, len(y)),
    )
    require_weight(selected(weight, train), "to train on")
    require_weight(selected(weight, held), f"that is held out (validation_fraction={model.validation_fraction})")
    rows = samples.rows
    if rows is not None:
        train, held = rows[train], rows[held]
    return replace(samples, rows=train), replace(samples, rows=held)


@dataclass(frozen=True)
class Scoring:
    """How held-out samples are scored.

    Attributes
    ----------
    model : MLPClassifier or MLPRegressor
    targets : Targets
    samples : Samples
        Those held out.
    y : ndarray (n,) or (n, o)
        Labels or numbers of the rows that take part, as users know them.
    fitted : callable
        fitted(params) -> the attributes of the model, had training ended with these parameters.
    """

    model: MLPOptions
    targets: Targets
    samples: Samples
    y: NDArray[Any]
    fitted: Callable[[Array], dict[str, Any]]

    def held_out(self, engine: Engine) -> HeldOut:
        """The samples with the loss as users know it, and their score."""
        samples = self.samples
        y, weight = selected(samples.y, samples.rows), selected(samples.sample_weight, samples.rows)
        report = reported_loss(engine.plan.loss, y, weight)
        return HeldOut(samples, report, self._score(engine, y, weight))

    def _score(self, engine: Engine, y: Array, weight: Array | None) -> Score:
        model, targets = self.model, self.targets
        if model.scoring == "loss":
            return lambda params, z, loss: -loss
        if model.scoring is None:
            return lambda params, z, loss: targets.score(engine, z, y, weight)
        scorer: Any = check_scoring(model, scoring=model.scoring)
        if targets.known_classes is not None and not targets.several_labels:
            scorer = knowing_classes(scorer, targets.known_classes, only_where_needed=True)
        x = selected(self.samples.x, self.samples.rows)
        weights = {} if weight is None else {"sample_weight": weight}

        def score(params: Array, z: Array, loss: float) -> float:
            try:
                return float(scorer(self._fitted_model(params), x, self.y, **weights))
            except (ValueError, TypeError) as fault:
                missing = self._missing_classes()
                if not missing:
                    raise
                raise ValueError(
                    f"scoring={model.scoring!r} cannot score the samples that are held out{missing}. {_REMEDY} It "
                    f"said: {fault}"
                ) from fault

        return score

    def require_scores(self, scores: Sequence[float]) -> None:
        """Raise ValueError where none of a fit's scores is a number: then no epoch is the best."""
        if not all(map(math.isnan, scores)):
            return
        score = "The score" if self.model.scoring is None else f"scoring={self.model.scoring!r}"
        raise ValueError(
            f"{score} was no number (NaN) after each of {len(scores)} epochs, so early stopping cannot choose among "
            f"them{self._missing_classes()}. {_REMEDY}"
        )

    def _missing_classes(self) -> str:
        """What the samples that are held out lack, in words."""
        if self.targets.known_classes is None:
            return ""
        if self.y.ndim > 1:
            alike = np.flatnonzero(self.y.min(axis=0) == self.y.max(axis=0)).tolist()
            return f": all that are held out are alike in the labels {alike}" if alike else ""
        missing = np.setdiff1d(self.targets.known_classes, self.y).tolist()
        return f": no sample that is held out is of the classes {missing}" if missing else ""

    def _fitted_model(self, params: Array) -> Any:
        """A model as if training had ended with these parameters."""
        state = {**vars(self.model), **self.fitted(params)}
        # The samples have lost their names on the way in; without this every prediction would warn.
        state.pop("feature_names_in_", None)
        now = object.__new__(type(self.model))
        now.__dict__ = state
        return now
