"""Samples of the rows: which ones Newton's method begins with."""

from __future__ import annotations

import numpy as np
from drawn_logistic import draw, problem

from fastnn.solvers.smooth.newton_on_samples import sample_steps


def test_samples_have_every_class_and_enough_rows() -> None:
    x, y = draw(60_000, 10, 2)
    y[:] = 0
    y[:100] = 1
    assert 17 not in sample_steps(problem(x, y))
    assert sample_steps(problem(*draw(2000, 10, 2))) == ()
    assert sample_steps(problem(*draw(20_000, 100, 2))) == (5,)
    x, y = draw(60_000, 10, 2)
    assert sample_steps(problem(x, y, sample_weight=(np.arange(len(y)) % 17 > 0).astype(float))) == (5,)
