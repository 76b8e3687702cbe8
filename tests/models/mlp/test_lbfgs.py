"""An MLP's L-BFGS where numbers are not finite: at the first weights, on the way, and in the network's own dtype."""

from __future__ import annotations

import copy
import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from fastnn import MLPClassifier, MLPRegressor
from fastnn.models.mlp import lbfgs as mlp_lbfgs
from fastnn.solvers.objective.types import Solution

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3))
Y = X[:, 0] + 0.1 * RNG.normal(size=40)
OPTIONS: dict[str, Any] = {"solver": "lbfgs", "random_state": 0, "max_iter": 30}

OVERFLOWS: dict[str, tuple[Any, Any, Any]] = {
    "loss": (MLPRegressor(hidden_layer_sizes=(4,), **OPTIONS), X, 1e200 * Y),
    "z": (MLPRegressor(hidden_layer_sizes=(4,), **OPTIONS), 1e200 * X, Y),
    "no hidden layer": (MLPRegressor(hidden_layer_sizes=(), **OPTIONS), 1e200 * X, Y),
    "gradient": (MLPClassifier((), **OPTIONS), 1e200 * X, np.arange(40) % 2),
    "penalty": (MLPClassifier((4,), alpha=1e308, **OPTIONS), X, Y > 0),
    "exponentials": (MLPRegressor(hidden_layer_sizes=(4,), loss="poisson", **OPTIONS), 1e4 * X, abs(Y)),
    "no iteration": (MLPRegressor(hidden_layer_sizes=(4,), **(OPTIONS | {"max_iter": 1})), X, 1e200 * Y),
}


@pytest.mark.parametrize("warm_start", [False, True])
@pytest.mark.parametrize("what", OVERFLOWS)
def test_what_overflows_at_the_first_weights_is_an_error_that_changes_nothing(what: str, warm_start: bool) -> None:
    model, x, y = OVERFLOWS[what]
    model = copy.deepcopy(model).set_params(warm_start=warm_start)
    with pytest.raises(ValueError, match="non-finite parameter weights.*large values.*at the first weights"):
        model.fit(x, y)
    assert not hasattr(model, "coefs_")
    given = model.get_params()
    with warnings.catch_warnings(action="ignore"):
        model.set_params(alpha=1.0, max_iter=2).fit(X, y if isinstance(model, MLPClassifier) else abs(Y))
    before = {name: copy.deepcopy(getattr(model, name)) for name in ("coefs_", "loss_", "n_iter_", "history_")}
    with pytest.raises(ValueError, match="non-finite"):
        model.set_params(**given).fit(x, y)
    for name, value in before.items():
        np.testing.assert_equal(getattr(model, name), value)


def test_large_numbers_that_can_be_had_are_fitted(dtype: Any) -> None:
    model = MLPClassifier((4,), **OPTIONS).fit((1e30 * X).astype(dtype), Y > 0)
    assert 0 <= model.loss_ < 0.01


def test_a_loss_that_overflows_later_keeps_the_iteration_before(monkeypatch: pytest.MonkeyPatch) -> None:
    made = mlp_lbfgs._objective

    def objective_of(*given: Any) -> Any:
        objective, n = made(*given), 0

        def evaluate(params: np.ndarray) -> tuple[float, np.ndarray]:
            nonlocal n
            n += 1
            loss, d_params = objective(params)
            return (loss, d_params) if n <= 6 else (np.nan, np.full_like(d_params, np.nan))

        return evaluate

    monkeypatch.setattr(mlp_lbfgs, "_objective", objective_of)
    model = MLPRegressor(hidden_layer_sizes=(4,), **OPTIONS)
    with pytest.warns(ConvergenceWarning, match=r"lbfgs failed to converge after [1-9]"):
        model.fit(X, Y)
    assert np.isfinite(model.loss_)
    assert model.loss_ == pytest.approx(np.mean((model.predict(X) - Y) ** 2) / 2, rel=0.01)
    assert model.loss_ < np.var(Y) / 2


def test_weights_that_the_dtype_cannot_hold_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def lbfgs(objective: Any, start: np.ndarray, **options: Any) -> Solution:
        return Solution(np.full_like(start, 1e300), 0.5, 3, True)

    monkeypatch.setattr(mlp_lbfgs, "scipy_lbfgs", lbfgs)
    model = MLPClassifier((), **OPTIONS)
    with pytest.raises(ValueError, match="non-finite parameter weights"):
        model.fit(X.astype(np.float32), Y > 0)
    assert not hasattr(model, "coefs_")
