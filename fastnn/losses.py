"""Every loss once: loss and output link as one object, on the raw output z.

With z (n, o) and targets y (n, o), a row's loss is summed over its outputs, and the loss of a batch
is the weighted mean over its rows.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn.errors import no_subclass, unknown_name, wrong_type

__all__ = ["LOSSES", "Loss", "get", "huber", "pinball", "smooth_labels"]


def __dir__() -> list[str]:
    return sorted(__all__)


Targets = NDArray[np.floating[Any]]


_LISTED = {  # name: code, link
    "squared_error": (0, "identity"),
    "binary_cross_entropy": (1, "sigmoid"),
    "cross_entropy": (2, "softmax"),
    "absolute": (3, "identity"),
    "huber": (4, "identity"),
    "log_cosh": (5, "identity"),
    "poisson": (6, "exp"),
    "pinball": (7, "identity"),
    "hinge": (8, "identity"),
}
_Parameter = tuple[str, Callable[[float], bool], str]  # its name, a test, and what passes it in words
_PARAMETERS: dict[str, _Parameter] = {
    "huber": ("delta", lambda delta: 0 < delta < math.inf, "a finite number above 0"),
    "pinball": ("quantile", lambda quantile: 0 < quantile < 1, "a number between 0 and 1"),
}
_NO_PARAMETER: _Parameter = ("parameter", lambda parameter: parameter == 0, "0: this loss has none")
_DEFAULTS = {"huber": 1.35, "pinball": 0.5}
_TOLERANCE = 1e-3  # shares in float32 that were rounded on the way
_Domain = tuple[float, float, Callable[[Targets], Targets] | None, str]
_NUMBERS: _Domain = (-math.inf, math.inf, None, "finite numbers")
_DOMAINS: dict[str, _Domain] = {  # the least and the largest target, what of each row must be 1, and all that in words
    "binary_cross_entropy": (0, 1, None, "probabilities in [0, 1], such as 0 and 1 of two classes"),
    "cross_entropy": (
        0,
        1,
        lambda y: np.einsum("ij->i", y),  # of 8,192 rows of 10 in 86 us, y.sum(axis=1) takes 446
        "probabilities in [0, 1], a column for each class, with rows that sum to 1",
    ),
    "poisson": (0, math.inf, None, "finite numbers of at least 0, such as counts"),
    "hinge": (-1, 1, np.abs, "-1 and 1, such as 2 * y - 1 makes of 0 and 1"),
}


@dataclass(frozen=True)
class Loss:
    """A loss on the raw output and the link that turns the raw output into a prediction.

    Parameters
    ----------
    name : str
        Its name in `LOSSES`, such as "squared_error".
    code : int
        Its number in the kernels.
    link : {"identity", "sigmoid", "softmax", "exp"}, default="identity"
        What makes a prediction of the raw output.
    parameter : float, default=0.0
        Huber's delta or the pinball loss's quantile; 0 where there is none.

    Raises
    ------
    ValueError
        If kernels know no such loss, or not by that code and link, or its parameter is not possible.
    TypeError
        If the parameter is no number.
    """

    name: str
    code: int
    link: str = "identity"
    parameter: float = 0.0

    def __init_subclass__(cls) -> None:
        raise no_subclass(cls, "Loss", "Take one of fastnn.losses.LOSSES.")

    def __post_init__(self) -> None:
        listed = _LISTED.get(self.name)
        if listed is None:
            raise ValueError(
                f"The loss {self.name!r} is a user's own, and kernels know none but these: {', '.join(_LISTED)}."
            )
        code: object = self.code
        if not isinstance(code, int) or (code, self.link) != listed:
            raise ValueError(
                f"The loss {self.name!r} has the code {listed[0]} and the link {listed[1]!r}, got {code!r} and "
                f"{self.link!r}. Take fastnn.losses.get({self.name!r})."
            )
        word, allows, wanted = _PARAMETERS.get(self.name, _NO_PARAMETER)
        parameter: object = self.parameter
        if not isinstance(parameter, Real):
            raise wrong_type(word, parameter, wanted)
        if not allows(float(parameter)):
            raise ValueError(f"{word}={parameter}, wanted {wanted}")
        object.__setattr__(self, "parameter", float(parameter))

    def __reduce__(self) -> tuple[type[Loss], tuple[str, int, str, float]]:
        """The constructor's arguments, so that it checks what comes out of a pickle."""
        return Loss, (self.name, self.code, self.link, self.parameter)

    def with_parameter(self, parameter: float) -> Loss:
        """Return the same loss with another parameter.

        Parameters
        ----------
        parameter : float
            Huber's delta or the pinball loss's quantile.

        Returns
        -------
        Loss
            A new object; this one stays what it is.

        Raises
        ------
        ValueError, TypeError
            If the parameter is out of its range, no number, or the loss has none.
        """
        return replace(self, parameter=parameter)

    def require_targets(self, name: str, y: Targets) -> None:
        """Check that the loss can have these targets.

        Parameters
        ----------
        name : str
            What the error calls them, such as "y".
        y : ndarray of shape (n, o)
            The targets, a column for each output.

        Raises
        ------
        ValueError
            If there is a target that the loss is not defined for; the message says which, and what is wanted.
        """
        if not y.size:
            return
        least, largest, must_be_one, wanted = _DOMAINS.get(self.name, _NUMBERS)
        low, high = float(y.min()), float(y.max())  # NaN where one is
        if not (math.isfinite(low) and math.isfinite(high) and least <= low and high <= largest):
            found = f"targets from {low:g} to {high:g}"
        elif must_be_one is not None and (off := np.abs(must_be_one(y) - 1)).max() > _TOLERANCE:
            row = np.unravel_index(off.argmax(), off.shape)[0]
            found = f"in row {row} the targets {np.array2string(y[row], threshold=6)}"
        else:
            return
        raise ValueError(f"{name} has {found}; loss={self.name!r} wants {wanted}.")


LOSSES: dict[str, Loss] = {name: Loss(name, *known, _DEFAULTS.get(name, 0.0)) for name, known in _LISTED.items()}


def huber(delta: float = 1.35) -> Loss:
    """Return the Huber loss: r**2 / 2 up to |r| = delta, then delta * (|r| - delta / 2).

    Parameters
    ----------
    delta : float, default=1.35
        Where the loss becomes linear, above 0.

    Returns
    -------
    Loss
        Of the raw output, which is the prediction.

    References
    ----------
    Huber (1964), "Robust estimation of a location parameter".
    """
    return LOSSES["huber"].with_parameter(delta)


def pinball(quantile: float = 0.5) -> Loss:
    """Return the pinball loss, whose minimiser is the given quantile.

    Parameters
    ----------
    quantile : float, default=0.5
        In (0, 1); 0.5 for the median.

    Returns
    -------
    Loss
        Of the raw output, which is the prediction.

    References
    ----------
    Koenker and Bassett (1978), "Regression quantiles".
    """
    return LOSSES["pinball"].with_parameter(quantile)


def smooth_labels(y: Targets, share: float, loss: Loss) -> Targets:
    """Give a share of every target to all classes alike.

    These are all columns under a softmax; under a sigmoid every column is two classes of its own.

    Parameters
    ----------
    y : ndarray of shape (n, o)
        The targets, between 0 and 1.
    share : float
        How much of them goes to all classes, in [0, 1).
    loss : Loss
        A cross-entropy.

    Returns
    -------
    ndarray of shape (n, o)
        The smoothed targets, in y's dtype; y itself where the share is 0.

    Raises
    ------
    ValueError
        If the loss is no cross-entropy.

    References
    ----------
    Szegedy et al. (2016), "Rethinking the Inception architecture for computer vision".
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
    """Look up a loss by name.

    Parameters
    ----------
    loss : str or Loss
        A name in `LOSSES`; a Loss is returned as it is.

    Returns
    -------
    Loss
        The loss of that name, with its default parameter.

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
