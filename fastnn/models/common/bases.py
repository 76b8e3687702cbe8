"""scikit-learn's base classes and decorators, of every version, with the types that it does not publish.

A base or a decorator that type checkers do not know would make everything Any that an estimator has. Estimators have
them from here; what they are at run time is scikit-learn's.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

HAS_CALLBACKS = find_spec("sklearn.callback") is not None  # since scikit-learn 1.9

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol, Self, TypeAlias, TypeVar, runtime_checkable

    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from fastnn.models.common.given import MatrixLike

    Method = TypeVar("Method", bound=Callable[..., Any])
    Request: TypeAlias = bool | str | None

    class BaseEstimator:
        """The base class of scikit-learn, as far as users and estimators call it."""

        n_features_in_: int
        feature_names_in_: NDArray[np.object_]

        def get_params(self, deep: bool = True) -> dict[str, Any]: ...
        def set_params(self, **params: object) -> Self: ...
        def get_metadata_routing(self) -> object: ...
        def set_fit_request(self, *, sample_weight: Request = ...) -> Self: ...
        def set_partial_fit_request(self, *, classes: Request = ..., sample_weight: Request = ...) -> Self: ...
        def set_score_request(self, *, sample_weight: Request = ...) -> Self: ...
        @classmethod
        def _get_param_names(cls) -> list[str]: ...
        def __getstate__(self) -> dict[str, Any]: ...
        def __setstate__(self, state: dict[str, Any]) -> None: ...
        def __sklearn_tags__(self) -> Any: ...

    class ClassifierMixin:
        """The mixin of scikit-learn whose `score` is the accuracy."""

        def score(self, X: MatrixLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float: ...

    class RegressorMixin:
        """The mixin of scikit-learn whose `score` is R^2."""

        def score(self, X: MatrixLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float: ...

    class InvalidParameterError(ValueError, TypeError):
        """The error of scikit-learn for a parameter that an estimator cannot have."""

    class MultiOutputMixin:
        """The mixin of scikit-learn for estimators that take several outputs."""

    class CallbackSupportMixin:
        """The callback of scikit-learn's protocol, which hears of a fit."""

        def set_callbacks(self, *callbacks: Any) -> Self: ...
        def _init_callback_context(self, max_subtasks: int) -> Any: ...

    @runtime_checkable
    class FitCallback(Protocol):
        """The protocol of scikit-learn for what has the hooks of a callback."""

        def setup(self, estimator: Any, context: Any) -> object: ...
        def teardown(self, estimator: Any, context: Any) -> object: ...
        # What hooks ask for by keyword beside these two, such as X, is their own affair.
        @property
        def on_fit_task_begin(self) -> Callable[..., object]: ...
        @property
        def on_fit_task_end(self) -> Callable[..., object]: ...

    def available_if(check: Callable[[Any], bool]) -> Callable[[Method], Method]: ...
    def with_callbacks(method: Method) -> Method: ...

else:
    from sklearn.base import BaseEstimator, ClassifierMixin, MultiOutputMixin, RegressorMixin
    from sklearn.utils._param_validation import InvalidParameterError
    from sklearn.utils.metaestimators import available_if

    if HAS_CALLBACKS:
        from sklearn.callback import CallbackSupportMixin, FitCallback, with_callbacks
    else:
        from fastnn.models.common.no_callbacks import CallbackSupportMixin, FitCallback, with_callbacks

__all__ = [
    "HAS_CALLBACKS",
    "BaseEstimator",
    "CallbackSupportMixin",
    "ClassifierMixin",
    "FitCallback",
    "InvalidParameterError",
    "MultiOutputMixin",
    "RegressorMixin",
    "available_if",
    "with_callbacks",
]
