"""The history beside a flood of requests, in a time that only counted work moves: neither holds up the other."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from cockpit.model.environment import Environment
from cockpit.model.events import TradeDecision
from cockpit.model.giving_way import give_way
from cockpit.model.recorder import LateEvent
from storage.sqlite.history import SqliteHistory
from storage.sqlite.writing.transaction import Group
from storage.writer import BATCH, HistoryWriter
from tests.support.history import rows as facts
from venue.transport.websocket import TURN_NS

US = 1_000
REQUEST_NS, ROW_NS, DECISION_NS, TURN_COST_NS = 250 * US, 7_500, 30 * US, 5 * US
"""What each takes of the processor, as measured; the last is a turn of the loop in which nothing waits."""
PER_REQUEST = 4
"""Rows: the request, its decision, its command and the relay's answer."""
BURST = 10
"""Requests that come at once."""
FOR_NS = 10**9
LONGEST_WAIT_NS = 3_100 * US
"""A burst alone takes 2.5 ms. Of the slices that come between, one turn of the loop for each makes 4.0, two 3.2, four
2.95 and eight 2.8.
"""
MOST_WAITING = 3 * BATCH
"""Rows: those of a tenth of a second, and a batch."""


class Sunk:
    """Takes rows and keeps none: what the disk does costs the desk nothing."""

    def __init__(self, flood: "Flood") -> None:
        self._flood = flood
        self.rows = 0

    async def open(self) -> None:
        return

    async def write(self, groups: AsyncIterator[Group], at_ns: int, run_id: str) -> int:
        taken = 0
        async for _, _, rows in groups:
            taken += len(rows)
            self._flood.worked(ROW_NS * len(rows))
        self.rows += taken
        return taken

    async def close(self) -> None:
        return


class Paced(HistoryWriter):
    """Pauses by the flood's time."""

    flood: "Flood"

    async def _pause(self, seconds: float) -> None:
        ends_ns = self.flood.now_ns + int(seconds * 10**9)
        while self.flood.now_ns < min(ends_ns, FOR_NS):
            await give_way()


class Flood:
    """Requests by the clock, answered in turns as those of the relay's connection are."""

    def __init__(self, rate: int) -> None:
        self._apart_ns = BURST * 10**9 // rate
        self._next_ns = self.now_ns = 0
        self._waiting: deque[int] = deque()
        self.answered = 0
        self.longest_wait_ns = 0
        self.writer: HistoryWriter

    def worked(self, ns: int) -> None:
        self.now_ns += ns

    def _arrive(self) -> None:
        while self._next_ns <= self.now_ns and self._next_ns < FOR_NS:
            self._waiting += [self._next_ns] * BURST
            self._next_ns += self._apart_ns

    def _turn(self) -> None:
        self._arrive()
        if not self._waiting:
            self.worked(TURN_COST_NS)
        ends_ns = self.now_ns + TURN_NS
        while self._waiting and self.now_ns < ends_ns:
            came_ns = self._waiting.popleft()
            self.worked(REQUEST_NS)
            self.longest_wait_ns = max(self.longest_wait_ns, self.now_ns - came_ns)
            self._record(self.answered)
            self.answered += 1

    def _record(self, n: int) -> None:
        record = self.writer.record
        record(facts.demand(n))
        self.writer.record_late(LateEvent(partial(self._decision, n)))
        record(facts.command(n))
        record(facts.result(n))

    def _decision(self, n: int) -> TradeDecision:
        self.worked(DECISION_NS)
        return facts.decision(n)

    async def run(self) -> int:
        """Flood until the time is over; return the most rows that waited to be written."""
        most = 0
        while self.now_ns < FOR_NS:
            self._turn()
            most = max(most, self.writer.depth)
            await asyncio.sleep(0)
        return most


@pytest.mark.parametrize("rate", [1_000, 2_000])
async def test_the_history_keeps_up_and_requests_wait_for_a_slice_or_two(tmp_path: Path, rate: int) -> None:
    flood = Flood(rate)
    sunk = Sunk(flood)
    history = SqliteHistory(tmp_path / "history.db", writing=lambda path, timeout_s: sunk)
    await history.open(facts.run())
    env = Environment(wall_ns=lambda: facts.START_NS + flood.now_ns)
    writer = flood.writer = Paced(history, env=env)
    writer.flood = flood
    writing = asyncio.create_task(writer.run())
    most_waiting = await flood.run()
    assert flood.answered >= rate - 2
    assert most_waiting <= MOST_WAITING
    assert flood.longest_wait_ns <= LONGEST_WAIT_NS
    writer.stop(30)
    await writing
    assert sunk.rows == writer.written == PER_REQUEST * flood.answered
    await history.close(facts.START_NS)
