"""A program that uses all of the public API, for type checkers: it is never run, and must pass as it is.

`assert_type` says what a checker has to know of every result; `test_types.py` runs the checkers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, assert_type

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

import fastnn
from fastnn import (
    SGD,
    Activation,
    Adadelta,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    Dense,
    Dropout,
    Lion,
    LogisticRegression,
    LogisticRegressionCV,
    Loss,
    LossCurveDisplay,
    MLPClassifier,
    MLPRegressor,
    NAdam,
    Network,
    Neuron,
    RMSprop,
    fit_many,
    logistic_regression_path,
)
from fastnn.optimizers import Optimizer, OptimizerState
from fastnn.plan import Plan
from fastnn.schedules import Plateau, Schedule
from fastnn.typing import Epoch, FirthSummary, Kernels, LogisticPath, MachinePeak, Summary

# NumPy before 2.2 wants to be told of Any.
Floats = NDArray[np.floating[Any]]  # pyright: ignore[reportExplicitAny]
Sizes = int | Sequence[int] | NDArray[np.integer[Any]]  # pyright: ignore[reportExplicitAny]

X: NDArray[np.float64] = np.zeros((20, 4))
y: NDArray[np.int64] = np.arange(20) % 2
weight: NDArray[np.float64] = np.ones(20)


def watcher(epoch: Epoch) -> bool:
    assert_type(epoch.number, int)
    assert_type(epoch.loss, float)
    assert_type(epoch.learning_rate, float)
    assert_type(epoch.params, Floats)
    assert_type(epoch.validation_loss, float | None)
    assert_type(epoch.validation_score, float | None)
    assert_type(epoch.seconds, float)
    return epoch.loss < 0.1


class Listener:
    """A callback of scikit-learn's protocol."""

    def setup(self, estimator: object, context: object) -> None: ...
    def teardown(self, estimator: object, context: object) -> None: ...
    def on_fit_task_begin(self, estimator: object, context: object) -> None: ...
    def on_fit_task_end(self, estimator: object, context: object, *, X: object = None) -> bool:
        return X is None


def cube(z: float) -> float:
    return z**3


def cube_slope(z: float, a: float) -> float:
    return 3 * z**2 + 0 * a


def worst(model: MLPRegressor, features: Floats, targets: Floats) -> float:
    return -model.score(features, targets)


def process() -> None:
    assert_type(fastnn.__version__, str)
    assert_type(fastnn.get_num_threads(), int)
    fastnn.set_num_threads(2)
    fastnn.set_num_threads(None)
    with fastnn.threads(1):
        fastnn.show_config()
    peak = fastnn.machine_peak()
    assert_type(peak, MachinePeak)
    assert_type(peak.simd, str)
    assert_type(peak.flops, dict[str, float])
    assert_type(peak.level_of(1e3), str)
    assert_type(peak.seconds(1e3, 1e3, "float32"), float)


def logistic(path: Path) -> None:
    model = LogisticRegression(
        C=np.inf, class_weight={0: 1.0, 1: 2.0}, bounds=(0.0, None), penalty_factor=[1.0, 0.0, 1.0, 1.0], random_state=0
    )
    assert_type(model.C, float)
    assert_type(model.solver, str)
    assert_type(model.fit(X, y), LogisticRegression)
    assert_type(model.fit([[0.0, 1.0]] * 20, ["a", "b"] * 10, sample_weight=weight), LogisticRegression)
    assert_type(model.partial_fit(X, y, classes=[0, 1]), LogisticRegression)
    assert_type(model.coef_, Floats)
    assert_type(model.intercept_, Floats)
    assert_type(model.n_iter_, NDArray[np.int32])
    assert_type(model.n_features_in_, int)
    assert_type(model.feature_names_in_, NDArray[np.object_])
    assert_type(model.classes_.ndim, int)
    assert_type(model.predict(X).ndim, int)
    assert_type(model.predict_proba(X), Floats)
    assert_type(model.predict_log_proba(X), Floats)
    assert_type(model.decision_function(X), Floats)
    assert_type(model.score(X, y, weight), float)
    assert_type(model.sparsify(), LogisticRegression)
    assert_type(model.densify(), LogisticRegression)
    assert_type(model.set_params(C=2.0), LogisticRegression)
    assert_type(list(model.get_params()), list[str])
    assert_type(model.set_callbacks(Listener()), LogisticRegression)
    assert_type(model.set_fit_request(sample_weight=True), LogisticRegression)
    assert_type(model.set_partial_fit_request(classes=True, sample_weight="weight"), LogisticRegression)
    assert_type(model.set_score_request(sample_weight=False), LogisticRegression)
    assert_type(model.get_metadata_routing(), object)
    model.save(path)
    assert_type(LogisticRegression.load(path), LogisticRegression)


def inference() -> None:
    found = LogisticRegression(C=np.inf).fit(X, y).summary(X, y, level=0.9)
    assert_type(found, Summary | FirthSummary)
    assert_type(found.names, list[str])
    assert_type(found.estimate, NDArray[np.float64])
    assert_type(found.standard_error, NDArray[np.float64])
    assert_type(found.p_value, NDArray[np.float64])
    assert_type(found.confidence_interval, NDArray[np.float64])
    assert_type(found.log_likelihood, float)
    assert_type(found.likelihood_ratio_p_value, float)
    assert_type(found.df_model, int)
    assert_type(found.df_residual, float)
    if isinstance(found, Summary):
        assert_type(found.z, NDArray[np.float64])
        assert_type((found.aic, found.bic, found.pseudo_r2), tuple[float, float, float])
    else:
        assert_type(found.chi2, NDArray[np.float64])


def cross_validation(path: Path) -> None:
    folds = [(np.arange(10), np.arange(10, 20))]
    model = LogisticRegressionCV(Cs=[0.1, 1.0], l1_ratios=(0.0,), cv=folds, scoring="accuracy", random_state=1)
    assert_type(model.fit(X, y, weight), LogisticRegressionCV)
    assert_type(model.coef_, Floats)
    assert_type(model.Cs_, NDArray[np.float64])
    assert_type(model.l1_ratios_, NDArray[np.float64])
    assert_type(model.C_, float | NDArray[np.float64])
    assert_type(model.score(X, y, sample_weight=weight), float)
    assert_type(model.set_callbacks(Listener()), LogisticRegressionCV)
    assert_type(LogisticRegressionCV.load(path), LogisticRegressionCV)
    points = logistic_regression_path(X, y, Cs=5, l1_ratio=0.5, class_weight="balanced")
    assert_type(points, LogisticPath)
    assert_type(points.Cs, NDArray[np.float64])
    assert_type(points.coefs, Floats)
    assert_type(points.intercepts, Floats)
    assert_type(points.n_iter, NDArray[np.int32])


def classifier(path: Path) -> None:
    model = MLPClassifier(
        (32, 16),
        ["relu", Activation("cube", cube, cube_slope, has_slope=True)],
        solver=Adam(0.01, clip_norm=1.0),
        learning_rate=fastnn.schedules.Cosine(0.01, 1000),
        class_weight="balanced",
        dropout=[0.0, 0.1],
        coef_init=[X.T, None, None],
        random_state=np.random.RandomState(0),
    )
    assert_type(model.hidden_layer_sizes, Sizes)
    fitted = model.fit(X, y, X_val=X, y_val=y, sample_weight_val=weight, checkpoint=path, resume=True)
    assert_type(fitted, MLPClassifier)
    assert_type(model.partial_fit(X, y, classes=[0, 1]), MLPClassifier)
    assert_type(model.coefs_, list[Floats])
    assert_type(model.intercepts_, list[Floats])
    assert_type(model.loss_, float)
    assert_type(model.loss_curve_, list[float])
    assert_type(model.best_loss_, float | None)
    assert_type(model.validation_loss_curve_, list[float] | None)
    assert_type(model.validation_scores_, list[float] | None)
    assert_type(model.best_validation_score_, float | None)
    assert_type(model.history_, dict[str, list[float]])
    assert_type((model.n_iter_, model.t_, model.n_layers_, model.n_outputs_), tuple[int, int, int, int])
    assert_type(model.out_activation_, str)
    assert_type(model.predict(X).ndim, int)
    assert_type(model.predict_proba(X), Floats)
    assert_type(model.predict_log_proba(X), Floats)
    assert_type(model.decision_function(X), Floats)
    assert_type(model.input_gradient(X, 0, link=True), Floats)
    assert_type(model.score(X, y), float)
    assert_type(model.set_callbacks(watcher, Listener()), MLPClassifier)
    assert_type(model.set_callbacks(lambda epoch: epoch.loss < 0.1), MLPClassifier)
    assert_type(model.set_fit_request(X_val=True, y_val=True), MLPClassifier)
    assert_type(model.set_params(alpha=0.1).fit(X, y).predict_proba(X), Floats)
    assert_type(model.plot_loss_curve(), LossCurveDisplay)
    model.save(path)
    assert_type(MLPClassifier.load(path), MLPClassifier)


def regressor(path: Path) -> None:
    model = MLPRegressor(fastnn.losses.huber(2.0), 16, "tanh", solver="sgd", scoring=worst)
    assert_type(model.loss, str | Loss)
    assert_type(model.fit(X, X[:, 0]), MLPRegressor)
    assert_type(model.partial_fit(X, X), MLPRegressor)
    assert_type(model.predict(X), Floats)
    assert_type(model.score(X, X[:, 0]), float)
    assert_type(model.input_gradient(X), Floats)
    assert_type(MLPRegressor.load(path, trusted=[cube, "package.module:function"]), MLPRegressor)
    models = fit_many(
        [MLPRegressor(random_state=seed) for seed in range(3)], X, X[:, 0], rows=[None, [1], np.arange(9)]
    )
    assert_type(models, list[MLPRegressor])
    assert_type(fit_many([MLPClassifier()], X, y, weight, n_jobs=1), list[MLPClassifier])


def neuron(ax: Axes, path: Path) -> None:
    model = Neuron("sign", learning_rate=fastnn.schedules.Constant(0.1), batch_size="full", keep_history=True)
    assert_type(model.fit(X, y), Neuron)
    assert_type(model.partial_fit(X, y, classes=[0, 1]), Neuron)
    assert_type(model.coef_, Floats)
    assert_type(model.intercept_, Floats)
    assert_type(model.loss_, float)
    assert_type(model.loss_curve_, list[float])
    assert_type(model.learning_rate_, float)
    assert_type(model.n_iter_, int)
    assert_type(model.history_, dict[str, Floats])
    assert_type(model.activate(X), Floats)
    assert_type(model.decision_function(X), Floats)
    assert_type(model.predict_proba(X), Floats)
    assert_type(model.predict_log_proba(X), Floats)
    assert_type(model.score(X, y), float)
    assert_type(model.plot_decision_line(X, y, ax=ax), Axes)
    assert_type(model.set_callbacks(watcher), Neuron)
    assert_type(Neuron.load(path), Neuron)


def batches() -> Iterator[tuple[NDArray[np.float64], NDArray[np.int64]]]:
    yield X, y


def network(path: Path) -> None:
    model = Network([Dense(8, "relu"), Dropout(0.1), Dense(2)], n_inputs=4, loss="cross_entropy", dtype=np.float64)
    assert_type(model.forward(X), Floats)
    assert_type(model.predict([[0.0, 1.0, 2.0, 3.0]]), Floats)
    assert_type(model.input_gradient(X, output=1), Floats)
    assert_type(model.loss_and_gradient(X, y, weight), tuple[float, Floats])
    assert_type(model.fit(X, y, epochs=2, optimizer=AdamW(), schedule=Plateau(0.1), callbacks=[watcher]), Network)
    assert_type(model.fit(batches, epochs=2), Network)
    assert_type(model.params, Floats)
    model.params = np.zeros(58)
    assert_type(model.weights, list[Floats])
    assert_type(model.biases, list[Floats | None])
    assert_type(model.unpack(model.params), tuple[list[Floats], list[Floats | None]])
    assert_type(model.history, dict[str, list[float]])
    assert_type(model.loss_curve, list[float])
    assert_type(model.layers, list[Dense | Dropout])
    assert_type(model.plan, Plan)
    assert_type(model.summary(), str)
    assert_type(model.plot_loss_curve(), LossCurveDisplay)
    model.save(path)
    assert_type(Network.load(path), Network)


def display(ax: Axes) -> None:
    shown = LossCurveDisplay([3.0, 2.0], validation_loss=[3.0, 2.5], estimator_name="two epochs")
    assert_type(shown.plot(ax, name="again"), LossCurveDisplay)
    assert_type(LossCurveDisplay.from_estimator(MLPClassifier(), ax=ax), LossCurveDisplay)
    assert_type(shown.ax_, Axes)
    assert_type(shown.figure_, Figure | SubFigure)
    assert_type(shown.line_, Line2D)
    assert_type(shown.validation_lines_, list[Line2D])


def objects() -> None:
    assert_type(fastnn.activations.get("relu"), Activation)
    assert_type(fastnn.activations.ACTIVATIONS, dict[str, Activation])
    assert_type(fastnn.activations.leaky_relu(0.2), Activation)
    assert_type(fastnn.activations.hard_sigmoid(slope=0.2).parameters, tuple[float, ...])
    assert_type(fastnn.losses.get("huber"), Loss)
    assert_type(Loss("own", cube_slope, link="exp").value, Callable[[float, float], float] | None)
    assert_type(fastnn.losses.pinball(0.9), Loss)
    assert_type(fastnn.losses.huber().with_parameter(1.0).parameter, float)
    assert_type(fastnn.losses.LOSSES, dict[str, Loss])
    assert_type(fastnn.layers.Dense(3).units, int)
    assert_type(fastnn.layers.Dropout(0.5).rate, float)
    assert_type(fastnn.optimizers.get("adam"), Optimizer)
    assert_type(fastnn.optimizers.OPTIMIZERS, dict[str, type[Optimizer]])
    every: list[Optimizer] = [SGD(), Adam(), AdamW(), NAdam(), RMSprop(), Adagrad(), Adamax(), Adadelta(), Lion()]
    assert_type(every[0].learning_rate, float)
    assert_type(every[0].hyper, tuple[float, ...])
    kinds: list[Schedule] = [
        fastnn.schedules.Constant(0.1),
        fastnn.schedules.InverseScaling(0.1, 0.5, 32),
        fastnn.schedules.Exponential(0.1, 0.99),
        fastnn.schedules.Step(0.1, 10),
        fastnn.schedules.Cosine(0.1, 100),
        fastnn.schedules.OneCycle(0.1, 100),
    ]
    assert_type(kinds[0].rates(0, 10), NDArray[np.float64])
    fault: fastnn.errors.FileError = fastnn.errors.FileError("damaged")
    assert_type(fault.args[:0] == (), bool)


def layer_kernels() -> None:
    k = fastnn.kernels
    assert_type(k.dense_forward(X, np.zeros((4, 2)), None, "tanh", n_threads=1), Floats)
    assert_type(k.dense_backward_input(X, np.zeros((2, 4))), Floats)
    assert_type(k.dense_backward_params(X, X), tuple[Floats, Floats])
    assert_type(k.activation_forward([[1.0]], "relu", backend="reference"), Floats)
    assert_type(k.activation_backward(X, X, X, "relu", out=np.empty((20, 4))), Floats)
    assert_type(k.link(X, "poisson"), Floats)
    assert_type(k.loss_and_gradient(X, X, "squared_error", weight), tuple[float, Floats])
    assert_type(k.dropout(X, 0.5, seed=0, step=1), Floats)
    p = np.zeros(3)
    assert_type(k.sgd_step(p, p, p, learning_rate=0.1), Floats)
    assert_type(k.adam_step(p, p, p, p, step=1), Floats)
    assert_type(k.adamw_step(p, p, p, p, step=1, weight_decay=0.1), Floats)
    assert_type(k.nadam_step(p, p, p, p, step=1), Floats)
    assert_type(k.adamax_step(p, p, p, p, step=1), Floats)
    assert_type(k.adadelta_step(p, p, p, p, rho=0.9), Floats)
    assert_type(k.lion_step(p, p, p, weight_decay=0.1), Floats)
    assert_type(k.rmsprop_step(p, p, p), Floats)
    assert_type(k.adagrad_step(p, p, p), Floats)
    assert_type(k.clip_by_value(p, limit=1.0), Floats)
    assert_type(k.clip_by_norm(p, limit=1.0), float)
    assert_type(k.ema_step(p, p, decay=0.9), Floats)
    assert_type(k.kernels_for("native"), Kernels)


def network_kernels() -> None:
    plan = Plan.from_layers([Dense(2)], 4, "squared_error", np.float64)
    assert_type(plan.n_params, int)
    assert_type(plan.widths, tuple[int, ...])
    params = plan.initial_params(0)
    assert_type(params, Floats)
    k = fastnn.kernels
    target, optimizer = np.zeros((20, 2)), Adam()
    assert_type(k.network_forward(plan, params, X), Floats)
    assert_type(k.network_gradient(plan, params, X, target, alpha=0.1), tuple[float, Floats])
    state = OptimizerState.zeros(optimizer, params)
    rates = np.full(2, 0.1)
    losses = k.fit_epoch(plan, params, X, target, batch_size=10, optimizer=optimizer, state=state, learning_rates=rates)
    assert_type(losses, tuple[float, float])
    assert_type(k.neuron_epoch("sigmoid", np.zeros(5), X, y, learning_rates=np.full(20, 0.1)), float)
