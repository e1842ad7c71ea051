"""Notes of the operator: one line of the journal each, with its time and actor, and nothing else."""

import msgspec
import pytest

from cockpit.desk.api.take_note import EMPTY, TakeNote
from cockpit.model.commands import MAX_NOTE, NOTE, CommandRequest
from tests.support.desk.command_desk import Desk

OPS = CommandRequest(actor="ops", command_id="c-1")


def test_a_note_is_journalled_once_for_its_id() -> None:
    desk = Desk()
    notes = TakeNote(desk.control.journal)
    for _ in range(2):
        result = notes.take(OPS, {"text": "the bank is closed"})
        assert (result.accepted, result.reason) == (True, "the bank is closed")
    (entry,) = desk.journal
    assert (entry.actor, entry.command, entry.arguments) == ("ops", NOTE, '{"text":"the bank is closed"}')
    assert not notes.take(OPS, {"text": "another one under the same id"}).accepted


@pytest.mark.parametrize("body", [{}, {"text": ""}, {"text": "  "}, {"text": 7}, {"text": None}, {"text": ["a"]}])
def test_what_is_no_note_is_refused(body: dict[str, object]) -> None:
    result = TakeNote(Desk().control.journal).take(CommandRequest(actor="ops"), body)
    assert (result.accepted, result.reason) == (False, EMPTY)


def test_a_note_is_one_line_of_bounded_length_that_acts_on_no_terminal() -> None:
    desk = Desk()
    text = "\x1b]0;owned\x07\nline two " + "long " * 2_000
    result = TakeNote(desk.control.journal).take(CommandRequest(actor="ops"), {"text": text})
    assert result.accepted
    (entry,) = desk.journal
    kept = msgspec.json.decode(entry.arguments)["text"]
    assert len(kept) <= MAX_NOTE
    assert kept.isprintable()
    assert result.reason == kept
