"""Builds the compiled module fastnn._core; everything else about the package is in pyproject.toml.

One module is linked from the Cython binding, the runtime (CPU detection, thread pool) and one object file per
instruction set. Each group of sources has its own flags, and this file owns all of them: a compiler flag from the
environment that reached the base object would make the module crash on an older processor, and a relaxed
floating-point mode would change results silently.

Environment: CXX (the compiler), FASTNN_WERROR=1, FASTNN_SANITIZE=address,undefined, FASTNN_EXTRA_CFLAGS.
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
from typing import Any

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.errors import PlatformError

# --- what is compiled, and how ---------------------------------------------------------------------------------

SOURCE_DIR = Path("src_ext")
CYTHON_DIR = Path("build/cython")
OBJECT_DIR = Path("build/objects")

COMMON_FLAGS = ("-std=c++17", "-g0", "-DNDEBUG", "-fvisibility=hidden", "-fno-semantic-interposition", "-pthread")
RUNTIME_FLAGS = ("-O2",)
KERNEL_FLAGS = (
    "-O3",
    "-fno-exceptions",
    "-fno-rtti",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-ffp-contract=fast",
    "-Wno-psabi",  # vectors never cross an object file, so their calling convention does not matter
)

# Flags of each instruction set's object file, by machine: (GCC and Clang, MSVC). The MSVC ones are untested.
_AVX2 = ("-mavx2", "-mfma", "-mbmi", "-mbmi2")
_AVX512 = ("-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", *_AVX2, "-mprefer-vector-width=512")
LEVELS: dict[str, dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "x86_64": {
        "base": (("-march=x86-64",), ()),
        "avx2": (("-march=x86-64", *_AVX2), ("/arch:AVX2",)),
        "avx512": (("-march=x86-64", *_AVX512), ("/arch:AVX512",)),
    },
    "arm64": {"base": (("-march=armv8-a",), ()), "neon": (("-march=armv8-a",), ())},
    "other": {"base": ((), ())},
}

DIRECTIVES = {
    "language_level": 3,
    "boundscheck": False,
    "wraparound": False,
    "initializedcheck": False,
    "cdivision": True,
    "embedsignature": True,
    "freethreading_compatible": True,
}


def machine(platform_tag: str | None = None) -> str:
    """The key of LEVELS for the platform that is built for: "x86_64", "arm64" or "other"."""
    arch_flags = shlex.split(os.environ.get("ARCHFLAGS", ""))  # macOS: one architecture chosen from two
    tag = platform_tag or (arch_flags[-1] if arch_flags else sysconfig.get_platform())
    if tag.endswith("universal2"):
        tag = platform.machine()
    names = {"x86_64": "x86_64", "amd64": "x86_64", "arm64": "arm64", "aarch64": "arm64"}
    return next((name for end, name in names.items() if tag.lower().endswith(end)), "other")


def source_flags(source: str, msvc: bool = False) -> list[str]:
    """Compiler flags of one source file, decided by the folder that it lies in."""
    path = Path(source)
    if path.parent.name != "isa":
        return ["/O2", "/std:c++17", "/EHsc"] if msvc else [*COMMON_FLAGS, *RUNTIME_FLAGS]
    level = LEVELS[machine()][path.stem]
    if msvc:
        return ["/O2", "/std:c++17", "/fp:precise", "/DNDEBUG", "/GR-", *level[1]]
    return [*COMMON_FLAGS, *KERNEL_FLAGS, *level[0]]


# --- the environment -------------------------------------------------------------------------------------------

UNSAFE_FLAGS = (
    "-ffast-math",
    "-Ofast",
    "-funsafe-math-optimizations",
    "-ffinite-math-only",
    "-fassociative-math",
    "-freciprocal-math",
    "-fno-signed-zeros",
    "-fno-honor-nans",
    "-fno-honor-infinities",
    "-ffp-model=fast",
    "-ffp-model=aggressive",
    "-fp-model=fast",
    "-mdaz-ftz",
    "/fp:fast",
    "-fp:fast",
)
FLAG_VARIABLES = ("CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "CC", "CXX", "LDSHARED", "LDCXXSHARED", "CL", "_CL_")
EXTRA = "FASTNN_EXTRA_CFLAGS"
TARGET_PREFIXES = ("-march", "-mcpu", "-mavx", "-msse", "-mfma", "-mbmi", "/arch")
SANITIZERS = ("address", "undefined", "thread", "leak")


def refuse_unsafe_flags(environ: Mapping[str, str]) -> None:
    """Raise PlatformError if a flag in the environment relaxes floating-point arithmetic."""
    for variable in (*FLAG_VARIABLES, EXTRA):
        words = environ.get(variable, "").replace(",", " ").split()
        for word in words:
            if word.startswith(UNSAFE_FLAGS):
                raise PlatformError(
                    f"{variable} contains {word!r}. It relaxes floating-point arithmetic: NaN checks disappear, and "
                    f"linking with it can change how the whole process treats tiny numbers. fastnn is not built that "
                    f"way: remove {word!r} from {variable} and try again."
                )


@dataclass(frozen=True)
class Options:
    """What the user asked for in the environment, checked."""

    compile_flags: tuple[str, ...]  # for every source file, before our own
    link_flags: tuple[str, ...]
    werror: bool
    keep_symbols: bool

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Options:
        refuse_unsafe_flags(environ)
        extra = tuple(shlex.split(environ.get(EXTRA, "")))
        for word in extra:
            if word.startswith(TARGET_PREFIXES):
                raise PlatformError(
                    f"{EXTRA} contains {word!r}, but each object file has its own instruction set, chosen when fastnn "
                    f"is imported. Remove it; to force a level at run time set FASTNN_SIMD."
                )
        sanitizers = [name for name in environ.get("FASTNN_SANITIZE", "").split(",") if name]
        for name in sanitizers:
            if name not in SANITIZERS:
                raise PlatformError(f"FASTNN_SANITIZE: unknown {name!r}; it takes {', '.join(SANITIZERS)}.")
        sanitize = (f"-fsanitize={','.join(sanitizers)}", "-fno-sanitize-recover=all") if sanitizers else ()
        debug = ("-g", "-fno-omit-frame-pointer") if sanitizers else ()
        werror = environ.get("FASTNN_WERROR", "") not in ("", "0")
        return cls((*extra, *sanitize, *debug), (*extra, *sanitize), werror, bool(sanitizers))

    def flags(self, source: str, msvc: bool) -> list[str]:
        """All flags of one source file: ours, then the user's, and ours again where they must win."""
        own = source_flags(source, msvc)
        if msvc:
            return [*own, *self.compile_flags, *(["/W3", "/WX"] if self.werror else [])]
        generated = source.startswith(str(CYTHON_DIR))  # Cython's code is not ours to tidy
        warnings = ["-Wall", "-Werror"] if self.werror else []
        warnings += ["-Wextra"] if self.werror and not generated else []
        return [*warnings, *own, *self.compile_flags]


# --- the compiler ----------------------------------------------------------------------------------------------

INSTALL_HELP = """
Install one and try again:
  Debian, Ubuntu   apt-get install g++ python3-dev
  Fedora, RHEL     dnf install gcc-c++ python3-devel
  Alpine           apk add g++ musl-dev python3-dev
  macOS            xcode-select --install
  conda            conda install -c conda-forge cxx-compiler
or name one that is installed: CXX=/path/to/g++"""


def program(command: Sequence[str]) -> list[str]:
    """The words of a command line before its first flag: ["ccache", "g++"] of "ccache g++ -O3"."""
    first_flag = next((k for k, word in enumerate(command) if word.startswith("-")), len(command))
    return list(command[:first_flag])


def platform_words(command: Sequence[str]) -> list[str]:
    """The words of Python's own compile or link command that name the platform (macOS); the others are dropped."""
    kept: list[str] = []
    with_value = ("-arch", "-isysroot", "-undefined")
    for k, word in enumerate(command):
        if word in with_value and k + 1 < len(command):
            kept += [word, command[k + 1]]
        elif word == "-bundle" or word.startswith("-mmacosx-version-min="):
            kept.append(word)
    return kept


def find_cxx(preferred: Sequence[str], named: bool) -> list[str]:
    """The command of a C++ compiler that is installed; PlatformError with help where there is none."""
    candidates = [list(preferred)] if named else [list(preferred), ["g++"], ["c++"], ["clang++"]]
    candidates = [command for command in candidates if command]
    for command in candidates:
        if all(shutil.which(word) for word in command):
            return command
    tried = ", ".join(dict.fromkeys(" ".join(command) for command in candidates))
    raise PlatformError(f"fastnn is compiled from C++17, and no C++ compiler was found (tried: {tried}).{INSTALL_HELP}")


def require_python_headers(include_dirs: Sequence[str]) -> None:
    """Raise PlatformError where Python.h, which many systems package apart from Python, is missing."""
    if not any(Path(folder, "Python.h").is_file() for folder in include_dirs):
        searched = ", ".join(include_dirs)
        raise PlatformError(f"fastnn needs Python's C headers, and Python.h was not found in {searched}.{INSTALL_HELP}")


def compiler_version(command: Sequence[str]) -> str:
    """The first line that the compiler says of itself."""
    answer = subprocess.run([*command, "--version"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if answer.returncode != 0:
        reason = (answer.stderr or answer.stdout).strip()
        raise PlatformError(f"the C++ compiler {' '.join(command)!r} does not run: {reason}{INSTALL_HELP}")
    return (answer.stdout.splitlines() or [" ".join(command)])[0]


def build_info(version: str, options: Options, msvc: bool) -> str:
    """What show_config() tells about the build: the compiler, then the flags of each kind of object."""
    lines = [f"compiler: {version}"]
    sources = {"runtime": str(SOURCE_DIR / "runtime" / "any.cpp")}
    sources |= {level: str(SOURCE_DIR / "isa" / f"{level}.cpp") for level in LEVELS[machine()]}
    lines += [f"{name}: {' '.join(options.flags(source, msvc))}" for name, source in sources.items()]
    return "\n".join(lines)


# --- the build -------------------------------------------------------------------------------------------------


class BuildCore(build_ext):
    """Compiles each source with its own flags, several at a time and only where something changed; then links."""

    def build_extensions(self) -> None:
        self.options = Options.read(os.environ)
        self.msvc = self.compiler.compiler_type == "msvc"
        require_python_headers([*self.include_dirs, *self.compiler.include_dirs])
        self.version = "MSVC" if self.msvc else self._own_commands()
        super().build_extensions()

    def _own_commands(self) -> str:
        """Replace the interpreter's and the environment's commands; returns the compiler's version line."""
        for variable in ("CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS"):
            if os.environ.get(variable):
                self.announce(f"fastnn sets its own flags: {variable} is not used, {EXTRA} is", level=3)
        cxx = find_cxx(program(self.compiler.compiler_so_cxx), named=bool(os.environ.get("CXX")))
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
        import numpy

        sources = cythonized(ext)
        info = build_info(self.version, self.options, self.msvc)
        folder = self._object_folder(f"{info}\n{sys.version}\nnumpy {numpy.__version__}\n")
        headers = [str(folder / "build_info.txt"), "setup.py"]
        headers += [str(path) for path in sorted(SOURCE_DIR.rglob("*.h*"))]
        macros = [*ext.define_macros, ("FASTNN_BUILD_INFO", json.dumps(info))]
        include_dirs = [*ext.include_dirs, numpy.get_include()]

        def compile_one(source: str) -> str:
            [target] = self.compiler.object_filenames([source], output_dir=str(folder))
            if self.force or is_stale(target, [source, *headers]):
                flags = self.options.flags(source, self.msvc)
                self.compiler.compile([source], str(folder), macros, include_dirs, extra_postargs=flags)
            return target

        with ThreadPoolExecutor(min(len(os.sched_getaffinity(0)) if sys.platform == "linux" else 2, 8)) as pool:
            ext.extra_objects = list(pool.map(compile_one, sources))
        ext.sources, ext.depends = [], [*ext.extra_objects]  # linked, by setuptools, where an object is newer
        ext.extra_link_args = self._link_flags()
        super().build_extension(ext)

    def _link_flags(self) -> list[str]:
        if self.msvc:
            return []
        if not sys.platform.startswith("linux"):
            return ["-pthread", *self.options.link_flags]
        strip = [] if self.options.keep_symbols else ["-Wl,--strip-all"]
        hardening = ["-Wl,--as-needed", "-Wl,-z,relro,-z,now", "-Wl,-z,noexecstack"]
        return ["-pthread", *hardening, *strip, *self.options.link_flags]

    def _object_folder(self, info: str) -> Path:
        """Where objects are kept between builds; the note inside it is new, and so they are old, when flags change."""
        folder = OBJECT_DIR / f"{sysconfig.get_platform()}-{sys.implementation.cache_tag}{getattr(sys, 'abiflags', '')}"
        folder.mkdir(parents=True, exist_ok=True)
        note = folder / "build_info.txt"
        if not note.exists() or note.read_text(encoding="utf-8") != info:
            note.write_text(info, encoding="utf-8")
        return folder


def is_stale(target: str, sources: Sequence[str]) -> bool:
    """Whether a file is missing or older than one of those it is made from."""
    if not os.path.exists(target):
        return True
    made = os.path.getmtime(target)
    return any(os.path.getmtime(source) > made for source in sources)


def cythonized(ext: Extension) -> list[str]:
    """The sources of an extension after Cython; the generated C++ is kept in CYTHON_DIR."""
    from Cython.Build import cythonize

    generated = CYTHON_DIR / Path(ext.sources[0]).with_suffix(".cpp")
    force = is_stale(str(generated), ["setup.py"])  # directives are ours, and Cython does not watch them
    [new] = cythonize([ext], build_dir=str(CYTHON_DIR), compiler_directives=DIRECTIVES, force=force)
    return list(new.sources)


def core_extension() -> Extension:
    """The description of fastnn._core."""
    runtime = sorted(str(path) for path in (SOURCE_DIR / "runtime").glob("*.cpp"))
    isa = [str(SOURCE_DIR / "isa" / f"{level}.cpp") for level in LEVELS[machine()]]
    api = "NPY_2_0_API_VERSION"
    macros: list[tuple[str, str | None]] = [("NPY_NO_DEPRECATED_API", api), ("NPY_TARGET_VERSION", api)]
    return Extension(
        "fastnn._core",
        [str(SOURCE_DIR / "_core.pyx"), *isa, *runtime],
        include_dirs=[str(SOURCE_DIR)],
        define_macros=macros,
        language="c++",
    )


def main() -> None:
    commands: dict[str, Any] = {"build_ext": BuildCore}
    setup(ext_modules=[core_extension()], cmdclass=commands)


if __name__ == "__main__":
    main()
