"""The listings of docs/adding.md are what their sources say."""

from __future__ import annotations

import re

import pytest
from recipe import ROOT, load_tool

PAGE = ROOT / "docs" / "adding.md"
TEXT = PAGE.read_text(encoding="utf-8") if PAGE.is_file() else ""
pytestmark = pytest.mark.skipif(not TEXT, reason="the documentation does not lie beside the tests")

SOURCE = """\
TABLE = {
    "one": 1,

    "two": 2,
}
class Thing:
    def act(self):
        return 1

    # The next one.
    def rest(self):
        pass

last = 1
"""


def test_listings_are_what_their_sources_say() -> None:
    """`python tools/listings.py --write` takes them anew."""
    tool = load_tool("listings")
    assert len(list(tool.LISTING.finditer(TEXT))) >= 3
    assert tool.renewed(TEXT) == TEXT


def test_every_block_of_code_is_a_listing() -> None:
    tool = load_tool("listings")
    blocks = [kind for kind in re.findall(r"^```(\w+)$", TEXT, flags=re.MULTILINE) if kind != "sh"]
    assert len(blocks) == len(list(tool.LISTING.finditer(TEXT)))


@pytest.mark.parametrize(
    ("start", "wanted"),
    [
        ("TABLE", 'TABLE = {\n    "one": 1,\n\n    "two": 2,\n}\n'),
        ('"two"', '"two": 2,\n'),
        ("def act", "def act(self):\n    return 1\n"),
        ("def rest", "def rest(self):\n    pass\n"),
        ("last", "last = 1\n"),
    ],
)
def test_a_listing_goes_to_the_end_of_its_block(start: str, wanted: str) -> None:
    assert load_tool("listings").excerpt(SOURCE, start, "source.py") == wanted


def test_a_listing_may_say_where_it_ends(tmp_path) -> None:
    tool = load_tool("listings")
    page = "[`a.py`](../a.py) from `def act` to `# The next`:\n\n```python\nx\n```\n"
    (tmp_path / "a.py").write_text(SOURCE)
    wanted = "def act(self):\n    return 1\n\n# The next one.\n"
    assert tool.renewed(page, tmp_path) == page.replace("x\n", wanted)
    with pytest.raises(tool.ListingError, match="no line after 'def rest' that begins with 'TABLE'"):
        tool.excerpt(SOURCE, "def rest", "a.py", "TABLE")


def test_a_changed_source_makes_a_listing_stale(tmp_path) -> None:
    tool = load_tool("listings")
    page = "A table:\n\n[`a.py`](../a.py) from `TABLE`:\n\n```python\nTABLE = {}\n```\n\nAnd more.\n"
    (tmp_path / "a.py").write_text(SOURCE)
    assert tool.renewed(page, tmp_path) == page.replace("TABLE = {}\n", SOURCE[: SOURCE.index("class")])
    (tmp_path / "a.py").write_text("TABLE = {}\n")
    assert tool.renewed(page, tmp_path) == page


def test_a_listing_may_be_a_whole_file(tmp_path) -> None:
    tool = load_tool("listings")
    page = "[`a.py`](../a.py), whole:\n\n```python\nx\n```\n"
    (tmp_path / "a.py").write_text("y\nz\n")
    assert tool.renewed(page, tmp_path) == page.replace("x\n", "y\nz\n")


@pytest.mark.parametrize(("path", "start"), [("none.py", "TABLE"), ("a.py", "nothing"), ("a.py", "def")])
def test_a_listing_of_what_is_not_there_is_an_error(path: str, start: str, tmp_path) -> None:
    tool = load_tool("listings")
    (tmp_path / "a.py").write_text(SOURCE)
    page = f"[`{path}`](../{path}) from `{start}`:\n\n```python\nx\n```\n"
    with pytest.raises(tool.ListingError, match=path):
        tool.renewed(page, tmp_path)


def test_links_lead_to_files() -> None:
    links = [link for link in re.findall(r"\]\(([^)]+)\)", TEXT) if "://" not in link]
    assert links
    assert not [link for link in links if not (PAGE.parent / link.partition("#")[0]).exists()]
