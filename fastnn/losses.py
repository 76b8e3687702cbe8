"""Every loss once: loss and output link as one object, on the raw output z.

With z (n, o) and targets y (n, o), a row's loss is summed over its outputs, and the loss of a batch
is the weighted mean over its rows.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn.errors import no_subclass, unknown_name, wrong_type

__all__ = ["LOSSES", "Loss", "focal", "get", "huber", "pinball", "smooth_labels", "tweedie"]


def __dir__() -> list[str]:
    return sorted(__all__)


Targets = NDArray[np.floating[Any]]

# --- losses of elements -------------------------------------------------------------------------
# element(z, y, parameter) is a loss and its derivative by z. The reference calls these, and Numba compiles them: plain
# Python over numbers, `math` and each other. A residual that is NaN fails every comparison, so the last branch is the
# one that hands it on.

Element = Callable[[float, float, float], tuple[float, float]]


def _squared_error(z: float, y: float, _: float) -> tuple[float, float]:
    r = z - y
    return 0.5 * r * r, r


def _binary_cross_entropy(z: float, y: float, _: float) -> tuple[float, float]:
    # -y log p - (1 - y) log(1 - p) with p = sigmoid(z); nothing cancels with z on the side of y.
    e = math.exp(-abs(z))
    small = e / (1.0 + e)
    if z > 0.0:
        return z * (1.0 - y) + math.log1p(e), (1.0 - y) - small
    return math.log1p(e) - z * y, small - y


def _absolute(z: float, y: float, _: float) -> tuple[float, float]:
    r = z - y
    return abs(r), 1.0 if r > 0.0 else (-1.0 if r < 0.0 else r)


def _huber(z: float, y: float, delta: float) -> tuple[float, float]:
    r = z - y
    if abs(r) > delta:
        return delta * (abs(r) - 0.5 * delta), delta if r > 0.0 else -delta
    return 0.5 * r * r, r


def _log_cosh(z: float, y: float, _: float) -> tuple[float, float]:
    # cosh r = 1 + 2 sinh(r / 2)^2 does not cancel near zero; the other form does not overflow.
    r = z - y
    if abs(r) < 1.0:
        half = math.sinh(0.5 * r)
        return math.log1p(2.0 * half * half), math.tanh(r)
    return abs(r) + (math.log1p(math.exp(-2.0 * abs(r))) - math.log(2.0)), math.tanh(r)


_EXP_END = math.log(sys.float_info.max)


def _exp(u: float) -> float:
    """exp(u), infinite where Python's raises an error."""
    return math.inf if u > _EXP_END else math.exp(u)


def _expm1(u: float) -> float:
    """exp(u) - 1, infinite where Python's raises an error."""
    return math.inf if u > _EXP_END else math.expm1(u)


def _poisson(z: float, y: float, _: float) -> tuple[float, float]:
    mean = _exp(z)
    return mean if y == 0.0 else mean - y * z, mean - y


def _pinball(z: float, y: float, quantile: float) -> tuple[float, float]:
    r = y - z
    if r > 0.0:
        return quantile * r, -quantile
    return (quantile - 1.0) * r, 1.0 - quantile if r < 0.0 else r


def _hinge(z: float, y: float, _: float) -> tuple[float, float]:
    margin = 1.0 - y * z
    if margin <= 0.0:
        return 0.0, 0.0
    return margin, -y if margin > 0.0 else margin


def _tweedie(z: float, y: float, power: float) -> tuple[float, float]:
    # Half the deviance from the mean exp(z), but for what y alone decides. The quotients go to z and -z where a or b
    # goes to 0: at power 1 it is Poisson's loss, at power 2 the gamma distribution's.
    a, b = 2.0 - power, power - 1.0
    rising, rise = (_expm1(a * z) / a, _exp(a * z)) if a > 0.0 else (z, 1.0)
    if y == 0.0:
        return 1.0 + rising, rise
    falling, fall = (_expm1(-b * z) / b, _exp(-b * z)) if b > 0.0 else (-z, 1.0)
    return 1.0 + rising + y * falling, rise - y * fall


# --- targets that a loss can have ---------------------------------------------------------------

_TOLERANCE = 1e-3  # shares in float32 that were rounded on the way


@dataclass(frozen=True)
class _Domain:
    wanted: str  # the domain in words
    least: float = -math.inf
    largest: float = math.inf
    must_be_one: Callable[[Targets], Targets] | None = None  # of targets (n, o), in each row


_NUMBERS = _Domain("finite numbers")
_PROBABILITIES = _Domain("probabilities in [0, 1], such as 0 and 1 of two classes", 0, 1)
_SHARES = _Domain(
    "probabilities in [0, 1], a column for each class, with rows that sum to 1",
    0,
    1,
    lambda y: np.einsum("ij->i", y),  # of 8,192 rows of 10 in 86 us, y.sum(axis=1) takes 446
)
_COUNTS = _Domain("finite numbers of at least 0, such as counts", 0)
_POSITIVE = _Domain("finite numbers above 0", math.nextafter(0.0, 1.0))
_SIGNS = _Domain("-1 and 1, such as 2 * y - 1 makes of 0 and 1", -1, 1, np.abs)


# --- the list -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Parameter:
    name: str
    default: float
    allows: Callable[[float], bool]
    wanted: str  # what it allows, in words


@dataclass(frozen=True)
class _Listed:
    """What is known of a loss: all but its name, its code and a parameter's value."""

    link: str
    element: Element | None  # None for a loss of whole rows, which kernels have in forms of their own
    parameter: _Parameter = _Parameter("parameter", 0.0, lambda parameter: parameter == 0, "0: this loss has none")
    targets: Callable[[float], _Domain] = lambda parameter: _NUMBERS
    # (y, parameter) -> the loss of each target where its prediction is right; None: zero
    saturated: Callable[[Targets, float], Targets] | None = None


def _times_log(y: Targets) -> Targets:
    """y log y, and its limit 0 where y is 0."""
    product: Targets = np.where(y > 0, y * np.log(np.where(y > 0, y, 1)), 0)
    return product


def _saturated_tweedie(y: Targets, power: float) -> Targets:
    # The loss at z = log y, with the limits of the quotients where the power is 1 or 2.
    raised = y ** (2 - power)
    rising = (raised - 1) / (2 - power) if power < 2 else np.log(y)
    falling = (raised - y) / (power - 1) if power > 1 else -_times_log(y)
    return 1 + rising + falling


# A loss's position is its code, as in src_ext/contract/losses.hpp: a new one goes to the end.
_LISTED: dict[str, _Listed] = {
    "squared_error": _Listed("identity", _squared_error),
    "binary_cross_entropy": _Listed("sigmoid", _binary_cross_entropy, targets=lambda _: _PROBABILITIES),
    "cross_entropy": _Listed("softmax", None, targets=lambda _: _SHARES),
    "absolute": _Listed("identity", _absolute),
    "huber": _Listed(
        "identity",
        _huber,
        _Parameter("delta", 1.35, lambda delta: 0 < delta < math.inf, "a finite number above 0"),
    ),
    "log_cosh": _Listed("identity", _log_cosh),
    "poisson": _Listed("exp", _poisson, targets=lambda _: _COUNTS, saturated=lambda y, _: y - _times_log(y)),
    "pinball": _Listed(
        "identity",
        _pinball,
        _Parameter("quantile", 0.5, lambda quantile: 0 < quantile < 1, "a number between 0 and 1"),
    ),
    "hinge": _Listed("identity", _hinge, targets=lambda _: _SIGNS),
    "tweedie": _Listed(
        "exp",
        _tweedie,
        _Parameter("power", 1.5, lambda power: 1 <= power <= 2, "a number from 1 to 2"),
        targets=lambda power: _COUNTS if power < 2 else _POSITIVE,
        saturated=_saturated_tweedie,
    ),
    "focal": _Listed(
        "softmax",
        None,
        _Parameter("gamma", 2.0, lambda gamma: 0 <= gamma < math.inf, "a finite number of at least 0"),
        targets=lambda _: _SHARES,
    ),
}
_CODES = {name: code for code, name in enumerate(_LISTED)}


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
        Such as Huber's delta or the pinball loss's quantile; 0 where there is none.

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
        if not isinstance(code, int) or (code, self.link) != (_CODES[self.name], listed.link):
            raise ValueError(
                f"The loss {self.name!r} has the code {_CODES[self.name]} and the link {listed.link!r}, got {code!r} "
                f"and {self.link!r}. Take fastnn.losses.get({self.name!r})."
            )
        known, parameter = listed.parameter, self._read_parameter(listed.parameter)
        if not known.allows(parameter):
            raise ValueError(f"{known.name}={self.parameter}, wanted {known.wanted}")
        object.__setattr__(self, "parameter", parameter)

    def _read_parameter(self, known: _Parameter) -> float:
        parameter: object = self.parameter
        if not isinstance(parameter, Real):
            raise wrong_type(known.name, parameter, known.wanted)
        return float(parameter)

    def __reduce__(self) -> tuple[type[Loss], tuple[str, int, str, float]]:
        """The constructor's arguments, so that it checks what comes out of a pickle."""
        return Loss, (self.name, self.code, self.link, self.parameter)

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
        domain = _LISTED[self.name].targets(self.parameter)
        low, high = float(y.min()), float(y.max())  # NaN where one is
        one = domain.must_be_one
        if not (math.isfinite(low) and math.isfinite(high) and domain.least <= low and high <= domain.largest):
            found = f"targets from {low:g} to {high:g}"
        elif one is not None and (off := np.abs(one(y) - 1)).max() > _TOLERANCE:
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
        known = _LISTED[self.name].saturated
        return None if known is None else known(y, self.parameter)


LOSSES: dict[str, Loss] = {
    name: Loss(name, _CODES[name], known.link, known.parameter.default) for name, known in _LISTED.items()
}


def element_of(loss: Loss) -> Element | None:
    """The loss of one output, ``element(z, y, parameter) -> loss, d_z``; None for a loss of whole rows."""
    return _LISTED[loss.name].element


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
        At least 0. The larger it is, the less those samples count that are told apart already.

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
