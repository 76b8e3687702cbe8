"""Files that are damaged, or made to harm: a clear ValueError, and never anything else."""

from __future__ import annotations

import re
import warnings

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from fastnn import Dense, MLPClassifier, Network, to_onnx
from fastnn.interop import from_onnx

pytestmark = pytest.mark.onnx

W = np.arange(6, dtype=np.float32).reshape(2, 3) / 4
EYE = np.eye(3, dtype=np.float32)


def graph(nodes, arrays=(), inputs=(("X", (None, 2)),), outputs=("Y",), opset=18, kind=TensorProto.FLOAT):
    """A model of nodes, which nobody has checked."""
    given = {"w": W, "eye": EYE, **dict(arrays)}
    proto = helper.make_graph(
        [node if isinstance(node, onnx.NodeProto) else helper.make_node(*node[:3], **dict(node[3:])) for node in nodes],
        "hostile",
        [helper.make_tensor_value_info(name, kind, shape) for name, shape in inputs],
        [helper.make_tensor_value_info(name, kind, None) for name in outputs],
        [numpy_helper.from_array(np.asarray(values), name) for name, values in given.items()],
    )
    return helper.make_model(proto, opset_imports=[helper.make_opsetid("", opset)])


GEMM = ("Gemm", ["X", "w"], ["z"])
TWICE = helper.make_node("Elu", ["z"], ["Y"], alpha=0.5)
TWICE.attribute.append(helper.make_attribute("alpha", 2.0))
BODY = helper.make_graph([], "body", [], [])

REFUSED = {
    "nothing": (onnx.ModelProto(), "no nodes"),
    "a loop": (graph([GEMM, ("Loop", ["", "", "z"], ["Y"], ("body", BODY))]), "'Loop' cannot be part of a Network"),
    "a branch": (graph([GEMM, ("If", ["z"], ["Y"], ("then_branch", BODY), ("else_branch", BODY))]), "'If' cannot"),
    "a convolution": (graph([("Conv", ["X", "w"], ["Y"])]), "'Conv' cannot be part of a Network"),
    "an operator of nobody's": (graph([helper.make_node("Gemm", ["X", "w"], ["Y"], domain="mine")]), "'Gemm' cannot"),
    "a circle": (graph([("Add", ["X", "b"], ["a"]), ("Add", ["a", "X"], ["b"]), ("Relu", ["b"], ["Y"])]), "a circle"),
    "its own output": (graph([("Add", ["X", "Y"], ["Y"])]), "needs its own output 'Y'"),
    "a missing constant": (graph([("Gemm", ["X", "gone"], ["Y"])]), "gives the value 'gone'"),
    "a missing output": (graph([GEMM]), "gives the value 'Y'"),
    "a value twice": (graph([GEMM, ("Relu", ["z"], ["Y"]), ("Tanh", ["z"], ["Y"])]), "'Y' comes from two nodes"),
    "two inputs": (graph([GEMM], inputs=(("X", (None, 2)), ("U", (None, 2)))), "has 2: 'X', 'U'"),
    "no input": (graph([("Relu", ["w"], ["Y"])], inputs=()), "this ONNX model has 0: none"),
    "two outputs": (graph([GEMM, ("Relu", ["z"], ["Y"])], outputs=("z", "Y")), "has 2 among its outputs 'z', 'Y'"),
    "no floats": (graph([("ArgMax", ["X"], ["Y"])], kind=TensorProto.INT64), "has 0 among its outputs 'Y'"),
    "an input of one dimension": (graph([("Relu", ["X"], ["Y"])], inputs=(("X", (3,)),)), "has 1 dimensions, wanted 2"),
    "another width": (graph([GEMM, ("Gemm", ["z", "w"], ["Y"])]), "weights for 2 inputs, and gets 3"),
    "a huge width": (graph([("Tanh", ["X"], ["Y"])], inputs=(("X", (None, 2**62)),)), "there are too many"),
    "an unknown width": (graph([("Tanh", ["X"], ["Y"])], inputs=(("X", (None, None)),)), "does not say"),
    "weights of three dimensions": (
        graph([("MatMul", ["X", "v"], ["Y"])], {"v": np.ones((1, 2, 3), "f")}),
        "(1, 2, 3)",
    ),
    "weights of integers": (graph([("MatMul", ["X", "v"], ["Y"])], {"v": np.ones((2, 3), int)}), "dtype int64"),
    "no weights": (graph([("MatMul", ["X", "v"], ["Y"])], {"v": np.ones((2, 0), "f")}), "no constant as input 1"),
    "weights first": (graph([("MatMul", ["w", "X"], ["Y"])]), "no constant as input 1"),
    "rows times rows": (graph([("MatMul", ["X", "X"], ["Y"])]), "no constant as input 1"),
    "no arguments": (graph([("Gemm", [], ["Y"])]), "nothing as input 0"),
    "no argument of a function": (graph([("Add", ["X"], ["Y"])]), "1 inputs, wanted 2"),
    "too many arguments": (graph([GEMM, ("Add", ["z", "z", "z"], ["Y"])]), "3 inputs, wanted 2"),
    "biases of another length": (graph([("Gemm", ["X", "w", "v"], ["Y"])], {"v": np.ones(2, "f")}), "2 biases for 3"),
    "biases for rows": (graph([("Gemm", ["X", "w", "v"], ["Y"])], {"v": np.ones((4, 1), "f")}), "every row"),
    "transposed rows": (graph([("Gemm", ["X", "w"], ["Y"], ("transA", 1))]), "transA=1"),
    "a wrong attribute": (graph([("Gemm", ["X", "w"], ["Y"], ("alpha", "a"))]), "alpha=b'a'"),
    "numbers for other columns": (graph([GEMM, ("Mul", ["z", "v"], ["Y"])], {"v": np.ones(5, "f")}), "5 numbers for 3"),
    "a residual connection": (
        graph([GEMM, ("Gemm", ["z", "eye"], ["y"]), ("Add", ["z", "y"], ["Y"])]),
        "joins two ways",
    ),
    "activations in a row": (graph([GEMM, ("Tanh", ["z"], ["a"]), ("Elu", ["a"], ["Y"])]), "several in a row"),
    "no activation": (graph([GEMM, ("Mul", ["z", "z"], ["Y"])]), "none of this library's"),
    "softmax of columns": (graph([GEMM, ("Softmax", ["z"], ["Y"], ("axis", 0))]), "wanted axis=-1"),
    "another shape": (graph([GEMM, ("Reshape", ["z", "s"], ["Y"])], {"s": np.array([-1, 2])}), "with 3 columns"),
    "a shape of floats": (graph([GEMM, ("Reshape", ["z", "w"], ["Y"])]), "has floats as input 1"),
    "slopes for columns": (
        graph([GEMM, ("PRelu", ["z", "v"], ["Y"])], {"v": np.arange(3, dtype="f")}),
        "several slopes",
    ),
    "a wrong clip": (
        graph([GEMM, ("Clip", ["z", "h", "l"], ["Y"])], {"h": np.float32(1), "l": np.float32(0)}),
        "bounds",
    ),
    "a clip to one number": (
        graph([GEMM, ("Clip", ["z", "l", "l"], ["Y"])], {"l": np.float32(0.5)}),
        "has the bounds 0.5 and 0.5, wanted a lower one and an upper one",
    ),
    "a clip to bounds of other sizes": (
        graph([GEMM, ("Clip", ["z", "l", "h"], ["Y"])], {"l": np.float32(-1), "h": np.float32(1e5)}),
        "has the bounds -1.0 and 100000.0, of which one is more than 64 times as large",
    ),
    "as written out": (
        graph(
            [GEMM, ("Max", ["z", "l"], ["y"]), ("Min", ["y", "h"], ["Y"])], {"l": np.float32(-1), "h": np.float32(1e5)}
        ),
        "none of this library's activations",
    ),
    "a softmax of rows": (
        graph(
            [("Gemm", ["X", "v"], ["z"]), ("Squeeze", ["z", "one"], ["s"]), ("Softmax", ["s"], ["Y"])],
            {"v": np.ones((2, 1), "f"), "one": np.array([1])},
        ),
        "gets an array with 1 dimensions",
    ),
    "a softmax of all rows": (
        graph(
            [("Gemm", ["X", "v"], ["z"]), ("Reshape", ["z", "all"], ["s"]), ("Softmax", ["s"], ["Y"])],
            {"v": np.ones((2, 1), "f"), "all": np.array([-1])},
        ),
        "gets an array with 1 dimensions",
    ),
    "rows times columns": (
        graph(
            [("Gemm", ["X", "v"], ["z"]), ("Squeeze", ["z", "one"], ["s"]), ("Add", ["s", "z"], ["Y"])],
            {"v": np.ones((2, 1), "f"), "one": np.array([1])},
        ),
        "joins rows with an array of other dimensions",
    ),
    "division of integers": (
        graph([GEMM, ("Div", ["seven", "two"], ["c"]), ("Mul", ["z", "c"], ["Y"])], {"seven": 7, "two": 2}),
        "divides integers",
    ),
    "an attribute twice": (graph([GEMM, TWICE]), "has the attribute 'alpha' 2 times"),
    "a number of rows": (
        graph([GEMM, ("Shape", ["z"], ["s"]), ("Cast", ["s"], ["f"], ("to", 1)), ("Mul", ["z", "f"], ["Y"])]),
        "casts to ONNX's type 1",
    ),
    "sums of shapes": (
        graph([GEMM, ("Shape", ["z"], ["s"]), ("Add", ["s", "s"], ["t"]), ("Reshape", ["z", "t"], ["Y"])]),
        "computes with the shape",
    ),
    "a part of a shape that is not there": (
        graph(
            [GEMM, ("Shape", ["z"], ["s"]), ("Gather", ["s", "two"], ["t"]), ("Reshape", ["z", "t"], ["Y"])], {"two": 2}
        ),
        "takes the elements 2 of a shape of 2 numbers",
    ),
    "a part of a constant": (
        graph([GEMM, ("Gather", ["w", "i"], ["t"]), ("Add", ["z", "t"], ["Y"])], {"i": 0}),
        "of a shape",
    ),
    "a part of one number": (
        graph([GEMM, ("Shape", ["z"], ["s"]), ("Gather", ["s", "i"], ["t"]), ("Gather", ["t", "i"], ["Y"])], {"i": 0}),
        "takes a part of an array",
    ),
    "rows in columns": (
        graph(
            [GEMM, ("Shape", ["z"], ["s"]), ("Gather", ["s", "i"], ["t"]), ("Reshape", ["z", "t"], ["Y"])],
            {"i": [1, 0]},
        ),
        "makes arrays of shape [3, 0]",
    ),
    "a wrong shrinkage": (graph([GEMM, ("Shrink", ["z"], ["Y"], ("bias", 0.2))]), "bias=0.2"),
    "a parameter out of range": (graph([GEMM, ("Celu", ["z"], ["Y"], ("alpha", 0.0))]), "alpha=0.0"),
    "training": (
        graph([GEMM, ("Dropout", ["z", "", "t"], ["Y"])], {"t": np.array(True)}),
        "training mode",
    ),
    "training, as its outputs tell": (
        graph(
            [GEMM, ("BatchNormalization", ["z", "v", "v", "v", "v"], ["Y", "m", "s"])], {"v": np.ones(3, "f")}, opset=9
        ),
        "training mode",
    ),
    "variances below zero": (
        graph([GEMM, ("BatchNormalization", ["z", "v", "v", "v", "v"], ["Y"])], {"v": np.full(3, -2, "f")}),
        "not above zero",
    ),
    "old operators": (graph([GEMM], outputs=("z",), opset=6), "version 6, wanted at least 7"),
    "no operators' version": (helper.make_model(graph([GEMM]).graph, opset_imports=[]), "version"),
    "a long chain": (
        graph([("Identity", [f"v{k}" if k else "X"], [f"v{k + 1}"]) for k in range(10_001)], outputs=("v10001",)),
        "10,001 nodes",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_network_is_refused_by_name(name):
    proto, said = REFUSED[name]
    with pytest.raises(ValueError, match=re.escape(said)):
        from_onnx(proto)
    with pytest.raises(ValueError, match=re.escape(said)):
        from_onnx(proto.SerializeToString())


def tensor(**fields):
    proto = graph([GEMM], outputs=("z",))
    for name, value in fields.items():
        if name == "dims":
            del proto.graph.initializer[0].dims[:]
            proto.graph.initializer[0].dims.extend(value)
        elif name == "external":
            proto.graph.initializer[0].data_location = TensorProto.EXTERNAL
            proto.graph.initializer[0].external_data.add(key="location", value=value)
        else:
            setattr(proto.graph.initializer[0], name, value)
    return proto


@pytest.mark.parametrize(
    ("proto", "said"),
    [
        (tensor(dims=[2**31, 2**31]), "has 24 bytes"),
        (tensor(dims=[-2, -3]), r"shape \(-2, -3\)"),
        (tensor(dims=[2, 2]), "has 24 bytes"),
        (tensor(raw_data=b""), "has 0 numbers"),
        (tensor(raw_data=b"abc"), "has 3 bytes"),
        (tensor(data_type=TensorProto.STRING), "ONNX's type 8"),
        (tensor(data_type=99), "ONNX's type 99"),
        (tensor(external="/etc/passwd"), "not in the model.*external_data=False"),
    ],
    ids=["huge", "negative", "fewer", "empty", "odd", "words", "unknown", "elsewhere"],
)
def test_constants_are_not_trusted(proto, said):
    with pytest.raises(ValueError, match=said):
        from_onnx(proto)


def test_two_constants_of_one_name():
    proto = graph([GEMM], outputs=("z",))
    proto.graph.initializer.add().CopyFrom(numpy_helper.from_array(2 * W, "w"))
    with pytest.raises(ValueError, match="Two constants have the name 'w'"):
        from_onnx(proto)


@pytest.mark.parametrize(
    ("dims", "told", "said"),
    [
        ([2, 3], {"location": "../weights"}, "no file beside the model"),
        ([2, 3], {"location": "/etc/passwd"}, "no file beside the model"),
        ([2, 3], {"location": "link"}, "no file beside the model"),
        ([2, 3], {"location": "weights", "offset": "8"}, "has 24 bytes, of which the file 'weights' has 16 from 8 on"),
        ([2, 3], {"location": "weights", "offset": "9" * 5000}, "has 24 bytes, and its file"),
        ([2, 3], {"location": "weights", "length": "9" * 5000}, "has 24 bytes, and its file"),
        ([2**40, 3], {"location": "weights"}, "of which the file 'weights' has 24"),
        ([2**62, 2**62], {"location": "weights"}, "of which the file 'weights' has 24"),
    ],
    ids=["above", "absolute", "link", "later", "far", "long", "huge", "more than an index"],
)
def test_weights_in_another_file_are_not_trusted(tmp_path, dims, told, said):
    (tmp_path / "weights").write_bytes(W.tobytes())
    (tmp_path / "link").symlink_to(tmp_path / "weights")
    proto = tensor(dims=dims)
    proto.graph.initializer[0].ClearField("raw_data")
    proto.graph.initializer[0].data_location = TensorProto.EXTERNAL
    for key, value in told.items():
        proto.graph.initializer[0].external_data.add(key=key, value=value)
    (tmp_path / "model.onnx").write_bytes(proto.SerializeToString())
    with pytest.raises(ValueError, match=said):
        from_onnx(tmp_path / "model.onnx")


def test_a_file_that_is_cut_off_or_another_one(tmp_path):
    whole = to_onnx(Network([Dense(4, "elu"), Dense(2)], 3)).SerializeToString()
    for n in range(0, len(whole), 7):
        try:
            from_onnx(whole[:n])
        except ValueError:
            continue
    (tmp_path / "words.onnx").write_text("Dear Sir or Madam,")
    with pytest.raises(ValueError, match="no ONNX model"):
        from_onnx(tmp_path / "words.onnx")
    with pytest.raises(FileNotFoundError):
        from_onnx(tmp_path / "gone.onnx")
    with pytest.raises(TypeError):
        from_onnx(3)


def sources():
    x = np.random.default_rng(0).normal(size=(40, 3))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = MLPClassifier((4,), "mish", max_iter=2, random_state=0).fit(x, np.arange(40) % 2)
    yield to_onnx(model).SerializeToString()
    yield to_onnx(model, zipmap=True, dtype="float32").SerializeToString()
    yield to_onnx(Network([Dense(3, "hard_shrink"), Dense(2, "softmax")], 4, dtype="float64")).SerializeToString()


def change(data, place, rng):
    """Another byte, another bit, fewer bytes or more."""
    how = rng.integers(4)
    if how == 0:
        data[place] = rng.integers(256)
    elif how == 1:
        data[place] ^= 1 << rng.integers(8)
    elif how == 2:
        del data[place : place + rng.integers(1, 9)]
    else:
        data[place:place] = bytes(rng.integers(0, 256, rng.integers(1, 5), dtype=np.uint8))


@pytest.mark.parametrize("seed", range(3))
def test_bytes_that_are_changed_give_a_network_or_a_value_error(seed):
    rng = np.random.default_rng(seed)
    for source in sources():
        for _ in range(400):
            data = bytearray(source)
            for _ in range(rng.integers(1, 6)):
                change(data, int(rng.integers(len(data))), rng)
            try:
                network = from_onnx(bytes(data))
            except ValueError:
                continue
            assert network.plan.n_params < 1000
