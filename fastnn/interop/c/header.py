"""`to_c`: a fitted model as one header of C99."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from fastnn._version import __version__
from fastnn.errors import out_of_range
from fastnn.interop.c.answers import Answer, answer_of
from fastnn.interop.c.layers import Layers
from fastnn.interop.c.text import comment, require_identifier, type_of
from fastnn.serving.served import ServedModel, read_model, usual_method
from fastnn.storage import FilePath, drafts

__all__ = ["to_c"]


def to_c(
    model: object,
    path: FilePath | None,
    name: str = "model",
    dtype: DTypeLike | None = None,
    method: str | None = None,
) -> str:
    """Write a model as one header of C99, which needs nothing but math.h: no heap, no state, no other library.

    With the name "model" it has a function `model_predict_proba`, or that of another method, and `model_self_test`,
    which says whether the answer to one row is what this library gives. Programs may include several headers of
    different names, and C++ may include them too.

    Parameters
    ----------
    model : estimator, Network or Pipeline
        Fitted. Steps of a pipeline before the last may be a StandardScaler, MinMaxScaler or MaxAbsScaler.
    path : str, path or None
        The file to write, such as "model.h"; one that is there is replaced as a whole. None for no file.
    name : str, default="model"
        What every name in the header begins with: an identifier of C.
    dtype : {"float32", "float64"}, optional
        What it computes in; by default what the model does.
    method : str, optional
        What is asked of the model: "predict", "predict_proba", "decision_function" or "raw", as far as it has them. By
        default "predict_proba", and "predict" of a model that has no probabilities, such as a regressor or a Network.

    Returns
    -------
    str
        The text of the header.

    Raises
    ------
    ValueError
        If the name is no identifier, there is no such dtype or method, an activation has no form in C, or weights are
        not finite; if a step of a pipeline is another one.
    TypeError
        If it is no model of this library.
    NotFittedError
        If it is not fitted.
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> from fastnn import LogisticRegression, to_c
    >>> text = to_c(LogisticRegression().fit([[0.0], [1.0]], [0, 1]), None, "gate")
    >>> "static inline void gate_predict_proba(const double *x, double *out)" in text
    True
    """
    require_identifier(name)
    served = _in_dtype(read_model(model, usual_method(model) if method is None else method), dtype)
    answer = answer_of(name, served)
    layers = Layers(name, served)
    code = "\n".join([answer.tables, layers.functions, answer.function(layers), answer.self_test()])
    text = _header(name, served, answer, layers, code)
    if path is not None:
        drafts.replace(path, text.encode("ascii"))
    return text


def _in_dtype(served: ServedModel, dtype: DTypeLike | None) -> ServedModel:
    """The model in another dtype, with finite weights."""
    network = served.network
    if dtype is not None and np.dtype(dtype) not in (np.float32, np.float64):
        raise out_of_range("dtype", dtype, "float32 or float64")
    chosen: Any = network.plan.dtype if dtype is None else np.dtype(dtype)
    plan = replace(network.plan, dtype=chosen)
    with np.errstate(over="ignore"):
        params = network.params.astype(plan.dtype)
    if not all(np.isfinite(each).all() for each in (params, *(step.values for step in served.steps))):
        raise ValueError(f"The weights of the model are not all finite as {plan.dtype}: C has no literals for them.")
    return replace(served, network=replace(network, plan=plan, params=params))


def _header(name: str, served: ServedModel, answer: Answer, layers: Layers, code: str) -> str:
    plan = served.network.plan
    kind, upper, size = type_of(plan.dtype), name.upper(), plan.dtype.itemsize
    widths = "-".join(map(str, plan.widths))
    products = sum(i * o for i, o in zip(plan.widths[:-1], plan.widths[1:], strict=True))
    names = getattr(served.model, "feature_names_in_", None)
    inputs = "" if names is None else f"\n * Inputs: {comment(', '.join(names))}"
    kind_of_model = comment(type(served.model).__name__)
    macros = f"#define {upper}_INPUTS {plan.widths[0]}\n#define {upper}_OUTPUTS {answer.width}\n"
    return f"""\
/* {name}: {served.method} of a {kind_of_model}, {widths}, written by fastnn {__version__}.
 * C99 and C++, with nothing but math.h; nothing is allocated, and nothing is kept between calls.
 *
 * weights: {plan.n_params * size} bytes ({plan.n_params} numbers, {kind})
 * stack:   about {layers.stack * size} bytes
 * a call:  {products} multiply-adds{inputs}
 */
#ifndef FASTNN_{name}_H
#define FASTNN_{name}_H

#include <math.h>

{macros}
{layers.tables}
{code}
#endif
"""
