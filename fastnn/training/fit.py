"""The one assembly of a training run: what every `fit` and `partial_fit` that learns by epochs calls."""

from __future__ import annotations

from collections.abc import Iterable
from operator import add
from typing import Protocol

from fastnn.kernels.contract import Array
from fastnn.training.checkpoint import NOT_KEPT, NoCheckpoint
from fastnn.training.engine import Engine
from fastnn.training.epoch import Epoch, Watcher
from fastnn.training.held_out import HeldOut
from fastnn.training.history import History
from fastnn.training.loop import Hooks, Outcome, Report, run_epochs
from fastnn.training.progress import progress
from fastnn.training.recipe import Recipe
from fastnn.training.run import Run
from fastnn.training.samples import Samples, Source
from fastnn.training.stopping import Stopping

__all__ = ["NO_TASKS", "Tasks", "fit"]


class Tasks(Protocol):
    """Who hears of the fit and of every epoch, such as scikit-learn's callbacks."""

    def start(self, n_epochs: int) -> None:
        """Training begins; it takes at most so many epochs."""
        ...

    def begin(self) -> None:
        """An epoch begins."""
        ...

    def __call__(self, epoch: Epoch) -> bool:
        """The epoch has ended; whether to stop."""
        ...

    def end(self) -> None:
        """The fit has ended, and the model has what it has learnt; `fit` leaves that to who calls it."""
        ...


class _NoTasks:
    """The tasks of a fit of which nobody wants to hear."""

    def start(self, n_epochs: int) -> None:
        """Do nothing."""

    def begin(self) -> None:
        """Do nothing."""

    def __call__(self, epoch: Epoch) -> bool:
        """Training goes on."""
        return False

    def end(self) -> None:
        """Do nothing."""


NO_TASKS: Tasks = _NoTasks()


def fit(
    engine: Engine,
    params: Array,
    samples: Samples | Source,
    recipe: Recipe,
    run: Run,
    *,
    history: History | None = None,
    stopping: Stopping | None = None,
    held_out: HeldOut | None = None,
    report: Report = add,
    watchers: Iterable[Watcher] = (),
    tasks: Tasks = NO_TASKS,
    verbose: bool | int | str = False,
    checkpoint: NoCheckpoint = NOT_KEPT,
) -> Outcome:
    """Train, and put into params what the run has come to; updates params, run, history and stopping in place.

    Where an error or Ctrl-C ends it, params are what the last finished epoch has come to.

    Parameters
    ----------
    engine : Engine
    params : ndarray (p,)
    samples : Samples or Source
        All in memory, or part by part in every epoch, as a `Stream` gives them.
    recipe : Recipe
    run : Run
        Begun with this recipe, or resumed with it.
    history : History, optional
        Writes every finished epoch down.
    stopping : Stopping, optional
        Ends training that no longer improves; by the loss and as the recipe says, if there is no other.
    held_out : HeldOut, optional
        Samples to validate on after every epoch.
    report : callable, optional
        report(loss, penalty) -> the loss as users know it; their sum if there is no other.
    watchers : iterable of callables
        Each sees every finished `Epoch`; training ends when one returns True.
    tasks : Tasks
        Told of the fit and of every epoch, after all watchers.
    verbose : bool, int or "bar", default=False
    checkpoint : Checkpoint or NoCheckpoint
        Where the run is resumed it counts on from the epochs of before, and ends at once if it had been stopped.

    Returns
    -------
    Outcome

    Raises
    ------
    ValueError
        If training diverges in the first epoch (params are then as they were), or the checkpoint is damaged.
    """
    history = History() if history is None else history
    stopping = Stopping(recipe.tol, recipe.patience, run.rate) if stopping is None else stopping
    outcome = Outcome()
    # History last: it has epochs only where all of a file has been found to be whole.
    checkpoint.attach(params, engine.write_state, run=run, outcome=outcome, stopping=stopping, history=history)
    tasks.start(recipe.epochs)
    with progress(verbose, recipe.epochs) as printers:
        hooks = Hooks(
            watchers=(history, stopping, *printers, *watchers, tasks),
            report=report,
            validate=None if held_out is None else held_out.validator(engine),
            before_epoch=tasks.begin,
            after_epoch=checkpoint,
        )
        try:
            run_epochs(engine, params, samples, recipe, run, outcome, hooks)
        except BaseException:  # Ctrl-C is one: what is finished is what watchers have seen, an average perhaps
            run.finish(params)
            raise
    run.finish(params, stopping.best_params)
    return outcome
