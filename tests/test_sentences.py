"""Docstrings and comments of the package say what they mean: no sentence only sends the reader somewhere else."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

import fastnn

PACKAGE = Path(fastnn.__file__).parent
# "See Check.", "See Engine; neither ...", "As everywhere.", "As in `fit`.": what is there should stand here.
FRAGMENT = re.compile(
    r"(?:^|[.:;]\s+|\n\s*)(See (?!Also\b)`?[\w.]+`?\s*[.;]|As everywhere\b|As (?:in|of|with|for) `?[\w.]+`?\.)"
)
FILES = sorted(PACKAGE.rglob("*.py"))


def docstrings(source: str) -> Iterator[str]:
    """The docstrings of a module, its classes and its functions."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node) or ""


def comments(source: str) -> Iterator[str]:
    """The comments of a module, each line without its sign."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.string.lstrip("# ")


def fragments(source: str) -> list[str]:
    """The sentences that say nothing themselves."""
    texts = [*docstrings(source), *comments(source)]
    return [found for text in texts for found in FRAGMENT.findall(text)]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_sentences_say_something(path: Path) -> None:
    assert fragments(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "text",
    [
        "See Check.",
        "See `Metric`; also for several.",
        "As everywhere.",
        "Of the loss. See Rate.",
        "As in `fit`.",
        "As for Engine.",
    ],
)
def test_a_fragment_is_found(text: str) -> None:
    assert fragments(f'def f():\n    """{text}"""\n') != []
    assert fragments(f'"""A module.\n\nX\n    {text}\n"""\n') != []
    assert fragments(f"x = 1  # {text}\n") != []


def test_sentences_are_left_alone() -> None:
    text = "Solve for every penalty; see `solve_family`.\n\nSee Also\n--------\nfit : It does more."
    assert fragments(f'"""{text}"""\n') == []
