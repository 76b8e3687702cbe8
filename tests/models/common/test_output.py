"""The one table of outputs: names, losses and links say the same, whichever of them is looked up."""

from __future__ import annotations

import pytest

from fastnn import losses
from fastnn.models.common.output import OUTPUTS, link_of_output, loss_of_output, output_of_link


@pytest.mark.parametrize("output", OUTPUTS)
def test_names_losses_and_links_agree(output: str) -> None:
    assert output_of_link(link_of_output(output)) == output
    for of_labels in (False, True):
        assert loss_of_output(output, of_labels=of_labels).link == link_of_output(output)


def test_every_link_has_an_output() -> None:
    assert {losses.get(name).link for name in losses.LOSSES} == set(map(link_of_output, OUTPUTS))


def test_labels_have_margins_where_numbers_have_errors() -> None:
    assert loss_of_output("identity").name == "squared_error"
    assert loss_of_output("identity", of_labels=True).name == "hinge"
    assert loss_of_output("softmax", of_labels=True) is loss_of_output("softmax")
