"""What `verbose` shows while training runs: lines, or a bar that only long trainings see."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from time import perf_counter
from typing import Protocol

from fastnn.errors import unknown_name
from fastnn.training.epoch import Epoch, Watcher

__all__ = ["Bar", "Printer", "progress"]

DELAY = 0.5  # seconds of training before a bar appears
INTERVAL = 5.0  # seconds between the lines of a bar of plain text


@contextmanager
def progress(verbose: bool | int | str, n_epochs: int) -> Iterator[tuple[Watcher, ...]]:
    """The watchers that `verbose` asks for, for as long as training runs.

    Parameters
    ----------
    verbose : bool, int or "bar"
        A line for every epoch for True or a number above 0, as in scikit-learn; or a bar.
    n_epochs : int
        At most so many epochs.

    Raises
    ------
    ValueError
        If `verbose` is another name.
    """
    if isinstance(verbose, str) and verbose != "bar":
        raise unknown_name("verbose", verbose, ("bar",))
    if verbose != "bar":
        yield (Printer(),) if verbose else ()
        return
    bar = Bar(n_epochs)
    try:
        yield (bar,)
    finally:
        bar.close()


class Printer:
    """Prints a line for every epoch, as scikit-learn's networks do."""

    def __call__(self, epoch: Epoch) -> None:
        """Print the epoch's line."""
        print(f"Iteration {epoch.number}, {_numbers(epoch, 8)}", flush=True)


class Bar:
    """A progress bar by tqdm or rich, whichever is installed, else lines of plain text.

    It appears once training has taken half a second, and goes to the standard error stream.
    """

    def __init__(self, n_epochs: int) -> None:
        self.n_epochs = n_epochs
        self._started = perf_counter()
        self._style: _Style | None = None

    def __call__(self, epoch: Epoch) -> None:
        """Move on to this epoch."""
        if self._style is None:
            if perf_counter() - self._started < DELAY:
                return
            self._style = _best_style(self.n_epochs)
        self._style.show(epoch)

    def close(self) -> None:
        """Leave the bar as it is, and the cursor below it."""
        if self._style is not None:
            self._style.close()


def _numbers(epoch: Epoch, digits: int) -> str:
    text = f"loss = {epoch.loss:.{digits}f}"
    if epoch.validation_loss is not None:
        text += f", validation loss = {epoch.validation_loss:.{digits}f}"
    if epoch.validation_score is not None:
        text += f", validation score = {epoch.validation_score:.6f}"
    return text


# --- styles of a bar-----------------------------------------------------------------------------


class _Style(Protocol):
    def show(self, epoch: Epoch) -> None: ...

    def close(self) -> None: ...


def _best_style(n_epochs: int) -> _Style:
    for package, style in (("tqdm", _Tqdm), ("rich", _Rich)):
        if find_spec(package) is not None:
            return style(n_epochs)
    return _Plain(n_epochs)


class _Tqdm:
    def __init__(self, n_epochs: int) -> None:
        self._bar = import_module("tqdm.auto").tqdm(total=n_epochs, unit="epoch")

    def show(self, epoch: Epoch) -> None:
        self._bar.set_postfix_str(_numbers(epoch, 5), refresh=False)
        self._bar.update(epoch.number - self._bar.n)

    def close(self) -> None:
        self._bar.close()


class _Rich:
    def __init__(self, n_epochs: int) -> None:
        console = import_module("rich.console").Console(stderr=True)
        self._bar = import_module("rich.progress").Progress(console=console)
        self._task = self._bar.add_task("training", total=n_epochs)
        self._bar.start()

    def show(self, epoch: Epoch) -> None:
        self._bar.update(self._task, completed=epoch.number, description=_numbers(epoch, 5))

    def close(self) -> None:
        self._bar.stop()


class _Plain:
    def __init__(self, n_epochs: int) -> None:
        self._n_epochs = n_epochs
        self._shown_at = -INTERVAL

    def show(self, epoch: Epoch) -> None:
        if perf_counter() - self._shown_at >= INTERVAL or epoch.number == self._n_epochs:
            self._shown_at = perf_counter()
            print(f"Epoch {epoch.number} of {self._n_epochs}, {_numbers(epoch, 5)}", file=sys.stderr, flush=True)

    def close(self) -> None:
        pass
