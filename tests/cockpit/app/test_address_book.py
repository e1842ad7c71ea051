"""The address book: labels fill in an address, and every other check of a withdrawal stays as it is."""

from pathlib import Path

import pytest
from textual.widgets import Input

from cockpit.app.app import CockpitApp
from cockpit.app.terminal.address_file import MAX_BYTES, NOT_YOURS, read_address_file
from cockpit.client.desk_client import DeskClient
from panels.dialogs.funds.address_book import MAX_ENTRIES, AddressBook, BookEntry, read_book
from panels.dialogs.funds.review import NOT_IN_BOOK
from tests.support.cockpit import samples
from tests.support.cockpit.driven import NARROW, Clock, Driven
from tests.support.cockpit.fake_desk import FakeDesk
from tests.support.cockpit.screen_waiting import seen

COLD = "bc1qcold00000000000000000000000000000000"
BOOK = AddressBook(
    (
        BookEntry(label="cold wallet", asset="BTC", address=COLD),
        BookEntry(label="till", asset="BTC", address=samples.BTC_DESTINATION),
        BookEntry(label="safe", asset="EURe", address="0x1111"),
    )
)


def file_of(path: Path, text: str, mode: int = 0o600) -> Path:
    file = path / "addresses.toml"
    file.write_text(text)
    file.chmod(mode)
    return file


def test_the_file_is_read_and_wrong_entries_are_named(tmp_path: Path) -> None:
    good = '[[address]]\nlabel = "cold wallet"\nasset = "BTC"\naddress = "bc1q"\n'
    bad = '[[address]]\nlabel = ""\nasset = "BTC"\naddress = "x"\n[[address]]\nlabel = "a"\n'
    book = read_address_file(file_of(tmp_path, good + bad + good))
    assert dict(book.of("BTC")) == {"cold wallet": "bc1q"}
    assert len(book.problems) == 3
    assert all("it is ignored" in problem for problem in book.problems)
    assert read_address_file(tmp_path / "missing.toml") == AddressBook()


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_may_write_names_no_address(tmp_path: Path, mode: int) -> None:
    book = read_address_file(file_of(tmp_path, '[[address]]\nlabel="a"\nasset="BTC"\naddress="b"\n', mode))
    assert book.entries == ()
    assert NOT_YOURS in book.problems[0]


@pytest.mark.parametrize("text", ["[[address", "address = 4\n", "\x00", "#" * (MAX_BYTES + 1)])
def test_nonsense_names_no_address_and_is_said(tmp_path: Path, text: str) -> None:
    book = read_address_file(file_of(tmp_path, text))
    assert book.entries == ()
    assert len(book.problems) == 1


@pytest.mark.parametrize(
    "row",
    [
        {"label": "a\x1b[2J", "asset": "BTC", "address": "b"},
        {"label": "a" * 33, "asset": "BTC", "address": "b"},
        {"label": "a", "asset": "BTC", "address": "b c"},
        {"label": "a", "asset": "BTC", "address": "b" * 129},
        {"label": "a", "asset": "BTC", "address": 4},
        {"label": "a", "asset": "BTC", "address": "b", "also": 1},
        7,
    ],
)
def test_an_entry_is_bounded(row: object) -> None:
    assert read_book({"address": [row]}).entries == ()
    assert read_book({"address": [row] * (MAX_ENTRIES + 1)}).entries == ()


async def test_a_label_fills_in_its_address_and_the_review_names_it(desk: FakeDesk, link: DeskClient) -> None:
    app = CockpitApp(link, paint_hz=30, clock=Clock(), address_book=BOOK)
    async with app.run_test(size=NARROW) as pilot:
        driven = Driven(app, pilot, Clock())
        await driven.shows("SANDBOX", "Decisions")
        await driven.press("w")
        await driven.opens("cold wallet", "● till")
        form = app.screen
        await driven.press("tab", *"0.01", "tab")
        while form.query_one("#destination", Input).value != COLD:
            await driven.press("right")
        await driven.shows("● cold wallet")
        await driven.press("tab", "end", "backspace")
        await driven.shows("● typed")
        await driven.press("0", "enter", "enter")
        await driven.shows("Review the withdrawal", "book  till")
        assert desk.bodies("withdrawal-estimate")[-1]["destination_address"] == COLD
        await driven.press("escape", "escape")
        await seen(pilot, lambda: len(app.screen_stack) == 1)


async def test_an_address_outside_of_the_book_is_said(desk: FakeDesk, link: DeskClient) -> None:
    app = CockpitApp(link, paint_hz=30, clock=Clock(), address_book=AddressBook(BOOK.entries[:1]))
    async with app.run_test(size=NARROW) as pilot:
        driven = Driven(app, pilot, Clock())
        await driven.shows("SANDBOX", "Decisions")
        await driven.press("w")
        await driven.opens("○ cold wallet", "● typed")
        await driven.press("tab", *"0.01", "enter", "enter", "enter")
        await driven.shows("Review the withdrawal", NOT_IN_BOOK)
