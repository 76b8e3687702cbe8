"""scikit-learn's fitted estimators as models: the same answers, and the same learning from there on."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn import linear_model, neural_network
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn_pairs import NUMBER, SEVERAL, WORDS, N, X, assert_same

from fastnn import LogisticRegression, MLPClassifier, Neuron, from_sklearn, to_sklearn

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:The default value:FutureWarning"),  # of LogisticRegressionCV
    pytest.mark.filterwarnings("ignore:The fitted attributes:FutureWarning"),
]


@pytest.mark.parametrize("y", [NUMBER, NUMBER > 0, WORDS, SEVERAL], ids=["classes", "two", "words", "several"])
@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_networks_of_scikit_learn(y, solver, dtype, tmp_path):
    x = X.astype(dtype)
    given = neural_network.MLPClassifier((8,), "tanh", solver=solver, max_iter=8, random_state=0).fit(x, y)
    model = from_sklearn(given)
    assert type(model) is MLPClassifier
    assert_same(model, given, x)
    assert model.get_params().items() >= given.get_params().items()
    model.save(tmp_path / "model.safetensors")
    assert_same(MLPClassifier.load(tmp_path / "model.safetensors"), given, x)
    assert_same(pickle.loads(pickle.dumps(model)), given, x)
    if solver != "lbfgs":
        for each in (model, given):
            each.set_params(shuffle=False).partial_fit(x, y).partial_fit(x, y)
        np.testing.assert_allclose(model.coefs_[0], given.coefs_[0], rtol=1e-3 if dtype is np.float32 else 1e-9)
        assert model.t_ == given.t_
    model.fit(x, y)


@pytest.mark.parametrize("early_stopping", [False, True])
def test_regressors_of_scikit_learn(early_stopping):
    how = {"hidden_layer_sizes": (5,), "max_iter": 12, "random_state": 0, "early_stopping": early_stopping}
    given = neural_network.MLPRegressor(**how).fit(X, X[:, :2])
    model = from_sklearn(given)
    assert_same(model, given, X)
    assert model.loss_curve_ == given.loss_curve_
    assert model.best_loss_ == given.best_loss_
    assert model.best_validation_score_ == given.best_validation_score_
    assert model.validation_scores_ == given.validation_scores_


@pytest.mark.parametrize("y", [NUMBER, NUMBER > 0, WORDS], ids=["classes", "two", "words"])
def test_logistic_regressions_of_scikit_learn(y, dtype):
    x = X.astype(dtype)
    for given in (
        linear_model.LogisticRegression(C=0.5),
        linear_model.LogisticRegression(C=0.5).fit(x, y).sparsify(),
        linear_model.LogisticRegressionCV(Cs=2, cv=2),
    ):
        given = given if hasattr(given, "coef_") else given.fit(x, y)
        model = from_sklearn(given)
        assert_same(model, given, x)
        if hasattr(given, "C_"):
            np.testing.assert_array_equal(model.C_, given.C_)
        else:
            assert model.C == 0.5
            model.fit(x, y)


def test_a_perceptron():
    given = linear_model.Perceptron(eta0=0.5, max_iter=7, tol=None).fit(X, NUMBER > 0)
    model = from_sklearn(given)
    assert (type(model), model.activation, model.learning_rate, model.max_iter) == (Neuron, "sign", 0.5, 7)
    assert_same(model, given, X)
    model.partial_fit(X, NUMBER > 0)
    model.fit(X, NUMBER > 0)


def test_gradient_descent_on_a_log_loss_has_the_optimum_of_logistic_regression():
    how = {"loss": "log_loss", "alpha": 0.01, "max_iter": 3000, "tol": None, "learning_rate": "invscaling", "eta0": 0.5}
    given = linear_model.SGDClassifier(**how, power_t=0.4, random_state=0).fit(X, NUMBER > 0)
    model = from_sklearn(given)
    assert type(model) is LogisticRegression
    assert_same(model, given, X)
    assert model.C == pytest.approx(1 / (0.01 * N))
    refitted = clone(model).set_params(tol=1e-8).fit(X, NUMBER > 0)
    np.testing.assert_allclose(refitted.coef_, given.coef_, rtol=0.1, atol=0.02)


def test_one_against_the_others_is_no_softmax():
    for given in (linear_model.Perceptron(), linear_model.SGDClassifier(loss="log_loss")):
        given.fit(X, NUMBER)
        for predict_only in (False, True):
            with pytest.raises(ValueError, match=r"classes_=\[0, 1, 2\].*softmax"):
                from_sklearn(given, predict_only=predict_only)


@pytest.mark.parametrize(
    ("given", "match"),
    [
        (linear_model.SGDClassifier(), "loss='hinge'"),
        (linear_model.Perceptron(penalty="l2"), "penalty='l2'.*predict_only"),
        (linear_model.Perceptron(fit_intercept=False), "fit_intercept=False.*predict_only"),
        (linear_model.Perceptron(class_weight="balanced"), "class_weight='balanced'.*predict_only"),
    ],
)
def test_what_has_no_counterpart_here_is_refused(given, match):
    given.fit(X, NUMBER > 0)
    with pytest.raises(ValueError, match=match):
        from_sklearn(given)
    if "predict_only" in match:
        assert_same(from_sklearn(given, predict_only=True), given, X)


def test_other_kinds():
    class Own(neural_network.MLPClassifier):
        pass

    fitted_own = Own((3,), max_iter=3).fit(X, NUMBER)
    for given in (linear_model.Ridge().fit(X, X[:, 0]), fitted_own, "model", 3, neural_network.MLPClassifier):
        with pytest.raises(TypeError, match="wanted a fitted MLPClassifier"):
            from_sklearn(given)
    for given in (linear_model.Ridge(), "model", LogisticRegression):
        with pytest.raises(TypeError, match="wanted an estimator of fastnn"):
            to_sklearn(given)
    for kind in (neural_network.MLPClassifier, linear_model.LogisticRegression, linear_model.Perceptron):
        with pytest.raises(NotFittedError):
            from_sklearn(kind())
    for kind in (MLPClassifier, LogisticRegression, Neuron):
        with pytest.raises(NotFittedError):
            to_sklearn(kind())


def test_models_that_are_there_already_are_named_by_their_packages():
    x = [[0.0], [1.0]]
    with pytest.raises(TypeError, match="wanted an estimator of fastnn.*, not a LogisticRegression of sklearn"):
        to_sklearn(linear_model.LogisticRegression().fit(x, [0, 1]))
    with pytest.raises(TypeError, match="wanted a fitted MLPClassifier.*, not a LogisticRegression of fastnn"):
        from_sklearn(LogisticRegression().fit(x, [0, 1]))


def test_classes_that_predict_otherwise_are_refused_there_too():
    class Own(LogisticRegression):
        def predict_proba(self, X):
            return super().predict_proba(X) ** 2

    with pytest.raises(TypeError, match="Own has a method predict_proba of its own"):
        to_sklearn(Own().fit([[0.0], [1.0]], [0, 1]))
