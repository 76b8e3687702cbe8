"""What repeats the contract is what tools/contract.py makes of it: nobody has to type it, and nobody may."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import ModuleType

import pytest
from recipe import load_tool


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The tool, on a copy of the headers that a test may change."""
    tool = load_tool("contract")
    shutil.copytree(tool.HEADERS, tmp_path / "contract")
    monkeypatch.setattr(tool, "HEADERS", tmp_path / "contract")
    return tool


def test_cythons_view_of_the_headers_is_up_to_date(tool: ModuleType) -> None:
    for written in (tool.DECLARATIONS, tool.SERVING):
        assert written.read_text(encoding="utf-8") == tool.declarations(written), "run tools/contract.py"


def test_the_stub_of_kernels_is_up_to_date(tool: ModuleType) -> None:
    assert tool.STUB.read_text(encoding="utf-8") == tool.stub(), "run tools/contract.py"


def test_a_new_field_constant_and_kernel_arrive(tool: ModuleType) -> None:
    header = tool.HEADERS / "dense.hpp"
    text = header.read_text(encoding="utf-8")
    new = "constexpr int kNew = 7;\ntemplate <class T> struct New {\n  const T *x, *y;  // two\n  T* slots[kNew];\n};\n"
    header.write_text(text.replace("template", f"{new}template", 1), encoding="utf-8")
    table = tool.HEADERS / "kernels.hpp"
    text = table.read_text(encoding="utf-8")
    table.write_text(
        text.replace("KERNEL(TeamKernel, dropout)", "KERNEL(TeamKernel, dropout) KERNEL(BlockBytes, other)")
    )
    written = tool.declarations()
    assert "    const int kNew\n" in written
    assert "    cdef cppclass New[T]:\n        const T *x\n        const T *y\n        T *slots[7]\n" in written
    assert "        TeamKernel dropout[2]\n        BlockBytes other[2]\n" in written


@pytest.mark.parametrize("line", ["class Opaque;", "template <class T> struct Odd { T x : 3; };"])
def test_what_it_does_not_understand_is_refused(tool: ModuleType, line: str) -> None:
    header = tool.HEADERS / "share.hpp"
    text = header.read_text(encoding="utf-8").replace("namespace fastnn {", f"namespace fastnn {{\n{line}", 1)
    header.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"Opaque|no pointer, number, array or struct"):
        tool.declarations()


def test_the_list_of_kernels_has_nothing_else(tool: ModuleType) -> None:
    table = tool.HEADERS / "kernels.hpp"
    text = table.read_text(encoding="utf-8")
    table.write_text(text.replace("KERNEL(TeamKernel, dropout)", "KERNEL(TeamKernel dropout)"), encoding="utf-8")
    with pytest.raises(ValueError, match="FASTNN_VECTOR_KERNELS has more than kernels"):
        tool.declarations()
