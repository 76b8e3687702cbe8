"""What the parameters of MLPClassifier and MLPRegressor may be."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

from sklearn.metrics import get_scorer_names

from fastnn.models.common.estimator import NONE, SHARED, VERBOSE_BY_EPOCHS
from fastnn.models.common.parameter_checks import ActivationLike, Check, Flag, Integer, Is, OneOf, Real
from fastnn.models.mlp.initial_weights import ARRAYS
from fastnn.optimizers import OPTIMIZERS, Optimizer
from fastnn.schedules import Plateau, Schedule

__all__ = ["PARAMETERS"]


@dataclass(frozen=True)
class _Sizes:
    def accepts(self, value: Any) -> bool:
        """Whether the value is a number of neurons, or several."""
        sizes = [value] if isinstance(value, Integral) else value
        if isinstance(sizes, (str, bytes)) or not isinstance(sizes, Iterable):
            return False
        return all(Integer(1).accepts(size) for size in sizes)

    def __str__(self) -> str:
        return "an integer of at least 1, or an array-like of them: hidden_layer_sizes must be > 0"


@dataclass(frozen=True)
class _Activations:
    def accepts(self, value: Any) -> bool:
        """Whether the value is a list of activations."""
        return isinstance(value, (list, tuple)) and all(map(ActivationLike().accepts, value))

    def __str__(self) -> str:
        return "a list of them"


@dataclass(frozen=True)
class _Rates:
    def accepts(self, value: Any) -> bool:
        """Whether the value is a list of rates of dropout."""
        return isinstance(value, (list, tuple)) and all(Real(0, 1, open_high=True).accepts(rate) for rate in value)

    def __str__(self) -> str:
        return "a list of them"


class _Scorer(OneOf):
    """The name of a scorer, "loss", or a callable."""

    def __init__(self) -> None:
        super().__init__(("loss", *get_scorer_names()))

    def accepts(self, value: Any) -> bool:
        """Whether the value can score."""
        return callable(value) or super().accepts(value)

    def __str__(self) -> str:
        return "'loss', the name of a scorer of scikit-learn, or a callable(estimator, X, y)"


PARAMETERS: Mapping[str, Sequence[Check]] = {
    "hidden_layer_sizes": (_Sizes(),),
    "activation": (ActivationLike(), _Activations()),
    "solver": (OneOf(("lbfgs", *OPTIMIZERS)), Is("an optimizer", (Optimizer,))),
    "alpha": (Real(0, open_high=True),),
    "batch_size": (OneOf(("auto",)), Integer(1)),
    "learning_rate": (
        OneOf(("constant", "invscaling", "adaptive")),
        Is("a schedule", (Schedule, Plateau)),
    ),
    "learning_rate_init": (Real(0, open_low=True, open_high=True),),
    "power_t": (Real(0, open_high=True),),
    "max_iter": (Integer(1),),
    "shuffle": (Flag(),),
    "tol": (Real(0, open_high=True),),
    "verbose": VERBOSE_BY_EPOCHS,
    "warm_start": (Flag(),),
    "momentum": (Real(0, 1),),
    "nesterovs_momentum": (Flag(),),
    "early_stopping": (Flag(),),
    "validation_fraction": (Real(0, 1, open_high=True),),
    "beta_1": (Real(0, 1, open_high=True),),
    "beta_2": (Real(0, 1, open_high=True),),
    "epsilon": (Real(0, open_low=True, open_high=True),),
    "n_iter_no_change": (Integer(1), Real(math.inf)),
    "max_fun": (Integer(1),),
    "dropout": (Real(0, 1, open_high=True), _Rates()),
    "l1": (Real(0, open_high=True),),
    "clip_value": (NONE, Real(0, open_low=True, open_high=True)),
    "clip_norm": (NONE, Real(0, open_low=True, open_high=True)),
    "ema": (NONE, Real(0, 1, open_high=True)),
    "scoring": (NONE, _Scorer()),
    "coef_init": (NONE, ARRAYS),
    "intercept_init": (NONE, ARRAYS),
    **SHARED,
}
