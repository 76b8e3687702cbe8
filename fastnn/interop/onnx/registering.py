"""The estimators of this library in skl2onnx, which converts scikit-learn's pipelines and ensembles that hold them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from fastnn.interop.needed import needed
from fastnn.interop.onnx.graph import Graph, renamed_outputs, type_of
from fastnn.interop.onnx.outputs import answers, classes_of, label_array, layers, pairs
from fastnn.models.common.as_network import AsNetwork, ModelNetwork
from fastnn.models.logistic.cv.estimator import LogisticRegressionCV
from fastnn.models.logistic.estimator import LogisticRegression
from fastnn.models.mlp import MLPClassifier, MLPRegressor
from fastnn.models.neuron.estimator import Neuron
from fastnn.models.neuron.learning_rule import is_classifier

__all__ = ["register_onnx"]

OLDEST_OPSET = 13  # of the operators that all graphs have
_OPTIONS: dict[str, list[Any]] = {
    "zipmap": [True, False, "columns"],
    "nocl": [True, False],
    "raw_scores": [True, False],
    "output_class_labels": [False, True],
}
# The options of each classifier. Of one that has raw_scores skl2onnx takes the scores where scikit-learn calls
# decision_function, which an MLPClassifier with probabilities has not: it would calibrate the wrong numbers.
_CLASSIFIERS: dict[type, tuple[str, ...]] = {
    LogisticRegression: ("zipmap", "nocl", "raw_scores", "output_class_labels"),
    LogisticRegressionCV: ("zipmap", "nocl", "raw_scores", "output_class_labels"),
    MLPClassifier: ("zipmap", "nocl", "output_class_labels"),
    Neuron: ("zipmap", "nocl", "raw_scores"),
}


def register_onnx() -> None:
    """Make skl2onnx convert the estimators of this library, and what holds them.

    Afterwards ``skl2onnx.to_onnx(pipeline, X[:1])`` works for pipelines, column transformers, grid searches, voting and
    stacking with an estimator of ours, as it does with scikit-learn's. Of skl2onnx's options the classifiers have
    ``zipmap`` and ``nocl``; all but Neuron ``output_class_labels``, and all but MLPClassifier ``raw_scores``. skl2onnx
    refuses others. Where skl2onnx has been imported before an estimator of this library, this happens by itself.

    Raises
    ------
    ImportError
        If the package skl2onnx is not installed.

    See Also
    --------
    to_onnx : Needs no skl2onnx.
    """
    skl2onnx = needed("skl2onnx", "register_onnx", "pip install skl2onnx")
    for kind, names in _CLASSIFIERS.items():
        parser = _parse_neuron if kind is Neuron else None
        options = {name: _OPTIONS[name] for name in names}
        skl2onnx.update_registered_converter(
            kind, f"Fastnn{kind.__name__}", _set_types, _convert, parser=parser, options=options
        )
    skl2onnx.update_registered_converter(MLPRegressor, "FastnnMLPRegressor", _set_types, _convert)


def _parse_neuron(scope: Any, model: Neuron, inputs: list[Any], custom_parsers: Any = None) -> list[Any]:
    """The outputs of a neuron, which its activation makes a classifier or a regressor: skl2onnx would ask its class."""
    from skl2onnx import _parse
    from skl2onnx.common.data_types import Int64TensorType, guess_tensor_type

    operator = scope.declare_local_operator("FastnnNeuron", model)
    operator.inputs = inputs
    number = guess_tensor_type(inputs[0].type)
    if not is_classifier(model):
        operator.outputs.append(scope.declare_local_variable("variable", number))
        return list(operator.outputs)
    operator.outputs.append(scope.declare_local_variable("label", Int64TensorType()))
    operator.outputs.append(scope.declare_local_variable("probabilities", number))
    zipmap = scope.get_options(model, {"zipmap": True})["zipmap"]
    if zipmap is False:
        return list(operator.outputs)
    return list(_parse._apply_zipmap(zipmap, scope, model, inputs[0].type, list(operator.outputs)))


def _set_types(operator: Any) -> None:
    """Tell skl2onnx what the outputs of an estimator are."""
    from skl2onnx.common import data_types
    from skl2onnx.common.utils import check_input_and_output_numbers

    check_input_and_output_numbers(operator, input_count_range=1, output_count_range=[1, 2])
    rows = operator.inputs[0].get_first_dimension()
    number = type(data_types.guess_tensor_type(operator.inputs[0].type))
    network = _network_of(operator, operator.scope_inst)
    o = network.plan.widths[-1]
    if len(operator.outputs) == 1:
        operator.outputs[0].set_type(number([rows, o]))
        return
    several = network.output("predict") == "labels"
    strings = not several and label_array(classes_of(network)).dtype == object
    label = data_types.StringTensorType if strings else data_types.Int64TensorType
    operator.outputs[0].set_type(label([rows, o] if several else [rows]))
    operator.outputs[1].set_type(number([rows, len(classes_of(network))]))


def _network_of(operator: Any, scope: Any) -> ModelNetwork:
    """The estimator as a network, with classes as skl2onnx has them: integers or strings."""
    model: AsNetwork = operator.raw_operator
    network = model._as_network("predict")
    classes = classes_of(network)
    if len(classes) and scope.get_options(model, {"nocl": False})["nocl"]:
        return replace(network, classes=np.arange(len(classes)))
    if classes.dtype.kind in "buf":
        whole = classes.astype(np.int64)
        if not np.array_equal(whole, classes):
            raise ValueError(f"classes_={classes}: skl2onnx has labels that are strings or 64-bit integers alone.")
        return replace(network, classes=whole)
    return network


def _convert(scope: Any, operator: Any, container: Any) -> None:
    """Add an estimator's nodes to skl2onnx's graph."""
    opset = container.target_opset_any_domain("")
    if opset < OLDEST_OPSET:
        raise ValueError(f"target_opset={opset} for {operator.raw_operator}, wanted at least {OLDEST_OPSET}.")
    from skl2onnx.common.data_types import DoubleTensorType

    kind = operator.inputs[0].type
    graph = Graph(np.dtype(np.float64 if isinstance(kind, DoubleTensorType) else np.float32), opset)
    network = _network_of(operator, scope)
    z = layers(graph, graph.cast(graph.x, graph.dtype), network)
    outputs = {name: answer.value for name, answer in answers(graph, z, network).items()}
    if "scores" in outputs or _wants_scores(scope, operator):
        outputs = {"label": outputs["label"], "scores": _scores(graph, z, network)}
    names = [each.full_name for each in operator.outputs]
    _add(graph, dict(zip(names, outputs.values(), strict=True)), operator.inputs[0].full_name, scope, container)


def _scores(graph: Graph, z: str, network: ModelNetwork) -> str:
    """The raw output (n, classes): of one sigmoid neuron that of both classes, as skl2onnx has it."""
    return pairs(graph, z) if network.plan.widths[-1] == 1 and len(classes_of(network)) == 2 else z


def _wants_scores(scope: Any, operator: Any) -> bool:
    if "raw_scores" not in _CLASSIFIERS.get(type(operator.raw_operator), ()) or len(operator.outputs) == 1:
        return False
    return bool(scope.get_options(operator.raw_operator, {"raw_scores": False})["raw_scores"])


def _add(graph: Graph, outputs: dict[str, str], x: str, scope: Any, container: Any) -> None:
    """Move a graph into skl2onnx's, by names that are unique there."""
    names = {graph.x: x} | {name: name for name in outputs}
    for name, values in graph.arrays.items():
        names[name] = scope.get_unique_variable_name(name)
        flat = [each.encode() for each in values.tolist()] if values.dtype == object else values.ravel()
        container.add_initializer(names[name], type_of(values.dtype), list(values.shape), flat)
    for node in renamed_outputs(graph, outputs):
        if node.output not in names:
            names[node.output] = scope.get_unique_variable_name(node.output)
        container.add_node(
            node.kind,
            [names[each] for each in node.inputs],
            names[node.output],
            op_domain=node.domain,
            name=scope.get_unique_operator_name(node.kind),
            **node.attributes,
        )
