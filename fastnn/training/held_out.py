"""Samples that training does not see, and how good the parameters are on them after every epoch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fastnn.kernels.contract import Array
from fastnn.training.engine import Engine
from fastnn.training.loop import Validate
from fastnn.training.samples import Samples, selected

__all__ = ["HeldOut", "Score"]

Score = Callable[[Array, Array, float], float]
"""score(params, z, loss), z (n, o) the raw output and loss the mean one; higher is better."""


def _unchanged(loss: float) -> float:
    return loss


@dataclass(frozen=True)
class HeldOut:
    """Samples to validate on.

    Attributes
    ----------
    samples : Samples
    report : callable
        report(loss) -> the mean loss of these samples as users know it. It is that of the data alone, without penalty.
    score : Score or None
    """

    samples: Samples
    report: Callable[[float], float] = _unchanged
    score: Score | None = None

    def validator(self, engine: Engine) -> Validate:
        """What gives the loss and the score of parameters."""
        samples, report, score = self.samples, self.report, self.score
        y, weights = selected(samples.y, samples.rows), selected(samples.sample_weight, samples.rows)

        def validate(params: Array) -> tuple[float, float | None]:
            z = engine.forward(params, samples.x, samples.rows)
            loss = report(engine.loss(z, y, weights))
            return loss, None if score is None else score(params, z, loss)

        return validate
