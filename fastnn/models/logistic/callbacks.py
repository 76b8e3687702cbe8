"""A logistic regression's fit as scikit-learn's callbacks see it: a task, with a task for every iteration inside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from fastnn.models.common.callbacks import Watched
from fastnn.models.common.warnings import warn_caller
from fastnn.models.logistic.parameters import SolverParameters
from fastnn.models.logistic.problem import coefficients
from fastnn.solvers.objective.logistic import LogisticObjective
from fastnn.solvers.objective.types import Vector, Watch

__all__ = ["IterationTasks", "Tasks", "warn_of_other_iterations"]


def warn_of_other_iterations(solver: str) -> None:
    """Warn whoever sets callbacks where the solver's name stands for an optimum alone."""
    if solver == "liblinear":
        warn_caller(
            "Callbacks are only supported in LogisticRegression for solver='lbfgs' by scikit-learn. Here they "
            f"hear of iterations with solver={solver!r} too, but these are not {solver}'s own: the name "
            "stands for its optimum. Do not count on their number.",
            UserWarning,
        )


class WatchedSolver(SolverParameters, Watched, Protocol):
    """A logistic regression that callbacks watch."""


class Tasks:
    """What a fit tells of its iterations where nobody listens."""

    watch: Watch | None = None

    def start(self, start: Vector | None) -> None:
        """The fit begins."""

    def end(self) -> None:
        """The fit has ended."""


class IterationTasks(Tasks):
    """Tells the callbacks of a model of its fit, and prints its iterations where it is verbose.

    As with scikit-learn's L-BFGS there is a task for each iteration, for the first in any case, and a task that ends
    unfinished, because a solver learns that it is done only when it looks again.

    Parameters
    ----------
    model : estimator
    objective : LogisticObjective
    data : tuple
        X, y and sample_weight as `fit` got them.
    """

    def __init__(self, model: WatchedSolver, objective: LogisticObjective, data: tuple[Any, Any, Any]) -> None:
        self._model, self._objective = model, objective
        metadata = None if data[2] is None else {"sample_weight": data[2]}
        self._data = {"X": data[0], "y": data[1], "metadata": metadata}
        self.watch = self._watch
        self._root: Any = None
        self._task: Any = None

    def start(self, start: Vector | None) -> None:
        """Tell the callbacks that the fit begins."""
        if not hasattr(self._model, "_skl_callbacks"):
            return
        self._root = self._model._init_callback_context(max_subtasks=max(self._model.max_iter, 1) + 1)
        self._root.call_on_fit_task_begin(estimator=self._model, **self._data)
        self._fitted = self._as_fitted(0, np.zeros(self._objective.n_params) if start is None else start)
        self._begin()

    def _watch(self, iteration: int, params: Vector, loss: float) -> None:
        """An iteration has ended, and the next one begins."""
        if self._model.verbose:
            print(f"Iteration {iteration}, objective {loss:.10g}")
        if self._root is None:
            return
        self._fitted = self._as_fitted(iteration, params)
        self._end()
        self._begin()

    def end(self) -> None:
        """Tell the callbacks that the fit has ended."""
        if self._root is None:
            return
        if self._fitted["n_iter_"][0] == 0:
            self._end()
            self._begin()
        self._task.call_on_fit_task_end(estimator=self._model)
        self._root.call_on_fit_task_end(estimator=self._model, **self._data, reconstruction_attributes={})

    def _begin(self) -> None:
        self._task = self._root.subcontext(task_name=f"{self._model.solver}-iter")
        self._tell(self._task.call_on_fit_task_begin)

    def _end(self) -> None:
        self._tell(self._task.call_on_fit_task_end)

    def _tell(self, hook: Callable[..., Any]) -> None:
        hook(estimator=self._model, **self._data, reconstruction_attributes=self._fitted)

    def _as_fitted(self, iteration: int, params: Vector) -> dict[str, Any]:
        """What makes a copy of the model one that was fitted until this iteration."""
        coef, intercept = coefficients(params, self._objective)
        return {"coef_": coef, "intercept_": intercept, "n_iter_": np.array([iteration], np.int32)}
