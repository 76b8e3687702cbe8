"""What follows from the list of optimizers is written by a tool, and is as the tool would write it."""

from __future__ import annotations

from pathlib import Path

import pytest
from recipe import ROOT, complaints_of_compiler, load_tool, with_one_more

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


LIST = ("contract/optimizers.hpp", "#define FASTNN_OPTIMIZERS(X)")
STEPS = (
    '#include "kernels/elementwise/optimizer.hpp"\n'
    "auto *one = optimizer_step<float>, *other = optimizer_step<double>;\n"
)


def test_an_optimizer_without_a_rule_does_not_compile(tmp_path: Path) -> None:
    listed = with_one_more(*LIST, "X(Forgotten, forgotten, 1, epsilon)")
    assert "rule_of" in complaints_of_compiler(tmp_path, listed, STEPS)


def test_a_row_that_says_another_number_of_vectors_does_not_compile(tmp_path: Path) -> None:
    """There are two rows for one rule then, of which the second has its three vectors wrong."""
    changed = with_one_more(*LIST, "X(Longer, longer, 3, epsilon)")
    header = "kernels/elementwise/optimizer.hpp"
    text = (ROOT / "src_ext" / header).read_text()
    rule = "template <class T> ScaledBySquares<T> rule_of(const fastnn::AdagradHyper&"
    longer = (
        "template <class T> ScaledBySquares<T> rule_of(const fastnn::LongerHyper&, double, int64_t) { return {}; }\n"
    )
    assert text.count(rule) == 1
    changed[header] = text.replace(rule, longer + rule)
    assert "as many vectors as its row" in complaints_of_compiler(tmp_path, changed, STEPS)


def test_the_list_compiles(tmp_path: Path) -> None:
    assert complaints_of_compiler(tmp_path, with_one_more(*LIST, ""), STEPS) == ""


def test_every_optimizer_is_exported() -> None:
    import fastnn
    from fastnn import kernels
    from fastnn.kernels import reference

    for name, kind in OPTIMIZERS.items():
        assert getattr(fastnn, kind.__name__) is kind
        assert f"{name}_step" in kernels.__all__
        assert f"{name}_step" in reference.__all__
