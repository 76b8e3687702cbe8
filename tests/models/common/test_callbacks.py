"""What is called while a model trains: scikit-learn's protocol, plain functions, the history."""

from __future__ import annotations

import pickle
import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, cross_validate

from fastnn import LogisticRegression, LogisticRegressionCV, MLPClassifier, MLPRegressor, Neuron
from fastnn.models.logistic.cv import fit as fit_of_cv
from fastnn.solvers.minimise import minimise
from fastnn.solvers.objective.types import Solution

pytestmark = pytest.mark.filterwarnings(f"ignore::{ConvergenceWarning.__module__}.ConvergenceWarning")

X = np.random.default_rng(0).normal(size=(120, 3))
Y = np.where(X[:, 0] * X[:, 1] > 0, "yes", "no")
SMALL = {"hidden_layer_sizes": (5,), "max_iter": 4, "random_state": 0}


class Recorder:
    """Writes down every hook that is called."""

    def __init__(self, stop_after: int = 10**9) -> None:
        self.calls: list[str] = []
        self.seen: list[dict[str, Any]] = []
        self.stop_after = stop_after

    def setup(self, estimator: Any, context: Any) -> None:
        self.calls.append("setup")

    def teardown(self, estimator: Any, context: Any) -> None:
        self.calls.append("teardown")

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        self.calls.append(f"begin {context.task_name}")

    def on_fit_task_end(
        self, estimator: Any, context: Any, *, X: Any, y: Any, metadata: Any, fitted_estimator: Any
    ) -> bool:
        self.calls.append(f"end {context.task_name}")
        if context.task_name == "epoch" and fitted_estimator is not None:
            self.seen.append({"X": X, "y": y, "metadata": metadata, "model": fitted_estimator})
        return len(self.seen) >= self.stop_after


CHOICE = {"l1_ratios": (0,), "use_legacy_attributes": False, "scoring": "accuracy"}  # without a warning
EPOCH = ["begin epoch", "end epoch"]


@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
def test_hooks_are_called_in_order(solver: str) -> None:
    recorder = Recorder()
    model = MLPClassifier(solver=solver, **SMALL).set_callbacks(recorder).fit(X, Y)
    assert recorder.calls == ["setup", "begin fit", *EPOCH * 4, "end fit", "teardown"]
    last = recorder.seen[-1]
    assert last["X"] is X
    assert last["y"] is Y
    assert last["metadata"] is None
    np.testing.assert_array_equal(last["model"].predict_proba(X), model.predict_proba(X))
    assert [seen["model"].n_iter_ for seen in recorder.seen] == [1, 2, 3, 4]
    assert [seen["model"].loss_ for seen in recorder.seen] == model.history_["loss"]
    assert recorder.seen[1]["model"].history_["loss"] == model.history_["loss"][:2]


@pytest.mark.parametrize(
    "model",
    [
        MLPClassifier(**SMALL),
        MLPClassifier(**SMALL, solver="lbfgs"),
        Neuron(max_iter=2, random_state=0),
        LogisticRegression(max_iter=1),
        LogisticRegression(max_iter=1, C=np.inf, firth=True),
        LogisticRegressionCV(max_iter=1, Cs=2, cv=2, **CHOICE),
    ],
    ids=repr,
)
def test_the_last_hook_comes_before_a_warning_that_is_an_error(model: Any) -> None:
    recorder = Recorder()
    with warnings.catch_warnings(action="error"), pytest.raises(ConvergenceWarning):
        clone(model).set_callbacks(recorder).fit(X, Y)
    assert recorder.calls[-2:] == ["end fit", "teardown"]


def test_the_last_hook_comes_before_the_warning_of_a_refit(monkeypatch: pytest.MonkeyPatch) -> None:
    def without_end(*given: Any, **options: Any) -> Solution:
        return replace(minimise(*given, **options), converged=False)

    monkeypatch.setattr(fit_of_cv, "minimise", without_end)
    recorder = Recorder()
    model = LogisticRegressionCV(Cs=2, cv=2, **CHOICE).set_callbacks(recorder)
    with warnings.catch_warnings(action="error"), pytest.raises(ConvergenceWarning, match="in the refit"):
        model.fit(X, Y)
    assert recorder.calls[-2:] == ["end fit", "teardown"]


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_hook_may_stop(solver: str, recwarn: pytest.WarningsRecorder) -> None:
    recorder = Recorder(stop_after=2)
    model = MLPRegressor(solver=solver, **SMALL).set_callbacks(recorder).fit(X, X[:, 0])
    assert model.n_iter_ == 2
    assert recorder.calls.count("end epoch") == 2
    assert recorder.calls[-2:] == ["end fit", "teardown"]
    np.testing.assert_array_equal(model.coefs_[0], recorder.seen[-1]["model"].coefs_[0])
    assert not [str(warning.message) for warning in recwarn if "max_iter" in str(warning.message)]


def test_hooks_see_the_samples_that_train() -> None:
    """Those held out are left away, and feature names stay."""
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    recorder = Recorder()
    model = MLPClassifier(early_stopping=True, **SMALL).set_callbacks(recorder)
    model.fit(frame, Y, sample_weight=np.arange(1.0, 121))
    seen = recorder.seen[0]
    assert seen["X"].shape == (108, 3)
    assert list(seen["X"].columns) == ["a", "b", "c"]
    rows = seen["X"].index
    np.testing.assert_array_equal(seen["y"], Y[rows])
    np.testing.assert_array_equal(seen["metadata"]["sample_weight"], rows + 1)
    assert [seen["model"].score(frame, Y) > 0 for seen in recorder.seen] == [True] * 4


def test_partial_fit_is_a_fit_of_one_epoch() -> None:
    recorder = Recorder()
    model = MLPClassifier(**SMALL).set_callbacks(recorder)
    for _ in range(2):
        model.partial_fit(X, Y, classes=["no", "yes"])
    assert recorder.calls == ["setup", "begin fit", *EPOCH, "end fit", "teardown"] * 2
    assert len(model.history_["loss"]) == 2


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_in_a_hook_leaves_the_model_untouched(error: type[BaseException]) -> None:
    def fail(epoch: Any) -> None:
        raise error("no")

    recorder = Recorder()
    model = MLPClassifier(**SMALL).set_callbacks(recorder, fail)
    before = dict(vars(model))
    if error is ValueError:
        with pytest.raises(ValueError, match="no"):
            model.fit(X, Y)
        assert vars(model) == before
    else:  # Ctrl-C keeps the epoch that has just been finished
        with pytest.warns(ConvergenceWarning, match="interrupted after epoch 1"):
            model.fit(X, Y)
        assert model.n_iter_ == 1
    assert recorder.calls[-1] == "teardown"
    assert not hasattr(model, "_callback_fit_ctx")


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_function_is_a_callback(solver: str) -> None:
    seen = []

    def watch(epoch: Any) -> bool:
        assert not epoch.params.flags.writeable
        seen.append((epoch.number, epoch.loss))
        return epoch.number == 3

    model = clone(MLPClassifier(solver=solver, **SMALL).set_callbacks(watch)).fit(X, Y)
    assert seen == list(enumerate(model.history_["loss"], start=1))
    assert len(seen) == model.n_iter_ == 3
    model.set_callbacks().fit(X, Y)
    assert len(seen) == 3
    with pytest.raises(TypeError, match="FitCallback"):
        model.set_callbacks(3)
    with pytest.raises(TypeError, match="FitCallback"):
        model.set_callbacks(Recorder)


def test_functions_see_scores_and_rates() -> None:
    epochs = []
    schedule = {"solver": "sgd", "learning_rate": "invscaling", "learning_rate_init": 0.1}
    model = MLPClassifier(early_stopping=True, **schedule, **SMALL).set_callbacks(epochs.append).fit(X, Y)
    assert [epoch.validation_score for epoch in epochs] == model.validation_scores_
    assert model.history_["validation_score"] == model.validation_scores_
    assert model.history_["learning_rate"] == [epoch.learning_rate for epoch in epochs]
    assert epochs[0].learning_rate == 0.1 > epochs[1].learning_rate
    assert model.history_["loss"] == model.loss_curve_
    assert all(seconds > 0 for seconds in model.history_["seconds"])


def test_under_cross_validation_and_grid_search() -> None:
    monitor = ScoringMonitor(scoring="accuracy")
    model = MLPClassifier(**SMALL).set_callbacks(monitor)
    cross_validate(model, X, Y, cv=3)
    assert len(monitor.get_logs("all")) == 3
    log = monitor.get_logs().data
    assert [row["task_name"] for row in log] == ["fit", *["epoch"] * 4]
    assert all(0 < row["accuracy"] <= 1 for row in log)

    search = GridSearchCV(MLPClassifier(**SMALL), {"alpha": [0.1, 1.0]}, cv=2)
    search.set_callbacks(ProgressBar(max_propagation_depth=None)).fit(X, Y)
    assert not hasattr(search.best_estimator_, "_skl_callbacks")


def test_a_history_continues_as_the_losses_do() -> None:
    model = MLPClassifier(warm_start=True, **SMALL).fit(X, Y).fit(X, Y)
    assert model.history_["loss"] == model.loss_curve_
    assert {len(values) for values in model.history_.values()} == {8}
    model.set_params(warm_start=False).fit(X, Y)
    assert len(model.history_["loss"]) == 4
    assert pickle.loads(pickle.dumps(model)).history_["loss"] == model.history_["loss"]


@pytest.mark.parametrize("parameters", [{}, {"average": True}, {"activation": "sign"}, {"batch_size": 20}], ids=str)
def test_a_neuron_tells_of_every_pass(parameters: dict[str, Any]) -> None:
    recorder, epochs = Recorder(), []
    model = Neuron(max_iter=3, random_state=0, tol=0, **parameters).set_callbacks(recorder, epochs.append)
    model.fit(X, Y, sample_weight=np.ones(120))
    assert recorder.calls == ["setup", "begin fit", *EPOCH * 3, "end fit", "teardown"]
    assert [epoch.loss for epoch in epochs] == model.loss_curve_
    copies = [seen["model"] for seen in recorder.seen]
    assert [copy.n_iter_ for copy in copies] == [1, 2, 3]
    np.testing.assert_array_equal(copies[-1].coef_, model.coef_)
    np.testing.assert_array_equal(copies[-1].predict(X), model.predict(X))
    assert (copies[0].coef_ != model.coef_).any()
    np.testing.assert_array_equal(recorder.seen[0]["metadata"]["sample_weight"], 1)
    model.partial_fit(X, Y)
    assert len(epochs) == 4


def test_a_neuron_may_be_stopped() -> None:
    model = Neuron("tanh", max_iter=50).set_callbacks(lambda epoch: epoch.number == 2).fit(X, X[:, 0])
    assert model.n_iter_ == 2
    before = dict(vars(model))
    with pytest.raises(ZeroDivisionError):
        model.set_callbacks(lambda epoch: 1 / 0).fit(X, X[:, 0])
    assert {**vars(model), "_skl_callbacks": 0} == {**before, "_skl_callbacks": 0}
    with pytest.raises(TypeError, match="FitCallback"):
        model.set_callbacks(3)


class PathRecorder(Recorder):
    """Keeps the models of penalties."""

    def on_fit_task_end(
        self, estimator: Any, context: Any, *, X: Any, y: Any, metadata: Any, fitted_estimator: Any
    ) -> None:
        super().on_fit_task_end(estimator, context, X=X, y=y, metadata=metadata, fitted_estimator=None)
        if context.task_name == "penalty":
            self.seen.append({"model": fitted_estimator, "X": X, "metadata": metadata})


@pytest.mark.parametrize("l1_ratios", [(0.0,), (0.0, 0.5)])
@pytest.mark.parametrize("legacy", [False, True])
def test_cross_validation_tells_of_every_penalty(l1_ratios: tuple[float, ...], legacy: bool) -> None:
    recorder = PathRecorder()
    Cs = [0.1, 10.0, 1.0]
    settings = {
        "scoring": "neg_log_loss",
        "use_legacy_attributes": legacy,
        "tol": 1e-9,
        "solver": "auto",
        "n_threads": 2,
    }
    model = LogisticRegressionCV(Cs=Cs, l1_ratios=l1_ratios, **settings).set_callbacks(recorder)
    model.fit(X, Y, sample_weight=np.ones(120))
    path = ["begin path", *["begin penalty", "end penalty"] * 3, "end path"]
    assert recorder.calls == ["setup", "begin fit", *path * len(l1_ratios), "end fit", "teardown"]
    copies = [seen["model"] for seen in recorder.seen]
    wanted = [(C, ratio) for ratio in l1_ratios for C in sorted(Cs)]
    assert [(copy.C_, copy.l1_ratio_) for copy in copies] == wanted
    for copy in copies:
        alone = LogisticRegression(C=copy.C_, l1_ratio=copy.l1_ratio_, tol=1e-9).fit(X, Y)
        np.testing.assert_allclose(copy.coef_, alone.coef_, atol=1e-5)
        np.testing.assert_array_equal(copy.predict(X), alone.predict(X))
    assert recorder.seen[0]["X"] is X
    assert set(recorder.seen[0]["metadata"]) == {"sample_weight"}


def test_cross_validation_inside_a_search_and_without_callbacks() -> None:
    settings = {"l1_ratios": (0.0,), "scoring": "accuracy", "use_legacy_attributes": False}
    monitor = ScoringMonitor(scoring="accuracy")
    model = LogisticRegressionCV(Cs=2, **settings).set_callbacks(monitor)
    cross_validate(model, X, Y, cv=3)
    assert len(monitor.get_logs("all")) == 3
    model.set_callbacks().fit(X, Y)
    assert len(monitor.get_logs("all")) == 3
    GridSearchCV(LogisticRegressionCV(**settings), {"Cs": [2, 3]}, cv=2).set_callbacks(ProgressBar()).fit(X, Y)
    with pytest.raises(TypeError, match="FitCallback"):
        model.set_callbacks(print)
