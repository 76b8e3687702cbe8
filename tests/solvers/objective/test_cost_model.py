"""The model of costs by which a solver is chosen."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from drawn_logistic import draw, problem

from fastnn.solvers.objective.cost_model import factor_cost, gram_cost, hessian_cost, newton_pays


def test_the_cost_model_chooses() -> None:
    assert newton_pays(problem(*draw(1000, 20, 2)))
    assert newton_pays(problem(*draw(150, 4, 3)))
    assert not newton_pays(problem(np.ones((50, 4000)), np.arange(50, dtype=np.int32) % 2))
    assert not newton_pays(problem(np.ones((100, 200)), np.arange(100, dtype=np.int32) % 10))
    dense = problem(np.ones((1000, 100)), np.arange(1000, dtype=np.int32) % 2)
    thin = problem(sp.csr_array(np.eye(1000, 100)), dense.y)
    assert hessian_cost(thin) < 2 < hessian_cost(dense)
    assert gram_cost(dense, 5) < gram_cost(dense, 1)
    assert factor_cost(dense) < 10
