"""The tests of another library, run on classes of ours in the place of its own."""

from __future__ import annotations

import importlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any

import pytest

__all__ = ["swapped_tests"]


def swapped_tests(name: str, swaps: Mapping[str, Iterable[type]], deselected: Collection[str] = ()) -> dict[str, Any]:
    """The tests of an installed test module, which gets our classes where it imports its library's.

    A test file puts them into its own ``globals()``, where pytest finds them.

    Parameters
    ----------
    name : str
        Full name of the test module. A copy of it is made; the module itself stays as it is.
    swaps : mapping of str to classes
        For each module that the tests import from, our classes that take the place of those of the same name.
    deselected : collection of str
        Names of tests that are left out: ``"test_a"`` or, for one set of its parameters, ``"test_a[relu-0.1]"``.

    Returns
    -------
    dict
        Tests, fixtures and marks by their names.

    Raises
    ------
    LookupError
        If there is no such module, class or test: then the list is out of date.
    """
    ours = [(importlib.import_module(module), each) for module, classes in swaps.items() for each in classes]
    for module, each in ours:
        if not hasattr(module, each.__name__):
            raise LookupError(f"{module.__name__} has no {each.__name__} that {each} could replace.")
    tests = _tests_of(_copy(name, ours))
    for test in deselected:
        if test.partition("[")[0] not in tests:
            raise LookupError(f"{name} has no {test} that could be deselected. Take it off the list.")
    return tests


def _copy(name: str, ours: Iterable[tuple[ModuleType, type]]) -> ModuleType:
    """The module, run once more while our classes stand in the modules that it imports from."""
    pytest.register_assert_rewrite(name)
    spec = find_spec(name)
    if spec is None or spec.loader is None:
        raise LookupError(f"There is no module {name}.")
    copy = module_from_spec(spec)
    with pytest.MonkeyPatch.context() as swap:
        for module, each in ours:
            swap.setattr(module, each.__name__, each)
        spec.loader.exec_module(copy)
    return copy


def _tests_of(module: ModuleType) -> dict[str, Any]:
    """What pytest collects from the module. Its tests were not written to pass where every warning is an error."""
    tests = {name: _listed(value) for name, value in vars(module).items() if name.lower().startswith("test")}
    marks = getattr(module, "pytestmark", [])
    tests["pytestmark"] = [pytest.mark.filterwarnings("ignore"), *(marks if isinstance(marks, list) else [marks])]
    return tests


def _listed(test: Any) -> Any:
    """The test with its parameters in lists: pytest gives up those that come one by one."""
    marks = getattr(test, "pytestmark", [])
    for place, mark in enumerate(marks):
        if mark.name == "parametrize" and isinstance(mark.args[1], Iterator):
            marks[place] = pytest.mark.parametrize(mark.args[0], list(mark.args[1]), **mark.kwargs).mark
    return test
