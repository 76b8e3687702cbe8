"""Epochs: an order of rows, one call of fit_epoch, watchers that may stop; divergence and Ctrl-C.

What a run carries from epoch to epoch lies in `Run`, so that a later call can go on where this one ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from math import ceil, isfinite
from operator import add
from time import perf_counter
from typing import Any, Literal, Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from fastnn.kernels.contract import Array
from fastnn.optimizers import Optimizer, OptimizerState
from fastnn.storage import fill
from fastnn.training.engine import Engine
from fastnn.training.epoch import Epoch, Watcher
from fastnn.training.rates import Rate, rate_state
from fastnn.training.saved import read_count, read_number, read_numbers

__all__ = [
    "NON_FINITE",
    "Keep",
    "Order",
    "Outcome",
    "Parts",
    "Run",
    "Samples",
    "Validate",
    "in_order",
    "shuffled",
    "train",
]

NON_FINITE = (
    "Solver produced non-finite parameter weights. The input data may contain large values and need to be preprocessed"
)

_COUNTS = ("seed", "epoch", "n_seen")  # of a Run

Order = Callable[[int], NDArray[np.int64] | None]
Validate = Callable[[Array], tuple[float, float | None]]
"""validate(params) -> (loss, score or None), of samples that training does not see."""

Keep = Callable[[int, bool], None]
"""keep(number, ended) when an epoch is over, and all watchers have seen it."""

Reason = Literal["finished", "stopped", "diverged", "interrupted"]


@dataclass(frozen=True)
class Samples:
    """x (n, i), y (n, o) and the weights of the rows (n,) or None, all of the plan's dtype.

    x is an ndarray, or a sparse matrix of compressed rows (CSR).
    """

    x: Any
    y: Array
    sample_weight: Array | None = None


@dataclass
class Run:
    """What a run carries from epoch to epoch beside its parameters.

    An optimizer may keep an average of the parameters: that is what a run has come to, and what
    others see, while its steps go on from the parameters themselves, kept in `behind` between runs.
    """

    optimizer: Optimizer
    state: OptimizerState
    rate: Rate
    seed: int = 0
    epoch: int = 0
    n_seen: int = 0
    behind: Array | None = None

    def shown(self, params: Array) -> Array:
        """The parameters, or their average where the optimizer keeps one."""
        averaged: Array | None = self.optimizer.averaged(self.state)
        return params if averaged is None else averaged

    def leave(self, params: Array, best: Array | None = None) -> None:
        """Put into params what the run has come to, or something better; keep what its steps go on from."""
        shown = self.shown(params)
        self.behind = None if shown is params else params.copy()
        params[...] = shown if best is None else best

    def take_up(self, params: Array) -> None:
        """Go on from where `leave` was called; if params are others since, from those."""
        shown = self.shown(params)
        if shown is params:
            return
        if self.behind is not None and np.array_equal(shown, params):
            params[...] = self.behind
        else:
            shown[...] = params
        self.behind = None

    def copy(self) -> Run:
        """An independent copy."""
        state, rate = self.state.copy(), _copied(self.rate)
        behind = None if self.behind is None else self.behind.copy()
        return Run(self.optimizer, state, rate, self.seed, self.epoch, self.n_seen, behind)

    def state_dict(self) -> dict[str, Any]:
        """What changes, but neither optimizer nor rate themselves: see `training.checkpoint`."""
        counts = {name: getattr(self, name) for name in _COUNTS}
        return {**counts, "step": self.state.step, "slots": self.state.slots, "rate": rate_state(self.rate)}

    def load_state_dict(self, state: Mapping[str, Any], params: Array) -> None:
        """Go on from there."""
        for name in _COUNTS:
            setattr(self, name, read_count(state, name))
        self.state.step = read_count(state, "step")
        for own, saved in zip(self.state.slots, state["slots"], strict=True):
            fill(own, saved)
        for name in rate_state(self.rate):
            setattr(self.rate, name, read_number(state["rate"], name))


class Parts(Protocol):
    """Samples that come part by part in every epoch."""

    def parts(self, run: Run) -> Iterable[tuple[Samples, NDArray[np.int64] | None]]:
        """The parts of the epoch that begins, and the order of each one's rows."""
        ...


@dataclass
class Outcome:
    """How a call of `train` ended.

    Attributes
    ----------
    losses : list of float
        Of every epoch; where training diverged, the last one is not finite and its epoch does not
        count.
    reason : {"finished", "stopped", "diverged", "interrupted"}
        "finished" after `max_epochs`; "stopped" by a watcher.
    message : str
        What a user should know, where something went wrong.
    """

    losses: list[float] = field(default_factory=list)
    reason: Reason = "finished"
    message: str = ""

    def state_dict(self) -> dict[str, Any]:
        """What has come of the epochs so far: see `training.checkpoint`."""
        return dict(vars(self))

    def load_state_dict(self, state: Mapping[str, Any], params: Array) -> None:
        """Go on from there."""
        losses, reason, message = read_numbers(state, "losses"), state["reason"], state["message"]
        if reason not in get_args(Reason) or not isinstance(message, str) or not any(map(isfinite, losses)):
            raise ValueError("what has come of the epochs is no outcome, or there was none")
        self.losses, self.reason, self.message = losses, reason, message


def _copied(rate: Rate) -> Rate:
    # Not copy.deepcopy: a user's schedule may be anything.
    twin: Rate = object.__new__(type(rate))
    vars(twin).update(vars(rate))
    return twin


def in_order(rows: NDArray[np.int64] | None = None) -> Order:
    """Every epoch takes the rows as they come: all of them, or those given."""
    return lambda epoch: rows


def shuffled(engine: Engine, seed: int, n: int, batch_size: int, rows: NDArray[np.int64] | None = None) -> Order:
    """Every epoch takes n rows in an order of its own, which the seed and its number decide.

    Where a batch takes all of them there is nothing to mix.
    """
    if batch_size >= n:
        return in_order(rows)

    def order(epoch: int) -> NDArray[np.int64]:
        permutation = engine.permutation(seed, epoch, n)
        return permutation if rows is None else rows[permutation]

    return order


def train(
    engine: Engine,
    samples: Samples | Parts,
    params: Array,
    run: Run,
    *,
    order: Order | None = None,
    batch_size: int,
    alpha: float = 0.0,
    max_epochs: int,
    watchers: Iterable[Watcher] = (),
    l1: float = 0.0,
    report: Callable[[float, float], float] | None = None,
    validate: Validate | None = None,
    begin: Callable[[], None] | None = None,
    keep_on_interrupt: bool = False,
    outcome: Outcome | None = None,
    keep: Keep | None = None,
) -> Outcome:
    """Train for at most `max_epochs` epochs; updates params and run in place.

    Parameters
    ----------
    engine : Engine
    samples : Samples or Parts
    params : ndarray (p,)
    run : Run
    order : callable, optional
        order(epoch) -> int64 array of rows, or None for all of them as they come. `Parts` have an
        order of their own.
    batch_size : int
    alpha, l1 : float, default=0
        L2 and L1 penalty on the weights.
    max_epochs : int
    watchers : iterable of callables
        Each sees every finished `Epoch`; training ends when one returns True.
    report : callable, optional
        report(loss, penalty) -> the loss as users know it; their sum if None.
    validate : callable, optional
        validate(params) -> the validation loss and score that watchers see.
    begin : callable, optional
        begin() before every epoch.
    keep_on_interrupt : bool, default=False
        Whether Ctrl-C ends training and keeps the last finished epoch. Before the first one it
        always propagates.
    outcome : Outcome, optional
        Of the epochs before, where this call goes on with a run: it counts on from them, and ends
        at once where the run has been stopped.
    keep : callable, optional
        Called after every epoch, such as a `Checkpoint`.

    Returns
    -------
    Outcome

    Raises
    ------
    ValueError
        If training diverges in the first epoch of this call; params are then as they were.
    """
    outcome = outcome or Outcome()
    if outcome.reason == "stopped":
        return outcome
    watchers = tuple(watchers)
    one_epoch = partial(_one_epoch, engine, samples, params, run, order, batch_size, alpha, l1, report or add)
    with engine.kept(), _interruptible(outcome, keep_on_interrupt):
        for number in range(len(outcome.losses) + 1, max_epochs + 1):
            if begin is not None:
                begin()
            started = perf_counter()
            epoch = _attempt(one_epoch, number, samples, params, run, outcome)
            if epoch is None:
                break
            epoch = _validated(epoch, validate, started)
            if _stops(epoch, watchers, outcome, keep, last=number == max_epochs):
                break
    return outcome


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


def _attempt(
    one_epoch: Callable[[int], Epoch],
    number: int,
    samples: Samples | Parts,
    params: Array,
    run: Run,
    outcome: Outcome,
) -> Epoch | None:
    """The epoch; None where training diverged in it. Unless it has come to its end, params are as they were."""
    undo = _undo_of(samples, params, run)
    try:
        epoch = one_epoch(number)
    except BaseException:  # Ctrl-C is one
        undo()
        raise
    if isfinite(epoch.loss):
        return epoch
    undo()
    _diverged(outcome, epoch)
    # What it remembers may be infinite too.
    run.state = OptimizerState.zeros(run.optimizer, run.shown(params))
    return None


def _validated(epoch: Epoch, validate: Validate | None, started: float) -> Epoch:
    """The epoch with what held-out samples say of it, and the seconds since it was started."""
    loss, score = (None, None) if validate is None else validate(epoch.params)
    return replace(epoch, validation_loss=loss, validation_score=score, seconds=perf_counter() - started)


def _stops(epoch: Epoch, watchers: Iterable[Watcher], outcome: Outcome, keep: Keep | None, *, last: bool) -> bool:
    """Note the epoch's loss, show it to all watchers, and keep the run; whether a watcher stops it."""
    outcome.losses.append(epoch.loss)
    verdicts = [watcher(epoch) for watcher in watchers]
    stopped = any(verdicts)
    if stopped:
        outcome.reason = "stopped"
    if keep is not None:
        keep(epoch.number, stopped or last)
    return stopped


def _one_epoch(
    engine: Engine,
    samples: Samples | Parts,
    params: Array,
    run: Run,
    order: Order | None,
    batch_size: int,
    alpha: float,
    l1: float,
    report: Callable[[float, float], float],
    number: int,
) -> Epoch:
    loss, penalty, n_seen = 0.0, 0.0, 0
    for part, rows in _parts(samples, order, run):
        n = part.x.shape[0] if rows is None else len(rows)
        size = min(batch_size, n)
        rates = run.rate.rates(run.state.step, ceil(n / size))
        data = (part.x, part.y, part.sample_weight, rows, size)
        # A seed for every epoch: where a new fit goes on, steps are counted from 1 again, but not epochs.
        seed = run.seed + run.epoch
        of_part = engine.epoch(params, *data, run.optimizer, run.state, rates, alpha, l1, seed)
        n_seen += n
        # Means over the rows; of one part exactly what it says.
        loss += (of_part[0] - loss) * (n / n_seen)
        penalty += (of_part[1] - penalty) * (n / n_seen)
        if not isfinite(loss):
            break
    run.epoch += 1
    run.n_seen += n_seen
    run.rate.epoch_ended(run.n_seen)
    seen = run.shown(params).view()
    seen.flags.writeable = False
    return Epoch(number, report(loss, penalty), float(rates[-1]), seen)


def _parts(
    samples: Samples | Parts, order: Order | None, run: Run
) -> Iterable[tuple[Samples, NDArray[np.int64] | None]]:
    if isinstance(samples, Samples):
        return [(samples, None if order is None else order(run.epoch))]
    return samples.parts(run)


def _undo_of(samples: Samples | Parts, params: Array, run: Run) -> Callable[[], None]:
    """What takes back the parts of an epoch that does not come to its end; one part undoes itself.

    But for what the optimizer remembers of the steps beside the average.
    """
    if isinstance(samples, Samples):
        return lambda: None
    step, shown = run.state.step, run.shown(params)
    before = [(vector, vector.copy()) for vector in ([params] if shown is params else [params, shown])]

    def undo() -> None:
        run.state.step = step
        for vector, values in before:
            vector[...] = values

    return undo


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
