"""What a maintainer runs, each by one word: `nox --list` names them, `nox -s levels -- -k dense` passes arguments on.

Tests run on an installed wheel, never on the checkout, and wheels are built once (tools/wheel_once.py). Pythons and
compilers are those on the PATH; a session for which one is missing is reported as skipped, and fails where CI is set.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

import nox
from packaging.requirements import Requirement

PYTHONS = ["3.11", "3.12", "3.13", "3.14", "3.14t"]
KERNELS = ("-q", "tests/kernels")
DOCS = ["tests/test_" + name + ".py" for name in ("docs", "docstrings", "listings", "quickstart", "readme", "tutorial")]
OF_OLD = ["pyparsing<3.3"]  # that one warns of names by which matplotlib 3.9 calls it, and warnings are errors
PROJECT = nox.project.load_toml("pyproject.toml")
OLDEST = re.findall(r"3\.\d+", PROJECT["project"]["requires-python"])[0]

nox.needs_version = ">=2025.5"
nox.options.download_python = "never"  # what is tested is what the machine has
nox.options.sessions = ["lint", "types", "tests"]


def clangs() -> list[str]:
    """The Clangs on the PATH, by the names of their C++ compilers."""
    folders = [Path(folder) for folder in os.get_exec_path() if os.path.isdir(folder)]
    names = {path.name for folder in folders for path in folder.glob("clang++*")}
    return sorted(name for name in names if re.fullmatch(r"clang\+\+(-\d+)?", name) and shutil.which(name))


COMPILERS = clangs() or ["clang++"]


def wheel_of(session: nox.Session, **environ: str) -> str:
    """The wheel of the sources, for the session's Python; without `environ` that which FASTNN_WHEEL names."""
    session.install("pip>=25.1")  # the first with --group
    if not environ and (given := os.environ.get("FASTNN_WHEEL")):
        return given
    told = session.run("python", "tools/wheel_once.py", env=environ, silent=True, stderr=sys.stderr)
    return str(told).strip().splitlines()[-1]


def install(session: nox.Session, wheel: str, *more: str) -> None:
    """Install a wheel, what its tests need and more; a wheel of the same version is replaced."""
    session.install(wheel, "--group", "test", *more)
    session.install("--no-deps", "--force-reinstall", wheel)


def pytest(session: nox.Session, *usual: str, before: tuple[str, ...] = (), **environ: str) -> None:
    """Run pytest with the arguments that were given, else with the usual ones, on what is installed."""
    command = [*before, "python", "-m", "pytest", *(session.posargs or usual)]
    session.run(*command, env={"PYTHONSAFEPATH": "1", "PYTHONPATH": None, **environ})


def lowest(requirement: str) -> str | None:
    """The least version that a requirement allows, as a constraint; None where it sets no bound."""
    needed = Requirement(requirement)
    bounds = [spec.version for spec in needed.specifier if spec.operator == ">="]
    marker = f"; {needed.marker}" if needed.marker else ""
    return f"{needed.name}=={bounds[0]}{marker}" if bounds else None


@nox.session
def tests(session: nox.Session) -> None:
    """The whole suite, with the Python that runs nox."""
    install(session, wheel_of(session))
    pytest(session)


@nox.session(venv_backend="none")
def matrix(session: nox.Session) -> None:
    """Pythons, levels, oldest, newest, without_numba, keras, c_targets and clang, one after the other."""
    by_compiler = [f"clang(compiler={compiler!r})" for compiler in COMPILERS]
    by_python = [f"pythons-{version}" for version in PYTHONS]
    for name in (
        *by_python,
        "levels",
        f"oldest-{OLDEST}",
        "newest",
        "without_numba",
        "keras",
        "c_targets",
        *by_compiler,
    ):
        session.notify(name, posargs=session.posargs)


@nox.session(python=PYTHONS)
def pythons(session: nox.Session) -> None:
    """The whole suite, by Python."""
    install(session, wheel_of(session))
    pytest(session)


@nox.session
def levels(session: nox.Session) -> None:
    """The kernel tests with every instruction set of the machine."""
    install(session, wheel_of(session))
    pytest(session, *KERNELS, before=("python", "tools/levels.py"))


@nox.session(python=[OLDEST])
def oldest(session: nox.Session) -> None:
    """The whole suite with the lowest versions that pyproject.toml allows, of what users install."""
    extras = PROJECT["project"].get("optional-dependencies", {})
    requirements = [*PROJECT["project"]["dependencies"], *(each for name in extras for each in extras[name])]
    constraints = Path(session.create_tmp(), "lowest.txt")
    constraints.write_text("\n".join([*filter(None, map(lowest, requirements)), *OF_OLD]) + "\n")
    session.log(f"at most: {', '.join(constraints.read_text().splitlines())}")
    install(session, wheel_of(session), "--constraint", str(constraints))
    pytest(session)


@nox.session
def newest(session: nox.Session) -> None:
    """The whole suite with the newest releases of everything."""
    install(session, wheel_of(session), "--upgrade", "--upgrade-strategy", "eager")
    session.run("python", "-m", "pip", "list")
    pytest(session)


@nox.session
def without_numba(session: nox.Session) -> None:
    """The whole suite without Numba, but for the tests of what needs it."""
    install(session, wheel_of(session))
    session.run("python", "-m", "pip", "uninstall", "--yes", "--quiet", "numba", "llvmlite")
    pytest(session)


@nox.session
def interop(session: nox.Session) -> None:
    """What other libraries make of our models and we of theirs, with all of them installed."""
    install(session, wheel_of(session), "--group", "interop")
    # Of what is missing the tests would be left out.
    session.run("python", "-c", "import flask, onnx, onnxruntime, onnxscript, skl2onnx, torch")
    pytest(session, "-q", "tests/interop")


@nox.session
def keras(session: nox.Session) -> None:
    """What we make of models of Keras and of the ONNX files that it exports, with PyTorch as its backend."""
    install(session, wheel_of(session), "--group", "keras")
    # Of what is missing the tests would be left out.
    session.run("python", "-c", "import keras, onnx", env={"KERAS_BACKEND": "torch"})
    pytest(session, "-q", "tests/interop", "-m", "keras or keras_onnx", KERAS_BACKEND="torch")


@nox.session
def c_targets(session: nox.Session) -> None:
    """Headers of to_c as WebAssembly in node and for microcontrollers, by Zig's Clang (tools/c_targets.py)."""
    install(session, wheel_of(session), "ziglang")
    session.run("python", "tools/c_targets.py", env={"PYTHONSAFEPATH": "1", "PYTHONPATH": None})


@nox.session
def fuzz(session: nox.Session) -> None:
    """Kernels and estimators with thousands of random arguments."""
    install(session, wheel_of(session))
    pytest(session, "-q", "tests/fuzz", FASTNN_FUZZ="long")


@nox.session
def docs(session: nox.Session) -> None:
    """What the documentation promises: links, blocks of code, listings, docstrings and their examples."""
    install(session, wheel_of(session))
    pytest(session, "-q", *DOCS)


@nox.session
def bench(session: nox.Session) -> None:
    """Every benchmark once and quickly, on the checkout's kernels; nothing is stored."""
    install(session, wheel_of(session), "--group", "bench")
    usual = ("--quick", "--python=same", "--dry-run", "--show-stderr")
    session.run("python", "-m", "asv", "machine", "--yes")
    session.run("python", "-m", "asv", "run", *usual, *session.posargs, env={"PYTHONSAFEPATH": "1", "PYTHONPATH": None})


@nox.session(venv_backend="none")
def wheel(session: nox.Session) -> None:
    """A release wheel from the sdist, repaired and tried (tools/build_wheel.sh)."""
    session.run("tools/build_wheel.sh", *session.posargs, external=True)


@nox.session(venv_backend="none")
def sanitize(session: nox.Session) -> None:
    """Kernels, threads and fuzzing under sanitizers (tools/sanitize.sh)."""
    session.run("tools/sanitize.sh", *session.posargs, external=True)


@nox.session(venv_backend="none")
def arm64(session: nox.Session) -> None:
    """64-bit ARM, cross-built and emulated (tools/arm64.sh says what it needs)."""
    session.run("tools/arm64.sh", *session.posargs, external=True)


@nox.session
@nox.parametrize("compiler", COMPILERS)
def clang(session: nox.Session, compiler: str) -> None:
    """The kernel tests, compiled by each Clang without a warning."""
    if not shutil.which(compiler):
        refuse = session.error if os.environ.get("CI") else session.skip
        refuse("there is no clang++ on the PATH")
    install(session, wheel_of(session, CXX=compiler, FASTNN_WERROR="1"))
    pytest(session, *KERNELS)


@nox.session
def lint(session: nox.Session) -> None:
    """Lint of Python, Cython and C++, and spelling (tools/lint.sh)."""
    session.install("pip>=25.1")
    session.install("--group", "lint")
    session.run("tools/lint.sh", external=True)


@nox.session
def types(session: nox.Session) -> None:
    """mypy, and the stub of the compiled module (tools/types.sh)."""
    install(session, wheel_of(session))
    session.run("tools/types.sh", external=True)
