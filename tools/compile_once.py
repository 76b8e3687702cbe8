#!/usr/bin/env python3
"""A compiler that does not compile the same thing twice: put before the real one's command.

    CXX="tools/compile_once.py g++" COMPILED=FOLDER python -m pip install .

Objects are kept in COMPILED under a hash of what decides about them: the source after the preprocessor, with all its
headers and macros, the flags, and the compiler's version. So wheels for several Pythons, from the checkout or from an
sdist, compile the kernels once, which takes minutes, and a source that lacks a header fails as ever. Whatever does not
compile one file, or prints a warning, is passed on as it is.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

TAKE_A_PATH = ("-o", "-I", "-isystem")  # what is found there is in the preprocessed source


def without_paths(arguments: list[str], source: str) -> list[str]:
    """The flags that change an object: neither files and folders, nor macros, which have done their work."""
    kept, skip = [], False
    for word in arguments:
        if skip:
            skip = False
        elif word in TAKE_A_PATH:
            skip = True
        elif word != source and not word.startswith(("-I", "-D", "-isystem")):
            kept.append(word)
    return kept


def key_of(compiler: list[str], arguments: list[str], source: str) -> str | None:
    """The hash of an object; None where the preprocessor fails, so that the compiler says why."""
    at = arguments.index("-o")
    plain = [word for word in [*arguments[:at], *arguments[at + 2 :]] if word != "-c"]
    text = subprocess.run([*compiler, *plain, "-E", "-P"], capture_output=True)
    if text.returncode != 0:
        return None
    version = subprocess.run([*compiler, "--version"], capture_output=True, check=True)
    told = "\0".join([*compiler, *without_paths(arguments, source)]).encode()
    return hashlib.sha256(b"\0".join([told, version.stdout, text.stdout])).hexdigest()


def keep(target: str, kept: Path) -> None:
    """Copy an object to its place at once: another compiler may look for it meanwhile."""
    with tempfile.NamedTemporaryFile(dir=kept.parent, delete=False) as draft:
        draft.write(Path(target).read_bytes())
    os.replace(draft.name, kept)


def main(command: list[str]) -> int:
    flags = [k for k, word in enumerate(command) if word.startswith("-")]
    compiler, arguments = command[: flags[0]], command[flags[0] :]
    sources = [word for word in arguments if word.endswith((".cpp", ".cc"))]
    folder = os.environ.get("COMPILED")
    key = None
    if folder and "-c" in arguments and "-o" in arguments and len(sources) == 1:
        key = key_of(compiler, arguments, sources[0])
    if key is None:
        return subprocess.run(command).returncode
    target, kept = arguments[arguments.index("-o") + 1], Path(folder or "", f"{key}.o")
    if kept.exists():
        shutil.copyfile(kept, target)
        return 0
    done = subprocess.run(command, stderr=subprocess.PIPE)
    sys.stderr.buffer.write(done.stderr)
    if done.returncode == 0 and not done.stderr:
        kept.parent.mkdir(parents=True, exist_ok=True)
        keep(target, kept)
    return done.returncode


if __name__ == "__main__":
    if not any(word.startswith("-") for word in sys.argv[1:]):
        sys.exit(f"compile_once: wanted a compiler and its arguments, got {sys.argv[1:]}")
    sys.exit(main(sys.argv[1:]))
