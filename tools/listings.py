"""Listings of docs/adding.md, taken from the sources that they show: tells which are stale, and writes them anew.

    python tools/listings.py [--write]

A listing is a block of code below a line that names its file and the line that it begins with:

    [`setup.py`](../setup.py) from `LEVELS: dict`:

It goes from the one line of the file that begins so (indentation aside) to the end of what that line opens: as far as
lines are indented more, and a closing bracket after them; or to the next line that begins as it says:

    [`fastnn/optimizers/kinds.py`](../fastnn/optimizers/kinds.py) from `learning_rate: float = 0.0001` to `slots:`:

Of a short file it may be everything:

    [`src_ext/isa/avx2.cpp`](../src_ext/isa/avx2.cpp), whole:
"""

from __future__ import annotations

import argparse
import re
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "adding.md"
LISTING = re.compile(
    r"^\[`(?P<path>[^`]+)`\]\([^)]+\)(?: from `(?P<start>[^`]+)`(?: to `(?P<stop>[^`]+)`)?|, whole):\n\n"
    r"```(?P<kind>\w+)\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
CLOSERS = (")", "]", "}")


class ListingError(ValueError):
    """A listing names a file or a line that does not exist, or a line of which there are several."""


def indent_of(line: str) -> int:
    """The number of blanks that a line begins with."""
    return len(line) - len(line.lstrip())


def excerpt(text: str, start: str, where: str, stop: str | None = None) -> str:
    """The block that begins with a line of a text, or all to the line `stop`, without its indentation."""
    lines = text.splitlines()
    found = [k for k, line in enumerate(lines) if line.lstrip().startswith(start)]
    if len(found) != 1:
        raise ListingError(f"{where} has {len(found)} lines that begin with {start!r}, wanted one")
    first = found[0]
    if stop is not None:
        after = [k for k, line in enumerate(lines) if k > first and line.lstrip().startswith(stop)]
        if not after:
            raise ListingError(f"{where} has no line after {start!r} that begins with {stop!r}")
        return textwrap.dedent("\n".join(lines[first : after[0] + 1])) + "\n"
    end = last = first + 1
    for k, line in enumerate(lines[first + 1 :], first + 1):
        if line.strip() and indent_of(line) <= indent_of(lines[first]):
            closes = line.lstrip().startswith(CLOSERS) and indent_of(line) == indent_of(lines[first])
            end = k + 1 if closes else last
            break
        last = k + 1 if line.strip() else last
        end = last
    return textwrap.dedent("\n".join(lines[first:end])) + "\n"


def current(match: re.Match[str], root: Path) -> str:
    """What a listing shows as its source is now."""
    path = root / match["path"]
    if not path.is_file():
        raise ListingError(f"a listing names {match['path']}, which does not exist")
    text = path.read_text(encoding="utf-8")
    return text if match["start"] is None else excerpt(text, match["start"], match["path"], match["stop"])


def renewed(page: str, root: Path = ROOT) -> str:
    """A page with its listings as their sources are now."""

    def renew(match: re.Match[str]) -> str:
        before = match.start("code") - match.start()
        return match[0][:before] + current(match, root) + "```"

    return LISTING.sub(renew, page)


def main() -> int:
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write the page with its listings anew")
    options = parser.parse_args()
    page = PAGE.read_text(encoding="utf-8")
    stale = [match for match in LISTING.finditer(page) if match["code"] != current(match, ROOT)]
    for match in stale:
        print(
            f"{match['path']} from {match['start'] or 'its beginning'}: {'written anew' if options.write else 'stale'}"
        )
    if options.write:
        PAGE.write_text(renewed(page), encoding="utf-8")
    return 1 if stale and not options.write else 0


if __name__ == "__main__":
    sys.exit(main())
