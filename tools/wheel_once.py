"""Prints the path of a wheel of the checkout as it is, for the Python that runs this; builds it if there is none yet.

    python tools/wheel_once.py [OPTIONS OF PIP ...]

Wheels lie in build/wheels by a hash of all that goes into them: sources, Python, compiler, flags of the environment.
They are built from a copy of just these files, with tools/compile_once.py, so that Pythons share the kernels' objects.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WHEELS = ROOT / "build" / "wheels"
OBJECTS = ROOT / "build" / "compiled"
SINGLE = ("setup.py", "pyproject.toml", "README.md", "LICENSE")
FOLDERS = ("fastnn", "src_ext")
LEFT = {".so", ".pyd", ".pyc", ".o"}  # by builds in place
FLAGS = ("FASTNN_EXTRA_CFLAGS", "FASTNN_WERROR", "FASTNN_SANITIZE")


def sources() -> list[Path]:
    """The files that a wheel is made of."""
    found = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*")) if path.is_file()]
    return [ROOT / name for name in SINGLE] + [path for path in found if path.suffix not in LEFT]


def key(files: Iterable[Path], compiler: list[str]) -> str:
    """The hash of everything that decides about a wheel."""
    version = subprocess.run([*compiler, "--version"], capture_output=True, text=True, check=True).stdout
    told = [sys.version, sysconfig.get_platform(), *compiler, version, *(os.environ.get(name, "") for name in FLAGS)]
    digest = hashlib.sha256("\0".join(told).encode())
    for path in files:
        content = path.read_bytes()
        digest.update(f"\0{path.relative_to(ROOT)}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:16]


def build(files: Iterable[Path], compiler: list[str], folder: Path, options: list[str]) -> None:
    """Build a wheel in a folder of its own, which appears as a whole."""
    environ = {"COMPILED": str(OBJECTS), **os.environ}
    environ["CXX"] = " ".join([str(ROOT / "tools" / "compile_once.py"), *compiler])
    with tempfile.TemporaryDirectory(prefix="fastnn-wheel-") as work:
        copy, out = Path(work, "sources"), Path(work, "wheel")
        for path in files:
            target = copy / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)
        pip = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", str(out), *options, str(copy)]
        subprocess.run(pip, check=True, env=environ, stdout=sys.stderr)
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(out, draft := folder.with_name(f"{folder.name}.{os.getpid()}"))
    shutil.rmtree(folder, ignore_errors=True)
    draft.rename(folder)


def main() -> None:
    compiler = os.environ.get("CXX", "g++").split()
    files = sources()
    folder = WHEELS / key(files, compiler)
    if not any(folder.glob("*.whl")):
        build(files, compiler, folder, sys.argv[1:])
    [wheel] = folder.glob("*.whl")
    print(wheel)


if __name__ == "__main__":
    main()
