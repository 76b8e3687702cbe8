"""scikit-learn's names of what a network ends with, `out_activation_`, and the losses that go with them."""

from __future__ import annotations

from fastnn import losses
from fastnn.losses import Loss

__all__ = ["OUTPUTS", "link_of_output", "loss_of_output", "output_of_link"]

# The name of an output, and the loss whose link it is; so the network itself ends with the raw output.
_LOSSES = {
    "identity": "squared_error",
    "logistic": "binary_cross_entropy",
    "softmax": "cross_entropy",
    "exp": "poisson",
}
_LABELS = {**_LOSSES, "identity": "hinge"}  # margins, in place of numbers

OUTPUTS = tuple(_LOSSES)


def loss_of_output(output: str, *, of_labels: bool = False) -> Loss:
    """The loss that a network with this output has, of numbers or of labels, where nothing says another one."""
    return losses.get((_LABELS if of_labels else _LOSSES)[output])


def link_of_output(output: str) -> str:
    """The link of all losses that this output goes with."""
    return loss_of_output(output).link


def output_of_link(link: str) -> str:
    """The output that a loss with this link goes with."""
    return next(output for output in OUTPUTS if link_of_output(output) == link)
