"""What is written down of checks in several places agrees: hooks, scripts, sessions of nox, and CONTRIBUTING.md."""

from __future__ import annotations

import ast
import json
import re
import tomllib

import available
import pytest
from recipe import ROOT

HOOKS = ROOT / ".pre-commit-config.yaml"
pytestmark = pytest.mark.skipif(not HOOKS.is_file(), reason="the configuration does not lie beside the tests")


def requirements() -> set[str]:
    """Everything that pyproject.toml asks for, of users and of maintainers."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = [*project["dependency-groups"].values(), *project["project"]["optional-dependencies"].values()]
    named = [each for group in groups for each in group if isinstance(each, str)]
    return {*named, *project["project"]["dependencies"]}


def test_hooks_need_the_versions_of_the_project() -> None:
    needed = re.findall(r"additional_dependencies: (\[.*\])", HOOKS.read_text(encoding="utf-8"))
    assert len(needed) >= 6
    assert {name for names in needed for name in json.loads(names)} <= requirements()


@pytest.mark.parametrize("program", ["ruff check", "ruff format", "cython-lint", "clang-format", "codespell"])
def test_lint_runs_what_hooks_run(program: str) -> None:
    assert f"name: {program}\n" in HOOKS.read_text(encoding="utf-8")
    assert program in (ROOT / "tools" / "lint.sh").read_text(encoding="utf-8")


def test_every_hook_runs_at_a_commit() -> None:
    assert "stages:" not in HOOKS.read_text(encoding="utf-8")


def test_formatters_of_the_hooks_are_pinned_where_versions_differ() -> None:
    """What one clang-format leaves alone another one changes."""
    assert re.search(r'"clang-format==[0-9.]+"', HOOKS.read_text(encoding="utf-8"))


def sessions() -> dict[str, str]:
    """The sessions of noxfile.py, each with its source."""
    text = (ROOT / "noxfile.py").read_text(encoding="utf-8")
    functions = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    decorated = {node: [ast.unparse(each) for each in node.decorator_list] for node in functions}
    return {
        node.name: str(ast.get_source_segment(text, node))
        for node, decorators in decorated.items()
        if any(each.startswith("nox.session") for each in decorators)
    }


def test_the_table_of_sessions_names_each() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = text.partition("| session |")[2].partition("\n\n")[0].splitlines()[2:]
    named = [re.findall(r"`(\w+)`", row.split("|")[1]) for row in rows]
    assert sorted(name for names in named for name in names) == sorted(sessions())


def test_sessions_are_one_word_and_say_what_they_do() -> None:
    assert {"tests", "matrix", "fuzz", "lint", "types", "docs", "bench", "wheel", "sanitize", "arm64"} <= set(
        sessions()
    )
    assert all('"""' in source for source in sessions().values())


@pytest.mark.parametrize("name", ["lint", "wheel", "types"])
def test_the_whole_check_runs_sessions(name: str) -> None:
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert any(re.match(rf"(\w+=\S+ )?nox {name}\b", line) for line in lines)
    assert name in sessions()


def test_every_script_of_a_session_is_there_and_can_be_run() -> None:
    named = {name for source in sessions().values() for name in re.findall(r'"(tools/\w+\.sh)"', source)}
    assert len(named) >= 5
    assert all((ROOT / name).stat().st_mode & 0o100 for name in named)


def test_files_that_may_not_be_collected_are_there() -> None:
    named = [name for names in available._FILES.values() for name in names]
    assert named
    assert [name for name in named if not (ROOT / "tests" / name).is_file()] == []
