"""Probabilities of 1,024 rows, from array to array: scikit-learn, PyTorch and onnxruntime beside fastnn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

import fastnn

from ..cases import NETWORKS, Net
from .contest import (
    THREADS,
    Contestant,
    Effort,
    compete,
    fma_peak,
    limit_blas,
    optional,
    print_table,
    repeated,
    summary,
)
from .training import data_of, estimator_epochs

ROWS = 1024


def torch_predictor(
    torch: Any, weights: Sequence[np.ndarray], biases: Sequence[np.ndarray], activation: str, x: np.ndarray
) -> Callable[[], np.ndarray]:
    """Return what a network of dense layers predicts, by PyTorch."""
    function = {"relu": torch.relu, "tanh": torch.tanh}[activation]
    layers = [(torch.from_numpy(w.T.copy()), torch.from_numpy(b)) for w, b in zip(weights, biases, strict=True)]

    @torch.inference_mode()
    def predict() -> np.ndarray:
        a = torch.from_numpy(x)
        for w, b in layers[:-1]:
            a = function(torch.nn.functional.linear(a, w, b))
        z = torch.nn.functional.linear(a, *layers[-1])
        p: np.ndarray = (torch.sigmoid(z) if z.shape[1] == 1 else torch.softmax(z, 1)).numpy()
        return p

    return predict


def onnx_bytes(onnx: Any, weights: Sequence[np.ndarray], biases: Sequence[np.ndarray], activation: str) -> bytes:
    """Return a network of dense layers as an ONNX model from x to probabilities p."""
    make, number = onnx.helper, onnx.TensorProto.FLOAT
    hidden = {"relu": "Relu", "tanh": "Tanh"}[activation]
    output = "Sigmoid" if weights[-1].shape[1] == 1 else "Softmax"
    nodes, arrays, below = [], [], "x"
    last = len(weights) - 1
    for l, (w, b) in enumerate(zip(weights, biases, strict=True)):
        arrays += [onnx.numpy_helper.from_array(w, f"w{l}"), onnx.numpy_helper.from_array(b, f"b{l}")]
        above = "p" if l == last else f"a{l}"
        nodes += [make.make_node("Gemm", [below, f"w{l}", f"b{l}"], [f"z{l}"])]
        nodes += [make.make_node(output if l == last else hidden, [f"z{l}"], [above])]
        below = above
    x = make.make_tensor_value_info("x", number, [None, weights[0].shape[0]])
    p = make.make_tensor_value_info("p", number, [None, weights[-1].shape[1]])
    graph = make.make_graph(nodes, "mlp", [x], [p], arrays)
    whole = make.make_model(graph, opset_imports=[make.make_opsetid("", 17)], ir_version=9)
    encoded: bytes = whole.SerializeToString()
    return encoded


def onnx_session(runtime: Any, encoded: bytes, threads: int) -> Any:
    """Return a session of onnxruntime on so many threads."""
    options = runtime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    return runtime.InferenceSession(encoded, options, providers=["CPUExecutionProvider"])


def onnx_predictor(runtime: Any, encoded: bytes, x: np.ndarray, threads: int) -> Callable[[], np.ndarray]:
    """Return what a model predicts, by onnxruntime."""
    session = onnx_session(runtime, encoded, threads)

    def predict() -> np.ndarray:
        p: np.ndarray = session.run(None, {"x": x})[0]
        return p

    return predict


def contestants(net: Net, effort: Effort) -> Iterator[Contestant]:
    """Yield all who predict with this network; all of them must predict the same."""
    from sklearn.neural_network import MLPClassifier

    x, y = data_of(net, ROWS)
    theirs = estimator_epochs(MLPClassifier, net, x, y)(1)
    wanted = theirs.predict_proba(x)
    torch, runtime, onnx = optional("torch"), optional("onnxruntime"), optional("onnx")
    layers = (theirs.coefs_, theirs.intercepts_, theirs.activation)
    for threads in THREADS:
        ours = estimator_epochs(fastnn.MLPClassifier, net, x, y, n_threads=threads)(1)
        ours.coefs_, ours.intercepts_ = theirs.coefs_, theirs.intercepts_
        entries = [("fastnn", lambda ours=ours: ours.predict_proba(x), lambda: None)]
        entries += [("scikit-learn", lambda: theirs.predict_proba(x), limit_blas(threads))]
        if torch is not None:
            set_threads = lambda threads=threads: torch.set_num_threads(threads)  # noqa: E731
            entries += [("PyTorch", torch_predictor(torch, *layers, x), set_threads)]
        if runtime is not None and onnx is not None:
            encoded = onnx_bytes(onnx, *layers)
            predict = onnx_predictor(runtime, encoded, x, threads)
            entries += [("onnxruntime", predict, lambda: None)]
        for name, predict, prepare in entries:
            found = predict()
            np.testing.assert_allclose(found[:, -1], wanted[:, -1], rtol=1e-3, atol=1e-5, err_msg=name)
            yield repeated(name, threads, predict, effort, prepare)


def rows(effort: Effort) -> Iterator[list[str]]:
    """Yield the table's rows."""
    for net in NETWORKS[:1] if effort.quick else NETWORKS:
        best, peak = compete(contestants(net, effort), effort), fma_peak("float32")
        flops = 2.0 * ROWS * sum(i * o for i, o in zip(net.widths, net.widths[1:], strict=False))
        shares = [f"{flops / best['fastnn', threads] / (threads * peak):.0%}" for threads in THREADS]
        yield [f"{net.name}{' tanh' * (net.activation == 'tanh')}", *summary(best), *shares]


def inference(effort: Effort) -> None:
    """Print the table."""
    header = ["network", "fastnn, 1 thread", "2 threads", "best peer, threads", "ratio"]
    header += ["of the FMA peak, 1 thread", "2 threads"]
    print_table(
        f"Inference: predict_proba of {ROWS:,} rows, float32, the checks of the input included", header, rows(effort)
    )
