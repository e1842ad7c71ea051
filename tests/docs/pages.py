"""The pages as the tests read them."""

import re
from collections.abc import Iterator
from pathlib import Path

from docs.make.pictures import DOCS

ROOT = DOCS.parent
PAGES = (ROOT / "README.md", *sorted(DOCS.glob("*.md")))
IDS = [page.name for page in PAGES]
_BLOCK = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def text_of(page: Path) -> str:
    """The page without its blocks of code."""
    return _BLOCK.sub("", page.read_text("utf-8"))


def links(page: Path) -> Iterator[str]:
    """Every target of a link or a picture."""
    yield from _LINK.findall(text_of(page))


def anchors(page: Path) -> set[str]:
    """What a link may name after ``#``, as GitHub makes it of the headings."""
    headings = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in _HEADING.findall(text_of(page)))
    return {heading.replace(" ", "-") for heading in headings}
