"""What MLPClassifier and MLPRegressor have, with its types: for type checkers, and for who completes names by them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastnn.activations import Activation
from fastnn.kernels.contract import Array
from fastnn.models.common.given import RandomState
from fastnn.optimizers import Optimizer
from fastnn.schedules import Plateau, Schedule

if TYPE_CHECKING:
    from fastnn.models.common.bases import Request

__all__ = ["MLPAttributes"]


class MLPAttributes:
    """Parameters that both have, and what `fit` sets."""

    hidden_layer_sizes: int | Sequence[int] | NDArray[np.integer[Any]]
    activation: str | Activation | Sequence[str | Activation]
    solver: str | Optimizer
    learning_rate: str | Schedule | Plateau
    warm_start: bool
    early_stopping: bool
    validation_fraction: float
    random_state: RandomState
    coef_init: Sequence[ArrayLike | None] | None
    intercept_init: Sequence[ArrayLike | None] | None
    backend: str
    n_threads: int | None
    coefs_: list[Array]
    intercepts_: list[Array]
    loss_: float
    loss_curve_: list[float]
    best_loss_: float | None
    validation_loss_curve_: list[float] | None
    validation_scores_: list[float] | None
    best_validation_score_: float | None
    history_: dict[str, list[float]]
    n_iter_: int
    t_: int
    n_layers_: int
    n_outputs_: int
    out_activation_: str

    if TYPE_CHECKING:  # scikit-learn makes it of what `fit` takes

        def set_fit_request(
            self,
            *,
            X_val: Request = ...,
            y_val: Request = ...,
            sample_weight: Request = ...,
            sample_weight_val: Request = ...,
            checkpoint: Request = ...,
            checkpoint_every: Request = ...,
            resume: Request = ...,
        ) -> Self: ...
