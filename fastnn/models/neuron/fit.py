"""How a neuron learns: the run of the training loop, the average, and what is kept of it all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import isfinite
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import check_random_state

from fastnn.kernels.contract import Array
from fastnn.models.common.callbacks import FitTasks
from fastnn.models.common.warnings import warn_caller
from fastnn.models.neuron.evidence import evenly_spaced, left_to_gain
from fastnn.models.neuron.learning_rule import initial_params, learning_engine, longest_safe_rate, name_of
from fastnn.models.neuron.parameters import NeuronParameters
from fastnn.optimizers import SGD, OptimizerState
from fastnn.schedules import Plateau, Schedule
from fastnn.training.engine import Engine
from fastnn.training.epoch import Epoch, Watcher
from fastnn.training.history import History, grown
from fastnn.training.loop import Outcome, Run, Samples, in_order, shuffled, train
from fastnn.training.neuron_engine import Average
from fastnn.training.progress import progress
from fastnn.training.rates import Constant, Rate, scheduled
from fastnn.training.stopping import Stopping

__all__ = ["Before", "batch_size_of", "learn", "warn_of_end"]

# Too much to be left: this part of the loss, and so many times what the passes without improvement may have gained.
_PART = 0.2
_MUCH = 10.0
_LOOKED_AT = 4000  # rows, first


class Before(NamedTuple):
    """What a neuron has learnt already, where it goes on from it."""

    params: Array
    run: Run | None = None
    average: Average | None = None
    learning_rate: float | None = None
    loss_curve: Sequence[float] | None = None
    history: dict[str, Array] | None = None


class Learnt(NamedTuple):
    """What a neuron has learnt: its fitted attributes, and what the warnings are about."""

    attributes: dict[str, Any]
    engine: Engine
    params: Array
    outcome: Outcome
    stopping: Stopping


def learn(
    neuron: NeuronParameters, before: Before | None, samples: Samples, passes: int | None, tasks: FitTasks
) -> Learnt:
    """Learn from checked samples.

    Parameters
    ----------
    neuron : Neuron
        Whose parameters say how.
    before : Before, optional
        What to go on from.
    samples : Samples
        y (n, 1) is 0 or 1 for "sigmoid", -1 or 1 for "sign".
    passes : int or None
        Most passes over the data; None for the one pass of `partial_fit`.
    tasks : FitTasks
        Told of the fit and of every pass.
    """
    same_run = before if before is not None and passes is None and before.run is not None else None
    average = _average(neuron, samples.x.shape[1] + 1, same_run)
    engine = learning_engine(neuron, samples.x.shape[1], samples.x.dtype, average)
    random_state = check_random_state(neuron.random_state)
    if before is None:
        params = initial_params(neuron, engine.plan, random_state)
    elif average is not None and average.last is not None:
        params = average.last.copy()
    else:
        params = before.params
    run = _run(neuron, samples, params, random_state, same_run)
    weights = _Weights(params)
    history = History()
    watchers: list[Watcher] = [history, weights] if neuron.keep_history else [history]
    tasks.start(passes or 1, lambda epoch: _fitted(epoch, average))
    stopping = Stopping(neuron.tol, neuron.n_iter_no_change, run.rate)
    outcome = _train(neuron, engine, samples, params, run, passes, [*watchers, stopping], tasks)
    attributes = _attributes(params, run, outcome, average, before)
    attributes["learning_rate_"] = history.new["learning_rate"][-1]
    if neuron.keep_history:
        attributes["history_"] = _history(history, weights, None if before is None else before.history)
    return Learnt(attributes, engine, params, outcome, stopping)


class _Weights:
    """A watcher that writes down the weights (p,) at the start and after every pass."""

    def __init__(self, params: Array) -> None:
        self.params = [params.copy()]

    def __call__(self, epoch: Epoch) -> None:
        self.params.append(epoch.params.copy())


def _average(neuron: NeuronParameters, n_params: int, same_run: Before | None) -> Average | None:
    if not neuron.average:
        return None
    before = None if same_run is None else same_run.average
    return Average(np.zeros(n_params)) if before is None else before.copy()


def _rate(neuron: NeuronParameters, samples: Samples, same_run: Before | None) -> Rate:
    """The learning rate; "auto" is found once for a run."""
    if neuron.learning_rate == "auto":
        run = None if same_run is None else same_run.run
        if same_run is not None and run is not None and isinstance(run.rate, Constant):
            assert same_run.learning_rate is not None, "a run has a learning rate"
            return Constant(same_run.learning_rate)
        return Constant(longest_safe_rate(neuron, samples.x, samples.sample_weight))
    if isinstance(neuron.learning_rate, (Schedule, Plateau)):
        return scheduled(neuron.learning_rate)
    return Constant(float(neuron.learning_rate))


def _run(neuron: NeuronParameters, samples: Samples, params: Array, random_state: Any, same_run: Before | None) -> Run:
    """What goes from pass to pass; partial_fit goes on with what the call before has left."""
    rate = _rate(neuron, samples, same_run)
    if same_run is not None and same_run.run is not None:
        run = same_run.run.copy()
        run.rate = run.rate if run.rate == rate else rate
        return run
    optimizer = SGD(momentum=0.0, nesterov=False)  # only counts the steps
    state = OptimizerState.zeros(optimizer, params)
    return Run(optimizer, state, rate, seed=int(random_state.randint(2**31 - 1)))


def _train(
    neuron: NeuronParameters,
    engine: Engine,
    samples: Samples,
    params: Array,
    run: Run,
    passes: int | None,
    watchers: list[Watcher],
    tasks: FitTasks,
) -> Outcome:
    n = samples.x.shape[0]
    size = batch_size_of(neuron, n)
    if name_of(neuron) == "sign":
        watchers = [*watchers, lambda epoch: epoch.loss == 0]
    with progress(neuron.verbose, passes or 1) as printers:
        return train(
            engine,
            samples,
            params,
            run,
            order=shuffled(engine, run.seed, n, size) if neuron.shuffle else in_order(),
            batch_size=size,
            max_epochs=passes or 1,
            watchers=[*printers, *watchers, tasks],
            begin=tasks.begin,
        )


def batch_size_of(neuron: NeuronParameters, n: int) -> int:
    """Rows of a step, of n."""
    return n if neuron.batch_size is None or isinstance(neuron.batch_size, str) else min(int(neuron.batch_size), n)


def _answer(params: Array, average: Average | None) -> dict[str, Array]:
    """What has been learnt, as fitted attributes."""
    answer = params if average is None else average.mean(params)
    return {"coef_": answer[:-1].reshape(1, -1), "intercept_": answer[-1:]}


def _fitted(epoch: Epoch, average: Average | None) -> dict[str, Any]:
    """What makes a copy of a neuron one that learnt until this pass."""
    return {**_answer(epoch.params.copy(), average), "n_iter_": epoch.number, "loss_": epoch.loss}


def _attributes(
    params: Array, run: Run, outcome: Outcome, average: Average | None, before: Before | None
) -> dict[str, Any]:
    curve = grown(None if before is None else before.loss_curve, outcome.losses)
    found = {
        "loss_curve_": curve,
        "loss_": next(loss for loss in reversed(curve) if isfinite(loss)),
        "n_iter_": len(outcome.losses),
        "_training": run,
        **_answer(params, average),
    }
    return found if average is None else {**found, "_average": replace(average, last=params)}


def _history(history: History, weights: _Weights, before: dict[str, Array] | None) -> dict[str, Array]:
    """Weights, losses and learning rates of all passes, those of the calls before among them."""
    params = np.array(weights.params if before is None else weights.params[1:])
    new = {"coef": params[:, :-1], "intercept": params[:, -1]}
    new |= {name: np.array(history.new[name]) for name in ("loss", "learning_rate")}
    if before is None:
        return new
    return {name: np.concatenate([before[name], values]) for name, values in new.items()}


def warn_of_end(neuron: NeuronParameters, samples: Samples, learnt: Learnt, passes: int | None) -> None:
    """Warn where learning has ended too early."""
    outcome, stopping = learnt.outcome, learnt.stopping
    if outcome.message:
        warn_caller(outcome.message)
    elif outcome.reason == "finished" and passes is not None:
        warn_caller(
            f"The neuron still improves after max_iter={passes} passes over the data: "
            "increase max_iter, or scale the features."
        )
    if passes is not None and stopping.stalled > stopping.patience and name_of(neuron) != "sign":
        _warn_of_slowness(neuron, samples, learnt)


def _warn_of_slowness(neuron: NeuronParameters, samples: Samples, learnt: Learnt) -> None:
    """Warn where the loss has stopped falling by `tol` for no other reason than that the steps are short.

    That is, where much is left to gain, more than so many passes could have gained.
    """
    gain = _missed(neuron, evenly_spaced(samples, _LOOKED_AT), samples, learnt)
    if gain > 0 and samples.x.shape[0] > _LOOKED_AT:  # what some rows say has to hold for all
        gain = _missed(neuron, samples, samples, learnt)
    if not gain > 0:
        return
    why = ", which the largest row of X decides," if neuron.learning_rate == "auto" else ""
    loss, rate = learnt.attributes["loss_"], learnt.attributes["learning_rate_"]
    warn_caller(
        f"The neuron stopped after {len(learnt.outcome.losses)} passes, in the last of which its loss {loss:.3g} did "
        f"not fall by tol={neuron.tol:g}, but it has not learnt what it can: the loss can be lower by {gain:.2g} at "
        f"least. The learning rate {rate:.2g}{why} is too small for these features. Scale them (where "
        "there are outliers, by a RobustScaler), choose a larger learning_rate, or a smaller tol and a larger max_iter."
    )


def _missed(neuron: NeuronParameters, seen: Samples, samples: Samples, learnt: Learnt) -> float:
    """What is left to gain by the rows seen, if that is much, and more than the last passes could have gained."""
    gain, speed = left_to_gain(neuron, learnt.engine, seen, learnt.params)
    losses, loss, rate = learnt.outcome.losses, learnt.attributes["loss_"], learnt.attributes["learning_rate_"]
    n, weight = samples.x.shape[0], samples.sample_weight
    n_steps = float(-(-n // batch_size_of(neuron, n)))
    if neuron.batch_size == 1 and weight is not None:
        n_steps = float(weight.sum(dtype=np.float64))
    waited = neuron.n_iter_no_change + 1
    fallen = max(losses[0] - losses[-1], 0.0)
    is_much = gain > _PART * loss and (gain > _MUCH * waited * neuron.tol or gain > fallen)
    return gain if is_much and gain > waited * n_steps * rate * speed else 0.0
