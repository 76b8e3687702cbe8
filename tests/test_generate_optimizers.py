"""What follows from the list of optimizers is written by a tool, and is as the tool would write it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from recipe import ROOT, load_tool

from fastnn.optimizers import OPTIMIZERS, Adam

pytestmark = pytest.mark.skipif(not (ROOT / "tools").is_dir(), reason="the tools do not lie beside the tests")


def test_what_is_generated_is_fresh() -> None:
    for path, text in load_tool("generate_optimizers").generated().items():
        assert path.read_text() == text, f"{path} is stale: run python tools/generate_optimizers.py"


def test_a_stale_file_is_noticed() -> None:
    tool = load_tool("generate_optimizers")
    text = (ROOT / "fastnn/kernels/contract.py").read_text()
    stale = text.replace("    adam_step: Callable[..., None]\n", "")
    assert stale != text
    assert tool.with_part(stale, "types", tool.types()) == text
    with pytest.raises(SystemExit, match="no lines between which 'nothing' could be written"):
        tool.with_part(text, "nothing", "")


def test_a_class_without_documented_parameters_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Adam, "__doc__", "Adam.")
    with pytest.raises(SystemExit, match="Adam documents no parameters"):
        load_tool("generate_optimizers").wrappers(counts_steps=True)


def _compiles(folder: Path, row: str) -> str:
    """What the compiler says of the rules where the list of optimizers has one more row; nothing if all is well."""
    if (compiler := shutil.which("g++") or shutil.which("clang++")) is None:
        pytest.fail("this test needs g++ or clang++")
    listed = (ROOT / "src_ext/contract/optimizers.hpp").read_text()
    head = "#define FASTNN_OPTIMIZERS(X)"
    assert listed.count(head) == 1
    (folder / "contract").mkdir()
    (folder / "contract/optimizers.hpp").write_text(listed.replace(head, f"{head} {row}"))
    source = folder / "rules.cpp"
    source.write_text(
        '#if defined(__x86_64__)\n#include "kernels/vector/sse2.hpp"\n'
        '#else\n#include "kernels/vector/neon.hpp"\n#endif\n'
        '#include "kernels/elementwise/optimizer.hpp"\n'
        "auto *one = optimizer_step<float>, *other = optimizer_step<double>;\n"
    )
    command = [
        compiler,
        "-std=c++17",
        "-Wno-psabi",
        "-fsyntax-only",
        f"-I{folder}",
        f"-I{ROOT / 'src_ext'}",
        str(source),
    ]
    return subprocess.run(command, capture_output=True, text=True).stderr


def test_an_optimizer_without_a_rule_does_not_compile(tmp_path: Path) -> None:
    assert "rule_of" in _compiles(tmp_path, "X(Forgotten, forgotten, 1, epsilon)")


def test_a_row_that_says_another_number_of_vectors_does_not_compile(tmp_path: Path) -> None:
    """There are two rows for one rule then, of which the second has its three vectors wrong."""
    row = "X(Longer, longer, 3, epsilon)"
    source = ROOT / "src_ext/kernels/elementwise/optimizer.hpp"
    rule = "template <class T> ScaledBySquares<T> rule_of(const fastnn::AdagradHyper&"
    longer = (
        "template <class T> ScaledBySquares<T> rule_of(const fastnn::LongerHyper&, double, int64_t) { return {}; }\n"
    )
    assert source.read_text().count(rule) == 1
    (tmp_path / "kernels/elementwise").mkdir(parents=True)
    (tmp_path / "kernels/elementwise/optimizer.hpp").write_text(source.read_text().replace(rule, longer + rule))
    assert "as many vectors as its row" in _compiles(tmp_path, row)


def test_the_list_compiles(tmp_path: Path) -> None:
    assert _compiles(tmp_path, "") == ""


def test_every_optimizer_is_exported() -> None:
    import fastnn
    from fastnn import kernels
    from fastnn.kernels import reference

    for name, kind in OPTIMIZERS.items():
        assert getattr(fastnn, kind.__name__) is kind
        assert f"{name}_step" in kernels.__all__
        assert f"{name}_step" in reference.__all__
