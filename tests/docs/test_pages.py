"""The runbook shows the app as it is and names every setting; `python -m docs.make` writes both."""

import re
from pathlib import Path

import pytest

from cockpit.config.settings import NAMES
from docs.make import EXAMPLE, PICTURES, RUNBOOK, pictures, settings_table, with_table

PICTURE_FILES = sorted(path.name for path in pictures())


@pytest.mark.parametrize("name", PICTURE_FILES)
def test_no_picture_is_out_of_date(name: str) -> None:
    path, wanted = next((path, made) for path, made in pictures().items() if path.name == name)
    assert path.read_bytes() == wanted, f"{name} is out of date: run python -m docs.make"


def test_every_picture_of_the_runbook_is_made_and_every_one_made_is_shown() -> None:
    shown = set(re.findall(r"\(pictures/([a-z]+)\.svg\)", RUNBOOK.read_text("utf-8")))
    assert shown == set(PICTURES)


def test_the_table_names_every_setting_with_its_default() -> None:
    text = RUNBOOK.read_text("utf-8")
    assert text == with_table(text, settings_table(EXAMPLE.read_text("utf-8"))), "run python -m docs.make"
    assert set(re.findall(r"^\| `([A-Z_]+)`", text, re.MULTILINE)) == set(NAMES)


def test_the_unit_starts_the_desk_with_a_settings_file() -> None:
    unit = (Path(RUNBOOK).parent / "near-cockpit.service").read_text("utf-8")
    assert re.search(r"^ExecStart=\S+/cockpit desk --env-file \S+/\.env$", unit, re.MULTILINE)
