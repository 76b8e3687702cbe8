"""ONNX graphs as networks: ours, skl2onnx's, and those that others write."""

from __future__ import annotations

import numpy as np
import pytest
import skl2onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from onnx_runs import CLOSE, answers_of, far
from sklearn.linear_model import LinearRegression, SGDClassifier
from sklearn.linear_model import LogisticRegression as SklearnLogisticRegression
from sklearn.neural_network import MLPClassifier as SklearnClassifier
from sklearn.neural_network import MLPRegressor as SklearnRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, StandardScaler

from fastnn import (
    Dense,
    LogisticRegression,
    MLPClassifier,
    MLPRegressor,
    Network,
    Neuron,
    activations,
    from_onnx,
    to_onnx,
)
from fastnn.activations import ACTIVATIONS

pytestmark = [pytest.mark.onnx, pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")]

N = 120
NUMBER = np.arange(N) % 3
LABELS = {"three": NUMBER, "two": np.minimum(NUMBER, 1), "words": np.array(["a", "b"])[np.minimum(NUMBER, 1)]}
WITH_PARAMETERS = [
    activations.leaky_relu(0.3),
    activations.elu(1.75),
    activations.selu(2.0, 3.0),
    activations.celu(0.4),
    activations.softplus(3.0),
    activations.hard_sigmoid(0.2, 0.4),
    activations.softshrink(0.7),
    activations.hard_shrink(0.8),
    activations.thresholded_relu(-0.4),
]


def samples(dtype):
    return np.random.default_rng(0).normal(1, 2, (N, 5)).astype(dtype)


# --- ours ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("activation", [*ACTIVATIONS, *WITH_PARAMETERS], ids=str)
def test_what_we_write_comes_back(activation, dtype):
    if (activation, dtype) == ("gelu", np.float64):
        return  # which is not written
    network = Network([Dense(24, activation), Dense(3)], 5, dtype=dtype, random_state=0)
    again = from_onnx(to_onnx(network))
    was, now = network.plan.activations[0], again.plan.activations[0]
    same_at_one = ("celu", "elu")  # which are the same function where alpha is 1
    assert now.name == was.name or {now.name, was.name} == set(same_at_one)
    np.testing.assert_allclose(now.parameters, was.parameters, rtol=1e-15 if dtype == np.float64 else 1e-7)
    assert again.plan.dtype == dtype
    x = 4 * samples(dtype)
    assert far(again.predict(x), network.predict(x)) < CLOSE[x.dtype]


@pytest.mark.parametrize("loss", ["cross_entropy", "binary_cross_entropy", "poisson", "squared_error"])
def test_the_link_comes_back_as_the_loss(loss, dtype):
    network = Network([Dense(6, "tanh"), Dense(3)], 5, loss, dtype=dtype, random_state=0)
    again = from_onnx(to_onnx(network))
    assert again.plan.loss == network.plan.loss
    x = samples(dtype)
    np.testing.assert_array_equal(again.predict(x), network.predict(x))


@pytest.mark.parametrize("kind", LABELS)
@pytest.mark.parametrize("zipmap", [False, True])
@pytest.mark.parametrize("model", [MLPClassifier((8,), max_iter=9, random_state=0), LogisticRegression()], ids=str)
def test_probabilities_of_classifiers(model, zipmap, kind, dtype):
    x = samples(dtype)
    model.fit(x, LABELS[kind])
    network = from_onnx(to_onnx(model, zipmap=zipmap))
    assert far(network.predict(x), model.predict_proba(x)) < CLOSE[x.dtype]


@pytest.mark.parametrize("scaler", [StandardScaler(), MinMaxScaler(), MinMaxScaler(clip=True), MaxAbsScaler()], ids=str)
@pytest.mark.parametrize("shift", [0, 2000])
def test_scalers_become_part_of_the_weights(scaler, shift, dtype):
    """Far from zero the shift stays a layer of its own: in the bias it would cost 1e-4 in float32."""
    x = samples(dtype) + dtype(shift)
    model = make_pipeline(scaler, MLPClassifier((8,), solver="lbfgs", max_iter=5, random_state=0)).fit(x, NUMBER)
    network = from_onnx(to_onnx(model))
    digits = 1 if isinstance(scaler, StandardScaler) or not shift else 2000  # of min_ + scale_ * x
    assert far(network.predict(x), model.predict_proba(x)) < 4 * digits * CLOSE[x.dtype]
    if isinstance(scaler, StandardScaler):
        assert len(network.layers) == (3 if shift else 2)


def test_scores_and_margins_come_back():
    x = samples(np.float64)
    model = MLPClassifier((8,), loss="hinge", max_iter=9, random_state=0).fit(x, LABELS["two"])
    assert far(from_onnx(to_onnx(model)).predict(x)[:, 0], model.decision_function(x)) < 2e-15
    neuron = Neuron("tanh").fit(x, np.tanh(x[:, 0]))
    assert far(from_onnx(to_onnx(neuron)).predict(x)[:, 0], neuron.predict(x)) < 2e-15
    regressor = MLPRegressor("poisson", (8,), max_iter=9, random_state=0).fit(x, np.abs(x[:, :2]))
    assert far(from_onnx(to_onnx(regressor)).predict(x), regressor.predict(x)) < 2e-15


@pytest.mark.parametrize("dtype_of_labels", [np.float64, np.float32, np.float16, np.bool_, np.uint64])
def test_labels_that_are_floats_are_left_aside(dtype_of_labels):
    x = samples(np.float32)
    model = LogisticRegression().fit(x, LABELS["two"].astype(dtype_of_labels))
    assert far(from_onnx(to_onnx(model)).predict(x), model.predict_proba(x)) < 1e-6


def test_a_path_bytes_and_a_model_are_read(tmp_path):
    network = Network([Dense(4, "relu"), Dense(2)], 3, random_state=0)
    proto = to_onnx(network, tmp_path / "model.onnx")
    x = samples(np.float32)[:, :3]
    for source in (proto, proto.SerializeToString(), tmp_path / "model.onnx", str(tmp_path / "model.onnx")):
        np.testing.assert_array_equal(from_onnx(source).predict(x), network.predict(x))


def test_what_was_read_goes_on_training():
    x = samples(np.float32)
    model = MLPClassifier((8,), max_iter=2, random_state=0).fit(x, NUMBER)
    network = from_onnx(to_onnx(model))
    before = network.loss_and_gradient(x, np.eye(3, dtype=np.float32)[NUMBER])[0]
    network.fit(x, np.eye(3, dtype=np.float32)[NUMBER], epochs=5)
    assert network.loss_and_gradient(x, np.eye(3, dtype=np.float32)[NUMBER])[0] < before


# --- skl2onnx's -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", LABELS)
@pytest.mark.parametrize("zipmap", [False, True])
@pytest.mark.parametrize("scaler", [None, StandardScaler()], ids=str)
@pytest.mark.parametrize(
    "model",
    [SklearnClassifier((8, 4), max_iter=9, random_state=0), SklearnLogisticRegression()],
    ids=["mlp", "logistic"],
)
def test_classifiers_of_scikit_learn(model, scaler, zipmap, kind):
    x = samples(np.float32)
    pipeline = (make_pipeline(scaler, model) if scaler else make_pipeline(model)).fit(x, LABELS[kind])
    proto = skl2onnx.to_onnx(pipeline, x[:1], options={id(model): {"zipmap": zipmap}}, target_opset=18)
    assert far(from_onnx(proto).predict(x), pipeline.predict_proba(x)) < 3e-6


@pytest.mark.parametrize(
    ("model", "outputs"),
    [
        (LinearRegression(), 1),
        (LinearRegression(), 2),
        (SklearnRegressor(hidden_layer_sizes=(8,), max_iter=9, random_state=0), 1),  # skl2onnx puts several into one
    ],
    ids=["linear", "linear-2", "mlp"],
)
def test_regressors_of_scikit_learn(model, outputs):
    x = samples(np.float32)
    model.fit(x, x[:, :outputs] if outputs > 1 else x[:, 0])
    proto = skl2onnx.to_onnx(model, x[:1], target_opset=18)
    assert far(from_onnx(proto).predict(x), model.predict(x).reshape(N, outputs)) < 3e-6


def test_probabilities_of_one_against_the_rest_are_refused():
    x = samples(np.float32)
    model = SGDClassifier(loss="log_loss", random_state=0).fit(x, NUMBER)
    proto = skl2onnx.to_onnx(model, x[:1], options={"zipmap": False}, target_opset=18)
    with pytest.raises(ValueError):
        from_onnx(proto)


# --- others' --------------------------------------------------------------------------------------

RNG = np.random.default_rng(1)
ARRAYS = {
    "w": RNG.normal(size=(5, 4)),
    "b": RNG.normal(size=4),
    "v": RNG.normal(size=(4, 3)),
    "gain": RNG.uniform(0.5, 2, 4),
    "mean": RNG.normal(size=4),
    "variance": RNG.uniform(0.5, 2, 4),
    "half": 0.5,
    "one": 1.0,
    "root": 2**0.5,
    "three": 3.0,
    "cubic": 0.044715,
    "factor": (2 / np.pi) ** 0.5,
    "minus": -1.0,
    "zero": 0.0,
    "nearly": 0.999999,
}
INTEGERS = {"first": 0, "two_and_two": [2, 2], "rest": [-1]}
FIRST = [("MatMul", "X w", "m"), ("Add", "m b", "z")]
LAST = [("MatMul", "a v", "Y")]
GELU = [
    ("Div", "z root", "1"),
    ("Erf", "1", "2"),
    ("Add", "2 one", "3"),
    ("Mul", "z 3", "4"),
    ("Mul", "4 half", "a"),
]
GELU_OF_KERAS = [
    ("Mul", "half z", "1"),
    ("Neg", "z", "2"),
    ("Div", "2 root", "3"),
    ("Erfc", "3", "4"),
    ("Mul", "1 4", "a"),
]
GELU_TANH = [
    ("Pow", "z three", "1"),
    ("Mul", "1 cubic", "2"),
    ("Add", "z 2", "3"),
    ("Mul", "3 factor", "4"),
    ("Tanh", "4", "5"),
    ("Add", "one 5", "6"),
    ("Mul", "half z", "7"),
    ("Mul", "7 6", "a"),
]
GRAPHS = {
    "keras": [*FIRST, ("Relu", "z", "a"), *LAST],
    "biases first": [("MatMul", "X w", "m"), ("Add", "b m", "z"), ("Tanh", "z", "a"), *LAST],
    "normalised before the activation": [
        *FIRST,
        ("BatchNormalization", "z gain b mean variance", "n"),
        ("Relu", "n", "a"),
        *LAST,
    ],
    "normalised after it": [*FIRST, ("Relu", "z", "r"), ("BatchNormalization", "r gain b mean variance", "a"), *LAST],
    "normalised by products": [*FIRST, ("Mul", "z gain", "1"), ("Sub", "1 mean", "2"), ("Elu", "2", "a"), *LAST],
    "scaled at the end": [*FIRST, ("Tanh", "z", "a"), ("Mul", "a half", "1"), ("Sub", "one 1", "Y")],
    "columns scaled at the end": [*FIRST, ("Tanh", "z", "a"), ("Mul", "a gain", "Y")],
    "gelu": [*FIRST, *GELU, *LAST],
    "gelu by tanh": [*FIRST, *GELU_TANH, *LAST],
    "silu": [*FIRST, ("Sigmoid", "z", "1"), ("Mul", "1 z", "a"), *LAST],
    "softplus": [*FIRST, ("Exp", "z", "1"), ("Add", "1 one", "2"), ("Log", "2", "a"), *LAST],
    "leaky": [*FIRST, ("Mul", "z half", "1"), ("Max", "z 1", "a"), *LAST],
    "mirrored": [*FIRST, ("Sigmoid", "z", "1"), ("Sub", "one 1", "a"), *LAST],
    "a scaled input": [*FIRST, ("Mul", "z half", "1"), ("Tanh", "1", "a"), *LAST],
    "square and a half": [*FIRST, ("Tanh", "z", "t"), ("Div", "t half", "a"), *LAST],
    "minus": [*FIRST, ("Neg", "z", "1"), ("Relu", "1", "a"), *LAST],
    "pairs": [*FIRST, ("Neg", "z", "1"), ("Concat", "1 z", "2"), ("Sigmoid", "2", "Y")],
    "an activation first": [("Tanh", "X", "t"), ("MatMul", "t w", "Y")],
    "an activation alone": [("Sigmoid", "X", "Y")],
    "idle nodes": [
        ("Identity", "X", "1"),
        ("Dropout", "1", "2"),
        ("Flatten", "2", "3"),
        ("Cast", "3", "4"),
        ("MatMul", "4 w", "5"),
        ("Softmax", "5", "Y"),
    ],
    "clipped": [*FIRST, ("Clip", "z minus three", "a"), *LAST],
    "clipped from zero on": [*FIRST, ("Clip", "z zero half", "a"), *LAST],
    "clipped at the end": [*FIRST, ("Clip", "z minus half", "Y")],
    "clipped by the least and the largest": [*FIRST, ("Max", "z minus", "1"), ("Min", "1 half", "a"), *LAST],
    "at most a half": [*FIRST, ("Min", "z half", "a"), *LAST],
    "at least minus one": [*FIRST, ("Max", "minus z", "a"), *LAST],
    "relu with a largest value": [*FIRST, ("Relu", "z", "1"), ("Min", "1 three", "2"), ("Max", "2 zero", "a"), *LAST],
    "sums": [FIRST[0], ("Sum", "m b", "z"), ("Sum", "z", "s"), ("Sum", "s half", "1"), ("Tanh", "1", "Y")],
    "nearly plain": [*FIRST, ("Mul", "z nearly", "1"), ("Sigmoid", "1", "2"), ("Mul", "2 nearly", "a"), *LAST],
    "zeros of its shape": [
        *FIRST,
        ("Greater", "z half", "1"),
        ("Shape", "z", "2"),
        ("ConstantOfShape", "2", "3"),
        ("Where", "1 z 3", "a"),
        *LAST,
    ],
    "any number of rows": [
        *FIRST,
        ("Relu", "z", "1"),
        ("Shape", "1", "2"),
        ("Gather", "2 first", "3"),
        ("Unsqueeze", "3 first", "4"),
        ("Concat", "4 two_and_two", "5"),
        ("Reshape", "1 5", "6"),
        ("Concat", "4 rest", "7"),
        ("Reshape", "6 7", "a"),
        *LAST,
    ],
    "two layers": [*FIRST, ("MatMul", "z v", "Y")],
}


@pytest.mark.parametrize("name", GRAPHS)
def test_graphs_of_others(name, dtype):
    kind = TensorProto.FLOAT if dtype == np.float32 else TensorProto.DOUBLE
    attributes = {
        "BatchNormalization": {"epsilon": 2.0**-10},
        "Cast": {"to": kind},
        "Concat": {"axis": int(name != "any number of rows")},
    }
    graph = helper.make_graph(
        [helper.make_node(op, taken.split(), [given], **attributes.get(op, {})) for op, taken, given in GRAPHS[name]],
        name,
        [helper.make_tensor_value_info("X", kind, ["n", 5])],
        [helper.make_tensor_value_info("Y", kind, ["n", "o"])],
        [numpy_helper.from_array(np.asarray(values, dtype), each) for each, values in ARRAYS.items()]
        + [numpy_helper.from_array(np.asarray(values), each) for each, values in INTEGERS.items()],
    )
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    x = samples(dtype)
    # Of some operators onnxruntime has no kernel in float64, but ONNX's own evaluator has, whose Erf is one of float32.
    if name == "zeros of its shape" and dtype == np.float64:
        proto.graph.node[4].attribute.append(helper.make_attribute("value", numpy_helper.from_array(np.zeros(1))))
    wanted = answers_of(proto, x)["Y"] if dtype == np.float32 else ReferenceEvaluator(proto).run(None, {"X": x})[0]
    tolerance = 4e-6 if dtype == np.float32 else 1e-7 if name == "gelu" else 1e-14
    assert far(from_onnx(proto).predict(x), wanted) < tolerance


def test_gelu_as_keras_leaves_it():
    """With TensorFlow's Erfc, which ONNX has not: nothing else runs such a file."""
    graph = helper.make_graph(
        [helper.make_node(op, taken.split(), [given]) for op, taken, given in (*FIRST, *GELU_OF_KERAS, *LAST)],
        "keras",
        [helper.make_tensor_value_info("X", TensorProto.FLOAT, ["n", 5])],
        [helper.make_tensor_value_info("Y", TensorProto.FLOAT, ["n", 3])],
        [numpy_helper.from_array(np.asarray(values, np.float32), each) for each, values in ARRAYS.items()],
    )
    network = from_onnx(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)]))
    assert [each.name for each in network.plan.activations] == ["gelu", "identity"]


@pytest.mark.parametrize("bounds", [(-1e4, 1e4), (0.0, 1e8)], ids=str)
def test_far_bounds_cost_no_digits(bounds):
    low, high = (np.float32(bound) for bound in bounds)
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["X", "w"], ["z"]), helper.make_node("Clip", ["z", "low", "high"], ["Y"])],
        "clipped",
        [helper.make_tensor_value_info("X", TensorProto.FLOAT, ["n", 5])],
        [helper.make_tensor_value_info("Y", TensorProto.FLOAT, ["n", 4])],
        [
            numpy_helper.from_array(np.asarray(values, np.float32), each)
            for each, values in {"w": ARRAYS["w"], "low": low, "high": high}.items()
        ],
    )
    x = samples(np.float32) * np.float32(1e-3)
    got = from_onnx(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])).predict(x)
    np.testing.assert_allclose(got, np.clip(x @ ARRAYS["w"].astype("f"), low, high), rtol=1e-5, atol=1e-9)


def test_a_bound_that_is_the_largest_number_is_none():
    largest = float(np.finfo(np.float32).max)
    node = helper.make_node("Clip", ["X"], ["a"], min=0.0, max=largest)
    graph = helper.make_graph(
        [node, helper.make_node("MatMul", ["a", "w"], ["Y"])],
        "clipped",
        [helper.make_tensor_value_info("X", TensorProto.FLOAT, ["n", 5])],
        [helper.make_tensor_value_info("Y", TensorProto.FLOAT, ["n", 4])],
        [numpy_helper.from_array(ARRAYS["w"].astype(np.float32), "w")],
    )
    network = from_onnx(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 9)]))
    assert network.plan.activations[0].name == "relu"
