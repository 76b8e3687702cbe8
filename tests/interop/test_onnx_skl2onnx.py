"""skl2onnx converts pipelines and ensembles that hold our estimators."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import skl2onnx
from onnx_runs import CLOSE, answers_of, far
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import BaggingClassifier, StackingClassifier, VotingClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from fastnn import LogisticRegression, LogisticRegressionCV, MLPClassifier, MLPRegressor, Neuron
from fastnn.interop import register_onnx

pytestmark = [
    pytest.mark.onnx,
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:The default value:FutureWarning"),  # of LogisticRegressionCV
]

N = 120
NUMBER = np.arange(N) % 3
LABELS = {
    "int": NUMBER * 5 - 2,
    "str": np.array(["no", "yes", "é"])[NUMBER],
    "float": NUMBER.astype(np.float64),
    "two": np.minimum(NUMBER, 1),
    "bool": NUMBER > 0,
    "one": 0 * NUMBER,
    "several": np.stack([NUMBER > 0, NUMBER > 1], 1).astype(int),
}


@pytest.fixture(scope="module", autouse=True)
def registered():
    register_onnx()


def samples(dtype):
    return np.random.default_rng(0).normal(1, 2, (N, 5)).astype(dtype)


def mlp(**parameters):
    return MLPClassifier((16, 8), max_iter=15, random_state=0, **parameters)


def converted(model, x, **options):
    final = model[-1] if hasattr(model, "steps") else model
    given = {id(final): {"zipmap": False, **options}} if hasattr(final, "classes_") else None
    return answers_of(skl2onnx.to_onnx(model, x[:1], options=given, target_opset=18), x)


def scores_of(model, x):
    if hasattr(model, "predict_proba"):
        return model.predict_proba(x)
    z = model.decision_function(x)
    return np.stack([-z, z], 1) if z.ndim == 1 else z


@pytest.mark.parametrize("kind", LABELS)
@pytest.mark.parametrize(
    "model",
    [
        mlp(),
        mlp(out_activation="softmax"),
        mlp(loss="hinge"),
        LogisticRegression(),
        LogisticRegressionCV(Cs=2, cv=2),
        Neuron(),
        Neuron(activation="sign"),
    ],
    ids=["mlp", "softmax", "hinge", "logistic", "cv", "sigmoid", "sign"],
)
def test_classifiers_in_a_pipeline(model, kind, dtype):
    x, y = samples(dtype), LABELS[kind]
    few = isinstance(model, Neuron) or getattr(model, "out_activation", None) == "softmax"
    if (few and kind not in ("two", "bool")) or (not isinstance(model, MLPClassifier) and kind in ("one", "several")):
        return
    pipeline = make_pipeline(StandardScaler(), model).fit(x, y)
    answers = converted(pipeline, x)
    np.testing.assert_array_equal(answers["label"], pipeline.predict(x))
    wanted = scores_of(pipeline, x)
    assert far(answers["probabilities"], wanted[:, -1:] if kind == "one" else wanted) < 2 * CLOSE[x.dtype]


@pytest.mark.parametrize("outputs", [1, 2])
@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
def test_regressors(loss, outputs, dtype):
    x = samples(dtype)
    y = np.abs(x[:, :outputs]) if outputs > 1 else np.abs(x[:, 0])
    model = MLPRegressor(loss, (12,), "gelu_tanh", max_iter=15, random_state=0).fit(x, y)
    assert far(converted(model, x)["variable"], model.predict(x).reshape(N, outputs)) < CLOSE[x.dtype]


def test_a_neuron_that_is_a_regressor(dtype):
    x = samples(dtype)
    model = Neuron("tanh").fit(x, np.tanh(x[:, 0]))
    assert far(converted(model, x)["variable"][:, 0], model.predict(x)) < CLOSE[x.dtype]


@pytest.mark.parametrize("model", [mlp(), LogisticRegression(), Neuron()], ids=["mlp", "logistic", "sigmoid"])
def test_options(model):
    x, y = samples(np.float32), np.array(["no", "yes"])[LABELS["two"]]
    model.fit(x, y)
    assert converted(model, x, nocl=True)["label"].tolist() == (model.predict(x) == "yes").astype(int).tolist()
    p = model.predict_proba(x)
    maps = converted(model, x, zipmap=True)
    assert far([[row["no"], row["yes"]] for row in maps["output_probability"]], p) < 1e-6
    columns = converted(model, x, zipmap="columns")
    assert far(np.stack([columns["sno"], columns["syes"]], 1), p) < 1e-6
    with pytest.raises(NameError, match="unheard_of"):
        converted(model, x, unheard_of=True)


@pytest.mark.parametrize("model", [LogisticRegression(), Neuron()], ids=["logistic", "sigmoid"])
def test_scores_where_there_is_a_decision_function_too(model):
    x = samples(np.float32)
    model.fit(x, LABELS["two"])
    raw = converted(model, x, raw_scores=True)["probabilities"]
    assert far(1 / (1 + np.exp(-raw)), model.predict_proba(x)) < 1e-6


@pytest.mark.parametrize("model", [mlp(), LogisticRegression()], ids=["mlp", "logistic"])
def test_class_labels_as_an_output(model):
    x = samples(np.float32)
    model.fit(x, np.array(["no", "yes"])[LABELS["two"]])
    assert converted(model, x, output_class_labels=True)["class_labels"].tolist() == ["no", "yes"]


@pytest.mark.parametrize(
    ("model", "option"), [(mlp(), "raw_scores"), (Neuron(), "output_class_labels")], ids=["mlp", "sigmoid"]
)
def test_options_that_a_model_has_not_are_refused(model, option):
    x = samples(np.float32)
    model.fit(x, LABELS["two"])
    with pytest.raises(NameError, match=option):
        converted(model, x, **{option: True})


@pytest.mark.parametrize("kind", ["two", "int"])
@pytest.mark.parametrize("model", [mlp(), mlp(loss="hinge"), LogisticRegression()], ids=["mlp", "hinge", "logistic"])
def test_what_is_calibrated_is_what_scikit_learn_calibrates(model, kind):
    """Probabilities of an MLP, and the decision_function of the others."""
    x = samples(np.float32)
    calibrated = CalibratedClassifierCV(model, cv=2).fit(x, LABELS[kind])
    answers = answers_of(skl2onnx.to_onnx(calibrated, x[:1], options={"zipmap": False}, target_opset=18), x)
    assert far(answers["probabilities"], calibrated.predict_proba(x)) < 1e-5


@pytest.mark.parametrize(
    "model",
    [
        GridSearchCV(mlp(), {"alpha": [1e-4, 1e-3]}, cv=2),
        VotingClassifier([("a", mlp()), ("b", LogisticRegression())], voting="soft", flatten_transform=False),
        StackingClassifier([("a", mlp()), ("b", LogisticRegression())], LogisticRegression(), cv=2),
        CalibratedClassifierCV(LogisticRegression(), cv=2),
        OneVsRestClassifier(LogisticRegression()),
        BaggingClassifier(LogisticRegression(), 3, random_state=0),
        make_pipeline(ColumnTransformer([("s", StandardScaler(), [0, 1])], remainder="passthrough"), mlp()),
        make_pipeline(PolynomialFeatures(2), StandardScaler(), LogisticRegression()),
    ],
    ids=["search", "voting", "stacking", "calibrated", "one-vs-rest", "bagging", "columns", "polynomial"],
)
def test_models_that_hold_ours(model):
    x = samples(np.float32)
    model.fit(x, NUMBER)
    answers = answers_of(skl2onnx.to_onnx(model, x[:1], target_opset=18), x)
    np.testing.assert_array_equal(answers["output_label"], model.predict(x))
    rows = [[row[k] for k in range(3)] for row in answers["output_probability"]]
    assert far(rows, model.predict_proba(x)) < 1e-5


@pytest.mark.parametrize("opset", [13, 15, 18, 21])
@pytest.mark.parametrize("activation", ["hard_swish", "mish", "relu"])
def test_older_operators_do_too(opset, activation):
    x = samples(np.float32)
    model = mlp(activation=activation).fit(x, NUMBER)
    proto = skl2onnx.to_onnx(model, x[:1], options={"zipmap": False}, target_opset=opset)
    assert far(answers_of(proto, x)["probabilities"], model.predict_proba(x)) < 1e-6


def test_what_is_too_old_is_refused():
    model = mlp().fit(samples(np.float32), NUMBER)
    with pytest.raises(ValueError, match="target_opset=11 .*at least 13"):
        skl2onnx.to_onnx(model, samples(np.float32)[:1], target_opset={"": 11, "ai.onnx.ml": 1})


def test_integers_are_cast():
    x = np.random.default_rng(0).integers(0, 5, (N, 4))
    model = LogisticRegression().fit(x.astype(np.float32), LABELS["two"])
    assert far(converted(model, x)["probabilities"], model.predict_proba(x.astype(np.float32))) < 1e-6


def test_labels_that_are_no_integers_are_refused():
    model = LogisticRegression().fit(samples(np.float32), LABELS["two"])
    model.classes_ = np.array([0.5, 1.0])
    with pytest.raises(ValueError, match="strings or 64-bit integers alone"):
        converted(model, samples(np.float32))


@pytest.mark.parametrize("first", ["skl2onnx", "nothing"])
def test_it_happens_by_itself_where_skl2onnx_comes_first(first):
    code = "from fastnn import LogisticRegression as L; import sys; print('fastnn.interop' in sys.modules); "
    code += "import skl2onnx.common._registration as r; print(any('Fastnn' in str(name) for name in r._converter_pool))"
    before = "import skl2onnx; " if first == "skl2onnx" else ""
    done = subprocess.run([sys.executable, "-c", before + code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == (["True", "True"] if before else ["False", "False"])


def test_an_import_of_skl2onnx_that_is_blocked_harms_nothing():
    code = "import sys; sys.modules['skl2onnx'] = None; from fastnn import MLPClassifier"
    subprocess.run([sys.executable, "-c", code], check=True)
