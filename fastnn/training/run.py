"""What a training run carries from epoch to epoch beside its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from fastnn.kernels.contract import Array
from fastnn.optimizers import Optimizer, OptimizerState
from fastnn.storage import fill
from fastnn.training.rates import Rate, copied, rate_state
from fastnn.training.recipe import Recipe
from fastnn.training.saved import read_count, read_number

__all__ = ["Run"]

_COUNTS = ("seed", "epoch", "n_seen")


@dataclass
class Run:
    """The state of training, with which a later call goes on where this one has ended.

    An optimizer may keep an average of the parameters: that is what a run has come to, and what
    others see, while its steps go on from the parameters themselves, which are kept in
    `unaveraged` between calls.
    """

    optimizer: Optimizer
    state: OptimizerState
    rate: Rate
    seed: int = 0
    epoch: int = 0
    n_seen: int = 0
    unaveraged: Array | None = None

    @classmethod
    def begin(cls, recipe: Recipe, params: Array, seed: int, *, epoch: int = 0, n_seen: int = 0) -> Self:
        """A new run from these parameters (p,)."""
        state = OptimizerState.zeros(recipe.optimizer, params)
        return cls(recipe.optimizer, state, copied(recipe.rate), seed, epoch, n_seen)

    def resumed(self, recipe: Recipe, params: Array) -> Run:
        """A copy that goes on with this recipe from where `finish` was called; brings params (p,) to there.

        If params are others since then, it goes on from those. The optimizer's vectors are kept for another optimizer
        of the same kind, unless users have made of the parameters more, fewer or others of another dtype; and the rate
        where the recipe has it as it was set up before.
        """
        run = self.copy()
        fits = run._fits(params)
        if not fits:
            run.unaveraged = None
        kind = (type(run.optimizer), run.optimizer.state_names)
        if not fits or kind != (type(recipe.optimizer), recipe.optimizer.state_names):
            run.state = OptimizerState.zeros(recipe.optimizer, params)
        run.optimizer = recipe.optimizer
        run._restore(params)
        if run.rate != recipe.rate:
            run.rate = copied(recipe.rate)
        return run

    def _fits(self, params: Array) -> bool:
        """Whether what the run keeps is of as many parameters, and of their dtype."""
        kept = (*self.state.slots, *(() if self.unaveraged is None else (self.unaveraged,)))
        return all((vector.shape, vector.dtype) == (params.shape, params.dtype) for vector in kept)

    def _restore(self, params: Array) -> None:
        shown = self.shown(params)
        if shown is params:
            return
        if self.unaveraged is not None and np.array_equal(shown, params):
            params[...] = self.unaveraged
        else:
            shown[...] = params
        self.unaveraged = None

    def shown(self, params: Array) -> Array:
        """The parameters, or their average where the optimizer keeps one."""
        averaged: Array | None = self.optimizer.averaged(self.state)
        return params if averaged is None else averaged

    def finish(self, params: Array, best: Array | None = None) -> None:
        """Put into params what the run has come to, or something better; keep what its steps go on from."""
        shown = self.shown(params)
        self.unaveraged = None if shown is params else params.copy()
        result = shown if best is None else best
        if result is not params:
            params[...] = result

    def copy(self) -> Run:
        """An independent copy."""
        unaveraged = None if self.unaveraged is None else self.unaveraged.copy()
        state = self.state.copy()
        return Run(self.optimizer, state, copied(self.rate), self.seed, self.epoch, self.n_seen, unaveraged)

    def state_dict(self) -> dict[str, Any]:
        """What changes from epoch to epoch, but neither the optimizer nor the rate themselves, for a checkpoint."""
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
