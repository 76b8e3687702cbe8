"""Descriptions of layers."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from fastnn.layers import Dense, Dropout


def test_dense():
    layer = Dense(3)
    assert (layer.units, layer.activation, layer.bias) == (3, "identity", True)
    assert Dense(np.int64(3), "relu", bias=False) == Dense(3, "relu", False)
    with pytest.raises(FrozenInstanceError):
        layer.units = 4


def test_dense_refuses():
    with pytest.raises(ValueError, match="units=0, wanted at least 1"):
        Dense(0)
    for units in (1.5, "3", True, None):
        with pytest.raises(TypeError, match="units=.*wanted an integer"):
            Dense(units)
    with pytest.raises(ValueError, match="Unknown activation 'tahn'.*'tanh'"):
        Dense(3, "tahn")


def test_dropout():
    assert Dropout(0.25).rate == 0.25
    assert Dropout(0).rate == 0
    for rate in (-0.1, 1.0, float("nan")):
        with pytest.raises(ValueError, match="rate"):
            Dropout(rate)
