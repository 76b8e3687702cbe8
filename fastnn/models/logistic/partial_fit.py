"""`partial_fit` of a logistic regression: learning from chunks of data that come one after the other."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from sklearn.utils import check_random_state

from fastnn.kernels.contract import Array
from fastnn.models.common.arrays import Features, read_weight, read_X_y
from fastnn.models.common.learnt import Learnt
from fastnn.models.common.linear import linear_loss
from fastnn.models.common.targets import agreed_classes, as_labels, index_of, one_hot, require_two_classes
from fastnn.models.logistic.parameters import LogisticParameters
from fastnn.models.logistic.penalty import l2_strength
from fastnn.models.logistic.problem import Labelled, weigh_classes
from fastnn.optimizers import Adam
from fastnn.plan import Plan, linear_plan
from fastnn.training.engine import Engine
from fastnn.training.fit import fit
from fastnn.training.loop import Outcome
from fastnn.training.rates import InverseRoot
from fastnn.training.recipe import Recipe
from fastnn.training.run import Run
from fastnn.training.samples import Samples

__all__ = ["has_one_penalty", "learn_chunk"]

# With these, the loss on the census data "adult", in chunks of 500 to 5000 rows, ended within 1 % of the optimum.
_PASSES = 5
_BATCH = 32
_RATE = InverseRoot(0.1, 3)


def has_one_penalty(model: LogisticParameters) -> bool:
    """Whether there is a partial_fit: cross-validation needs all rows at once."""
    return hasattr(model, "C")


class Learner(LogisticParameters, Protocol):
    """A logistic regression that may have learnt already: by `fit`, or from chunks before this one."""

    n_features_in_: int
    intercept_: Array

    def _dtype(self) -> np.dtype[Any]: ...
    def _dense_coef(self) -> Array: ...


def learn_chunk(model: Learner, X: Any, y: Any, classes: Any, sample_weight: Any) -> tuple[Features, Learnt]:
    """Learn from a chunk as `LogisticRegression.partial_fit` says, from where the model is.

    Returns
    -------
    Features
        What X's columns are.
    Learnt
        The fitted attributes, and what a user should know.
    """
    alpha = l2_strength(model)
    if model.class_weight == "balanced":
        raise ValueError(
            "class_weight='balanced' needs the classes' frequencies in all rows, which partial_fit does not know. Give "
            "a dict of weights."
        )
    before = vars(model)
    goes_on = "coef_" in before
    x, y, features = read_X_y(model, X, y, reset=not goes_on, dtype=model._dtype() if goes_on else None)
    labels = as_labels(y)
    found = agreed_classes(before.get("classes_"), classes)
    require_two_classes(found)
    n, index = x.shape[0], index_of(labels, found).astype(np.int32)
    labelled = Labelled(x, index, found, read_weight(sample_weight, n, x.dtype), features)
    samples = _targets(weigh_classes(labelled, model.class_weight))
    plan = linear_plan(x.shape[1], labelled.outputs, linear_loss(labelled.outputs), x.dtype, model.fit_intercept)
    params = _params(model, plan) if goes_on else np.zeros(plan.n_params, x.dtype)
    training: Run | None = before.get("_training")
    seen = n + (0 if training is None else before["_rows_seen"])
    recipe = _recipe(alpha, n, seen)
    if training is None:  # after a `fit` a new start
        run = Run.begin(recipe, params, seed=int(check_random_state(model.random_state).randint(2**31 - 1)))
    else:
        run = training.resumed(recipe, params)
    outcome = fit(Engine(plan, model.backend, model.n_threads), params, samples, recipe, run)
    n_iter = np.array([len(outcome.losses)], np.int32)
    progress = {"n_iter_": n_iter, "_training": run, "_rows_seen": seen, "_evidence": None}
    return features, Learnt({"classes_": found, **_coefficients(plan, params), **progress}, _warning(outcome))


def _warning(outcome: Outcome) -> str:
    """What a user should know: nobody can choose the learning rate here, so there is no advice about it."""
    if outcome.reason != "diverged":
        return ""
    n = len(outcome.losses)
    return (
        f"Training on this chunk diverged in pass {n} of {_PASSES}: its loss or a coefficient is not finite. The "
        f"coefficients are those of pass {n - 1}. Scale the features, such as by a StandardScaler."
    )


def _recipe(alpha: float, n: int, seen: int) -> Recipe:
    size = min(_BATCH, n)
    # Training divides the penalty by the rows of the batch; it shall be divided by all rows seen.
    return Recipe(Adam(learning_rate=_RATE.initial), _RATE, size, _PASSES, alpha=alpha * size / seen)


def _targets(samples: Labelled) -> Samples:
    """The same samples as training wants them: one sigmoid's targets (n, 1), or a column for every class."""
    binary = samples.outputs == 1
    y = samples.y[:, None] if binary else one_hot(samples.y, samples.outputs, samples.x.dtype)
    return Samples(samples.x, np.ascontiguousarray(y, samples.x.dtype), samples.sample_weight)


def _params(model: Learner, plan: Plan) -> Array:
    """coef_ and intercept_, flat (p,), as training wants them."""
    parts = [model._dense_coef().T.ravel()]
    if model.fit_intercept:
        parts.append(np.ravel(model.intercept_))
    return np.concatenate(parts).astype(plan.dtype)


def _coefficients(plan: Plan, params: Array) -> dict[str, Any]:
    weights, biases = plan.unpack(params)
    w, b = weights[0], biases[0]
    intercept = np.zeros(w.shape[1], plan.dtype) if b is None else b.copy()
    return {"coef_": np.ascontiguousarray(w.T), "intercept_": intercept}
