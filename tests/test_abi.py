"""The C interface: what repeats its list is fresh, it only grows, and its functions give the bits of fastnn.kernels."""

from __future__ import annotations

import ctypes
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from activation_cases import ALL as ALL_ACTIVATIONS
from c_calls import (
    OK,
    UNKNOWN,
    CActivation,
    CLoss,
    CNetwork,
    Head,
    OwnFunction,
    activation_struct,
    address_of,
    call,
    loss_struct,
    named,
    table,
)
from loss_cases import ALL as ALL_LOSSES
from loss_cases import IDS
from oracle import assert_guards, guarded
from recipe import ROOT, complaints_of_compiler, load_tool

import fastnn
from fastnn import _core, kernels
from fastnn.activations import ACTIVATIONS
from fastnn.kernels import abi
from fastnn.kernels.abi import FUNCTIONS
from fastnn.kernels.contract import KERNELS
from fastnn.losses import LOSSES

DTYPES = (np.float32, np.float64)
SHAPES = ((1, 1, 1), (1, 16, 16), (3, 5, 7), (17, 33, 9), (300, 20, 31))
NEEDS_TOOLS = pytest.mark.skipif(not (ROOT / "tools").is_dir(), reason="the tools do not lie beside the tests")


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


# --- the list, and what is written of it --------------------------------------------------------


@NEEDS_TOOLS
def test_what_is_generated_is_fresh() -> None:
    for path, text in load_tool("generate_abi").generated().items():
        assert path.read_text() == text, f"{path} is stale: run python tools/generate_abi.py"


@NEEDS_TOOLS
def test_a_stale_header_is_noticed() -> None:
    tool = load_tool("generate_abi")
    text = (ROOT / tool.HEADER).read_text()
    stale = text.replace("#define fastnn_loss_of FASTNN_TABLE->loss_of\n", "")
    assert stale != text
    assert tool.with_part(stale, "names", tool.names()) == text
    with pytest.raises(SystemExit, match="no lines between which 'nothing' could be written"):
        tool.with_part(text, "nothing", "")


def spelled(symbol: abi.Symbol) -> str:
    return f"{symbol.function.since} {symbol.name}({', '.join(each.type for each in symbol.parameters)})"


def test_the_table_only_grows() -> None:
    """Compiled programs read places of the table: to change one, or its arguments, breaks them."""
    known = (Path(__file__).parent / "data/abi.txt").read_text().splitlines()
    now = [spelled(symbol) for symbol in abi.symbols()]
    assert now[: len(known)] == known, "a function that there was has another place or other arguments"
    assert now == known, "add new functions to tests/data/abi.txt"
    assert max(function.since for function in FUNCTIONS) == abi.VERSION


def test_every_layer_kernel_has_its_functions() -> None:
    layers = {name for name, kernel in KERNELS.items() if kernel.storey == "layer"}
    assert layers <= {function.name for function in FUNCTIONS}


@NEEDS_TOOLS
def test_a_function_that_is_taken_away_leaves_a_stub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tool = load_tool("generate_abi")
    fewer = tuple(replace(each, removed="call others") if each.name == "link" else each for each in FUNCTIONS)
    monkeypatch.setattr(abi, "FUNCTIONS", fewer)
    written = tool.table()
    assert "table->link_float32 = removed;" in written
    assert "// Removed: call others" in tool.functions()
    assert tool.declarations() == (ROOT / "fastnn/_core.pxd").read_text()
    headers = ("layers", "network", "predict", "vectors", "table")
    program = "".join(f'#include "abi/{name}.hpp"\n' for name in headers)
    assert complaints_of_compiler(tmp_path, {"abi/table.hpp": written}, program + "auto* used = fastnn::fill;\n") == ""


def test_the_table_says_what_it_is() -> None:
    head = Head.from_address(_core.api_address())
    assert (head.version, head.library.decode()) == (abi.VERSION, fastnn.__version__)
    assert head.size == ctypes.sizeof(table(_core.api_address()))
    assert all(table(_core.api_address()))


# --- functions against kernels ------------------------------------------------------------------


def sizes(letters: str, shape: tuple[int, int, int]) -> tuple[int, ...]:
    n, i, o = shape
    return tuple({"n": n, "i": i, "o": o, "p": n * i + o}[letter] for letter in letters)


def option_of(name: str) -> Any:
    given = {"activation": "gelu", "loss": "poisson", "nesterov": True, "seed": 2**63 + 5, "step": 3, "layer": 1}
    return given.get(name, {"first_row": 2**40, "limit": 0.05, "rate": 0.25}.get(name, 0.125))


def in_c(name: str, value: Any) -> Any:
    if name == "activation":
        return activation_struct(value)
    return loss_struct(value) if name == "loss" else value


def both(name: str, dtype: Any, shape: tuple[int, int, int], rng: np.random.Generator, **options: Any) -> None:
    """Call a kernel of the contract in both ways, on arrays between guard cells."""
    given, wanted, arrays = [], [], []
    for argument in KERNELS[name].arguments:
        if argument.role == "option":
            value = options.get(argument.name, option_of(argument.name))
            given.append(in_c(argument.name, value))
            wanted.append(value)
            continue
        start = rng.random(sizes(argument.shape, shape)) * (1 if argument.role != "output" else np.nan)
        mine, other = (guarded(start, dtype, argument.role != "input") for _ in range(2))
        given.append(mine)
        wanted.append(other)
        arrays.append((argument.name, mine, other))
    numbers = [ctypes.c_double(np.nan) for _ in KERNELS[name].returns]
    used = {letter for argument in KERNELS[name].arguments for letter in argument.shape}
    ends = sizes("".join(letter for letter in "niop" if letter in used), shape)
    returned = getattr(kernels.kernels_for("native"), name)(*wanted, n_threads=1)
    assert call(name, dtype, *given, *numbers, *ends) == OK
    assert [number.value for number in numbers] == ([] if returned is None else [returned])
    for what, mine, other in arrays:
        np.testing.assert_array_equal(mine.view(np.uint8), other.view(np.uint8), what)
        assert_guards(what, mine)


LAYERS = [name for name, kernel in KERNELS.items() if kernel.storey == "layer"]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", LAYERS)
def test_functions_give_the_bits_of_kernels(name: str, dtype: Any, rng: np.random.Generator) -> None:
    for shape in SHAPES:
        both(name, dtype, shape, rng)


@pytest.mark.parametrize("activation", ALL_ACTIVATIONS.values(), ids=ALL_ACTIVATIONS)
@pytest.mark.parametrize("name", ["dense_forward", "activation_forward", "activation_backward"])
def test_all_activations_do(name: str, activation: Any, rng: np.random.Generator) -> None:
    if activation.has_slope or name != "activation_backward":
        both(name, np.float32, (3, 5, 19), rng, activation=activation)


@pytest.mark.parametrize("loss", ALL_LOSSES, ids=IDS)
@pytest.mark.parametrize("name", ["link", "loss_and_gradient"])
def test_all_losses_do(name: str, loss: Any, rng: np.random.Generator) -> None:
    both(name, np.float64, (3, 5, 4), rng, loss=loss)


@pytest.mark.parametrize("name", LAYERS)
def test_nothing_is_no_work(name: str, rng: np.random.Generator) -> None:
    for shape in ((0, 3, 4), (5, 3, 0), (5, 0, 3)):
        both(name, np.float32, shape, rng)


def test_many_rows_without_columns_take_no_time() -> None:
    assert call("activation_forward", np.float32, None, activation_struct("tanh"), None, 2**60, 0) == OK
    assert call("dense_forward", np.float32, None, None, None, activation_struct("tanh"), None, 2**60, 3, 0) == OK


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_tile_is_a_row_of_the_kernel(name: str, dtype: Any, rng: np.random.Generator) -> None:
    for count in (1, 7, 16, 19, 100):
        z = guarded(rng.normal(size=(1, count)), dtype, False)
        a, slope = (guarded(np.full((1, count), np.nan), dtype, True) for _ in range(2))
        has_slope = name not in ("softmax", "log_softmax", "sign")
        assert call("activation_tile", dtype, activation_struct(name), z, a, slope if has_slope else None, count) == OK
        np.testing.assert_array_equal(a, kernels.activation_forward(z, name))
        if has_slope:
            wanted = kernels.activation_backward(z, a, np.ones_like(z), name)
            np.testing.assert_allclose(slope, wanted, rtol=0, atol=8 * np.finfo(dtype).eps)
        assert_guards("a", a)
        assert_guards("slope", slope)


def test_a_tile_may_work_in_place(rng: np.random.Generator) -> None:
    z = rng.normal(size=23)
    wanted = kernels.activation_forward(z[None], "mish")[0]
    assert call("activation_tile", np.float64, activation_struct("mish"), z, z, None, 23) == OK
    np.testing.assert_array_equal(z, wanted)


def test_codes_that_there_are_not() -> None:
    for code in (-1, len(ACTIVATIONS), 2**31 - 1):
        assert named("activation_of")(code, ctypes.addressof(CActivation())) == UNKNOWN
    for code in (-1, len(LOSSES), 2**31 - 1):
        assert named("loss_of")(code, ctypes.addressof(CLoss())) == UNKNOWN


def test_listed_ones_have_their_defaults() -> None:
    for activation in ACTIVATIONS.values():
        found = CActivation()
        assert named("activation_of")(activation.code, ctypes.addressof(found)) == OK
        assert (found.code, tuple(found.parameters)[: len(activation.parameters)]) == (
            activation.code,
            activation.parameters,
        )
    links = list(_core.LINK_CODES)
    for loss in LOSSES.values():
        got = CLoss()
        assert named("loss_of")(loss.code, ctypes.addressof(got)) == OK
        assert (got.code, links[got.link], got.parameter) == (loss.code, loss.link, loss.parameter)


# --- functions of one's own ---------------------------------------------------------------------

TILE = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 4, ctypes.c_ssize_t)
LOSS_TILE = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 5, ctypes.c_ssize_t)


def view(address: int, count: int) -> np.ndarray[Any, Any]:
    return np.ctypeslib.as_array((ctypes.c_double * count).from_address(address))


@TILE
def cube(parameters: int, z: int, a: int, slope: int | None, count: int) -> None:
    scale = view(parameters, 1)[0]
    x = view(z, count).copy()
    view(a, count)[:] = scale * x**3
    if slope:
        view(slope, count)[:] = 3 * scale * x**2


@LOSS_TILE
def quartic(parameters: int, z: int, y: int, losses: int, d_z: int, count: int) -> None:
    r = view(z, count) - view(y, count)
    view(losses, count)[:] = r**4
    view(d_z, count)[:] = 4 * r**3


def own(function: Any, parameters: Any = None) -> OwnFunction:
    return OwnFunction(ctypes.cast(function, ctypes.c_void_p), parameters and address_of(parameters))


def test_an_activation_of_ones_own(rng: np.random.Generator) -> None:
    x, w = rng.normal(size=(5, 3)), rng.normal(size=(3, 4))
    out = np.full((5, 4), np.nan)
    scale = ctypes.c_double(0.5)
    activation = CActivation(-1, (0, 0), ctypes.pointer(own(cube, scale)))
    assert call("dense_forward", np.float64, x, w, None, activation, out, 5, 3, 4) == OK
    np.testing.assert_allclose(out, 0.5 * (x @ w) ** 3, rtol=1e-13)


def test_a_loss_of_ones_own(rng: np.random.Generator) -> None:
    z, y = rng.normal(size=(5, 3)), rng.normal(size=(5, 3))
    d_z, mean = np.full((5, 3), np.nan), ctypes.c_double(np.nan)
    loss = CLoss(-1, _core.LINK_CODES["exp"], 0, ctypes.pointer(own(quartic)))
    assert call("loss_and_gradient", np.float64, z, y, None, loss, d_z, mean, 5, 3) == OK
    np.testing.assert_allclose(mean.value, ((z - y) ** 4).sum() / 5, rtol=1e-13)
    np.testing.assert_allclose(d_z, 4 * (z - y) ** 3 / 5, rtol=1e-13)
    assert call("link", np.float64, z, loss, d_z, 5, 3) == OK
    np.testing.assert_allclose(d_z, np.exp(z), rtol=1e-13)


# --- networks -----------------------------------------------------------------------------------


def network_struct(network: fastnn.Network) -> tuple[CNetwork, Any]:
    """The struct, and what it points to."""
    plan = network.plan
    widths, bias = np.array(plan.widths, np.int64), np.array(plan.bias, np.int32)
    activations = (CActivation * plan.n_layers)(*map(activation_struct, plan.activations))
    struct = CNetwork(widths.ctypes.data, ctypes.addressof(activations), bias.ctypes.data, plan.n_layers)
    return struct, (widths, bias, activations)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("loss", ["squared_error", "cross_entropy", "poisson"])
@pytest.mark.parametrize("n", [1, 2, 33, 700])
def test_a_network_gives_the_bits_of_predict(n: int, loss: str, dtype: Any, rng: np.random.Generator) -> None:
    layers = [fastnn.Dense(64, "tanh"), fastnn.Dense(7, fastnn.activations.elu(0.5), bias=False), fastnn.Dense(3)]
    network = fastnn.Network(layers, n_inputs=10, loss=loss, dtype=dtype, random_state=0)
    x = rng.normal(size=(n, 10)).astype(dtype)
    struct, keeps = network_struct(network)
    for given, wanted in ((None, network.forward(x)), (loss_struct(loss), network.predict(x))):
        out = guarded(np.full((n, 3), np.nan), dtype, True)
        assert call("network_forward", dtype, struct, network.params, x, given, 0, out, n) == OK
        np.testing.assert_array_equal(out, wanted)
        assert_guards("out", out)
    del keeps


def test_both_classes_of_a_sigmoid_neuron(rng: np.random.Generator) -> None:
    network = fastnn.Network([fastnn.Dense(1)], n_inputs=10, loss="binary_cross_entropy", random_state=0)
    x = rng.normal(size=(50, 10)).astype(network.params.dtype)
    struct, keeps = network_struct(network)
    out = guarded(np.full((50, 2), np.nan), network.params.dtype, True)
    loss = loss_struct("binary_cross_entropy")
    assert call("network_forward", out.dtype, struct, network.params, x, loss, 1, out, 50) == OK
    z = network.forward(x)
    np.testing.assert_array_equal(out, kernels.link(np.hstack([-z, z]), "binary_cross_entropy"))
    del keeps
