"""Where the data of the tests are: the real ones, or the stand-ins beside the tests."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

STAND_INS = Path(__file__).resolve().parent / "data"
BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"


def data_folder(environ: Mapping[str, str] = os.environ, beside: Path = BESIDE) -> Path:
    """FASTNN_DATA, or the stand-ins if that is "none"; where it is not set, what lies beside the checkout, else they.

    Raises
    ------
    FileNotFoundError
        If FASTNN_DATA is no folder, or, where CI is set, if nothing says that there are no real data.
    """
    given = environ.get("FASTNN_DATA")
    folder = Path(given or beside)
    if given == "none":
        return STAND_INS
    if folder.is_dir():
        return folder
    if given or environ.get("CI"):
        raise FileNotFoundError(
            f"there is no folder {folder} with the data of the tests. Set FASTNN_DATA to the folder, or to none: then "
            f"tests take the stand-ins in tests/data."
        )
    return STAND_INS
