"""ONNX's own test cases of operators, with their parameters: in `fastnn.kernels`, and as graphs that are read."""

from __future__ import annotations

import functools
import warnings

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.backend.test.case.node import collect_testcases

from fastnn import activations, kernels
from fastnn.interop import from_onnx

pytestmark = pytest.mark.onnx

# The activation of each operator by the parameters of ours, of which ONNX's defaults are not always ours.
OF_OPERATORS = {
    "Celu": ("celu", {"alpha": 1.0}),
    "Elu": ("elu", {"alpha": 1.0}),
    "Gelu": ("gelu", {}),
    "HardSigmoid": ("hard_sigmoid", {"alpha": 0.2, "beta": 0.5}),
    "HardSwish": ("hard_swish", {}),
    "Identity": ("identity", {}),
    "LeakyRelu": ("leaky_relu", {"alpha": 0.01}),
    "LogSoftmax": ("log_softmax", {}),
    "Mish": ("mish", {}),
    "Relu": ("relu", {}),
    "Selu": ("selu", {"alpha": 1.67326319217681884765625, "gamma": 1.05070102214813232421875}),
    "Shrink": ("softshrink", {"lambd": 0.5}),
    "Sigmoid": ("sigmoid", {}),
    "Sign": ("sign", {}),
    "Softmax": ("softmax", {}),
    "Softplus": ("softplus", {}),
    "Softsign": ("softsign", {}),
    "Swish": ("silu", {}),
    "Tanh": ("tanh", {}),
    "ThresholdedRelu": ("thresholded_relu", {"alpha": 1.0}),
}


@functools.cache
def collected():
    """The cases of one node that take one array of float32, by their operator. To make all of them takes seconds."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some cases overflow on purpose
        every = collect_testcases(None)
    cases = {name: [] for name in OF_OPERATORS}
    for case in every:
        nodes, (inputs, outputs) = case.model.graph.node, case.data_sets[0]
        is_one = len(nodes) == len(inputs) == len(outputs) == 1
        if is_one and nodes[0].op_type in cases and getattr(inputs[0], "dtype", None) == np.float32:
            cases[nodes[0].op_type].append(case)
    return cases


def attributes_of(node):
    return {each.name: helper.get_attribute_value(each) for each in node.attribute}


def activation_of(node):
    name, defaults = OF_OPERATORS[node.op_type]
    given = attributes_of(node)
    if node.op_type == "Gelu" and given.get("approximate") == b"tanh":
        name = "gelu_tanh"
    if node.op_type == "Shrink" and not given.get("bias"):
        name = "hard_shrink"
    parameters = tuple(given.get(each, default) for each, default in defaults.items())
    return activations.Activation(name, parameters=parameters) if parameters else activations.get(name)


def as_rows(array, node):
    """The array as rows (n, o), along which the operator works."""
    axis = attributes_of(node).get("axis", -1) if "oftmax" in node.op_type else -1
    moved = np.moveaxis(array, axis, -1)
    return np.ascontiguousarray(moved.reshape(-1, moved.shape[-1]))


def test_there_are_cases_of_every_operator():
    assert all(collected().values())
    assert sum(map(len, collected().values())) > 45


@pytest.mark.parametrize("operator", OF_OPERATORS)
def test_kernels_pass(operator, dtype):
    for case in collected()[operator]:
        node, ([z], [wanted]) = case.model.graph.node[0], case.data_sets[0]
        got = kernels.activation_forward(as_rows(z, node).astype(dtype), activation_of(node))
        np.testing.assert_allclose(got, as_rows(wanted, node), rtol=case.rtol, atol=case.atol, err_msg=case.name)


def graph_of(case, width, dtype):
    """The node of a case behind a layer that hands its inputs on."""
    node = onnx.NodeProto()
    node.CopyFrom(case.model.graph.node[0])
    node.input[0], node.output[0] = "z", "Y"
    for each in node.attribute:
        if each.name == "axis":
            each.i = -1
    kind = TensorProto.FLOAT if dtype == np.float32 else TensorProto.DOUBLE
    graph = helper.make_graph(
        [helper.make_node("Gemm", ["X", "w"], ["z"]), node],
        case.name,
        [helper.make_tensor_value_info("X", kind, [None, width])],
        [helper.make_tensor_value_info("Y", kind, [None, width])],
        [numpy_helper.from_array(np.eye(width, dtype=dtype), "w")],
    )
    return helper.make_model(graph, opset_imports=case.model.opset_import)


@pytest.mark.parametrize("operator", OF_OPERATORS)
def test_graphs_are_read(operator, dtype):
    for case in collected()[operator]:
        node, ([z], [wanted]) = case.model.graph.node[0], case.data_sets[0]
        rows, last = as_rows(z, node), activation_of(node)
        if rows.shape[1] > 1000:  # of the one case with a long row
            rows, wanted = rows.reshape(-1, 10), np.asarray(wanted).reshape(-1, 10)
        network = from_onnx(graph_of(case, rows.shape[1], dtype))
        got = network.predict(rows.astype(dtype))
        wanted = as_rows(wanted, node)
        np.testing.assert_allclose(got, wanted, rtol=case.rtol, atol=case.atol, err_msg=case.name)
        if network.plan.loss.name == "squared_error":  # else the activation has become the loss's link
            assert [each.name for each in network.plan.activations] == [last.name]
            np.testing.assert_allclose(network.plan.activations[0].parameters, last.parameters, rtol=1e-7)
