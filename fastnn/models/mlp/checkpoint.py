"""What an MLP's fit keeps in a checkpoint beside what every run of training has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from fastnn.kernels.contract import Array
from fastnn.storage import FilePath
from fastnn.training.checkpoint import Checkpoint, NoCheckpoint, checkpoint_of
from fastnn.training.loop import Samples
from fastnn.training.saved import read_numbers

__all__ = ["NOT_KEPT", "CurvesBefore", "KeepArguments", "keep_of"]

KeepArguments = tuple[FilePath | None, bool, int]
"""The arguments of `fit`: checkpoint, resume and checkpoint_every."""

NOT_KEPT: KeepArguments = (None, False, 1)

# Parameters that may be others when a run goes on: they do not change what an epoch makes of the weights.
_FREE = ("max_iter", "max_fun", "verbose", "n_threads")


def keep_of(model: Any, keep: KeepArguments, samples: Samples, *validation: Any) -> Checkpoint | NoCheckpoint:
    """The checkpoint of a fit to these samples, with this validation set (X, y, sample_weight) or none.

    Raises
    ------
    ValueError, TypeError
        If the solver is L-BFGS, or as `checkpoint_of` does.
    """
    if keep[0] is not None and model.solver == "lbfgs":
        raise ValueError(
            "checkpoint cannot be had with solver='lbfgs', which has no epochs to go on from. Leave it out, or choose "
            "another solver, such as 'adam'."
        )
    return checkpoint_of(*keep, lambda: _settings(model, samples, *validation))


def _settings(model: Any, samples: Samples, X: Any = None, y: Any = None, weight: Any = None) -> dict[str, Any]:
    parameters = {name: value for name, value in model.get_params(deep=False).items() if name not in _FREE}
    arrays = {"X": samples.x, "y": samples.y, "weights": samples.sample_weight}
    validation = {"X_val": X, "y_val": y, "sample_weight_val": weight}
    shapes = {
        f"shape of {name}": None if array is None else np.shape(array) for name, array in (arrays | validation).items()
    }
    return {
        "estimator": type(model).__name__,
        **parameters,
        **shapes,
        "dtype": samples.x.dtype,
        "classes": getattr(model, "classes_", None),
    }


class CurvesBefore:
    """The curves of the fits before this one, which a warm start goes on with."""

    _NAMES = ("loss_curve_", "validation_loss_curve_", "validation_scores_")

    def __init__(self, model: Any) -> None:
        self._model = model

    def state_dict(self) -> dict[str, Any]:
        """See training.checkpoint."""
        return {name: value for name, value in vars(self._model).items() if name in self._NAMES}

    def load_state_dict(self, state: Mapping[str, Any], params: Array) -> None:
        """See training.checkpoint."""
        curves = {name: None if state[name] is None else read_numbers(state, name) for name in state}
        if not curves.keys() <= set(self._NAMES):
            raise ValueError(f"the curves of the fits before are {', '.join(curves)}, wanted {', '.join(self._NAMES)}")
        for name in (*self._NAMES, "best_validation_score_"):  # the best of those curves is not known
            vars(self._model).pop(name, None)
        vars(self._model).update(curves)
