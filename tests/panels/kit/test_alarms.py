"""The venue's alarms as an operator reads them: the gravest first, how many more, and how old the word is."""

from typing import Literal

import pytest
from msgspec.structs import replace

from cockpit.model.alarms import AlarmRow, AlarmSourceRow, AlarmsState
from cockpit.model.snapshot import Snapshot
from panels.kit.alarms import SHOWN, alarm_fields, alarm_lines, alarm_words
from tests.support.cockpit import samples

Effect = Literal["disarms", "warns", "shown"]
READ = (AlarmSourceRow(source="SHIELD", age_ms=12_000), AlarmSourceRow(source="status page", age_ms=47_000))


def alarm(effect: Effect, subject: str = "chain gnosis") -> AlarmRow:
    return AlarmRow(source="SHIELD", subject=subject, effect=effect, reason="so", starts_ns=1_800_000_000 * 10**9)


def shot(*rows: AlarmRow, more: int = 0, sources: tuple[AlarmSourceRow, ...] = READ) -> Snapshot:
    return replace(samples.snapshot(), alarms=AlarmsState(rows=rows, more=more, sources=sources))


def texts(snapshot: Snapshot) -> list[tuple[str, str]]:
    return [(cell.text, cell.role) for line in alarm_lines(snapshot) for cell in line]


def test_without_an_alarm_it_says_so_with_the_age_of_each_source() -> None:
    assert texts(shot()) == [("no alarms of the venue; SHIELD read 10s ago; status page read 45s ago", "muted")]
    assert alarm_words(shot()) == ""


def test_the_gravest_are_shown_and_the_others_counted() -> None:
    rows = (alarm("disarms"), alarm("warns", "maintenance"), alarm("shown"), alarm("shown"), alarm("shown"))
    lines = texts(shot(*rows, more=4))
    assert lines[0] == ("✗ SHIELD: chain gnosis (so)", "bad")
    assert lines[1] == ("! SHIELD: maintenance; starts 2027-01-15 08:00:00 UTC and then disarms", "warn")
    assert lines[2] == ("· SHIELD: chain gnosis (so)", "muted")
    assert lines[SHOWN] == ("  and 6 more: see Interlocks", "muted")
    assert lines[-1][0] == "SHIELD read 10s ago; status page read 45s ago"
    assert alarm_words(shot(*rows)) == "2 venue alarms"
    assert alarm_words(shot(alarm("disarms"))) == "1 venue alarm"
    assert alarm_words(shot(alarm("shown"))) == ""


@pytest.mark.parametrize(
    ("source", "text", "role"),
    [
        (AlarmSourceRow(source="SHIELD"), "SHIELD not read yet", "muted"),
        (AlarmSourceRow(source="SHIELD", off=True), "SHIELD switched off", "muted"),
        (
            AlarmSourceRow(source="SHIELD", unreadable_ms=65_000, problem="HTTP 500"),
            "SHIELD unreadable for 1m05s (never read): HTTP 500",
            "warn",
        ),
    ],
)
def test_a_source_without_an_answer_is_never_shown_as_no_alarm(source: AlarmSourceRow, text: str, role: str) -> None:
    assert texts(shot(sources=(source,))) == [(text, role)]


def test_a_desk_that_knows_nothing_of_alarms_shows_nothing() -> None:
    assert texts(shot(sources=())) == []


def test_the_details_have_every_alarm_and_source() -> None:
    fields = alarm_fields(shot(*[alarm("disarms")] * 20, more=7))
    assert [field.label for field in fields] == ["alarm"] * 21 + ["source"] * 2
    assert fields[20].value.text == "7 more"
