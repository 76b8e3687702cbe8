"""A row in a list of C++ without the code that it needs does not compile: an activation's, a loss's or a link's."""

from __future__ import annotations

from pathlib import Path

import pytest
from recipe import ROOT, complaints_of_compiler, with_one_more

pytestmark = pytest.mark.skipif(not (ROOT / "src_ext").is_dir(), reason="the sources do not lie beside the tests")

ACTIVATIONS = ("contract/activations.hpp", "#define FASTNN_ACTIVATIONS(VALUE, ROW)")
LOSSES = ("contract/losses.hpp", "#define FASTNN_LOSSES(ELEMENTS, ROWS)")
LINKS = ("contract/losses.hpp", "#define FASTNN_LINKS(LINK)")
PROGRAM = """
#include "kernels/elementwise/loss_rows.hpp"
auto *forward = activation_forward<float>, *backward = activation_backward<float>;
auto *loss = loss_and_gradient<float>, *predict = link<float>;
"""


@pytest.mark.parametrize(
    ("where", "row", "missing"),
    [
        (ACTIVATIONS, 'VALUE(Forgotten, ("forgotten"))', "Forgotten"),
        (ACTIVATIONS, 'ROW(Forgotten, ("forgotten"))', "Forgotten"),
        (ACTIVATIONS, 'VALUE(Forgotten, ("forgotten", 1.0, 2.0, 3.0))', "facts_of"),  # room for two numbers
        (LOSSES, "ELEMENTS(forgotten, Forgotten, kIdentityLink)", "Forgotten"),
        (LOSSES, "ROWS(forgotten, Forgotten, kSoftmaxLink)", "Forgotten"),
        (LINKS, "LINK(forgotten, kForgottenLink)", "forgotten_link"),
    ],
)
def test_a_row_without_its_code_does_not_compile(where, row, missing, tmp_path: Path) -> None:
    assert missing in complaints_of_compiler(tmp_path, with_one_more(*where, row), PROGRAM)


def test_the_lists_compile(tmp_path: Path) -> None:
    assert complaints_of_compiler(tmp_path, with_one_more(*LOSSES, ""), PROGRAM) == ""


@pytest.mark.parametrize("family", ["elementwise", "neuron"])
def test_headers_include_what_they_use(family, tmp_path: Path) -> None:
    """What compiles only behind another header breaks where somebody includes them in another order."""
    headers = sorted((ROOT / "src_ext/kernels" / family).glob("*.hpp"))
    assert headers
    for header in headers:
        program = f'#include "{header.relative_to(ROOT / "src_ext").as_posix()}"\n'
        assert complaints_of_compiler(tmp_path, {}, program) == "", header.name
