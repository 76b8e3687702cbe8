"""Vector functions for users' code: near the exact values, right at special ones, and vectorised."""

from __future__ import annotations

import math
import re
from functools import cache
from typing import Any

import numpy as np
import pytest
from numba import njit
from numba.core import types
from numba.core.errors import TypingError
from vector_functions import CASES, OF_TWO, STEPS, assert_near, in_numpy, sample, special_numbers

from fastnn.kernels.jit.functions import lanes, vector_math

pytestmark = pytest.mark.jit

ONE = [case.name for case in CASES]
LONGER = np.longdouble if np.finfo(np.longdouble).eps < np.finfo(np.float64).eps else np.float64
SLACK = 0.0 if LONGER is np.longdouble else 1.0  # ulps, of an oracle that is rounded itself


@cache
def looped(function: Any, count: int = 1, flags: tuple[str, ...] = ("contract",)) -> Any:
    """A loop over a function of `count` numbers."""

    def one(x: Any, out: Any) -> None:
        for k in range(out.size):
            out[k] = function(x[k])

    def two(x: Any, y: Any, out: Any) -> None:
        for k in range(out.size):
            out[k] = function(x[k], y[k])

    def three(x: Any, y: Any, value: Any, out: Any) -> None:
        for k in range(out.size):
            out[k] = function(x[k], y[k], value[k])

    return njit((one, two, three)[count - 1], error_model="numpy", fastmath=set(flags))


def of(function: Any, *arguments: Any, flags: tuple[str, ...] = ("contract",)) -> Any:
    out = np.full_like(arguments[0], 99)
    looped(function, len(arguments), flags)(*arguments, out)
    return out


def longer(dtype: Any) -> Any:
    return np.float64 if dtype is np.float32 else LONGER


def test_every_function_is_tested() -> None:
    names = {name for name in vector_math.__all__ if name[0].islower()}
    assert names == {*ONE, *STEPS, *OF_TWO, "logaddexp", "expm1_of_negative"}


# --- accuracy ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=ONE)
def test_accuracy(case, dtype):
    x = sample(dtype, 4_000 if case.name in ("erf", "erfc") else 60_000)
    with np.errstate(all="ignore"):
        wanted = case.exact(x.astype(longer(dtype)))
    is_rounded = SLACK or case.name in ("erf", "erfc")  # math's own, in float64
    slack = 1.0 if dtype is np.float64 and is_rounded else 0.0
    assert_near(case.name, (x,), of(getattr(vector_math, case.name), x), wanted, case.ulps + slack)


@pytest.mark.parametrize("name", STEPS)
def test_steps_are_exact(name, dtype):
    x = np.concatenate([sample(dtype, 2000), np.arange(-9, 9, 0.5, dtype)])
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(of(getattr(vector_math, name), x), in_numpy(name)(x))


def powers(dtype: Any) -> tuple[Any, Any]:
    """Numbers, and exponents most of which lead to numbers again."""
    rng = np.random.default_rng(1)
    x = sample(dtype, 20_000)
    with np.errstate(all="ignore"):
        reach = np.finfo(dtype).maxexp / np.maximum(np.abs(np.log2(np.abs(x.astype(np.float64)))), 1e-3)
        y = np.where(rng.random(x.size) < 0.2, np.rint(rng.normal(0, 5, x.size)), rng.uniform(-1, 1, x.size) * reach)
    return x, y.astype(dtype)


@pytest.mark.parametrize(("name", "limit"), [("power", 1.1), ("atan2", 2.0), ("hypot", 1.3)])
def test_accuracy_of_two(name, limit, dtype):
    x, y = powers(dtype)
    y = y if name == "power" else np.random.default_rng(2).permutation(x)
    with np.errstate(all="ignore"):
        wanted = in_numpy(name)(x.astype(longer(dtype)), y.astype(longer(dtype)))
    assert_near(name, (x, y), of(getattr(vector_math, name), x, y), wanted, limit + SLACK * (dtype is np.float64))


def test_logaddexp(dtype):
    """Its error is one of the larger number: where both terms cancel, nobody has more."""
    rng = np.random.default_rng(3)
    x, y = (rng.normal(0, 10, 20_000).astype(dtype) for _ in range(2))
    found = of(vector_math.logaddexp, x, y)
    wanted = np.logaddexp(x.astype(longer(dtype)), y.astype(longer(dtype)))
    size = np.maximum(np.abs(np.maximum(x, y)), np.log(2)).astype(dtype)
    assert (np.abs(found - wanted) <= 3 * np.spacing(size)).all()


def test_expm1_of_negative(dtype):
    x = np.concatenate([-np.abs(sample(dtype, 5000)), np.array([-np.inf, np.nan], dtype)])
    x = x[x != 0]  # whose sign is lost
    with np.errstate(invalid="ignore"):
        wanted = np.expm1(x.astype(longer(dtype)))
    found = of(vector_math.expm1_of_negative, x)
    assert_near("expm1_of_negative", (x,), found, wanted, 2.0 + SLACK * (dtype is np.float64))


def test_whole_logarithms_are_exact(dtype):
    twos = np.arange(-120, 120)
    np.testing.assert_array_equal(of(vector_math.log2, np.exp2(twos).astype(dtype)), twos)
    tens = np.arange(0, 11 if dtype is np.float32 else 23)
    np.testing.assert_array_equal(of(vector_math.log10, np.array([float(10 ** int(k)) for k in tens], dtype)), tens)


# --- special values ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES, ids=ONE)
def test_special_numbers(case, dtype):
    x = special_numbers(dtype)
    with np.errstate(all="ignore"):
        wanted = case.exact(x.astype(np.float64))
    assert_near(case.name, (x,), of(getattr(vector_math, case.name), x), wanted, 3.0)


@pytest.mark.parametrize("name", OF_TWO)
def test_special_pairs(name, dtype):
    """Of power: all that C's pow says of zeros, ones, infinities, NaN and whole exponents."""
    numbers = np.concatenate([special_numbers(dtype), np.array([-3, 5, -5, 0.25, -0.25, 2**24 + 2], dtype)])
    x, y = (each.ravel().copy() for each in np.meshgrid(numbers, numbers))
    with np.errstate(all="ignore"):
        wanted = in_numpy(name)(x.astype(np.float64), y.astype(np.float64))
    if name in ("maximum", "minimum", "fmax", "fmin"):  # of zeros of both signs either will do
        wanted = np.where(wanted == 0, 0.0, wanted)
        assert_near(name, (x, y), of(getattr(vector_math, name), x, y) + 0.0, wanted, 0.0)
    else:
        assert_near(name, (x, y), of(getattr(vector_math, name), x, y), wanted, 3.0)


def test_special_pairs_of_logaddexp(dtype):
    numbers = np.array([-np.inf, -1e4, -1, 0, 1, 1e4, np.inf, np.nan], dtype)
    x, y = (each.ravel().copy() for each in np.meshgrid(numbers, numbers))
    with np.errstate(invalid="ignore"):
        wanted = np.logaddexp(x.astype(np.float64), y.astype(np.float64))
    assert_near("logaddexp", (x, y), of(vector_math.logaddexp, x, y), wanted, 2.0)


@pytest.mark.parametrize(
    "called", list(vector_math.TESTS), ids=lambda called: f"{type(called).__name__}-{called.__name__}"
)
def test_tests(called, dtype):
    x = special_numbers(dtype)
    np.testing.assert_array_equal(of(vector_math.TESTS[called], x), in_numpy(called.__name__)(x))


# --- compiled ---------------------------------------------------------------------------------------------------------

LARGE = {  # what looks for angles that are too large
    name: {f"fastnn_{name}_{kind}{lanes}" for kind in ("float", "double") for lanes in ("", "_2", "_4", "_8", "_16")}
    for name in ("sin", "cos", "tan")
}
ALL = [*ONE, *STEPS, *OF_TWO, "logaddexp"]


def arity(name: str) -> int:
    return 2 if name in (*OF_TWO, "logaddexp") else 1


@pytest.mark.parametrize("name", ALL)
def test_a_loop_is_vectorised(name, dtype):
    """Whole vectors, and no call but of Numba's own and of LLVM's."""
    number = types.float32 if dtype is np.float32 else types.float64
    loop = looped(getattr(vector_math, name), arity(name))
    signature = (types.Array(number, 1, "C"),) * (arity(name) + 1)
    loop.compile(signature)
    code = loop.inspect_llvm(signature)
    kind = "float" if dtype is np.float32 else "double"
    assert re.search(rf"<\d+ x {kind}>", code)
    defined = [each for each in code.split("\ndefine ") if not re.match(r"[^(]*@fastnn_", each)]
    called = {each for text in defined for each in re.findall(r"call [^@\n]*@\"?([\w.]+)", text)}
    assert {each for each in called if not re.match(r"(llvm|NRT_|Py|numba_|_ZN|NumbaPy|_Py)", each)} <= LARGE.get(
        name, set()
    )


@pytest.mark.parametrize("name", ALL)
def test_a_result_does_not_depend_on_its_place(name, dtype):
    numbers = [sample(dtype, 20, seed) for seed in (1, 2)][: arity(name)]
    function = getattr(vector_math, name)
    whole = of(function, *numbers)
    for first in range(20):
        part = of(function, *(each[first:] for each in numbers))
        assert part.tobytes() == whole[first:].tobytes()
    alone = [of(function, *(each[k : k + 1].copy() for each in numbers))[0] for k in range(whole.size)]
    assert np.array(alone).tobytes() == whole.tobytes()


@pytest.mark.parametrize("name", [name for name in ALL if name not in ("fmax", "fmin", "maximum", "minimum")])
def test_fast_math_of_the_caller_changes_nothing(name, dtype):
    """These would break sums whose rounding is made up for, if they reached a function's inside."""
    numbers = [sample(dtype, 500, seed) for seed in (1, 2)][: arity(name)]
    function = getattr(vector_math, name)
    fast = of(function, *numbers, flags=("contract", "reassoc", "arcp", "nsz"))
    plain = of(function, *numbers, flags=())
    np.testing.assert_array_equal(fast, plain)


def test_float32_stays_float32():
    @njit
    def both(x):
        return vector_math.exp(x), vector_math.power(x, x), vector_math.maximum(x, x)

    both.compile((types.float32,))
    assert both.nopython_signatures[0].return_type == types.UniTuple(types.float32, 3)
    assert "double" not in both.inspect_llvm((types.float32,)).split("define")[1]


@pytest.mark.parametrize("arguments", [(1,), (np.float32(1), 1.0), (1j,), ("1",)])
def test_other_numbers_are_refused(arguments):
    function = vector_math.exp if len(arguments) == 1 else vector_math.power

    @njit
    def one(x):
        return function(x)

    @njit
    def two(x, y):
        return function(x, y)

    with pytest.raises(TypingError):
        (one, two)[len(arguments) - 1](*arguments)


def test_functions_meet_in_one_module():
    """Each brings along what it needs for large angles."""
    first = njit(lambda x: vector_math.sin(x) + vector_math.cos(x))
    second = njit(lambda x: vector_math.sin(x) + vector_math.tan(x))

    def both(x, out):
        for k in range(x.size):
            out[k] = first(x[k]) + second(x[k])

    compiled, x = njit(both), np.array([1.0, 1e12, -3.0, 1e300, 5.0, 6.0, 7.0, 8.0, 9.0])
    out = np.empty_like(x)
    compiled(x, out)
    np.testing.assert_allclose(out, 2 * np.sin(x) + np.cos(x) + np.tan(x), rtol=1e-14, atol=1e-14)
    assert re.search(r"call [^@\n]*@fastnn_sin_double_[248]\(", *compiled.inspect_llvm().values())


def test_a_body_has_a_name_of_its_own():
    """Two of one name would be one function in LLVM."""
    with pytest.raises(TypeError, match=r"<lambda> has no name of its own: define it at the top of a module"):
        lanes.lane_function(lambda x: x)


def test_names_of_what_there_is():
    """What NumPy or math may do for one or two floats is there, or is named as left out."""
    known = {each.__name__ for each in (*vector_math.FUNCTIONS, *vector_math.TESTS)}
    plain = [each for each in vars(np).values() if isinstance(each, np.ufunc) and each.signature is None]
    of_floats = {
        each.__name__ for each in plain if each.nargs < 4 and any(kind.endswith("d->d") for kind in each.types)
    }
    arithmetic = {
        "add",
        "subtract",
        "multiply",
        "divide",
        "floor_divide",
        "negative",
        "positive",
        "square",
        "reciprocal",
    }
    angles = {"degrees", "radians", "deg2rad", "rad2deg", "conjugate"}
    assert of_floats - known - set(vector_math.LEFT_OUT["numpy"].split()) - arithmetic - angles == set()
    of_math = set(vector_math.LEFT_OUT["math"].split())
    functions = {name for name in dir(math) if callable(getattr(math, name)) and name[0] != "_"}
    whole_numbers = {"comb", "factorial", "gcd", "isqrt", "lcm", "perm", "fsum", "prod", "sumprod", "isclose"}
    assert functions - known - of_math - whole_numbers - angles == set()


# --- slopes -----------------------------------------------------------------------------------------------------------


def differences(function: Any, x: Any, others: tuple[Any, ...], place: int) -> Any:
    """Of fourth order, in the longest type."""
    h = 1e-4 * np.maximum(np.abs(x), 1e-2)

    def at(t: Any) -> Any:
        return function(*others[:place], t, *others[place:])

    return (8 * (at(x + h) - at(x - h)) - (at(x + 2 * h) - at(x - 2 * h))) / (12 * h)


DOMAINS = {
    "log": (0.1, 5),
    "log2": (0.1, 5),
    "log10": (0.1, 5),
    "log1p": (-0.8, 5),
    "acosh": (1.1, 5),
    "sqrt": (0.1, 5),
}
DOMAINS |= dict.fromkeys(("asin", "acos", "atanh", "tan"), (-0.9, 0.9)) | {"power": (0.1, 4), "sigmoid": (-30, 30)}


@pytest.mark.parametrize(
    "called", list(vector_math.FUNCTIONS), ids=lambda called: f"{type(called).__name__}-{called.__name__}"
)
def test_slopes_agree_with_differences(called):
    name, function, slopes = vector_math.FUNCTIONS[called]
    rng = np.random.default_rng(4)
    arguments = tuple(rng.uniform(*DOMAINS.get(name, (-3, 3)), 200) for _ in slopes)
    value = of(function, *arguments)
    exact = {case.name: case.exact for case in CASES}.get(name) or in_numpy(name)
    np.testing.assert_allclose(value, exact(*arguments), rtol=1e-14, atol=1e-14)
    for place, slope in enumerate(slopes):
        others = tuple(each.astype(LONGER) for k, each in enumerate(arguments) if k != place)
        wanted = differences(exact, arguments[place].astype(LONGER), others, place)
        np.testing.assert_allclose(of(slope, *arguments, value), wanted.astype(float), rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("case", CASES, ids=ONE)
def test_slopes_in_float32(case):
    """Near those in float64, also where they are small: no 1 - value^2 that cancels."""
    _, function, (slope,) = vector_math.BY_NAME[case.name]
    x = np.random.default_rng(5).uniform(*DOMAINS.get(case.name, (-9, 9)), 5000).astype(np.float32)
    precise = x.astype(np.float64)
    with np.errstate(all="ignore"):
        found, wanted = (of(slope, each, of(function, each)) for each in (x, precise))
    assert_near(f"slope of {case.name}", (x,), found, wanted, 8.0)
