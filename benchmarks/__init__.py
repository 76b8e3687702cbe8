"""Benchmarks for airspeed velocity, one file per kernel family; peers/ compares with other libraries."""

import sys
from pathlib import Path

# `python -m benchmarks.peers` puts the checkout first on the path, where its fastnn, which has no compiled module,
# would hide the installed one.
_checkout = str(Path(__file__).resolve().parent.parent)
if sys.path and sys.path[0] == _checkout:
    sys.path.append(sys.path.pop(0))
