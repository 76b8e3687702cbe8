"""The functions that make activations with parameters are written by a tool, and are as the tool would write them."""

from __future__ import annotations

import pytest
from recipe import ROOT, load_tool

from fastnn.activation_functions import ROWS

pytestmark = pytest.mark.skipif(not (ROOT / "tools").is_dir(), reason="the tools do not lie beside the tests")
ELU = next(row for row in ROWS if row.name == "elu")


def test_what_is_generated_is_fresh() -> None:
    tool = load_tool("generate_activations")
    fresh = tool.FILE.read_text(encoding="utf-8") == tool.generated()
    assert fresh, f"{tool.FILE} is stale: run python tools/generate_activations.py"


def test_a_stale_file_is_noticed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    tool = load_tool("generate_activations")
    assert tool.main(["--check"]) == 0
    mine = ELU._replace(name="mine")
    monkeypatch.setattr(tool, "ROWS", (*ROWS, mine))
    assert tool.main(["--check"]) == 1
    assert "fastnn/activations.py is stale" in capsys.readouterr().err
    text = tool.generated()
    assert '__all__ += ["mine", "selu", ' in text
    assert text.endswith(tool.maker_of(mine))
    assert "\n\n\ndef mine(alpha: float = 1.0) -> Activation:\n" in text


def test_an_activation_without_a_source_is_refused() -> None:
    with pytest.raises(SystemExit, match="'elu' has no docstring that ends with the section References"):
        load_tool("generate_activations").maker_of(ELU._replace(value=lambda z, alpha=1.0: z))


@pytest.mark.parametrize(
    ("number", "text"), [(1 / 6, "1/6"), (0.2, "0.2"), (0.01, "0.01"), (1.0, "1.0"), (2.5, "2.5"), (1.6732, "1.6732")]
)
def test_numbers_are_written_in_short(number: float, text: str) -> None:
    assert load_tool("generate_activations").in_short(number) == text
