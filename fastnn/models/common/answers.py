"""The one way from a fitted model and X to outputs: at once where kernels can read X, else by the door of `read_X`."""

from __future__ import annotations

from typing import Any, Protocol

from fastnn.kernels.contract import Array
from fastnn.kernels.select import native
from fastnn.models.common.arrays import HasFeatures, read_X, unnamed_features
from fastnn.plan import Plan
from fastnn.threads import resolve as resolve_threads
from fastnn.training.engine import Engine

__all__ = ["Answering", "answer_at_once", "engine_for", "outputs"]

_COMPILED = ("auto", "native")


class Answering(HasFeatures, Protocol):
    """A fitted estimator, as far as it says how to compute."""

    backend: str
    n_threads: int | None


def engine_for(model: Answering, plan: Plan) -> Engine:
    """An engine of the model's backend and number of threads."""
    return Engine(plan, model.backend, model.n_threads)


def answer_at_once(
    model: Any, plan: Plan, params: Array, x: Any, link: bool, pairs: bool = False, check_finite: bool = False
) -> Array | None:
    """What a network predicts for an ndarray of its dtype and width, C-contiguous, as `Engine.predict` does.

    One native call looks at x, finds what is not finite, and gives memory to the answer: in Python that took 4 of the
    5 us of a row. None where x is something else, or of another backend, or with `check_finite` not finite.
    """
    if model.backend not in _COMPILED:
        return None
    loss, n_threads = plan.loss if link else None, resolve_threads(model.n_threads)
    answer: Array | None = native.network_answer(plan, params, x, loss, pairs, check_finite, n_threads)
    return answer


def outputs(model: Answering, plan: Plan, params: Array, X: Any, *, link: bool = False, pairs: bool = False) -> Array:
    """The raw output z (n, o) of an estimator's network for X, or what the loss's link makes of it.

    With `pairs` a network of one output gives both classes: those of -z and z.

    Raises
    ------
    ValueError, TypeError
        If X cannot be used, or is not what the model was fitted to.
    """
    if unnamed_features(model) == plan.widths[0]:
        answer = answer_at_once(model, plan, params, X, link, pairs, check_finite=True)
        if answer is not None:
            return answer
    x = read_X(model, X, plan.dtype)
    return engine_for(model, plan).predict(params, x, link=link, pairs=pairs)
