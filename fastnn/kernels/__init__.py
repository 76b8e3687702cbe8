"""The kernels themselves, checked: arrays in, arrays out.

All take array-likes of one floating dtype (float32 or float64; integers become float64), in any
layout and byte order, also read-only. ``out`` is memory for the result: of the right shape and
dtype, writable, C-contiguous, and apart from every input. ``backend`` is "auto" (native), "native",
"jit" or "reference", and `available_backends` tells whether there is Numba for "jit"; ``n_threads``
belongs to native alone. NaN and infinity in arrays flow through; options without a meaning, such as
a negative penalty, are a ValueError. Ctrl-C ends a kernel in the middle: then what it writes, also
in place, is of no use.

Shapes: n rows, i inputs and o outputs of a layer.
"""

from fastnn.kernels.available import available_backends
from fastnn.kernels.public import counting_optimizer, optimizer
from fastnn.kernels.public.activation import activation_backward, activation_forward
from fastnn.kernels.public.clip import clip_by_norm, clip_by_value, ema_step
from fastnn.kernels.public.counting_optimizer import *  # noqa: F403 - one step of every optimizer that counts them
from fastnn.kernels.public.dense import dense_backward_input, dense_backward_params, dense_forward
from fastnn.kernels.public.dropout import dropout
from fastnn.kernels.public.loss import link, loss_and_gradient
from fastnn.kernels.public.network import fit_epoch, network_forward, network_gradient
from fastnn.kernels.public.neuron import neuron_epoch
from fastnn.kernels.public.optimizer import *  # noqa: F403 - one step of every other optimizer
from fastnn.kernels.select import kernels_for

__all__ = [
    "activation_backward",
    "activation_forward",
    "available_backends",
    "clip_by_norm",
    "clip_by_value",
    "dense_backward_input",
    "dense_backward_params",
    "dense_forward",
    "dropout",
    "ema_step",
    "fit_epoch",
    "kernels_for",
    "link",
    "loss_and_gradient",
    "network_forward",
    "network_gradient",
    "neuron_epoch",
]
__all__ += counting_optimizer.__all__
__all__ += optimizer.__all__


def __dir__() -> list[str]:
    return sorted(__all__)
