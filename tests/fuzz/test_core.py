"""The functions of `fastnn._core`, called at random: what is not exactly what they need they refuse, or do right.

Whoever reads these refusals is a level above, which explains them: they may be of any kind that it catches.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from broken import ODD_ARRAYS, ODD_OPTIONS
from core_calls import CALLS
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_calls import assert_only_written, calls, odd_arguments
from oracle import assert_guards

from fastnn import _core
from fastnn.kernels.contract import KERNELS

REFUSALS = (ValueError, TypeError, AttributeError, IndexError, OverflowError)
# They say what there is, measure, or change how all kernels run; Workspace is fit_epoch with memory of its own.
OTHERS = {
    *("simd_level", "simd_available", "vector_bytes", "build_info", "fma_peak", "read_bandwidth", "seconds_per_call"),
    "api_address",
    *("activation_codes", "activation_defaults", "loss_codes", "loss_links", "optimizer_codes"),
    *("Workspace", "SparseMatrix", "Cancellation", "NativeActivation", "NativeLoss"),
    *("crowded_seconds", "keep_teams", "look_for_signals_every"),
}

few = settings(max_examples=max(settings().max_examples // 8, 1))


def test_every_function_is_called() -> None:
    public = {name for name, value in vars(_core).items() if name[0] != "_" and callable(value)}
    assert public == {*CALLS, *KERNELS} | OTHERS


@pytest.mark.parametrize("name", KERNELS)
@few
@given(st.data())
def test_kernels_refuse_what_is_odd(name: str, data: st.DataObject) -> None:
    call = data.draw(calls(name))
    argument, change = data.draw(odd_arguments(call))
    right = call.fresh()
    value = right.given[argument]
    if any(argument == option.name for option in call.kernel.with_role("option")):
        value = ODD_OPTIONS[change]
    elif value is not None:
        value = ODD_ARRAYS[change](value)
    try:
        right.with_argument(argument, value).private(_core)
    except REFUSALS:
        for key, array in right.arrays().items():
            np.testing.assert_array_equal(array, call.arrays()[key], f"{key} was written before a refusal")
    assert_only_written(right, call)


@pytest.mark.parametrize("name", CALLS)
@few
@given(st.data())
def test_other_functions_refuse_what_is_odd(name: str, data: st.DataObject) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    right = CALLS[name](rng)
    getattr(_core, name)(*right)  # which is right
    place = data.draw(st.sampled_from(range(len(right))))
    odd: Any = ODD_ARRAYS if isinstance(right[place], np.ndarray) else ODD_OPTIONS
    change = data.draw(st.sampled_from(list(odd)))
    value = odd[change](right[place]) if odd is ODD_ARRAYS else odd[change]
    before = [each.copy() if isinstance(each, np.ndarray) else each for each in right]
    try:
        getattr(_core, name)(*right[:place], value, *right[place + 1 :])
    except REFUSALS:
        pass
    for array, same in zip(right, before, strict=True):
        if isinstance(array, np.ndarray):
            assert_guards(f"{name} with {change}", array)
            if not array.flags.writeable:
                np.testing.assert_array_equal(array, same)
