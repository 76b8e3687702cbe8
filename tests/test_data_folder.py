"""The tests find their data, and the stand-ins are what their script makes of them."""

from __future__ import annotations

import gzip
import os
import subprocess
from pathlib import Path

import pytest
from data_folder import STAND_INS, data_folder
from recipe import ROOT, load_tool


def test_the_stand_ins_are_drawn_from_the_data(data: Path) -> None:
    made = load_tool("stand_ins").stand_ins(data)
    assert set(made) == {path.name for path in STAND_INS.glob("*.gz")}
    for name, content in made.items():
        assert gzip.decompress((STAND_INS / name).read_bytes()) == content, name


def test_the_stand_ins_are_small() -> None:
    assert 0 < sum(path.stat().st_size for path in STAND_INS.iterdir()) < 300_000


def test_they_are_taken_where_there_are_no_data_or_none_are_wanted(tmp_path: Path) -> None:
    assert data_folder({"FASTNN_DATA": "none", "CI": "true"}, tmp_path) == STAND_INS
    assert data_folder({"FASTNN_DATA": "none"}, tmp_path / "missing") == STAND_INS
    assert data_folder({}, tmp_path / "missing") == STAND_INS


def test_the_real_data_come_first(tmp_path: Path) -> None:
    assert data_folder({"FASTNN_DATA": str(tmp_path)}, tmp_path / "missing") == tmp_path
    assert data_folder({"CI": "true"}, tmp_path) == tmp_path


@pytest.mark.parametrize("environ", [{"CI": "true"}, {"FASTNN_DATA": "/no/such"}, {"FASTNN_DATA": "None"}])
def test_missing_data_do_not_go_unnoticed(environ: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="Set FASTNN_DATA to the folder, or to none"):
        data_folder(environ, tmp_path / "missing")


def test_the_run_of_everything_wants_to_be_told_where_the_data_are() -> None:
    script = ROOT / ".ci" / "run"
    if not script.is_file():
        pytest.skip("the script does not lie beside the tests")
    done = subprocess.run([script], capture_output=True, text=True, env={**os.environ, "FASTNN_DATA": "/no/such"})
    assert done.returncode == 1
    assert "no folder /no/such. Set FASTNN_DATA" in done.stderr
    assert "minutes, stage" in done.stdout
