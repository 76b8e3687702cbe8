"""Every activation by its name: the library's, with their parameters, and users' own.

The library's functions are in `fastnn.activation_functions`, one row for each. A name stands for
an activation with the defaults of its parameters; ``leaky_relu(0.2)`` and the other functions here
make one with others.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from fastnn.activation_functions import ROWS
from fastnn.activation_parameters import defaults_of, fields_of, listed_fields
from fastnn.activation_rows import Row, Scalar, Slope
from fastnn.errors import no_subclass, unknown_name, wrong_type
from fastnn.user_functions import UserFunctions, require_name, require_picklable

__all__ = ["ACTIVATIONS", "ALIASES", "Activation", "get"]


def __dir__() -> list[str]:
    return sorted(__all__)


USER = -1  # the code of an activation that is not in the registry
_ROWS = {row.name: row for row in ROWS}


@dataclass(frozen=True, eq=False, repr=False)
class Activation:
    """An element-wise function of z, or one of whole rows.

    A user's own is ``Activation("snake", lambda z: z + sin(z) ** 2)``; ``Activation("relu")`` is the library's of that
    name. The functions are scalar Python: numbers, ``if``, loops, `math`, and other functions of that kind. They are
    called at some points when an Activation is made, and compiled when the backends "native" and "jit" first need them.
    What can raise is refused: math.nan says that there is no number. 1 / 0 and overflow are infinite.

    A pickle has the library's by name, and a user's own with its functions, which need a name in a module: a lambda
    needs cloudpickle.

    Parameters
    ----------
    name : str
        Its name in `ACTIVATIONS`, or another one for a user's own.
    value : callable, optional
        ``value(z)`` gives a, on floats; None for the library's.
    slope : callable, optional
        ``slope(z, a)`` gives da/dz, on floats; None to have it derived from `value`. Where `value` has a kink the
        derived slope is that of the branch that it takes there. One that is given is compared with differences of
        `value`; but of a function of steps, whose derivative is 0, it is taken as it is.
    code : int, default=-1
        Its number in the kernels; -1 for a user's own, which has no other.
    by_row : bool, default=False
        Whether it works on whole rows (softmax, log_softmax), which a user's own cannot.
    has_slope : bool, default=True
        Whether a network can be trained through it; `sign` cannot.
    parameters : tuple of float
        The numbers of a library's function that has some, such as the slope of `leaky_relu`; its functions have them
        built in.

    Raises
    ------
    TypeError
        If there is no value that can be called; if a function takes another number of arguments, raises an error or
        returns no number; if no slope is given and none can be derived; if the code is no integer, or a parameter no
        number.
    ValueError
        If the slope that is given is another one than that of the value; if there is a code, by which kernels would
        take another function than the one that is given, or there are parameters that the function cannot have.
    """

    name: str
    value: Scalar | None = None
    slope: Slope | None = None
    _: KW_ONLY
    code: int = USER
    by_row: bool = False
    has_slope: bool = True
    parameters: tuple[float, ...] = field(default=())

    def __init_subclass__(cls) -> None:
        raise no_subclass(cls, "Activation", "Give your functions to an Activation: Activation(name, value, slope).")

    def __post_init__(self) -> None:
        code: object = self.code
        require_name("an activation", self.name)
        if not isinstance(code, int):
            wanted = "none: functions are given by name, as in Activation('cube', value=cube, slope=cube_slope)"
            raise wrong_type(f"code of activation {self.name!r}", code, wanted)
        if code != USER:
            vars(self).update(listed_fields(_ROWS.get(self.name), self))
            return
        row = _ROWS.get(self.name)
        if row is not None and (self.value, self.slope, self.by_row, self.has_slope) == (None, None, False, True):
            vars(self).update(fields_of(row, self.parameters or defaults_of(row)))
            return
        if self.by_row:
            raise wrong_type(f"activation {self.name!r}", "by_row=True", "one with value(z) and slope(z, a)")
        if self.parameters != ():
            raise ValueError(
                f"parameters={self.parameters!r} of activation {self.name!r}: only the library's functions have some. "
                "Write the numbers into the functions that you give."
            )
        self._functions().check(slope_is_used=self.has_slope)

    def _functions(self) -> UserFunctions:
        return UserFunctions(f"activation {self.name!r}", self.value, self.slope, of_targets=False)

    def __getstate__(self) -> dict[str, Any]:
        """What the constructor takes, as far as it is not the default; no private function of this package."""
        if self.code != USER:
            is_named = self == ACTIVATIONS.get(self.name)
            return {"name": self.name} | ({} if is_named else {"parameters": self.parameters})
        require_picklable(f"activation {self.name!r}", value=self.value, slope=self.slope)
        functions = {"name": self.name, "value": self.value, "slope": self.slope}
        return functions | ({} if self.has_slope else {"has_slope": False})

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Checks what comes out of a pickle as the constructor checks its arguments."""
        self.__init__(**state)  # type: ignore[misc]

    def __copy__(self) -> Activation:
        return self  # it cannot be changed

    def __deepcopy__(self, memo: object) -> Activation:
        return self

    def __eq__(self, other: object) -> bool:
        return self._identity() == other._identity() if isinstance(other, Activation) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._identity())

    def _identity(self) -> tuple[Any, ...]:
        """What makes it this one: of a user's own its functions, of the library's its parameters."""
        own = (self.value, self.slope, self.by_row, self.has_slope) if self.code == USER else self.parameters
        return (self.code, self.name, *own)

    def __repr__(self) -> str:
        return f"Activation(name={self.name!r}{f', parameters={self.parameters}' if self._has_others() else ''})"

    @property
    def label(self) -> str:
        """The name, and the parameters in parentheses where they are others than the name stands for."""
        if not self._has_others():
            return self.name
        return f"{self.name}({', '.join(f'{number:g}' for number in self.parameters)})"

    def _has_others(self) -> bool:
        """Whether the parameters are others than the name stands for."""
        return self.name in _ROWS and self.parameters not in ((), defaults_of(_ROWS[self.name]))


# --- the library's ------------------------------------------------------------------------------


def _listed(row: Row) -> Activation:
    """One of the library's own, which alone have a code; without functions it works on rows."""
    activation = object.__new__(Activation)
    vars(activation).update(fields_of(row, defaults_of(row)))
    return activation


ACTIVATIONS: dict[str, Activation] = {row.name: _listed(row) for row in ROWS}
ALIASES = {"logistic": "sigmoid"}  # scikit-learn's name


def get(activation: str | Activation) -> Activation:
    """Look up an activation.

    Parameters
    ----------
    activation : str or Activation
        A name (scikit-learn's "logistic" is "sigmoid"); an Activation is returned as it is.

    Returns
    -------
    Activation
        The activation of that name.

    Raises
    ------
    ValueError
        If the name is unknown; the message has the nearest known one. If an Activation has a code, but is not the
        library's of that code: kernels would compute another function than its own.
    TypeError
        If `activation` is neither a string nor an Activation.
    """
    if isinstance(activation, Activation):
        if activation.code != USER and ACTIVATIONS.get(activation.name) is not activation:
            vars(activation).update(listed_fields(_ROWS.get(activation.name), activation))
        return activation
    if not isinstance(activation, str):
        raise wrong_type("activation", activation, "a name or an Activation")
    found = ACTIVATIONS.get(ALIASES.get(activation, activation))
    if found is None:
        raise unknown_name("activation", activation, [*ACTIVATIONS, *ALIASES])
    return found


# --- those with parameters: tools/generate_activations.py writes all that follows ------------------

__all__ += ["celu", "elu", "hard_shrink", "hard_sigmoid", "leaky_relu"]
__all__ += ["selu", "softplus", "softshrink", "thresholded_relu"]


def leaky_relu(slope: float = 0.01) -> Activation:
    """Return the leaky relu: z above zero, slope * z below.

    Parameters
    ----------
    slope : float, default=0.01
        From -1e6 to 1e6.

    Returns
    -------
    Activation
        The library's activation of this name, with this number.

    References
    ----------
    Maas, Hannun and Ng (2013), "Rectifier nonlinearities improve neural network acoustic models".
    """
    return Activation("leaky_relu", parameters=(slope,))


def elu(alpha: float = 1.0) -> Activation:
    """Return the exponential linear unit: z above zero, alpha * (exp(z) - 1) below.

    Parameters
    ----------
    alpha : float, default=1.0
        From 0 to 1e6; the values below zero come near to -alpha.

    Returns
    -------
    Activation
        The library's activation of this name, with this number.

    References
    ----------
    Clevert, Unterthiner and Hochreiter (2016), "Fast and accurate deep network learning by exponential linear units
    (ELUs)".
    """
    return Activation("elu", parameters=(alpha,))


def selu(alpha: float = 1.6732632423543772, scale: float = 1.0507009873554805) -> Activation:
    """Return the scaled exponential linear unit: scale * z above zero, scale * alpha * (exp(z) - 1) below.

    Parameters
    ----------
    alpha : float, default=1.6732632423543772
        From 0 to 1e6.
    scale : float, default=1.0507009873554805
        From 1e-6 to 1e6.

    Returns
    -------
    Activation
        The library's activation of this name, with these numbers.

    References
    ----------
    Klambauer, Unterthiner, Mayr and Hochreiter (2017), "Self-normalizing neural networks".
    """
    return Activation("selu", parameters=(alpha, scale))


def softplus(beta: float = 1.0) -> Activation:
    """Return softplus, a smooth relu: log(1 + exp(beta * z)) / beta.

    Parameters
    ----------
    beta : float, default=1.0
        From 1e-6 to 1e6; the larger it is, the nearer is softplus to relu.

    Returns
    -------
    Activation
        The library's activation of this name, with this number.

    References
    ----------
    Dugas, Bengio, Bélisle, Nadeau and Garcia (2001), "Incorporating second-order functional knowledge for better
    option pricing".
    """
    return Activation("softplus", parameters=(beta,))


def hard_sigmoid(slope: float = 1 / 6, offset: float = 0.5) -> Activation:
    """Return the hard sigmoid: slope * z + offset, cut off below 0 and above 1.

    PyTorch's has the slope 1/6, as here; Keras's before version 3 had 0.2.

    Parameters
    ----------
    slope : float, default=1/6
        From 1e-6 to 1e6.
    offset : float, default=0.5
        From -1e6 to 1e6; the value at zero, where that is between 0 and 1.

    Returns
    -------
    Activation
        The library's activation of this name, with these numbers.

    References
    ----------
    Courbariaux, Bengio and David (2015), "BinaryConnect: training deep neural networks with binary weights during
    propagations".
    """
    return Activation("hard_sigmoid", parameters=(slope, offset))


def celu(alpha: float = 1.0) -> Activation:
    """Return an exponential linear unit whose slope is 1 at zero: z above, alpha * (exp(z / alpha) - 1) below.

    Parameters
    ----------
    alpha : float, default=1.0
        From 1e-6 to 1e6; the values below zero come near to -alpha.

    Returns
    -------
    Activation
        The library's activation of this name, with this number.

    References
    ----------
    Barron (2017), "Continuously differentiable exponential linear units".
    """
    return Activation("celu", parameters=(alpha,))


def softshrink(threshold: float = 0.5) -> Activation:
    """Return z moved towards zero by the threshold, and zero where it would go beyond.

    Parameters
    ----------
    threshold : float, default=0.5
        From 0 to 1e6.

    Returns
    -------
    Activation
        The library's activation of this name, with this number.

    References
    ----------
    Donoho (1995), "De-noising by soft-thresholding".
    """
    return Activation("softshrink", parameters=(threshold,))


def hard_shrink(threshold: float = 0.5) -> Activation:
    """Return z where abs(z) is above the threshold, and else zero.

    Parameters
    ----------
    threshold : float, default=0.5
        From 0 to 1e6.

    Returns
    -------
    Activation
        The library's activation of this name, with this number.

    References
    ----------
    Donoho and Johnstone (1994), "Ideal spatial adaptation by wavelet shrinkage".
    """
    return Activation("hard_shrink", parameters=(threshold,))


def thresholded_relu(threshold: float = 1.0) -> Activation:
    """Return z above the threshold, and else zero.

    Parameters
    ----------
    threshold : float, default=1.0
        From -1e6 to 1e6.

    Returns
    -------
    Activation
        The library's activation of this name, with this number.

    References
    ----------
    Konda, Memisevic and Krueger (2015), "Zero-bias autoencoders and the benefits of co-adapting features".
    """
    return Activation("thresholded_relu", parameters=(threshold,))
