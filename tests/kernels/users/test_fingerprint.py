"""The name of compiled code: another one for all that the code may depend on."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from fastnn.kernels.users import fingerprint as module
from fastnn.kernels.users.fingerprint import fingerprint

pytestmark = pytest.mark.jit


def value(z: float) -> float:
    return 2 * z


def now(kind: str = "activation", functions: tuple[Any, ...] = (value, None), dtype: Any = np.float32) -> str | None:
    module._compiler.cache_clear()
    return fingerprint(kind, functions, dtype)


@pytest.fixture(autouse=True)
def _as_it_is_afterwards() -> Iterator[None]:
    yield
    module._compiler.cache_clear()


def test_it_names_a_file() -> None:
    assert now() == now()
    assert len(now() or "") == 64
    int(now() or "", 16)


def test_kind_dtype_and_functions_count() -> None:
    names = [now(), now("loss"), now(dtype=np.float64), now(functions=(value, value)), now(functions=(abs, None))]
    assert len(set(names)) == len(names)
    assert None not in names


def test_what_compiles_and_the_processor_count(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import llvmlite
    from llvmlite import binding

    (tmp_path / "tiles.py").write_text("# another state of the compiler\n")
    features = binding.get_host_cpu_features()
    fewer = type(features)({**features, next(iter(features)): not next(iter(features.values()))})
    names = [now()]
    for owner, name, other in (
        (module, "__version__", "0.0.9"),
        (module, "TILE_ABI", module.TILE_ABI + 1),
        (module, "_COMPILER", (tmp_path,)),
        (module, "sys", SimpleNamespace(version="3.99")),
        (llvmlite, "__version__", "0.1"),
        (binding, "get_host_cpu_name", lambda: "another"),
        (binding, "get_host_cpu_features", lambda: fewer),
        (module._core, "simd_level", lambda: "another"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, other)
            names.append(now())
    assert len(set(names)) == len(names) == 9
    assert now() == names[0]


class Nasty:
    def __getattr__(self, name: str) -> Any:
        raise RuntimeError("asked for a name")


NASTY = Nasty()


def test_what_has_no_value_has_no_name() -> None:
    def reads(z: float) -> float:
        return NASTY.factor * z

    assert now(functions=(reads, None)) is None


def test_the_folders_of_the_compiler_need_no_other() -> None:
    """Their files are read for the name, so what they import from elsewhere would not count."""
    folders = ("fastnn.kernels.jit.functions", "fastnn.surroundings")
    files = [file for folder in module._COMPILER for file in sorted(folder.rglob("*.py"))]
    assert {"tiles.py", "object_code.py", "copying.py"} <= {file.name for file in files}
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                own = ast.unparse(node) == "from fastnn import _core"  # for the instruction set, which counts
                assert own or not f"{node.module}".startswith("fastnn") or f"{node.module}".startswith(folders), file
