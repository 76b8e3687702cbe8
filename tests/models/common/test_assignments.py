"""Functions return what they find, and methods of an estimator assign it: no function writes to its arguments."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import fastnn

MODELS = Path(fastnn.__file__).parent / "models"
FILES = sorted(path for room in ("common", "logistic", "neuron") for path in (MODELS / room).rglob("*.py"))
# Puts the state that a fit has made in the place of the model's, which is how a fit ends.
EXCEPT = {("fitting.py", "apart")}


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef]:
    """Functions that are no methods, and those inside of them."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef):
            yield node
        if not isinstance(node, ast.ClassDef):
            yield from _functions(node)


def _root(node: ast.expr) -> str | None:
    """The name at the start of ``name.attribute.attribute``."""
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _attributes(target: ast.expr) -> Iterator[ast.expr]:
    if isinstance(target, (ast.Tuple, ast.List)):
        for each in target.elts:
            yield from _attributes(each)
    elif isinstance(target, ast.Attribute):
        yield target


def assignments(source: str) -> set[str]:
    """The functions of a module that set attributes of what they are given."""
    found = set()
    for function in _functions(ast.parse(source)):
        arguments = function.args
        given = {each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
        for node in ast.walk(function):
            targets: list[ast.expr] = []
            if isinstance(node, (ast.Assign, ast.Delete)):
                targets = node.targets
            elif isinstance(node, (ast.AugAssign, ast.AnnAssign)):
                targets = [node.target]
            elif isinstance(node, ast.Call) and _changes_state(node):
                targets = [ast.Attribute(_changed(node), "any")]
            if any(_root(each) in given for target in targets for each in _attributes(target)):
                found.add(function.name)
    return found


def _changes_state(call: ast.Call) -> bool:
    """Whether this is ``setattr(...)``, ``vars(...).update(...)`` or a change of ``.__dict__``."""
    function = call.func
    if isinstance(function, ast.Name):
        return function.id in ("setattr", "delattr")
    if not isinstance(function, ast.Attribute) or function.attr not in ("update", "pop", "setdefault", "clear"):
        return False
    state = function.value
    is_dict = isinstance(state, ast.Attribute) and state.attr == "__dict__"
    return is_dict or (isinstance(state, ast.Call) and isinstance(state.func, ast.Name) and state.func.id == "vars")


def _changed(call: ast.Call) -> ast.expr:
    """Whose state it is."""
    if isinstance(call.func, ast.Name):
        return call.args[0]
    state = call.func.value if isinstance(call.func, ast.Attribute) else call
    return state.args[0] if isinstance(state, ast.Call) else state


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(MODELS)))
def test_functions_return(path: Path) -> None:
    found = {name for name in assignments(path.read_text(encoding="utf-8")) if (path.name, name) not in EXCEPT}
    assert not found, f"{found} set attributes of what they are given; let them return it, and `fit` assign it"


@pytest.mark.parametrize(
    "line",
    [
        "model.coef_ = 1",
        "model.coef_, other = 1, 2",
        "model.coef_ += 1",
        "model.run.rate = 1",
        "del model.coef_",
        "setattr(model, 'coef_', 1)",
        "vars(model).update(coef_=1)",
        "model.__dict__.pop('coef_')",
    ],
)
def test_the_check_can_fail(line: str) -> None:
    assert assignments(f"def fit(model, x):\n    {line}\n") == {"fit"}
    assert assignments(f"class Model:\n    def fit(model, x):\n        {line}\n") == set()
    assert assignments("def fit(model, x):\n    twin = copy(model)\n    twin.coef_ = x.sum\n") == set()
