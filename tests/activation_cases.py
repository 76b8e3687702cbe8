"""Activations with other parameters than the defaults, for every test that goes over all activations."""

from __future__ import annotations

from typing import Any

from tolerances import ACTIVATIONS as EXPECTED
from tolerances import Expected

from fastnn import activations
from fastnn.activations import ACTIVATIONS, Activation

_LIMITS: list[tuple[Activation, dict[str, Any]]] = [
    (activations.leaky_relu(0.2), {"limits": (-float("inf"), float("inf"), 0.2, 1)}),
    (activations.leaky_relu(-0.5), {"limits": (float("inf"), float("inf"), -0.5, 1), "at_zero": 0.0}),
    (activations.elu(0.3), {"limits": (-0.3, float("inf"), 0, 1)}),
    (activations.elu(0), {"limits": (0, float("inf"), 0, 1), "at_zero": 0.0}),
    (activations.elu(1.9), {"limits": (-1.9, float("inf"), 0, 1)}),
    (activations.celu(0.3), {"limits": (-0.3, float("inf"), 0, 1)}),
    (activations.celu(7.5), {"limits": (-7.5, float("inf"), 0, 1)}),
    (activations.softplus(2.5), {"at_zero": 0.6931471805599453 / 2.5}),
    (activations.hard_sigmoid(0.2, 0.4), {"at_zero": 0.4, "kinks": (-2, 3)}),
    (activations.hard_sigmoid(0.3), {"kinks": (-0.5 / 0.3, 0.5 / 0.3)}),
]
WITH_PARAMETERS: dict[str, Activation] = {activation.label: activation for activation, _ in _LIMITS}
ALL: dict[str, Activation] = ACTIVATIONS | WITH_PARAMETERS
OF_NUMBERS: dict[str, Expected] = EXPECTED | {
    activation.label: EXPECTED[activation.name]._replace(**other) for activation, other in _LIMITS
}
