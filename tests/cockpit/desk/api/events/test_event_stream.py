"""Followers cost the desk nothing while there are none, and a slow one costs a bounded queue and nobody else."""

import asyncio
import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.client import unix_connect

from cockpit.desk.api.events.event_route import TOO_MANY
from cockpit.desk.api.events.event_stream import MOST_FOLLOWERS, EventStream, Follower
from cockpit.model.events import OperatorAction, SwapDemand
from storage.sqlite.history import SqliteHistory
from storage.topics.lines import GAP, MARK
from tests.support.desk.events_desk import EventsDesk
from tests.support.history import rows
from tests.support.waiting import until

ACTIONS = frozenset({OperatorAction})


class CountingHistory(SqliteHistory):
    asked = 0

    async def position(self) -> dict[str, int]:
        self.asked += 1
        return {}


async def test_without_a_follower_there_is_no_work(tmp_path: Path) -> None:
    history = CountingHistory(tmp_path / "history.sqlite")
    stream = EventStream(history)
    for n in range(100):
        await stream.take([rows.action(n)])
    assert history.asked == 0
    with stream.following(Follower(ACTIONS)) as begun:
        await stream.take([])
        assert begun.done()
        await stream.take([])
        assert history.asked == 1
    await stream.take([rows.action(1)])
    assert (history.asked, len(stream)) == (1, 0)


@given(st.lists(st.one_of(st.integers(1, 30), st.none()), max_size=40))
def test_what_a_slow_follower_misses_is_counted(steps: list[int | None]) -> None:
    asyncio.run(_what_a_slow_follower_misses_is_counted(steps))


async def _what_a_slow_follower_misses_is_counted(steps: list[int | None]) -> None:
    follower, recorded, got, lost = Follower(ACTIONS, most=50), 0, 0, 0

    async def read() -> None:
        nonlocal got, lost
        portion = await follower.next()
        lost += portion.lost
        for event in portion.events:
            # Those that were lost lie before these, and nowhere else.
            assert event == rows.action(got + lost)
            got += 1

    for many in steps:
        if many is not None:
            follower.put([rows.demand(1), *(rows.action(recorded + n) for n in range(many))], {})
            recorded += many
            assert follower.waiting <= 50
        elif recorded > got + lost:
            await read()
    while recorded > got + lost:
        await read()
    assert recorded == got + lost


async def test_a_reader_that_stalls_is_told_how_many_it_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = EventsDesk(tmp_path)
    await desk.start()
    many, long = 3_000, "x" * 2_000
    uri = "ws://desk/events?topic=ops.operator_action"
    async with unix_connect(str(desk.socket_path), uri, max_queue=1, close_timeout=0.1) as slow:
        hello = json.loads(await slow.recv())
        assert (hello["topic"], hello["run_id"]) == ("desk", "run-1")
        slow.transport.pause_reading()
        await until(lambda: desk.stream._followers)
        [follower] = desk.stream._followers
        monkeypatch.setattr(follower, "_most", 600)
        desk.record(*(msgspec.structs.replace(rows.action(n), reason=long) for n in range(many)))
        await desk.writer.flush()
        assert follower.waiting <= 600
        slow.transport.resume_reading()
        got = lost = 0
        async with asyncio.timeout(30):
            while got + lost < many:
                for line in map(json.loads, str(await slow.recv()).split("\n")):
                    if line["topic"] == GAP:
                        lost += line["lost"]
                    elif line["topic"] != MARK:
                        assert line["command_id"] == rows.action(got + lost).command_id
                        got += 1
        assert lost > 0
        assert got + lost == many
    await desk.stop()


async def test_so_many_may_follow_and_no_more(tmp_path: Path) -> None:
    desk = EventsDesk(tmp_path)
    await desk.start()
    uri = "ws://desk/events"
    open_ones = [await unix_connect(str(desk.socket_path), uri) for _ in range(MOST_FOLLOWERS)]
    await until(lambda: len(desk.stream) == MOST_FOLLOWERS)
    async with unix_connect(str(desk.socket_path), uri) as late:
        assert json.loads(await late.recv()) == {"error": TOO_MANY}
    await open_ones[0].close()
    await until(lambda: len(desk.stream) < MOST_FOLLOWERS)
    async with unix_connect(str(desk.socket_path), uri) as another:
        assert json.loads(await another.recv())["topic"] == "desk"
    for one in open_ones:
        await one.close()
    await desk.stop()


def test_only_what_was_asked_for_waits() -> None:
    async def both() -> None:
        follower = Follower(frozenset({SwapDemand}))
        follower.put([rows.action(1)], {})
        assert follower.waiting == 0
        follower.put([rows.action(1), rows.demand(1)], {})
        assert [*(await follower.next()).events] == [rows.demand(1)]

    asyncio.run(both())
