"""What `verbose` prints."""

from __future__ import annotations

from fastnn.training.loop import Epoch

__all__ = ["Printer"]


class Printer:
    """Prints a line for every epoch."""

    def __call__(self, epoch: Epoch) -> None:
        print(f"Iteration {epoch.number}, loss {epoch.loss:.8f}", flush=True)
