"""The checks before a commit and those of tools/lint.sh are the same ones, in the same versions."""

from __future__ import annotations

import json
import re
import tomllib

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


@pytest.mark.parametrize("program", ["ruff check", "ruff format", "cython-lint", "codespell"])
def test_lint_runs_what_hooks_run(program: str) -> None:
    assert f"name: {program}\n" in HOOKS.read_text(encoding="utf-8")
    assert program in (ROOT / "tools" / "lint.sh").read_text(encoding="utf-8")
