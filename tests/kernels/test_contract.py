"""Every backend has every kernel of the contract, with the same arguments in the same order."""

from __future__ import annotations

import inspect

import pytest

from fastnn import activations, kernels, losses, optimizers
from fastnn.kernels.contract import BACKENDS, KERNELS, Kernels
from fastnn.kernels.select import kernels_for


@pytest.mark.parametrize("name", KERNELS)
def test_backends_take_the_contracts_arguments(backend, name):
    function = getattr(kernels_for(backend), name)
    found = tuple(inspect.signature(inspect.unwrap(function)).parameters)
    threads = ("n_threads",) if backend == "native" else ()
    assert found == KERNELS[name].argument_names + threads


@pytest.mark.parametrize("name", KERNELS)
def test_public_kernels_take_them_too(name):
    """By other rules of order: outputs are `out`, options may have defaults."""
    parameters = inspect.signature(getattr(kernels, name)).parameters
    outputs = {argument.name for argument in KERNELS[name].with_role("output")}
    wanted = (set(KERNELS[name].argument_names) - outputs) | {"backend", "n_threads"}
    assert set(parameters) == wanted | ({"out"} if outputs else set())
    for option in ("out", "backend", "n_threads"):
        if option in parameters:
            assert parameters[option].kind is inspect.Parameter.KEYWORD_ONLY


def test_all_kernels_are_public():
    assert set(KERNELS) | {"available_backends", "kernels_for"} == set(kernels.__all__)


def test_all_kernels_have_a_type():
    numbers = {(): "None", ("loss",): "float", ("norm",): "float", ("loss", "penalty"): "tuple[float, float]"}
    wanted = {name: f"Callable[..., {numbers[kernel.returns]}]" for name, kernel in KERNELS.items()}
    assert inspect.get_annotations(Kernels) == wanted


def test_inputs_come_before_outputs():
    for kernel in KERNELS.values():
        roles = [a.role for a in kernel.arguments if a.role in ("input", "output")]
        assert roles == sorted(roles), kernel.name
        assert len(set(kernel.argument_names)) == len(kernel.arguments)


def test_compiled_codes_are_the_registries():
    core = kernels_for("native")
    of_activations = {a.name: a.code for a in activations.ACTIVATIONS.values()}
    assert core.activation_codes() == of_activations
    defaults = {a.name: a.parameters for a in activations.ACTIVATIONS.values()}
    assert core.activation_defaults() == defaults
    assert core.loss_codes() == {loss.name: loss.code for loss in losses.LOSSES.values()}
    assert core.loss_links() == {loss.name: loss.link for loss in losses.LOSSES.values()}
    of_optimizers = {name: rule.code for name, rule in optimizers.OPTIMIZERS.items()}
    assert core.optimizer_codes() == of_optimizers


def test_the_backends_are_three():
    assert BACKENDS == ("native", "jit", "reference")
