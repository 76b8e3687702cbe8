"""What the passes of logistic regression cost, in gradients: the model by which solvers are chosen."""

from __future__ import annotations

import numpy as np

from fastnn.solvers.objective.logistic import LogisticObjective

__all__ = ["factor_cost", "gram_cost", "hessian_cost", "hessian_pays", "newton_pays"]

# Multiply-adds of which a Hessian does one per element and pair of features: fitted to times of the compiled passes on
# one core. A link is an exp, a logarithm and two divisions; a product of matrices does eight multiply-adds in the time
# that a gradient, which waits for memory, takes for one.
_LINK = 60.0
_PER_ELEMENT = 6.0
_CALL = 1e6  # of a pass from Python
_MOST_PARAMS = 3000  # of a Hessian that is factored
_GRADIENTS = 50.0  # that L-BFGS needs; Newton's method needs about three Hessians


def _filled(objective: LogisticObjective) -> float:
    """Elements of a row that are stored, its column of ones counted."""
    x = objective.x
    filled = x.shape[1] if isinstance(x, np.ndarray) else float(x.nnz) / max(len(objective.y), 1)
    return filled + float(objective.fit_intercept)


def _gradient(objective: LogisticObjective) -> float:
    """What a gradient costs, in multiply-adds of a product of matrices."""
    return len(objective.y) * objective.outputs * (_PER_ELEMENT * _filled(objective) + _LINK) + _CALL


def hessian_cost(objective: LogisticObjective) -> float:
    """What a Hessian costs, in gradients."""
    filled, o = _filled(objective), objective.outputs
    return 1.0 + len(objective.y) * filled * filled * o * (o + 1) / 2 / _gradient(objective)


def factor_cost(objective: LogisticObjective, p: float | None = None) -> float:
    """What a Cholesky factor of p parameters costs, in gradients; of all parameters by default."""
    p = float(objective.n_params if p is None else p)
    return p * p * p / 3 / _gradient(objective)


def gram_cost(objective: LogisticObjective, step: int) -> float:
    """What the second derivatives by one output's parameters, from every `step`-th row, and their factor cost."""
    filled = _filled(objective)
    gram = len(objective.y) / step * filled * filled / _gradient(objective)
    return gram + factor_cost(objective, objective.n_params / objective.outputs)


def hessian_pays(objective: LogisticObjective, gradients: float) -> bool:
    """Whether a Hessian and its factor cost at most so many gradients."""
    cost = hessian_cost(objective) + factor_cost(objective)
    return objective.n_params <= _MOST_PARAMS and cost <= gradients


def newton_pays(objective: LogisticObjective) -> bool:
    """Whether Newton's method, with its Hessians, is quicker than L-BFGS."""
    return hessian_pays(objective, _GRADIENTS / 3)
