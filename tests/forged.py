"""Files that were changed by somebody who knows the format: parts of them are others, and the digest is right."""

from __future__ import annotations

import copy
import json
import struct
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from fastnn import storage
from fastnn.models.common.saving import MODEL_KINDS
from fastnn.storage import files

_CODES = {"b1": "BOOL", "f2": "F16", "f4": "F32", "f8": "F64"}
_CODES |= {f"{kind}{size}": f"{kind.upper()}{8 * size}" for kind in "iu" for size in (1, 2, 4, 8)}

NUMBERS = [0, 1, -1, 2, 3, 7, 255, 624, 10**9, 2**31 - 1, 2**31, 2**32, 2**53 + 1, 2**63 - 1, 2**63, 2**64, 10**30]
NUMBERS += [-(2**63), 10**400, 0.0, -0.0, 0.5, 1.0, -1.5, 1e-300, 1e300, 5e-324]
WORDS = ["", "relu", "tanh", "softmax", "sign", "sigmoid", "adam", "hinge", "auto", "jit", "warn", "a" * 2000, "\ud800"]
OTHERS: list[Any] = [None, True, False, [], {}, [[]], [1, 2], [0.5, "a"], {"a": 1}, {"$": 3}, {"$": "nothing"}]
OTHERS += [{"$": "float", "value": text} for text in ("nan", "inf", "-inf", "1")]
OTHERS += [{"$": "tuple", "items": []}, {"$": "dict", "items": [[1, 2]]}, {"$": "dict", "items": [[[], 2]]}]
OTHERS += [{"$": "scalar", "dtype": dtype, "value": 3} for dtype in ("float32", "int8", "uint64", "bool", "object")]
OTHERS += [{"$": "array", "dtype": "U200000000", "shape": [1], "items": ["a"]}]
OTHERS += [{"$": "array", "dtype": "object", "shape": [2], "items": [[], {}]}]
OTHERS += [{"$": "loss", "parts": {"name": "poisson"}}, {"$": "activation", "parts": {"name": "softmax"}}]
OTHERS += [{"$": "rates.InverseScaling", "parts": {"initial": 1e300, "power": 1e300, "current": -1.0}}]
NAMES = [
    "plan",
    "_params",
    "_engine",
    "_network",
    "_assigned",
    "predict",
    "__class__",
    "__dict__",
    "_parameters",
    "coef_",
]
NAMES += ["classes_", "code", "link", "$", "parts", "items", "loss", "shape"]


@dataclass
class Forgery:
    """The parts of a file: its description, tensors by name, and what its header says apart from what is true."""

    purpose: str
    content: Any
    tensors: dict[str, np.ndarray]
    lies: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, path: Path, purpose: str) -> Forgery:
        """The parts of a file as it is."""
        content, tensors = files.read_file(path, purpose)
        return cls(purpose, json.loads(content), tensors)

    def copy(self) -> Forgery:
        """The same parts, to be changed."""
        return copy.deepcopy(self)

    def write(self, path: Path) -> None:
        """A file of these parts, with their digest."""
        content = json.dumps(self.content)
        header: dict[str, Any] = {}
        end = 0
        for name, array in self.tensors.items():
            dtype, begin, end = _CODES[array.dtype.str[1:]], end, end + array.nbytes
            header[name] = {"dtype": dtype, "shape": list(array.shape), "data_offsets": [begin, end]}
            header[name] |= self.lies.get(name, {})
        metadata = {"format": "fastnn", "format_version": "1", "fastnn_version": "0", "purpose": self.purpose}
        digest = files._digest(self.purpose, content, self.tensors)
        header["__metadata__"] = {**metadata, "content": content, "sha256": digest}
        text = json.dumps(header).encode()
        data = b"".join(array.tobytes() for array in self.tensors.values())
        path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def places_of(node: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where every value of a description is, the whole apart."""
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    found = [] if not place else [place]
    for key, item in items:
        found += places_of(item, (*place, key))
    return found


def at(node: Any, place: tuple[Any, ...]) -> Any:
    """The value at a place."""
    for key in place:
        node = node[key]
    return node


def forge(forgery: Forgery, random: Random) -> None:
    """One change of one part."""
    change = random.choice([_replace, _replace, _replace, _move, _delete, _rename, _wrap, _tensor, _tensor, _lie])
    change(forgery, random)


def _value(forgery: Forgery, random: Random) -> Any:
    kind = random.randrange(5)
    if kind == 0:
        return copy.deepcopy(at(forgery.content, random.choice(places_of(forgery.content))))
    if kind == 1 and forgery.tensors:
        return {"$": "tensor", "name": random.choice(list(forgery.tensors))}
    return copy.deepcopy(random.choice([NUMBERS, NUMBERS, WORDS, OTHERS][random.randrange(4)]))


def _somewhere(forgery: Forgery, random: Random) -> tuple[Any, Any]:
    """A mapping or list, and a key of it."""
    place = random.choice(places_of(forgery.content))
    return at(forgery.content, place[:-1]), place[-1]


def _replace(forgery: Forgery, random: Random) -> None:
    parent, key = _somewhere(forgery, random)
    parent[key] = _value(forgery, random)


def _move(forgery: Forgery, random: Random) -> None:
    """Two values change places, or one is at both."""
    (one, k), (other, l) = _somewhere(forgery, random), _somewhere(forgery, random)
    a, b = copy.deepcopy(one[k]), copy.deepcopy(other[l])
    one[k] = b
    if random.random() < 0.5:
        other[l] = a


def _delete(forgery: Forgery, random: Random) -> None:
    parent, key = _somewhere(forgery, random)
    del parent[key]


def _rename(forgery: Forgery, random: Random) -> None:
    """Another name for a value, or one more."""
    parent, key = _somewhere(forgery, random)
    if isinstance(parent, list):
        parent.insert(key, _value(forgery, random))
    elif random.random() < 0.5:
        parent[random.choice(NAMES)] = parent.pop(key)
    else:
        parent[random.choice(NAMES)] = _value(forgery, random)


def _wrap(forgery: Forgery, random: Random) -> None:
    parent, key = _somewhere(forgery, random)
    for _ in range(random.choice([1, 2, 60, 80])):
        parent[key] = [parent[key]]


def _tensor(forgery: Forgery, random: Random) -> None:
    """A tensor with other numbers, of another dtype or shape, or that is none; of the same name."""
    if not forgery.tensors:
        return
    name = random.choice(list(forgery.tensors))
    array = forgery.tensors[name]
    match random.randrange(6):
        case 0:
            forgery.tensors[name] = np.full_like(array, random.choice([0, 1, 100]))
        case 1:
            forgery.tensors[name] = array.astype(random.choice(["f2", "f4", "f8", "i4", "i8", "u4", "i1", "?"]))
        case 2:
            forgery.tensors[name] = np.concatenate([array.ravel()] * random.choice([2, 3]))
        case 3:
            forgery.tensors[name] = array.ravel()[: random.randrange(array.size + 1)]
        case 4:
            forgery.tensors[name] = array[None] if random.random() < 0.5 else array.T.copy()
        case 5:
            del forgery.tensors[name]
            if random.random() < 0.5:
                forgery.tensors[name + random.choice(["", "x"])] = array
    special = [np.nan, np.inf, -np.inf, 1e300]
    if name in forgery.tensors and forgery.tensors[name].dtype.kind == "f" and random.random() < 0.2:
        flat = forgery.tensors[name] = forgery.tensors[name].copy()
        flat.flat[:1] = random.choice(special)


def _lie(forgery: Forgery, random: Random) -> None:
    """The header says something else of a tensor than what is true."""
    if not forgery.tensors:
        return
    name = random.choice(list(forgery.tensors))
    what = random.choice(["dtype", "shape", "data_offsets"])
    shapes = [[10**12], [0, 2**62], [-1], [2**63], [], [1] * 99, [1.0], None]
    lies = {"dtype": ["F64", "I8", "BOOL", "X", 3], "shape": shapes, "data_offsets": [[0, 8], [8, 0], [0], [-8, 0], 3]}
    forgery.lies[name] = {what: random.choice(lies[what])}


def rewritten(path: Path, purpose: str = "model", **changes: Any) -> Path:
    """The file of a model with other parts; a part that is None is left out."""
    parts = storage.read(path, "model", MODEL_KINDS) | changes
    parts = {name: part for name, part in parts.items() if part is not None}
    storage.write(path, purpose, parts, MODEL_KINDS)
    return path
