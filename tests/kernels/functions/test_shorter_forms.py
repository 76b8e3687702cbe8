"""Shorter forms of what a function says, with the same results: one division for two ways, half an exponential."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite")
from compiled_tiles import Tile, guarded, require_guards, run_activation

from fastnn.kernels.jit.functions import tile_text, tiles

pytestmark = pytest.mark.jit
DTYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def _two_quotients(z: float) -> float:
    return (z + 1.0) / (1.0 + z * z) if z > 0.5 else z / (2.0 + z * z)


def _two_products(z: float) -> float:
    return z * (z + 2.0) if z > 0.5 else (z - 3.0) * z


def _instructions(value: Any, *words: str) -> list[int]:
    """How often words stand in the function that gives a value alone."""
    text = tiles._activation_text(value, lambda z, a: 1.0, np.float32)
    body = text[text.index("@value") : text.index("@both")]
    return [body.count(f" {word} ") for word in words]


def test_two_ways_that_divide_divide_once():
    assert _instructions(_two_quotients, "fdiv") == [1]
    assert _instructions(_two_products, "fmul") == [1]


@DTYPES
@pytest.mark.parametrize("function", [_two_quotients, _two_products])
def test_they_give_what_each_way_gives(function, dtype):
    z = np.linspace(-3, 3, 301, dtype=dtype)
    a, _ = run_activation(function, z)
    wanted = [function(float(each)) for each in z]
    np.testing.assert_allclose(a, wanted, rtol=4 * float(np.finfo(dtype).eps), atol=float(np.finfo(dtype).eps))


LONG_FORM = {"exp": lambda z: math.exp(z), "expm1": lambda z: math.expm1(z)}
NEVER_POSITIVE = {
    "exp": [
        lambda z: math.exp(-abs(z)),
        lambda z: math.exp(-0.5 * z * z),
        lambda z: math.exp(z / 2.0) if z < 0.0 else 1.0,
        lambda z: 1.0 if z >= -0.5 else math.exp(3.0 * z),
    ],
    "expm1": [lambda z: z if z >= 0.0 else math.expm1(z), lambda z: math.expm1(-abs(z))],
}
MAYBE_POSITIVE = [
    lambda z: math.exp(abs(z)),
    lambda z: math.exp(z * z),
    lambda z: math.exp(-z) if z < 0.0 else 1.0,
    lambda z: math.exp(z) if z < 1.0 else 1.0,
    lambda z: math.exp(-0.5 * z) if z <= 0.0 else 1.0,
]


EXPONENTIALS = [*NEVER_POSITIVE["exp"], *NEVER_POSITIVE["expm1"], *MAYBE_POSITIVE]


@pytest.mark.parametrize("name", NEVER_POSITIVE)
def test_an_exponential_is_shorter_where_the_argument_is_never_positive(name, monkeypatch):
    monkeypatch.setattr(tiles, "has_scale", lambda: False)  # with which no exponential shifts
    shifts = _instructions(LONG_FORM[name], "shl")
    for function in NEVER_POSITIVE[name]:
        assert _instructions(function, "shl") < shifts
    if name == "exp":
        for function in MAYBE_POSITIVE:
            assert _instructions(function, "shl") == shifts


def test_a_choice_by_where_compares_once():
    assert _instructions(lambda z: np.where(z > 0.0, z, -0.5 * z), "fcmp") == [1]


@pytest.mark.parametrize("name", ["exp", "exp2"])
def test_a_power_of_two_is_one_operation_where_the_machine_has_it(name, monkeypatch):
    function = {"exp": lambda z: math.exp(z), "exp2": lambda z: np.exp2(z)}[name]
    monkeypatch.setattr(tile_text, "vector_bits", lambda: 512)
    found = []
    for answer in (True, False):
        monkeypatch.setattr(tiles, "has_scale", lambda answer=answer: answer)
        found.append(_instructions(function, "@llvm.x86.avx512.mask.scalef.ps.512(<16", "shl"))
    (scaled, no_shifts), (none, shifts) = found
    assert (scaled, no_shifts, none) == (2, 0, 0) and shifts > 0  # two vectors a step


@DTYPES
@pytest.mark.parametrize("function", EXPONENTIALS, ids=range(len(EXPONENTIALS)))
def test_a_power_of_two_has_the_same_bits_in_one_operation_as_in_several(function, dtype, monkeypatch):
    z = np.concatenate(
        [np.linspace(-120, 100, 2_001), np.linspace(-760, 720, 2_001), [0.0, -0.0, np.nan, np.inf, -np.inf]]
    )
    here = run_activation(function, z.astype(dtype))
    monkeypatch.setattr(tiles, "has_scale", lambda: False)
    for got, wanted in zip(run_activation(function, z.astype(dtype)), here, strict=True):
        np.testing.assert_array_equal(got, wanted)


@DTYPES
@pytest.mark.parametrize("function", EXPONENTIALS, ids=range(len(EXPONENTIALS)))
def test_short_or_long_it_is_as_exact(function, dtype):
    z = np.array([0.0, -0.0, np.nan, np.inf, -np.inf, 1e-30, -1e-30, -1e4, *np.linspace(-60, 8, 500)], dtype)
    a, _ = run_activation(function, z)
    tile, again = Tile(tiles.activation_tile_code(function, None, dtype), 3), guarded(z)
    tile(z.size, z, again, None)  # the value alone has the same bits
    require_guards(again)
    np.testing.assert_array_equal(again, a)
    for each, got in zip(z, a, strict=True):
        try:
            wanted = function(float(each))
        except OverflowError:
            wanted = math.inf
        with np.errstate(over="ignore"):
            wanted = dtype(wanted)
        np.testing.assert_allclose(got, wanted, rtol=40 * float(np.finfo(dtype).eps), atol=1e-37)
        assert wanted != 0 or np.signbit(got) == np.signbit(wanted)
