"""Runs the tests as a user would meet the package: installed, in a fresh virtual environment.

    python3 tests/run.py [--venv DIR] [--wheel FILE] [arguments of pytest]

The package is built and installed as a wheel together with the test group of pyproject.toml. Then
pytest runs in the checkout, but with a module path that does not contain it, so that it is the
installed package that is tested. --venv keeps the environment in DIR and uses it again next time;
--wheel installs a wheel that is built already, instead of what the checkout has.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON_IN = Path("Scripts/python.exe") if os.name == "nt" else Path("bin/python")


def call(*command: str | Path) -> None:
    print("+", *command, flush=True)
    subprocess.run([str(word) for word in command], check=True)


def make_environment(folder: Path, wheel: Path | None) -> Path:
    """A virtual environment with fastnn and what its tests need; returns its Python."""
    python = folder / PYTHON_IN
    if not python.exists():
        call(sys.executable, "-m", "venv", folder)
        call(python, "-m", "pip", "install", "--quiet", "pip>=25.1")  # the first with --group
    if wheel is None:
        for stale in (ROOT / "build").glob("lib*"):  # modules that have gone since would be packed
            shutil.rmtree(stale)
    group = f"{ROOT / 'pyproject.toml'}:test"
    call(python, "-m", "pip", "install", "--quiet", wheel or ROOT, "--group", group)
    if wheel is not None:  # pip keeps what is installed already, if the version is the same
        call(python, "-m", "pip", "install", "--quiet", "--no-deps", "--force-reinstall", wheel)
    return python


def run_tests(python: Path, arguments: list[str]) -> int:
    """Run pytest in the checkout without the checkout on the module path."""
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environ["PYTHONSAFEPATH"] = "1"  # also for the processes that tests start
    command = [str(python), "-m", "pytest", *arguments]
    print("+", *command, flush=True)
    return subprocess.run(command, cwd=ROOT, env=environ).returncode


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--venv", type=Path, help="keep the environment here and use it again")
    parser.add_argument("--wheel", type=Path, help="test this wheel, and build none")
    options, arguments = parser.parse_known_args()
    wheel = options.wheel and options.wheel.resolve()
    if wheel and not wheel.is_file():
        parser.error(f"there is no wheel {wheel}; tools/build_wheel.sh builds one")
    if options.venv:
        return run_tests(make_environment(options.venv.resolve(), wheel), arguments)
    with tempfile.TemporaryDirectory(prefix="fastnn-tests-") as folder:
        return run_tests(make_environment(Path(folder) / "venv", wheel), arguments)


if __name__ == "__main__":
    sys.exit(main())
