"""A cross-validated fit as callbacks see it: a task for every path, with a task for every penalty inside."""

from __future__ import annotations

from typing import Any, Protocol

from fastnn.models.common.callbacks import Watched
from fastnn.models.logistic.cv.parameters import Grid
from fastnn.models.logistic.problem import Labelled
from fastnn.solvers.objective.types import Solution

__all__ = ["PathTasks"]


class WatchedChooser(Watched, Protocol):
    """A `LogisticRegressionCV` that callbacks watch."""

    def _attributes_of(self, solution: Solution, samples: Labelled, C: float, l1_ratio: float) -> dict[str, Any]: ...


class PathTasks:
    """Tells the callbacks of a `LogisticRegressionCV` of its fit; without callbacks it does nothing.

    Parameters
    ----------
    model : LogisticRegressionCV
    samples : Labelled
    grid : Grid
    data : tuple
        X, y and sample_weight as `fit` got them.
    """

    def __init__(self, model: WatchedChooser, samples: Labelled, grid: Grid, data: tuple[Any, Any, Any]) -> None:
        self._model, self._samples, self._grid = model, samples, grid
        metadata = None if data[2] is None else {"sample_weight": data[2]}
        self._data = {"estimator": model, "X": data[0], "y": data[1], "metadata": metadata}
        self._root: Any = None
        self._path: Any = None
        self._penalty: Any = None

    def start(self) -> None:
        """Tell the callbacks that the fit begins."""
        if hasattr(self._model, "_skl_callbacks"):
            self._root = self._begun(self._model._init_callback_context(max_subtasks=len(self._grid.l1_ratios)))

    def begin_path(self) -> None:
        """The fits of the next l1_ratio begin, with the strongest penalty."""
        if self._root is not None:
            self._path = self._begun(self._root.subcontext("path", max_subtasks=len(self._grid.Cs)))
            self._penalty = self._begun(self._path.subcontext("penalty"))

    def penalty_solved(self, number: int, solution: Solution) -> None:
        """All rows are solved with this C of the grid."""
        if self._root is None:
            return
        penalty, self._penalty = self._penalty, None
        C, l1_ratio = float(self._grid.Cs[number]), float(self._grid.l1_ratios[self._path.task_id])
        self._ended(penalty, lambda: self._model._attributes_of(solution, self._samples, C, l1_ratio))
        if penalty.task_id + 1 < len(self._grid.Cs):
            self._penalty = self._begun(self._path.subcontext("penalty"))

    def end_path(self) -> None:
        """The folds are solved too."""
        if self._root is not None:
            self._ended(self._path)

    def end(self) -> None:
        """Tell the callbacks that the fit has ended."""
        if self._root is not None:
            self._ended(self._root, dict)

    def _begun(self, task: Any) -> Any:
        task.call_on_fit_task_begin(**self._data)
        return task

    def _ended(self, task: Any, attributes: Any = None) -> None:
        task.call_on_fit_task_end(**self._data, reconstruction_attributes=attributes)
