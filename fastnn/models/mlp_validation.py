"""Samples that an MLP's training does not see: which ones, and how good the network is on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import check_scoring, get_scorer_names
from sklearn.model_selection import train_test_split

from fastnn.kernels.contract import Array
from fastnn.models.mlp_report import data_loss
from fastnn.models.packed import Packed
from fastnn.models.parameters import OneOf
from fastnn.training.engine import Engine
from fastnn.training.loop import Samples, Validate

__all__ = ["HeldOut", "Scorer", "require_split", "require_weight", "split", "spread", "taken", "validate_on"]

Score = Callable[[Array, Array, float], float]
"""score(params, z, loss), z (n, o) the raw output and loss the mean one; higher is better."""


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


def split(model: Any, y: Array, random_state: Any) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows to train on, and rows that are held out; of two classes each side gets its share."""
    two_classes = len(getattr(model, "classes_", ())) == 2 and not model._has_several_labels(y)
    rows, held_out = train_test_split(
        np.arange(len(y)),
        random_state=random_state,
        test_size=model.validation_fraction,
        stratify=y[:, -1:] > 0 if two_classes else None,
    )
    if len(held_out) < 2:
        raise ValueError(
            f"The validation set is too small: {len(held_out)} of {len(y)} samples. "
            "Increase validation_fraction, or fit on more samples."
        )
    return rows.astype(np.int64), held_out.astype(np.int64)


def require_weight(weight: Array | None, which: str) -> None:
    """Raise ValueError where the weights (m,) of those rows are all zero: a mean over them has no value."""
    if weight is not None and not weight.any():
        raise ValueError(
            f"sample_weight, times class_weight if there is one, is zero for every row {which}; some row needs a "
            "weight above zero."
        )


def require_split(rows: Any, n: int) -> None:
    """Raise ValueError unless this, from a file, is what `split` gives for n rows: each of them on one side."""
    sides = rows if isinstance(rows, tuple) else ()
    if [(type(side), getattr(side, "dtype", None), np.ndim(side)) for side in sides] != 2 * [(np.ndarray, np.int64, 1)]:
        raise ValueError("the rows that are held out are no two arrays of int64")
    if min(map(len, sides)) == 0 or not np.array_equal(np.sort(np.concatenate(sides)), np.arange(n)):
        raise ValueError(f"the rows to train on and those that are held out are not each of {n} rows once")


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
    data = held_out.taken(seen.x), held_out.taken(held_out.y)
    weights = {} if weight is None else {"sample_weight": weight}
    return lambda params, z, loss: float(scorer(_fitted(model, engine, params), *data, **weights))


def _fitted(model: Any, engine: Engine, params: Array) -> Any:
    """The model as if training had ended with these parameters."""
    now = object.__new__(type(model))
    vars(now).update(vars(model))
    vars(now).update(Packed(engine.plan, params).attributes())
    # The samples have lost their names on the way in; without this every prediction would warn.
    vars(now).pop("feature_names_in_", None)
    return now
