"""The C interface from Python: its table of functions, through ctypes, and its structs."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from fastnn import _core, losses
from fastnn.activations import ACTIVATIONS, Activation
from fastnn.kernels.abi import FIRST_FUNCTION, Parameter, Symbol, symbols
from fastnn.losses import Loss

OK, NO_MEMORY, UNKNOWN, REMOVED = range(4)
TYPES = {
    "int": ctypes.c_int,
    "int64_t": ctypes.c_int64,
    "uint64_t": ctypes.c_uint64,
    "ptrdiff_t": ctypes.c_ssize_t,
    "double": ctypes.c_double,
}


class OwnFunction(ctypes.Structure):
    _fields_ = [("function", ctypes.c_void_p), ("parameters", ctypes.c_void_p)]


class CActivation(ctypes.Structure):
    _fields_ = [("code", ctypes.c_int), ("parameters", ctypes.c_double * 2), ("own", ctypes.POINTER(OwnFunction))]


class CLoss(ctypes.Structure):
    _fields_ = [
        ("code", ctypes.c_int),
        ("link", ctypes.c_int),
        ("parameter", ctypes.c_double),
        ("own", ctypes.POINTER(OwnFunction)),
    ]


class CNetwork(ctypes.Structure):
    _fields_ = [
        ("widths", ctypes.c_void_p),
        ("activations", ctypes.c_void_p),
        ("has_bias", ctypes.c_void_p),
        ("layers", ctypes.c_ssize_t),
    ]


class Head(ctypes.Structure):
    """What the table has before its functions."""

    _fields_ = [("version", ctypes.c_int64), ("size", ctypes.c_int64), ("library", ctypes.c_char_p)]


def table(address: int) -> ctypes.Array[Any]:
    """All words of a table."""
    return (ctypes.c_uint64 * (FIRST_FUNCTION + len(symbols()))).from_address(address)


def type_of(parameter: Parameter) -> Any:
    return ctypes.c_void_p if parameter.type.endswith("*") else TYPES[parameter.type]


def function(symbol: Symbol) -> Any:
    """A function of the table; pointers are addresses, and None is NULL."""
    address = table(_core.api_address())[FIRST_FUNCTION + symbols().index(symbol)]
    return ctypes.CFUNCTYPE(ctypes.c_int, *map(type_of, symbol.parameters))(address)


def named(name: str) -> Any:
    return function(next(symbol for symbol in symbols() if symbol.name == name))


def suffix_of(dtype: Any) -> str:
    return f"_{np.dtype(dtype).name}"


def activation_struct(activation: str | Activation) -> CActivation:
    listed = ACTIVATIONS[activation] if isinstance(activation, str) else activation
    filled = CActivation()
    assert named("activation_of")(listed.code, ctypes.addressof(filled)) == OK
    for k, number in enumerate(listed.parameters):
        filled.parameters[k] = number
    return filled


def loss_struct(loss: str | Loss) -> CLoss:
    listed = losses.get(loss)
    filled = CLoss()
    assert named("loss_of")(listed.code, ctypes.addressof(filled)) == OK
    filled.parameter = listed.parameter
    return filled


def call(name: str, dtype: Any, *given: Any) -> int:
    """Call a function on arrays, structs and numbers; an array or a struct gives its address."""
    return named(name + suffix_of(dtype))(*map(address_of, given))


def address_of(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.ctypes.data
    return ctypes.addressof(value) if isinstance(value, ctypes.Structure | ctypes._SimpleCData) else value
