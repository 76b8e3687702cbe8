"""Names for annotations: what functions of users get from fastnn, and what they may give to it.

``from fastnn.typing import Epoch`` is for ``def watcher(epoch: Epoch) -> bool``.
"""

from __future__ import annotations

from fastnn.kernels.contract import Array, Kernels
from fastnn.machine import MachinePeak
from fastnn.models.bases import FitCallback
from fastnn.models.firth_summary import FirthSummary
from fastnn.models.given import Batches, MatrixLike, RandomState, Splitter
from fastnn.models.inference import Summary
from fastnn.models.logistic_path import LogisticPath
from fastnn.training.callbacks import Epoch, Watcher

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
