"""Functions put together at random: values as Python computes them, slopes as differences show them."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from compiled_tiles import differences, run_loss

pytestmark = pytest.mark.jit

OF_ONE = (
    "math.exp math.tanh math.sin np.cos math.erf np.expm1 math.atan abs np.abs math.asinh math.erfc np.cbrt".split()
)
OF_POSITIVE = "math.sqrt math.log math.log1p np.log2".split()
OF_TWO = "max min np.maximum np.minimum math.hypot np.logaddexp math.atan2".split()
Y = 0.7
Z = np.linspace(-2.5, 2.5, 41) + 0.00137  # not where there may be a kink


def _expression(rng: random.Random, depth: int) -> str:
    """Python's text of a function of z and y."""
    if depth == 0:
        return rng.choice(["z", "z", "z", "y", "0.5", "2", "-1.3"])

    def part() -> str:
        return _expression(rng, depth - 1)

    kinds = {
        "sum": lambda: f"({part()} {rng.choice('+-**/')} {part()})",
        "one": lambda: f"{rng.choice(OF_ONE)}({part()})",
        "positive": lambda: f"{rng.choice(OF_POSITIVE)}(abs({part()}) + 0.1)",
        "two": lambda: f"{rng.choice(OF_TWO)}({part()}, {part()})",
        "if": lambda: f"({part()} if {part()} {rng.choice(['<', '>=', '!='])} {part()} else {part()})",
        "and": lambda: f"({part()} if {part()} < {part()} and not {part()} > 1 else {part()})",
        "where": lambda: f"np.where({part()} > {part()}, {part()}, {part()})",
        "power": lambda: f"({part()}) ** {rng.choice(['2', '3', '-1', '5'])}",
        "negative": lambda: f"-({part()})",
    }
    return kinds[rng.choice([*kinds])]()


def _function(seed: int):
    """A random function that Python can compute, and that is of ordinary size."""
    rng = random.Random(seed)
    while True:
        text = _expression(rng, 3)
        function = eval(f"lambda z, y: {text}", {"math": math, "np": np})
        try:
            values = [float(function(z, Y)) for z in Z]
        except (ArithmeticError, ValueError):
            continue
        if "z" in text and text.count(" if ") < 4 and np.isfinite(values).all() and np.abs(values).max() < 1e3:
            return function


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_random_function(seed):
    function = _function(seed)
    z = Z
    values, slopes = run_loss(function, z, np.full_like(z, Y))
    expected = [float(function(each, Y)) for each in z]
    np.testing.assert_allclose(values, expected, rtol=1e-11, atol=1e-11)
    steps = [differences(lambda x: function(x, Y), z[1:-1], h) for h in (1e-3, 5e-4)]
    is_smooth = np.isclose(*steps, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(slopes[1:-1][is_smooth], steps[1][is_smooth], rtol=1e-5, atol=1e-5)
