"""Makes the stand-ins in tests/data for the real data of the tests and benchmarks.

    python tools/stand_ins.py FOLDER [--out tests/data]

FOLDER has the real files. Of each some rows are drawn by a fixed seed and written in their order, under the same name
and in the same format, so that the same code reads both; those of the stand-ins are the stand-ins themselves.
"""

from __future__ import annotations

import argparse
import gzip
import random
import struct
from pathlib import Path

ROWS = {"adult.csv.gz": 4000, "letter.csv.gz": 3000}
IMAGES, LABELS = "mnist-t10k-images-idx3-ubyte.gz", "mnist-t10k-labels-idx1-ubyte.gz"
DIGITS = 800  # half of what the stand-ins weigh


def drawn(rows: list[bytes], count: int) -> list[bytes]:
    """Some of the rows, or all, in their order."""
    chosen = random.Random(0).sample(range(len(rows)), min(count, len(rows)))
    return [rows[k] for k in sorted(chosen)]


def of_table(content: bytes, count: int) -> bytes:
    """A table of text with some of its rows."""
    header, *rows = content.splitlines(keepends=True)
    return b"".join([header, *drawn(rows, count)])


def of_idx(content: bytes, count: int) -> bytes:
    """An array in idx format (big-endian: type, number of dimensions, sizes, bytes) with some of its first axis."""
    dimensions = content[3]
    start = 4 + 4 * dimensions
    n, *rest = struct.unpack(f">{dimensions}I", content[4:start])
    size = (len(content) - start) // n
    rows = drawn([content[start + k * size : start + (k + 1) * size] for k in range(n)], count)
    return content[:4] + struct.pack(f">{dimensions}I", len(rows), *rest) + b"".join(rows)


def stand_ins(folder: Path) -> dict[str, bytes]:
    """The content of each stand-in, by the file's name."""
    read = {name: gzip.decompress((folder / name).read_bytes()) for name in (*ROWS, IMAGES, LABELS)}
    made = {name: of_table(read[name], count) for name, count in ROWS.items()}
    return made | {name: of_idx(read[name], DIGITS) for name in (IMAGES, LABELS)}  # the same rows: as many, one seed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where the real files are")
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent.parent / "tests" / "data")
    options = parser.parse_args()
    for name, content in stand_ins(options.folder).items():
        (options.out / name).write_bytes(gzip.compress(content, 9, mtime=0))
        print(f"{name}: {(options.out / name).stat().st_size} bytes")


if __name__ == "__main__":
    main()
