"""What any version has saved is read, by its class, and answers as it did."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from old_files import FOLDER, answers_of

import fastnn
from fastnn.storage.files import FORMAT_VERSION

SETS = sorted(FOLDER.iterdir())
FILES = [
    pytest.param(file, id=f"{file.parent.name}-{file.stem}") for each in SETS for file in each.glob("*.safetensors")
]


def test_there_is_a_set_for_every_version() -> None:
    assert [each.name for each in SETS] == [str(version + 1) for version in range(FORMAT_VERSION)]


@pytest.mark.parametrize("file", FILES)
def test_old_files_are_read(file: Path) -> None:
    facts = json.loads((file.parent / "answers.json").read_text(encoding="utf-8"))
    model = getattr(fastnn, facts[file.stem]["class"]).load(file)
    answers = np.asarray(answers_of(model, np.array(facts["X"])))
    # Other instruction sets round otherwise.
    np.testing.assert_allclose(answers, facts[file.stem]["answers"], rtol=1e-5, atol=1e-6)
