"""fastnn.jit.math: the vector functions in users' own loops. How exact each is, kernels/functions tests."""

from __future__ import annotations

import inspect
import math as math_of_python
import re
import subprocess
import sys
from functools import cache

import numpy as np
import pytest
from apart import run_apart
from numba import float32, float64, njit, prange, types, vectorize
from patience import LONG
from vector_functions import CASES, assert_near, sample

from fastnn import Activation, jit, kernels
from fastnn.jit import math
from fastnn.kernels.jit.functions import vector_math

pytestmark = pytest.mark.jit

NAMES = pytest.mark.parametrize("name", math.__all__)


def count_of(name):
    return len(inspect.signature(getattr(math, name)).parameters)


@cache
def looped(function, count):
    """A plain loop, with Numba's own settings."""

    def one(x, out):
        for k in range(x.size):
            out[k] = function(x[k])

    def two(x, y, out):
        for k in range(x.size):
            out[k] = function(x[k], y[k])

    return njit((one, two)[count - 1])


def numbers(name, dtype):
    return [sample(dtype, 300, seed) for seed in range(count_of(name))]


@NAMES
def test_a_plain_loop_has_the_vector_functions_results(name, dtype):
    given = numbers(name, dtype)
    found, wanted = (np.full_like(given[0], 99) for _ in range(2))
    looped(getattr(math, name), len(given))(*given, found)
    looped(getattr(vector_math, name), len(given))(*given, wanted)
    assert found.tobytes() == wanted.tobytes()


@NAMES
def test_a_plain_loop_is_vectorised(name, dtype):
    """And calls the C library for nothing but large angles, in a function apart."""
    signature = (types.Array(float32 if dtype is np.float32 else float64, 1, "C"),) * (count_of(name) + 1)
    loop = njit(looped(getattr(math, name), count_of(name)).py_func)
    loop.compile(signature)
    code = loop.inspect_llvm(signature)
    assert re.search(rf"<\d+ x {'float' if dtype is np.float32 else 'double'}>", code)
    defined = [each for each in code.split("\ndefine ") if not re.match(r"[^(]*@fastnn_", each)]
    called = {each for text in defined for each in re.findall(r"call [^@\n]*@\"?([\w.]+)", text)}
    assert not called & {name, f"{name}f", f"numba_{name}", f"numba_{name}f"}
    assert not {
        each for each in called if each.startswith("llvm.") and each.split(".")[1] in ("exp", "log", "sin", "pow")
    }


@pytest.mark.parametrize("case", [case for case in CASES if case.name in math.__all__], ids=lambda case: case.name)
def test_python_gives_numbers_as_near(case, dtype):
    """Where nothing is compiled: of the same type, and NaN where that is."""
    function = getattr(math, case.name)
    x = np.array([-800, -2, -0.3, 0.0, 0.4, 0.9, 1.0, 1.7, 30], dtype)
    with np.errstate(all="ignore"):
        found = [function(each) for each in x]
        wanted = case.exact(x.astype(np.float64 if dtype is np.float32 else np.longdouble))
        assert {type(each) for each in found} == {dtype}
        assert_near(case.name, (x,), np.array(found), wanted, 4.0)


def test_python_gives_numbers_of_two(dtype):
    x, y = dtype(0.7), dtype(-1.3)
    for name in ("atan2", "hypot", "power"):
        found = getattr(math, name)(x, y)
        assert type(found) is dtype
        np.testing.assert_allclose(found, getattr(math_of_python, name.replace("power", "pow"))(x, y), rtol=1e-6)
    assert type(math.logaddexp(x, y)) is dtype
    np.testing.assert_allclose(math.logaddexp(x, y), np.logaddexp(x, y), rtol=1e-6)
    assert type(math.power(x, 2.0)) is np.float64


@NAMES
@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int16, int])
def test_python_computes_integers_in_float64(name, kind):
    function = getattr(math, name)
    given = [1] * count_of(name)
    with np.errstate(all="ignore"):
        found = function(*map(kind, given))
        assert type(found) is np.float64
        assert found == function(*map(np.float64, given))
        assert type(function(np.float32(1), *given[1:])) is (np.float64 if given[1:] else np.float32)


def test_python_computes_the_sigmoid_of_what_has_no_sign():
    assert math.sigmoid(np.uint8(3)) == math.sigmoid(3.0)


@NAMES
def test_in_users_own_activations(name, dtype):
    """Where all functions of math are known."""
    function, count = getattr(math, name), count_of(name)
    own = Activation("own", lambda z: function(z) if count == 1 else function(z, 1.5))
    z = np.linspace(0.1, 0.9, 9, dtype=dtype)[None]
    with np.errstate(all="ignore"):
        wanted = [[function(*(each, dtype(1.5))[:count]) for each in z[0]]]
    for backend in ("native", "jit", "reference"):
        with np.errstate(all="ignore"):
            found = kernels.activation_forward(z, own, backend=backend)
        np.testing.assert_allclose(found, wanted, rtol=1e-6 if dtype is np.float32 else 1e-14)


def test_numbers_of_other_types_are_float64():
    @njit
    def several(x):
        return math.exp(x), math.exp(1), math.power(x, 2), math.power(x, 2.0), math.hypot(x, x)

    found = several(np.float32(0.1))
    of_numba = several.nopython_signatures[0].return_type
    assert list(of_numba) == [float32, float64, float64, float64, float32]
    np.testing.assert_allclose(found, np.array([np.exp(0.1), np.e, 0.01, 0.01, np.hypot(0.1, 0.1)]), rtol=1e-6)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (np.ones(3), r"array\(float64, 1d, C\), wanted a number, .*; call it for each number of an array in a loop"),
        (1j, "complex128, wanted a number, float32, float64 or an integer"),
        (True, "bool, wanted"),
        ("1", "unicode_type, wanted"),
        (None, "none, wanted"),
    ],
)
def test_what_is_no_number_is_refused(given, said):
    with pytest.raises(TypeError, match=rf"fastnn\.jit\.math\.tanh: an argument is {said}.*test_math\.py, line \d+"):
        njit(lambda x: math.tanh(x))(given)
    with pytest.raises(TypeError, match=r"fastnn\.jit\.math\.atan2"):
        njit(lambda x: math.atan2(1.0, x))(given)


def test_in_ufuncs_and_in_parallel(dtype):
    x = np.linspace(-3, 3, 101, dtype=dtype)
    wanted = np.empty_like(x)
    looped(math.tanh, 1)(x, wanted)

    @njit(parallel=True, fastmath=True)
    def in_parallel(x, out):
        for k in prange(x.size):
            out[k] = math.tanh(x[k])

    out = np.full_like(x, 99)
    in_parallel(x, out)
    assert out.tobytes() == wanted.tobytes()
    assert vectorize(lambda x: math.tanh(x))(x).tobytes() == wanted.tobytes()


def test_nothing_of_numbas_own_changes():
    """Python's and NumPy's functions are compiled as without this module."""
    run_apart(
        """
        import math
        import numpy as np
        from numba import njit

        def both(x):
            return math.exp(x) + np.tanh(x) + math.erf(x)

        def code():
            compiled = njit(both)
            compiled(0.5)
            names = [line for line in compiled.inspect_asm(compiled.signatures[0]).splitlines() if "$" in line]
            return sorted(line.split("$")[-1] for line in names if any(f in line for f in ("exp", "tanh", "erf")))

        before = code()
        from fastnn.jit import math as ours
        njit(lambda x: ours.exp(x))(0.5)
        assert before and code() == before, (before, code())
        """
    )


def test_found_while_a_function_is_compiled_and_on_disk(tmp_path, monkeypatch):
    """jit.math is imported when Numba meets its name, and not at all where the function is in the cache."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "mine.py").write_text(
        "import sys\n"
        "from numba import njit\n"
        "from fastnn import jit\n"
        "@njit(cache=True)\n"
        "def mine(x):\n"
        "    return jit.math.log1p(x) + jit.math.sin(x)\n"
        "assert 'fastnn.jit.math' not in sys.modules\n"
        "print(mine(0.5), sum(mine.stats.cache_hits.values()))\n"
    )
    for hits in ("0", "1"):
        done = subprocess.run([sys.executable, str(tmp_path / "mine.py")], capture_output=True, text=True, timeout=LONG)
        assert done.returncode == 0, done.stderr
        value, found = done.stdout.split()
        np.testing.assert_allclose(float(value), np.log1p(0.5) + np.sin(0.5), rtol=1e-15)
        assert found == hits


def test_without_the_compiler(monkeypatch):
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    run_apart(
        """
        import numpy as np
        from numba import njit
        from fastnn.jit import math

        @njit
        def loop(x, out):
            for k in range(x.size):
                out[k] = math.erf(x[k]) + math.sigmoid(x[k])

        out = np.zeros(2)
        loop(np.array([0.0, 100.0]), out)
        assert out.tolist() == [0.5, 2.0]
        """
    )


def test_jit_has_the_module():
    assert jit.math is math
    assert "math" in dir(jit)
