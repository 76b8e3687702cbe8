"""What a training run needs to go on, in a file: written at epoch ends, and read to resume.

Whatever takes part in a run and changes from epoch to epoch has `state_dict` and `load_state_dict`;
what the caller describes as `settings` must be the same again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from numbers import Real
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from fastnn import storage
from fastnn.errors import FileError
from fastnn.kernels.contract import Array
from fastnn.storage import FilePath
from fastnn.validation import check_counts

__all__ = ["NOT_KEPT", "Checkpoint", "Choose", "NoCheckpoint", "Stateful", "checkpoint_of", "shapes_of"]

T = TypeVar("T")
Choose = Callable[[str, Callable[[], Any], Callable[[Any], None]], Any]
"""choose(name, choice, require), as `Checkpoint.choose`."""

_PURPOSE = "checkpoint"


class Stateful(Protocol):
    """Something that changes from epoch to epoch."""

    def state_dict(self) -> dict[str, Any]:
        """What `load_state_dict` needs to bring another one to where this one is."""
        ...

    def load_state_dict(self, state: Mapping[str, Any], params: Array) -> None:
        """Go on from there, with these parameters (p,); ValueError for a state that is none of such a run."""
        ...


class NoCheckpoint:
    """What stands for a checkpoint where a run is not kept."""

    resumed = False

    def choose(self, name: str, choice: Callable[[], T], require: Callable[[T], None]) -> T:
        """What the run chooses at random, which no file knows better."""
        return choice()

    def include(self, **parts: Stateful) -> None:
        """Nothing is kept."""

    def attach(self, params: Array, write_state: Callable[[], None], **parts: Stateful) -> None:
        """Nothing is kept."""

    def __call__(self, number: int, ended: bool) -> None:
        """Nothing is kept."""


NOT_KEPT = NoCheckpoint()


class Checkpoint(NoCheckpoint):
    """Keeps a training run in a file, so that it can go on after the process has ended.

    Parameters
    ----------
    path : str or path
    settings : mapping of str to anything
        What makes the run what it is: parameters, shapes of the data. A checkpoint with others is
        of another run.
    resume : bool, default=False
        Go on from the file, if there is one.
    every : int, default=1
        Write the file after every so many epochs, and when training ends.

    Attributes
    ----------
    resumed : bool
        Whether there was a file to go on from.

    Raises
    ------
    ValueError
        If the file is of another run, or damaged.
    ImportError
        If the package safetensors is not installed.
    """

    def __init__(self, path: FilePath, settings: Mapping[str, Any], *, resume: bool = False, every: int = 1) -> None:
        self.path = Path(path)
        self.every = every
        self._settings = {name: _described(value) for name, value in settings.items()}
        self._chosen: dict[str, Any] = {}
        self._params: Array = np.empty(0)
        self._write_state: Callable[[], None] = lambda: None
        self._parts: dict[str, Stateful] = {}
        self._saved: dict[str, Any] = {}
        storage.require_safetensors()  # not only after the first epoch
        storage.remove_drafts(self.path)
        if resume and self.path.exists():
            self._saved = _read_whole(self.path)
            self._require_same_run()
        self.resumed = bool(self._saved)

    def choose(self, name: str, choice: Callable[[], T], require: Callable[[T], None]) -> T:
        """What the run chose at random when it began, such as the rows that are held out.

        Raises
        ------
        ValueError
            If the file has another choice than one that `require` lets pass.
        """
        if self.resumed:
            with self._whole():
                self._chosen[name] = self._saved["chosen"][name]
                require(self._chosen[name])
        else:
            self._chosen[name] = choice()
        chosen: T = self._chosen[name]
        return chosen

    def include(self, **parts: Stateful) -> None:
        """Keep these too, beside what `attach` is given."""
        self._parts |= parts

    def attach(self, params: Array, write_state: Callable[[], None], **parts: Stateful) -> None:
        """Keep these from now on, each time after write_state(); where the run is resumed, bring them to where it was.

        Raises
        ------
        ValueError
            If the file does not have what they need.
        """
        parts = self._parts | parts
        self._params, self._write_state, self._parts = params, write_state, parts
        if not self.resumed:
            return
        with self._whole():
            saved = self._saved["parts"]
            if saved.keys() != parts.keys():
                raise ValueError(f"it has the parts {', '.join(saved)}, wanted {', '.join(parts)}")
            storage.require_array(self._saved["params"], params.shape, params.dtype)
            for name, part in parts.items():
                part.load_state_dict(saved[name], params)
            storage.fill(params, self._saved["params"])  # at the end: a damaged file changes no network
        self._saved = {}  # several times as large as the parameters

    @contextmanager
    def _whole(self) -> Iterator[None]:
        """What the file lacks, or has in another form, is the file's fault."""
        try:
            yield
        except storage.FAULTS as fault:
            raise FileError(f"{self.path} is no whole checkpoint of this run: {fault}") from fault

    def __call__(self, number: int, ended: bool) -> None:
        """Epoch `number` is over; write the file, if it is time to."""
        if not ended and number % self.every != 0:
            return
        self._write_state()
        run = {
            "settings": self._settings,
            "chosen": self._chosen,
            "params": self._params,
            "parts": {name: part.state_dict() for name, part in self._parts.items()},
        }
        storage.write(self.path, _PURPOSE, run)

    def _require_same_run(self) -> None:
        was, now = self._saved["settings"], self._settings
        names = [name for name in {**was, **now} if was.get(name) != now.get(name)]
        if names:
            differences = "; ".join(f"{name} was {was.get(name)}, now {now.get(name)}" for name in names)
            raise FileError(
                f"{self.path} is the checkpoint of another run: {differences}. Resume with the same, "
                "or start afresh with resume=False or another path."
            )


def _read_whole(path: Path) -> dict[str, Any]:
    saved = storage.read(path, _PURPOSE)
    if not isinstance(saved, dict) or saved.keys() != {"settings", "chosen", "params", "parts"}:
        raise FileError(f"{path} is no whole checkpoint: something is missing.")
    if not all(isinstance(saved[name], dict) for name in ("settings", "chosen", "parts")):
        raise FileError(f"{path} is no whole checkpoint: settings, choices or parts are no mapping.")
    if not all(isinstance(words, str) for words in saved["settings"].values()):
        raise FileError(f"{path} is no whole checkpoint: its settings are not in words.")
    return saved


def checkpoint_of(
    path: FilePath | None, resume: bool, every: int, settings: Callable[[], Mapping[str, Any]]
) -> Checkpoint | NoCheckpoint:
    """The checkpoint that the arguments of a `fit` ask for, or one that keeps nothing.

    Raises
    ------
    ValueError, TypeError
        If they do not go together, or as `Checkpoint` does.
    """
    check_counts(checkpoint_every=every)
    if path is not None:
        return Checkpoint(path, settings(), resume=resume, every=every)
    if resume or every != 1:
        given = "resume=True" if resume else f"checkpoint_every={every}"
        raise ValueError(f"{given} needs a file: give its path as checkpoint.")
    return NOT_KEPT


def shapes_of(arrays: Mapping[str, Any]) -> dict[str, Any]:
    """The shapes of the data as settings, by names that say so; None where there is no array."""
    return {f"shape of {name}": None if array is None else np.shape(array) for name, array in arrays.items()}


# --- settings in words --------------------------------------------------------------------------


def _described(value: Any) -> str:
    """The value in words that are the same for equal values, and in every process."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, Real):
        return _described_object(value)
    number = float(value)
    return repr(int(number) if number.is_integer() else number)


def _described_object(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_described, value))}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_described(key)}: {_described(item)}' for key, item in value.items())}}}"
    if isinstance(value, np.ndarray):
        return _described_array(value)
    plain = repr(value)
    # The repr of what has none of its own is its address; a function is known by its name.
    return getattr(value, "__qualname__", type(value).__qualname__) if " at 0x" in plain else plain


def _described_array(array: NDArray[Any]) -> str:
    if array.size <= 20:
        return f"{array.tolist()} of {array.dtype}"
    data = repr(array.tolist()).encode() if array.dtype.kind == "O" else array.tobytes()
    return f"array {array.shape} of {array.dtype} (SHA-256 {hashlib.sha256(data).hexdigest()[:12]})"
