"""The registry of activations, and its scalar functions against the reference."""

from __future__ import annotations

import copy
import math
import pickle
from dataclasses import replace

import numpy as np
import pytest
from gradcheck import assert_gradient

from fastnn import activations
from fastnn.activations import Activation
from fastnn.kernels import reference

ELEMENTWISE = [a for a in activations.ACTIVATIONS.values() if not a.by_row]
each = pytest.mark.parametrize("activation", ELEMENTWISE, ids=lambda a: a.name)
POINTS = [
    -1e20,
    -750.0,
    -40.0,
    -3.0,
    -1.3,
    -1.0,
    -1e-8,
    0.0,
    1e-8,
    0.7,
    1.0,
    3.0,
    40.0,
    750.0,
    1e20,
]


def test_codes_count_up():
    codes = [activation.code for activation in activations.ACTIVATIONS.values()]
    assert codes == list(range(19))
    assert [a.name for a in activations.ACTIVATIONS.values() if a.by_row] == [
        "softmax",
        "log_softmax",
    ]
    assert [a.name for a in activations.ACTIVATIONS.values() if not a.has_slope] == ["sign"]


@each
def test_scalar_functions_are_the_references(activation):
    z = np.array([POINTS])
    a, slope = np.empty_like(z), np.empty_like(z)
    reference.activation_forward(z, activation, a)
    reference.activation_backward(z, a, np.ones_like(z), activation, slope)
    values = [activation.value(point) for point in POINTS]
    slopes = [activation.slope(p, v) for p, v in zip(POINTS, values, strict=True)]
    np.testing.assert_allclose(values, a[0], rtol=4e-15, atol=1e-300)
    np.testing.assert_allclose(slopes, slope[0], rtol=4e-15, atol=1e-15)


@each
def test_slope_is_the_derivative(activation):
    if not activation.has_slope:
        return
    for z in (-2.3, -1.2, -0.4, 0.3, 0.9, 2.5, 5.0):
        at = np.array([z])
        slope = np.array([activation.slope(z, activation.value(z))])
        assert_gradient(slope, lambda p: activation.value(float(p[0])), at, activation.name)


@each
def test_nan_flows(activation):
    assert math.isnan(activation.value(math.nan))


@each
def test_nothing_overflows(activation):
    for z in (-1e308, 1e308):
        a = activation.value(z)
        assert not math.isnan(a)
        assert not math.isnan(activation.slope(z, a))


@pytest.mark.parametrize(
    ("name", "z", "a"),
    [
        ("sigmoid", 0.0, 0.5),
        ("sigmoid", -745.0, 5e-324),
        ("leaky_relu", -2.0, -0.02),
        ("elu", -1.0, math.expm1(-1.0)),
        ("selu", 1.0, 1.0507009873554805),
        ("gelu", 1.0, 0.8413447460685429),
        ("gelu_tanh", 1.0, 0.8411919906082768),
        ("silu", 1.0, 0.7310585786300049),
        ("mish", 1.0, 0.8650983882673103),
        ("softplus", 0.0, math.log(2.0)),
        ("softplus", -40.0, math.exp(-40.0)),
        ("softsign", -3.0, -0.75),
        ("hard_sigmoid", 1.0, 2.0 / 3.0),
        ("hard_swish", 1.0, 2.0 / 3.0),
        ("hard_tanh", -7.0, -1.0),
        ("sign", -0.1, -1.0),
    ],
)
def test_known_values(name, z, a):
    assert activations.get(name).value(z) == pytest.approx(a, rel=2e-15, abs=0)


def test_get():
    relu = activations.get("relu")
    assert activations.get(relu) is relu
    assert activations.get("logistic") is activations.get("sigmoid")
    with pytest.raises(ValueError, match="Unknown activation 'reul'.*'relu'.*Known: identity, sig"):
        activations.get("reul")
    with pytest.raises(TypeError, match="wanted a name or an Activation"):
        activations.get(None)


def test_an_own_activation():
    square = Activation("square", value=lambda z: z * z, slope=lambda z, a: 2 * z)
    assert square.code == activations.USER
    assert activations.get(square) is square
    assert repr(square) == "Activation(name='square')"
    with pytest.raises(TypeError, match="slope of activation 'square'"):
        Activation("square", value=abs)
    with pytest.raises(TypeError, match="value of activation 'square'"):
        Activation("square", value=2, slope=abs)


@pytest.mark.parametrize("name", activations.ACTIVATIONS)
def test_a_name_alone_is_the_librarys(name):
    activation = activations.get(name)
    assert Activation(name) == activation
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        pickled = pickle.dumps(activation, protocol)
        assert pickle.loads(pickled) == activation
        assert f"_{name}".encode() not in pickled
    with pytest.raises(TypeError, match="value of activation 'logistic'"):
        Activation("logistic")  # an alias, which is no activation's own name
    with pytest.raises(TypeError, match=f"value of activation '{name}' is None"):
        Activation(name, slope=max)
    with pytest.raises(TypeError, match=f"activation '{name}' is 'by_row=True'"):
        Activation(name, by_row=True)  # says more than a name, and would be ignored
    with pytest.raises(TypeError, match=f"value of activation '{name}' is None"):
        Activation(name, has_slope=False)


def test_a_users_functions_are_pickled_by_name():
    own = Activation("own", value=math.tanh, slope=max, has_slope=False)
    for copied in (pickle.loads(pickle.dumps(own)), copy.deepcopy(own)):
        assert copied == own
        assert (copied.value, copied.slope, copied.code) == (math.tanh, max, activations.USER)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"code": 1000}, ValueError, "code=1000 of activation 'mine'.*Leave it out"),
        ({"code": 2}, ValueError, "code=2 of activation 'mine'"),
        ({"name": "tanh", "code": 2}, ValueError, "code=2 of activation 'tanh'.*the library's own"),
        ({"code": -2}, ValueError, "code=-2"),
        ({"code": math.tanh}, TypeError, "code of activation 'mine' is .*tanh.*functions are given by name"),
        ({"code": 2.0}, TypeError, "code of activation 'mine' is 2.0"),
        ({"by_row": True}, TypeError, "'mine' is 'by_row=True'.*wanted one with value"),
        ({"name": "softmax", "code": 17}, ValueError, "code=17"),
    ],
)
def test_codes_are_the_librarys_alone(arguments, error, message):
    with pytest.raises(error, match=message):
        Activation(**{"name": "mine", "value": abs, "slope": max, **arguments})


def test_copies_of_the_librarys_own():
    tanh = activations.get("tanh")
    assert replace(tanh) == copy.deepcopy(tanh) == tanh
    with pytest.raises(ValueError, match="code=2 of activation 'tanh'"):
        replace(tanh, value=abs)
    with pytest.raises(TypeError, match="Mine cannot be a subclass of Activation: kernels know its fields"):
        type("Mine", (Activation,), {})
