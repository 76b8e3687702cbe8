"""What an MLP's fit keeps in a checkpoint beside what every run of training has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from fastnn.kernels.contract import Array
from fastnn.models.mlp.options import MLPOptions
from fastnn.storage import FilePath
from fastnn.training.checkpoint import shapes_of
from fastnn.training.saved import read_numbers

__all__ = ["NO_FILE", "FileArguments", "PastCurves", "require_epochs", "settings_of"]

FileArguments = tuple[FilePath | None, bool, int]
"""The arguments of `fit`: checkpoint, resume and checkpoint_every."""

NO_FILE: FileArguments = (None, False, 1)

# Parameters that may be others when a run goes on: they do not change what an epoch makes of the weights.
_FREE = ("max_iter", "max_fun", "verbose", "n_threads")
_ARRAYS = ("X", "y", "weights", "X_val", "y_val", "sample_weight_val")


def require_epochs(model: MLPOptions, path: FilePath | None) -> None:
    """Raise ValueError where there is a checkpoint, and no epochs that it could go on from."""
    if path is not None and model.solver == "lbfgs":
        raise ValueError(
            "checkpoint cannot be had with solver='lbfgs', which has no epochs to go on from. Leave it out, or choose "
            "another solver, such as 'adam'."
        )


def settings_of(model: MLPOptions, arrays: Sequence[Any], classes: NDArray[Any] | None) -> dict[str, Any]:
    """What a checkpoint must have been written with, to go on from it; more epochs are welcome.

    The arrays are X, y and the weights of the training samples, and those of the validation set or None.
    """
    parameters = {name: value for name, value in model.get_params(deep=False).items() if name not in _FREE}
    shapes = shapes_of(dict(zip(_ARRAYS, arrays, strict=True)))
    return {"estimator": type(model).__name__, **parameters, **shapes, "dtype": arrays[0].dtype, "classes": classes}


class PastCurves:
    """The curves of the fits before this one, which a warm start goes on with.

    Parameters
    ----------
    before : mapping of str to anything
        The fitted attributes of the model; empty where nothing of them goes on.

    Attributes
    ----------
    lists : dict of str to list of float or None
    best_score : float or None
        The best validation score of those curves, where that is known.
    """

    _NAMES = ("loss_curve_", "validation_loss_curve_", "validation_scores_")

    def __init__(self, before: Mapping[str, Any]) -> None:
        self.lists: dict[str, Any] = {name: before[name] for name in self._NAMES if name in before}
        self.best_score: float | None = before.get("best_validation_score_")

    def state_dict(self) -> dict[str, Any]:
        """The curves, for a checkpoint."""
        return self.lists

    def load_state_dict(self, state: Mapping[str, Any], params: Array) -> None:
        """Go on with the curves of a file."""
        curves = {name: None if state[name] is None else read_numbers(state, name) for name in state}
        if not curves.keys() <= set(self._NAMES):
            raise ValueError(f"the curves of the fits before are {', '.join(curves)}, wanted {', '.join(self._NAMES)}")
        self.lists, self.best_score = curves, None
