"""Epochs: one pass over the samples, watchers that may stop; divergence and Ctrl-C."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from math import ceil, isfinite
from operator import add
from time import perf_counter
from typing import Any, Literal, get_args

from fastnn.kernels.contract import Array
from fastnn.optimizers import OptimizerState
from fastnn.training.engine import Engine
from fastnn.training.epoch import Epoch, Watcher
from fastnn.training.recipe import Recipe
from fastnn.training.run import Run
from fastnn.training.samples import Rows, Samples, Source, row_order
from fastnn.training.saved import read_numbers

__all__ = ["NON_FINITE", "Hooks", "Outcome", "Report", "Validate", "run_epochs"]

NON_FINITE = (
    "Solver produced non-finite parameter weights. The input data may contain large values and need to be preprocessed"
)

Report = Callable[[float, float], float]
"""report(loss, penalty) -> the loss as users know it."""

Validate = Callable[[Array], tuple[float, float | None]]
"""validate(params) -> (loss, score or None), of samples that training does not see."""

Reason = Literal["finished", "stopped", "diverged", "interrupted"]


@dataclass
class Outcome:
    """How training ended.

    Attributes
    ----------
    losses : list of float
        Of every epoch; where training diverged, the last one is not finite and its epoch does not
        count.
    reason : {"finished", "stopped", "diverged", "interrupted"}
        "finished" after all epochs; "stopped" by a watcher.
    message : str
        What a user should know, where something went wrong.
    """

    losses: list[float] = field(default_factory=list)
    reason: Reason = "finished"
    message: str = ""

    def state_dict(self) -> dict[str, Any]:
        """What has come of the epochs so far, for a checkpoint."""
        return dict(vars(self))

    def load_state_dict(self, state: Mapping[str, Any], params: Array) -> None:
        """Go on from there."""
        losses, reason, message = read_numbers(state, "losses"), state["reason"], state["message"]
        if reason not in get_args(Reason) or not isinstance(message, str) or not any(map(isfinite, losses)):
            raise ValueError("what has come of the epochs is no outcome, or there was none")
        self.losses, self.reason, self.message = losses, reason, message


def _nothing() -> None:
    """What stands for a function that has nothing to do."""


def _no_checkpoint(number: int, ended: bool) -> None:
    """What is called after an epoch where the run is not kept."""


@dataclass(frozen=True)
class Hooks:
    """What is called while epochs run.

    Attributes
    ----------
    watchers : tuple of callables
        Each sees every finished `Epoch`; training ends when one returns True.
    report : callable
        The loss that users see; the sum with the penalty, if there is no other.
    validate : callable or None
        The validation loss and score that watchers see.
    before_epoch : callable
    after_epoch : callable
        after_epoch(number, ended) when all watchers have seen the epoch, such as a `Checkpoint`.
    """

    watchers: tuple[Watcher, ...] = ()
    report: Report = add
    validate: Validate | None = None
    before_epoch: Callable[[], None] = _nothing
    after_epoch: Callable[[int, bool], None] = _no_checkpoint


def run_epochs(
    engine: Engine, params: Array, samples: Samples | Source, recipe: Recipe, run: Run, outcome: Outcome, hooks: Hooks
) -> None:
    """Train for the epochs that `outcome` does not have yet; updates params (p,), run and outcome in place.

    Raises
    ------
    ValueError
        If training diverges in the first epoch; params are then as they were.
    """
    if outcome.reason == "stopped":
        return
    with engine.kept(), _interruptible(outcome, recipe.keep_on_interrupt):
        for number in range(len(outcome.losses) + 1, recipe.epochs + 1):
            hooks.before_epoch()
            started = perf_counter()
            epoch = _one_epoch(engine, params, samples, recipe, run, hooks.report, number)
            if not isfinite(epoch.loss):
                _diverged(outcome, epoch)
                break
            epoch = _validated(epoch, outcome, hooks)
            epoch = replace(epoch, seconds=perf_counter() - started)
            if _stops(epoch, outcome, hooks, last=number == recipe.epochs):
                break


@contextmanager
def _interruptible(outcome: Outcome, keep: bool) -> Iterator[None]:
    """Ctrl-C ends training and keeps the epochs that are finished, where that is wanted and there are any."""
    try:
        yield
    except KeyboardInterrupt:
        if not (keep and outcome.losses):
            raise
        outcome.reason = "interrupted"
        outcome.message = f"Training was interrupted after epoch {len(outcome.losses)}; it is kept."


def _one_epoch(
    engine: Engine, params: Array, samples: Samples | Source, recipe: Recipe, run: Run, report: Report, number: int
) -> Epoch:
    """The epoch; where it diverges, or does not come to its end, params are as they were."""
    undo = _nothing if isinstance(samples, Samples) else _undo_of(params, run)  # one call of a kernel undoes itself
    try:
        loss, penalty, learning_rate = _pass(engine, params, samples, recipe, run)
    except BaseException:  # Ctrl-C is one
        undo()
        raise
    seen = run.shown(params).view()
    seen.flags.writeable = False
    epoch = Epoch(number, report(loss, penalty), learning_rate, seen)
    if not isfinite(epoch.loss):
        undo()
        # What it remembers may be infinite too.
        run.state = OptimizerState.zeros(run.optimizer, run.shown(params))
    return epoch


def _pass(
    engine: Engine, params: Array, samples: Samples | Source, recipe: Recipe, run: Run
) -> tuple[float, float, float]:
    """One pass over all parts: mean loss, mean penalty, and the learning rate of the last step."""
    loss, penalty, n_seen = 0.0, 0.0, 0
    if isinstance(samples, Samples):
        parts: Iterable[tuple[Samples, Rows]] = [
            (samples, row_order(engine, recipe, run, samples.x.shape[0], samples.rows))
        ]
    else:
        parts = samples.parts(engine, recipe, run)
    for part, rows in parts:
        n = part.x.shape[0] if rows is None else len(rows)
        size = min(recipe.batch_size, n)
        rates = run.rate.rates(run.state.step, ceil(n / size))
        data = (part.x, part.y, part.sample_weight, rows, size)
        # A seed for every epoch: where a new fit goes on, steps are counted from 1 again, but not epochs.
        seed = run.seed + run.epoch
        of_part = engine.epoch(params, *data, run.optimizer, run.state, rates, recipe.alpha, recipe.l1, seed)
        n_seen += n
        # Means over the rows; of one part exactly what it says.
        loss += (of_part[0] - loss) * (n / n_seen)
        penalty += (of_part[1] - penalty) * (n / n_seen)
        if not isfinite(loss):
            break
    run.epoch += 1
    run.n_seen += n_seen
    run.rate.epoch_ended(run.n_seen)
    return loss, penalty, float(rates[-1])


def _undo_of(params: Array, run: Run) -> Callable[[], None]:
    """What takes back the parts of an epoch that does not come to its end.

    But for what the optimizer remembers of the steps beside the average.
    """
    step, shown = run.state.step, run.shown(params)
    before = [(vector, vector.copy()) for vector in ([params] if shown is params else [params, shown])]

    def undo() -> None:
        run.state.step = step
        for vector, values in before:
            vector[...] = values

    return undo


def _validated(epoch: Epoch, outcome: Outcome, hooks: Hooks) -> Epoch:
    """The epoch with what samples say that training does not see.

    Where Ctrl-C strikes meanwhile, the parameters are those of this epoch already: it counts, without such numbers,
    unless it is the first. No checkpoint has it, so that a resumed run validates it as if nothing had been.
    """
    if hooks.validate is None:
        return epoch
    try:
        loss, score = hooks.validate(epoch.params)
    except KeyboardInterrupt:
        if outcome.losses:
            _show(epoch, outcome, hooks)
        raise
    return replace(epoch, validation_loss=loss, validation_score=score)


def _stops(epoch: Epoch, outcome: Outcome, hooks: Hooks, *, last: bool) -> bool:
    """Show the epoch, and keep the run; whether a watcher stops it."""
    stopped = _show(epoch, outcome, hooks)
    if stopped:
        outcome.reason = "stopped"
    hooks.after_epoch(epoch.number, stopped or last)
    return stopped


def _show(epoch: Epoch, outcome: Outcome, hooks: Hooks) -> bool:
    """Note the epoch's loss and show it to all watchers; whether one of them wants to stop."""
    outcome.losses.append(epoch.loss)
    verdicts = [watcher(epoch) for watcher in hooks.watchers]
    return any(verdicts)


def _diverged(outcome: Outcome, epoch: Epoch) -> None:
    """Note that training has diverged; an error where no epoch before had finished."""
    if epoch.number == 1:
        raise ValueError(f"{NON_FINITE}, or the learning rate {epoch.learning_rate:g} is too large.")
    outcome.losses.append(epoch.loss)
    outcome.reason = "diverged"
    outcome.message = (
        f"Training diverged in epoch {epoch.number}: its loss or a parameter is not finite. The parameters are those "
        f"of epoch {epoch.number - 1}. Scale the features, or choose a learning rate below {epoch.learning_rate:g}."
    )
