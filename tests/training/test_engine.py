"""An engine in the hands of several callers."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from random_sparse import random_array

from fastnn.layers import Dense
from fastnn.plan import Plan
from fastnn.training import engine as module
from fastnn.training.engine import Engine


def engine_of(n_inputs: int, backend: str = "native") -> Engine:
    return Engine(Plan.from_layers([Dense(3, "tanh"), Dense(1)], n_inputs, "squared_error", "float64"), backend)


@pytest.mark.parametrize("backend", ["native", "reference"])
def test_one_run_at_a_time_keeps_its_vectors(backend: str) -> None:
    engine = engine_of(4, backend)
    with engine.kept():
        workspace = engine._workspace
        if backend == "native":
            with pytest.raises(RuntimeError, match=r"at work on another run.*copy\.copy"), engine.kept():
                raise AssertionError("two runs share a workspace")
        with copy.copy(engine_of(4, backend)).kept():
            assert engine._workspace is workspace
    with engine.kept():  # not for ever
        pass


class Interrupted(Engine):
    """One that another thread asks for its own rows, just after those of this one have been read."""

    others: Any = None

    @property
    def _checked(self) -> Any:
        return self.read

    @_checked.setter
    def _checked(self, read: Any) -> None:
        self.read, other = read, self.others
        self.others = None
        if other is not None:
            self._matrix(other)


def test_a_sparse_x_is_the_callers_own() -> None:
    plan = engine_of(4).plan
    mine, other = (random_array((5, 4), density=0.5, rng=seed, format="csr") for seed in (0, 1))
    engine, params = Interrupted(plan), np.linspace(-1, 1, plan.n_params)
    engine.others = other
    np.testing.assert_array_equal(engine.forward(params, mine), engine.forward(params, mine.toarray()))


def test_few_rows_are_made_dense_where_they_are_wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the reference, which alone has no sparse kernels."""
    monkeypatch.setattr(module, "_BLOCK_BYTES", 5 * 40 * 8 + 1)
    x = random_array((23, 40), density=0.2, rng=0, format="csr")
    engine = engine_of(40, "reference")
    params = np.linspace(-1, 1, engine.plan.n_params)
    kernel, taken = engine._kernels.network_forward, []

    def forward(plan: Any, params: Any, rows: Any, *rest: Any) -> None:
        taken.append(rows.shape[0])
        kernel(plan, params, rows, *rest)

    monkeypatch.setattr(engine._kernels, "network_forward", forward)
    found = engine.forward(params, x)
    assert taken == [5, 5, 5, 5, 3]
    monkeypatch.undo()
    np.testing.assert_allclose(found, engine.forward(params, x.toarray()), rtol=1e-12)
