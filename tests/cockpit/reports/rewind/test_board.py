"""A rewound board shows what was known then, nothing of later, and nothing that is not recorded."""

import asyncio
import sqlite3
import time
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from bench import reading
from bench.plans import QueryRecorder, sqlite_steps
from bench.reading import START_NS, build
from cockpit.model.events import AnyEvent, IntentInventory, LiquidityAction, MarketPrice, OperatorAction
from cockpit.model.recorded.board import RecordedBoard
from cockpit.model.recorded.pages import Step
from cockpit.reports.past.earned import span_earned
from cockpit.reports.rewind.board import MOST_ROWS, NO_RUN, NOTHING_DECIDED, recorded_board
from cockpit.reports.rewind.earned import DAY_NS, earned_then
from cockpit.reports.rewind.money import NO_MID
from storage.history import Run
from storage.reader import LATER_NS, Reader, Span
from storage.reporting import moments, rewound
from storage.rows import TABLES
from storage.sqlite.history import SqliteHistory
from storage.sqlite.reader import SqliteReader
from tests.support.desk.builders import NOW
from tests.support.history import small_history as small
from venue.protocol.tokens import BTC, DEFAULT_TOKENS, EURE
from venue.protocol.units import NS_PER_S


def at(second: float) -> int:
    return NOW + round(second * NS_PER_S)


def board(reader: Reader, second: float, step: Step = "", direction: int = 0) -> RecordedBoard:
    return recorded_board(reader, DEFAULT_TOKENS, at(second), step=step, direction=direction)


async def recorded(path: Path, *events: AnyEvent) -> Path:
    history = SqliteHistory(path)
    await history.open(Run(run_id="run-1", mode="SANDBOX", account="maker.near", started_ns=NOW))
    await history.write(list(events))
    await history.close(at(100))
    return path


def test_a_moment_has_the_rows_that_the_live_board_had(reader: Reader) -> None:
    """At 9.5 s quote a is live, and neither filled nor expired; the mid of 0 s is the last one."""
    found = board(reader, 9.5)
    shown = found.snapshot
    assert found.run.startswith("strategy ARMED, executor ARMED at the last decision, 1s before · run run-1 SANDBOX")
    assert (shown.market.mid, shown.market.age_ms) == (Decimal(50_000), 9_500)
    assert [(one.quote_id, one.age_ms) for one in shown.decisions] == [("quote-a", 1_500)]
    [quote] = shown.quotes
    assert (quote.outcome, quote.left_ms, quote.life_ms) == ("accepted", 59_500, 61_000)
    assert (quote.gives, quote.gives_symbol, quote.price) == (Decimal("49.9"), "EURe", Decimal("49900.00"))
    assert shown.executions == ()
    btc, eure = shown.inventory.rows
    assert (btc.balance, btc.spendable, eure.reserved) == (Decimal(1), Decimal(1), Decimal("49.9"))
    assert eure.spendable == Decimal("950.1")
    assert next((one.buys, one.sells) for one in shown.demand_by_market) == (1, 0)
    assert found.notes["quotes"] == "1 live then · newest 1 quote of the run"
    assert found.notes["decisions"] == "newest 1 decision of the run"
    assert found.notes["executions"] == "no fills in the run until then"


def test_nothing_of_later_is_known(reader: Reader) -> None:
    """At 8.5 s the quote has no answer; at 19.5 s b is accepted, at 20 s it is settled and live no more."""
    assert [one.outcome for one in board(reader, 8.5).snapshot.quotes] == ["sent"]
    assert board(reader, 19.5).snapshot.quotes[0].outcome == "accepted"
    settled = board(reader, 20)
    assert [one.outcome for one in settled.snapshot.quotes] == ["settled", "settled"]
    assert settled.notes["quotes"] == "0 live then · newest 2 quotes of the run"
    assert [one.side for one in settled.snapshot.executions] == ["sell", "buy"]


def test_a_markout_is_known_once_its_time_has_come(reader: Reader) -> None:
    """The fill of 10 s: after 1 s the mid of 11 s, after 60 s that of 70 s, which is not known before."""
    [early] = board(reader, 10.5).snapshot.executions
    assert early.markouts == ()
    [_, first] = board(reader, 69.9).snapshot.executions
    assert first.markouts == ((1, Decimal("40.08")), (10, Decimal("40.08")))
    [_, later] = board(reader, 70).snapshot.executions
    assert later.markouts[-1] == (60, Decimal("20.04"))


@pytest.mark.parametrize("second", [-5, 8.5, 9.5, 20, 69.9, 95])
def test_no_row_of_any_list_is_of_later(reader: Reader, second: float) -> None:
    shown = board(reader, second).snapshot
    ages = [one.age_ms for rows in (shown.decisions, shown.quotes, shown.executions, shown.journal) for one in rows]
    assert all(age >= 0 for age in ages)
    everything = recorded_board(reader, DEFAULT_TOKENS, LATER_NS).snapshot
    for rows, every in (
        (shown.decisions, everything.decisions),
        (shown.quotes, everything.quotes),
        (shown.executions, everything.executions),
    ):
        late = [one for one in every if everything.at_ns - one.age_ms * 10**6 > at(second) + 10**6]
        assert not {one.quote_id for one in rows} & {one.quote_id for one in late}


def test_before_the_first_run_nothing_is_known(reader: Reader) -> None:
    early = board(reader, -5)
    assert (early.run, early.notes) == (NO_RUN, {})
    assert not early.snapshot.decisions + early.snapshot.quotes + early.snapshot.inventory.rows
    assert early.snapshot.market.mid is None


def test_after_the_end_of_a_run_its_last_rows_are_shown_as_such(reader: Reader) -> None:
    found = board(reader, 3_000)
    assert found.run == "no desk was running; run run-1 SANDBOX maker.near last wrote 2026-09-21 14:15:00 UTC"
    assert found.snapshot.market.detail == found.notes["market"] == NO_MID
    assert len(found.snapshot.decisions) == 5
    assert found.notes["inventory"] == "read 48m29s before"


def test_a_desk_that_still_writes_is_running_now(tmp_path: Path) -> None:
    path = asyncio.run(recorded(tmp_path / "history.sqlite", *small.sent("a", 1, *PAIR)))
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE runs SET ended_ns = NULL, last_write_ns = ?", (at(1),))
        db.commit()
    with SqliteReader(path) as opened:
        assert board(opened, 3).run.startswith("strategy ARMED")
        assert board(opened, 3_000).run.startswith("no desk was running")


PAIR = ((BTC.token_id, 10**5), (EURE.token_id, 50 * small.EUR))


async def restarted(path: Path) -> Path:
    """A run from 0 s that died at 12 s, with quotes of 61 s of which one settled at 6 s, and one from 40 s on."""
    history = SqliteHistory(path)
    await history.open(Run(run_id="run-1", mode="SANDBOX", account="maker.near", started_ns=NOW))
    fill = msgspec.structs.replace(small.result("b", 9, "settled"), settled_ns=at(6))
    later = msgspec.structs.replace(small.result("c", 10, "settled"), settled_ns=at(10))
    await history.write(
        [
            *small.sent("a", 1, *PAIR),
            *small.sent("b", 2, *PAIR),
            *small.sent("c", 3, *PAIR),
            small.result("a", 2, "accepted"),
            small.mid(5, "50000"),
            fill,
            later,
            small.mid(11, "50100"),
        ]
    )
    await history.close(at(12))
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE runs SET ended_ns = NULL")
        db.commit()
    history = SqliteHistory(path)
    await history.open(Run(run_id="run-2", mode="SANDBOX", account="maker.near", started_ns=at(40)))
    await history.write([small.mid(41, "50500"), *small.sent("d", 50, *PAIR)])
    await history.close(at(100))
    return path


def test_a_fill_is_as_old_as_on_the_live_board(tmp_path: Path) -> None:
    """Not as its quote: since the settlement that the relay reported, or else since it was booked."""
    path = asyncio.run(restarted(tmp_path / "history.sqlite"))
    with SqliteReader(path) as opened:
        fills = board(opened, 11).snapshot.executions
    assert [(one.quote_id, one.age_ms) for one in fills] == [("quote-c", 1_000), ("quote-b", 5_000)]


def test_across_the_start_of_a_run_what_still_binds_is_listed_and_the_gap_is_one(tmp_path: Path) -> None:
    path = asyncio.run(restarted(tmp_path / "history.sqlite"))
    with SqliteReader(path) as opened:
        before, between, after, both, over = (board(opened, second) for second in (11, 20, 42, 55, 70))
    assert before.snapshot.market.bid is not None
    # Where no desk runs nothing is quoted, and a run that has a successor has ended with its last heartbeat.
    assert between.run.startswith("no desk was running; run run-1")
    assert (between.snapshot.market.bid, after.snapshot.market.bid) == (None, None)
    assert before.notes["market"] == "mid 0s before · quoted 8s before"
    assert after.notes["market"] == "mid 1s before"
    assert [one.quote_id for one in after.snapshot.quotes] == ["quote-a"]
    assert after.notes["quotes"] == "1 live then, 1 of earlier runs · no quotes in the run until then"
    assert [one.quote_id for one in both.snapshot.quotes] == ["quote-d", "quote-a"]
    assert both.notes["quotes"] == "2 live then, 1 of earlier runs · newest 1 quote of the run"
    assert [one.quote_id for one in over.snapshot.quotes] == ["quote-d"]
    seconds = [(point.at_ns - NOW) / NS_PER_S for point in over.course.points]
    assert [second for second in seconds if 14 < second < 40] == []
    assert {5 <= second < 13 or second >= 41 for second in seconds} == {True}
    prices = [(one.at_ns - NOW) / NS_PER_S for one in over.course.prices]
    assert [second for second in prices if 14 < second < 40] == []


def test_a_quote_is_live_until_its_deadline_or_its_end(reader: Reader) -> None:
    """c was sent at 25 s for 61 s, and recorded as expired at 90 s."""
    assert board(reader, 85.9).notes["quotes"].startswith("1 live then")
    assert board(reader, 86).notes["quotes"].startswith("0 live then")


def test_a_quote_that_was_refused_and_taken_all_the_same_is_live_again(tmp_path: Path) -> None:
    path = asyncio.run(
        recorded(
            tmp_path / "history.sqlite",
            *small.sent("a", 1, *PAIR),
            small.result("a", 2, "refused"),
            small.result("a", 4, "accepted"),
        )
    )
    with SqliteReader(path) as opened:
        found = [board(opened, second) for second in (1, 2, 3, 4)]
    assert [one.notes["quotes"][0] for one in found] == ["1", "0", "0", "1"]
    assert [one.snapshot.quotes[0].outcome for one in found] == ["sent", "refused", "refused", "accepted"]


def test_what_left_since_the_balance_was_read_is_not_available(tmp_path: Path) -> None:
    def read(second: int, balance: int, reserved: int, available: int) -> IntentInventory:
        return IntentInventory(
            at_ns=at(second),
            asset=BTC.token_id,
            balance=balance,
            reserved=reserved,
            spendable=available,
            block_height=second,
            cause="poll",
        )

    left = LiquidityAction(
        at_ns=at(5),
        action_id="w",
        kind="withdrawal",
        asset=BTC.token_id,
        amount=300,
        chain="btc:mainnet",
        tx_hash=None,
        status="prepared",
        detail="",
    )
    path = asyncio.run(
        recorded(tmp_path / "history.sqlite", read(1, 1_000, 0, 900), left, read(8, 700, 800, 0), read(9, 700, 0, 700))
    )

    def btc(second: float) -> tuple[int, int | None]:
        with SqliteReader(path) as opened:
            row = board(opened, second).snapshot.inventory.rows[0]
        return int(row.leaving * 10**8), None if row.spendable is None else int(row.spendable * 10**8)

    assert btc(2) == (100, 900)
    assert btc(5) == (400, 600)
    assert btc(8.5) == (0, None)
    assert btc(9) == (0, 700)


def test_sources_and_commands_of_then(tmp_path: Path) -> None:
    def tick(second: int, source: str, mid: str) -> MarketPrice:
        price = Decimal(mid)
        return MarketPrice(at_ns=at(second), source=source, bid=price - 1, ask=price + 1, mid=price)

    def command(second: int, name: str) -> OperatorAction:
        return OperatorAction(
            at_ns=at(second),
            command_id=f"id-{second}",
            actor="ops",
            command=name,
            arguments="{}",
            accepted=True,
            reason="",
        )

    path = asyncio.run(
        recorded(
            tmp_path / "history.sqlite",
            tick(1, "kraken", "50000"),
            tick(2, "bitstamp", "50010"),
            command(3, "arm"),
            tick(4, "kraken", "50020"),
            command(6, "disarm"),
        )
    )
    with SqliteReader(path) as opened:
        early, late, old = board(opened, 3), board(opened, 7), board(opened, 65)
    assert early.run.startswith(NOTHING_DECIDED)
    assert [(one.source, one.mid, one.state) for one in early.snapshot.market.sources] == [
        ("bitstamp", Decimal(50_010), "unknown"),
        ("kraken", Decimal(50_000), "unknown"),
    ]
    assert [one.mid for one in late.snapshot.market.sources] == [50_010, 50_020]
    assert old.snapshot.market.sources == ()
    assert [one.command for one in early.snapshot.journal] == ["arm"]
    assert [one.command for one in late.snapshot.journal] == ["disarm", "arm"]


def test_too_many_quotes_leave_committed_as_it_was_read(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moments, "MOST_SENT", 1)
    found = board(reader, 19.5)
    assert found.notes["quotes"].startswith("live quotes unknown")
    assert [row.reserved for row in found.snapshot.inventory.rows] == [0, 0]


def test_requests_are_counted_for_as_long_as_they_were_looked_at(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert board(reader, 29).snapshot.demand_ms == 29_000
    monkeypatch.setattr(rewound, "MOST_REQUESTS", 2)
    monkeypatch.setattr("cockpit.reports.rewind.money.MOST_REQUESTS", 2)
    few = board(reader, 29).snapshot
    assert (few.demand_ms, few.demand_by_market[0].buys) == (2_000, 2)


def test_what_was_earned_is_what_the_report_says(reader: Reader) -> None:
    then = earned_then(reader, DEFAULT_TOKENS, NOW, at(50))
    assert then.run == span_earned(reader, DEFAULT_TOKENS, Span(NOW, at(50) + 1))
    assert then.today is not None
    assert then.today == span_earned(reader, DEFAULT_TOKENS, Span(at(50) // DAY_NS * DAY_NS, at(50) + 1))
    assert (then.today.fills, then.mid) == (2, Decimal(50_300))
    assert earned_then(reader, DEFAULT_TOKENS, NOW, at(15)).run.fills == 1


def test_steps_by_fill_and_event_find_each_one_and_stop_at_the_ends(reader: Reader) -> None:
    fills = [board(reader, 0, "fill", 1).at_ns, board(reader, 10, "fill", 1).at_ns]
    assert fills == [at(10), at(20)]
    beyond = board(reader, 20, "fill", 1)
    assert (beyond.at_ns, beyond.edge) == (at(20), True)
    assert board(reader, 20, "fill", -1).at_ns == at(10)
    forward, back = [], []
    here = 0.0
    while not (there := board(reader, here, "event", 1)).edge:
        here = (there.at_ns - NOW) / NS_PER_S
        forward.append(here)
    assert forward == [5, 8, 9, 10, 18, 19, 20, 25, 26, 27, 28, 30, 90]
    while not (there := board(reader, here, "event", -1)).edge:
        here = (there.at_ns - NOW) / NS_PER_S
        back.append(here)
    assert back == forward[-2::-1]


def test_a_step_by_second_goes_to_its_last_moment(reader: Reader) -> None:
    assert board(reader, 10.3, "second", 1).at_ns == at(12) - 1
    assert board(reader, 10.3, "second", -1).at_ns == at(10) - 1
    assert recorded_board(reader, DEFAULT_TOKENS, 0, step="second", direction=-1).edge
    assert recorded_board(reader, DEFAULT_TOKENS, LATER_NS, step="second", direction=1).edge


@pytest.mark.parametrize("at_ns", [0, 1, LATER_NS - 1, LATER_NS])
def test_the_ends_of_time_are_moments_too(reader: Reader, at_ns: int) -> None:
    assert recorded_board(reader, DEFAULT_TOKENS, at_ns, course_s=604_800).at_ns == at_ns
    assert earned_then(reader, DEFAULT_TOKENS, 0, at_ns).run.fills == (2 if at_ns > NOW else 0)


def test_no_moment_reads_a_whole_table(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    asyncio.run(build(path, 1_000))
    with SqliteReader(path) as opened:
        asking = QueryRecorder(opened)
        for step in STEPS:
            for direction in (-1, 1):
                recorded_board(asking, DEFAULT_TOKENS, START_NS + 600 * NS_PER_S, step=step, direction=direction)
        steps = list(sqlite_steps(path, asking.asked))
    whole = tuple(f"SCAN {name} " for name in ({table.name for table in TABLES} | set("rcdla")))
    assert [(sql, step) for sql, step in steps if f"{step} ".startswith(whole)] == []


STEPS: tuple[Step, ...] = ("event", "fill", "second")


@pytest.mark.slow
@pytest.mark.parametrize("apart_ms", [50, 28_800])
def test_a_step_through_a_million_rows_takes_less_than_200_ms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, apart_ms: int
) -> None:
    """A history of four hours of 20 requests a second, and one of a hundred days."""
    monkeypatch.setattr(reading, "APART_NS", apart_ms * 10**6)
    path = tmp_path / "history.sqlite"
    asyncio.run(build(path, 1_000_000))
    here = START_NS + 270_000 * apart_ms * 10**6
    spent = []
    for step in STEPS:
        for direction in (-1, 1):
            start_s = time.process_time()
            with SqliteReader(path) as opened:
                found = recorded_board(opened, DEFAULT_TOKENS, here, step=step, direction=direction)
            spent.append(time.process_time() - start_s)
            assert len(found.snapshot.decisions) == MOST_ROWS
    assert max(sorted(spent)[:-1]) < 0.2, spent
    assert msgspec.json.encode(found.snapshot)
