"""Learning rates as functions of the step."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from fastnn import MLPClassifier, Neuron
from fastnn.schedules import Constant, Cosine, Exponential, InverseScaling, OneCycle, Plateau, Step

ALL = [
    Constant(0.1),
    Step(0.1, every=7),
    Exponential(0.1, decay=0.9),
    InverseScaling(0.1, power=0.5, batch_size=32),
    Cosine(0.1, steps=50),
    Cosine(0.1, steps=50, warm_up=11, final=0.01),
    OneCycle(0.1, steps=50),
]
each = pytest.mark.parametrize("schedule", ALL, ids=str)


@each
def test_rates_are_a_function_of_the_step(schedule):
    """In one piece or in many, the same numbers."""
    whole = schedule.rates(0, 60)
    assert whole.dtype == np.float64
    assert whole.shape == (60,)
    pieces = [schedule.rates(0, 13), schedule.rates(13, 0), schedule.rates(13, 47)]
    np.testing.assert_array_equal(np.concatenate(pieces), whole)


@pytest.mark.parametrize(
    "schedule",
    [
        Constant(1),
        Step(1, every=7, factor=1),
        Exponential(1, decay=1),
        InverseScaling(1, 0, 32),
        Cosine(1, 50, final=1),
    ],
    ids=str,
)
def test_whole_numbers_give_floats(schedule):
    assert schedule.rates(0, 60).dtype == np.float64


class _Whole:
    """A user's schedule, which gives integers."""

    def rates(self, first_step, n_steps):
        return [1] * n_steps


@pytest.mark.parametrize("schedule", [Constant(1), Constant(np.float32(1)), _Whole()])
@pytest.mark.parametrize("kind", [Neuron, MLPClassifier])
def test_training_takes_whole_numbers(kind, schedule, rng):
    x = rng.normal(size=(30, 2))
    settings = {"max_iter": 2, "tol": 0, "random_state": 0}
    with pytest.warns(ConvergenceWarning):
        found = kind(learning_rate=schedule, **settings).fit(x, x[:, 0] > 0)
    with pytest.warns(ConvergenceWarning):
        wanted = kind(learning_rate=Constant(1.0), **settings).fit(x, x[:, 0] > 0)
    np.testing.assert_array_equal(found.predict_proba(x), wanted.predict_proba(x))


@each
def test_rates_are_never_negative_nor_above_the_peak(schedule):
    rates = schedule.rates(0, 200)
    assert (rates >= 0).all()
    assert rates.max() <= 0.1 * (1 + 1e-15)


def test_constant():
    np.testing.assert_array_equal(Constant(0.3).rates(5, 3), [0.3, 0.3, 0.3])


def test_step():
    rates = Step(1.0, every=2, factor=0.5).rates(1, 5)
    np.testing.assert_allclose(rates, [1.0, 0.5, 0.5, 0.25, 0.25])


def test_exponential():
    np.testing.assert_allclose(Exponential(2.0, 0.5).rates(1, 3), [1.0, 0.5, 0.25])


def test_inverse_scaling():
    rates = InverseScaling(1.0, 0.5, batch_size=8).rates(0, 3)
    np.testing.assert_allclose(rates, [1.0, 9**-0.5, 17**-0.5])


def test_cosine():
    rates = Cosine(1.0, steps=4, final=0.5).rates(0, 6)
    near = 0.25 * math.cos(math.pi / 4)
    np.testing.assert_allclose(rates, [1.0, 0.75 + near, 0.75, 0.75 - near, 0.5, 0.5])
    warm = Cosine(1.0, steps=6, warm_up=2).rates(0, 3)
    np.testing.assert_allclose(warm, [0.5, 1.0, 1.0])


def test_one_cycle():
    schedule = OneCycle(1.0, steps=10, rise=0.4, start_divisor=10, final_divisor=100)
    rates = schedule.rates(0, 12)
    assert rates[0] == pytest.approx(0.1)
    assert rates[4] == pytest.approx(1.0)
    assert rates[10] == rates[11] == pytest.approx(0.01)
    assert rates[2] == pytest.approx(0.55)  # half way up
    assert rates[7] == pytest.approx(0.505)  # half way down
    assert (np.diff(rates[:5]) > 0).all()
    assert (np.diff(rates[4:11]) < 0).all()


@pytest.mark.parametrize(
    ("schedule", "given"),
    [
        (Constant(0.1), {"learning_rate": 0.0}),
        (Step(0.1, every=2), {"every": 0}),
        (Step(0.1, every=2), {"factor": 0.0}),
        (Exponential(0.1, decay=0.5), {"decay": 1.1}),
        (Cosine(0.1, steps=5), {"warm_up": 5}),
        (Cosine(0.1, steps=5), {"final": 0.2}),
        (OneCycle(0.1, steps=5), {"steps": 0}),
        (OneCycle(0.1, steps=5), {"rise": 1.0}),
        (OneCycle(0.1, steps=5), {"start_divisor": 0.5}),
        (OneCycle(0.1, steps=5), {"final_divisor": 0.0}),
        (Plateau(0.1), {"learning_rate": 0.0}),
        (Plateau(0.1), {"factor": 1.0}),
        (Plateau(0.1), {"patience": -1}),
        (Plateau(0.1), {"tol": -1.0}),
        (Plateau(0.1), {"final": 0.2}),
    ],
    ids=str,
)
def test_out_of_range(schedule, given):
    (name,) = given
    with pytest.raises(ValueError, match=name):
        replace(schedule, **given)
