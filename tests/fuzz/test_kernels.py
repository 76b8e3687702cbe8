"""Every public kernel, called at random: right calls agree with the reference, wrong ones write nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from available import BACKENDS
from broken import LAYOUTS, ODD_ARRAYS, ODD_OPTIONS
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_calls import Call, assert_only_written, calls, odd_arguments
from oracle import assert_guards, check_function

from fastnn import kernels
from fastnn.kernels.contract import KERNELS
from fastnn.optimizers import OptimizerState

LAYER = [name for name, kernel in KERNELS.items() if kernel.storey == "layer"]
NETWORK = [name for name, kernel in KERNELS.items() if kernel.storey == "network"]
REFUSALS = (ValueError, TypeError)
# A float32 rounding error of a small gradient becomes one of Adam's step: rates are at most 0.05.
TOLERANCE = {np.float32: {"rtol": 5e-3, "atol": 5e-3}, np.float64: {"rtol": 1e-7, "atol": 1e-9}}

NO_NUMBERS = ("NaN", "infinity", "minus infinity", "2**63", "2**70", "-2**70", "10**400", "uint64")
AS_FLOATS = ("an array of no dimension", "a decimal")  # a compiled kernel takes them for numbers, which they are

few = settings(max_examples=max(settings().max_examples // 8, 1))
every_backend = pytest.mark.parametrize("backend", ["auto", *BACKENDS])  # "auto" asks the compiled kernel first


def test_every_public_kernel_is_called() -> None:
    assert {*LAYER, *NETWORK} == set(kernels.__all__) - {"available_backends", "kernels_for"}


# --- right calls --------------------------------------------------------------------------------


@every_backend
@pytest.mark.parametrize("name", LAYER)
@few
@given(st.data())
def test_layer_kernels_agree_with_the_reference(backend: str, name: str, data: st.DataObject) -> None:
    call = data.draw(calls(name))
    inputs = [argument.name for argument in call.kernel.with_role("input")]
    layouts = {each: LAYOUTS[data.draw(st.sampled_from(list(LAYOUTS)))] for each in inputs}
    allocates = data.draw(st.booleans())

    def run(*arguments: Any) -> float | None:
        own = Call(name, call.dtype, dict(zip(call.kernel.argument_names, arguments, strict=True)))
        return run_public(own, layouts, allocates, backend)

    outputs = [argument.name for argument in call.kernel.with_role("output")]
    arguments = {key: value for key, value in call.given.items() if key not in outputs}
    check_function(run, name, call.dtype, **arguments)


def run_public(call: Call, layouts: dict[str, Any], allocates: bool, backend: str) -> float | None:
    """Call it on inputs in those layouts; what it writes ends in the call's own arrays."""
    outputs = [argument.name for argument in call.kernel.with_role("output")]
    given = call.given | {key: call.given[key] for key in outputs}
    given |= {key: layout(given[key]) for key, layout in layouts.items() if given[key] is not None}
    if allocates:
        given |= dict.fromkeys(outputs)
    before = {key: given[key].copy() for key in layouts if given[key] is not None}
    result = Call(call.name, call.dtype, given).public(backend=backend)
    for key, same in before.items():
        np.testing.assert_array_equal(given[key], same, f"{key} is an input and was changed")
    results = result if isinstance(result, tuple) else (result,)
    written = results[len(call.kernel.returns) :]
    for key, array in zip(outputs, written, strict=False):
        assert (array is given[key]) != allocates
        call.given[key][...] = array
    return results[0] if call.kernel.returns else None


@every_backend
@pytest.mark.parametrize("name", NETWORK)
@few
@given(st.data())
def test_network_kernels_agree_with_the_reference(backend: str, name: str, data: st.DataObject) -> None:
    call = data.draw(calls(name))
    found, wanted = call.fresh(), call.fresh()
    numbers = found.public(backend=backend)
    assert_same(found, numbers, wanted, wanted.public(backend="reference"))
    assert_only_written(found, call)


def assert_same(found: Call, numbers: Any, wanted: Call, wanted_numbers: Any) -> None:
    """The same results and arrays, by a tolerance that no wrong kernel keeps."""
    pairs = [(found.arrays()[key], array) for key, array in wanted.arrays().items()]
    numbers, wanted_numbers = (n if isinstance(n, tuple) else (n,) for n in (numbers, wanted_numbers))
    for one, other in [*pairs, *zip(numbers, wanted_numbers, strict=True)]:
        if isinstance(other, (float, np.ndarray)):
            np.testing.assert_allclose(one, other, **TOLERANCE[found.dtype])


# --- wrong calls --------------------------------------------------------------------------------


@every_backend
@pytest.mark.parametrize("name", KERNELS)
@few
@given(st.data())
def test_odd_calls_are_right_or_refused(backend: str, name: str, data: st.DataObject) -> None:
    call = data.draw(calls(name))
    argument, change = data.draw(odd_arguments(call))
    found, wanted = (outcome(call, argument, change, each) for each in (backend, "reference"))
    if isinstance(found, Exception) or isinstance(wanted, Exception):
        assert isinstance(found, Exception) == isinstance(wanted, Exception) or change in AS_FLOATS, (found, wanted)
        return
    if change not in NO_NUMBERS:  # where infinities meet, the order of operations decides
        assert_same(*found, *wanted)


def outcome(call: Call, argument: str, change: str, backend: str) -> Any:
    """What a call with an odd argument returns or raises; it writes nothing where it raises."""
    right = call.fresh()
    value = right.given[argument]
    is_option = any(argument == option.name for option in call.kernel.with_role("option"))
    if is_option:
        value = ODD_OPTIONS[change]
    elif value is not None:
        value = ODD_ARRAYS[change](value)
    odd = right.with_argument(argument, value)
    allowed = (*REFUSALS, MemoryError) if change == "huge" else REFUSALS
    try:
        return right, odd.public(backend=backend)
    except allowed as refusal:
        # By name, though it may be that of another array, which does not fit this one.
        assert change == "huge" or any(name in str(refusal) for name in call.kernel.argument_names), refusal
        for key, array in right.arrays().items():
            assert_guards(key, array)
            np.testing.assert_array_equal(array, call.arrays()[key], f"{key} was written before {refusal}")
        return refusal
    finally:
        assert_only_written(right, call)


# --- memory that is shared ----------------------------------------------------------------------


@every_backend
@pytest.mark.parametrize("name", KERNELS)
@few
@given(st.data())
def test_overlapping_memory_is_refused(backend: str, name: str, data: st.DataObject) -> None:
    call = data.draw(calls(name)).fresh()
    written = [argument.name for argument in call.kernel.with_role("output", "update")]
    alike = {key: array for key, array in call.arrays().items() if array.dtype == call.dtype and array.size}
    pairs = [(one, other) for one in written for other in alike if one in alike and one != other]
    if not pairs:
        return
    one, other = data.draw(st.sampled_from(pairs))
    shared = data.draw(st.integers(1, min(alike[one].size, alike[other].size)))
    ends = data.draw(st.booleans())
    first, second = overlapping(alike[one], alike[other], shared, ends)
    before = first.base.copy()
    odd = with_array(call.with_argument(one, first), other, second)
    with pytest.raises(ValueError, match="overlaps"):
        odd.public(backend=backend)
    np.testing.assert_array_equal(first.base, before)


def overlapping(one: np.ndarray, other: np.ndarray, shared: int, ends: bool) -> tuple[np.ndarray, np.ndarray]:
    """Arrays of the same shapes: the first one's last elements are the other's first, or its first the other's last."""
    memory = np.ones(one.size + other.size - shared, one.dtype)
    first, second = (one, other) if ends else (other, one)
    parts = memory[: first.size].reshape(first.shape), memory[first.size - shared :].reshape(second.shape)
    return parts if ends else parts[::-1]  # type: ignore[return-value]


def with_array(call: Call, name: str, array: np.ndarray) -> Call:
    """The call with another array, which may be one of the optimizer's state."""
    if not name.startswith("state"):
        return call.with_argument(name, array)
    state, place = call.given["state"], int(name.split()[1])
    slots = tuple(array if k == place else slot for k, slot in enumerate(state.slots))
    return call.with_argument("state", OptimizerState(state.step, slots))
