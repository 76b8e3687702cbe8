"""Names for annotations: what functions of users get from fastnn, and what they may give to it.

``from fastnn.typing import Epoch`` is for ``def watcher(epoch: Epoch) -> bool``.
"""

from __future__ import annotations

from fastnn.kernels.contract import Array, Kernels
from fastnn.machine import MachinePeak
from fastnn.models.common.bases import FitCallback
from fastnn.models.common.given import Batches, MatrixLike, RandomState, Splitter
from fastnn.models.logistic.firth.summary import FirthSummary
from fastnn.models.logistic.inference.evidence import Summary
from fastnn.models.logistic.path import LogisticPath
from fastnn.training.epoch import Epoch, Watcher

__all__ = [
    "Array",
    "Batches",
    "Epoch",
    "FirthSummary",
    "FitCallback",
    "Kernels",
    "LogisticPath",
    "MachinePeak",
    "MatrixLike",
    "RandomState",
    "Splitter",
    "Summary",
    "Watcher",
]


def __dir__() -> list[str]:
    return sorted(__all__)
