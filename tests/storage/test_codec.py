"""Values come back from a file as they were, and only values."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from activation_cases import ALL as ALL_ACTIVATIONS
from loss_cases import ALL as ALL_LOSSES
from sameness import same

from fastnn import activations, optimizers, schedules
from fastnn.activations import Activation
from fastnn.errors import FileError
from fastnn.layers import Dense, Dropout
from fastnn.losses import Loss
from fastnn.optimizers import OPTIMIZERS, OptimizerState
from fastnn.storage import KINDS, Kind, read, write
from fastnn.storage.codec import decode, encode

VALUES: dict[str, Any] = {
    "plain": [None, True, False, 0, -(2**80), 0.1, 5e-324, "a", 'quotes " and \ud800', [], {}],
    "numbers of no JSON": [math.inf, -math.inf, math.nan, -0.0],
    "nested": {"a": (1, [2.5, (None,)], {"b": ()})},
    "dict of anything": {1: "a", (2, "b"): 3.0, None: True, "$": "sign"},
    "scalars": [np.float32(0.1), np.float64("nan"), np.int64(-3), np.bool_(True), np.uint8(255), np.float16(2)],
    "many numbers": [[0.1, math.nan, -0.0, math.inf, 5e-324] * 40, [0.5] * 99 + [1], (0.5,) * 200, [[0.5] * 100] * 2],
    "a dict of arrays": {"x.y": np.zeros(2), "x": {"y": np.ones(2)}},
}
ARRAYS: dict[str, np.ndarray] = {
    "no dimension": np.array(3.5),
    "no element": np.zeros((0, 3), np.float32),
    "float32": np.arange(6, dtype=np.float32).reshape(2, 3),
    "int8": np.arange(-3, 3, dtype=np.int8),
    "bool": np.array([[True], [False]]),
    "strided": np.arange(24.0).reshape(4, 6)[::2, ::-3],
    "Fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "other byte order": np.arange(3, dtype=">f8"),
    "infinite": np.array([np.nan, np.inf, -0.0]),
    "strings": np.array([["a", "bc"], ["", "ü\0d"]]),
    "wider strings than needed": np.array(["a"], "U7"),
    "objects": np.array(["a", 1, True, None, 2.5, "b"], object).reshape(3, 2),
}


def round_trip(value: Any) -> Any:
    return decode(*encode(value, KINDS), KINDS)


@pytest.mark.parametrize("name", VALUES)
def test_values(name: str) -> None:
    assert same(round_trip(VALUES[name]), VALUES[name])


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays(name: str, tmp_path: Path) -> None:
    write(tmp_path / "file", "test", [ARRAYS[name]])
    [array] = read(tmp_path / "file", "test")
    assert same(ARRAYS[name], array)
    assert array.flags.writeable
    assert array.flags.c_contiguous


def test_the_comparison_can_fail() -> None:
    assert not same(1, True)
    assert not same([np.zeros(2)], [np.zeros(2, np.float32)])
    assert not same(np.array([0.0]), np.array([-0.0]))
    assert not same({"a": 1}, {"a": 2})
    assert not same(optimizers.Adam(0.1), optimizers.Adam(0.2))


SCHEDULES: dict[type, dict[str, float]] = {
    schedules.Constant: {"learning_rate": 0.1},
    schedules.InverseScaling: {"learning_rate": 0.1, "power": 0.5, "batch_size": 3},
    schedules.Exponential: {"learning_rate": 0.1, "decay": 0.9},
    schedules.Step: {"learning_rate": 0.1, "every": 3},
    schedules.Cosine: {"learning_rate": 0.1, "steps": 9, "warm_up": 2},
    schedules.OneCycle: {"learning_rate": 0.1, "steps": 9},
    schedules.Plateau: {"learning_rate": 0.1, "patience": 3},
}
OBJECTS = {
    "activations": [*ALL_ACTIVATIONS.values()],
    "losses": list(ALL_LOSSES),
    "layers": [Dense(3), Dense(2, activations.get("gelu"), bias=False), Dropout(0.25)],
    "optimizers": [optimizer(learning_rate=0.03) for optimizer in OPTIMIZERS.values()],
    "schedules": [kind(**parameters) for kind, parameters in SCHEDULES.items()],
    "state": [OptimizerState(3, (np.ones(2), np.zeros(2)))],
    "dtypes": [np.dtype(np.float32), np.dtype(np.float64)],
}


@pytest.mark.parametrize("name", OBJECTS)
def test_objects(name: str) -> None:
    assert same(round_trip(OBJECTS[name]), OBJECTS[name])


def test_every_schedule_is_tried() -> None:
    known = {kind.type for tag, kind in KINDS.items() if tag.startswith("schedules.")}
    assert known == {type(schedule) for schedule in OBJECTS["schedules"]}


def test_a_random_state_goes_on_where_it_was() -> None:
    state = np.random.RandomState(3)
    state.normal(size=3)  # an odd number of normals leaves one behind
    twin = round_trip(state)
    assert twin.normal() == state.normal()
    assert twin.randint(1000) == state.randint(1000)
    with pytest.raises(TypeError, match="RandomState of PCG64 cannot be saved"):
        encode(np.random.RandomState(np.random.PCG64(0)), KINDS)


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ({"a": [0, print]}, r"a\.1 is <built-in function print> of type builtin_function_or_method"),
        (object(), "the value is <object"),
        ({"y": np.zeros(2, "M8[s]")}, r"y is an array of dtype datetime64\[s\], which a file cannot hold"),
        ({"y": np.zeros(2, complex)}, "y is an array of dtype complex128"),
        ([np.array([object()])], r"0\.0 is <object"),
        ([{1, 2}], "0 is {1, 2} of type set"),
    ],
)
def test_what_files_cannot_hold(value: Any, error: str) -> None:
    with pytest.raises(TypeError, match=error):
        encode(value, KINDS)


def test_a_users_own_functions_are_refused() -> None:
    cube = Activation("cube", value=lambda z: z**3, slope=lambda z, a: 3 * z**2)
    with pytest.raises(ValueError, match="activation 'cube' has the value .*lambda.*, and a file holds no code"):
        encode([Dense(3, cube)], KINDS)
    impostor = Activation("relu", value=lambda z: z, slope=lambda z, a: 1.0)
    with pytest.raises(ValueError, match="activation 'relu' has the value .*lambda"):
        encode(impostor, KINDS)
    with pytest.raises(ValueError, match="loss 'mine' has the value .*lambda"):
        encode(Loss("mine", lambda z, y: (z - y) ** 4), KINDS)


@pytest.mark.parametrize(
    ("description", "error"),
    [
        ({"$": "os.system", "parts": {"command": "true"}}, "'os.system' is of no known kind"),
        ({"$": "tensor", "name": "nowhere"}, "nowhere"),
        ({"$": "tensor"}, "name"),
        ({"$": "floats", "name": "nowhere"}, "nowhere"),
        ({"$": ["tuple"], "items": []}, "unhashable"),
        ({"$": "scalar", "dtype": "object", "value": 1}, "dtype 'object' is not known"),
        ({"$": "array", "dtype": "V8", "shape": [1], "items": [1]}, "V8"),
        ({"$": "array", "dtype": "U1", "shape": [2, 3], "items": ["a"]}, "cannot reshape"),
        ({"$": "array", "dtype": "U9999999999", "shape": [1], "items": ["a"]}, "U9999999999|too|large|allocate"),
        ({"$": "optimizers.Adam", "parts": {"learning_rate": -1.0}}, "learning_rate=-1.0"),
        ({"$": "optimizers.Adam", "parts": {"rate": 1.0}}, "Adam has no field rate"),
        ({"$": "layers.Dense", "parts": {}}, "units"),
        ({"$": "layers.Dense", "parts": [3]}, "mapping"),
        ({"$": "activation", "parts": {"name": "cube"}}, "Unknown activation 'cube'"),
        ({"$": "activation", "parts": {"name": "relu", "parameters": [1.0]}}, "of activation 'relu': it has none"),
        ({"$": "activation", "parts": {"name": "relu", "parameters": []}}, "'relu' cannot have the parameters"),
        ({"$": "activation", "parts": {"name": "elu", "parameters": [-1.0]}}, "alpha=-1.0 of activation 'elu'"),
        ({"$": "activation", "parts": {"name": "elu", "parameters": [True]}}, "alpha of activation 'elu' is True"),
        ({"$": "activation", "parts": {"name": "elu", "parameters": 1.0}}, "iterable"),
        ({"$": "activation", "parts": {"name": "cube", "parameters": [1.0]}}, "'cube' cannot have the parameters"),
        ({"$": "random_state", "parts": {"state": {"bit_generator": "MT19937"}}}, "RandomState has other parts"),
        ({"$": "array", "dtype": "U200000000", "shape": [1], "items": ["a"]}, "nearly empty, and too large"),
        ([{"$": "array", "dtype": "U10000000", "shape": [1], "items": ["a"]}] * 2, "nearly empty, and too large"),
        ({"$": "array", "dtype": "U1", "shape": [1], "items": ["ab"]}, "items that are no strings, or longer"),
        ({"$": "array", "dtype": "U1", "shape": [-1], "items": ["a"]}, r"the shape \[-1\] is not possible"),
        ({"$": "float", "value": "1e5"}, "'1e5' is no number"),
        ({"$": "scalar", "dtype": "int8", "value": "1"}, "'1' is no number"),
        ({"$": "optimizers.Optimizer", "parts": {}}, "of no known kind"),
        ({"$": "optimizers.Adam", "parts": {"learning_rate": True}}, "the learning_rate of Adam cannot be True"),
        ({"$": "optimizers.Adam", "parts": {"learning_rate": 10**400}}, "the learning_rate of Adam cannot be 1000"),
        ({"$": "optimizers.OptimizerState", "parts": {"step": 1, "slots": [[1.0]]}}, "the slots of OptimizerState"),
        ({"$": "loss", "parts": {"name": "absolute", "code": 7}}, "code"),
        ({"$": "loss", "parts": {"name": "absolute", "parameter": 0.5}}, "parameter=0.5, wanted 0: this loss has none"),
        ({"$": "loss", "parts": {"name": "pinball", "parameter": 2.0}}, "quantile=2.0"),
    ],
)
def test_descriptions_of_nothing_are_refused(description: Any, error: str, tmp_path: Path) -> None:
    from fastnn.storage.files import write_file

    write_file(tmp_path / "file", "test", json.dumps(description), {})
    with pytest.raises(ValueError, match=f"holds what no test consists of: .*({error})"):
        read(tmp_path / "file", "test")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"pos": 10**9}, "pos of a RandomState is 1000000000, wanted an integer from 0 to 624"),
        ({"pos": -1}, "pos of a RandomState is -1"),
        ({"pos": 1.0}, "pos of a RandomState is 1.0"),
        ({"key": np.zeros(624, np.uint32)}, "is zero, of which only zeros come"),
        ({"key": np.ones(623, np.uint32)}, "624 numbers of uint32"),
        ({"key": np.ones(624)}, "624 numbers of uint32"),
        ({"key": None}, "624 numbers of uint32"),
        ({"spare": 1}, "other parts"),
    ],
)
def test_a_random_state_that_numpy_would_read_outside_of_its_key(change: Any, error: str, tmp_path: Path) -> None:
    state = np.random.RandomState(0).get_state(legacy=False)
    state["state"] |= change
    kinds = {**KINDS, "random_state": Kind(Forged, lambda forged: {"state": state}, Forged)}
    write(tmp_path / "file", "test", Forged(), kinds)
    with pytest.raises(FileError, match=error):
        read(tmp_path / "file", "test")


class Forged:
    """What is written as if it were something else."""


def test_a_tensor_belongs_to_one_thing_and_every_one_to_something(tmp_path: Path) -> None:
    description = json.dumps([{"$": "tensor", "name": "x"}] * 2)
    with pytest.raises(LookupError, match="x"):
        decode(description, {"x": np.zeros(2)}, KINDS)
    with pytest.raises(ValueError, match="the tensor 'y' belongs to nothing"):
        decode("[]", {"y": np.zeros(2)}, KINDS)


@pytest.mark.parametrize("text", ['{"a":1,"a":2}', "[NaN]", "[-Infinity]", "[", "1" * 5000])
def test_no_json_of_ours(text: str) -> None:
    with pytest.raises(ValueError, match="twice|no number|Expecting|digits"):
        decode(text, {}, KINDS)


def test_what_cannot_be_read_again_is_not_written(tmp_path: Path) -> None:
    value: Any = []
    for _ in range(70):
        value = [value]
    with pytest.raises(ValueError, match="nested more than 64 levels deep"):
        write(tmp_path / "file", "test", value)
    with pytest.raises(ValueError, match=r"nearly empty, and too large: .*y\.astype\(object\)"):
        write(tmp_path / "file", "test", np.array(["a"], "U20000000"))
    with pytest.raises(FileError, match="not written, since it could not be read again: the step"):
        write(tmp_path / "file", "test", OptimizerState(None, ()), check=lambda value: None)  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_a_million_numbers_are_bytes(tmp_path: Path) -> None:
    """As text they would need more than a header can have, where they are not finite."""
    numbers = [math.nan] * 10**6
    content, tensors = encode({"loss": numbers}, KINDS)
    assert len(content) < 100
    assert tensors["loss"].nbytes == 8 * 10**6
    with pytest.raises(ValueError, match="a list of numbers is an array of float32"):
        decode(content, {"loss": np.zeros(3, np.float32)}, KINDS)


def test_a_description_nested_too_deeply(tmp_path: Path) -> None:
    from fastnn.storage.files import write_file

    write_file(tmp_path / "file", "test", "[" * 100_000 + "]" * 100_000, {})
    with pytest.raises(ValueError, match="consists of"):
        read(tmp_path / "file", "test")


def test_fields_that_a_file_lacks_have_their_defaults() -> None:
    """So files stay readable when a class gets another field."""
    assert decode('{"$":"optimizers.Adam","parts":{"beta_1":0.5}}', {}, KINDS) == optimizers.Adam(beta_1=0.5)
