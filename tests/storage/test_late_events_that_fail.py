"""A late event that cannot be made costs no other event, stops no trading, and is told."""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Literal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import storage.writer
from cockpit.model.events import AnyEvent, Check, TradeDecision
from cockpit.model.recorder import LateEvent
from storage.errors import HistoryError
from storage.sqlite.history import SqliteHistory
from storage.unmade_events import LOGGED
from storage.writer import HistoryWriter
from tests.support.history import rows as facts
from tests.support.waiting import until

UNTOLD = "what the error says is not told: it may hold anything"
MOST_TURNS = 5_000
Kind = Literal["command", "result", "withdrawal", "made", "undescribed", "unmade"]
KINDS: tuple[Kind, ...] = ("command", "result", "withdrawal", "made", "undescribed", "unmade")


class Kept(SqliteHistory):
    """Keeps what it is given in memory; each attempt to write fails where ``outages`` says so."""

    def __init__(self, outages: Sequence[bool] = ()) -> None:
        super().__init__(Path("/nonexistent/history.sqlite"))
        self._outages: Iterator[bool] = iter(outages)
        self.events: list[AnyEvent] = []

    async def write(self, batch: Sequence[AnyEvent]) -> None:
        if next(self._outages, False):
            raise HistoryError("the disk is full")
        self.events += batch

    async def heartbeat(self, at_ns: int) -> None:
        return


def failing() -> TradeDecision:
    raise ValueError(UNTOLD)


def undescribed(n: int) -> TradeDecision:
    return msgspec.structs.replace(facts.decision(n), checks=(Check("size", True, "not recorded"),), view="")


def late(n: int, kind: Kind) -> LateEvent[TradeDecision]:
    return LateEvent(
        partial(facts.decision, n) if kind == "made" else failing,
        instead=failing if kind == "unmade" else partial(undescribed, n),
        name=("TradeDecision", f"decision-{n}", f"quote-{n}"),
    )


def record(writer: HistoryWriter, n: int, kind: Kind) -> list[AnyEvent]:
    """Record an event; return what must be on record of it."""
    if kind in ("made", "undescribed", "unmade"):
        writer.record_late(late(n, kind))
        return [facts.decision(n)] if kind == "made" else [undescribed(n)] if kind == "undescribed" else []
    event = facts.command(n) if kind == "command" else facts.result(n) if kind == "result" else facts.withdrawal(n)
    writer.record(event)
    return [event]


async def flushed(writer: HistoryWriter) -> None:
    """Flush within some turns of the loop: nothing here waits for anything else."""
    flushing = asyncio.create_task(writer.flush())
    for _ in range(MOST_TURNS):
        if flushing.done():
            break
        await asyncio.sleep(0)
    assert flushing.done(), "the flush does not end"
    await flushing


@settings(max_examples=60, deadline=None)
@given(
    kinds=st.lists(st.sampled_from(KINDS), max_size=40),
    batch=st.integers(1, 12),
    outages=st.lists(st.booleans(), max_size=4),
    again=st.lists(st.sampled_from(KINDS), max_size=10),
)
def test_all_other_events_are_written_in_order_and_once(
    kinds: list[Kind], batch: int, outages: list[bool], again: list[Kind]
) -> None:
    async def case() -> None:
        history, told = Kept(outages), list[str]()
        writer = HistoryWriter(history, interval_s=0, on_failure=told.append)
        wanted = [event for n, kind in enumerate(kinds) for event in record(writer, n, kind)]
        running = asyncio.create_task(writer.run())
        await flushed(writer)
        for n, kind in enumerate(again, len(kinds)):
            wanted += record(writer, n, kind)
        await flushed(writer)
        writer.stop()
        await running
        assert history.events == wanted
        every, state = [*kinds, *again], writer.state()
        assert (state.written, state.queue, state.dropped) == (len(wanted), 0, 0)
        assert (state.undescribed, state.unmade) == (every.count("undescribed"), every.count("unmade"))
        assert bool(state.degraded) == bool(state.undescribed or state.unmade)
        assert set(told) <= {"the disk is full"}, "it is no reason to disarm"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(storage.writer, "BATCH", batch)
        patch.setattr(storage.writer, "FIRST_RETRY_S", 0.0)
        asyncio.run(case())


async def test_each_is_told_with_its_ids_and_without_the_text_of_the_error(caplog: pytest.LogCaptureFixture) -> None:
    writer = HistoryWriter(Kept(), interval_s=0)
    for n, kind in enumerate(KINDS):
        record(writer, n, kind)
    running = asyncio.create_task(writer.run())
    await flushed(writer)
    problem = writer.state().degraded
    assert "1 event was recorded without texts" in problem
    assert "1 event could not be recorded" in problem
    for told in (problem, caplog.text):
        assert "TradeDecision decision-4 quote-4: ValueError in test_late_events_that_fail.py:" in told
        assert "TradeDecision decision-5 quote-5: ValueError in test_late_events_that_fail.py:" in told
        assert UNTOLD not in told
    await until(lambda: writer.writable)
    assert writer.complete
    writer.stop()
    await running


async def test_the_log_does_not_grow_with_events_that_are_on_record_anyway(caplog: pytest.LogCaptureFixture) -> None:
    writer = HistoryWriter(Kept(), interval_s=0)
    for n in range(10 * LOGGED):
        record(writer, n, "undescribed")
    record(writer, 10 * LOGGED, "unmade")
    running = asyncio.create_task(writer.run())
    await flushed(writer)
    lines = [one for one in caplog.records if one.levelno == logging.ERROR]
    assert len(lines) == LOGGED + 1
    assert f"decision-{10 * LOGGED}" in lines[-1].getMessage(), "one that is nowhere else is always told"
    assert f"{10 * LOGGED} events were recorded without texts" in writer.state().degraded
    writer.stop()
    await running
