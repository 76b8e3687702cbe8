"""Runs a command once for every instruction set of this machine, or names them.

    python tools/levels.py [--but LEVEL] [COMMAND ...]

Each run has FASTNN_SIMD set; without a command the sets are printed, the best one last. --but leaves one out. The
exit code is that of the first run that fails, which is the last one.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time

from fastnn import _core


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--but", metavar="LEVEL", help="an instruction set that is left out")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="a command and its arguments")
    options = parser.parse_args()
    levels = [level for level in _core.simd_available() if level != options.but]
    if not options.command:
        print(*levels)
        return 0
    for level in levels:
        print(f"=== FASTNN_SIMD={level} {' '.join(options.command)}", flush=True)
        start = time.monotonic()
        done = subprocess.run(options.command, env={**os.environ, "FASTNN_SIMD": level})
        print(f"=== {level}: {(time.monotonic() - start) / 60:.1f} minutes", flush=True)
        if done.returncode:
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
