"""`from_torch`: a torch.nn.Sequential as a Network."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn import activations
from fastnn.errors import out_of_range, wrong_type
from fastnn.install import install_hint
from fastnn.interop.chain import Chain
from fastnn.interop.needed import needed
from fastnn.losses import Loss
from fastnn.models.network.network import Network

__all__ = ["from_torch"]

_SAME = 1e-6  # how far from softplus torch's may be where it becomes linear, relative to values above 1


def from_torch(module: object, loss: str | Loss | None = None) -> Network:
    """Return the Network that a torch.nn.Sequential in evaluation mode is.

    It shares no memory with the module. Linear, Dropout, Flatten, Identity, BatchNorm1d and the activations may stand
    in it in any order, also in nested Sequentials. BatchNorm1d is folded into the dense layers, with its statistics as
    they are; a Dropout drops inputs of the next Linear, and is left out where there is none. Where a mean of the inputs
    lies more than four standard deviations from zero, taking it off stays a layer of its own: in a bias it would cost
    digits.

    ``network.predict(x)`` is what the module gives for x: a Softmax or Sigmoid at the end becomes the link
    of the loss. If `loss` has a link that does not stand at the end, what the module gives is ``network.forward(x)``.

    Parameters
    ----------
    module : torch.nn.Sequential
        Or a single module of one of these kinds.
    loss : str or Loss, optional
        What the network is trained on from here. By default the one whose link is at the end: "cross_entropy",
        "binary_cross_entropy", and else "squared_error".

    Returns
    -------
    Network
        In the dtype of the module's parameters, float32 or float64.

    Raises
    ------
    ValueError
        If a module has no counterpart, by its name and what it is; is in training mode, in which it would predict
        otherwise; has hooks, which may change results; or has parameters that another one has too.
    TypeError
        If it is no module of torch.
    ImportError
        If torch is not installed.
    """
    torch = needed("torch", "from_torch", install_hint("torch"))
    if not isinstance(module, torch.nn.Module):
        raise wrong_type("module", module, "a torch.nn.Sequential")
    modules = list(_flattened(torch, module, type(module).__name__))
    _require_alone(torch, modules)
    dtype = _dtype_of(torch, module)
    kinds = _kinds(torch)
    for path, each in modules:
        if type(each) not in kinds:
            known = ", ".join(kind.__name__ for kind in kinds)
            raise ValueError(f"{path}: {each!r} has no counterpart in a Network. Those that have: {known}.")
    chain = Chain(_inputs_of(torch, modules))
    for path, each in modules:
        try:
            kinds[type(each)](chain, each)
        except ValueError as fault:
            raise ValueError(f"{path}: {each!r} has no counterpart in a Network: {fault}") from fault
    return chain.network(loss, dtype)


def _inputs_of(torch: Any, modules: list[tuple[str, Any]]) -> int:
    """How many inputs there are: what stands before the first module that knows changes nothing about it."""
    names = {torch.nn.Linear: "in_features", torch.nn.BatchNorm1d: "num_features"}
    for _, each in modules:
        if type(each) in names:
            return int(getattr(each, names[type(each)]))
    raise ValueError("The module has no Linear and no BatchNorm1d, by which to know how many inputs there are.")


def _flattened(torch: Any, module: Any, path: str) -> Iterator[tuple[str, Any]]:
    """All modules in their order, each with where it stands."""
    _require_plain(module, path)
    if type(module) is torch.nn.Sequential:
        for name, child in enumerate(module):  # named_children leaves out what is there twice
            yield from _flattened(torch, child, f"{path}[{name}]")
    else:
        yield path, module


def _require_plain(module: Any, path: str) -> None:
    if getattr(module, "has_uninitialized_params", bool)():
        raise ValueError(f"{path} has no numbers yet: it is lazy. Call the module once before.")
    if module.training:
        raise ValueError(
            f"{path} is in training mode, in which it would predict otherwise than this network will: call eval() on "
            "the module before."
        )
    if module._forward_hooks or module._forward_pre_hooks:
        raise ValueError(f"{path} has hooks, which may change what it gives: remove them before.")
    if "forward" in vars(module):
        raise ValueError(f"{path} has a forward of its own, which this network would not compute.")


def _require_alone(torch: Any, modules: list[tuple[str, Any]]) -> None:
    """Raise ValueError where two places share parameters, which would be two sets of them here."""
    owners: dict[int, str] = {}
    for path, module in modules:
        for parameter in module.parameters():
            other = owners.setdefault(id(parameter), path)
            if other is not path:
                raise ValueError(f"{path} and {other} share parameters, which a Network cannot: copy one of them.")
        for parameter in module.parameters():
            if parameter.is_meta:
                raise ValueError(f"{path} has no numbers yet: it is on the device meta.")
    hooks = torch.nn.modules.module
    if hooks._global_forward_hooks or hooks._global_forward_pre_hooks:
        raise ValueError("torch has global forward hooks, which may change what modules give: remove them before.")


def _dtype_of(torch: Any, module: Any) -> str:
    found = {parameter.dtype for parameter in module.parameters()}
    names = {torch.float32: "float32", torch.float64: "float64"}
    if len(found) == 1 and (dtype := names.get(next(iter(found)))):
        return dtype
    if not found:
        return "float32"
    raise out_of_range("dtype of the parameters", sorted(map(str, found)), "torch.float32 or torch.float64 for all")


def _numbers(tensor: Any) -> NDArray[np.float64]:
    return tensor.detach().cpu().double().numpy().copy()  # type: ignore[no-any-return]


def _add_linear(chain: Chain, module: Any) -> None:
    if module.in_features != chain.width:
        raise ValueError(f"there are {chain.width} columns before it")
    chain.dense(_numbers(module.weight).T, None if module.bias is None else _numbers(module.bias))


def _add_batch_norm(chain: Chain, module: Any) -> None:
    if module.running_mean is None:
        raise ValueError("without running statistics it depends on the batch")
    if module.num_features != chain.width:
        raise ValueError(f"there are {chain.width} columns before it")
    scale = 1 / np.sqrt(_numbers(module.running_var) + module.eps)
    shift = -_numbers(module.running_mean) * scale
    if module.affine:
        weight = _numbers(module.weight)
        scale, shift = scale * weight, shift * weight + _numbers(module.bias)
    chain.affine(scale, shift)


def _add_softplus(chain: Chain, module: Any) -> None:
    beta, threshold = float(module.beta), float(module.threshold)
    gap = math.log1p(math.exp(-threshold)) / beta if threshold > -700 else math.inf
    if gap > _SAME * max(1.0, threshold / beta):
        raise ValueError(f"threshold={threshold:g} is where it becomes linear, {gap:.1e} below softplus")
    chain.activation(activations.softplus(beta))


def _add_prelu(chain: Chain, module: Any) -> None:
    slopes = _numbers(module.weight)
    if len(slopes) not in (1, chain.width):
        raise ValueError(f"there are {chain.width} columns before it")
    if not (slopes == slopes[0]).all():
        raise ValueError("its columns have different slopes")
    chain.activation(activations.leaky_relu(float(slopes[0])))


def _add_threshold(chain: Chain, module: Any) -> None:
    if module.value != 0:
        raise ValueError(f"value={module.value:g}, wanted 0")
    chain.activation(activations.thresholded_relu(module.threshold))


def _add_flatten(chain: Chain, module: Any) -> None:
    if (module.start_dim, module.end_dim) not in ((1, -1), (1, 1)):
        raise ValueError("wanted start_dim=1 and end_dim=-1")


def _row_wise(name: str) -> Callable[[Chain, Any], None]:
    def add(chain: Chain, module: Any) -> None:
        if module.dim not in (1, -1, None):
            raise ValueError(f"dim={module.dim}, wanted 1: over the columns")
        chain.activation(activations.get(name))

    return add


def _named(name: str) -> Callable[[Chain, Any], None]:
    return lambda chain, module: chain.activation(activations.get(name))


def _made(make: Callable[[Any], activations.Activation]) -> Callable[[Chain, Any], None]:
    return lambda chain, module: chain.activation(make(module))


def _kinds(torch: Any) -> dict[type, Callable[[Chain, Any], None]]:
    """What each kind of module adds to a chain."""
    nn = torch.nn
    return {
        nn.Linear: _add_linear,
        nn.BatchNorm1d: _add_batch_norm,
        nn.Dropout: lambda chain, module: chain.dropout(module.p),
        nn.Flatten: _add_flatten,
        nn.Identity: lambda chain, module: None,
        nn.ReLU: _named("relu"),
        nn.ReLU6: _named("relu6"),
        nn.LeakyReLU: _made(lambda each: activations.leaky_relu(each.negative_slope)),
        nn.PReLU: _add_prelu,
        nn.RReLU: _made(lambda each: activations.leaky_relu((each.lower + each.upper) / 2)),
        nn.Threshold: _add_threshold,
        nn.ELU: _made(lambda each: activations.elu(each.alpha)),
        nn.CELU: _made(lambda each: activations.celu(each.alpha)),
        nn.SELU: _named("selu"),
        nn.GELU: _made(lambda each: activations.get("gelu" if each.approximate == "none" else "gelu_tanh")),
        nn.SiLU: _named("silu"),
        nn.Mish: _named("mish"),
        nn.Softplus: _add_softplus,
        nn.Softsign: _named("softsign"),
        nn.Sigmoid: _named("sigmoid"),
        nn.LogSigmoid: _named("log_sigmoid"),
        nn.Tanh: _named("tanh"),
        nn.Hardsigmoid: _named("hard_sigmoid"),
        nn.Hardswish: _named("hard_swish"),
        nn.Hardtanh: lambda chain, module: chain.clip(module.min_val, module.max_val),
        nn.Softshrink: _made(lambda each: activations.softshrink(each.lambd)),
        nn.Hardshrink: _made(lambda each: activations.hard_shrink(each.lambd)),
        nn.Tanhshrink: _named("tanh_shrink"),
        nn.Softmax: _row_wise("softmax"),
        nn.LogSoftmax: _row_wise("log_softmax"),
    }
