"""How a neuron learns: its recipe, its run, the average, and what becomes of it all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import isfinite
from typing import Any, Protocol

import numpy as np
from sklearn.utils import check_random_state

from fastnn.kernels.contract import Array
from fastnn.models.common.learnt import Learnt
from fastnn.models.neuron.evidence import evenly_spaced, left_to_gain
from fastnn.models.neuron.learning_rule import initial_params, learning_engine, longest_safe_rate, name_of
from fastnn.models.neuron.parameters import NeuronParameters
from fastnn.optimizers import SGD
from fastnn.schedules import Plateau, Schedule
from fastnn.training.engine import Engine
from fastnn.training.epoch import Epoch, Watcher
from fastnn.training.fit import Tasks, fit
from fastnn.training.history import History, grown
from fastnn.training.loop import Outcome
from fastnn.training.neuron_engine import Average
from fastnn.training.rates import ConstantRate, Rate, scheduled
from fastnn.training.recipe import Recipe
from fastnn.training.run import Run
from fastnn.training.samples import Samples
from fastnn.training.stopping import Stopping

__all__ = ["average_of", "batch_size_of", "fitted_after", "learn"]

# A neuron is said to have stopped too early where more than this part of the loss is left to gain, and more than so
# many times what the passes without improvement may have gained, or more than all passes have.
_PART = 0.2
_MUCH = 10.0
_LOOKED_AT = 4000  # rows by which that is judged first; all of them are looked at only if these say so


class _Learner(NeuronParameters, Protocol):
    """A neuron that may have learnt already."""

    def _params(self, dtype: Any) -> Array: ...


def learn(
    neuron: _Learner, samples: Samples, average: Average | None, goes_on: bool, passes: int | None, tasks: Tasks
) -> Learnt:
    """Learn from checked samples.

    Parameters
    ----------
    neuron : Neuron
    samples : Samples
        y (n, 1) is 0 or 1 for "sigmoid", -1 or 1 for "sign".
    average : Average or None
        What takes in the parameters of every step, to give the neuron their mean; None for the last parameters.
    goes_on : bool
        Whether to start from the weights that the neuron has.
    passes : int or None
        Most passes over the data; None for the one pass of `partial_fit`.
    tasks : Tasks
        Told of the fit and of every pass.
    """
    before = vars(neuron) if goes_on else {}
    training: Run | None = before.get("_training") if passes is None else None
    engine = learning_engine(neuron, samples.x.shape[1], samples.x.dtype, average)
    random_state = check_random_state(neuron.random_state)
    params = _start(neuron, engine, random_state, average, goes_on)
    recipe = _recipe(neuron, samples, passes, training)
    if training is None:
        run = Run.begin(recipe, params, seed=int(random_state.randint(2**31 - 1)))
    else:
        run = training.resumed(recipe, params)
    history, weights, stopping = History(), _Weights(params), Stopping(recipe.tol, recipe.patience, run.rate)
    outcome = fit(
        engine,
        params,
        samples,
        recipe,
        run,
        history=history,
        stopping=stopping,
        watchers=_watchers(neuron, weights),
        tasks=tasks,
        verbose=neuron.verbose,
    )
    attributes = _attributes(params, average, run, grown(before.get("loss_curve_"), outcome.losses), outcome, history)
    if neuron.keep_history:
        attributes["history_"] = _history(before.get("history_"), history, weights)
    warning = outcome.message or _unfinished(outcome, passes)
    if passes is not None and stopping.stalled > stopping.patience and name_of(neuron) != "sign":
        warning = warning or _slowness(neuron, engine, samples, params, outcome.losses, attributes["learning_rate_"])
    return Learnt(attributes, warning)


def _watchers(neuron: _Learner, weights: _Weights) -> list[Watcher]:
    """Who sees every pass, beside those whom every fit has."""
    watchers: list[Watcher] = [weights] if neuron.keep_history else []
    if name_of(neuron) == "sign":
        watchers.append(lambda epoch: epoch.loss == 0)  # a pass without a mistake changes nothing
    return watchers


def _start(neuron: _Learner, engine: Engine, random_state: Any, average: Average | None, goes_on: bool) -> Array:
    """The parameters to start from."""
    if not goes_on:
        return initial_params(neuron, engine.plan, random_state)
    if average is not None and average.last is not None:
        return average.last.astype(engine.plan.dtype)  # a copy; users may have assigned a coef_ of another dtype
    return neuron._params(engine.plan.dtype)


class _Weights:
    """A watcher that writes down the weights (p,) at the start and after every pass."""

    def __init__(self, params: Array) -> None:
        self.params = [params.copy()]

    def __call__(self, epoch: Epoch) -> None:
        self.params.append(epoch.params.copy())


def average_of(neuron: _Learner, n_params: int, *, goes_on: bool) -> Average | None:
    """The average that a fit adds to, if there is one: a new one, or a copy of that of the partial_fit before."""
    if not neuron.average:
        return None
    before: Average | None = vars(neuron).get("_average") if goes_on and "_training" in vars(neuron) else None
    return Average(np.zeros(n_params)) if before is None else before.copy()


def _recipe(neuron: _Learner, samples: Samples, passes: int | None, training: Run | None) -> Recipe:
    return Recipe(
        SGD(momentum=0.0, nesterov=False),  # only counts the steps
        _rate(neuron, samples, training),
        batch_size_of(neuron, samples.x.shape[0]),
        epochs=passes or 1,
        shuffle=bool(neuron.shuffle),
        patience=neuron.n_iter_no_change,
        tol=neuron.tol,
    )


def _rate(neuron: _Learner, samples: Samples, training: Run | None) -> Rate:
    """The learning rate; "auto" is found once for a run."""
    given = neuron.learning_rate
    if isinstance(given, str):  # "auto"
        if training is not None and isinstance(training.rate, ConstantRate):
            return ConstantRate(vars(neuron)["learning_rate_"])
        return ConstantRate(longest_safe_rate(neuron, samples.x, samples.sample_weight))
    return scheduled(given) if isinstance(given, (Schedule, Plateau)) else ConstantRate(float(given))


def batch_size_of(neuron: _Learner, n: int) -> int:
    """Rows of a step, of n."""
    return n if neuron.batch_size in (None, "full") else min(int(neuron.batch_size), n)


def _answer(params: Array, average: Average | None) -> dict[str, Any]:
    """What has been learnt, as fitted attributes."""
    answer = params if average is None else average.mean(params)
    return {"coef_": answer[:-1].reshape(1, -1), "intercept_": answer[-1:]}


def _attributes(
    params: Array, average: Average | None, run: Run, curve: list[float], outcome: Outcome, history: History
) -> dict[str, Any]:
    """The fitted attributes; `curve` has the losses of the fits before, too, where this one goes on from them."""
    attributes = {
        **_answer(params, average),
        "loss_curve_": curve,
        "loss_": next(loss for loss in reversed(curve) if isfinite(loss)),
        "n_iter_": len(outcome.losses),
        "learning_rate_": history.new["learning_rate"][-1],
        "_training": run,
    }
    return attributes if average is None else {**attributes, "_average": replace(average, last=params)}


def fitted_after(average: Average | None, epoch: Epoch) -> dict[str, Any]:
    """The attributes of a neuron that learnt until this pass."""
    return {**_answer(epoch.params.copy(), average), "n_iter_": epoch.number, "loss_": epoch.loss}


def _history(before: dict[str, Array] | None, history: History, weights: _Weights) -> dict[str, Array]:
    """The weights at the start and after every pass, and what passes were like; those of the fits before first."""
    params = np.array(weights.params if before is None else weights.params[1:])
    new = {"coef": params[:, :-1], "intercept": params[:, -1]}
    new |= {name: np.array(history.new[name]) for name in ("loss", "learning_rate")}
    return new if before is None else {name: np.concatenate([before[name], values]) for name, values in new.items()}


# --- what a user should know --------------------------------------------------------------------


def _unfinished(outcome: Outcome, passes: int | None) -> str:
    if outcome.reason != "finished" or passes is None:
        return ""
    return (
        f"The neuron still improves after max_iter={passes} passes over the data: "
        "increase max_iter, or scale the features."
    )


def _slowness(
    neuron: _Learner, engine: Engine, samples: Samples, params: Array, losses: Sequence[float], rate: float
) -> str:
    """What to say where the loss has stopped falling by `tol` for no other reason than that the steps are short.

    That is, where much is left to gain, more than so many passes could have gained.
    """
    gain = _missed(neuron, engine, evenly_spaced(samples, _LOOKED_AT), samples, params, losses, rate)
    if gain > 0 and samples.x.shape[0] > _LOOKED_AT:  # what some rows say has to hold for all
        gain = _missed(neuron, engine, samples, samples, params, losses, rate)
    if not gain > 0:
        return ""
    why = ", which the largest row of X decides," if neuron.learning_rate == "auto" else ""
    return (
        f"The neuron stopped after {len(losses)} passes, in the last of which its loss {losses[-1]:.3g} did "
        f"not fall by tol={neuron.tol:g}, but it has not learnt what it can: the loss can be lower by {gain:.2g} at "
        f"least. The learning rate {rate:.2g}{why} is too small for these features. Scale them (where "
        "there are outliers, by a RobustScaler), choose a larger learning_rate, or a smaller tol and a larger max_iter."
    )


def _missed(
    neuron: _Learner,
    engine: Engine,
    seen: Samples,
    samples: Samples,
    params: Array,
    losses: Sequence[float],
    rate: float,
) -> float:
    """What is left to gain by the rows seen, if that is much, and more than the last passes could have gained."""
    gain, speed = left_to_gain(neuron, engine, seen, params)
    n, weight = samples.x.shape[0], samples.sample_weight
    n_steps = float(-(-n // batch_size_of(neuron, n)))
    if neuron.batch_size == 1 and weight is not None:
        n_steps = float(weight.sum(dtype=np.float64))
    waited = neuron.n_iter_no_change + 1
    fallen = max(losses[0] - losses[-1], 0.0)
    is_much = gain > _PART * losses[-1] and (gain > _MUCH * waited * neuron.tol or gain > fallen)
    return gain if is_much and gain > waited * n_steps * rate * speed else 0.0
