"""Every loss once: loss and output link as one object, on the raw output z.

With z (n, o) and targets y (n, o), a row's loss is summed over its outputs, and the loss of a batch
is the weighted mean over its rows. The functions are in `fastnn.loss_functions`, one row for each.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, replace
from numbers import Real
from typing import Any

import numpy as np

from fastnn.dual_numbers import differentiated
from fastnn.errors import no_subclass, unknown_name, wrong_type
from fastnn.loss_functions import LINKS, NUMBERS, ROWS, TOLERANCE, Element, Parameter, Targets
from fastnn.user_functions import UserFunctions, require_name, require_picklable
from fastnn.validation import as_float

__all__ = ["LOSSES", "Loss", "focal", "get", "huber", "pinball", "smooth_labels", "tweedie"]


def __dir__() -> list[str]:
    return sorted(__all__)


LossValue = Callable[[float, float], float]

USER = -1  # the code of a loss that is not in the registry
_CODES = {name: code for code, name in enumerate(ROWS)}


@dataclass(frozen=True, repr=False)
class Loss:
    """A loss on the raw output and the link that turns the raw output into a prediction.

    A user's own is ``Loss("cauchy", lambda z, y: log1p((z - y) ** 2))``: the loss of one output z with the target y, of
    which a row's is the sum. What is said of the functions of an `Activation` holds for them too.

    Parameters
    ----------
    name : str
        Its name in `LOSSES`, or another one for a user's own.
    value : callable, optional
        ``value(z, y)`` gives the loss, on floats; None for the library's.
    slope : callable, optional
        ``slope(z, y)`` gives the derivative of the loss by z, on floats; None to have it derived from `value`. Where
        `value` has a kink the derived slope is that of the branch that it takes there. One that is given is compared
        with differences of `value`.
    link : {"identity", "sigmoid", "softmax", "exp"}, default="identity"
        What makes a prediction of the raw output.
    code : int, default=-1
        Its number in the kernels; -1 for a user's own, which has no other.
    parameter : float, default=0.0
        Of the library's, such as Huber's delta or the pinball loss's quantile; 0 where there is none.

    Raises
    ------
    ValueError
        If kernels know no such loss, or not by that code and link, or its parameter is not possible; if a user's own
        has the name of one of the library's, or a slope that is none of its value.
    TypeError
        If the parameter is no number; if a function cannot be called, takes another number of arguments, raises an
        error or returns no number; or if no slope is given and none can be derived.
    """

    name: str
    value: LossValue | None = None
    slope: LossValue | None = None
    _: KW_ONLY
    link: str = "identity"
    code: int = USER
    parameter: float = 0.0

    def __init_subclass__(cls) -> None:
        raise no_subclass(cls, "Loss", "Give your functions to a Loss: Loss(name, value, slope, link=).")

    def __post_init__(self) -> None:
        code: object = self.code
        require_name("a loss", self.name)
        if isinstance(code, int) and code == USER:
            self._check_users_own()
            return
        listed = ROWS.get(self.name)
        if listed is None:
            raise ValueError(
                f"The loss {self.name!r} with the code {code!r}: codes are the library's, of {', '.join(ROWS)}. One "
                f"of yours has functions instead, as in Loss({self.name!r}, value=..., link='identity')."
            )
        if (self.value, self.slope) != (None, None):
            raise ValueError(f"code={code!r} of the loss {self.name!r} with functions, which kernels would not call.")
        if not isinstance(code, int) or (code, self.link) != (_CODES[self.name], listed.link):
            raise ValueError(
                f"The loss {self.name!r} has the code {_CODES[self.name]} and the link {listed.link!r}, got {code!r} "
                f"and {self.link!r}. Take fastnn.losses.get({self.name!r})."
            )
        known, parameter = listed.parameter, self._read_parameter(listed.parameter)
        if not known.allows(parameter):
            raise ValueError(f"{known.name}={self.parameter}, wanted {known.wanted}")
        object.__setattr__(self, "parameter", parameter)

    def _check_users_own(self) -> None:
        if self.name in ROWS:
            raise ValueError(
                f"The loss {self.name!r} is one of the library's: take fastnn.losses.get({self.name!r}), or give your "
                "own another name."
            )
        if self.link not in LINKS:
            raise unknown_name("link", self.link, LINKS)
        if self.parameter != 0:
            raise ValueError(
                f"parameter={self.parameter!r} of the loss {self.name!r}: only the library's have some. Write the "
                "number into the functions that you give."
            )
        UserFunctions(f"loss {self.name!r}", self.value, self.slope, of_targets=True).check()

    def _read_parameter(self, known: Parameter) -> float:
        parameter: object = self.parameter
        if not isinstance(parameter, Real):
            raise wrong_type(known.name, parameter, known.wanted)
        return as_float(parameter)

    def __repr__(self) -> str:
        if self.code == USER:
            return f"Loss(name={self.name!r}, link={self.link!r})"
        return f"Loss(name={self.name!r}, link={self.link!r}, code={self.code!r}, parameter={self.parameter!r})"

    def __getstate__(self) -> dict[str, Any]:
        """What the constructor takes."""
        named = {"name": self.name, "link": self.link}
        if self.code != USER:
            return named | {"code": self.code, "parameter": self.parameter}
        require_picklable(f"loss {self.name!r}", value=self.value, slope=self.slope)
        return named | {"value": self.value, "slope": self.slope}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Checks what comes out of a pickle as the constructor checks its arguments."""
        self.__init__(**state)  # type: ignore[misc]

    def __copy__(self) -> Loss:
        return self  # it cannot be changed

    def __deepcopy__(self, memo: object) -> Loss:
        return self

    def with_parameter(self, parameter: float) -> Loss:
        """Return the same loss with another parameter.

        Parameters
        ----------
        parameter : float
            Such as Huber's delta or the pinball loss's quantile.

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
        domain = NUMBERS if self.code == USER else ROWS[self.name].targets(self.parameter)
        low, high = float(y.min()), float(y.max())  # NaN where one is
        one = domain.must_be_one
        if not (math.isfinite(low) and math.isfinite(high) and domain.least <= low and high <= domain.largest):
            found = f"targets from {low:g} to {high:g}"
        elif one is not None and (off := np.abs(one(y) - 1)).max() > TOLERANCE:
            row = np.unravel_index(off.argmax(), off.shape)[0]
            found = f"in row {row} the targets {np.array2string(y[row], threshold=6)}"
        else:
            return
        raise ValueError(f"{name} has {found}; loss={self.name!r} wants {domain.wanted}.")

    def saturated(self, y: Targets) -> Targets | None:
        """Compute the loss of targets whose predictions are all right.

        Losses that leave out what targets alone decide are not zero there. The loss of other predictions less this one
        is half a deviance.

        Parameters
        ----------
        y : ndarray of shape (n, o)
            Targets that the loss can have.

        Returns
        -------
        ndarray of shape (n, o), or None
            The loss of each target; None for a loss that is zero there.
        """
        known = None if self.code == USER else ROWS[self.name].saturated
        return None if known is None else known(y, self.parameter)


LOSSES: dict[str, Loss] = {
    name: Loss(name, link=known.link, code=_CODES[name], parameter=known.parameter.default)
    for name, known in ROWS.items()
}


def element_of(loss: Loss) -> Element | None:
    """The loss of one output, ``element(z, y, parameter) -> loss, d_z``; None for a loss of whole rows."""
    return _users_element(loss) if loss.code == USER else ROWS[loss.name].element


def _users_element(loss: Loss) -> Element:
    value, slope = loss.value, loss.slope
    assert value is not None  # the constructor has looked
    if slope is None:
        derived = differentiated(value)
        return lambda z, y, _: derived(z, y)
    return lambda z, y, _: (value(z, y), slope(z, y))


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


def focal(gamma: float = 2.0) -> Loss:
    """Return the focal loss: -sum y (1 - p)**gamma log p with p = softmax(z), which is cross-entropy where gamma is 0.

    Parameters
    ----------
    gamma : float, default=2.0
        From 0 to 1e6. The larger it is, the less those samples count that are told apart already.

    Returns
    -------
    Loss
        Of the raw output, which a softmax turns into probabilities.

    Raises
    ------
    ValueError, TypeError
        If gamma is out of its range or no number.

    References
    ----------
    Lin, Goyal, Girshick, He and Dollar (2017), "Focal loss for dense object detection".
    """
    return LOSSES["focal"].with_parameter(gamma)


def tweedie(power: float = 1.5) -> Loss:
    """Return half the deviance of Tweedie's distributions from the mean exp(z), but for what targets alone decide.

    The variance of these distributions is that power of the mean: 1 is Poisson's, 2 the gamma distribution's, whose
    targets are above 0, and between them are those of sums of gamma-distributed numbers, which can be 0, such as claims
    or rain.

    Parameters
    ----------
    power : float, default=1.5
        From 1 to 2.

    Returns
    -------
    Loss
        Of the raw output, of which exp is the prediction.

    Raises
    ------
    ValueError, TypeError
        If the power is out of its range or no number.

    References
    ----------
    Tweedie (1984), "An index which distinguishes between some important exponential families".
    Jorgensen (1987), "Exponential dispersion models".
    """
    return LOSSES["tweedie"].with_parameter(power)


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
