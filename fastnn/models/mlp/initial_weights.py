"""The parameters that training starts from: random ones, or a user's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from fastnn.kernels.contract import Array
from fastnn.models.common.parameter_checks import Is
from fastnn.plan import Plan
from fastnn.validation import as_floating

__all__ = ["ARRAYS", "initial_params"]

Arrays = Sequence[ArrayLike | None]

ARRAYS = Is("a list with an array or None for each layer", (list, tuple))


def initial_params(plan: Plan, random_state: Any, coefs: Arrays | None, intercepts: Arrays | None) -> Array:
    """Parameters (p,): random, but for the arrays that are given.

    What is random does not depend on what is given.

    Parameters
    ----------
    plan : Plan
    random_state : RandomState
    coefs, intercepts : sequence of array-like or None, or None
        w (i, o) and b (o,) of every layer, None for random ones.

    Raises
    ------
    ValueError
        If there is not one for each layer, or one has another shape or is not finite.
    """
    params = plan.initial_params(random_state)
    weights, biases = plan.unpack(params)
    for name, given, parts in (("coef_init", coefs, weights), ("intercept_init", intercepts, biases)):
        if given is not None:
            _put(name, given, parts)
    return params


def _put(name: str, given: Arrays, parts: Sequence[Array | None]) -> None:
    if len(given) != len(parts):
        raise ValueError(f"{name} has {len(given)} entries, wanted {len(parts)}: one for each layer.")
    for l, (entry, part) in enumerate(zip(given, parts, strict=True)):
        if entry is None:
            continue
        values = as_floating(f"{name}[{l}]", entry)
        if part is None or values.shape != part.shape:
            wanted = "None: the layer has none" if part is None else part.shape
            raise ValueError(f"{name}[{l}] has shape {values.shape}, wanted {wanted}.")
        if not np.isfinite(values).all():
            raise ValueError(f"{name}[{l}] contains NaN or infinity.")
        part[...] = values
