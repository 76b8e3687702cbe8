"""`to_torch`: a model as a torch.nn.Sequential."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from fastnn.activations import USER, Activation, get
from fastnn.errors import out_of_range
from fastnn.install import install_hint
from fastnn.interop.chain import FOLDED
from fastnn.interop.made import TorchSequential
from fastnn.interop.needed import needed
from fastnn.serving.served import ServedModel, Step, read_model, usual_method

__all__ = ["to_torch"]

Make = Callable[[Any, tuple[float, ...]], Any]

# Modules by the names of activations, made from torch.nn and the parameters.
_MODULES: dict[str, Make] = {
    "sigmoid": lambda nn, p: nn.Sigmoid(),
    "tanh": lambda nn, p: nn.Tanh(),
    "relu": lambda nn, p: nn.ReLU(),
    "relu6": lambda nn, p: nn.ReLU6(),
    "leaky_relu": lambda nn, p: nn.LeakyReLU(*p),
    "selu": lambda nn, p: nn.SELU(),  # of two numbers that are always the same; others are refused
    "elu": lambda nn, p: nn.ELU(*p),
    "celu": lambda nn, p: nn.CELU(*p),
    "thresholded_relu": lambda nn, p: nn.Threshold(*p, 0.0),
    "gelu": lambda nn, p: nn.GELU(),
    "gelu_tanh": lambda nn, p: nn.GELU("tanh"),
    "silu": lambda nn, p: nn.SiLU(),
    "mish": lambda nn, p: nn.Mish(),
    # Linear from 40 on, where float64 sees no difference: torch's 20 is 2e-9 off.
    "softplus": lambda nn, p: nn.Softplus(*p, threshold=40.0),
    "softsign": lambda nn, p: nn.Softsign(),
    "hard_sigmoid": lambda nn, p: nn.Hardtanh(0.0, 1.0),  # of slope * z + offset, which the layer before gives
    "hard_tanh": lambda nn, p: nn.Hardtanh(),
    "hard_swish": lambda nn, p: nn.Hardswish(),
    "softshrink": lambda nn, p: nn.Softshrink(*p),
    "hard_shrink": lambda nn, p: nn.Hardshrink(*p),
    "tanh_shrink": lambda nn, p: nn.Tanhshrink(),
    "log_sigmoid": lambda nn, p: nn.LogSigmoid(),
    "softmax": lambda nn, p: nn.Softmax(dim=-1),
    "log_softmax": lambda nn, p: nn.LogSoftmax(dim=-1),
}


def to_torch(model: object, *, method: str | None = None, dtype: DTypeLike | None = None) -> TorchSequential:
    """Return a model as a torch.nn.Sequential, which predicts the same.

    It is in evaluation mode and shares no memory with the model. A Dropout of the model is one there. Scalers of a
    pipeline are folded into the first layer; means of more than four standard deviations, which would cost digits
    there, are taken off by a Linear before it.

    Parameters
    ----------
    model : estimator, Network or Pipeline
        Fitted. Steps of a pipeline before the last may be a StandardScaler, MinMaxScaler or MaxAbsScaler.
    method : str, optional
        What the module gives: "raw" is what the last layer gives, on which torch's CrossEntropyLoss and its kind
        work; "predict_proba" and "predict" end with the loss's link. By default "predict_proba", if the model has it,
        else "predict" of numbers, and else "raw". The labels of "predict" have no module: take the largest output.
    dtype : {"float32", "float64"}, optional
        Of its parameters; by default that of the model.

    Returns
    -------
    torch.nn.Sequential
        Of modules of torch.nn alone: it needs nothing of this library.

    Raises
    ------
    ValueError
        If there is no such method or dtype, or something has no module, by its name and value.
    TypeError
        If it is no model of this library.
    NotFittedError
        If it is not fitted.
    ImportError
        If torch is not installed.
    """
    torch = needed("torch", "to_torch", install_hint("torch"))
    if dtype is not None and np.dtype(dtype) not in (np.float32, np.float64):
        raise out_of_range("dtype", dtype, "float32 or float64")
    served = read_model(model, _default_method(model) if method is None else method)
    if served.output in ("class", "labels"):
        raise ValueError(
            f"method={served.method!r} gives labels, which no module does: take method='raw', of which the largest "
            "output is the label's, or 'predict_proba'."
        )
    plan = served.network.plan
    made = torch.nn.Sequential(*_modules(torch, served))
    made = made.to(getattr(torch, np.dtype(plan.dtype if dtype is None else dtype).name)).eval()
    return made  # type: ignore[no-any-return] # torch need not be installed


def _default_method(model: Any) -> str:
    method = usual_method(model)
    return "raw" if read_model(model, method).output in ("class", "labels") else method


def _modules(torch: Any, served: ServedModel) -> list[Any]:
    nn, plan = torch.nn, served.network.plan
    weights, biases = plan.unpack(served.network.params)
    modules: list[Any] = []
    for l, (w, b) in enumerate(zip(weights, biases, strict=True)):
        activation = plan.activations[l]
        if plan.dropout[l]:
            modules.append(nn.Dropout(plan.dropout[l]))
        after = _activation(nn, activation)
        w, b = w.astype(np.float64), None if b is None else b.astype(np.float64)
        if l == 0 and served.steps:
            before, w, b = _folded(torch, w, b, served.steps)
            modules = before + modules
        if activation.name == "hard_sigmoid":
            slope, offset = activation.parameters
            w, b = slope * w, (0.0 if b is None else slope * b) + np.full(w.shape[1], offset)
        if l == plan.n_layers - 1 and served.output == "pairs":  # the sigmoid of -z and of z
            w, b = np.hstack([-w, w]), None if b is None else np.hstack([-b, b])
        modules += [_linear(torch, w, b), *after]
    return modules + _link(nn, served)


def _folded(
    torch: Any, w: NDArray[Any], b: NDArray[Any] | None, steps: tuple[Step, ...]
) -> tuple[list[Any], NDArray[Any], NDArray[Any]]:
    """The first layer of what the scalers leave as it is, and before it one that takes off means far from zero."""
    center, scale, shift = np.zeros(len(w)), np.ones(len(w)), np.zeros(len(w))  # (x + center) * scale + shift
    for operation, values in steps:
        if operation == "clip":
            raise ValueError(f"clip=True of a scaler, to {values.tolist()}, has no module: clip the features before.")
        if operation == "subtract" and (scale == 1).all():
            center = center - values
        elif operation in ("subtract", "add"):
            shift = shift + (values if operation == "add" else -values)
        else:
            factor = values if operation == "multiply" else 1 / values
            scale, shift = scale * factor, shift * factor
    before, folded = [], center * scale + shift
    if (np.abs(folded) > FOLDED).any():
        before.append(_linear(torch, np.eye(len(w)), center + shift / scale))
        folded = np.zeros(len(w))
    return before, scale[:, None] * w, folded @ w + (0.0 if b is None else b)


def _linear(torch: Any, w: NDArray[Any], b: NDArray[Any] | None) -> Any:
    made = torch.nn.Linear(*w.shape, bias=b is not None, dtype=torch.float64)
    with torch.no_grad():
        made.weight.copy_(torch.from_numpy(np.ascontiguousarray(w.T)))
        if b is not None:
            made.bias.copy_(torch.from_numpy(np.ascontiguousarray(b)))
    return made


def _activation(nn: Any, activation: Activation) -> list[Any]:
    if activation == get("identity"):
        return []
    make = None if activation.code == USER else _MODULES.get(activation.name)
    others_of_selu = activation.name == "selu" and activation != get("selu")
    if make is None or others_of_selu:
        raise ValueError(f"activation={activation.label!r} has no module in torch.nn.")
    return [make(nn, activation.parameters)]


def _link(nn: Any, served: ServedModel) -> list[Any]:
    link = "identity" if served.output == "raw" else served.network.plan.loss.link
    links = {"identity": [], "softmax": [nn.Softmax(dim=-1)], "sigmoid": [nn.Sigmoid()]}
    if link not in links:
        raise ValueError(
            f"loss={served.network.plan.loss.name!r}: its link {link!r} has no module in torch.nn. Take method='raw', "
            "which gives the logarithm."
        )
    return links[link]
