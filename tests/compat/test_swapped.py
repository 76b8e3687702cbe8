"""Whether the tests of another library meet our classes, and lists that are out of date are noticed."""

from __future__ import annotations

import pytest
import sklearn.neural_network
from swapped import swapped_tests

from fastnn import MLPClassifier, MLPRegressor, Neuron

MODULE = "sklearn.neural_network.tests.test_mlp"
SWAPS = {"sklearn.neural_network": (MLPClassifier, MLPRegressor)}


def test_the_tests_see_our_classes_and_nobody_else_does() -> None:
    tests = swapped_tests(MODULE, SWAPS)
    seen = tests["test_alpha"].__globals__
    assert (seen["MLPClassifier"], seen["MLPRegressor"]) == (MLPClassifier, MLPRegressor)
    assert sklearn.neural_network.MLPClassifier is not MLPClassifier
    assert len([name for name in tests if name.startswith("test_")]) > 40


@pytest.mark.parametrize("name", ["test_of_nothing", "test_of_nothing[relu]"])
def test_a_deselected_test_must_exist(name: str) -> None:
    with pytest.raises(LookupError, match="Take it off the list"):
        swapped_tests(MODULE, SWAPS, [name])


def test_a_class_must_have_its_namesake() -> None:
    with pytest.raises(LookupError, match=r"sklearn.neural_network has no Neuron"):
        swapped_tests(MODULE, {"sklearn.neural_network": (Neuron,)})
