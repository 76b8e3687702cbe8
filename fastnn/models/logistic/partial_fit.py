"""`partial_fit` of a logistic regression: learning from chunks of data that come one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_random_state

from fastnn.kernels.contract import Array
from fastnn.models.common.bases import available_if
from fastnn.models.common.estimator import Estimator, guarded
from fastnn.models.common.given import MatrixLike, RandomState
from fastnn.models.common.targets import agreed_classes, as_labels, index_of, one_hot, require_two_classes
from fastnn.models.logistic.penalty import penalty_strength
from fastnn.models.logistic.problem import Labelled, weigh_classes
from fastnn.optimizers import Adam
from fastnn.plan import Plan, linear_plan
from fastnn.training.engine import Engine
from fastnn.training.fit import fit
from fastnn.training.rates import InverseRoot
from fastnn.training.recipe import Recipe
from fastnn.training.run import Run
from fastnn.training.samples import Samples

__all__ = ["LearnsFromChunks"]

# With these, the loss on the census data "adult", in chunks of 500 to 5000 rows, ended within 1 % of the optimum.
_PASSES = 5
_BATCH = 32
_RATE = InverseRoot(0.1, 3)


def _has_one_penalty(model: LearnsFromChunks) -> bool:
    return hasattr(model, "C")  # cross-validation needs all rows at once


class LearnsFromChunks(Estimator):
    """`partial_fit` for an estimator of logistic regression."""

    class_weight: Mapping[Any, float] | str | None
    fit_intercept: bool
    intercept_: Array
    random_state: RandomState
    backend: str
    n_threads: int | None

    if TYPE_CHECKING:

        def _dtype(self) -> Any: ...
        def _dense_coef(self) -> Array: ...

    @available_if(_has_one_penalty)
    @guarded
    def partial_fit(
        self, X: MatrixLike, y: ArrayLike, classes: ArrayLike | None = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Learn from another chunk of the data, starting from the present coefficients.

        Five passes over the chunk, in mini-batches of 32 rows and a random order, by Adam with a learning rate of
        ``0.1 / sqrt(1 + step / 3)``. The penalty weighs as much as `fit` would let it weigh on all rows seen so
        far. It comes near to what `fit` finds on all chunks together, where features have scales of about one; where
        the data fit into memory, `fit` is exact, and quicker.

        Parameters
        ----------
        X : array-like or sparse matrix (n_samples, n_features)
            Of sparse matrices only what they store is kept and computed with (as CSR).
        y : array-like (n_samples,)
            Labels; a chunk need not have all classes.
        classes : array-like (n_classes,), default=None
            All classes; the first call needs them, unless `fit` has found them.
        sample_weight : array-like (n_samples,), default=None

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a parameter is not possible, X or y cannot be used, the classes are missing or not those of the first
            call, `class_weight` is "balanced", which needs all rows, or training diverges.
        """
        learnt = _learn(self, X, y, classes, sample_weight)
        self.__dict__ = {**vars(self), **learnt}
        return self


def _learn(model: LearnsFromChunks, X: Any, y: Any, classes: Any, sample_weight: Any) -> dict[str, Any]:
    """The attributes of the model after this chunk."""
    alpha = penalty_strength(model)
    if model.class_weight == "balanced":
        raise ValueError(
            "class_weight='balanced' needs the classes' frequencies in all rows, which partial_fit does not know. Give "
            "a dict of weights."
        )
    before = vars(model)
    goes_on = "coef_" in before
    x, y = model._read(X, y, reset=not goes_on, dtype=model._dtype() if goes_on else None)
    labels = as_labels(y)
    found = agreed_classes(before.get("classes_"), classes)
    require_two_classes(found)
    index = index_of(labels, found).astype(np.int32)
    given = Labelled(x, index, found, model._read_weight(sample_weight, x))
    samples = _targets(weigh_classes(given, model.class_weight))
    outputs = samples.y.shape[1]
    loss = "binary_cross_entropy" if outputs == 1 else "cross_entropy"
    plan = linear_plan(x.shape[1], outputs, loss, x.dtype, model.fit_intercept)
    engine = Engine(plan, model.backend, model.n_threads)
    params = _params(model, plan) if goes_on else np.zeros(plan.n_params, x.dtype)
    training: Run | None = before.get("_training")
    seen = x.shape[0] + (0 if training is None else before["_rows_seen"])
    recipe = _recipe(alpha, x.shape[0], seen)
    if training is None:  # after a `fit` a new start
        seed = int(check_random_state(model.random_state).randint(2**31 - 1))
        run = Run.begin(recipe, params, seed)
    else:
        run = training.resumed(recipe, params)
    fit(engine, params, samples, recipe, run)
    return {
        "classes_": found,
        **_coefficients(plan, params),
        "n_iter_": np.array([_PASSES], np.int32),
        "_training": run,
        "_rows_seen": seen,
        "_evidence": None,
    }


def _recipe(alpha: float, n: int, seen: int) -> Recipe:
    size = min(_BATCH, n)
    # Training divides the penalty by the rows of the batch; it shall be divided by all rows seen.
    return Recipe(Adam(learning_rate=_RATE.initial), _RATE, size, _PASSES, alpha=alpha * size / seen)


def _targets(samples: Labelled) -> Samples:
    """The same samples as training wants them: one sigmoid's targets (n, 1), or a column for every class."""
    binary = samples.outputs == 1
    y = samples.y[:, None] if binary else one_hot(samples.y, samples.outputs, samples.x.dtype)
    return Samples(samples.x, np.ascontiguousarray(y, samples.x.dtype), samples.sample_weight)


def _params(model: LearnsFromChunks, plan: Plan) -> Array:
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
