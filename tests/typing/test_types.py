"""What users' type checkers see of the installed package: a program, planted mistakes, and everything public."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from checkers import CHECKERS, Finding, check
from public_surface import program

PROGRAM = Path(__file__).with_name("program.py")
MISTAKES = Path(__file__).with_name("mistakes.py")
MARK = re.compile(r"  # (?P<mypy>[\w-]+); (?P<basedpyright>\w+)$")
# Any itself, what returns it, what takes it but by **, and, of basedpyright, what it knows in part.
UNKNOWN = re.compile(r"^Any$|-> Any$|(?<!\*)\b\w+: Any\b(?! \|)|\bUnknown\b")


@pytest.fixture(scope="module", params=CHECKERS)
def checker(request: pytest.FixtureRequest) -> str:
    """Every checker in turn."""
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def surface() -> str:
    """The program of everything public."""
    return program()


@pytest.fixture(scope="module")
def found(checker: str, surface: str, tmp_path_factory: pytest.TempPathFactory) -> list[Finding]:
    """What the checker finds in the three programs, in one run: to read NumPy's types is most of its time."""
    folder = tmp_path_factory.mktemp(checker)
    made = folder / "surface.py"
    made.write_text(surface)
    return check(checker, [PROGRAM, MISTAKES, made], folder)


def test_the_program_has_no_mistake(found: list[Finding]) -> None:
    assert [finding for finding in found if finding.file == PROGRAM.name] == []


def test_every_planted_mistake_is_found_and_no_other(checker: str, found: list[Finding]) -> None:
    codes: dict[int, set[str | None]] = {}
    for finding in found:
        if finding.file == MISTAKES.name and finding.code not in (None, "reportUnusedExpression"):
            codes.setdefault(finding.line, set()).add(finding.code)
    lines = dict(enumerate(MISTAKES.read_text(encoding="utf-8").splitlines(), 1))
    marks = {line: mark[checker] for line, text in lines.items() if (mark := MARK.search(text))}
    assert len(marks) > 50
    missed = [line for line, code in marks.items() if code not in codes.get(line, ())]
    assert {lines[line].strip(): codes.get(line) for line in missed} == {}
    assert {lines[line].strip(): codes[line] for line in codes if line not in marks} == {}


@pytest.fixture(scope="module")
def revealed(found: list[Finding], surface: str) -> dict[int, tuple[str, str]]:
    """By the line of the program of everything public what it asks, and the type that the checker says."""
    lines = dict(enumerate(surface.splitlines(), 1))
    here = {finding.line: finding.revealed for finding in found if finding.file == "surface.py"}
    return {line: (text.strip(), here.get(line) or "Any") for line, text in lines.items() if "reveal_type" in text}


def _ours(asked: str, type: str) -> str:
    """The type without the result of to_onnx, whose package is not here."""
    return re.sub(r" -> \w+$", "", type) if re.search(r"\bto_onnx\b", asked) else type


def test_nothing_public_is_any(revealed: dict[int, tuple[str, str]]) -> None:
    unknown = {asked: type for asked, type in revealed.values() if UNKNOWN.search(_ours(asked, type))}
    assert unknown.pop("reveal_type(json.loads)")  # which is none of ours, and shows that an Any is found
    assert unknown == {}


def test_functions_have_the_parameters_that_they_take(revealed: dict[int, tuple[str, str]]) -> None:
    """Also those that a decorator or scikit-learn has made."""
    assert len(revealed) > 500
    for asked, type in revealed.values():
        _, _, names = asked.partition("  # takes ")
        lacks = [name for name in names.split(", ") if not re.search(rf"\b{name}\b", type)]
        assert not lacks, (asked, type)
