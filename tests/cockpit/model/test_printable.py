"""Nothing that was said outside acts on the terminal: in cells, dialogs, the clipboard and what commands print."""

import asyncio
import json
from pathlib import Path

import click
import msgspec
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from cockpit.app.terminal.driver import NonBlockingApp
from cockpit.cli.trace import trace
from cockpit.model.printable import MARK, printable, printable_json
from cockpit.processes.echo import echo, echo_json
from panels.kit.rows.cells import Cell, Column, line_strip, row_strip
from panels.kit.theme import DARK_NAME, styles
from storage.sqlite.history import SqliteHistory
from tests.support.history import rows as facts

STYLES = styles(DARK_NAME)
BASE = STYLES["text"]
SEQUENCES = ("\x1b]52;c;bm90IHlvdXJz\x07", "\x9b2J", "\u202eevil", "\x1b[2J", "\r", "\x00", "\ud800", "\u2066")
HOSTILE = st.text(st.characters(codec=None), max_size=40) | st.sampled_from(SEQUENCES)


def acts(letter: str) -> bool:
    """Whether it is a C0, C1, bidi or line control, or half a surrogate pair."""
    return (
        ord(letter) < 32
        or 0x7F <= ord(letter) < 0xA0
        or letter in "\u2028\u2029\u200e\u200f\u061c\ufeff"
        or 0x202A <= ord(letter) <= 0x202E
        or 0x2066 <= ord(letter) <= 0x2069
        or 0xD800 <= ord(letter) < 0xE000
    )


@given(HOSTILE)
def test_each_character_is_printed_or_marked(text: str) -> None:
    shown = printable(text)
    assert len(shown) == len(text)
    assert not any(map(acts, shown))
    assert all(after in (before, MARK) for before, after in zip(text, shown, strict=True))
    assert printable(shown) == shown


@given(HOSTILE, HOSTILE, st.integers(1, 60))
def test_a_drawn_row_and_line_hold_no_character_that_acts(one: str, other: str, width: int) -> None:
    cells = (Cell(one), Cell(other, "muted"))
    columns = (Column("a", 10), Column("b", 10, "right", grow=True))
    drawn = row_strip(cells, columns, ((0, 10), (1, 12)), width, STYLES, BASE)
    line = line_strip(cells, width, STYLES, BASE)
    for strip in (drawn, line):
        assert strip.cell_length == width
        assert not any(map(acts, strip.text))


@given(st.text("ab🪙", min_size=1, max_size=30), st.text("ab🪙", max_size=30), st.integers(1, 60))
def test_a_line_that_is_cut_says_so_and_one_that_fits_is_whole(one: str, other: str, width: int) -> None:
    text = one + other
    drawn = line_strip((Cell(one), Cell(other, "muted")), width, STYLES, BASE)
    assert drawn.cell_length == width
    if cell_len(text) <= width:
        assert drawn.text.rstrip() == text
    else:
        assert drawn.text.rstrip().endswith("…")
    assert line_strip((Cell(one), Cell(" " * 99)), max(width, cell_len(one)), STYLES, BASE).text.rstrip() == one


@given(HOSTILE)
def test_what_a_command_prints_holds_no_character_that_acts(text: str) -> None:
    @click.command()
    def command() -> None:
        echo(f"tx_hash {text}\nend")
        echo(text, err=True)

    printed = CliRunner().invoke(command)
    assert printed.exit_code == 0
    assert not any(map(acts, printed.output.replace("\n", "")))


@given(st.dictionaries(st.text(max_size=9), st.text(max_size=40), max_size=4))
def test_json_that_is_printed_stays_the_same_json(value: dict[str, str]) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=2)
    shown = printable_json(text)
    assert json.loads(shown) == value
    assert not any(map(acts, shown.replace("\n", "")))


@pytest.mark.parametrize("hostile", SEQUENCES[:4])
def test_a_command_prints_json_with_escapes(hostile: str) -> None:
    @click.command()
    def command() -> None:
        echo_json(json.dumps({"tx": hostile}, ensure_ascii=False))

    printed = CliRunner().invoke(command).output
    assert json.loads(printed) == {"tx": hostile}
    assert not any(map(acts, printed.replace("\n", "")))


@pytest.mark.parametrize("as_json", [False, True])
async def test_trace_prints_a_recorded_escape_sequence_harmlessly(tmp_path: Path, as_json: bool) -> None:
    path = tmp_path / "history.sqlite"
    history = SqliteHistory(path)
    await history.open(facts.run())
    await history.write(
        [*facts.one_of_each(1), msgspec.structs.replace(facts.result(2), tx_hash="".join(SEQUENCES[:4]))]
    )
    await history.write([facts.demand(2), facts.decision(2), facts.command(2)])
    await history.close(facts.START_NS + 5)
    options = ["quote-2", "--history", str(path), *(["--json"] if as_json else [])]
    printed = await asyncio.to_thread(CliRunner().invoke, trace, options)
    assert printed.exit_code == 0, printed.output
    assert "52;c;bm90IHlvdXJz" in printed.output
    assert not any(map(acts, printed.output.replace("\n", "")))


async def test_the_clipboard_and_notices_hold_no_character_that_acts() -> None:
    app: NonBlockingApp[None] = NonBlockingApp()
    async with app.run_test() as pilot:
        app.copy_to_clipboard("0xabc\x1b]52;c;x\x07")
        app.notify("\x9b2J\u202e", title="\x1b[2J", markup=False)
        await pilot.pause()
        [notice] = app._notifications
    assert app.clipboard == f"0xabc{MARK}]52;c;x{MARK}"
    assert (notice.message, notice.title) == (f"{MARK}2J{MARK}", f"{MARK}[2J")
