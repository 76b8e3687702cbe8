"""`python -m fastnn export`: what was saved, for others."""

from __future__ import annotations

import sys

from fastnn.interop.command import main

if __name__ == "__main__":
    sys.exit(main())
