"""Activations with other parameters than the defaults, for every test that goes over all activations."""

from __future__ import annotations

from tolerances import ACTIVATIONS as EXPECTED
from tolerances import Expected

from fastnn.activations import ACTIVATIONS, Activation

_CHANGED = [
    (Activation(name, parameters=parameters), expected._replace(**changes))
    for name, expected in EXPECTED.items()
    for parameters, changes in expected.others.items()
]
WITH_PARAMETERS: dict[str, Activation] = {activation.label: activation for activation, _ in _CHANGED}
ALL: dict[str, Activation] = ACTIVATIONS | WITH_PARAMETERS
OF_NUMBERS: dict[str, Expected] = EXPECTED | {activation.label: expected for activation, expected in _CHANGED}
