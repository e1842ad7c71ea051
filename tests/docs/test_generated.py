"""What the pages take from elsewhere is what it is there; `python -m docs.make` writes it."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from cockpit.config.settings import NAMES
from docs.make.commands import command_names
from docs.make.pages import generated, with_table
from docs.make.pictures import DOCS, DRAWN, PICTURES, pictures
from panels.kit.actions import ACTIONS
from tests.docs.pages import PAGES, links

PICTURE_FILES = sorted(path.name for path in pictures())
GENERATED = sorted(path.name for path in generated())


@pytest.mark.parametrize("name", PICTURE_FILES)
def test_no_picture_is_out_of_date(name: str) -> None:
    path, wanted = next((path, made) for path, made in pictures().items() if path.name == name)
    assert path.read_bytes() == wanted, f"{name} is out of date: run python -m docs.make"


@pytest.mark.parametrize("name", PICTURE_FILES)
def test_a_browser_shows_every_picture(name: str) -> None:
    root = ElementTree.parse(DOCS / "pictures" / name).getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root.get("viewBox")
    texts = list(root.iter("{http://www.w3.org/2000/svg}text"))
    if Path(name).stem in DRAWN:
        width, height = map(float, root.get("viewBox", "").split()[2:])
        assert all(0 < float(text.get("x", 0)) < width and 0 < float(text.get("y", 0)) < height for text in texts)
    else:
        assert all(text.get("textLength") for text in texts if "title" not in text.get("class", ""))


def test_every_picture_of_the_pages_is_made_and_every_one_made_is_shown() -> None:
    shown = {Path(link).name for page in PAGES for link in links(page) if link.endswith(".svg")}
    assert shown == {f"{name}.svg" for name in (*PICTURES, *DRAWN)}


def test_the_runbook_shows_every_picture() -> None:
    shown = set(re.findall(r"\(pictures/([a-z]+)\.svg\)", (DOCS / "runbook.md").read_text("utf-8")))
    assert shown == set(PICTURES)


@pytest.mark.parametrize("name", GENERATED)
def test_no_page_is_out_of_date(name: str) -> None:
    assert (DOCS / name).read_text("utf-8") == generated()[DOCS / name], f"{name}: run python -m docs.make"


def test_the_page_of_settings_names_every_setting() -> None:
    text = (DOCS / "settings.md").read_text("utf-8")
    assert sorted(re.findall(r"^\| `([A-Z_]+)`", text, re.MULTILINE)) == sorted(NAMES)


def test_the_page_of_the_cockpit_names_every_action() -> None:
    text = (DOCS / "cockpit.md").read_text("utf-8")
    assert [action.id for action in ACTIONS if f"| `{action.id}` |" not in text] == []


def test_the_page_of_commands_names_every_command() -> None:
    text = (DOCS / "commands.md").read_text("utf-8")
    assert [name for name in command_names() if f"\n## `{name}`\n" not in text] == []
    assert "cockpit liquidity withdraw" in command_names()


def test_a_page_without_the_marks_of_a_table_is_refused() -> None:
    with pytest.raises(ValueError, match="no marks for keys"):
        with_table("# A page\n", "keys", "")
