"""The kernels of the backend "jit": the native engine over functions that are compiled here, and kernels in Numba.

LLVM compiles the element-wise functions (activations, losses) when they are first used, which takes a tenth of a
second each, and keeps them on disk. Matrix products, functions of rows (softmax) and training itself are those of the
compiled module, which calls these functions. Numba compiles the optimizers' steps by themselves, clipping, the moving
average and dropout; it is imported when one of them is first called.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from inspect import Parameter, Signature
from typing import Any

from fastnn._core import SparseRows
from fastnn.kernels.available import require_numba
from fastnn.kernels.contract import KERNELS
from fastnn.kernels.jit.activation import activation_backward, activation_forward
from fastnn.kernels.jit.dense import dense_backward_input, dense_backward_params, dense_forward
from fastnn.kernels.jit.library import EnginePlan
from fastnn.kernels.jit.loss import link, loss_and_gradient
from fastnn.kernels.jit.network import (
    Workspace,
    fit_epoch,
    network_forward,
    network_gradient,
    network_predict,
    neuron_epoch,
)
from fastnn.optimizers import OPTIMIZERS

__all__ = [
    "EnginePlan",
    "SparseRows",
    "Workspace",
    "activation_backward",
    "activation_forward",
    "dense_backward_input",
    "dense_backward_params",
    "dense_forward",
    "fit_epoch",
    "link",
    "loss_and_gradient",
    "network_forward",
    "network_gradient",
    "network_predict",
    "neuron_epoch",
]


def _in_numba(name: str) -> Callable[..., Any]:
    """The kernel of this name, whose module is imported when it is first called."""
    home = "dropout" if name == "dropout" else "optimizer" if name in _STEPS else "clip"

    def kernel(*arguments: Any) -> Any:
        if name not in _imported:
            require_numba("backend='jit'", "native")
            _imported[name] = getattr(import_module(f"fastnn.kernels.jit.{home}"), name)
        return _imported[name](*arguments)

    places = [Parameter(argument, Parameter.POSITIONAL_ONLY) for argument in KERNELS[name].argument_names]
    kernel.__name__, kernel.__signature__ = name, Signature(places)  # type: ignore[attr-defined]
    return kernel


_STEPS = {f"{optimizer}_step" for optimizer in OPTIMIZERS}
_imported: dict[str, Callable[..., Any]] = {}
_of_numba = {name: _in_numba(name) for name in KERNELS if name not in __all__}
globals().update(_of_numba)
__all__ += _of_numba
