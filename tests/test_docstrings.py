"""Everything public is described as numpydoc asks: every parameter, result and fitted attribute; and examples run."""

from __future__ import annotations

import copy
import doctest
import inspect
import re
import warnings
from typing import Any

import numpy as np
import pytest
from estimators import MODELS, X, Y
from public_names import documented_objects

import fastnn

docscrape = pytest.importorskip("numpydoc.docscrape", reason="numpydoc is in the group test of pyproject.toml")
validate = pytest.importorskip("numpydoc.validate", reason="numpydoc is in the group test of pyproject.toml").validate

LEFT_OUT = {
    "SA01": "a section See Also stands where another name helps, and not everywhere",
    "EX01": "an example stands with what people begin with, which a test below names",
    "ES01": "a summary that says everything needs no second one",
}
OBJECTS = documented_objects()
WITH_EXAMPLES = (
    *("LogisticRegression", "LogisticRegressionCV", "LossCurveDisplay", "MLPClassifier", "MLPRegressor"),
    *("Dense", "Network", "Neuron", "kernels.dense_forward", "schedules.Cosine", "threads"),
)


def mistakes(value: Any) -> list[str]:
    """What numpydoc finds wrong, but for what is left out."""
    document = docscrape.get_doc_object(value)
    found = [f"{code}: {text}" for code, text in validate(document)["errors"] if code not in LEFT_OUT]
    # Protocols take no arguments; results that users are handed, not make, have attributes instead of parameters.
    if inspect.isclass(value):
        attributes = {name for each in document["Attributes"] for name in each.name.split(", ")}
        taken = set() if issubclass(value, Exception) else set(inspect.signature(value).parameters)
        if getattr(value, "_is_protocol", False) or attributes >= taken:
            found = [text for text in found if not text.startswith("PR01")]
    return found


@pytest.mark.parametrize("name", OBJECTS)
def test_it_is_described(name: str) -> None:
    assert mistakes(OBJECTS[name]) == []


def test_everything_public_is_looked_at() -> None:
    assert len(OBJECTS) > 150
    assert {
        "MLPClassifier",
        "MLPClassifier.fit",
        "MLPClassifier.predict_proba",
        "kernels.dense_forward",
        "schedules.Cosine.rates",
    } <= OBJECTS.keys()
    assert "Adam" in OBJECTS
    assert "optimizers.Adam" not in OBJECTS  # the same class


def incomplete(x: float) -> float:
    """Returns the same.

    Parameters
    ----------
    y : float
    """
    return x


def test_what_is_missing_is_found() -> None:
    codes = {text.partition(":")[0] for text in mistakes(incomplete)}
    assert codes >= {"SS05", "PR01", "PR02", "PR07", "RT01"}


# --- estimators ---------------------------------------------------------------------------------


def attributes_of(kind: type) -> dict[str, list[str]]:
    """The attributes that a class describes, with the lines of the description, which those of a group share."""
    section = docscrape.get_doc_object(kind)["Attributes"]
    return {name: each.desc for each in section for name in each.name.split(", ")}


@pytest.mark.parametrize("name", MODELS)
def test_every_fitted_attribute_is_described(name: str) -> None:
    with warnings.catch_warnings(action="ignore"):
        model = copy.deepcopy(MODELS[name]).fit(X, Y)
    fitted = {each for each in vars(model) if each.endswith("_") and not each.startswith("_")}
    described = attributes_of(type(model))
    assert fitted
    assert fitted - described.keys() == set()


@pytest.mark.parametrize("name", [name for name in OBJECTS if re.search(r"Attributes\n", str(OBJECTS[name].__doc__))])
def test_every_attribute_has_a_description(name: str) -> None:
    kind = OBJECTS[name]
    assert isinstance(kind, type)
    written = re.findall(r"^ *(\w+(?:, \w+)*) : ", str(kind.__doc__).partition("Attributes\n")[2], flags=re.MULTILINE)
    described = attributes_of(kind)
    assert [each for group in written for each in group.split(", ") if not described.get(each, True)] == []


# --- examples -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_main_names_have_examples(name: str) -> None:
    assert docscrape.get_doc_object(OBJECTS[name])["Examples"]


def marked(name: str) -> Any:
    """The name of a thing; of one that compiles as what needs Numba."""
    return pytest.param(name, marks=pytest.mark.jit) if name.startswith("jit.") else name


@pytest.mark.parametrize("name", [marked(name) for name, value in OBJECTS.items() if ">>>" in str(value.__doc__)])
def test_examples_give_what_they_show(name: str) -> None:
    finder, runner = doctest.DocTestFinder(recurse=False), doctest.DocTestRunner(verbose=False)
    lines: list[str] = []
    with np.printoptions(legacy=False), fastnn.threads(1):
        for test in finder.find(OBJECTS[name], name, globs={}):
            runner.run(test, out=lines.append)
    assert runner.tries > 0
    assert runner.failures == 0, "".join(lines)
