"""ONNX graphs in onnxruntime, and how far its answers may be from the models'."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

__all__ = ["CLOSE", "answers_of", "far"]

CLOSE = {np.dtype(np.float32): 1e-6, np.dtype(np.float64): 2e-15}


def answers_of(proto: onnx.ModelProto, x: NDArray[Any]) -> dict[str, Any]:
    """The outputs of a graph that is valid, by their names."""
    onnx.checker.check_model(proto, full_check=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {session.get_inputs()[0].name: x}), strict=True))


def far(got: Any, wanted: Any) -> float:
    """The largest error, relative to the largest answer where that is above 1."""
    got, wanted = np.asarray(got, np.float64), np.asarray(wanted, np.float64)
    assert got.shape == wanted.shape
    return float(np.abs(got - wanted).max() / max(1.0, np.abs(wanted).max()))
