"""What predictors and exports read from models and pipelines."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, PolynomialFeatures, StandardScaler

from fastnn import LogisticRegression
from fastnn.serving.served import read_model

rng = np.random.default_rng(0)
X, y = rng.normal(3, 2, (60, 4)), np.arange(60) % 3


def applied(steps, x):
    does = {
        "subtract": np.subtract,
        "divide": np.divide,
        "multiply": np.multiply,
        "add": np.add,
        "clip": lambda x, both: np.clip(x, *both),
    }
    for step in steps:
        x = does[step.operation](x, step.values)
    return x


@pytest.mark.parametrize(
    "scaler",
    [
        StandardScaler(),
        StandardScaler(with_mean=False),
        StandardScaler(with_std=False),
        StandardScaler(with_mean=False, with_std=False),
        MinMaxScaler((-1, 3)),
        MinMaxScaler(clip=True),
        MaxAbsScaler(),
        "passthrough",
        None,
    ],
    ids=str,
)
def test_steps_do_what_the_scaler_does(scaler):
    pipeline = make_pipeline(scaler, LogisticRegression()).fit(X, y)
    served = read_model(pipeline, "predict_proba")
    x = 3 * X
    np.testing.assert_array_equal(applied(served.steps, x), pipeline[:-1].transform(x))
    assert served.output == "link"
    assert served.model.coef_ is pipeline[-1].coef_


def test_pipelines_in_a_pipeline():
    inner = make_pipeline(StandardScaler(), MinMaxScaler())
    pipeline = make_pipeline(inner, make_pipeline(MaxAbsScaler(), LogisticRegression())).fit(X, y)
    served = read_model(pipeline, "predict")
    x = pipeline[-1][0].transform(inner.transform(X))
    np.testing.assert_array_equal(applied(served.steps, X), x)
    np.testing.assert_array_equal(served.model.coef_, pipeline[-1][-1].coef_)

    class Doubled(Pipeline):
        def transform(self, X):
            return 2 * super().transform(X)

    with pytest.raises(TypeError, match="Doubled has a method transform of its own"):
        read_model(make_pipeline(Doubled(inner.steps), pipeline[-1]), "predict")
    nested = make_pipeline(make_pipeline(PolynomialFeatures()), LogisticRegression()).fit(X, y)
    with pytest.raises(ValueError, match="'pipeline__polynomialfeatures'.*PolynomialFeatures"):
        read_model(nested, "predict")


def test_what_cannot_be_served_is_named():
    pipeline = make_pipeline(PolynomialFeatures(), LogisticRegression()).fit(X, y)
    with pytest.raises(ValueError, match="polynomialfeatures.*PolynomialFeatures"):
        read_model(pipeline, "predict")
    with pytest.raises(TypeError, match="StandardScaler"):
        read_model(StandardScaler(), "predict")
    with pytest.raises(ValueError, match="method"):
        read_model(LogisticRegression().fit(X, y), "transform")


class OwnScaler(StandardScaler):
    def transform(self, X, copy=None):
        return super().transform(np.log1p(np.abs(X)))


class OwnModel(LogisticRegression):
    def predict(self, X):
        return self.classes_[(self.predict_proba(X)[:, 1] > 0.9).astype(int)]


class OwnPipeline(Pipeline):
    def predict_proba(self, X, **params):
        return super().predict_proba(2 * np.asarray(X), **params)


class Renamed(LogisticRegression):
    def explain(self):
        return self.coef_


def test_classes_of_users_that_do_something_else_are_named():
    for model, told in (
        (make_pipeline(OwnScaler(), LogisticRegression()), "OwnScaler has a method transform"),
        (OwnModel(), "OwnModel has a method predict of its own"),
        (make_pipeline(StandardScaler(), OwnModel()), "OwnModel has a method predict"),
        (OwnPipeline([("model", LogisticRegression())]), "OwnPipeline has a method predict_proba"),
    ):
        with pytest.raises(TypeError, match=told):
            read_model(model.fit(X, y), "predict_proba")
    assert read_model(Renamed().fit(X, y), "predict_proba").output == "link"


def test_what_is_not_fitted_says_so():
    with pytest.raises(NotFittedError):
        read_model(LogisticRegression(), "predict")
    with pytest.raises(NotFittedError):
        read_model(make_pipeline(StandardScaler(), LogisticRegression().fit(X, y)), "predict")
