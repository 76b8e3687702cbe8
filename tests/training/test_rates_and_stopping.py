"""Learning rates by the epoch, and when training no longer improves."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fastnn.schedules import Exponential, Plateau
from fastnn.training.epoch import Epoch
from fastnn.training.rates import Adaptive, ConstantRate, InverseScalingRate, Scheduled, by_name, scheduled
from fastnn.training.stopping import Stopping, by_score, by_validation_loss


def epoch(loss: float, params: float = 0.0, score: float | None = None) -> Epoch:
    return Epoch(1, loss, 0.1, np.array([params]), validation_score=score)


def stopped_after(stopping: Stopping, losses: list[float]) -> int:
    """Epochs until training ends; 0 if it does not."""
    for number, loss in enumerate(losses, start=1):
        if stopping(epoch(loss, loss)):
            return number
    return 0


def test_inverse_scaling_by_a_power_that_overflows() -> None:
    rate = by_name("invscaling", 0.5, 1e300)
    rate.epoch_ended(10)
    assert rate.rates(0, 1).tolist() == [0.0]


def test_inverse_scaling_starts_with_the_second_epoch() -> None:
    rate = by_name("invscaling", 0.5, 0.25)
    assert rate.rates(0, 2).tolist() == [0.5, 0.5]
    rate.epoch_ended(15)
    assert rate.rates(2, 1)[0] == pytest.approx(0.5 / 16**0.25)
    assert rate.stalled()
    assert rate == InverseScalingRate(0.5, 0.25)


def test_adaptive_divides_by_five_down_to_a_millionth() -> None:
    rate = by_name("adaptive", 1e-4, 0.5)
    assert isinstance(rate, Adaptive)
    going_on = [rate.stalled() for _ in range(4)]
    assert going_on == [False, False, False, True]
    assert rate.rates(0, 1)[0] == pytest.approx(1e-4 / 125)
    assert rate == Adaptive(1e-4) != Adaptive(1e-3)


def test_constant_and_scheduled() -> None:
    assert by_name("constant", 0.1, 0.5) == ConstantRate(0.1)
    rate = Scheduled(Exponential(1.0, 0.5))
    assert rate.rates(2, 2).tolist() == [0.25, 0.125]
    assert rate.stalled()
    with pytest.raises(ValueError, match="Did you mean 'invscaling'"):
        by_name("invscale", 0.1, 0.5)


@pytest.mark.parametrize(
    ("losses", "after"),
    [
        ([5, 4, 3, 2, 1], 0),
        ([5, 4, 4, 4, 4], 5),  # three in a row is more than two
        ([5, 4.95, 4.9, 4.85], 4),  # better, but by less than tol
        ([5, 4, 4, 3, 3, 3, 3], 7),
        ([5, math.nan, math.nan, math.nan], 4),
    ],
)
def test_patience(losses: list[float], after: int) -> None:
    stopping = Stopping(tol=0.1, patience=2, rate=ConstantRate(1.0))
    assert stopped_after(stopping, losses) == after
    if not any(map(math.isnan, losses)):
        assert -stopping.best == min(losses)


def test_a_rate_that_can_shrink_goes_on() -> None:
    rate = Adaptive(1e-5)
    stopping = Stopping(tol=0.1, patience=1, rate=rate)
    assert stopped_after(stopping, [1.0] * 20) == 7  # after epochs 3 and 5 the rate shrinks
    assert rate.current == pytest.approx(1e-5 / 25)


def test_a_rate_falls_on_a_plateau() -> None:
    rate = scheduled(Plateau(0.1, factor=0.5, patience=1, tol=0.1, final=0.02))
    assert rate == scheduled(Plateau(0.1, factor=0.5, patience=1, tol=0.1, final=0.02)) != scheduled(Plateau(0.1))
    seen = []
    for value in (1.0, 2.0, 2.05, 2.08, 3.0, math.nan, 3.0, 2.0, 2.0, 2.0, 2.0):
        rate.observe(value)
        seen.append(float(rate.rates(0, 1)[0]))
    np.testing.assert_allclose(seen, [0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.025, 0.025, 0.02, 0.02, 0.02])
    assert rate.stalled()


def test_stopping_tells_the_rate_what_it_watches() -> None:
    rate = scheduled(Plateau(1.0, factor=0.5, patience=0))
    stopping = Stopping(0.0, 9, rate, measure=by_score)
    for score in (0.1, 0.2, 0.1):
        assert not stopping(epoch(1.0, score=score))
    assert rate.rates(0, 1)[0] == 0.5


def test_an_epoch_without_what_is_watched_is_no_improvement() -> None:
    for measure in (by_score, by_validation_loss):
        stopping = Stopping(0.0, 1, ConstantRate(1.0), measure)
        assert stopped_after(stopping, [3, 2, 1]) == 2


def test_a_score_keeps_the_best_parameters() -> None:
    stopping = Stopping(0.0, 1, ConstantRate(1.0), by_score, keep_best=True)
    ended = [stopping(epoch(1.0, k, score)) for k, score in enumerate([0.5, 0.9, math.nan, 0.7])]
    assert ended == [False, False, False, True]
    assert stopping.best == 0.9
    assert stopping.best_params is not None
    assert stopping.best_params.tolist() == [1]
