"""What the estimators share: checked parameters, the state that files have, no change on failure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, ClassVar, Self, TypeVar, cast

from sklearn.utils.validation import check_is_fitted

from fastnn.kernels.contract import BACKENDS
from fastnn.models.common.arrays import Features
from fastnn.models.common.attributes import check_attributes
from fastnn.models.common.bases import BaseEstimator
from fastnn.models.common.csr_kind import CSR
from fastnn.models.common.fitting import apart, with_own_curves
from fastnn.models.common.parameter_checks import Check, Flag, Integer, Is, OneOf, Seed, check_parameters
from fastnn.models.common.saving import MODEL_KINDS, Saved
from fastnn.storage import Kind

__all__ = ["NONE", "SHARED", "VERBOSE", "VERBOSE_BY_EPOCHS", "Estimator", "guarded"]

Method = TypeVar("Method", bound=Callable[..., Any])

NONE = Is("None", (type(None),))
VERBOSE = (Integer(0), Flag())
VERBOSE_BY_EPOCHS = (*VERBOSE, OneOf(("bar",)))
SHARED: dict[str, tuple[Check, ...]] = {
    "backend": (OneOf(("auto", *BACKENDS)),),
    "n_threads": (Integer(1), NONE),
    "random_state": (Seed(),),
}
_NOT_SAVED = ("_skl_callbacks", "_metadata_request")  # set_callbacks and set_fit_request have put them there


class Estimator(Saved, BaseEstimator):
    """Base of all estimators; `_parameters` says what each parameter may be, `_attributes` what a file may set."""

    _parameters: ClassVar[Mapping[str, Sequence[Check]]] = {}
    _attributes: ClassVar[Mapping[str, Sequence[Check]]] = {}
    _kinds: ClassVar[Mapping[str, Kind]] = {**MODEL_KINDS, "csr_array": CSR}

    def __getstate__(self) -> dict[str, Any]:
        return with_own_curves(self, lambda now: now._present_state())

    def _present_state(self) -> dict[str, Any]:
        """What `__getstate__` has, of a model that no fit changes meanwhile; its curves are the model's own."""
        return dict(super().__getstate__())

    def _taken_apart(self) -> tuple[dict[str, Any], dict[str, Any]]:
        state = self.__getstate__()
        for name in _NOT_SAVED:
            state.pop(name, None)
        names = self._get_param_names()
        attributes = {name: value for name, value in state.items() if name not in names}
        return {name: state[name] for name in names}, attributes

    @classmethod
    def _put_together(cls, parameters: dict[str, Any], attributes: dict[str, Any]) -> Self:
        # A user's subclass may have other parameters, and set those of its base.
        inherited = {name: attributes.pop(name) for name in cls._parameters if name in attributes}
        check_attributes(cls, attributes, cls._attributes)
        model = cls(**parameters)
        model.__dict__.update(inherited)
        check_parameters(model, cls._parameters)
        model.__setstate__(attributes)
        if attributes:
            model._require_whole()
        return model

    def _require_whole(self) -> None:
        """Raise ValueError where fitted attributes that each may be what they are make no model together."""

    def _set_fitted(self, features: Features, **attributes: Any) -> None:
        """Set what a fit has found: what X's columns are, as scikit-learn's `validate_data` would, and attributes."""
        self.n_features_in_ = features.number
        self.__dict__.pop("feature_names_in_", None)
        if features.names is not None:
            self.feature_names_in_ = features.names
        self.__dict__.update(attributes)

    def _require_fitted(self, attribute: str) -> None:
        """NotFittedError where the attribute is missing.

        scikit-learn's check looks at all attributes and tags: 8 us, half of what a prediction of one row takes.
        """
        if attribute not in self.__dict__:
            check_is_fitted(self)


def guarded(method: Method) -> Method:
    """Let a method that fits check the parameters first, and work `apart`: if it fails, the model stays as it was."""
    incremental = method.__name__ == "partial_fit"

    @wraps(method)
    def fit(self: Estimator, *args: Any, **kwargs: Any) -> Any:
        warm = getattr(self, "warm_start", False)
        with apart(self, goes_on=incremental or (Flag().accepts(warm) and bool(warm))) as twin:
            check_parameters(twin, twin._parameters)
            method(twin, *args, **kwargs)
        return self

    return cast(Method, fit)
