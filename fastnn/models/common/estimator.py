"""What the estimators share: checked parameters, arrays at the door, no change on failure."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from numbers import Number
from typing import Any, ClassVar, Self, TypeVar, cast

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, issparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted, validate_data

from fastnn.kernels.contract import BACKENDS, Array
from fastnn.kernels.select import native
from fastnn.models.common.attributes import check_attributes
from fastnn.models.common.bases import BaseEstimator
from fastnn.models.common.csr_kind import CSR
from fastnn.models.common.fitting import apart, with_own_curves
from fastnn.models.common.parameter_checks import Check, Flag, Integer, Is, OneOf, Seed, check_parameters
from fastnn.models.common.saving import MODEL_KINDS, Saved
from fastnn.models.common.sparse_input import sound
from fastnn.storage import Kind
from fastnn.tensors import as_host

__all__ = [
    "NONE",
    "SHARED",
    "VERBOSE",
    "VERBOSE_BY_EPOCHS",
    "Estimator",
    "by_rows",
    "collected_warnings",
    "guarded",
    "readable",
    "readable_target",
    "require_no_times",
    "warn_caller",
]

_collected: ContextVar[list[tuple[str, type[Warning]]] | None] = ContextVar("collected", default=None)

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

    def _read(self, X: Any, y: Any, *, reset: bool, dtype: Any = None, **how: Any) -> tuple[Any, NDArray[Any]]:
        """X as (n, i), of `dtype` or of its own, and y; checked as scikit-learn does. A sparse X is CSR then."""
        if (_is_usable(X) if reset else self._is_plain(X, dtype)) and _is_usable_target(y, len(X)):
            if reset:
                self.n_features_in_ = X.shape[1]
                self.__dict__.pop("feature_names_in_", None)
            return X, y
        x, y = validate_data(
            self,
            readable(X),
            readable_target(y),
            reset=reset,
            accept_sparse="csr",
            dtype=_dtypes(dtype),
            order="C",
            **how,
        )
        return laid_out_or_sparse(x), y

    def _require_fitted(self, attribute: str) -> None:
        """NotFittedError where the attribute is missing.

        scikit-learn's check looks at all attributes and tags: 8 us, half of what a prediction of one row takes.
        """
        if attribute not in self.__dict__:
            check_is_fitted(self)

    def _read_x(self, X: Any, dtype: Any) -> Any:
        """X as (n, i) for a fitted model that computes in `dtype`; a sparse one is CSR then."""
        if self._is_plain(X, dtype):
            return np.asarray(X)
        X = _no_strings(readable(X))
        x = validate_data(self, X, reset=False, accept_sparse="csr", dtype=_dtypes(dtype), order="C")
        return laid_out_or_sparse(x)

    def _is_plain(self, X: Any, dtype: Any) -> bool:
        """Whether X can be used as it is; if not, scikit-learn's validators see to it."""
        return self._is_laid_out(X, dtype) and bool(native.all_finite(X))

    def _is_laid_out(self, X: Any, dtype: Any) -> bool:
        """Whether X can be used as it is, if it is finite."""
        if not _is_laid_out(X) or X.dtype != dtype or "feature_names_in_" in self.__dict__:
            return False
        return bool(X.shape[1] == self.n_features_in_)

    def _read_weight(self, sample_weight: Any, x: Array, name: str = "sample_weight") -> Array | None:
        """The weights of the rows (n,), of x's dtype; None where there are none."""
        if sample_weight is None:
            return None
        if isinstance(sample_weight, Number):
            sample_weight = np.full(x.shape[0], sample_weight)
        sample_weight = as_host(name, sample_weight)
        given = np.asarray(sample_weight)
        require_no_times(name, given)
        if given.dtype.kind in "SUT":
            raise TypeError(f"{name} of shape {given.shape} has dtype {given.dtype}, wanted numbers.")
        weight = check_array(sample_weight, ensure_2d=False, dtype=x.dtype, order="C", input_name=name)
        if weight.shape != (x.shape[0],):
            raise ValueError(f"{name} has shape {weight.shape}, wanted ({x.shape[0]},): one for each row.")
        if weight.min() < 0:
            raise ValueError(f"{name} has negative values, such as {weight.min()}.")
        if not weight.any():
            raise ValueError(f"{name} is zero for every row; some row needs a weight above zero.")
        return np.require(weight, x.dtype, ["C", "A"])


def _is_usable(X: Any) -> bool:
    """Whether X is of a dtype that kernels have, laid out as they want it, and finite."""
    return _is_laid_out(X) and X.dtype in (np.float32, np.float64) and bool(native.all_finite(X))


def _is_laid_out(X: Any) -> bool:
    """Whether X is laid out as kernels want it, whatever its dtype."""
    if type(X) is not np.ndarray or X.ndim != 2 or X.size == 0:
        return False
    return bool(X.flags.c_contiguous and X.flags.aligned)


def _is_usable_target(y: Any, n: int) -> bool:
    """Whether y is one finite number or integer label for each of n rows."""
    if type(y) is not np.ndarray or y.shape != (n,):
        return False
    if y.dtype.kind in "iub":
        return True
    return y.dtype in (np.float32, np.float64) and bool(native.all_finite(np.require(y, requirements=["C", "A"])))


def readable(X: Any) -> Any:
    """X as scikit-learn's validators read it well: in native byte order, so that float32 stays float32.

    A sparse X has indices of one type that kernels take.

    Raises
    ------
    TypeError
        If X has dates or times, which they take for large numbers, or is a tensor that NumPy cannot read.
    ValueError
        If a sparse X has elements outside of it, which they would follow.
    """
    if issparse(X):
        return sound(X)
    X = as_host("X", X)
    if not isinstance(X, np.ndarray):
        return X
    require_no_times("X", X)
    if X.dtype.kind == "f" and X.dtype.itemsize > 8:
        with np.errstate(over="ignore"):  # infinity is refused then
            return X.astype(np.float64)
    return X if X.dtype.isnative or X.dtype.kind != "f" else X.astype(X.dtype.newbyteorder("="))


def _no_strings(X: Any) -> Any:
    """X to predict for; ValueError where it has strings, as of scikit-learn, whose fits read numbers out of them."""
    if isinstance(X, (list, tuple)):
        X = np.asarray(X)
    if isinstance(X, np.ndarray) and X.dtype.kind in "SUT":
        raise ValueError(
            "dtype='numeric' is not compatible with arrays of bytes/strings. Convert your data to numeric values "
            f"explicitly instead: X of shape {X.shape} has dtype {X.dtype}, and X.astype(float) takes it for numbers."
        )
    return X


def require_no_times(name: str, array: NDArray[Any]) -> None:
    """Raise TypeError for dates and times, of which numbers are to be made by who knows their unit."""
    if array.dtype.kind in "mM":
        raise TypeError(
            f"{name} of shape {array.shape} has dtype {array.dtype}, wanted numbers: make some of it, such as "
            f"({name} - {name}.min()) / np.timedelta64(1, 'D')."
        )


def readable_target(y: Any, name: str = "y") -> Any:
    """Y as scikit-learn's validators read it well: they know neither tensors nor NumPy's strings of any length.

    A list of integers stays integers.

    Raises
    ------
    ValueError
        If a sparse y has elements outside of it, which they would follow.
    """
    y = _as_integers(as_host(name, y))
    if issparse(y):
        y = sound(y, name)
    return y.astype(object) if isinstance(y, np.ndarray) and y.dtype.kind == "T" else y


def _as_integers(y: Any) -> Any:
    """A list of Python's integers of which some need uint64 as such: NumPy makes float64 of it if some are smaller."""
    is_list = isinstance(y, (list, tuple)) and all(type(each) is int for each in y)
    wide = is_list and len(y) > 0 and 0 <= min(y) and 2**63 <= max(y) < 2**64
    return np.array(y, np.uint64) if wide else y


def _dtypes(dtype: Any) -> Any:
    return [np.float64, np.float32] if dtype is None else dtype


def laid_out_or_sparse(x: Any) -> Any:
    """A matrix as kernels want it; of a sparse one the rows may be sliced."""
    return csr_array(x) if issparse(x) else np.require(x, x.dtype, ["C", "A"])


def by_rows(x: Any) -> Any:
    """X with a CSC matrix made CSR, for what takes rows out of it."""
    return x.tocsr() if issparse(x) and x.format == "csc" else x


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


_INSIDE = ("fastnn.", "sklearn.callback.")  # scikit-learn's callbacks wrap our fit


@contextmanager
def collected_warnings() -> Iterator[list[tuple[str, type[Warning]]]]:
    """Keep what `warn_caller` would say in this thread: in another one than the user's there is no line to name."""
    warned: list[tuple[str, type[Warning]]] = []
    token = _collected.set(warned)
    try:
        yield warned
    finally:
        _collected.reset(token)


def warn_caller(message: str, category: type[Warning] = ConvergenceWarning) -> None:
    """Warn as if from the line outside of this package that called it."""
    collected = _collected.get()
    if collected is not None:
        collected.append((message, category))
        return
    level = 2
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith(_INSIDE):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)
