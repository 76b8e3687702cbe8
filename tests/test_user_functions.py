"""What is checked when an activation or a loss is made of a user's functions, and how these are pickled."""

from __future__ import annotations

import copy
import math
import pickle
from collections.abc import Callable
from typing import Any

import cloudpickle
import joblib
import own_functions
import pytest
from own_functions import CAUCHY, CAUCHY_GIVEN, SNAKE, SNAKE_GIVEN, cauchy, snake, snake_slope

from fastnn import Activation, Loss
from fastnn.user_functions import path_of

OWN = [SNAKE, SNAKE_GIVEN, CAUCHY, CAUCHY_GIVEN]


def raises(z: float) -> float:
    if z > 3:
        raise KeyError("too far")
    return z


# --- what is taken ------------------------------------------------------------------------------

TAKEN: dict[str, Callable[[], Any]] = {
    "integers": lambda: Activation("own", lambda z: 1 if z > 0 else 0),
    "a default": lambda: Activation("own", lambda z, scale=2.0: scale * z),
    "built-in": lambda: Activation("own", math.tanh),
    "kinks": lambda: Activation(
        "own", lambda z: abs(abs(z) - 0.2917), lambda z, a: math.copysign(1, (abs(z) - 0.2917) * z)
    ),
    "kinks of a slope": lambda: Loss("own", lambda z, y: abs(z - y), lambda z, y: (z > y) - (z < y)),
    "a slope by a": lambda: Activation("own", math.tanh, lambda z, a: 1 - a * a),
    "steps": lambda: Activation("own", lambda z: round(z), lambda z, a: 1.0),
    "no numbers to the left": lambda: Activation("own", lambda z: math.log(z), lambda z, a: 1 / z),
    "infinite": lambda: Loss(
        "own", lambda z, y: math.exp(z * z) - y * math.log(y), lambda z, y: 2 * z * math.exp(z * z)
    ),
    "a fit": lambda: Activation("own", lambda z: z + 1e-6 * z**3, lambda z, a: 1.0005 + 3e-6 * z * z),
    "no derivative": lambda: Activation("own", math.gamma, lambda z, a: math.nan),
    "not trained": lambda: Activation("own", math.gamma, has_slope=False),
    "of tiny numbers": lambda: Loss("own", lambda z, y: 1e-200 * (z - y) ** 2, lambda z, y: 2e-200 * (z - y)),
}


@pytest.mark.parametrize("name", TAKEN)
def test_what_is_taken(name: str) -> None:
    assert TAKEN[name]().code == -1


# --- what is refused ----------------------------------------------------------------------------

REFUSED: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "no function": (
        lambda: Activation("own", 3),
        TypeError,
        "value of activation 'own' is 3 of type int, wanted a func",
    ),
    "nothing": (lambda: Loss("own"), TypeError, "value of loss 'own' is None .* wanted a function of z, y"),
    "an old position": (lambda: Loss("own", 99), TypeError, "value of loss 'own' is 99"),
    "slope is no function": (lambda: Loss("own", cauchy, 2), TypeError, "slope of loss 'own' is 2 of type int"),
    "arguments": (
        lambda: Activation("own", snake_slope),
        TypeError,
        r"value of activation 'own', snake_slope, takes 2 arguments, wanted 1 \(z\)",
    ),
    "arguments of a slope": (
        lambda: Activation("own", snake, snake),
        TypeError,
        r"slope of activation 'own', snake, takes 1 argument, wanted 2 \(z, a\)",
    ),
    "arguments of a loss": (lambda: Loss("own", snake), TypeError, r"takes 1 argument, wanted 2 \(z, y\)"),
    "an error": (
        lambda: Activation("own", raises),
        TypeError,
        r"value of activation 'own', raises, ends in an error at z = 3\.9119 \(line \d+ of .*user_functions\.py\): "
        "KeyError: 'too far'. It has to return a float for all floats; math.nan",
    ),
    "an error of a callee": (
        lambda: Loss("own", lambda z, y: raises(z - y), lambda z, y: 1.0),
        TypeError,
        "ends in an error at z = .*, y = .*KeyError",
    ),
    "an error of a slope": (
        lambda: Activation("own", snake, lambda z, a: {}[z]),
        TypeError,
        "slope of activation 'own', <lambda>, ends in an error at z = -5.137.*KeyError",
    ),
    "no number": (lambda: Activation("own", lambda z: None), TypeError, "value of activation 'own' at z = .* is None"),
    "no number of a loss": (lambda: Loss("own", lambda z, y: "a"), TypeError, "value of loss 'own' at z = .* is 'a'"),
    "no number on a path": (
        lambda: Activation("own", lambda z: z if z < 1 else None),
        TypeError,
        "returns None of type NoneType, wanted a float on every path",
    ),
    "no number of a slope": (
        lambda: Activation("own", snake, lambda z, a: (1, 2)),
        TypeError,
        r"slope of activation 'own' at z = .* is \(1, 2\) of type tuple, wanted a float",
    ),
    "no derivative": (
        lambda: Activation("own", math.gamma),
        TypeError,
        "slope of activation 'own' cannot be derived from value, gamma: the derivative of gamma is not known.*Give",
    ),
    "a method of floats": (
        lambda: Activation("own", lambda z: z if z.is_integer() else 2 * z),
        TypeError,
        "cannot be derived from value, <lambda> .line .*: a dual number, which takes the place of a float, has no",
    ),
    "a slope of the other sign": (
        lambda: Activation("own", snake, lambda z, a: -snake_slope(z, a)),
        ValueError,
        r"slope of activation 'own' is -?[\d.]+ at z = -5\.137, but differences of value say -?[\d.]+ there. Mend it",
    ),
    "half a slope": (
        lambda: Loss("own", lambda z, y: (z - y) ** 2, lambda z, y: z - y),
        ValueError,
        r"slope of loss 'own' is -5\.137 at z = -5\.137, y = 0, but differences of value say -10\.274",
    ),
    "half a slope of tiny numbers": (
        lambda: Loss("own", lambda z, y: 1e-200 * (z - y) ** 2, lambda z, y: 1e-200 * (z - y)),
        ValueError,
        "differences of value say",
    ),
    "a slope that is wrong to the right": (
        lambda: Activation("own", lambda z: max(z, 0.0), lambda z, a: 0.0 if z < 0 else 0.5),
        ValueError,
        r"slope of activation 'own' is 0\.5 at z = 0\.2917, but differences of value say 1 there",
    ),
    "rows": (lambda: Activation("own", snake, by_row=True), TypeError, "by_row=True"),
    "a link": (
        lambda: Loss("own", cauchy, link="logit"),
        ValueError,
        "Unknown link 'logit'. Known: identity, sigm",
    ),
    "a parameter": (
        lambda: Loss("own", cauchy, parameter=2.0),
        ValueError,
        "parameter=2.0 of the loss 'own': only the l",
    ),
    "a name of the library's": (
        lambda: Loss("hinge", cauchy),
        ValueError,
        "'hinge' is one of the library's.*another n",
    ),
    "a code": (lambda: Loss("own", cauchy, code=3), ValueError, "'own' with the code 3: codes are the library's"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name: str) -> None:
    make, error, message = REFUSED[name]
    with pytest.raises(error, match=message):
        make()


# --- objects ------------------------------------------------------------------------------------


def test_what_they_are() -> None:
    assert repr(SNAKE) == "Activation(name='snake')"
    assert repr(CAUCHY) == "Loss(name='cauchy', link='identity')"
    assert Activation("snake", snake) == SNAKE
    assert hash(Activation("snake", snake)) == hash(SNAKE)
    assert Loss("cauchy", cauchy) == CAUCHY
    assert hash(Loss("cauchy", cauchy)) == hash(CAUCHY)
    assert Loss("cauchy", cauchy, link="exp") != CAUCHY
    assert Loss("cauchy", lambda z, y: cauchy(z, y)) != CAUCHY
    assert Activation("snake", snake, snake_slope) != SNAKE
    with pytest.raises(ValueError, match="parameter=2"):
        CAUCHY.with_parameter(2)


@pytest.mark.parametrize("own", OWN, ids=lambda own: own.name)
def test_pickles_and_copies(own: Any) -> None:
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        pickled = pickle.dumps(own, protocol)
        assert pickle.loads(pickled) == own
        assert b"own_functions" in pickled
    for same in (copy.copy(own), copy.deepcopy(own), cloudpickle.loads(cloudpickle.dumps(own))):
        assert same == own


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_lambda_cannot_be_pickled(protocol: int) -> None:
    def local(z: float, a: float) -> float:
        return 2 * z

    for own, said in (
        (
            Activation("own", lambda z: z * z),
            "value of activation 'own' is .*<lambda> of the module '.*test_user_functions'",
        ),
        (Activation("own", abs, local, has_slope=False), "slope of activation 'own' is .*local of the module"),
        (Loss("own", lambda z, y: z - y), "value of loss 'own' is .*<lambda>"),
    ):
        with pytest.raises(pickle.PicklingError, match=f"{said}.*Define it by def.*or use the package cloudpickle"):
            pickle.dumps([own], protocol)


def test_cloudpickle_keeps_the_code(tmp_path: Any) -> None:
    scale = 2.5
    activation = cloudpickle.loads(cloudpickle.dumps(Activation("own", lambda z: scale * z)))
    loss = cloudpickle.loads(cloudpickle.dumps({"loss": Loss("own", lambda z, y: scale * (z - y))}))["loss"]
    assert (activation.value(3.0), loss.value(3.0, 1.0)) == (7.5, 5.0)
    with pytest.raises(pickle.PicklingError, match="cloudpickle"):
        joblib.dump(activation, tmp_path / "own")


def test_loky_takes_lambdas() -> None:
    twice = Activation("own", lambda z: 2 * z)
    found = joblib.Parallel(n_jobs=2, backend="loky")(
        joblib.delayed(lambda own, z: own.value(z))(twice, z) for z in (1, 2)
    )
    assert found == [2, 4]


def test_a_pickle_is_checked() -> None:
    made = object.__new__(Activation)
    with pytest.raises(ValueError, match="slope of activation 'own'"):
        made.__setstate__({"name": "own", "value": snake, "slope": own_functions.cauchy})
    with pytest.raises(TypeError, match="unexpected keyword argument 'other'"):
        made.__setstate__({"name": "own", "value": snake, "other": 1})


def test_paths() -> None:
    assert path_of(snake) == "own_functions:snake"
    assert path_of(math.tanh) == "math:tanh"
    assert path_of(lambda z: z) is None
    assert path_of(test_paths) == f"{__name__}:test_paths"
    assert path_of(3) is None


@pytest.mark.parametrize("name", [3, None, ["snake"], math.tanh])
def test_a_name_is_a_string(name: Any) -> None:
    with pytest.raises(TypeError, match="The name of an activation is .*, wanted a string"):
        Activation(name, math.tanh)
    with pytest.raises(TypeError, match="The name of a loss is .*, wanted a string"):
        Loss(name, lambda z, y: (z - y) ** 2)
