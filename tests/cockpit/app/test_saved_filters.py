"""Filters of a panel that the next cockpit still knows."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual import events

from cockpit.app.app import CockpitApp
from cockpit.app.terminal.preferences import MAX_ASIDE, Preferences, PreferencesFile
from cockpit.client.desk_client import DeskClient
from panels.kit.rows.filter_line import NOTHING_TO_SAVE
from panels.kit.rows.saved_filters import MAX_NAMED, NAME_RULE, SavedFilters
from panels.views.decisions import DecisionsPanel
from tests.support.cockpit.driven import WIDE, Clock, Driven
from tests.support.cockpit.fake_desk import FakeDesk
from tests.support.cockpit.screen_waiting import seen


@asynccontextmanager
async def opened(desk: FakeDesk, path: Path) -> AsyncIterator[Driven]:
    link = DeskClient(desk.path, actor="ops", new_id=lambda: "x")
    app = CockpitApp(link, paint_hz=30, clock=Clock(), preferences=PreferencesFile(path))
    async with app.run_test(size=WIDE) as pilot:
        driven = Driven(app, pilot, Clock())
        await driven.shows("SANDBOX", "Decisions")
        yield driven


async def type_filter(driven: Driven, text: str) -> None:
    """Open the line, empty it, and type."""
    await driven.press("slash", "ctrl+u")
    driven.app.post_message(events.Paste(text))
    line = driven.app.query_one("#decisions", DecisionsPanel).filter_line
    await seen(driven.pilot, lambda: line.value == text)


async def test_the_filter_used_last_is_in_force_in_the_next_cockpit(desk: FakeDesk, tmp_path: Path) -> None:
    path = tmp_path / "cockpit.json"
    async with opened(desk, path) as driven:
        await type_filter(driven, "side:sell")
        await driven.press("enter")
        await driven.shows("/side:sell")
    assert PreferencesFile(path).read().filters == {"decisions": SavedFilters(last="side:sell", on=True)}
    async with opened(desk, path) as driven:
        await driven.shows("/side:sell")
        # Dropped, it is not in force any more, and comes back by a key.
        await driven.press("escape")
        await driven.hides("/side:sell")
        await driven.press("slash", "up", "enter")
        await driven.shows("/side:sell")
        await driven.press("escape")
        await driven.hides("/side:sell")
    assert PreferencesFile(path).read().filters == {"decisions": SavedFilters(last="side:sell")}
    async with opened(desk, path) as driven:
        await driven.shows("Decisions")
        assert "/side:sell" not in driven.text


async def test_a_filter_is_saved_used_listed_and_forgotten_by_its_name(desk: FakeDesk, tmp_path: Path) -> None:
    path = tmp_path / "cockpit.json"
    async with opened(desk, path) as driven:
        await type_filter(driven, "side:sell save sells")
        # The command is no condition.
        await driven.shows("/side:sell ")
        await driven.press("enter")
        await driven.shows("/side:sell ")
        await driven.press("escape")
    async with opened(desk, path) as driven:
        await driven.press("slash")
        await driven.shows("saved: sells")
        await type_filter(driven, "sells")
        await driven.press("enter")
        await driven.shows("/side:sell ")
        await type_filter(driven, "forget sells")
        await driven.press("enter")
        await driven.press("slash")
        await driven.shows("saved: none")
    assert PreferencesFile(path).read().filters["decisions"].named == {}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("save sells", NOTHING_TO_SAVE),
        ("side:sell save", NAME_RULE),
        ("side:sell save 1st", NAME_RULE),
        ("side:sell save side", "side has a meaning of its own"),
        ("side:sell save forget", "forget has a meaning of its own"),
        ("side:sell save more", f"{MAX_NAMED} filters are saved"),
        ("forget nothing", "no filter is saved as nothing"),
    ],
)
async def test_a_command_that_cannot_be_done_says_why(desk: FakeDesk, tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "cockpit.json"
    named = {f"n{number}": "dust" for number in range(MAX_NAMED)}
    PreferencesFile(path).write(Preferences(filters={"decisions": SavedFilters(named=named)}))
    async with opened(desk, path) as driven:
        await type_filter(driven, text)
        await driven.press("enter")
        await driven.shows(sentence[:30])
    kept = PreferencesFile(path).read().filters
    assert kept["decisions"].named == named


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"{", "truncated"),
        (b'{"filters": {"decisions": 3}}', "filters"),
        (b'{"filters": {"decisions": {"last": "' + b"a" * 300 + b'"}}}', "some of its filters"),
        (b'{"filters": {"decisions": {"named": {"\\u001b[2J": "x"}}}}', "some of its filters"),
        (b'{"filters": {"of another version": {}}}', "some of its filters"),
    ],
)
async def test_a_broken_file_is_a_sentence_and_nothing_of_it_is_lost(
    desk: FakeDesk, tmp_path: Path, raw: bytes, why: str
) -> None:
    path = tmp_path / "cockpit.json"
    path.write_bytes(raw)
    async with opened(desk, path) as driven:
        await driven.shows(why, "is kept as")
        await driven.press("t")
    assert PreferencesFile(path).read().theme == "light"
    assert (tmp_path / "cockpit.json.broken1").read_bytes() == raw


def test_a_file_that_cannot_be_put_aside_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "cockpit.json"
    path.write_bytes(b"{")
    for number in range(1, MAX_ASIDE + 1):
        path.with_name(f"cockpit.json.broken{number}").write_bytes(b"older")
    file = PreferencesFile(path)
    assert file.read() == Preferences()
    assert "Nothing is remembered" in file.problem
    file.write(Preferences(theme="light"))
    assert path.read_bytes() == b"{"


async def test_a_filter_that_its_panel_does_not_know_any_more_is_not_in_force(desk: FakeDesk, tmp_path: Path) -> None:
    path = tmp_path / "cockpit.json"
    PreferencesFile(path).write(Preferences(filters={"decisions": SavedFilters(last="gone:by", on=True)}))
    async with opened(desk, path) as driven:
        await driven.shows("Decisions")
        assert "gone:by" not in driven.text
