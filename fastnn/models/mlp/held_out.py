"""Samples that an MLP's training does not see, and how good the network is on them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import check_scoring, get_scorer_names

from fastnn.kernels.contract import Array
from fastnn.models.common.parameter_checks import OneOf
from fastnn.models.common.scorers import knowing_classes
from fastnn.models.mlp.reported_loss import data_loss
from fastnn.models.mlp.split import require_weight
from fastnn.models.mlp.weights import Packed
from fastnn.training.engine import Engine
from fastnn.training.loop import Samples, Validate

__all__ = ["HeldOut", "Scorer", "require_scores", "spread", "taken", "validate_on"]

Score = Callable[[Array, Array, float], float]
"""score(params, z, loss), z (n, o) the raw output and loss the mean one; higher is better."""

_REMEDY = "Give fit an X_val and y_val that can be scored, or choose another scoring."


class Scorer(OneOf):
    """The name of a scorer, "loss", or a callable."""

    def __init__(self) -> None:
        super().__init__(("loss", *get_scorer_names()))

    def accepts(self, value: Any) -> bool:
        """See Check."""
        return callable(value) or super().accepts(value)

    def __str__(self) -> str:
        return "'loss', the name of a scorer of scikit-learn, or a callable(estimator, X, y)"


@dataclass(frozen=True)
class HeldOut:
    """All samples or some rows, such as training does not see; y as users know it.

    X may be larger than memory, so its rows are not copied before a scorer asks for them.
    """

    samples: Samples
    y: NDArray[Any]
    rows: NDArray[np.int64] | None = None

    def taken(self, array: Any) -> Any:
        """The rows of an array of all samples."""
        return taken(array, self.rows)

    def rows_of(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """The rows of all samples that have these numbers among its own."""
        return numbers if self.rows is None else self.rows[numbers]


def taken(array: Any, rows: NDArray[np.int64] | None) -> Any:
    """Rows of an array, if there is one; None for all of them."""
    return array if rows is None or array is None else array[rows]


def spread(samples: Samples, y: NDArray[Any], rows: NDArray[np.int64] | None) -> HeldOut:
    """Targets and weights that only these rows of x have, put where x has the rows; so x is not copied."""
    if rows is None:
        return HeldOut(samples, y)
    weight = samples.sample_weight
    require_weight(weight, "to train on")

    def placed(array: NDArray[Any]) -> NDArray[Any]:
        whole = np.repeat(array[:1], samples.x.shape[0], axis=0)  # whatever: nobody looks at the other rows
        whole[rows] = array
        return whole

    weight = None if weight is None else placed(weight)
    return HeldOut(Samples(samples.x, placed(samples.y), weight), placed(y), rows)


def validate_on(model: Any, engine: Engine, held_out: HeldOut) -> Validate:
    """What the loss and the score of parameters are on held-out samples.

    The loss is that of the data alone, without penalty.
    """
    samples = held_out.samples
    seen = Samples(samples.x, held_out.taken(samples.y), held_out.taken(samples.sample_weight))
    users_loss = data_loss(engine.plan, seen)
    score = _score(model, engine, seen, held_out)

    def validate(params: Array) -> tuple[float, float]:
        z = engine.forward(params, seen.x, held_out.rows)
        loss = users_loss(engine.loss(z, seen.y, seen.sample_weight))
        return loss, score(params, z, loss)

    return validate


def _score(model: Any, engine: Engine, seen: Samples, held_out: HeldOut) -> Score:
    if model.scoring == "loss":
        return lambda params, z, loss: -loss
    y, weight = seen.y, seen.sample_weight
    if model.scoring is None:
        return lambda params, z, loss: model._score_raw(engine, z, y, weight)
    scorer: Any = check_scoring(model, scoring=model.scoring)
    if hasattr(model, "classes_") and not model._has_several_labels(y):
        scorer = knowing_classes(scorer, model.classes_, only_where_needed=True)
    data = held_out.taken(seen.x), held_out.taken(held_out.y)
    weights = {} if weight is None else {"sample_weight": weight}

    def score(params: Array, z: Array, loss: float) -> float:
        try:
            return float(scorer(_fitted(model, engine, params), *data, **weights))
        except (ValueError, TypeError) as fault:
            lacking = _missing_classes(model, held_out)
            if not lacking:
                raise
            raise ValueError(
                f"scoring={model.scoring!r} cannot score the samples that are held out{lacking}. {_REMEDY} It said: "
                f"{fault}"
            ) from fault

    return score


def require_scores(model: Any, scores: Sequence[float], held_out: HeldOut) -> None:
    """Raise ValueError where none of a fit's scores is a number: then no epoch is the best."""
    if not all(map(math.isnan, scores)):
        return
    score = "The score" if model.scoring is None else f"scoring={model.scoring!r}"
    raise ValueError(
        f"{score} was no number (NaN) after each of {len(scores)} epochs, so early stopping cannot choose among "
        f"them{_missing_classes(model, held_out)}. {_REMEDY}"
    )


def _missing_classes(model: Any, held_out: HeldOut) -> str:
    """What the samples that are held out lack, in words."""
    seen = held_out.taken(held_out.y)
    if not hasattr(model, "classes_"):
        return ""
    if seen.ndim > 1:
        alike = np.flatnonzero(seen.min(axis=0) == seen.max(axis=0)).tolist()
        return f": all that are held out are alike in the labels {alike}" if alike else ""
    missing = np.setdiff1d(model.classes_, seen).tolist()
    return f": no sample that is held out is of the classes {missing}" if missing else ""


def _fitted(model: Any, engine: Engine, params: Array) -> Any:
    """The model as if training had ended with these parameters."""
    now = object.__new__(type(model))
    vars(now).update(vars(model))
    vars(now).update(Packed(engine.plan, params).attributes())
    # The samples have lost their names on the way in; without this every prediction would warn.
    vars(now).pop("feature_names_in_", None)
    return now
