"""Runs type checkers on programs that use the installed package, and reads what they say."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import fastnn

__all__ = ["CHECKERS", "Finding", "check"]

_LINE = re.compile(r"^(?P<file>.+?):(?P<line>\d+): (?P<kind>error|note): (?P<text>.*?)(?:  \[(?P<code>[\w-]+)\])?$")
_REVEALED = re.compile(r'(?:Revealed type is|Type of ".*?" is) "(.*)"', re.DOTALL)

# The strictest mode, but that results may be left alone, and parameters.
_MODE = {"typeCheckingMode": "all", "reportUnusedCallResult": "none", "reportUnusedParameter": "none"}


@dataclass(frozen=True)
class Finding:
    """What a checker says about a line: a mistake by its code, or the type that a `reveal_type` asks for."""

    file: str
    line: int
    text: str
    code: str | None

    @property
    def revealed(self) -> str | None:
        """The type, if this is one that was asked for."""
        found = _REVEALED.match(self.text)
        return None if self.code or found is None else found[1]


def _run(command: Sequence[str], folder: Path) -> str:
    environ = dict(os.environ)
    home = Path(fastnn.__file__).parents[1]
    if home != Path(sysconfig.get_path("platlib")):  # an editable install, whose finder checkers do not know
        environ["PYTHONPATH"] = str(home)
    done = subprocess.run([sys.executable, "-m", *command], cwd=folder, env=environ, capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stderr + done.stdout
    return done.stdout


def _mypy(files: Sequence[Path], folder: Path) -> list[Finding]:
    options = ("--strict", "--config-file=", "--no-pretty", "--hide-error-context", f"--cache-dir={folder / 'cache'}")
    found = map(_LINE.match, _run(["mypy", *options, *map(str, files)], folder).splitlines())
    return [Finding(Path(one["file"]).name, int(one["line"]), one["text"], one["code"]) for one in found if one]


def _basedpyright(files: Sequence[Path], folder: Path) -> list[Finding]:
    project = folder / "pyrightconfig.json"
    project.write_text(json.dumps({"include": [str(file) for file in files], **_MODE}))
    options = ("--project", str(project), "--pythonpath", sys.executable, "--outputjson")
    found = json.loads(_run(["basedpyright", *options], folder))["generalDiagnostics"]
    return [
        Finding(Path(one["file"]).name, one["range"]["start"]["line"] + 1, one["message"], one.get("rule"))
        for one in found
    ]


CHECKERS = {"mypy": _mypy, "basedpyright": _basedpyright}


def check(checker: str, files: Sequence[Path], folder: Path) -> list[Finding]:
    """All that a checker, at its strictest, finds in the files; the folder is for what it writes."""
    return CHECKERS[checker](files, folder)
