"""Cached callers of fastnn's kernels in new processes, with the fastnn that compiled them and with other versions."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from recipe import ROOT

import fastnn
from fastnn import _core, llvm_symbols
from fastnn.install import DISTRIBUTION
from fastnn.kernels import abi

pytestmark = pytest.mark.jit

TESTS = Path(__file__).parent.parent
PACKAGE = Path(fastnn.__file__).parent


def run(folder: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Python in the folder, with the package and the tests' helpers on its path."""
    path = os.pathsep.join([str(folder), str(PACKAGE.parent), str(TESTS)])
    environment = os.environ | {"PYTHONPATH": path, "NUMBA_CACHE_DIR": str(folder / "cache")} | environ
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, cwd=folder, env=environment)


@pytest.fixture(scope="module")
def caller(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a user's module that one process has compiled and cached."""
    folder = tmp_path_factory.mktemp("caller")
    shutil.copy(Path(__file__).parent / "cached_caller.py", folder)
    first = run(folder, "cached_caller.py")
    assert first.returncode == 0, first.stderr
    assert first.stdout.splitlines()[1] == "hits 0 0 overloads True"
    return folder


def test_a_new_process_compiles_nothing(caller: Path) -> None:
    second = run(caller, "cached_caller.py")
    assert second.returncode == 0, second.stderr
    assert second.stdout == run(caller, "cached_caller.py", NUMBA_DISABLE_JIT="0").stdout
    assert second.stdout.splitlines()[1] == "hits 1 1 overloads False"


# Another version of fastnn: its table is in place of the installed one's before the user's module is loaded.
OTHER = """
import ctypes, sys
import numpy as np
from c_calls import REMOVED, table
from fastnn import _core, llvm_symbols
from fastnn.kernels.abi import FIRST_FUNCTION, symbols
words = table(_core.api_address())
other = type(words)(*words)
stub = ctypes.CFUNCTYPE(ctypes.c_int)(lambda: REMOVED)
names = [symbol.name for symbol in symbols()]
{change}
_core.api_address = lambda: ctypes.addressof(other)
import cached_caller
try:
    print(cached_caller.layer(np.ones((3, 4)), np.ones((4, 5)), np.ones(5), np.empty((3, 5))).sum())
except RuntimeError as error:
    print(error)
print(cached_caller.mean(np.ones((3, 4)), np.zeros((3, 4))))
print(sum(cached_caller.layer.stats.cache_hits.values()))
"""
GONE = "other[FIRST_FUNCTION + names.index('dense_forward_float64')] = ctypes.cast(stub, ctypes.c_void_p).value"


def with_other_table(folder: Path, change: str) -> list[str]:
    (folder / "other.py").write_text(OTHER.format(change=change))
    done = run(folder, "other.py")
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_later_version_serves_callers_that_an_earlier_one_compiled(caller: Path) -> None:
    told = with_other_table(caller, "other[0] += 1; other[1] += 64")
    assert float(told[0]) == pytest.approx(14.9986, abs=1e-4)
    assert told[2] == "1"


def test_a_function_that_a_later_version_has_no_more_is_an_error(caller: Path) -> None:
    error, mean, hits = with_other_table(caller, f"other[0] += 1; {GONE}")
    assert error.startswith(
        "fastnn.jit: this code was compiled with another version of fastnn, and calls a function that"
    )
    assert float(mean) > 0  # the other one is there
    assert hits == "1"


def test_a_function_that_an_earlier_version_does_not_have_yet_is_an_error(caller: Path) -> None:
    done = run(
        caller,
        "-c",
        OTHER.format(change="other[0] = 0").replace("print(cached_caller.mean", "0 and print(cached_caller.mean"),
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("fastnn.jit: this code was compiled with another version")


def test_it_works_without_compiling_anything(caller: Path) -> None:
    done = run(caller, "-c", "import cached_caller as c, numpy as np; print(c.mean(np.ones((3, 4)), np.zeros((3, 4))))",
               NUMBA_DISABLE_JIT="1")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) == 2


# --- the symbol ---------------------------------------------------------------------------------


def test_llvm_knows_the_table() -> None:
    from llvmlite.binding import address_of_symbol

    llvm_symbols.register()
    assert address_of_symbol(llvm_symbols.TABLE) == _core.api_address()


def test_numba_is_told_where_the_symbol_comes_from() -> None:
    distribution = importlib.metadata.distribution(DISTRIBUTION)
    if "editable" in (distribution.read_text("direct_url.json") or ""):  # whose metadata may be older than the checkout
        listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["numba_extensions"]
        [point] = [importlib.metadata.EntryPoint(name, value, "numba_extensions") for name, value in listed.items()]
    else:
        [point] = distribution.entry_points.select(group="numba_extensions")
    assert point.load() is llvm_symbols.register


def test_programs_that_use_numba_alone_hardly_wait(tmp_path: Path) -> None:
    """What the entry point loads has no part of fastnn but its root, threads and the native core."""
    told = run(tmp_path, "-c", LOADED.format(module=llvm_symbols.__name__))
    assert told.returncode == 0, told.stderr
    assert not {"kernels", "activations", "jit"} & set(told.stdout.split())
    assert "_core" in told.stdout.split()


LOADED = """
import sys
import numba
import {module} as point
point.register()
print(*(name.split(".")[1] for name in sys.modules if name.startswith("fastnn.")))
"""


OTHERS_CODE = r"""
import hashlib, re, sys
{before}
from numba import njit, float64
@njit(float64(float64[::1]))
def f(x):
    total = 0.0
    for k in range(len(x)):
        total += abs(x[k]) ** 1.5 / (1 + x[k])
    return total
[code] = f.inspect_asm().values()
code = re.sub(r"_ZN\w+|0x[0-9a-f]+|[.]\d{{9,}}", "", code)  # names, with counts of functions and addresses of objects
print([name for name in sys.modules if name == "fastnn.jit.overloads"], hashlib.sha256(code.encode()).hexdigest())
"""


def test_other_code_is_compiled_as_ever(tmp_path: Path) -> None:
    loaded, plain = (tmp_path / name for name in ("loaded.py", "plain.py"))
    told = {}
    for before in ("", "import fastnn.jit; fastnn.jit.dense_forward"):
        (tmp_path / "program.py").write_text(OTHERS_CODE.format(before=before))
        done = run(tmp_path, "program.py")
        assert done.returncode == 0, done.stderr
        told[before] = done.stdout.rpartition(" ")
    (plain_modules, _, plain), (modules, _, loaded) = told.values()
    assert (plain_modules, modules) == ("[]", "['fastnn.jit.overloads']")
    assert plain == loaded


def test_the_version_of_each_function_is_in_its_callers() -> None:
    assert {function.since for function in abi.FUNCTIONS} <= set(range(1, abi.VERSION + 1))
