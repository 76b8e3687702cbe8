"""compile_predict: every method of every model, pipelines of scalers, and what a predictor is."""

from __future__ import annotations

import gc
import pickle
from typing import Any

import numpy as np
import pytest
from estimators import MODELS, X, Y
from same_bits import assert_same_bits
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, PolynomialFeatures, StandardScaler

import fastnn
from fastnn import Activation, Dense, LogisticRegression, MLPClassifier, MLPRegressor, Network, Neuron, compile_predict
from fastnn.losses import Loss

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

FACTOR = 2.0  # of a user's activation
METHODS = ("predict", "predict_proba", "decision_function", "activate")


def assert_answers(p: Any, x: Any, want: Any) -> None:
    """Fail unless a predictor gives what a method gave for x, row by row too."""
    assert_same_bits(p(x), want)
    for row, answer in zip(x, want, strict=True):
        assert_same_bits(p(row), answer)


@pytest.mark.parametrize("kind", MODELS)
def test_every_method_of_every_model(kind: str, dtype: Any) -> None:
    x = X.astype(dtype)
    model = clone(MODELS[kind]).fit(x, Y)
    methods = [name for name in METHODS if hasattr(model, name)]
    assert "predict" in methods
    for name in methods:
        p = compile_predict(model, name)
        assert_answers(p, x[:9], getattr(model, name)(x[:9]))
        assert p.n_inputs == x.shape[1]
        if hasattr(model, "classes_"):
            assert_answers(p.label, x[:9], model.predict(x[:9]))
            np.testing.assert_array_equal(p.classes, model.classes_)


@pytest.mark.parametrize("model", [LogisticRegression(), MLPClassifier((4,), solver="lbfgs", random_state=0)])
@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("labels", [[7, -3, 5], ["no", "yes", "maybe"], [0.0, 2.0, 1.0], [False, True, True]], ids=str)
def test_labels(model: Any, labels: list[Any], k: int) -> None:
    names = np.unique(np.array(labels)[:k])
    x = X + np.arange(60)[:, None] % len(names)
    fitted = clone(model).fit(x, names[np.arange(60) % len(names)])
    want = fitted.predict(x)
    assert len(np.unique(want)) > 1
    for method in ("predict", "predict_proba"):
        assert_answers(compile_predict(fitted, method).label, x, want)
    assert_answers(compile_predict(fitted, "predict"), x, want)


def test_labels_that_are_objects() -> None:
    model = LogisticRegression().fit(X, np.array(["no", "yes"], object)[(Y > 0).astype(int)])
    p = compile_predict(model, "predict")
    assert p(X[0]) == model.predict(X[:1])[0]
    np.testing.assert_array_equal(p(X), model.predict(X))


@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("loss", ["cross_entropy", "hinge"])
def test_several_labels_a_row(loss: str, k: int) -> None:
    y = (X[:, :k] > 0).astype(int)
    model = MLPClassifier((4,), loss=loss, max_iter=5, random_state=0).fit(X, y if k > 1 else np.hstack([y, 1 - y]))
    p = compile_predict(model, "predict")
    assert_answers(p, X, model.predict(X))
    assert_answers(p.label, X, model.predict(X))
    other = "predict_proba" if loss == "cross_entropy" else "decision_function"
    assert_answers(compile_predict(model, other), X, getattr(model, other)(X))


def test_one_class() -> None:
    model = MLPClassifier((4,), max_iter=2).fit(X, np.full(60, 5))
    assert_answers(compile_predict(model, "predict"), X, model.predict(X))
    p = compile_predict(model)
    assert_answers(p, X, model.predict_proba(X))
    assert_answers(p.label, X, model.predict(X))


def test_many_rows_of_every_answer(dtype: Any) -> None:
    """More than are worked on with a lane for a row, and some that are left over."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=(309, 9)).astype(dtype)
    several = (x[:, :3] > 0).astype(int)
    for labels in (x[:, 0] > 0, np.arange(309) % 3, several):
        for hidden in ((5,), (200,)):
            model = MLPClassifier(hidden, max_iter=3, random_state=0).fit(x, labels)
            assert_same_bits(compile_predict(model)(x), model.predict_proba(x))
            assert_same_bits(compile_predict(model, "predict")(x), model.predict(x))
            assert_same_bits(compile_predict(model, n_threads=2).label(x), model.predict(x))


def test_several_targets() -> None:
    model = MLPRegressor("poisson", (4,), max_iter=3, random_state=0).fit(X, np.abs(X))
    assert_answers(compile_predict(model, "predict"), X, model.predict(X))
    raw = compile_predict(model, "raw")
    np.testing.assert_allclose(np.exp(raw(X)), model.predict(X))
    assert raw.n_outputs == X.shape[1]


def test_a_network() -> None:
    net = Network([Dense(4, "tanh"), Dense(1)], n_inputs=X.shape[1], loss="squared_error", random_state=0)
    for method in ("predict", "raw", "forward"):
        assert_answers(compile_predict(net, method), X, net.predict(X))
    assert compile_predict(net, "predict")(X[0]).shape == (1,)


@pytest.mark.parametrize(
    "scalers",
    [
        [StandardScaler()],
        [StandardScaler(with_mean=False)],
        [StandardScaler(with_std=False)],
        [MinMaxScaler((-1, 3))],
        [MinMaxScaler(clip=True)],
        [MaxAbsScaler()],
        [StandardScaler(), "passthrough", MinMaxScaler((-2, 2), clip=True), MaxAbsScaler()],
    ],
    ids=str,
)
def test_pipelines(scalers: list[Any], dtype: Any) -> None:
    """Scaled as the scaler does it, in its dtype: float64 values act on rows of float32 in some, and in some do not."""
    rng = np.random.default_rng(3)
    x = rng.normal(100, 0.3, X.shape) * np.logspace(-3, 3, X.shape[1])
    model = LogisticRegression().fit(X.astype(dtype), Y)
    fitted = [each if each == "passthrough" else clone(each).fit(x) for each in scalers]
    pipeline = make_pipeline(*fitted, model)
    rows = (3 * x - 200 * np.logspace(-3, 3, X.shape[1])).astype(dtype)
    rows[0, 0] = -0.0
    for method in ("predict_proba", "decision_function", "predict"):
        assert_answers(compile_predict(pipeline, method), rows, getattr(pipeline, method)(rows))


def test_what_is_not_finite_goes_through_scalers(dtype: Any) -> None:
    x = X.astype(dtype)
    scaler = MinMaxScaler(clip=True).fit(x)
    pipeline = make_pipeline(scaler, LogisticRegression().fit(x, Y))
    p, checked = compile_predict(pipeline), compile_predict(pipeline, check_finite=True)
    x[3, 1], x[5, 0] = np.nan, 1e6
    want = pipeline.predict_proba(np.delete(x, 3, axis=0))
    x[5, 0] = np.inf  # which is clipped as 1e6 is
    assert np.isnan(p(x)[3]).all()
    assert_same_bits(np.delete(p(x), 3, axis=0), want)
    for row in (3, 5):
        with pytest.raises(ValueError, match="NaN or infinity"):
            checked(x[row])


@pytest.mark.parametrize("scaler", [StandardScaler(with_mean=False), MaxAbsScaler()], ids=str)
def test_pipelines_of_sparse_rows(scaler: Any, dtype: Any) -> None:
    sparse = pytest.importorskip("scipy.sparse")
    x = sparse.csr_array(np.where(X > 0.2, X, 0).astype(dtype))
    pipeline = make_pipeline(clone(scaler), LogisticRegression()).fit(x, Y)
    assert_same_bits(compile_predict(pipeline)(x), pipeline.predict_proba(x))
    centred = make_pipeline(StandardScaler(), LogisticRegression()).fit(x.toarray(), Y)
    with pytest.raises(ValueError, match="would subtract something of every feature"):
        compile_predict(centred)(x)


def test_the_mean_is_not_folded_into_the_bias() -> None:
    """Features a thousand deviations from zero: folded, the rounding of the product would show."""
    x = (X + 1000 * X.std(axis=0)).astype(np.float32)
    pipeline = make_pipeline(StandardScaler(), LogisticRegression()).fit(x, Y)
    exact = make_pipeline(StandardScaler(), LogisticRegression()).fit(x.astype(np.float64), Y)
    exact[-1].coef_, exact[-1].intercept_ = pipeline[-1].coef_.astype(float), pipeline[-1].intercept_.astype(float)
    p = compile_predict(pipeline, "decision_function")
    np.testing.assert_allclose(p(x), exact.decision_function(x.astype(np.float64)), atol=2e-4)


def test_another_step_is_named() -> None:
    pipeline = make_pipeline(PolynomialFeatures(), LogisticRegression()).fit(X, Y)
    with pytest.raises(ValueError, match="polynomialfeatures.*PolynomialFeatures"):
        compile_predict(pipeline)


def test_another_dtype(dtype: Any) -> None:
    model = MLPClassifier((6,), max_iter=3, random_state=0).fit(X.astype(dtype), Y)
    other = np.float64 if dtype == np.float32 else np.float32
    p = compile_predict(model, dtype=other)
    assert p.dtype == other
    assert repr(p) == f"<Predictor: 3 inputs, 2 outputs, {np.dtype(other)}>"
    assert p(X.astype(other)).dtype == other
    np.testing.assert_allclose(p(X), model.predict_proba(X.astype(dtype)), atol=2e-6)


def test_later_changes_of_the_model_have_no_effect() -> None:
    model = MLPClassifier((6,), max_iter=3, random_state=0).fit(X, Y)
    scaler = StandardScaler().fit(X)
    p, want = compile_predict(make_pipeline(scaler, model)), model.predict_proba(scaler.transform(X))
    labels = p.label(X)
    for w in model.coefs_:
        w[:] = 7
    model.classes_[:] = 100
    scaler.mean_[:] = 1e9
    assert_same_bits(p(X), want)
    assert_same_bits(p.label(X), labels)
    for attribute in ("n_inputs", "n_outputs", "classes", "plan", "dtype", "address", "other"):
        with pytest.raises(AttributeError):
            setattr(p, attribute, None)
    with pytest.raises(ValueError, match="read-only"):
        p.classes[0] = 1


@pytest.mark.jit
def test_a_users_activation_stays_what_it_was() -> None:
    """The plan compiles it anew when a number that it reads is another; what the predictor has goes on."""
    own = Activation("own", lambda z: FACTOR * z if z > 0 else 0.1 * z)
    net = Network([Dense(8, own), Dense(3)], n_inputs=X.shape[1], loss="cross_entropy", random_state=0)
    p, want, before = compile_predict(net, "predict"), net.predict(X), FACTOR
    globals()["FACTOR"] = 3.0
    try:
        assert not np.array_equal(net.predict(X), want)
        gc.collect()
        assert_same_bits(p(csr_array(X)), want)  # which asks for what the plan is now
        gc.collect()
        fill = [np.full(size, -1, np.int64) for size in range(1, 60) for _ in range(50)]  # memory that was given back
        assert_same_bits(p(X), want)
        del fill
    finally:
        globals()["FACTOR"] = before


def test_columns_of_a_data_frame_have_the_names_of_the_fit() -> None:
    pandas = pytest.importorskip("pandas")
    x = pandas.DataFrame(X, columns=["a", "b", "c"])
    models = LogisticRegression().fit(x, Y), make_pipeline(StandardScaler(), LogisticRegression()).fit(x, Y)
    for model in models:
        p = compile_predict(model)
        for each in (p, pickle.loads(pickle.dumps(p))):
            assert_same_bits(each(x), model.predict_proba(x))
            assert_same_bits(each(X), each(x))
            assert_same_bits(each(pandas.DataFrame(X)), each(x))  # columns that are numbers are no names
            for wrong in (x[["b", "a", "c"]], x.rename(columns={"a": "z"})):
                with pytest.raises(ValueError, match=r"columns \(.*\), wanted .* \('a', 'b', 'c'\)"):
                    each(wrong)
                with pytest.raises(ValueError, match="columns"):
                    each.label(wrong)
    unnamed = compile_predict(LogisticRegression().fit(X, Y))
    assert_same_bits(unnamed(x[["b", "a", "c"]]), unnamed(X[:, [1, 0, 2]]))


class Refitted(MLPClassifier):
    """Of which another fit ends whenever somebody has read it."""

    def _as_network(self, method: str) -> Any:
        network = super()._as_network(method)
        model.fit(X, X[:, :2] > 0)
        return network


model = Refitted((4,), max_iter=2, random_state=0)


@pytest.mark.parametrize("method", ["predict_proba", "predict"])
def test_a_predictor_is_of_one_fit(method: str) -> None:
    model.fit(X, Y)
    want, labels = getattr(model, method)(X), model.predict(X)
    p = compile_predict(model, method)
    assert_same_bits(p(X), want)
    assert_same_bits(p.label(X), labels)


def test_a_pickle_has_the_weights_alone() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(50, 200)).astype(np.float32), np.arange(50) % 3
    model = MLPClassifier((64,), max_iter=3, random_state=0).fit(x, y)
    p = compile_predict(make_pipeline(StandardScaler().fit(x), model), check_finite=True)
    text = pickle.dumps(p)
    weights = sum(w.nbytes for w in (*model.coefs_, *model.intercepts_))
    assert weights < len(text) < 1.1 * weights + 5000 < len(pickle.dumps(model))
    again = pickle.loads(text)
    assert_same_bits(again(x), p(x))
    assert_same_bits(again.label(x), p.label(x))
    x[0, 0] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        again(x)


def test_a_users_loss_does_not_hinder_a_pickle() -> None:
    own = Loss("own", lambda z, y: (z - y) ** 2, link="exp")
    net = Network([Dense(4, "tanh"), Dense(1)], n_inputs=X.shape[1], loss=own, random_state=0)
    assert_same_bits(pickle.loads(pickle.dumps(compile_predict(net, "predict")))(X), net.predict(X))


@pytest.mark.parametrize(
    "options, kind, told",
    [
        ({"method": "transform"}, ValueError, "method"),
        ({"dtype": int}, ValueError, "dtype"),
        ({"dtype": "nothing"}, TypeError, "nothing"),
        ({"n_threads": 0}, ValueError, "n_threads"),
        ({"n_threads": 1.5}, TypeError, "n_threads"),
    ],
    ids=str,
)
def test_bad_options(options: dict[str, Any], kind: type[Exception], told: str) -> None:
    with pytest.raises(kind, match=told):
        compile_predict(LogisticRegression().fit(X, Y), **options)


def test_what_is_no_model() -> None:
    with pytest.raises(TypeError, match="StandardScaler"):
        compile_predict(StandardScaler().fit(X))
    with pytest.raises(NotFittedError):
        compile_predict(LogisticRegression())
    with pytest.raises(ValueError, match="predict_proba"):
        compile_predict(Neuron("identity").fit(X, X[:, 0]))


def test_the_compiled_class_checks_its_arguments() -> None:
    net = Network([Dense(3)], n_inputs=2, loss="squared_error", random_state=0)
    make = fastnn.kernels.select.native.Predictor if hasattr(fastnn.kernels, "select") else None
    assert make is not None
    for wrong in (
        {"params": net.params[1:]},
        {"output": "other"},
        {"output": "pairs"},
        {"output": "class"},
        {"labels": "other"},
        {"labels": "class"},
        {"output": "labels", "classes": np.arange(3)},
        {"output": "labels", "labels": "class", "classes": np.arange(3)},
        {"classes": np.arange(0)},
        {
            "labels": "class",
            "labels_plan": Network([Dense(3)], n_inputs=1, loss="squared_error").plan,
            "classes": np.arange(3),
        },
        {"steps": (("turn", np.zeros(2), False),)},
        {"steps": (("add", np.zeros(3), False),)},
        {"steps": (("clip", np.zeros(3), False),)},
        {"n_threads": -1},
    ):
        arguments = {"plan": net.plan, "params": net.params, "output": "raw"} | wrong
        with pytest.raises(ValueError):
            make(**arguments)
