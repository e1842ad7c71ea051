"""A recorded moment shows what was known then and nothing of later; steps find every event."""

import asyncio
from pathlib import Path

import pytest

from bench.plans import QueryRecorder, sqlite_steps
from bench.reading import START_NS, build
from cockpit.model.recorded.pages import RecordedMoment, Step
from cockpit.reports.lists.moments import NO_RUN, recorded_moment
from storage.history import Run
from storage.reader import LATER_NS, Reader
from storage.rows import TABLES
from storage.sqlite.history import SqliteHistory
from storage.sqlite.reader import SqliteReader
from tests.support.desk.builders import NOW
from tests.support.history import small_history as small
from venue.protocol.tokens import BTC, DEFAULT_TOKENS, EURE
from venue.protocol.units import NS_PER_S


def at(second: float) -> int:
    return NOW + round(second * NS_PER_S)


def moment(reader: Reader, second: float, step: Step = "", direction: int = 0) -> RecordedMoment:
    return recorded_moment(reader, DEFAULT_TOKENS, at(second), step, direction)


def part(found: RecordedMoment, title: str) -> list[str]:
    return [line for one in found.parts if one.title == title for line in one.lines]


def test_the_state_of_a_moment(reader: Reader) -> None:
    """At 9.5 s quote a is live, and neither filled nor expired; the mid of 0 s is the last one."""
    found = moment(reader, 9.5)
    state = part(found, "")
    assert state[0] == "SANDBOX  account maker.near  run run-1"
    assert state[1] == "mid 50,000.00, 9s before"
    assert state[2] == "strategy ARMED, executor ARMED, at the last decision 1s before"
    assert "BTC 1, 1 available, 9s before" in state
    assert state[-1] == "live quotes: 1, together 49.9 EURe"
    [quote] = part(found, "Quotes")
    assert quote.endswith("accepted")
    assert part(found, "Fills") == []


def test_nothing_of_later_is_known(reader: Reader) -> None:
    """At 8.5 s the quote has no answer; at 19.5 s b is accepted, at 20 s it is settled and live no more."""
    [quote] = part(moment(reader, 8.5), "Quotes")
    assert quote.endswith("no answer")
    assert part(moment(reader, 19.5), "Quotes")[0].endswith("accepted")
    settled = moment(reader, 20)
    assert part(settled, "Quotes")[0].endswith("settled")
    assert part(settled, "")[-1] == "live quotes: 0"
    assert [line.split()[2] for line in part(settled, "Fills")] == ["sell", "buy"]
    early = moment(reader, -5)
    assert part(early, "")[:2] == [NO_RUN, "mid unknown"]
    assert [one.title for one in early.parts] == [""]


def test_a_quote_is_live_until_its_deadline_or_its_end(reader: Reader) -> None:
    """c was sent at 25 s for 61 s, and recorded as expired at 90 s."""
    assert part(moment(reader, 85.9), "")[-1] == "live quotes: 1, together 4 EURe"
    assert part(moment(reader, 86), "")[-1] == "live quotes: 0"


def test_a_quote_that_was_refused_and_taken_all_the_same_is_live_again(tmp_path: Path) -> None:
    async def fill() -> None:
        history = SqliteHistory(tmp_path / "history.sqlite")
        await history.open(Run(run_id="run-1", mode="SANDBOX", account="maker.near", started_ns=NOW))
        await history.write(small.sent("a", 1, (BTC.token_id, 10**5), (EURE.token_id, 50 * small.EUR)))
        await history.write([small.result("a", 2, "refused"), small.result("a", 4, "accepted")])
        await history.close(at(10))

    asyncio.run(fill())
    with SqliteReader(tmp_path / "history.sqlite") as reader:
        live = [part(moment(reader, second), "")[-1] for second in (1, 2, 3, 4)]
    assert live == [
        "live quotes: 1, together 50 EURe",
        "live quotes: 0",
        "live quotes: 0",
        "live quotes: 1, together 50 EURe",
    ]


def test_steps_by_fill_and_event_find_each_one_and_stop_at_the_ends(reader: Reader) -> None:
    fills = [moment(reader, 0, "fill", 1).at_ns, moment(reader, 10, "fill", 1).at_ns]
    assert fills == [at(10), at(20)]
    beyond = moment(reader, 20, "fill", 1)
    assert (beyond.at_ns, beyond.edge) == (at(20), True)
    assert moment(reader, 20, "fill", -1).at_ns == at(10)
    forward, back = [], []
    here = 0.0
    while not (there := moment(reader, here, "event", 1)).edge:
        here = (there.at_ns - NOW) / NS_PER_S
        forward.append(here)
    assert forward == [5, 8, 9, 10, 18, 19, 20, 25, 26, 27, 28, 30, 90]
    while not (there := moment(reader, here, "event", -1)).edge:
        here = (there.at_ns - NOW) / NS_PER_S
        back.append(here)
    assert back == forward[-2::-1]


def test_a_step_by_second_goes_to_its_last_moment(reader: Reader) -> None:
    assert moment(reader, 10.3, "second", 1).at_ns == at(12) - 1
    assert moment(reader, 10.3, "second", -1).at_ns == at(10) - 1
    assert recorded_moment(reader, DEFAULT_TOKENS, 0, "second", -1).edge
    assert recorded_moment(reader, DEFAULT_TOKENS, LATER_NS, "second", 1).edge


@pytest.mark.parametrize("at_ns", [0, 1, LATER_NS - 1, LATER_NS])
def test_the_ends_of_time_are_moments_too(reader: Reader, at_ns: int) -> None:
    assert recorded_moment(reader, DEFAULT_TOKENS, at_ns).at_ns == at_ns


def test_no_moment_reads_a_whole_table(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    asyncio.run(build(path, 1_000))
    with SqliteReader(path) as opened:
        asking = QueryRecorder(opened)
        for step in ("event", "fill", "second"):
            for direction in (-1, 1):
                recorded_moment(asking, DEFAULT_TOKENS, START_NS + 60 * NS_PER_S, step, direction)
        steps = list(sqlite_steps(path, asking.asked))
    whole = tuple(f"SCAN {name} " for name in ({table.name for table in TABLES} | set("rcdsloa")))
    assert [(sql, step) for sql, step in steps if f"{step} ".startswith(whole)] == []
