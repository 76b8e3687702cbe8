"""The loss as users know it, from the one that the kernels minimise."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fastnn.plan import Plan
from fastnn.training.loop import Samples

__all__ = ["data_loss"]


def data_loss(plan: Plan, samples: Samples) -> Callable[[float], float]:
    """From the mean loss of the samples, summed over outputs, to what scikit-learn reports.

    That is the mean over the outputs of a regression; of counts and their kind half the deviance, which vanishes
    where every prediction is right.
    """
    saturated = plan.loss.saturated(samples.y)
    if saturated is not None:
        constant = float(np.average(saturated, weights=samples.sample_weight, axis=0).sum())
        return lambda loss: loss - constant
    outputs = plan.widths[-1] if plan.loss.link == "identity" else 1
    return lambda loss: loss / outputs
