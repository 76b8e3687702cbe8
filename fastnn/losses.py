"""Every loss once: loss and output link as one object, on the raw output z.

With z (n, o) and targets y (n, o), a row's loss is summed over its outputs, and the loss of a batch
is the weighted mean over its rows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fastnn.errors import unknown_name, wrong_type

Targets = NDArray[np.floating]


@dataclass(frozen=True)
class Loss:
    """A loss on the raw output and the link that turns the raw output into a prediction.

    Attributes
    ----------
    name : str
    code : int
        Its number in the kernels.
    link : str
        "identity", "sigmoid", "softmax" or "exp".
    parameter : float
        Huber's delta or the pinball loss's quantile; 0 where there is none.
    """

    name: str
    code: int
    link: str = "identity"
    parameter: float = 0.0

    def with_parameter(self, parameter: float) -> Loss:
        """Return the same loss with another delta or quantile."""
        return replace(self, parameter=float(parameter))


_ALL = (
    Loss("squared_error", 0),
    Loss("binary_cross_entropy", 1, "sigmoid"),
    Loss("cross_entropy", 2, "softmax"),
    Loss("absolute", 3),
    Loss("huber", 4, parameter=1.35),
    Loss("log_cosh", 5),
    Loss("poisson", 6, "exp"),
    Loss("pinball", 7, parameter=0.5),
    Loss("hinge", 8),
)
LOSSES: dict[str, Loss] = {loss.name: loss for loss in _ALL}


def huber(delta: float = 1.35) -> Loss:
    """Huber's loss: r**2 / 2 up to |r| = delta, then linear (Huber 1964)."""
    if not 0 < delta < math.inf:
        raise ValueError(f"delta={delta}, wanted a finite number above 0")
    return LOSSES["huber"].with_parameter(delta)


def pinball(quantile: float = 0.5) -> Loss:
    """The pinball loss, whose minimiser is the given quantile (Koenker & Bassett 1978)."""
    if not 0 < quantile < 1:
        raise ValueError(f"quantile={quantile}, wanted a number between 0 and 1")
    return LOSSES["pinball"].with_parameter(quantile)


def smooth_labels(y: Targets, share: float, loss: Loss) -> Targets:
    """Targets (n, o) of which a share goes to all classes alike (Szegedy et al. 2016).

    That is all columns under a softmax; under a sigmoid every column is two classes of its own.

    Raises
    ------
    ValueError
        If the loss is no cross-entropy.
    """
    if share == 0:
        return y
    if loss.link not in ("softmax", "sigmoid"):
        raise ValueError(
            f"label_smoothing={share} with loss={loss.name!r}, which has no probabilities to smooth. "
            "Leave it at 0, or use a cross-entropy."
        )
    classes = y.shape[1] if loss.link == "softmax" else 2
    smooth: Targets = (1 - share) * y + y.dtype.type(share / classes)
    return smooth


def get(loss: str | Loss) -> Loss:
    """Look up a loss by name; a Loss is returned as it is.

    Raises
    ------
    ValueError
        If the name is unknown; the message has the nearest known one.
    TypeError
        If `loss` is neither a string nor a Loss.
    """
    if isinstance(loss, Loss):
        return loss
    if not isinstance(loss, str):
        raise wrong_type("loss", loss, "a name or a Loss")
    found = LOSSES.get(loss)
    if found is None:
        raise unknown_name("loss", loss, LOSSES)
    return found
