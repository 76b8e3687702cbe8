"""No object file uses more than its own instruction set, and the linker cannot mix them.

A kernel compiled for a newer processor that is shared with an older one's object makes the module
crash far away from here. Disassembling the objects finds it on any machine.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from recipe import ROOT, load_recipe, output_of

AVX = re.compile(r"%[yz]mm|\bv[a-z0-9]+\s+.*%xmm")
AVX512 = re.compile(r"%zmm|%[xy]mm(?:1[6-9]|2\d|3[01])\b|%k[1-7]\b|\{%k")
FORBIDDEN = {"base": AVX, "avx2": AVX512}  # what must not occur in an object
USED = {"avx2": re.compile("%ymm"), "avx512": re.compile("%zmm")}  # what must: the check can fail

RECIPE = load_recipe()
LEVELS = RECIPE.LEVELS.get(RECIPE.machine(), {}) if RECIPE else {}
pytestmark = [
    pytest.mark.skipif(RECIPE is None, reason="the sources do not lie beside the tests"),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads ELF files"),
]


@pytest.fixture(scope="module")
def find_object(tmp_path_factory: pytest.TempPathFactory):
    """Returns the object of an instruction set: the last build's, or if that is old, a new one."""

    def find(level: str) -> Path:
        assert RECIPE is not None
        source = Path("src_ext", "isa", f"{level}.cpp")
        parts = [ROOT / source, ROOT / "setup.py", *(ROOT / "src_ext").rglob("*.h*")]
        for built in ROOT.glob(f"build/objects/*/{source.with_suffix('.o')}"):
            note = built.parents[2] / "note.txt"
            plain = "-fsanitize" not in note.read_text(encoding="utf-8")
            if plain and not RECIPE.is_stale(str(built), [str(part) for part in parts]):
                return built
        target = tmp_path_factory.getbasetemp() / f"{level}.o"
        if not target.exists():
            flags = RECIPE.source_flags(str(source))
            command = ["g++", "-fPIC", *flags, "-Isrc_ext", "-c", str(source), "-o", str(target)]
            subprocess.run(command, cwd=ROOT, check=True)
        return target

    return find


@pytest.mark.parametrize("level", sorted(FORBIDDEN.keys() & LEVELS.keys()))
def test_object_uses_no_newer_instructions(level: str, find_object) -> None:
    code = output_of("objdump", "--disassemble", "--no-show-raw-insn", find_object(level))
    newer = [line for line in code.splitlines() if FORBIDDEN[level].search(line)]
    assert not newer[:5]


@pytest.mark.parametrize("level", sorted(USED.keys() & LEVELS.keys()))
def test_object_uses_its_own_instructions(level: str, find_object) -> None:
    code = output_of("objdump", "--disassemble", "--no-show-raw-insn", find_object(level))
    assert USED[level].search(code)


@pytest.mark.parametrize("level", sorted(LEVELS))
def test_object_shares_nothing_but_its_table(level: str, find_object) -> None:
    symbols = output_of("nm", "--extern-only", "--defined-only", find_object(level)).splitlines()
    assert [symbol.split()[-1] for symbol in symbols] == [f"fastnn_kernels_{level}"]
    assert not [symbol for symbol in symbols if symbol.split()[-2] in "wWvVu"]


@pytest.mark.parametrize("level", sorted(LEVELS))
def test_object_calls_no_mathematical_library(level: str, find_object) -> None:
    lines = output_of("nm", "--undefined-only", find_object(level)).splitlines()
    called = {line.split()[-1] for line in lines}
    memory = {"memcpy", "memmove", "memset", "memcmp"}
    of_runtime = {
        "fastnn_yield",
        "fastnn_seconds",
        "fastnn_discard",
        "fastnn_interrupted",
        "fastnn_is_crowded",
        "fastnn_lost",
    }
    assert called <= {*memory, *of_runtime, "_GLOBAL_OFFSET_TABLE_"}
