"""Models as ONNX graphs: onnxruntime gives the answers of the models."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx_runs import CLOSE, answers_of, far
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, PolynomialFeatures, StandardScaler

from fastnn import (
    Activation,
    Dense,
    Dropout,
    LogisticRegression,
    LogisticRegressionCV,
    MLPClassifier,
    MLPRegressor,
    Network,
    Neuron,
    activations,
    to_onnx,
)
from fastnn.activations import ACTIVATIONS
from fastnn.serving import served

pytestmark = [
    pytest.mark.onnx,
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:The default value:FutureWarning"),  # of LogisticRegressionCV
]

N = 120
NUMBER = np.arange(N) % 3
LABELS = {
    "int": NUMBER * 5 - 2,
    "large": NUMBER + 2**40,
    "unsigned": NUMBER.astype(np.uint64) + np.uint64(2**63),
    "str": np.array(["no", "yes", "é"])[NUMBER],
    "object": np.array(["no", "yes", "é"], object)[NUMBER],
    "float": NUMBER.astype(np.float32),
    "bool": NUMBER > 0,
    "two": np.minimum(NUMBER, 1),
    "two words": np.array(["a", "b"])[np.minimum(NUMBER, 1)],
}
OTHERS = [  # activations with other parameters than the defaults
    activations.leaky_relu(0.3),
    activations.leaky_relu(-0.5),
    activations.elu(1.7),
    activations.celu(0.4),
    activations.softplus(3.0),
    activations.hard_sigmoid(0.2, 0.4),
]


def samples(dtype):
    return np.random.default_rng(0).normal(1, 2, (N, 5)).astype(dtype)


def mlp(**parameters):
    return MLPClassifier((16, 8), max_iter=15, random_state=0, **parameters)


def check_classifier(model, x, proto):
    answers = answers_of(proto, x)
    assert list(answers) == ["label", "probabilities"]
    np.testing.assert_array_equal(answers["label"], model.predict(x))
    assert far(answers["probabilities"], model.predict_proba(x)) < CLOSE[x.dtype]
    assert answers["probabilities"].dtype == x.dtype


@pytest.mark.parametrize("kind", LABELS)
@pytest.mark.parametrize("output", [None, "softmax"])
def test_labels_of_every_type(kind, output, dtype):
    x, y = samples(dtype), LABELS[kind]
    if output and len(np.unique(y)) > 2:
        output = None
    model = mlp(out_activation=output).fit(x, y)
    proto = to_onnx(model)
    check_classifier(model, x, proto)
    label = answers_of(proto, x)["label"]
    assert label.dtype == (object if y.dtype.kind in "UO" else y.dtype)


@pytest.mark.parametrize("kind", ["int", "str", "two", "bool"])
@pytest.mark.parametrize("model", [LogisticRegression(), LogisticRegressionCV(Cs=2, cv=2), Neuron()], ids=str)
def test_linear_classifiers(model, kind, dtype):
    if isinstance(model, Neuron) and len(np.unique(LABELS[kind])) > 2:
        kind = "two words"
    x = samples(dtype)
    check_classifier(model.fit(x, LABELS[kind]), x, to_onnx(model))


def test_several_labels(dtype):
    x = samples(dtype)
    model = mlp().fit(x, np.stack([NUMBER > 0, NUMBER > 1, x[:, 0] > 0], 1))
    check_classifier(model, x, to_onnx(model))
    rows = answers_of(to_onnx(model, zipmap=True), x)["output_probability"]
    assert far([[row[k] for k in range(3)] for row in rows], model.predict_proba(x)) < 1e-6


def test_one_class(dtype):
    x = samples(dtype)
    model = mlp().fit(x, np.full(N, "only"))
    check_classifier(model, x, to_onnx(model))


@pytest.mark.parametrize("model", [mlp(loss="hinge"), Neuron(activation="sign")], ids=["hinge", "sign"])
@pytest.mark.parametrize("kind", ["int", "two"])
def test_margins_are_scores(model, kind, dtype):
    x = samples(dtype)
    model.fit(x, LABELS[kind if isinstance(model, MLPClassifier) else "two"])
    answers = answers_of(to_onnx(model), x)
    assert list(answers) == ["label", "scores"]
    np.testing.assert_array_equal(answers["label"], model.predict(x))
    assert far(answers["scores"], model.decision_function(x)) < CLOSE[x.dtype]
    with pytest.raises(ValueError, match="zipmap=True"):
        to_onnx(model, zipmap=True)


@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
@pytest.mark.parametrize("outputs", [1, 2])
def test_regressors(loss, outputs, dtype):
    x = samples(dtype)
    y = np.abs(x[:, :outputs]) if outputs > 1 else np.abs(x[:, 0])
    model = MLPRegressor(loss, (12,), "silu", max_iter=15, random_state=0).fit(x, y)
    answers = answers_of(to_onnx(model), x)
    assert far(answers["variable"], model.predict(x).reshape(N, outputs)) < CLOSE[x.dtype]


def test_a_neuron_that_is_a_regressor(dtype):
    x = samples(dtype)
    model = Neuron("tanh").fit(x, np.tanh(x[:, 0]))
    assert far(answers_of(to_onnx(model), x)["variable"][:, 0], model.predict(x)) < CLOSE[x.dtype]


@pytest.mark.parametrize("activation", [*ACTIVATIONS, *OTHERS], ids=str)
def test_activations(activation, dtype):
    network = Network([Dense(24, activation), Dense(3)], 5, dtype=dtype, random_state=0)
    x = 4 * samples(dtype)
    if (activation, dtype) == ("gelu", np.float64):
        with pytest.raises(ValueError, match="'gelu' has no exact form in float64.*gelu_tanh"):
            to_onnx(network)
        return
    assert far(answers_of(to_onnx(network), x)["variable"], network.predict(x)) < CLOSE[x.dtype]


def test_silu_of_float64_has_no_product_that_older_onnxruntimes_fuse_to_what_they_lack():
    nodes = to_onnx(Network([Dense(3, "silu")], 5, dtype="float64")).graph.node
    assert "Sigmoid" not in [node.op_type for node in nodes]


@pytest.mark.parametrize("loss", ["cross_entropy", "binary_cross_entropy", "poisson", "huber"])
def test_a_network_gives_what_it_predicts(loss, dtype):
    layers = [Dense(6, "tanh", bias=False), Dropout(0.5), Dense(3)]
    network = Network(layers, 5, loss, dtype=dtype, random_state=0)
    x = samples(dtype)
    assert far(answers_of(to_onnx(network), x)["variable"], network.predict(x)) < CLOSE[x.dtype]


@pytest.mark.parametrize(
    "scaler",
    [StandardScaler(), MinMaxScaler((-1, 2)), MinMaxScaler(clip=True), MaxAbsScaler(), "passthrough"],
    ids=str,
)
@pytest.mark.parametrize("shift", [0, 2000])
def test_pipelines_of_scalers(scaler, shift, dtype):
    """With features far from zero: a mean that is folded into the bias costs 1e-4 there in float32."""
    x = samples(dtype) + dtype(shift)
    model = make_pipeline(scaler, MLPClassifier((8,), solver="lbfgs", max_iter=5, random_state=0)).fit(x, NUMBER)
    check_classifier(model, x, to_onnx(model))


def test_pipelines_in_a_pipeline(dtype):
    x = samples(dtype)
    model = make_pipeline(
        make_pipeline(StandardScaler(), "passthrough"),
        make_pipeline(MinMaxScaler(), MLPClassifier((8,), max_iter=5, random_state=0)),
    ).fit(x, NUMBER)
    check_classifier(model, x, to_onnx(model))


def test_scalers_compute_in_the_dtype_of_scikit_learns(monkeypatch):
    """Before 1.9 a StandardScaler of scikit-learn takes a mean of float64 off rows of float32."""
    monkeypatch.setattr(served, "_rounds", lambda transformer: False)
    x = samples(np.float32) + np.float32(2000)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(x, NUMBER)
    centred = (x - model[0].mean_.astype(np.float64)).astype(np.float32)
    wanted = model[1].predict_proba((centred / model[0].scale_.astype(np.float64)).astype(np.float32))
    assert far(answers_of(to_onnx(model), x)["probabilities"], wanted) < 1e-6


def test_ties_go_to_the_first_class():
    model = LogisticRegression().fit(samples(np.float32), NUMBER)
    model.coef_ = np.ones_like(model.coef_)
    model.intercept_ = np.array([0, 1, 1], np.float32)
    check_classifier(model, samples(np.float32), to_onnx(model))


def test_labels_follow_the_raw_output_where_probabilities_are_equal():
    model = mlp().fit(samples(np.float32), LABELS["two"])
    model.coefs_[-1][:] = 0
    model.intercepts_[-1][:] = 1e-9  # whose probability is 0.5 in float32
    check_classifier(model, samples(np.float32), to_onnx(model))
    assert set(answers_of(to_onnx(model), samples(np.float32))["label"]) == {1}


def test_another_dtype_than_the_models():
    x = samples(np.float64)
    model = mlp().fit(x, NUMBER)
    answers = answers_of(to_onnx(model, dtype="float32"), x.astype(np.float32))
    assert far(answers["probabilities"], model.predict_proba(x)) < 1e-6
    narrow = mlp().fit(x.astype(np.float32), NUMBER)
    wide = answers_of(to_onnx(narrow, dtype=np.float64), x)
    assert wide["probabilities"].dtype == np.float64
    model.coefs_[0][0, 0] = 1e300
    with pytest.raises(ValueError, match="too large for dtype='float32'"):
        to_onnx(model, dtype="float32")
    with pytest.raises(ValueError, match="dtype='int32' is not possible"):
        to_onnx(model, dtype="int32")


@pytest.mark.parametrize("kind", ["int", "str", "bool"])
def test_zipmap_gives_a_dict_for_each_row(kind, dtype):
    x = samples(dtype)
    model = mlp().fit(x, LABELS[kind])
    answers = answers_of(to_onnx(model, zipmap=True), x)
    assert list(answers) == ["output_label", "output_probability"]
    rows = [[row[label] for label in model.classes_.tolist()] for row in answers["output_probability"]]
    assert far(rows, model.predict_proba(x)) < 1e-6
    np.testing.assert_array_equal(answers["output_label"], model.predict(x))


def test_keys_of_maps_are_integers_or_strings():
    model = mlp().fit(samples(np.float32), LABELS["float"])
    with pytest.raises(ValueError, match="labels of dtype float32: the keys"):
        to_onnx(model, zipmap=True)


def test_a_file_has_the_graph(tmp_path):
    x = samples(np.float32)
    model = mlp().fit(x, NUMBER)
    proto = to_onnx(model, tmp_path / "model.onnx")
    loaded = onnx.load(tmp_path / "model.onnx")
    assert loaded == proto
    assert loaded.producer_name == "fastnn"
    assert [each.version for each in loaded.opset_import] == [18]
    for rows in (0, 1, 7):
        assert answers_of(loaded, x[:rows])["probabilities"].shape == (rows, 3)


def test_the_graph_is_what_the_model_was():
    x = samples(np.float32)
    model = mlp().fit(x, NUMBER)
    proto, before = to_onnx(model), model.predict_proba(x)
    model.coefs_[0][:] = 0
    assert far(answers_of(proto, x)["probabilities"], before) < 1e-6


@pytest.mark.jit
def test_activations_of_ones_own_are_refused():
    snake = Activation("snake", lambda z: z + z * z)
    with pytest.raises(ValueError, match="'snake' is your own.*relu"):
        to_onnx(Network([Dense(2, snake)], 3))


def test_what_cannot_be_written_is_named():
    model = make_pipeline(PolynomialFeatures(), LogisticRegression()).fit(samples(np.float32), NUMBER)
    with pytest.raises(ValueError, match="polynomialfeatures"):
        to_onnx(model)
    with pytest.raises(TypeError, match="StandardScaler"):
        to_onnx(StandardScaler())
    with pytest.raises(NotFittedError):
        to_onnx(MLPClassifier())
    model = LogisticRegression().fit(samples(np.float32), LABELS["two"])
    model.classes_ = np.array([1, "a"], object)
    with pytest.raises(ValueError, match=r"classes .*strings, integers, floats or bools"):
        to_onnx(model)
