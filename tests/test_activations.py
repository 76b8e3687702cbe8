"""The registry of activations, and its scalar functions against the reference."""

from __future__ import annotations

import copy
import math
import pickle
from dataclasses import replace

import numpy as np
import pytest
from activation_cases import ALL, OF_NUMBERS, WITH_PARAMETERS
from gradcheck import assert_gradient

from fastnn import activations
from fastnn.activations import Activation
from fastnn.kernels import reference

each = pytest.mark.parametrize("activation", [ALL[name] for name in OF_NUMBERS], ids=lambda a: a.label)
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
    assert codes == list(range(len(codes)))
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
    for z in (-2.3, -1.2, -0.4, 0.3, 0.9, 2.5, 5.0, 7.0):
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
        ("celu", -1.0, math.expm1(-1.0)),
        ("softshrink", -0.75, -0.25),
        ("hard_shrink", 0.75, 0.75),
        ("tanh_shrink", 1.0, 1.0 - math.tanh(1.0)),
        ("tanh_shrink", 1e-9, 1e-27 / 3.0),
        ("log_sigmoid", 40.0, -math.exp(-40.0)),
        ("log_sigmoid", -1e20, -1e20),
    ],
)
def test_known_values(name, z, a):
    assert activations.get(name).value(z) == pytest.approx(a, rel=2e-15, abs=0)


@pytest.mark.parametrize(
    ("activation", "z", "a"),
    [
        (activations.leaky_relu(0.2), -2.0, -0.4),
        (activations.elu(0.5), -1.0, 0.5 * math.expm1(-1.0)),
        (activations.celu(2.0), -1.0, 2.0 * math.expm1(-0.5)),
        (activations.softplus(2.0), 1.5, math.log1p(math.exp(3.0)) / 2.0),
        (activations.hard_sigmoid(0.25, 0.4), 1.0, 0.65),
    ],
)
def test_known_values_with_parameters(activation, z, a):
    assert activation.value(z) == pytest.approx(a, rel=2e-15, abs=0)


@pytest.mark.parametrize(("slope", "offset"), [(1 / 6, 0.5), (0.42, 1.27), (1.82, -0.66), (0.68, 1.59)])
def test_a_hard_sigmoid_ends_at_one(slope, offset):
    value, end = activations.hard_sigmoid(slope, offset).value, (1.0 - offset) / slope
    near = end + np.arange(-200, 200) * np.spacing(end)
    values = [value(float(z)) for z in near]
    assert 1.0 - 1e-13 < min(values) and max(values) == 1.0


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
    assert Activation("square", square.value, square.slope) == square
    with pytest.raises(TypeError, match="slope of activation 'square' is 2"):
        Activation("square", value=abs, slope=2)
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
        assert b"functions" not in pickled  # the module that has them
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


# --- parameters ---------------------------------------------------------------------------------

MAKERS = {name: getattr(activations, name) for name in activations.__all__ if name in activations.ACTIVATIONS}


def test_every_activation_with_parameters_has_a_function_that_makes_it():
    assert set(MAKERS) == {each.name for each in activations.ACTIVATIONS.values() if each.parameters}
    assert {each.name for each in WITH_PARAMETERS.values()} == set(MAKERS)


@pytest.mark.parametrize("name", MAKERS)
def test_the_defaults_are_the_name(name):
    made, named = MAKERS[name](), activations.get(name)
    assert made == named
    assert hash(made) == hash(named)
    assert (made.value, made.slope, made.parameters) == (named.value, named.slope, named.parameters)
    assert repr(made) == f"Activation(name={name!r})"
    assert made.label == name


@pytest.mark.parametrize("label", WITH_PARAMETERS)
def test_parameters_stay(label):
    activation = WITH_PARAMETERS[label]
    assert activation != activations.get(activation.name)
    assert activations.get(activation) is activation
    again = MAKERS[activation.name](*activation.parameters)
    pickled = [pickle.loads(pickle.dumps(activation, each)) for each in range(pickle.HIGHEST_PROTOCOL + 1)]
    for same in (again, copy.copy(activation), copy.deepcopy(activation), replace(activation), *pickled):
        assert same == activation
        assert hash(same) == hash(activation)
        assert same.value(-0.7) == activation.value(-0.7)
    assert eval(repr(activation), {"Activation": Activation}) == activation


def test_others_are_others():
    assert activations.leaky_relu(0.2) != activations.leaky_relu(0.3)
    assert activations.elu(0.2) != activations.celu(0.2)
    assert len({activations.leaky_relu(0.2), activations.leaky_relu(0.2), activations.leaky_relu(0.3)}) == 2
    assert activations.elu(-0.0) == activations.elu(0)


def test_more_of_them_than_are_remembered():
    """Their functions are made anew then, and are the same all the same."""
    first = activations.leaky_relu(0.2)
    for k in range(300):
        activations.leaky_relu(1 + k / 1000)
    again = activations.leaky_relu(0.2)
    assert again == first
    assert activations.get(replace(first)) == first


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: activations.leaky_relu(math.nan), ValueError, "slope=nan of activation 'leaky_relu', wanted a number"),
        (lambda: activations.leaky_relu(math.inf), ValueError, "slope=inf"),
        (lambda: activations.leaky_relu(1e7), ValueError, r"slope=10000000.0.*from -1e\+06 to 1e\+06"),
        (lambda: activations.leaky_relu(10**400), ValueError, "slope=1000"),
        (lambda: activations.leaky_relu("0.2"), TypeError, "slope of activation 'leaky_relu' is '0.2' of type str"),
        (lambda: activations.leaky_relu(True), TypeError, "slope of activation 'leaky_relu' is True of type bool"),
        (lambda: activations.leaky_relu(np.True_), TypeError, "slope of activation 'leaky_relu'"),
        (lambda: activations.leaky_relu(None), TypeError, "slope of activation 'leaky_relu' is None"),
        (lambda: activations.elu(-0.1), ValueError, "alpha=-0.1 of activation 'elu', wanted a number from 0 to"),
        (lambda: activations.celu(0), ValueError, "alpha=0 of activation 'celu', wanted a number from 1e-06"),
        (lambda: activations.celu(-1), ValueError, "alpha=-1"),
        (lambda: activations.softplus(0.0), ValueError, "beta=0.0 of activation 'softplus'"),
        (lambda: activations.softplus([1.0]), TypeError, r"beta of activation 'softplus' is \[1.0\]"),
        (lambda: activations.hard_sigmoid(0.0), ValueError, "slope=0.0 of activation 'hard_sigmoid'"),
        (lambda: activations.hard_sigmoid(0.2, math.nan), ValueError, "offset=nan of activation 'hard_sigmoid'"),
        (lambda: Activation("elu", parameters=(1.0, 2.0)), ValueError, r"\(1.0, 2.0\).*its parameters are \(alpha\)"),
        (lambda: Activation("elu", parameters=[1.0]), ValueError, r"parameters=\[1.0\] of activation 'elu'"),
        (lambda: Activation("relu", parameters=(1.0,)), ValueError, "of activation 'relu': it has none"),
        (lambda: Activation("mine", value=abs, slope=max, parameters=(1.0,)), ValueError, "only the library's"),
    ],
)
def test_parameters_that_are_none(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_numbers_of_numpy_are_taken():
    assert activations.leaky_relu(np.float32(0.5)) == activations.leaky_relu(0.5)
    assert activations.elu(np.int64(2)).parameters == (2.0,)
