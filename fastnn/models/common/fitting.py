"""Fits beside predictions: a fit works on a twin of the model, which takes the model's place at once when it has ended.

A state, the `__dict__` of a model, is changed by users alone: a fit that ends puts another in its place. To read the
attribute `__dict__` once is therefore to have one state and no mixture of two, with the GIL and without it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import RLock
from typing import Any, TypeVar
from weakref import ref

__all__ = ["apart", "curves_kept", "held", "is_fitting", "only_fit", "with_own_curves"]

Model = TypeVar("Model")
State = dict[str, Any]
Lengths = list[tuple[list[Any], int]]

# A fit that goes on makes their lists longer, and takes back what it has added if it fails.
_CURVES = ("loss_curve_", "validation_loss_curve_", "validation_scores_", "history_", "history")

_new = object.__new__
_MISSING = object()


def held(model: Model) -> Model:
    """A twin that shares the model's present state: what it answers is of one fit, whatever ends meanwhile.

    What is assigned to it the state has, and with it the model, unless a fit has ended since.
    """
    twin = _new(type(model))
    twin.__dict__ = model.__dict__
    return twin


# --- which fits may be at work at once ------------------------------------------------------------


@dataclass(eq=False)
class _Fit:
    """A fit at work. It is over when nobody has this any more, wherever Ctrl-C has struck."""

    model: object
    goes_on: bool
    state: State  # of the model when this began, which has curves of these lengths until another is in its place
    lengths: Lengths


class _Running:
    """The fits at work: nothing of them is in a model that is copied or pickled."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew, as in a forked child: of its threads none is at a fit that another of its parent had begun."""
        # A handler of a signal may fit while the lock is held by what it interrupts. It has ended when that goes on.
        self.lock = RLock()
        self._fits: tuple[ref[_Fit], ...] = ()

    def of(self, model: object) -> list[_Fit]:
        """Those of a model; with the lock."""
        return [fit for fit in (each() for each in self._fits) if fit is not None and fit.model is model]

    def lengths_in(self, state: State) -> Lengths:
        """What is to be seen of the curves of a state, some of which a fit may be making longer; with the lock."""
        fits = [fit for fit in (each() for each in self._fits) if fit is not None and fit.state is state]
        return fits[0].lengths if fits else _lengths(state)

    def add(self, fit: _Fit) -> None:
        """One begins; with the lock."""
        self._fits = (*self._fits, ref(fit))

    def remove(self, fit: _Fit) -> None:
        """One has ended, and those that are no more are forgotten; with the lock."""
        self._fits = tuple(each for each in self._fits if each() not in (None, fit))


_running = _Running()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_running.forget)


@contextmanager
def only_fit(model: object, *, goes_on: bool) -> Iterator[None]:
    """For the time of a fit: refuse others of the same model that would lose what this one learns, or it theirs.

    Parameters
    ----------
    model : estimator or Network
    goes_on : bool
        Whether the fit goes on from what the model has learnt. Those that do not may run side by side: each has an
        answer of its own, and the last to end stays.

    Raises
    ------
    RuntimeError
        If there is such a fit already, in another thread or around this one.
    """
    with _running.lock:
        fit = _Fit(model, goes_on, vars(model), _lengths(vars(model)))
        others = _running.of(model)
        if others and (goes_on or any(other.goes_on for other in others)):
            raise RuntimeError(
                f"This {type(model).__name__} is being fitted already, by another thread or by the fit that called "
                "this one, and one of the two goes on from what the model has learnt, so that what the other learns "
                "would be lost. Fit one after the other, or fit copies, such as copy.deepcopy makes."
            )
        _running.add(fit)
    try:
        yield
    finally:
        with _running.lock:
            _running.remove(fit)


def is_fitting(model: object) -> bool:
    """Whether a fit of the model is at work."""
    with _running.lock:
        return bool(_running.of(model))


# --- a fit at its own place -----------------------------------------------------------------------


@contextmanager
def apart(model: Model, *, goes_on: bool) -> Iterator[Model]:
    """A twin of the model, to fit; at the end the model becomes what the twin is then. If anything fails it stays.

    What others have set on the model meanwhile stays too, unless the fit has set the same.
    """
    twin = _new(type(model))
    # What calls back gets the twin, and a fit of it in the middle of this one would be of no use to either.
    with only_fit(model, goes_on=goes_on), only_fit(twin, goes_on=True), curves_kept(model):
        state = vars(model)
        before = state.copy()
        vars(twin).update(before)
        yield twin
        with _running.lock:
            model.__dict__ = _joined(vars(twin), before, vars(model), undisturbed=vars(model) is state)


def _joined(fitted: State, before: State, now: State, *, undisturbed: bool) -> State:
    """What the fit has made of the state before, and what users have made of it since.

    Where it was not left undisturbed, another fit has ended since, whose attributes are not to be mixed with these.
    """
    joined = dict(fitted)
    set_since = [name for name, value in now.items() if before.get(name, _MISSING) is not value]
    gone_since = [name for name in before if name not in now]
    for name in [*set_since, *gone_since]:
        is_fits = fitted.get(name, _MISSING) is not before.get(name, _MISSING)
        if is_fits or not (undisturbed or _is_users(name)):
            continue
        if name in now:
            joined[name] = now[name]
        else:
            del joined[name]
    return joined


def _is_users(name: str) -> bool:
    """Whether the attribute is a parameter, or another that no fit sets."""
    return not (name.startswith("_") or name.endswith("_"))


# --- curves ---------------------------------------------------------------------------------------


def _curves(state: State) -> Iterator[list[Any]]:
    for name in _CURVES:
        found = state.get(name)
        for curve in found.values() if isinstance(found, dict) else [found]:
            if isinstance(curve, list):
                yield curve


def _lengths(state: State) -> Lengths:
    return [(curve, len(curve)) for curve in _curves(state)]


@contextmanager
def curves_kept(model: object) -> Iterator[None]:
    """Make the model's curves as long as they were if this fails before another state is in the place of its own."""
    state = vars(model)
    lengths = _lengths(state)
    try:
        yield
    except BaseException:  # Ctrl-C is one
        if vars(model) is state:
            for curve, length in lengths:
                del curve[length:]
        raise


def with_own_curves(model: Model, read: Callable[[Model], State]) -> State:
    """What is read of the model's present state, with curves of its own, as long as they are in that state.

    A fit that is at its end makes the lists of the state before longer, one by one, before it puts its own in place.
    """
    with _running.lock:  # no fit is over meanwhile, so that what it has made longer is known
        now = held(model)
        lengths = {id(curve): length for curve, length in _running.lengths_in(vars(now))}
        state = read(now)
        return state | {name: _copied(state[name], lengths) for name in _CURVES if name in state}


def _copied(curve: Any, lengths: dict[int, int]) -> Any:
    if isinstance(curve, dict):
        return {name: _copied(values, lengths) for name, values in curve.items()}
    if isinstance(curve, list):
        return curve[: lengths.get(id(curve))]
    return curve.copy() if hasattr(curve, "copy") else curve
