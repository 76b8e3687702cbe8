"""A fit as scikit-learn's callbacks see it: a task, with a task for every epoch inside."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, Self

from scipy.sparse import issparse
from sklearn.utils import _safe_indexing

from fastnn.models.common.bases import CallbackSupportMixin, FitCallback
from fastnn.training.epoch import Epoch, Watcher

if TYPE_CHECKING:
    from fastnn._core import Cancellation

__all__ = ["EpochEnd", "FitTasks", "Fitted", "TellsOfEpochs", "Watched"]

Fitted = Callable[[Epoch], dict[str, Any]]


class EpochEnd:
    """A function of the `Epoch` as a callback of scikit-learn's protocol.

    Parameters
    ----------
    watcher : callable
        watcher(epoch) at the end of every epoch; training ends when it returns True.
    """

    def __init__(self, watcher: Watcher) -> None:
        self.watcher = watcher

    def setup(self, estimator: Any, context: Any) -> None:
        """Do nothing: a function needs no preparation."""

    def teardown(self, estimator: Any, context: Any) -> None:
        """Do nothing: a function leaves nothing behind."""

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        """Epochs are only looked at when they are over."""

    def on_fit_task_end(self, estimator: Any, context: Any) -> bool:
        """Show the epoch to the function, if the task is one."""
        epoch: Epoch | None = getattr(context, "epoch", None)
        return epoch is not None and bool(self.watcher(epoch))


def _as_callback(callback: Any) -> Any:
    """A callback of the protocol as it is, and one for a function."""
    is_function = callable(callback) and not isinstance(callback, (type, FitCallback))
    return EpochEnd(callback) if is_function else callback


class TellsOfEpochs(CallbackSupportMixin):
    """`set_callbacks` for an estimator that learns by epochs."""

    def set_callbacks(self, *callbacks: Watcher | FitCallback) -> Self:
        """Set what is called while `fit` and `partial_fit` run; copies by `clone` have it too.

        Parameters
        ----------
        *callbacks : callables or callbacks of scikit-learn's protocol
            A function is called at the end of every epoch (or iteration of "lbfgs") with its
            `number`, `loss`, `learning_rate`, read-only `params` (p,), `validation_loss`,
            `validation_score` and `seconds`. An object with scikit-learn's `setup`,
            `on_fit_task_begin`, `on_fit_task_end` and `teardown`, such as
            `sklearn.callback.ScoringMonitor`, hears of the fit and of each epoch. Training ends
            when one returns True at an epoch's end. Without any, those set before are forgotten.

        Returns
        -------
        self
            The estimator itself.

        Raises
        ------
        TypeError
            If one is neither.
        """
        super().set_callbacks(*map(_as_callback, callbacks))
        return self


class Watched(Protocol):
    """An estimator that scikit-learn's `CallbackSupportMixin` lets callbacks watch."""

    def _init_callback_context(self, max_subtasks: int) -> Any: ...


class FitTasks:
    """Tells the callbacks of a model of its fit and of every epoch; without callbacks it does nothing.

    The callbacks get the training samples as the user gave them, those held out left away.

    Parameters
    ----------
    model : estimator
        Whose `_init_callback_context` comes from scikit-learn's `CallbackSupportMixin`.
    X, y, sample_weight
        What `fit` was given.
    fitted : callable
        fitted(epoch) -> the attributes that make a copy of the model one that was fitted until this epoch.
    rows : ndarray of int, optional
        The rows that are trained on; None for all.
    cancelled : Cancellation, optional
        Once it is set, the next epoch begins with a KeyboardInterrupt: Ctrl-C for threads, of which
        Python tells only the main one.
    """

    def __init__(
        self,
        model: Watched,
        X: Any,
        y: Any,
        sample_weight: Any,
        fitted: Fitted,
        rows: Any = None,
        cancelled: Cancellation | None = None,
    ) -> None:
        self._cancelled = cancelled
        self._model = model
        self._samples_of_fit = (X, y, sample_weight)
        self._fitted = fitted
        self._rows = rows
        self._root: Any = None
        self._task: Any = None

    def start(self, n_epochs: int) -> None:
        """The fit begins: at most so many epochs."""
        if not hasattr(self._model, "_skl_callbacks"):
            return
        self._root = self._model._init_callback_context(max_subtasks=n_epochs)
        self._root.call_on_fit_task_begin(estimator=self._model, **self._data())

    def begin(self) -> None:
        """An epoch begins, unless one is going on already."""
        if self._cancelled is not None and self._cancelled.is_set():
            raise KeyboardInterrupt
        if self._root is not None and self._task is None:
            self._task = self._root.subcontext(task_name="epoch")
            self._task.call_on_fit_task_begin(estimator=self._model, **self._data())

    def __call__(self, epoch: Epoch) -> bool:
        """The epoch has ended; whether a callback asks to stop."""
        if self._task is None:
            return False
        task, self._task = self._task, None
        task.epoch = epoch
        return self._ended(task, lambda: self._fitted(epoch))

    def end(self) -> None:
        """The fit has ended; an epoch that did not come to its end has ended too."""
        if self._task is not None:
            self._task.call_on_fit_task_end(estimator=self._model)
        if self._root is not None:
            self._ended(self._root, dict)

    def _ended(self, task: Any, attributes: Callable[[], dict[str, Any]]) -> bool:
        data = self._data()
        return bool(task.call_on_fit_task_end(estimator=self._model, **data, reconstruction_attributes=attributes))

    def _data(self) -> dict[str, Any]:
        """What the hooks may ask for; functions, since few ask."""
        weighted = self._samples_of_fit[2] is not None
        return {
            "X": lambda: self._samples[0],
            "y": lambda: self._samples[1],
            "metadata": (lambda: {"sample_weight": self._samples[2]}) if weighted else None,
        }

    @cached_property
    def _samples(self) -> tuple[Any, ...]:
        if self._rows is None:
            return self._samples_of_fit
        sliceable = (
            each.tocsr() if issparse(each) else each for each in self._samples_of_fit
        )  # others have no rows to take
        return tuple(None if each is None else _safe_indexing(each, self._rows) for each in sliceable)
