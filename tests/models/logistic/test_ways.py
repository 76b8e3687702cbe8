"""The way of X through linear models, and what their predictions share."""

from __future__ import annotations

from typing import Any
from weakref import ref

import numpy as np
import pytest
from scipy.sparse import csr_array
from ways import require_short, way_of

from fastnn import LogisticRegression, Neuron

SHAPE = (203, 5)
X = np.random.default_rng(0).normal(size=SHAPE)
Y = (X[:, 0] + 0.1 * X[:, 1] > 0).astype(int)
ROW = X[:1].copy()


@pytest.mark.parametrize(
    "options", [{}, {"solver": "lbfgs"}, {"solver": "saga"}, {"l1_ratio": 1}, {"warm_start": True}]
)
def test_a_fit(options: dict[str, Any]) -> None:
    model = LogisticRegression(**options).fit(X, Y)
    way = way_of(lambda: model.fit(X, Y), SHAPE, "solvers/objective/data.py:call")
    assert "solvers/objective/data.py:call" in way.functions
    require_short(way, 12, 6)


@pytest.mark.parametrize("method", ["predict_proba", "predict", "decision_function", "predict_log_proba"])
def test_one_row(method: str) -> None:
    ask = getattr(LogisticRegression().fit(X, Y), method)
    require_short(way_of(lambda: ask(ROW), (1, 5), "models/common/answers.py:answer_at_once"), 4, 3)


@pytest.mark.filterwarnings("ignore:The neuron still improves")
@pytest.mark.parametrize(("method", "functions", "files"), [("predict_proba", 4, 3), ("predict", 5, 4)])
def test_one_row_for_a_neuron(method: str, functions: int, files: int) -> None:
    """Whose `predict` asks first whether it has classes."""
    ask = getattr(Neuron(max_iter=2).fit(X, Y), method)
    require_short(way_of(lambda: ask(ROW), (1, 5), "models/common/answers.py:answer_at_once"), functions, files)


def test_predictions_share_a_plan_and_an_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    model = LogisticRegression().fit(X, Y)
    model.predict_proba(X[:1])
    monkeypatch.setattr("fastnn.models.common.answers.Engine", lambda *_: pytest.fail("another engine was built"))
    monkeypatch.setattr("fastnn.models.common.linear.linear_plan", lambda *_: pytest.fail("another plan was built"))
    before = model.predict_proba(X)
    model.coef_ = 2 * model.coef_
    doubled = model.predict_proba(X)
    assert (doubled != before).any()
    model.coef_ /= 2
    np.testing.assert_array_equal(model.predict_proba(X), before)
    model.intercept_[:] = 100
    assert (model.predict(X) == 1).all()


def test_a_sparse_x_is_not_kept() -> None:
    """The engine that predictions share would keep the matrix that it has checked last."""
    model = LogisticRegression().fit(X, Y)
    sparse = csr_array(X)
    model.predict(sparse)
    gone = ref(sparse)
    del sparse
    assert gone() is None
