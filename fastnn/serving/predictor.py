"""`compile_predict`: a fitted model frozen into an object that answers one row in a fraction of a microsecond."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import DTypeLike

from fastnn import losses
from fastnn.errors import out_of_range
from fastnn.kernels.select import native
from fastnn.models.network.base import BaseNetwork
from fastnn.plan import Plan
from fastnn.serving.served import ServedModel, read_model
from fastnn.threads import resolve as resolve_threads

if TYPE_CHECKING:
    from fastnn._core import Predictor

__all__ = ["compile_predict"]

# A loss of the library with the link: a predictor needs no more of the model's own, which may not be pickled.
_LOSS_OF_LINK = {
    "identity": "squared_error",
    "sigmoid": "binary_cross_entropy",
    "softmax": "cross_entropy",
    "exp": "poisson",
}


def compile_predict(
    model: object,
    method: str = "predict_proba",
    *,
    dtype: DTypeLike | None = None,
    check_finite: bool = False,
    n_threads: int | None = 1,
    strict: bool = False,
) -> Predictor:
    """Freeze a fitted model into a predictor that answers a row with next to nothing around the arithmetic.

    The predictor has a copy of the weights, laid out for the processor: what happens to the model later has no effect.
    It cannot be changed, and any number of threads may call it at a time. Its answers have the bits of the model's own
    method with the native backend.

    Parameters
    ----------
    model : estimator, Network or Pipeline
        Fitted. The steps of a pipeline before it may be a StandardScaler, MinMaxScaler or MaxAbsScaler.
    method : str, default="predict_proba"
        What it answers: "predict_proba", "predict", "decision_function", "raw" (the last layer's output before the
        loss's link), or another method that the model has, such as "activate" of a `Neuron`.
    dtype : {float32, float64}, optional
        What is computed in; None for the dtype of the model.
    check_finite : bool, default=False
        Whether NaN and infinity in x are a ValueError. Else they go through.
    n_threads : int or None, default=1
        How many threads may share the rows of a call; None for as many as `fastnn.set_num_threads` says.
    strict : bool, default=False
        Whether x must be a C-contiguous ndarray of the dtype. Else lists, tensors, sparse matrices and arrays of other
        dtypes and strides are converted. The columns of a data frame are those that the model was fitted to, in their
        order, if it was fitted to one.

    Returns
    -------
    Predictor
        ``p(x)`` answers one row (i,) or several (n, i): an array (o,) or (n, o); where the method gives one number or
        one label a row, a scalar or an array (n,). ``p(x, out)`` writes the answers to `out`, and allocates nothing.
        ``p.label(x)`` gives classes whatever the method is. ``p.n_inputs``, ``p.n_outputs``, ``p.dtype`` and
        ``p.classes`` say what goes in and out; ``p.address`` has a function and a handle for ctypes, cffi, Cython and
        Numba.

    Raises
    ------
    ValueError
        If the model has no such method, or a step of the pipeline is none of these scalers.
    TypeError
        If it is no model of this library, or its class or a scaler's has a method of its own in the place of one that
        is served.
    NotFittedError
        If it is not fitted.

    Notes
    -----
    Where a pipeline is asked, x is scaled in the predictor's dtype, as the scaler does with an array of that dtype.
    Several labels a row come as an array of zeros and ones, also from a model that was fitted to sparse ones.

    A predictor has the weights twice: packed and, for sparse rows and for many rows of narrow layers, as they were.
    Threads share rows: one row is answered by one thread.

    A pickle has the weights once and nothing else that a fitted model has, such as the optimizer's state; they are laid
    out anew when it is loaded, perhaps on another processor.

    Examples
    --------
    >>> import numpy as np
    >>> import fastnn
    >>> x = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    >>> model = fastnn.LogisticRegression(C=100.0).fit(x, ["no", "no", "no", "yes"])
    >>> p = fastnn.compile_predict(model)
    >>> p(x[3]).round(1)
    array([0.1, 0.9])
    >>> bool((p(x) == model.predict_proba(x)).all())
    True
    >>> str(p.label(x[3]))
    'yes'
    """
    threads = resolve_threads(n_threads)
    served, output = _read(model, method)
    plan = _in_dtype(served, dtype)
    labels, labels_plan = _labels(served, plan, dtype)
    made: Predictor = native.Predictor(
        plan,
        np.ascontiguousarray(served.network.params, plan.dtype),
        output,
        labels=labels,
        labels_plan=labels_plan,
        classes=served.network.classes,
        steps=_steps(served),
        squeezed=_drops_column(served),
        strict=bool(strict),
        check_finite=bool(check_finite),
        n_threads=threads,
        names=_names(model),
    )
    return made


def _read(model: object, method: str) -> tuple[ServedModel, str]:
    """The model, and what of its output the method gives."""
    raw = read_model(model, "raw")
    classes = raw.network.classes
    if method == "predict_proba" and classes is not None and len(classes) == 1 and hasattr(raw.model, method):
        return raw, "ones"  # the one class is certain, whatever the network says
    served = raw.asked(method)
    return served, served.output


def _in_dtype(served: ServedModel, dtype: DTypeLike | None) -> Plan:
    plan = served.network.plan
    wanted: Any = plan.dtype if dtype is None else np.dtype(dtype)
    if wanted not in (np.float32, np.float64):
        raise out_of_range("dtype", dtype, "float32, float64 or None")
    return replace(plan, dtype=wanted, loss=losses.get(_LOSS_OF_LINK[plan.loss.link]), dropout=())


def _labels(asked: ServedModel, plan: Plan, dtype: DTypeLike | None) -> tuple[str | None, Plan | None]:
    """What the labels of a model are, and the plan for them where it is another than that of the method."""
    served = asked.asked("predict")
    if served.output not in ("class", "labels"):
        return None, None
    own = _in_dtype(served, dtype)
    return served.output, own if own.activations != plan.activations else None


def _steps(served: ServedModel) -> tuple[tuple[str, Any, bool], ...]:
    """The scalers' operations, and whether each is computed in float64 whatever the dtype of x."""
    return tuple(
        (step.operation, step.values.astype(dtype), not rounded)
        for step, dtype, rounded in zip(served.steps, served.dtypes, served.rounded, strict=True)
    )


def _names(model: Any) -> tuple[str, ...] | None:
    """Of the columns that the model, or the first scaler of a pipeline, was fitted to; None where they had none."""
    names = getattr(model, "feature_names_in_", None)
    return None if names is None else tuple(map(str, names))


def _drops_column(served: ServedModel) -> bool:
    """Whether the method gives (n,) where it has one number for a row: methods of estimators do, but for these."""
    return not isinstance(served.model, BaseNetwork) and served.method not in ("predict_proba", "raw")
