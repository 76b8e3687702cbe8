"""A model as an ONNX file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from fastnn._version import __version__
from fastnn.errors import out_of_range
from fastnn.install import install_hint
from fastnn.interop.needed import needed
from fastnn.interop.onnx.graph import FLOATS, Graph, renamed_outputs, type_of
from fastnn.interop.onnx.outputs import Answer, answers, label_array, layers, scaled
from fastnn.serving.served import ServedModel, read_model

if TYPE_CHECKING:
    from onnx import ModelProto

__all__ = ["to_onnx"]

OPSET, IR_VERSION, ML_OPSET = 18, 8, 3
_KEYS = {np.dtype(np.int64): "classlabels_int64s", np.dtype(object): "classlabels_strings"}


def to_onnx(
    model: object, path: str | os.PathLike[str] | None = None, dtype: DTypeLike | None = None, zipmap: bool = False
) -> ModelProto:
    """Write a fitted model as an ONNX graph, which onnxruntime and others run.

    The input ``X`` has shape (n, i), for any n. The outputs are called as skl2onnx calls them.

    Parameters
    ----------
    model : estimator, Network or Pipeline
        Fitted. Steps of a pipeline before the last may be a StandardScaler, MinMaxScaler or MaxAbsScaler, or a pipeline
        of these.
    path : str or path, optional
        Where to write the file; None to only return the graph.
    dtype : dtype-like, optional
        What the graph takes and computes in: float32, float64, or None for the model's own.
    zipmap : bool, default=False
        Whether probabilities are a dict for each row, by label, as skl2onnx's are by default. ONNX has float32 alone
        in these.

    Returns
    -------
    onnx.ModelProto
        A classifier has the outputs ``label`` (n,) and ``probabilities`` (n, classes), for several labels a row
        ``label`` (n, labels) of 0 and 1; with `zipmap` they are ``output_label`` and ``output_probability``. One that
        has no probabilities has ``scores`` in their place, which are its `decision_function`. A regressor or a
        Network has ``variable`` (n, o), what its `predict` gives.

    Raises
    ------
    ImportError
        If the package onnx is not installed.
    ValueError
        If a step of the pipeline, an activation of your own or a label has no form in ONNX, an activation has none in
        this dtype, or `zipmap` does not fit the model.
    TypeError
        If it is no model of this library.
    NotFittedError
        If it is not fitted.
    """
    onnx = needed("onnx", "to_onnx", install_hint("onnx"))
    served = read_model(model, "predict")
    graph = Graph(_dtype_of(dtype, served), OPSET)
    z = layers(graph, scaled(graph, graph.x, served), served.network)
    outputs = answers(graph, z, served.network)
    if zipmap:
        outputs = _mapped(graph, outputs, served.network.classes)
    proto = _model_proto(onnx, graph, served, outputs)
    if path is not None:
        onnx.save(proto, os.fspath(path))
    return proto


def _dtype_of(dtype: DTypeLike | None, served: ServedModel) -> np.dtype[Any]:
    chosen = served.network.plan.dtype if dtype is None else np.dtype(dtype)
    if chosen not in FLOATS:
        raise out_of_range("dtype", dtype, "'float32', 'float64' or None")
    return chosen


def _mapped(graph: Graph, outputs: dict[str, Answer], classes: NDArray[Any] | None) -> dict[str, Answer]:
    """The outputs with a dict for each row in place of the probabilities."""
    probabilities = outputs.get("probabilities")
    if probabilities is None or classes is None:
        raise ValueError("zipmap=True needs probabilities of classes, which this model has not. Leave it out.")
    # Of bools 0 and 1, which are the same keys of a dict.
    classes = classes.astype(np.int64) if classes.dtype == np.bool_ else label_array(classes)
    keys = _KEYS.get(classes.dtype)
    if keys is None:
        raise ValueError(
            f"zipmap=True with labels of dtype {classes.dtype}: the keys of ONNX's maps are integers or strings. Leave "
            "it out, or fit the model to such labels."
        )
    narrow = probabilities.value if graph.dtype == np.float32 else graph.cast(probabilities.value, np.float32)
    rows = graph.node("ZipMap", narrow, domain="ai.onnx.ml", **{keys: classes.tolist()})
    return {"output_label": outputs["label"], "output_probability": Answer(rows, classes.dtype, ())}


def _model_proto(onnx: Any, graph: Graph, served: ServedModel, outputs: dict[str, Answer]) -> Any:
    """The graph as the package onnx has it."""
    helper = onnx.helper
    renamed = renamed_outputs(graph, {name: answer.value for name, answer in outputs.items()})
    nodes = [
        helper.make_node(node.kind, node.inputs, [node.output], domain=node.domain, **node.attributes)
        for node in renamed
    ]
    arrays = [onnx.numpy_helper.from_array(np.ascontiguousarray(each), name) for name, each in graph.arrays.items()]
    x = helper.make_tensor_value_info(graph.x, FLOATS[graph.dtype], ["n", served.network.plan.widths[0]])
    types = [_value_info(helper, name, answer) for name, answer in outputs.items()]
    domains = {"": OPSET} | ({"ai.onnx.ml": ML_OPSET} if "output_probability" in outputs else {})
    return helper.make_model(
        helper.make_graph(nodes, "fastnn", [x], types, arrays),
        opset_imports=[helper.make_opsetid(*each) for each in domains.items()],
        ir_version=IR_VERSION,
        producer_name="fastnn",
        producer_version=__version__,
    )


def _value_info(helper: Any, name: str, answer: Answer) -> Any:
    kind = type_of(answer.dtype)
    if name == "output_probability":
        number = helper.make_tensor_type_proto(FLOATS[np.dtype(np.float32)], [])
        return helper.make_value_info(name, helper.make_sequence_type_proto(helper.make_map_type_proto(kind, number)))
    return helper.make_tensor_value_info(name, kind, ["n", *answer.shape])
