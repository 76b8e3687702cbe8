"""What is installed, and how it was built."""

from __future__ import annotations

import importlib.metadata
import json
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest
from recipe import ROOT, load_recipe, output_of

import fastnn
from fastnn import _core
from fastnn.install import DISTRIBUTION

PACKAGE = Path(fastnn.__file__).parent
LINUX_ONLY = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads ELF files")


def is_editable() -> bool:
    text = importlib.metadata.distribution(DISTRIBUTION).read_text("direct_url.json") or "{}"
    return bool(json.loads(text).get("dir_info", {}).get("editable"))


# --- what is installed -------------------------------------------------------------------------


@pytest.mark.skipif(is_editable(), reason="an editable install is the checkout")
def test_the_installed_package_is_tested_not_the_checkout() -> None:
    assert ROOT / "fastnn" != PACKAGE
    assert Path(_core.__file__).parent == PACKAGE


def test_version_is_the_one_of_the_metadata() -> None:
    assert fastnn.__version__ == importlib.metadata.version(DISTRIBUTION)


@pytest.mark.parametrize("name", ["py.typed", "_core.pyi", "_core.pxd", "include/fastnn.h"])
def test_types_and_declarations_are_installed(name: str) -> None:
    assert (PACKAGE / name).is_file()


@pytest.mark.skipif(is_editable(), reason="an editable install is the checkout")
def test_nothing_but_the_package_is_installed() -> None:
    files = importlib.metadata.files(DISTRIBUTION) or []
    packed = {file.parts[0] for file in files if "dist-info" not in file.parts[0]}
    assert packed == {"fastnn"}
    assert {file.suffix for file in files if file.parts[0] == "fastnn"} <= {
        *(".py", ".pyc", ".pyi", ".pxd", ".h", ".typed", ".so", ".pyd")
    }


@LINUX_ONLY
def test_compiled_module_has_no_run_path_and_needs_only_the_system() -> None:
    dynamic = output_of("readelf", "--dynamic", "--wide", _core.__file__)
    assert "RPATH" not in dynamic
    assert "RUNPATH" not in dynamic
    needed = set(re.findall(r"\(NEEDED\).*\[(.+)\.so[.\d]*\]", dynamic))
    if not {"libasan", "libubsan", "libtsan"} & needed:
        allowed = {"libc", "libm", "libpthread", "libstdc++", "libgcc_s"}
        assert {name for name in needed if not name.startswith("ld-linux")} <= allowed


@LINUX_ONLY
def test_compiled_module_exports_only_its_entry_point() -> None:
    lines = output_of("nm", "--dynamic", "--defined-only", _core.__file__).splitlines()
    strong = {line.split()[-1] for line in lines if line.split()[-2] not in "wWvVu"}
    assert strong == {"PyInit__core", "fastnn_thread_pool"}  # the second one is how threadpoolctl knows the module


# --- how it is built: the helpers of setup.py --------------------------------------------------


@pytest.fixture(scope="module")
def recipe() -> ModuleType:
    """setup.py as a module."""
    module = load_recipe()
    if module is None:
        pytest.skip("setup.py does not lie beside the tests")
    return module


@pytest.mark.parametrize("variable", ["CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "CXX"])
@pytest.mark.parametrize(
    "flag",
    [
        "-ffast-math",
        "-Ofast",
        "-funsafe-math-optimizations",
        "-ffinite-math-only",
        "-fassociative-math",
        "/fp:fast",
    ],
)
def test_unsafe_flags_are_refused(recipe: ModuleType, variable: str, flag: str) -> None:
    with pytest.raises(recipe.PlatformError) as error:
        recipe.Options.read({variable: f"-O2 {flag} -g"})
    assert variable in str(error.value)
    assert flag in str(error.value)


@pytest.mark.parametrize("flags", ["-ffast-math", "-march=native", "-O1 -mavx2"])
def test_extra_flags_cannot_break_the_promises(recipe: ModuleType, flags: str) -> None:
    with pytest.raises(recipe.PlatformError, match="FASTNN_EXTRA_CFLAGS"):
        recipe.Options.read({"FASTNN_EXTRA_CFLAGS": flags})


def test_flags_of_the_environment_do_not_replace_ours(recipe: ModuleType) -> None:
    plain = recipe.Options.read({}).flags("src_ext/isa/base.cpp")
    assert recipe.Options.read({"CFLAGS": "-O0"}).flags("src_ext/isa/base.cpp") == plain
    extra = recipe.Options.read({"FASTNN_EXTRA_CFLAGS": "-O1 -DX=1"})
    assert extra.flags("src_ext/isa/base.cpp") == [*plain, "-O1", "-DX=1"]
    assert "-Werror" not in plain
    assert "-Werror" in recipe.Options.read({"FASTNN_WERROR": "1"}).flags("src_ext/isa/base.cpp")


def test_sanitizers_reach_compiler_and_linker(recipe: ModuleType) -> None:
    options = recipe.Options.read({"FASTNN_SANITIZE": "address,undefined"})
    assert "-fsanitize=address,undefined" in options.flags("src_ext/runtime/pool.cpp")
    assert "-fsanitize=address,undefined" in options.link_flags
    with pytest.raises(recipe.PlatformError, match="'adress'; known: address"):
        recipe.Options.read({"FASTNN_SANITIZE": "adress"})


def test_missing_compiler_gives_a_readable_message(recipe: ModuleType) -> None:
    with pytest.raises(recipe.PlatformError, match=r"tried: no-such-compiler.*\n.*\n.*g\+\+"):
        recipe.find_cxx(["no-such-compiler"], fixed=True)
    with pytest.raises(recipe.PlatformError, match="does not run"):
        recipe.compiler_version([sys.executable, "-c", "raise SystemExit('broken')"])


def test_missing_headers_give_a_readable_message(recipe: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(recipe.PlatformError, match=r"Python\.h is not in .*\n.*\n.*python3-dev"):
        recipe.require_python_headers([str(tmp_path)])


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("linux-x86_64", "x86_64"),
        ("win-amd64", "x86_64"),
        ("linux-aarch64", "arm64"),
        ("macosx-11.0-arm64", "arm64"),
        ("linux-riscv64", "linux-riscv64"),
    ],
)
def test_machine_is_read_from_the_platform(recipe: ModuleType, tag: str, expected: str) -> None:
    assert recipe.machine(tag) == expected


def test_only_the_platform_survives_of_pythons_own_commands(recipe: ModuleType) -> None:
    link = "clang++ -bundle -undefined dynamic_lookup -arch arm64 -Wl,-rpath,/x -O3 -L/x -g"
    expected = "-bundle -undefined dynamic_lookup -arch arm64".split()
    assert recipe.platform_words(link.split()) == expected
    assert recipe.platform_words("gcc -shared -Wl,-rpath,/opt/lib -g".split()) == []
    assert recipe.program("ccache g++ -O3 x".split()) == ["ccache", "g++"]


def test_compiled_module_tells_how_it_was_compiled(recipe: ModuleType) -> None:
    told = _core.build_info()
    compiler, *kinds = told.split("; ")
    assert re.search(r"\d+\.\d+|MSVC", compiler)
    flags = dict(kind.split(": ") for kind in kinds)
    assert flags.keys() == {"runtime", *recipe.LEVELS[recipe.machine()]}
    assert ("-O2" if _core.simd_level() == "base" else "-O3") in flags[_core.simd_level()]
    assert "fast-math" not in told
