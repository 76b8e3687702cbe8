"""A program in which every marked line has a mistake that type checkers must find; it is never run.

A mark has what mypy calls the mistake, and what basedpyright does.
"""

# ruff: noqa: B018
from __future__ import annotations

import numpy as np

import fastnn
from fastnn import Dense, LogisticRegression, LogisticRegressionCV, MLPClassifier, MLPRegressor, Network, Neuron
from fastnn.typing import Epoch

X = np.zeros((20, 4))
y = np.arange(20) % 2


def returns_text(epoch: Epoch) -> str:
    return str(epoch.number)


def estimators() -> None:
    LogisticRegression(c=1.0)  # call-arg; reportCallIssue
    LogisticRegression(C="one")  # arg-type; reportArgumentType
    LogisticRegression("l2", 1.0)  # call-arg; reportCallIssue
    LogisticRegression(random_state="seed")  # arg-type; reportArgumentType
    LogisticRegression(bounds=1.0)  # arg-type; reportArgumentType
    LogisticRegressionCV(cv="five")  # arg-type; reportArgumentType
    LogisticRegressionCV(scoring=0.5)  # arg-type; reportArgumentType
    MLPClassifier(hidden_layer_sizes=1.5)  # arg-type; reportArgumentType
    MLPClassifier(solver=fastnn.losses.huber())  # arg-type; reportArgumentType
    MLPClassifier(learning_rate=0.1)  # arg-type; reportArgumentType
    MLPRegressor(loss=0.5)  # arg-type; reportArgumentType
    MLPRegressor(dropout="half")  # arg-type; reportArgumentType
    Neuron(activation=None)  # arg-type; reportArgumentType
    Neuron(batch_size=0.5)  # arg-type; reportArgumentType


def methods() -> None:
    LogisticRegression().fit(X)  # call-arg; reportCallIssue
    LogisticRegression().fit(None, y)  # arg-type; reportArgumentType
    LogisticRegression().fit(X, y, sample_weights=y)  # call-arg; reportCallIssue
    LogisticRegression().fit(X, y).coefs_  # attr-defined; reportAttributeAccessIssue
    LogisticRegression().partial_fit(X, y, {0, 1})  # arg-type; reportArgumentType
    LogisticRegression().predict()  # call-arg; reportCallIssue
    LogisticRegression().summary(X, y, 0.95, 0.9)  # call-arg; reportCallIssue
    LogisticRegression().fit(X, y).summary().z  # union-attr; reportAttributeAccessIssue
    LogisticRegression().set_callbacks(returns_text)  # arg-type; reportArgumentType
    LogisticRegression().set_fit_request(sample_weigth=True)  # call-arg; reportCallIssue
    LogisticRegression().save()  # call-arg; reportCallIssue
    LogisticRegression.load(5)  # arg-type; reportArgumentType
    LogisticRegressionCV().score(X, y, weights=None).real.upper()  # attr-defined; reportAttributeAccessIssue
    MLPClassifier().fit(X, y, None, X, y)  # call-arg; reportCallIssue
    MLPClassifier().fit(X, y, checkpoint_every="epoch")  # arg-type; reportArgumentType
    MLPClassifier().fit(X, y).loss_.upper()  # attr-defined; reportAttributeAccessIssue
    MLPClassifier().loss_curve_["loss"]  # call-overload; reportArgumentType
    MLPClassifier().best_loss_ + 1.0  # operator; reportOptionalOperand
    MLPClassifier().set_callbacks(returns_text)  # arg-type; reportArgumentType
    MLPClassifier().set_fit_request(x_val=True)  # call-arg; reportCallIssue
    MLPClassifier().predict_proba(X).fit(X, y)  # attr-defined; reportAttributeAccessIssue
    MLPClassifier().get_params(True, 1)  # call-arg; reportCallIssue
    MLPRegressor().predict_proba(X)  # attr-defined; reportAttributeAccessIssue
    MLPRegressor().partial_fit(X, y, None, [0, 1])  # call-arg; reportCallIssue
    MLPRegressor().set_params(alpha=1.0).predict(None)  # arg-type; reportArgumentType
    Neuron().fit(X, y).n_iter_.upper()  # attr-defined; reportAttributeAccessIssue
    Neuron().history_["coef"].weights  # attr-defined; reportAttributeAccessIssue
    Neuron().plot_decision_line(X, y, ax="axes")  # arg-type; reportArgumentType


def network() -> None:
    Network([Dense(2)])  # call-arg; reportCallIssue
    Network([2], n_inputs=4)  # list-item; reportArgumentType
    Network([Dense(2)], n_inputs="four")  # arg-type; reportArgumentType
    network = Network([Dense(2)], n_inputs=4)
    network.fit(X, y, optimizer=0.1)  # arg-type; reportArgumentType
    network.fit(X, y, callbacks=[returns_text])  # list-item; reportArgumentType
    network.fit(X, y, callbacks=returns_text)  # arg-type; reportArgumentType
    network.fit(X, y).predict(X).upper()  # attr-defined; reportAttributeAccessIssue
    network.loss_and_gradient(X, y).sum()  # attr-defined; reportAttributeAccessIssue
    network.biases[0].sum()  # union-attr; reportOptionalMemberAccess
    network.summary().rows  # attr-defined; reportAttributeAccessIssue
    network.weights = []  # misc; reportAttributeAccessIssue


def rest() -> None:
    fastnn.nothing  # attr-defined; reportAttributeAccessIssue
    fastnn.losses.hubber()  # attr-defined; reportAttributeAccessIssue
    fastnn.losses.huber("wide")  # arg-type; reportArgumentType
    fastnn.activations.get(1)  # arg-type; reportArgumentType
    fastnn.Activation("cube", value=lambda: 0.0)  # arg-type; reportArgumentType
    fastnn.Loss("cauchy", lambda z: z)  # arg-type; reportArgumentType
    fastnn.Dense("ten")  # arg-type; reportArgumentType
    fastnn.Dropout(rate=None)  # arg-type; reportArgumentType
    fastnn.Adam(learning_rat=0.1)  # call-arg; reportCallIssue
    fastnn.SGD(0.1).momentum.upper()  # attr-defined; reportAttributeAccessIssue
    fastnn.schedules.Cosine(0.1)  # call-arg; reportCallIssue
    fastnn.schedules.Step(0.1, every="epoch")  # arg-type; reportArgumentType
    fastnn.kernels.dense_forward(X, X)  # call-arg; reportCallIssue
    fastnn.kernels.dense_forward(X, X, None, out=[0.0])  # arg-type; reportArgumentType
    fastnn.kernels.loss_and_gradient(X, X, "huber").sum()  # attr-defined; reportAttributeAccessIssue
    fastnn.kernels.kernels_for("native").dense_forwards  # attr-defined; reportAttributeAccessIssue
    fastnn.kernels.kernels_for("native").clip_by_norm(X, 1.0).upper()  # attr-defined; reportAttributeAccessIssue
    fastnn.set_num_threads("two")  # arg-type; reportArgumentType
    fastnn.threads()  # call-arg; reportCallIssue
    fastnn.show_config().upper()  # func-returns-value; reportAttributeAccessIssue
    fastnn.fit_many([LogisticRegression()], X, y)  # type-var; reportArgumentType
    fastnn.fit_many([MLPClassifier()], X, y)[0].predicts  # attr-defined; reportAttributeAccessIssue
    fastnn.logistic_regression_path(X, y, Cs=5).coef  # attr-defined; reportAttributeAccessIssue
    fastnn.machine_peak().simd.value  # attr-defined; reportAttributeAccessIssue
    fastnn.LossCurveDisplay([1.0]).plot(ax=1)  # arg-type; reportArgumentType
