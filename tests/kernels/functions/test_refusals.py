"""What cannot be compiled is refused in one sentence that shows the user's own line."""

from __future__ import annotations

import functools
import inspect
import math
import random
import warnings

import numpy as np
import pytest
import scipy.special

from fastnn.kernels.jit.functions.tiles import activation_tile_code, loss_tile_code

pytestmark = pytest.mark.jit

TABLE = np.linspace(0, 1, 5)
NUMBERS = [1.0, 2.0]
SETTINGS = {"scale": 2.0}
count = 0


class Settings:
    scale = 2.0


class Called:
    def __call__(self, z):
        return z

    def method(self, z):
        return z


def _raises(z):
    if z > 1:
        raise ValueError("too large")
    return z


_SPACE: dict = {}
exec("def _asserts(z):\n    assert z > 0\n    return z", _SPACE)  # pytest writes the asserts of a file anew
_asserts = _SPACE["_asserts"]


def _returns_nothing(z):
    if z > 0:
        return z


def _counts(z):
    global count
    count += 1
    return z * count


def _counter():
    calls = 0

    def function(z):
        nonlocal calls
        calls += 1
        return z * calls

    return function


def _tries(z):
    try:
        return 1 / z
    except ZeroDivisionError:
        return 0.0


def _imports(z):
    import random

    return z * random.random()


def _matches(z):
    match z > 0:
        case True:
            return z
        case _:
            return 0.1 * z


def _until(z):
    x = 1.0
    while abs(x * x - abs(z)) > 1e-6:
        x = 0.5 * (x + abs(z) / x)
    return x


def _many_ways(z):
    total = z
    for k in range(12):
        if math.sin(k * z) > 0:
            total = total + 0.1 * z
    return total


def _remembers(z, seen=[]):  # noqa: B006
    seen.append(1)
    return z * len(seen)


def _endless(z):
    return z + _endless(z)


def _long(z):
    for k in range(30_000):
        z = z + k * z
    return z


def _yields(z):
    yield z


async def _waits(z):
    return z


# Each with what its error says.
REFUSED = {
    "raises": (_raises, "raises ValueError: too large, which native code cannot stop for"),
    "calls what raises": (lambda z: 2 * _raises(z), "raises ValueError: too large, which native"),
    "asserts": (_asserts, "raises AssertionError, which native code cannot stop for"),
    "returns nothing": (_returns_nothing, "returns nothing on some way through it"),
    "returns a tuple": (lambda z: (z, z), "returns tuple on some way"),
    "returns text": (lambda z: "a" if z > 0 else z, "returns str on some way"),
    "complex": (lambda z: z * 1j, "unsupported operand type"),
    "complex result": (lambda z: 1j if z > 0 else z, "returns complex on some way"),
    "unknown name": (lambda z: not_there(z), "NameError: name 'not_there' is not defined"),  # noqa: F821
    "unknown function": (lambda z: math.not_there(z), "module 'math' has no attribute 'not_there'"),
    "random": (lambda z: z * random.random(), "random.random, which compiled code does not know"),
    "NumPy's random": (lambda z: z * np.random.default_rng(0), "numpy.random.default_rng, which compiled code"),
    "print": (lambda z: print(z) or z, "uses print, which compiled code does not know"),
    "isinstance": (lambda z: z if isinstance(z, float) else 0.0, "uses isinstance, which compiled code"),
    "imports": (_imports, "imports random; outside"),
    "other functions": (lambda z: scipy.special.gamma(z), "gamma, which compiled code does not know"),
    "global array": (lambda z: z * TABLE[0], "uses TABLE, of type ndarray"),
    "global list": (lambda z: z * NUMBERS[0], "uses NUMBERS, of type list"),
    "global dictionary": (lambda z: z * SETTINGS["scale"], "uses SETTINGS, of type dict"),
    "class": (lambda z: z * Settings.scale, "uses Settings, a class"),
    "list as a default": (_remembers, "uses the default of seen, of type list: a function can read"),
    "changes a global": (_counts, "changes a global variable"),
    "changes what is outside": (_counter(), "changes calls, which lies outside"),
    "handles errors": (_tries, "handles errors, and compiled code has none"),
    "text": (lambda z: len(f"{z}"), "no text can be made of a number"),
    "index": (lambda z: (1.0, 2.0)[int(z)], "tuple indices must be integers"),
    "inverts a truth": (lambda z: np.where(~(z > 0), z, 0.0), "bad operand type for unary ~: 'bool'"),
    "division by zero": (lambda z: z * (1 / 0), "raises ZeroDivisionError: division by zero"),
    "large integer": (lambda z: z * 10**400, "OverflowError: int too large to convert to float"),
    "options": (lambda z: np.exp(z, out=None), "gives exp the option out"),
    "arguments": (lambda z: math.hypot(z), "gives hypot 1 arguments, wanted 2"),
    "is True": (lambda z: z if (z > 0) is True else 0.0, "asks by is, or by case True, whether"),
    "is a part": (lambda z: z if max(z, 0.0) is (z, 1.0)[0] else 0.0, "asks by is, or by case True, whether"),
    "is negative": (lambda z: z if max(z, 0.0) is -z else 0.0, "asks by is, or by case True, whether"),
    "is a number": (lambda z: z if max(z, 0.0) is z else 0.0, "asks by is, or by case True, whether"),
    "case True": (_matches, "asks by is, or by case True, whether"),
    "digits": (lambda z: round(z, 2), "rounds to digits"),
    "float32 in float64": (lambda z: np.float32(z), "makes float32 of a number of a float64 network"),
    "until it is near": (_until, "questions about its arguments"),
    "many ways": (_many_ways, "ways through its ifs"),
    "recursion": (_endless, "RecursionError"),
    "length": (_long, "operations; repeat fewer times"),
    "generator": (_yields, "is a generator or a coroutine"),
    "coroutine": (_waits, "is a generator or a coroutine"),
}
SHOWN = [name for name in REFUSED if not name.startswith(("returns", "complex result", "many", "recursion", "asserts"))]


@pytest.fixture(autouse=True)
def nothing_is_left_over():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    function, reason = REFUSED[name]
    with pytest.raises(TypeError) as caught:
        activation_tile_code(function, None, np.float64)
    said = str(caught.value)
    assert said.startswith(f"{function.__name__} cannot be compiled: ")
    assert reason in said
    assert "\n" not in said
    assert said.endswith(".")
    assert "Dual" not in said
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("name", SHOWN)
def test_the_line_is_shown(name):
    function, _ = REFUSED[name]
    with pytest.raises(TypeError) as caught:
        activation_tile_code(function, None, np.float64)
    said = str(caught.value)
    number = int(said.partition("line ")[2].split()[0])
    assert f"of {__file__}, " in said
    lines, _ = inspect.findsource(function)
    assert lines[number - 1].strip()[:60] in said.replace("\\'", "'")


def test_none_may_be_asked_for():
    def function(z, scale=None):
        return z if scale is None else (z if scale is not None else 0.0) * (scale is not None)

    assert activation_tile_code(function, None, np.float32)


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda z, y: z + y, "it takes 2 arguments, wanted is a function of 1 \\(z\\)"),
        (lambda: 1.0, "it takes 0 arguments, wanted is a function of 1 \\(z\\)"),
        (functools.partial(math.pow, 2.0), "it is a partial, wanted is a Python function"),
        (Called(), "it is a Called, wanted is a Python function"),
        (Called().method, "it is a method, wanted is a Python function"),
        (3.0, "it is a float, wanted is a Python function"),
        (None, "it is a NoneType, wanted is a Python function"),
        (math.hypot, "it gives hypot 1 arguments, wanted 2"),
    ],
)
def test_what_is_no_function_of_one_number(function, said):
    with pytest.raises(TypeError, match=f"cannot be compiled: {said}"):
        activation_tile_code(function, None, np.float32)


def test_a_keyword_without_default_is_missing():
    def function(z, *, scale):
        return z * scale

    with pytest.raises(TypeError, match="it also wants scale, wanted is a function of 1"):
        activation_tile_code(function, None, np.float32)


def test_losses_and_slopes_are_looked_at_too():
    with pytest.raises(TypeError, match="takes 1 argument, wanted is a function of 2 \\(z, y\\)"):
        loss_tile_code(lambda z: z, None, np.float32)
    with pytest.raises(TypeError, match=r"<lambda> cannot be compiled: line \d+ of .*too large"):
        loss_tile_code(lambda z, y: _raises(z - y), lambda z, y: z, np.float32)
    with pytest.raises(TypeError, match="takes 1 argument, wanted is a function of 2 \\(z, a\\)"):
        activation_tile_code(math.tanh, lambda z: z, np.float32)
    with pytest.raises(TypeError, match="wanted is a function of 2 \\(z, y\\)"):
        loss_tile_code(lambda z, y: z - y, lambda z: z, np.float32)


def test_what_the_users_code_does_is_not_changed():
    """A refusal leaves globals as they were: the copy is run, not the function."""
    assert count == 0
    assert _raises(0.5) == 0.5
    assert isinstance(math.sin(0.5), float)
