"""Following prints each event once, in the order of its topic, whatever happens to the connection and to the desk."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from cockpit.cli.common import reader_of
from cockpit.cli.errors import RefusedByDeskError
from cockpit.cli.events.following import LATE, Following
from cockpit.client.desk_client import ConnectionLost
from cockpit.client.event_feed import event_frames
from cockpit.desk.api.events.event_route import FELL_BEHIND
from storage.topics.lines import BY_TOPIC, DESK, GAP, MARK, encoded, event_line, find_topics
from storage.topics.pages import Chosen, Position, read_page
from tests.support.desk.events_desk import EventsDesk
from tests.support.history import rows
from tests.support.waiting import until

EVERY = find_topics(())
SOON = (0.005,)
UNSHRUNK = (Phase.explicit, Phase.generate)
"""Each example starts desks: to shrink one would take minutes."""


class Printed:
    """What a follower printed."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def put(self, lines: Iterable[str]) -> None:
        self.lines += lines

    def of(self, *topics: str) -> list[dict[str, Any]]:
        found = map(json.loads, self.lines)
        return [line for line in found if line["topic"] in (topics or BY_TOPIC)]

    @property
    def events(self) -> list[str]:
        return [line for line in self.lines if json.loads(line)["topic"] in BY_TOPIC]


def recorded(path: Path) -> list[str]:
    with reader_of(path) as reader:
        page = read_page(reader, Chosen(tables=EVERY), {}, dict.fromkeys(_tables(), 2**62), 1_000_000)
    return list(page.lines)


def _tables() -> list[str]:
    return [table.name for table in EVERY.values()]


@asynccontextmanager
async def following(desk: EventsDesk, position: Position | None, topics: Sequence[str] = ()) -> AsyncIterator[Printed]:
    printed, tables = Printed(), find_topics(topics)
    opened = partial(reader_of, desk.history_path)
    follower = Following(opened, Chosen(tables=tables), position, printed.put, lambda: rows.START_NS)
    task = asyncio.create_task(follower.run(event_frames(desk.socket_path, tables, SOON)))
    try:
        yield printed
    finally:
        task.cancel()
        await asyncio.wait({task})
        if not task.cancelled() and task.exception() is not None:
            raise task.exception() or AssertionError


_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("record"), st.integers(1, 700)),
        st.tuples(st.just("again"), st.integers(1, 3)),
        st.tuples(st.just("drop"), st.just(0)),
        st.tuples(st.just("restart"), st.integers(0, 5)),
        st.tuples(st.just("wait"), st.integers(0, 3)),
    ),
    min_size=1,
    max_size=8,
)


@given(steps=_STEPS)
@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_each_event_is_printed_once(tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]) -> None:
    asyncio.run(_each_event_is_printed_once(tmp_path_factory.mktemp("d"), steps))


async def _each_event_is_printed_once(directory: Path, steps: list[tuple[str, int]]) -> None:
    desk, numbers = EventsDesk(directory), count()
    await desk.start()
    desk.record(*(rows.demand(next(numbers)) for _ in range(20)))
    await desk.writer.flush()
    async with following(desk, {}) as printed:
        for step, many in steps:
            if step == "record":
                some = [next(numbers) for _ in range(many)]
                desk.record(*(event for n in some for event in (rows.price(n), rows.action(n))))
            elif step == "again":
                # A fact that is recorded twice is one row.
                desk.record(*[rows.action(5)] * many)
            elif step == "drop":
                desk.drop()
            elif step == "restart":
                await desk.stop(*(rows.action(next(numbers)) for _ in range(many)))
                await desk.start()
            else:
                await asyncio.sleep(many / 200)
        await desk.writer.flush()
        wanted = recorded(desk.history_path)
        await until(lambda: len(printed.events) >= len(wanted), 30)
        assert sorted(printed.events) == sorted(wanted)
        assert [one["quote_id"] for one in printed.of("norm.swap_demand")] == [f"quote-{n}" for n in range(20)]
        assert printed.of(GAP) == []
        await desk.stop()


async def test_a_batch_that_came_half_is_read_from_the_history(tmp_path: Path) -> None:
    desk = EventsDesk(tmp_path)
    await desk.start()
    events = [rows.action(n) for n in range(3)]
    desk.record(*events, events[0])
    await desk.writer.flush()
    position = dict(await desk.history.position())
    hello = {"topic": DESK, "run_id": "run-1", "state": "connected"}
    line = partial(event_line, "run-1")

    async def frames() -> AsyncIterator[str | ConnectionLost]:
        yield encoded({**hello, "position": {}})
        yield line(events[0])
        yield f"{line(events[1])}\n{line(events[2])}"
        yield ConnectionLost("cut off")
        yield encoded({**hello, "position": position})
        yield ConnectionLost("cut off")

    async def twice() -> AsyncIterator[str | ConnectionLost]:
        yield encoded({**hello, "position": {}})
        yield "\n".join(map(line, [*events, events[0]]))
        yield encoded({"topic": MARK, "run_id": "run-1", "position": position})
        yield "what no desk says"

    opened = partial(reader_of, desk.history_path)
    for received in (frames(), twice()):
        printed = Printed()
        follower = Following(opened, Chosen(tables=EVERY), {}, printed.put, lambda: rows.START_NS)
        await follower.run(received)
        assert printed.events == [line(event) for event in events]
    await desk.stop()


async def test_from_now_on_nothing_of_before_is_printed(tmp_path: Path) -> None:
    desk = EventsDesk(tmp_path)
    await desk.start()
    desk.record(rows.demand(1))
    await desk.writer.flush()
    async with following(desk, None, ["norm.swap_demand"]) as printed:
        await until(lambda: printed.of(DESK))
        desk.record(rows.action(1), rows.demand(2))
        await until(lambda: printed.events)
        [line] = printed.of()
        assert (line["quote_id"], line["run_id"]) == ("quote-2", "run-1")
    await desk.stop()


async def test_a_restart_is_a_line_and_following_goes_on(tmp_path: Path) -> None:
    desk = EventsDesk(tmp_path)
    await desk.start()
    async with following(desk, {}) as printed:
        await until(lambda: printed.of(DESK))
        await desk.stop(rows.action(1))
        await until(lambda: printed.of("ops.operator_action"))
        await desk.start()
        desk.record(rows.action(2))
        await until(lambda: len(printed.of("ops.operator_action")) == 2)
        shown = [(one["state"], one["run_id"]) for one in printed.of(DESK)]
        assert shown == [("connected", "run-1"), ("disconnected", "run-1"), ("connected", "run-2")]
    await desk.stop()


async def test_a_history_that_is_written_late_is_said_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = EventsDesk(tmp_path)
    await desk.start()

    async def away() -> Position | None:
        return None

    monkeypatch.setattr(desk.stream, "_position", away)
    async with following(desk, {}) as printed:
        await until(lambda: printed.of(GAP))
        assert [(one["lost"], one["reason"]) for one in printed.of(GAP)] == [(None, LATE)]
        desk.record(rows.action(1))
        await until(lambda: printed.events)
        monkeypatch.undo()
        desk.record(rows.action(2))
        await until(lambda: len(printed.events) == 2)
        desk.drop()
        desk.record(rows.action(3))
        await until(lambda: len(printed.events) == 3)
    await desk.stop()


async def test_a_gap_is_printed_and_the_rest_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from cockpit.desk.api.events import event_stream

    desk = EventsDesk(tmp_path)
    await desk.start()
    async with following(desk, {}) as printed:
        await until(lambda: desk.stream._followers)
        [follower] = desk.stream._followers
        monkeypatch.setattr(follower, "_most", 10)
        # One batch is more than its queue may hold.
        desk.record(*(rows.action(n) for n in range(50)))
        await until(lambda: printed.of(GAP))
        desk.record(rows.action(50))
        await until(lambda: len(printed.events) >= 1)
        lost = sum(one["lost"] for one in printed.of(GAP))
        assert lost + len(printed.events) == 51
        assert {one["reason"] for one in printed.of(GAP)} == {FELL_BEHIND}
        assert event_stream.MOST_EVENTS == 5_000
    await desk.stop()


async def test_what_a_desk_refuses_is_said(tmp_path: Path) -> None:
    desk = EventsDesk(tmp_path)
    await desk.start()

    async def refused() -> AsyncIterator[str]:
        async for frame in event_frames(desk.socket_path, ["decision.trade_decisions"]):
            assert isinstance(frame, str)
            yield frame

    opened = partial(reader_of, desk.history_path)
    follower = Following(opened, Chosen(tables=EVERY), None, Printed().put, lambda: 0)
    with pytest.raises(RefusedByDeskError, match=r"did you mean decision\.trade_decision\?"):
        await follower.run(refused())
    await desk.stop()
