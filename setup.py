"""Builds the compiled module fastnn._core; everything else about the package is in pyproject.toml.

One module is linked from the Cython binding, the runtime (CPU detection, thread pool) and a few
object files per instruction set. Each group of sources has its own flags, and this file owns all of
them: an instruction-set flag from the environment that reached the base objects would make the
module crash on an older processor, and a relaxed floating-point mode would change results silently.

Environment: CXX (the compiler), FASTNN_EXTRA_CFLAGS (more flags, for every compile and the link),
FASTNN_WERROR=1, FASTNN_SANITIZE=address,undefined.
"""

from __future__ import annotations

import json
import os
import platform
import shlex
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.errors import PlatformError

# --- what is compiled, and how -----------------------------------------------------------------

SOURCE_DIR = Path("src_ext")
INCLUDE_DIR = Path("fastnn/include")  # the C interface, which is installed
CYTHON_DIR = Path("build/cython")
OBJECT_DIR = Path("build/objects")

COMMON_FLAGS = ("-std=c++17", "-g0", "-DNDEBUG", "-fvisibility=hidden", "-fno-semantic-interposition", "-pthread")
RUNTIME_FLAGS = ("-O2", "-fwrapv")  # wrapping as in CPython, whose headers the binding inlines
KERNEL_FLAGS = (
    *("-fno-exceptions", "-fno-rtti", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=fast"),
    "-Wno-psabi",  # vectors never cross an object file, so how they are passed does not matter
)

# Flags of each instruction set's objects, by machine: (GCC and Clang, MSVC). MSVC's are untested. The baseline of
# x86-64 is for processors that are older than 2013: -O2 compiles it in two thirds of the time of -O3.
_AVX2 = ("-mavx2", "-mfma", "-mbmi", "-mbmi2")
_AVX512 = ("-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", *_AVX2)
LEVELS: dict[str, dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "x86_64": {
        "avx512": (("-O3", "-march=x86-64", *_AVX512, "-mprefer-vector-width=512"), ("/arch:AVX512",)),
        "avx2": (("-O3", "-march=x86-64", *_AVX2), ("/arch:AVX2",)),
        "base": (("-O2", "-march=x86-64"), ()),
    },
    "arm64": {"neon": (("-O3", "-march=armv8-a"), ())},
}

# The parts of an instruction set (contract/kernels.hpp), each an object file, those that take longest first: so all
# cores are busy to the end.
PARTS = (
    *(("networks", "float"), ("networks", "double"), ("regression", "float"), ("regression", "double")),
    *(("serving", "float"), ("serving", "double"), ("columns", "double")),
)

DIRECTIVES = {
    "language_level": 3,
    **dict.fromkeys(("boundscheck", "wraparound", "initializedcheck"), False),
    **dict.fromkeys(("cdivision", "embedsignature", "freethreading_compatible"), True),
}


def machine(platform_tag: str | None = None) -> str:
    """The machine that is built for: "x86_64", "arm64", or the platform's own name for another."""
    arch_flags = shlex.split(os.environ.get("ARCHFLAGS", ""))  # macOS: one of two architectures
    tag = platform_tag or (arch_flags[-1] if arch_flags else sysconfig.get_platform())
    if tag.endswith("universal2"):
        tag = platform.machine()
    names = {"x86_64": "x86_64", "amd64": "x86_64", "arm64": "arm64", "aarch64": "arm64"}
    return next((name for end, name in names.items() if tag.lower().endswith(end)), tag)


def is_kernel(source: str) -> bool:
    """Whether a source file is one instruction set's kernels."""
    return Path(source).parent.name == "isa"


def source_flags(source: str, msvc: bool = False) -> list[str]:
    """Compiler flags of one source file, decided by the folder that it lies in."""
    if not is_kernel(source):
        return ["/O2", "/std:c++17", "/EHsc"] if msvc else [*COMMON_FLAGS, *RUNTIME_FLAGS]
    unix, windows = LEVELS[machine()][Path(source).stem]
    if msvc:
        return ["/O2", "/std:c++17", "/fp:precise", "/DNDEBUG", "/GR-", *windows]
    return [*COMMON_FLAGS, *KERNEL_FLAGS, *unix]


@dataclass(frozen=True)
class Unit:
    """One compile: a source file and, where it is compiled several times, which part of it."""

    source: str
    part: tuple[str, str] | None = None

    @property
    def folder(self) -> str:
        """Where its object lies below the folder of all."""
        return "-".join(self.part) if self.part else ""

    @property
    def macros(self) -> list[tuple[str, str]]:
        """What tells the source which part it is."""
        if self.part is None:
            return []
        family, element = self.part
        return [(f"FASTNN_{family.upper()}", "1"), ("FASTNN_ELEMENT", element)]


def kernel_units() -> list[Unit]:
    """The parts of all instruction sets, the longest compiles first."""
    levels = LEVELS.get(machine(), ())
    return [Unit(str(SOURCE_DIR / "isa" / f"{level}.cpp"), part) for part in PARTS for level in levels]


# --- the environment ---------------------------------------------------------------------------

EXTRA = "FASTNN_EXTRA_CFLAGS"
FLAG_VARIABLES = ("CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS")
COMMAND_VARIABLES = ("CC", "CXX", "LDSHARED", "LDCXXSHARED", "CL", "_CL_")
UNSAFE_FLAGS = (
    *("-ffast-math", "-Ofast", "-funsafe-math-optimizations", "-ffinite-math-only", "-fassociative-math"),
    *("-freciprocal-math", "-fno-signed-zeros", "-fno-honor-nans", "-fno-honor-infinities", "-mdaz-ftz"),
    *("-ffp-model=fast", "-ffp-model=aggressive", "-fp-model=fast", "-fp:fast", "/fp:fast"),
)
TARGET_FLAGS = ("-march", "-mcpu", "-mavx", "-msse", "-mfma", "-mbmi", "-arch:", "/arch:")
SANITIZERS = ("address", "undefined", "thread", "leak")


def refuse_unsafe_flags(environ: Mapping[str, str]) -> None:
    """Raise PlatformError if a flag in the environment relaxes floating-point arithmetic."""
    for variable in (*FLAG_VARIABLES, *COMMAND_VARIABLES, EXTRA):
        for word in environ.get(variable, "").replace(",", " ").split():
            if word.startswith(UNSAFE_FLAGS):
                raise PlatformError(
                    f"{variable} contains {word!r}. It relaxes floating-point arithmetic: checks "
                    f"for NaN vanish, and linking with it can change how the whole process "
                    f"treats tiny numbers. fastnn is not built that way: remove it from {variable}."
                )


@dataclass(frozen=True)
class Options:
    """What the environment asks for, checked."""

    compile_flags: tuple[str, ...] = ()
    link_flags: tuple[str, ...] = ()
    werror: bool = False
    sanitize: bool = False

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Options:
        """Raises PlatformError for a flag that would break the build's promises."""
        refuse_unsafe_flags(environ)
        extra = tuple(shlex.split(environ.get(EXTRA, "")))
        for word in extra:
            if word.startswith(TARGET_FLAGS):
                raise PlatformError(
                    f"{EXTRA} contains {word!r}, but each object file has an instruction set of "
                    f"its own, and fastnn chooses among them when it is imported. Remove it."
                )
        werror = environ.get("FASTNN_WERROR", "") not in ("", "0")
        names = [name for name in environ.get("FASTNN_SANITIZE", "").split(",") if name]
        for name in names:
            if name not in SANITIZERS:
                known = ", ".join(SANITIZERS)
                raise PlatformError(f"FASTNN_SANITIZE: unknown sanitizer {name!r}; known: {known}.")
        if not names:
            return cls(extra, extra, werror)
        sanitize = (f"-fsanitize={','.join(names)}", "-fno-sanitize-recover=all")
        debug = ("-g", "-fno-omit-frame-pointer")
        return cls((*extra, *sanitize, *debug), (*extra, *sanitize), werror, sanitize=True)

    def flags(self, source: str, msvc: bool = False) -> list[str]:
        """All flags of one source file; the user's come last."""
        generated = Path(source).is_relative_to(CYTHON_DIR)  # Cython's code is not ours to tidy
        if msvc:
            warnings = ["/W3", "/WX"]
        else:
            warnings = ["-Wall", "-Werror"] if generated else ["-Wall", "-Wextra", "-Werror"]
            warnings.append("-Wno-pass-failed")  # Clang's, for a loop that it does not unroll; GCC does not mind it
        own = source_flags(source, msvc)
        return [*(warnings if self.werror else []), *own, *self.compile_flags]


# --- the compiler ------------------------------------------------------------------------------

INSTALL_HELP = """
Install what is missing and try again:
  Debian, Ubuntu   apt-get install g++ python3-dev
  Fedora, RHEL     dnf install gcc-c++ python3-devel
  Alpine           apk add g++ musl-dev python3-dev
  macOS            xcode-select --install
  conda            conda install cxx-compiler
or name a compiler that is installed: CXX=/path/to/g++"""


def program(command: Sequence[str]) -> list[str]:
    """The words of a command before its first flag: ["ccache", "g++"] of "ccache g++ -O3"."""
    flags = [k for k, word in enumerate(command) if word.startswith("-")]
    return list(command[: flags[0]] if flags else command)


def platform_words(command: Sequence[str]) -> list[str]:
    """The words of Python's own commands that name a platform (macOS); the others are dropped."""
    kept: list[str] = []
    for word, following in zip(command, [*command[1:], ""], strict=True):
        if word in ("-arch", "-isysroot", "-undefined"):
            kept += [word, following]
        elif word == "-bundle" or word.startswith("-mmacosx-version-min="):
            kept.append(word)
    return kept


def find_cxx(preferred: Sequence[str], fixed: bool) -> list[str]:
    """The command of an installed C++ compiler; PlatformError with help where there is none."""
    others = [] if fixed else [["g++"], ["c++"], ["clang++"]]
    candidates = [command for command in (list(preferred), *others) if command]
    for command in candidates:
        if all(shutil.which(word) for word in command):
            return command
    tried = ", ".join(dict.fromkeys(" ".join(command) for command in candidates))
    raise PlatformError(
        f"fastnn is compiled from C++17 sources, and no C++ compiler was found (tried: {tried})." + INSTALL_HELP
    )


def require_python_headers(include_dirs: Sequence[str]) -> None:
    """Raise PlatformError where Python.h, which many systems package apart, is missing."""
    if not any(Path(folder, "Python.h").is_file() for folder in include_dirs):
        raise PlatformError(
            f"fastnn needs Python's C headers, and Python.h is not in {', '.join(include_dirs)}." + INSTALL_HELP
        )


def compiler_version(command: Sequence[str]) -> str:
    """The first line of what the compiler says of itself; PlatformError if it does not run."""
    answer = subprocess.run([*command, "--version"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if answer.returncode != 0:
        reason = (answer.stderr or answer.stdout).strip()
        raise PlatformError(f"the compiler {' '.join(command)!r} does not run: {reason}")
    return (answer.stdout.splitlines() or [" ".join(command)])[0]


def build_info(version: str, options: Options, msvc: bool = False) -> str:
    """What show_config() tells, on one line: the compiler, and the flags of each kind of object."""
    sources = {"runtime": SOURCE_DIR / "runtime" / "pool.cpp"}
    sources |= {level: SOURCE_DIR / "isa" / f"{level}.cpp" for level in reversed(LEVELS[machine()])}
    flags = {name: options.flags(str(path), msvc) for name, path in sources.items()}
    return "; ".join([version, *(f"{name}: {' '.join(flags[name])}" for name in flags)])


# --- the build ---------------------------------------------------------------------------------


def is_stale(target: str, sources: Sequence[str]) -> bool:
    """Whether a file is missing or older than one of those that it is made from."""
    if not os.path.exists(target):
        return True
    made = os.path.getmtime(target)
    return any(os.path.getmtime(source) > made for source in sources)


def headers() -> list[str]:
    """The files that every object depends on."""
    return ["setup.py", *sorted(str(path) for folder in (SOURCE_DIR, INCLUDE_DIR) for path in folder.rglob("*.h*"))]


def object_folder(note: str) -> Path:
    """Where objects stay between builds; when the flags change its note does, and all are stale."""
    abi = f"{sys.implementation.cache_tag}{getattr(sys, 'abiflags', '')}"
    folder = OBJECT_DIR / f"{sysconfig.get_platform()}-{abi}"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "note.txt"
    if not path.exists() or path.read_text(encoding="utf-8") != note:
        path.write_text(note, encoding="utf-8")
    return folder


def cythonized(ext: Extension) -> str:
    """The first source of an extension after Cython; the generated C++ goes to CYTHON_DIR."""
    from Cython.Build import cythonize

    generated = str(CYTHON_DIR / Path(ext.sources[0]).with_suffix(".cpp"))
    [new] = cythonize(
        [Extension(ext.name, ext.sources[:1], language=ext.language)],
        build_dir=str(CYTHON_DIR),
        include_path=[".", str(SOURCE_DIR), str(SOURCE_DIR / "contract")],
        compiler_directives=DIRECTIVES,
        force=is_stale(generated, ["setup.py"]),  # Cython does not watch its directives
    )
    for copy in CYTHON_DIR.rglob("*.h*"):  # to Clang another file than the original, for all that it says "once"
        copy.unlink()
    [source] = new.sources
    return source


def n_jobs() -> int:
    """How many compilers run at a time; each may need a gigabyte."""
    affinity = getattr(os, "sched_getaffinity", None)
    return min(len(affinity(0)) if affinity else os.cpu_count() or 1, 8)


class BuildCore(build_ext):
    """Compiles each source with its own flags, in parallel, only what is stale; then links."""

    def build_extensions(self) -> None:
        """Read the environment's options and find the compiler, then build."""
        if machine() not in LEVELS:
            known = ", ".join(LEVELS)
            raise PlatformError(f"fastnn has no kernels for {machine()!r}; it has some for {known}.")
        self.options = Options.read(os.environ)
        self.msvc = self.compiler.compiler_type == "msvc"
        require_python_headers(self.compiler.include_dirs)
        self.version = "MSVC" if self.msvc else self._own_commands()
        super().build_extensions()

    def _own_commands(self) -> str:
        """Replace Python's and the environment's commands; returns the compiler's version."""
        for variable in FLAG_VARIABLES:
            if os.environ.get(variable):
                self.warn(f"{variable} is not used: fastnn sets its own flags, and takes {EXTRA}")
        preferred = program(self.compiler.compiler_so_cxx)
        cxx = find_cxx(preferred, fixed=bool(os.environ.get("CXX")))
        target = platform_words(self.compiler.compiler_so_cxx)
        link = platform_words(self.compiler.linker_so_cxx)
        shared = link if "-bundle" in link else ["-shared", *link]
        self.compiler.set_executables(
            compiler_cxx=cxx,
            compiler_so=[*cxx, "-fPIC", *target],
            compiler_so_cxx=[*cxx, "-fPIC", *target],
            linker_so=[*cxx, *shared],
            linker_so_cxx=[*cxx, *shared],
            linker_exe_cxx=cxx,
        )
        return compiler_version(cxx)

    def build_extension(self, ext: Extension) -> None:
        """Compile what is stale of an extension, several sources at once, and link it."""
        import numpy

        info = build_info(self.version, self.options, self.msvc)
        folder = str(object_folder(f"{info}\nPython {sys.version}\nnumpy {numpy.__version__}\n"))
        depends = [*headers(), os.path.join(folder, "note.txt")]
        include_dirs = [*ext.include_dirs, numpy.get_include()]
        told = [*ext.define_macros, ("FASTNN_BUILD_INFO", json.dumps(info))]

        def compile_one(unit: Unit) -> str:
            output = os.path.join(folder, unit.folder)
            [target] = self.compiler.object_filenames([unit.source], output_dir=output)
            if self.force or is_stale(target, [unit.source, *depends]):
                flags = self.options.flags(unit.source, self.msvc)
                macros = unit.macros if is_kernel(unit.source) else told
                self.compiler.compile([unit.source], output, macros, include_dirs, extra_postargs=flags)
            return target

        units = [*kernel_units(), *(Unit(source) for source in ext.sources[1:])]
        with ThreadPoolExecutor(n_jobs()) as pool:
            binding = pool.submit(lambda: compile_one(Unit(cythonized(ext))))  # longer than any other, so it begins
            objects = [*pool.map(compile_one, units), binding.result()]
        ext.sources, ext.extra_objects, ext.depends = [], objects, objects
        ext.extra_link_args = self._link_flags()
        super().build_extension(ext)

    def _link_flags(self) -> list[str]:
        if self.msvc:
            return []
        if not sys.platform.startswith("linux"):
            return ["-pthread", *self.options.link_flags]
        strip = [] if self.options.sanitize else ["-Wl,--strip-all"]
        loader = ["-Wl,--as-needed", "-Wl,-z,relro,-z,now", "-Wl,-z,noexecstack"]
        return ["-pthread", *loader, *strip, *self.options.link_flags]


def core_extension() -> Extension:
    """The description of fastnn._core but for the kernels, of which BuildCore knows: the binding comes first."""
    runtime = sorted(str(path) for folder in ("abi", "runtime") for path in (SOURCE_DIR / folder).glob("*.cpp"))
    return Extension(
        "fastnn._core",
        [str(SOURCE_DIR / "_core.pyx"), *runtime],
        include_dirs=[str(SOURCE_DIR), str(INCLUDE_DIR)],
        define_macros=[
            ("NPY_NO_DEPRECATED_API", "NPY_2_0_API_VERSION"),
            ("NPY_TARGET_VERSION", "NPY_2_0_API_VERSION"),
        ],
        language="c++",
    )


if __name__ == "__main__":  # a test that imports this file builds nothing
    setup(ext_modules=[core_extension()], cmdclass={"build_ext": BuildCore})
