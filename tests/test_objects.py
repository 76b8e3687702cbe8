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
pytestmark = [
    pytest.mark.skipif(RECIPE is None, reason="the sources do not lie beside the tests"),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads ELF files"),
]


UNITS = RECIPE.kernel_units() if RECIPE else []


def level_of(unit) -> str:
    return Path(unit.source).stem


def name_of(unit) -> str:
    return f"{level_of(unit)}-{unit.folder}"


def units_of(levels: dict[str, re.Pattern[str]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("unit", [unit for unit in UNITS if level_of(unit) in levels], ids=name_of)


@pytest.fixture(scope="module")
def find_object(tmp_path_factory: pytest.TempPathFactory):
    """Returns the object of an instruction set's part: the last build's, or if that is old, a new one."""

    def find(unit) -> Path:
        assert RECIPE is not None
        parts = [ROOT / unit.source, ROOT / "setup.py", *(ROOT / "src_ext").rglob("*.h*")]
        for built in ROOT.glob(f"build/objects/*/{unit.folder}/{Path(unit.source).with_suffix('.o')}"):
            note = built.parents[3] / "note.txt"
            plain = "-fsanitize" not in note.read_text(encoding="utf-8")
            if plain and not RECIPE.is_stale(str(built), [str(part) for part in parts]):
                return built
        target = tmp_path_factory.getbasetemp() / f"{name_of(unit)}.o"
        if not target.exists():
            flags = [*RECIPE.source_flags(unit.source), *(f"-D{name}={value}" for name, value in unit.macros)]
            command = ["g++", "-fPIC", *flags, "-Isrc_ext", "-c", unit.source, "-o", str(target)]
            subprocess.run(command, cwd=ROOT, check=True)
        return target

    return find


@units_of(FORBIDDEN)
def test_object_uses_no_newer_instructions(unit, find_object) -> None:
    code = output_of("objdump", "--disassemble", "--no-show-raw-insn", find_object(unit))
    newer = [line for line in code.splitlines() if FORBIDDEN[level_of(unit)].search(line)]
    assert not newer[:5]


@units_of(USED)
def test_object_uses_its_own_instructions(unit, find_object) -> None:
    code = output_of("objdump", "--disassemble", "--no-show-raw-insn", find_object(unit))
    assert USED[level_of(unit)].search(code)


@pytest.mark.parametrize("unit", UNITS, ids=name_of)
def test_object_shares_nothing_but_what_fills_its_part_of_the_table(unit, find_object) -> None:
    symbols = output_of("nm", "--extern-only", "--defined-only", find_object(unit)).splitlines()
    assert [symbol.split()[-1] for symbol in symbols] == ["_".join(["fastnn_fill", level_of(unit), *unit.part])]
    assert not [symbol for symbol in symbols if symbol.split()[-2] in "wWvVu"]


@pytest.mark.parametrize("unit", UNITS, ids=name_of)
def test_object_calls_no_mathematical_library(unit, find_object) -> None:
    lines = output_of("nm", "--undefined-only", find_object(unit)).splitlines()
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


def test_parts_are_those_of_the_contract() -> None:
    """What setup.py compiles for an instruction set is what the runtime asks to fill its table."""
    contract = (ROOT / "src_ext/contract/kernels.hpp").read_text(encoding="utf-8")
    wanted = re.findall(r"PART\(level, (\w+), (float|double)\)", contract)
    assert sorted(RECIPE.PARTS) == sorted(wanted)


def test_levels_that_are_compiled_can_be_chosen() -> None:
    """A level that setup.py compiles and the runtime does not offer would be dead code, the other way no link."""
    runtime = (ROOT / "src_ext/runtime/cpu.cpp").read_text(encoding="utf-8")
    offered = [re.findall(r"LEVEL\((\w+),", line) for line in re.findall(r"define FASTNN_LEVELS\(LEVEL\)(.*)", runtime)]
    assert sorted(map(sorted, offered)) == sorted(map(sorted, RECIPE.LEVELS.values()))
