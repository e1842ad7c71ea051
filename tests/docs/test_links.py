"""Every link of the pages leads somewhere, and every name is defined in the file that the page names."""

import re
from pathlib import Path

import pytest

from tests.docs.pages import IDS, PAGES, ROOT, anchors, links, text_of

_NAMED = re.compile(r"`(\w+)` in \[([^\]]+)\]\(([^)]+)\)")
_ROW = re.compile(r"^\| [^|]+ \| `\w+` in \[[^|]+\) \|$", re.MULTILINE)
_PATH = re.compile(r"`((?:cockpit|panels|venue|storage|tests|docs|bench)/[\w./]*)`")
_LOCATED = [(page, *found) for page in PAGES for found in _NAMED.findall(text_of(page))]
_LOCATED_IDS = [f"{page.stem}-{name}-{shown}" for page, name, shown, _ in _LOCATED]


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_every_relative_link_and_anchor_exists(page: Path) -> None:
    broken = []
    for link in links(page):
        target, _, anchor = link.partition("#")
        path = page.parent / target if target else page
        if "://" in link:
            continue
        if not path.exists() or (anchor and anchor not in anchors(path)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize(("page", "name", "shown", "link"), _LOCATED, ids=_LOCATED_IDS)
def test_a_name_is_defined_in_the_file_that_the_page_names(page: Path, name: str, shown: str, link: str) -> None:
    path = page.parent / link
    assert path.resolve() == (ROOT / shown).resolve()
    defined = rf"^ *(?:class|def|async def) {name}\b|^{name}\b *[:=]"
    assert re.search(defined, path.read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_every_path_that_a_page_names_exists(page: Path) -> None:
    assert [path for path in _PATH.findall(text_of(page)) if not (ROOT / path).exists()] == []


def test_architecture_says_where_to_change_thirty_things() -> None:
    _, _, table = text_of(ROOT / "docs" / "architecture.md").partition("## If you want to change X, open Y\n")
    assert len(_ROW.findall(table)) >= 30
