"""`partial_fit` of a logistic regression: learning from chunks of data that come one after the other."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_random_state

from fastnn.kernels.contract import Array
from fastnn.models.common.bases import available_if
from fastnn.models.common.estimator import guarded
from fastnn.models.common.given import MatrixLike
from fastnn.models.common.targets import agreed_classes, as_labels, index_of, one_hot, require_two_classes
from fastnn.models.logistic.penalty import penalty_strength
from fastnn.models.logistic.problem import Labelled, weigh_classes
from fastnn.optimizers import Adam, OptimizerState
from fastnn.plan import Plan
from fastnn.training.loop import Run, Samples, shuffled, train
from fastnn.training.rates import InverseRoot

__all__ = ["LearnsFromChunks"]

# With these, the loss on the census data "adult", in chunks of 500 to 5000 rows, ended within 1 % of the optimum.
_PASSES = 5
_BATCH = 32
_RATE = InverseRoot(0.1, 3)


def _has_one_penalty(model: Any) -> bool:
    return hasattr(model, "C")  # cross-validation needs all rows at once


class LearnsFromChunks:
    """`partial_fit` for an estimator of logistic regression."""

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
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Of sparse matrices only what they store is kept and computed with (as CSR).
        y : array-like of shape (n_samples,)
            Labels; a chunk need not have all classes.
        classes : array-like of shape (n_classes,), default=None
            All classes; the first call needs them, unless `fit` has found them.
        sample_weight : array-like of shape (n_samples,), default=None
            The weight of each sample, at least 0; None for equal ones.

        Returns
        -------
        self
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is not possible, X or y cannot be used, the classes are missing or not those of the first
            call, `class_weight` is "balanced", which needs all rows, or training diverges.
        """
        _learn(self, X, y, classes, sample_weight)
        return self


def _learn(model: Any, X: Any, y: Any, classes: Any, sample_weight: Any) -> None:
    alpha = penalty_strength(model)
    if model.class_weight == "balanced":
        raise ValueError(
            "class_weight='balanced' needs the classes' frequencies in all rows, which partial_fit does not know. Give "
            "a dict of weights."
        )
    goes_on = hasattr(model, "coef_")
    x, y = model._read(X, y, reset=not goes_on, dtype=model._dtype() if goes_on else None)
    labels = as_labels(y)
    found = agreed_classes(getattr(model, "classes_", None), classes)
    require_two_classes(found)
    index = index_of(labels, found).astype(np.int32)
    given = Labelled(x, index, found, model._read_weight(sample_weight, x))
    samples = _targets(weigh_classes(given, model.class_weight))
    model.classes_ = found
    engine = model._engine(x.shape[1], x.dtype, bias=model.fit_intercept)
    params = _params(model, engine.plan) if goes_on else np.zeros(engine.plan.n_params, x.dtype)
    run, seen = _run(model, params)
    n = x.shape[0]
    seen += n
    size = min(_BATCH, n)
    train(
        engine,
        samples,
        params,
        run,
        order=shuffled(engine, run.seed, n, size),
        batch_size=size,
        alpha=alpha * size / seen,  # training divides it by the rows of the batch
        max_epochs=_PASSES,
    )
    _unpack(model, engine.plan, params)
    model.n_iter_ = np.array([_PASSES], np.int32)
    model._training, model._rows_seen, model._evidence = run, seen, None


def _targets(samples: Labelled) -> Samples:
    """The same samples as training wants them: one sigmoid's targets (n, 1), or a column for every class."""
    binary = samples.outputs == 1
    y = samples.y[:, None] if binary else one_hot(samples.y, samples.outputs, samples.x.dtype)
    return Samples(samples.x, np.ascontiguousarray(y, samples.x.dtype), samples.sample_weight)


def _params(model: Any, plan: Plan) -> Array:
    """coef_ and intercept_, flat (p,), as training wants them."""
    parts = [model._dense_coef().T.ravel()]
    if model.fit_intercept:
        parts.append(np.ravel(model.intercept_))
    return np.concatenate(parts).astype(plan.dtype)


def _run(model: Any, params: Array) -> tuple[Run, int]:
    """What the call before has left, and the rows seen until then; after a `fit` a new start."""
    if getattr(model, "_training", None) is not None:
        return model._training.copy(), model._rows_seen
    optimizer = Adam(learning_rate=_RATE.initial)
    seed = int(check_random_state(model.random_state).randint(2**31 - 1))
    return Run(optimizer, OptimizerState.zeros(optimizer, params), _RATE, seed), 0


def _unpack(model: Any, plan: Plan, params: Array) -> None:
    weights, biases = plan.unpack(params)
    w, b = weights[0], biases[0]
    model.coef_ = np.ascontiguousarray(w.T)
    model.intercept_ = np.zeros(w.shape[1], plan.dtype) if b is None else b.copy()
