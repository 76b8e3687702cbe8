"""How a neuron learns: the run of the training loop, the average, and what is kept of it all."""

from __future__ import annotations

from dataclasses import replace
from math import isfinite
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from fastnn.kernels.contract import Array
from fastnn.models.common.callbacks import FitTasks
from fastnn.models.common.estimator import warn_caller
from fastnn.models.neuron.evidence import every, left_to_gain
from fastnn.models.neuron.learning_rule import initial_params, learning_engine, longest_safe_rate, name_of
from fastnn.optimizers import SGD, OptimizerState
from fastnn.training.engine import Engine
from fastnn.training.epoch import Epoch, Watcher
from fastnn.training.history import History, grown
from fastnn.training.loop import Outcome, Run, Samples, in_order, shuffled, train
from fastnn.training.neuron_engine import Average
from fastnn.training.progress import progress
from fastnn.training.rates import Constant, Rate, scheduled
from fastnn.training.stopping import Stopping

__all__ = ["batch_size_of", "learn"]

# Too much to be left: this part of the loss, and so many times what the passes without improvement may have gained.
_PART = 0.2
_MUCH = 10.0
_LOOKED_AT = 4000  # rows, first


def learn(neuron: Any, samples: Samples, goes_on: bool, passes: int | None, tasks: FitTasks) -> None:
    """Learn from checked samples, and set the fitted attributes.

    Parameters
    ----------
    neuron : Neuron
    samples : Samples
        y (n, 1) is 0 or 1 for "sigmoid", -1 or 1 for "sign".
    goes_on : bool
        Whether to start from the weights that the neuron has.
    passes : int or None
        Most passes over the data; None for the one pass of `partial_fit`.
    tasks : FitTasks
        Told of the fit and of every pass.
    """
    same_run = goes_on and passes is None and hasattr(neuron, "_training")
    average = _average(neuron, samples.x.shape[1] + 1, same_run)
    engine = learning_engine(neuron, samples.x.shape[1], samples.x.dtype, average)
    random_state = check_random_state(neuron.random_state)
    if not goes_on:
        params = initial_params(neuron, engine.plan, random_state)
    elif average is not None and average.last is not None:
        params = average.last.copy()
    else:
        params = neuron._params()
    run = _run(neuron, samples, params, random_state, same_run)
    weights = _Weights(params)
    history = History()
    watchers: list[Watcher] = [history, weights] if neuron.keep_history else [history]
    tasks.start(passes or 1, lambda epoch: _fitted(epoch, average))
    stopping = Stopping(neuron.tol, neuron.n_iter_no_change, run.rate)
    outcome = _train(neuron, engine, samples, params, run, passes, [*watchers, stopping], tasks)
    _set_attributes(neuron, params, run, outcome, average, goes_on)
    neuron.learning_rate_ = history.new["learning_rate"][-1]
    _set_history(neuron, history, weights if neuron.keep_history else None, goes_on)
    tasks.end()
    _warn(outcome, passes)
    if passes is not None and stopping.stalled > stopping.patience and name_of(neuron) != "sign":
        _warn_of_slowness(neuron, engine, samples, params, outcome)


class _Weights:
    """A watcher that writes down the weights (p,) at the start and after every pass."""

    def __init__(self, params: Array) -> None:
        self.params = [params.copy()]

    def __call__(self, epoch: Epoch) -> None:
        self.params.append(epoch.params.copy())


def _average(neuron: Any, n_params: int, same_run: bool) -> Average | None:
    if not neuron.average:
        return None
    before: Average | None = getattr(neuron, "_average", None) if same_run else None
    return Average(np.zeros(n_params)) if before is None else before.copy()


def _rate(neuron: Any, samples: Samples, same_run: bool) -> Rate:
    """The learning rate; "auto" is found once for a run."""
    if neuron.learning_rate == "auto":
        known = same_run and isinstance(neuron._training.rate, Constant)
        return Constant(neuron.learning_rate_ if known else longest_safe_rate(neuron, samples.x, samples.sample_weight))
    if hasattr(neuron.learning_rate, "__float__"):
        return Constant(float(neuron.learning_rate))
    return scheduled(neuron.learning_rate)


def _run(neuron: Any, samples: Samples, params: Array, random_state: Any, same_run: bool) -> Run:
    """What goes from pass to pass; partial_fit goes on with what the call before has left."""
    rate = _rate(neuron, samples, same_run)
    if same_run:
        run: Run = neuron._training.copy()
        run.rate = run.rate if run.rate == rate else rate
        return run
    optimizer = SGD(momentum=0.0, nesterov=False)  # only counts the steps
    state = OptimizerState.zeros(optimizer, params)
    return Run(optimizer, state, rate, seed=int(random_state.randint(2**31 - 1)))


def _train(
    neuron: Any,
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


def batch_size_of(neuron: Any, n: int) -> int:
    """Rows of a step, of n."""
    return n if neuron.batch_size in (None, "full") else min(int(neuron.batch_size), n)


def _answer(params: Array, average: Average | None) -> dict[str, Array]:
    """What has been learnt, as fitted attributes."""
    answer = params if average is None else average.mean(params)
    return {"coef_": answer[:-1].reshape(1, -1), "intercept_": answer[-1:]}


def _fitted(epoch: Epoch, average: Average | None) -> dict[str, Any]:
    """What makes a copy of a neuron one that learnt until this pass."""
    return {**_answer(epoch.params.copy(), average), "n_iter_": epoch.number, "loss_": epoch.loss}


def _set_attributes(
    neuron: Any, params: Array, run: Run, outcome: Outcome, average: Average | None, goes_on: bool
) -> None:
    neuron.loss_curve_ = grown(getattr(neuron, "loss_curve_", None) if goes_on else None, outcome.losses)
    neuron.loss_ = next(loss for loss in reversed(neuron.loss_curve_) if isfinite(loss))
    neuron.n_iter_ = len(outcome.losses)
    neuron._training = run
    neuron.__dict__.update(_answer(params, average))
    if average is not None:
        neuron._average = replace(average, last=params)
    elif hasattr(neuron, "_average"):
        del neuron._average


def _set_history(neuron: Any, history: History, weights: _Weights | None, goes_on: bool) -> None:
    before = getattr(neuron, "history_", None) if goes_on else None
    if hasattr(neuron, "history_"):
        del neuron.history_
    if weights is None:
        return
    params = np.array(weights.params if before is None else weights.params[1:])
    new = {"coef": params[:, :-1], "intercept": params[:, -1]}
    new |= {name: np.array(history.new[name]) for name in ("loss", "learning_rate")}
    if before is not None:
        new = {name: np.concatenate([before[name], values]) for name, values in new.items()}
    neuron.history_ = new


def _warn(outcome: Outcome, passes: int | None) -> None:
    if outcome.message:
        warn_caller(outcome.message)
    elif outcome.reason == "finished" and passes is not None:
        warn_caller(
            f"The neuron still improves after max_iter={passes} passes over the data: "
            "increase max_iter, or scale the features."
        )


def _warn_of_slowness(neuron: Any, engine: Engine, samples: Samples, params: Array, outcome: Outcome) -> None:
    """Warn where the loss has stopped falling by `tol` for no other reason than that the steps are short.

    That is, where much is left to gain, more than so many passes could have gained.
    """
    gain = _missed(neuron, engine, every(samples, _LOOKED_AT), samples, params, outcome)
    if gain > 0 and samples.x.shape[0] > _LOOKED_AT:  # what some rows say has to hold for all
        gain = _missed(neuron, engine, samples, samples, params, outcome)
    if not gain > 0:
        return
    why = ", which the largest row of X decides," if neuron.learning_rate == "auto" else ""
    warn_caller(
        f"The neuron stopped after {len(outcome.losses)} passes, in the last of which its loss {neuron.loss_:.3g} did "
        f"not fall by tol={neuron.tol:g}, but it has not learnt what it can: the loss can be lower by {gain:.2g} at "
        f"least. The learning rate {neuron.learning_rate_:.2g}{why} is too small for these features. Scale them (where "
        "there are outliers, by a RobustScaler), choose a larger learning_rate, or a smaller tol and a larger max_iter."
    )


def _missed(neuron: Any, engine: Engine, seen: Samples, samples: Samples, params: Array, outcome: Outcome) -> float:
    """What is left to gain by the rows seen, if that is much, and more than the last passes could have gained."""
    gain, speed = left_to_gain(neuron, engine, seen, params)
    n, weight = samples.x.shape[0], samples.sample_weight
    n_steps = float(-(-n // batch_size_of(neuron, n)))
    if neuron.batch_size == 1 and weight is not None:
        n_steps = float(weight.sum(dtype=np.float64))
    waited = neuron.n_iter_no_change + 1
    fallen = max(outcome.losses[0] - outcome.losses[-1], 0.0)
    is_much = gain > _PART * neuron.loss_ and (gain > _MUCH * waited * neuron.tol or gain > fallen)
    return gain if is_much and gain > waited * n_steps * neuron.learning_rate_ * speed else 0.0
