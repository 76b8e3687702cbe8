"""What a fitted model has beside its parameters: the attributes that a file may set, and what each may be.

Whether they fit each other is looked at in `agreement`.
"""

from __future__ import annotations

import reprlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from inspect import get_annotations
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from fastnn.models.common.output import OUTPUTS
from fastnn.models.common.parameter_checks import Check, Flag, Integer, Is, OneOf
from fastnn.plan import Plan
from fastnn.storage import is_number
from fastnn.training.history import HISTORY
from fastnn.training.neuron_engine import Average
from fastnn.training.run import Run

__all__ = ["CHOSEN", "COUNT", "LOGISTIC", "MLP", "MLP_CLASSIFIER", "NETWORK", "NEURON", "check_attributes"]

Table = Mapping[str, Sequence[Check]]


@dataclass(frozen=True)
class _Number:
    """A real number; NaN and infinity are."""

    def accepts(self, value: Any) -> bool:
        """Whether the value is a real number, NaN and infinity included."""
        return is_number(value)

    def __str__(self) -> str:
        return "a number"


class _Count(Integer):
    """An integer of Python's: one of NumPy's overflows where it goes on being counted."""

    def accepts(self, value: Any) -> bool:
        """Whether the value is an integer of Python itself, within the bounds."""
        return type(value) is int and super().accepts(value)


@dataclass(frozen=True)
class _Curve:
    """A sequence of numbers, such as the losses of all epochs."""

    def accepts(self, value: Any) -> bool:
        """Whether the value is a list of numbers or a vector of floating-point ones."""
        if isinstance(value, np.ndarray):
            return value.ndim == 1 and value.dtype.kind == "f"
        return isinstance(value, list) and all(map(is_number, value))

    def __str__(self) -> str:
        return "a list of numbers"


@dataclass(frozen=True)
class _Curves:
    """Numbers of all epochs by what they are of."""

    def accepts(self, value: Any) -> bool:
        """Whether the value is a dict with every curve of the history, all of the same length."""
        if not isinstance(value, dict) or value.keys() != set(HISTORY):
            return False
        return all(map(_CURVE.accepts, value.values())) and len(set(map(len, value.values()))) == 1

    def __str__(self) -> str:
        return f"a dict of lists of numbers, of the same length, by {', '.join(HISTORY)}"


@dataclass(frozen=True)
class _Array:
    """An ndarray of some kinds of elements and, where this is known, of so many dimensions."""

    kinds: str
    ndim: int | None = None

    def accepts(self, value: Any) -> bool:
        """Whether the value is an array with such elements and so many dimensions."""
        return isinstance(value, np.ndarray) and value.dtype.kind in self.kinds and self.ndim in (None, value.ndim)

    def __str__(self) -> str:
        dimensions = "" if self.ndim is None else f" of {self.ndim} dimension(s)"
        return f"an array{dimensions} with a dtype of the kind {' or '.join(self.kinds)}"


@dataclass(frozen=True)
class _Several:
    """A list or, by the classes, a dict of what a check accepts."""

    each: Check
    type: type

    def accepts(self, value: Any) -> bool:
        """Whether the value is a list or dict, as asked, and the check accepts each of its items."""
        if not isinstance(value, (dict, list)) or not isinstance(value, self.type):
            return False
        items: Iterable[Any] = value.values() if isinstance(value, dict) else value
        return all(map(self.each.accepts, items))

    def __str__(self) -> str:
        return f"a {self.type.__name__} of which each is {self.each}"


@dataclass(frozen=True)
class _Labels:
    """Classes, each once, in any order: users may give them other names."""

    def accepts(self, value: Any) -> bool:
        """Whether the value is a vector of labels that are all different."""
        if not isinstance(value, np.ndarray) or value.dtype.kind not in "biufUO" or value.ndim != 1 or not len(value):
            return False
        try:
            return len(set(value.tolist())) == len(value)
        except TypeError:  # a list among them has no hash
            return False

    def __str__(self) -> str:
        return "an array of labels, each once"


@dataclass(frozen=True)
class _Names:
    """The names of the features, as `feature_names_in_` has them."""

    def accepts(self, value: Any) -> bool:
        """Whether the value is a vector of strings, stored as objects."""
        if not isinstance(value, np.ndarray) or value.dtype != object or value.ndim != 1:
            return False
        return all(isinstance(name, str) for name in value)

    def __str__(self) -> str:
        return "an array of strings, as objects"


_CURVE = _Curve()
_NUMBER = _Number()
_NONE = Is("None", (type(None),))
COUNT = _Count(0, 2**53)  # so far a float counts too
_RUN = Is("the state of a training run", (Run,))
_WEIGHTS = _Array("fiu")  # users may assign any
_PER_CLASS = _Array("fiuO")

_ANY: Table = {"n_features_in_": (_Count(1, 2**53),), "feature_names_in_": (_Names(),)}
_LINEAR: Table = {**_ANY, "classes_": (_Labels(),), "intercept_": (_Array("f", 1),)}

NETWORK: Table = {
    "weights": (_Several(_Array("f", 2), list),),
    "biases": (_Several(Is("an array or None", (np.ndarray, type(None))), list),),
    "history": (_Curves(),),
    "_seed": (_Count(0, 2**31 - 1),),
}
NEURON: Table = {
    **_LINEAR,
    "coef_": (_Array("f", 2),),
    "loss_curve_": (_CURVE,),
    "loss_": (_NUMBER,),
    "n_iter_": (COUNT,),
    "learning_rate_": (_NUMBER,),
    "history_": (_Several(_Array("f"), dict),),
    "_training": (_RUN,),
    "_average": (Is("the average of a training run", (Average,)),),
}
LOGISTIC: Table = {
    **_LINEAR,
    "coef_": (_Array("f", 2), Is("a CSR array", (csr_array,))),
    "n_iter_": (_Array("i", 1),),
    "_training": (_RUN, _NONE),
    "_rows_seen": (COUNT,),
}
CHOSEN: Table = {
    **_LINEAR,
    "coef_": LOGISTIC["coef_"],
    "n_iter_": (_Array("i"),),
    "Cs_": (_Array("f", 1),),
    "l1_ratios_": (_PER_CLASS,),
    "C_": (_NUMBER, _Array("f", 1)),
    "l1_ratio_": (_NUMBER, _PER_CLASS, _NONE),
    "coefs_paths_": (_Array("f"), _Several(_Array("f"), dict)),
    "scores_": (_Array("f"), _Several(_Array("f"), dict)),
}
MLP: Table = {
    **_ANY,
    "coefs_": (_Several(_WEIGHTS, list),),
    "intercepts_": (_Several(_WEIGHTS, list),),
    "out_activation_": (OneOf(OUTPUTS),),
    "n_outputs_": (_Count(1, 2**53),),
    "n_layers_": (_Count(2, 2**53),),
    "n_iter_": (COUNT,),
    "t_": (COUNT,),
    "loss_": (_NUMBER,),
    "best_loss_": (_NUMBER, _NONE),
    "best_validation_score_": (_NUMBER, _NONE),
    "loss_curve_": (_CURVE,),
    "validation_loss_curve_": (_CURVE, _NONE),
    "validation_scores_": (_CURVE, _NONE),
    "history_": (_Curves(),),
    "_training": (_RUN,),
    "_no_improvement_count": (COUNT,),
    "_plan": (Is("the plan of a network", (Plan,)),),
}
MLP_CLASSIFIER: Table = {**MLP, "classes_": (_Labels(),), "_multilabel": (Flag(),), "_sparse_labels": (Flag(),)}


def check_attributes(cls: type, attributes: Mapping[str, Any], table: Table) -> None:
    """Raise ValueError where an attribute is not in the table, or not what it may be.

    A user's subclass may have others, which are the business of its own methods.
    """
    unknown = ", ".join(sorted(name for name in attributes.keys() - table.keys() if not _is_users(cls, name)))
    if unknown:
        raise ValueError(f"{unknown} is no attribute of a fitted {cls.__name__} that files have")
    for name, value in attributes.items():
        if name in table and not any(check.accepts(value) for check in table[name]):
            wanted = ", or ".join(map(str, table[name]))
            raise ValueError(f"{name} is {_in_words(value)}, wanted {wanted}")


def _is_users(cls: type, name: str) -> bool:
    """Whether an attribute is one that a user's subclass has in public, and that nothing of ours reads."""
    if _is_ours(cls) or name.startswith("_") or hasattr(cls, name):
        return False
    return not any(name in get_annotations(base) for base in cls.__mro__ if _is_ours(base))


def _is_ours(cls: type) -> bool:
    return cls.__module__.partition(".")[0] == "fastnn"


def _in_words(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and dtype {value.dtype}"
    return reprlib.repr(value)
