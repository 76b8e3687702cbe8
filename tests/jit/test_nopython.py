"""The kernels of fastnn.jit in nopython code: the bits of fastnn.kernels, and errors where these have them."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
from numba import carray, cfunc, guvectorize, njit, prange, types
from numba.extending import register_jitable
from oracle import assert_guards, guarded
from recipe import ROOT, load_tool

from fastnn import activations, jit, kernels, losses
from fastnn.activations import ACTIVATIONS, Activation
from fastnn.kernels.contract import KERNELS
from fastnn.losses import LOSSES

pytestmark = pytest.mark.jit

LAYERS = [name for name, kernel in KERNELS.items() if kernel.storey == "layer"]
DTYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64])
SIZES = {"n": 5, "i": 7, "o": 9, "p": 37}
NUMBERS = {"seed": 2**40 + 1, "step": 3, "layer": 1, "first_row": 7, "limit": 0.5, "rate": 0.25, "decay": 0.75}
NUMBERS |= {"learning_rate": 0.01}
ELU = activations.elu(0.5)
HUBER = losses.huber(0.25)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def compiled(source: str, **names: Any) -> Any:
    """A user's function, compiled."""
    scope = {"jit": jit, "np": np, "ELU": ELU, "HUBER": HUBER} | names
    exec(source, scope)
    return njit(scope["f"])


# --- the same as fastnn.kernels -----------------------------------------------------------------


@pytest.mark.skipif(not (ROOT / "tools").is_dir(), reason="the tools do not lie beside the tests")
def test_the_functions_are_written_after_their_twins() -> None:
    for path, text in load_tool("generate_jit").files().items():
        assert path.read_text() == text, f"{path} is stale: run python tools/generate_jit.py"


@pytest.mark.parametrize("name", LAYERS)
def test_arguments_are_those_of_the_twin(name: str) -> None:
    own = inspect.signature(getattr(jit, name)).parameters
    twin = inspect.signature(getattr(kernels, name)).parameters
    assert list(own) == [each for each in twin if each not in ("backend", "n_threads")]
    assert all(own[each].default == twin[each].default for each in own)


def arguments_of(name: str, dtype: Any, rng: np.random.Generator) -> dict[str, Any]:
    """Arguments of a kernel's public function, but for its outputs."""
    given: dict[str, Any] = {}
    for argument in KERNELS[name].arguments:
        if argument.role in ("input", "update"):
            shape = tuple(SIZES[letter] for letter in argument.shape)
            given[argument.name] = guarded(rng.random(shape), dtype, argument.role == "update")
        elif argument.name in NUMBERS:
            given[argument.name] = NUMBERS[argument.name]
    return given


def fresh(given: dict[str, Any]) -> dict[str, Any]:
    """Copies of what is written; inputs as they are."""
    return {
        name: guarded(value, value.dtype, True) if isinstance(value, np.ndarray) and value.flags.writeable else value
        for name, value in given.items()
    }


def assert_same(got: Any, wanted: Any) -> None:
    for mine, other in zip(*((each if isinstance(each, tuple) else (each,)) for each in (got, wanted)), strict=True):
        np.testing.assert_array_equal(mine, other)


@DTYPES
@pytest.mark.parametrize("name", LAYERS)
def test_bits_are_those_of_the_twin(name: str, dtype: Any, rng: np.random.Generator) -> None:
    given = arguments_of(name, dtype, rng)
    text = {"activation": '"gelu"', "loss": '"poisson"'}
    literal = [f"{each.name}={text[each.name]}" for each in KERNELS[name].with_role("option") if each.name in text]
    call = ", ".join([*(f"{each}={each}" for each in given), *literal])
    own = compiled(f"def f({', '.join(given)}): return jit.{name}({call})")
    mine, other = fresh(given), fresh(given)
    options = {each.split("=")[0]: each.split('"')[1] for each in literal}
    assert_same(own(*mine.values()), getattr(kernels, name)(**other, **options))
    for each in mine:
        np.testing.assert_array_equal(mine[each], other[each], each)
        if isinstance(mine[each], np.ndarray):
            assert_guards(each, mine[each])


@pytest.mark.parametrize("name", [name for name in LAYERS if KERNELS[name].with_role("output")])
def test_outputs_may_be_given(name: str, rng: np.random.Generator) -> None:
    given = arguments_of(name, np.float64, rng)
    named = {"activation": "mish", "loss": "log_cosh"}
    options = {each.name: named[each.name] for each in KERNELS[name].with_role("option") if each.name in named}
    outputs = KERNELS[name].with_role("output")
    shapes = [tuple(SIZES[letter] for letter in each.shape) for each in outputs]
    out: Any = tuple(guarded(np.full(shape, np.nan), np.float64, True) for shape in shapes)
    call = ", ".join([*(f"{each}={each}" for each in given), *(f'{each}="{text}"' for each, text in options.items())])
    own = compiled(f"def f({', '.join([*given, 'out'])}): return jit.{name}({call}, out=out)")
    assert_same(own(*given.values(), out if len(out) > 1 else out[0]), getattr(kernels, name)(**given, **options))
    for each in out:
        assert np.isfinite(each).all()
        assert_guards("out", each)


@DTYPES
def test_layers_without_bias_and_losses_without_weights(dtype: Any, rng: np.random.Generator) -> None:
    x, w, z = (rng.random(shape).astype(dtype) for shape in ((5, 7), (7, 9), (5, 9)))
    assert_same(compiled("def f(x, w): return jit.dense_forward(x, w, None)")(x, w), kernels.dense_forward(x, w, None))
    own = compiled("def f(z, y): return jit.loss_and_gradient(z, y, 'hinge')")
    assert_same(own(z, 2 * z), kernels.loss_and_gradient(z, 2 * z, "hinge"))


@pytest.mark.parametrize("n", [0, 1, 300])
def test_no_rows_and_many(n: int, rng: np.random.Generator) -> None:
    x, w, b = rng.random((n, 7)), rng.random((7, 9)), rng.random(9)
    own = compiled("def f(x, w, b): return jit.dense_forward(x, w, b, 'silu')")
    assert_same(own(x, w, b), kernels.dense_forward(x, w, b, "silu"))
    d_w, d_b = compiled("def f(x, d_z): return jit.dense_backward_params(x, d_z)")(x, x)
    assert_same((d_w, d_b), kernels.dense_backward_params(x, x))


def test_codes_and_objects_stand_for_names(rng: np.random.Generator) -> None:
    z = rng.normal(size=(5, 9))
    by_code = compiled("def f(z, code): return jit.activation_forward(z, code)")
    for activation in ACTIVATIONS.values():
        np.testing.assert_array_equal(by_code(z, activation.code), kernels.activation_forward(z, activation))
    loss_by_code = compiled("def f(z, y, code): return jit.loss_and_gradient(z, y, code)")
    for loss in LOSSES.values():
        y = np.full_like(z, 1 / 9)
        assert_same(loss_by_code(z, y, loss.code), kernels.loss_and_gradient(z, y, loss))
    constant = compiled("def f(z): return jit.activation_forward(z, ELU), jit.loss_and_gradient(z, z + 1, HUBER)[0]")
    got = constant(z)
    np.testing.assert_array_equal(got[0], kernels.activation_forward(z, ELU))
    assert got[1] == kernels.loss_and_gradient(z, z + 1, HUBER)[0]
    given = compiled("def f(z, activation): return jit.activation_forward(z, activation)")
    for activation in (ELU, activations.elu(0.25), ACTIVATIONS["tanh"]):
        np.testing.assert_array_equal(given(z, activation), kernels.activation_forward(z, activation))


def test_python_takes_codes_too(rng: np.random.Generator) -> None:
    z = rng.normal(size=(5, 9))
    np.testing.assert_array_equal(jit.activation_forward(z, 4), np.maximum(z, 0))
    assert jit.loss_and_gradient(z, z + 1, 0)[0] == pytest.approx(4.5)
    beyond = len(ACTIVATIONS)
    with pytest.raises(ValueError, match=f"activation={beyond}, wanted a code of at least 0 and below {beyond}"):
        jit.activation_forward(z, beyond)
    with pytest.raises(ValueError, match="loss=-1"):
        jit.link(z, -1)


# --- where users call them ----------------------------------------------------------------------


def test_in_parallel_loops(rng: np.random.Generator) -> None:
    x, w, b = rng.random((64, 3, 7)), rng.random((7, 9)), rng.random(9)

    @njit(parallel=True)
    def all_of(x, w, b, out):
        for k in prange(len(x)):
            jit.dense_forward(x[k], w, b, "tanh", out[k])

    out = np.full((64, 3, 9), np.nan)
    all_of(x, w, b, out)
    np.testing.assert_array_equal(out.reshape(-1, 9), kernels.dense_forward(x.reshape(-1, 7), w, b, "tanh"))


def test_in_functions_that_others_call(rng: np.random.Generator) -> None:
    z = rng.normal(size=(4, 9))

    @register_jitable
    def halves(z, out):
        jit.activation_forward(z, "tanh", out)

    @guvectorize([(types.float64[:, ::1], types.float64[:, ::1])], "(n,o)->(n,o)", nopython=True)
    def ufunc(z, out):
        halves(z, out)

    np.testing.assert_array_equal(ufunc(z), kernels.activation_forward(z, "tanh"))

    @cfunc(types.float64(types.CPointer(types.float64), types.intp))
    def from_c(z, n):
        return jit.activation_forward(carray(z, (1, n)), "relu").sum()

    assert from_c.ctypes(z.ctypes.data_as(from_c.ctypes.argtypes[0]), 36) == pytest.approx(np.maximum(z, 0).sum())


def test_a_training_loop_learns(rng: np.random.Generator) -> None:
    @njit
    def train(x, y, w, b, steps):
        m, v = np.zeros_like(w).ravel(), np.zeros_like(w).ravel()
        first = 0.0
        for step in range(1, steps + 1):
            z = jit.dense_forward(x, w, b, "identity")
            value, d_z = jit.loss_and_gradient(z, y, "squared_error")
            d_w, d_b = jit.dense_backward_params(x, d_z)
            jit.clip_by_norm(d_w.ravel(), 10.0)
            jit.adam_step(w.ravel(), d_w.ravel(), m, v, step, 0.05)
            first = value if step == 1 else first
        return first, value

    x = rng.normal(size=(100, 4))
    first, last = train(x, x @ rng.normal(size=(4, 2)), np.zeros((4, 2)), np.zeros(2), 300)
    assert last < 1e-3 * first


# --- what they refuse ---------------------------------------------------------------------------

X, W, B = np.ones((5, 7)), np.ones((7, 9)), np.ones(9)
READ_ONLY = np.ones((5, 9))
READ_ONLY.flags.writeable = False
WRONG = {
    "x is array(float64, 2d, A), wanted a C-contiguous array of 2 dimension(s) of float64": (X[:, ::2], W, B, None),
    "w is array(float32, 2d, C), wanted a C-contiguous array of 2 dimension(s) of float64": (X, np.float32(W), B, None),
    "b is array(float64, 2d, C), wanted a C-contiguous array of 1 dimension(s) of float64": (X, W, X, None),
    "x is array(int64, 2d, C), wanted a C-contiguous array of float32 or float64": (X.astype(np.int64), W, B, None),
    "x is float64, wanted a C-contiguous array of float32 or float64": (1.0, W, B, None),
    "out is readonly array(float64, 2d, C), and has to be writable": (X, W, B, READ_ONLY),
}


@pytest.mark.parametrize("message", WRONG)
def test_arrays_of_other_types(message: str) -> None:
    own = compiled("def f(x, w, b, out): return jit.dense_forward(x, w, b, 'relu', out)")
    with pytest.raises(TypeError) as error:
        own(*WRONG[message])
    told = str(error.value).replace("Array", "array").replace("nonwritable", "readonly")
    assert told.startswith(f"fastnn.jit.dense_forward: {message}")
    assert "\n" not in told
    assert "line 1)" in told  # of the user's call


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            "jit.activation_forward(x, name)",
            "activation is unicode_type, wanted a name that is written where the call is",
        ),
        ("jit.link(x, 1.5)", "loss is float64, wanted a name"),
        ("jit.dropout(x, 0.5, 1.5, 1)", "seed is float64, wanted an integer"),
        ("jit.clip_by_norm(x.ravel(), name)", "limit is unicode_type, wanted a real number"),
        ("jit.sgd_step(x.ravel(), x.ravel(), x.ravel(), 0.1, 0.9, 1.5)", "nesterov is float64, wanted True or False"),
        ("jit.dense_backward_params(x, x, x)", "out is array(float64, 2d, C), wanted a tuple of 2 arrays"),
        ("jit.link(x, ELU)", "loss is fastnn.Activation('elu', 6, (0.5,)), wanted a name"),
    ],
)
def test_options_of_other_types(call: str, message: str) -> None:
    with pytest.raises(TypeError) as error:
        compiled(f"def f(x, name): return {call}")(X, "relu")
    assert f": {message}" in str(error.value)


def test_names_that_there_are_not() -> None:
    with pytest.raises(ValueError, match=r"^Unknown activation 'rellu'. Did you mean 'relu'.*, line 1[)]$"):
        compiled("def f(x): return jit.activation_forward(x, 'rellu')")(X)


SHAPES = "wants x (n, i), w (i, o), b (o,), out (n, o), and the shapes of these do not fit"


@pytest.mark.parametrize(
    "given",
    [(X, W[:6], B, np.ones((5, 9))), (X, W, B[:8], np.ones((5, 9))), (X, W, B, np.ones((4, 9))), (X, W, B, X)],
)
def test_shapes_that_do_not_fit(given: Any) -> None:
    own = compiled("def f(x, w, b, out): return jit.dense_forward(x, w, b, 'relu', out)")
    with pytest.raises(ValueError) as error:
        own(*given)
    assert SHAPES in str(error.value)


def test_outputs_that_share_memory() -> None:
    own = compiled("def f(z, out): return jit.activation_forward(z, 'relu', out)")
    memory = np.zeros((8, 9))
    with pytest.raises(ValueError, match="z and out share memory, of which one is written"):
        own(memory[:5], memory[3:])
    own(memory[:4], memory[4:])
    step = compiled("def f(params, d_params, v): return jit.adagrad_step(params, d_params, v)")
    with pytest.raises(ValueError, match="params and v share memory"):
        step(memory[0], memory[1], memory[0])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("jit.dropout(x, number, 1, 1)", "rate is out of its range, wanted a number in [0, 1)"),
        ("jit.clip_by_value(x.ravel(), -number)", "limit is out of its range, wanted a number above 0"),
        ("jit.dropout(x, 0.5, -int(number), 1)", "seed is out of its range, wanted at least 0"),
        ("jit.adam_step(x[0], x[1], x[2], x[3], 0)", "step is out of its range, wanted at least 1"),
        ("jit.adam_step(x[0], x[1], x[2], x[3], 1, beta_1=number)", "beta_1 is out of its range, wanted a number in"),
        (
            f"jit.activation_forward(x, {len(ACTIVATIONS)} * int(number))",
            f"activation is a code below 0, or of {len(ACTIVATIONS)} or more",
        ),
        ("jit.link(x, -int(number))", f"loss is a code below 0, or of {len(LOSSES)} or more"),
    ],
)
def test_numbers_out_of_their_range(call: str, message: str) -> None:
    with pytest.raises(ValueError) as error:
        compiled(f"def f(x, number): return {call}")(np.ones((5, 7)), 1.0)
    assert message in str(error.value)


def test_a_function_of_ones_own_is_refused_by_name() -> None:
    own = Activation("snake", value=lambda z: z, slope=lambda z, a: 1.0)
    for source, given in (("def f(x, a): return jit.activation_forward(x, a)", (X, own)),
                          ("def f(x): return jit.activation_forward(x, OWN)", (X,))):  # fmt: skip
        with pytest.raises(TypeError, match="'snake' is an activation of your own, and fastnn.jit takes those of the"):
            compiled(source, OWN=own)(*given)
