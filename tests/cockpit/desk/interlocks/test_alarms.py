"""What the desk knows of the venue's alarms over time: held, replaced, journalled, and since when unreadable."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from cockpit.desk.api.command_journal import CommandJournal
from cockpit.desk.interlocks.alarms import COMMAND, SHOWN, STALE_NS, AlarmWatch
from cockpit.model.alarms import source_text, unasked, unreadable
from cockpit.model.environment import Environment
from cockpit.model.events import OperatorAction
from tests.support.desk.builders import NOW, Clock
from tests.support.recorder import MemoryRecorder
from tests.support.venue.http_server import HttpServer, Reply, Request, http_server
from tests.support.waiting import until
from venue.alarms.client import AlarmSource
from venue.alarms.scopes import OurScope
from venue.alarms.shield import SHIELD, read_incidents
from venue.alarms.status_page import STATUS_PAGE, read_posts
from venue.protocol.tokens import DEFAULT_TOKENS
from venue.protocol.units import NS_PER_MS, NS_PER_S

HOUR_MS = 3_600_000
GNOSIS = {"id": "1", "scopeType": "chain", "scopeValue": "gnosis", "status": "active"}
SOLANA = {"id": "2", "scopeType": "chain", "scopeValue": "sol", "status": "active"}


class Watching:
    """A watch of two sources on a loopback server, on virtual clocks."""

    def __init__(self, server: HttpServer, client: httpx.AsyncClient) -> None:
        self._server, self._client = server, client
        self.wall, self.monotonic = Clock(NOW), Clock(5 * NS_PER_S)
        self.recorder = MemoryRecorder()
        env = Environment(wall_ns=self.wall, monotonic_ns=self.monotonic)
        self.incidents: list[dict[str, Any]] = []
        self.posts: list[dict[str, Any]] = []
        self.broken: Reply | None = None
        self.addresses = ["maker.near"]
        self.asked = 0
        server.handler = self.answer
        self.watch = AlarmWatch(
            (
                (SHIELD, AlarmSource(SHIELD, f"{server.url}/public/status", client, read_incidents)),
                (STATUS_PAGE, AlarmSource(STATUS_PAGE, f"{server.url}/api/posts", client, read_posts)),
            ),
            lambda: OurScope.of(DEFAULT_TOKENS.tokens, self.addresses),
            env,
            CommandJournal(env, self.recorder),
            poll_s=0.01,
        )

    def again(self) -> "Watching":
        """The desk started anew on the same server and clocks, with nothing up."""
        other = Watching(self._server, self._client)
        other.wall.now_ns, other.monotonic.now_ns = self.wall.now_ns, self.monotonic.now_ns
        return other

    def answer(self, request: Request) -> Reply:
        self.asked += 1
        if self.broken is not None:
            return self.broken
        shield = {"activeIncidentCount": len(self.incidents), "activeIncidents": self.incidents}
        body = {"posts": self.posts} if request.target == "/api/posts" else shield
        return Reply(body=json.dumps(body).encode())

    async def ask(self) -> None:
        """Ask both sources once, and let the desk tick."""
        for one in self.watch._watched:
            assert one.source is not None
            await self.watch._ask(one, one.source)
        self.watch.note()

    def pass_ms(self, ms: int) -> None:
        self.wall.pass_ms(ms)
        self.monotonic.pass_ms(ms)
        self.watch.note()

    @property
    def effects(self) -> list[str]:
        return [row.effect for row in self.watch.state().rows]

    @property
    def journalled(self) -> list[OperatorAction]:
        return [one for one in self.recorder.events if isinstance(one, OperatorAction)]


@pytest.fixture
async def watching() -> AsyncIterator[Watching]:
    async with http_server(lambda request: Reply()) as server, httpx.AsyncClient(trust_env=False) as client:
        yield Watching(server, client)


async def test_nothing_is_known_before_the_first_answer(watching: Watching) -> None:
    assert unasked(watching.watch.state())
    await watching.ask()
    state = watching.watch.state()
    assert (unasked(state), unreadable(state), state.rows) == (False, False, ())
    watching.pass_ms(40_000)
    assert [source_text(row) for row in watching.watch.state().sources] == [
        "SHIELD read 40s ago",
        "status page read 40s ago",
    ]


async def test_an_alarm_holds_until_a_readable_answer_says_otherwise(watching: Watching) -> None:
    watching.incidents = [GNOSIS]
    watching.posts = [{"id": "p", "post_type": "incident", "title": "Delays", "starts_at": None, "ends_at": None}]
    await watching.ask()
    assert watching.effects == ["disarms", "disarms"]
    watching.incidents, watching.posts = [], []
    for broken in (Reply(500), Reply(body=b"<html>"), Reply(body=b'{"activeIncidents": 3}'), Reply(body=b"{}")):
        watching.broken = broken
        watching.pass_ms(60_000)
        await watching.ask()
        assert watching.effects == ["disarms", "disarms"]
        assert unreadable(watching.watch.state())
    watching.broken = None
    await watching.ask()
    assert watching.effects == []
    assert not unreadable(watching.watch.state())


async def test_an_address_that_becomes_ours_counts_from_the_next_answer_on(watching: Watching) -> None:
    watching.incidents = [{"id": "a", "scopeType": "address", "scopeValue": "1BoatSLRHtKNngkdXEeobR76b53LETtpyT"}]
    await watching.ask()
    assert watching.effects == ["shown"]
    watching.addresses.append("1BoatSLRHtKNngkdXEeobR76b53LETtpyT")
    await watching.ask()
    assert watching.effects == ["disarms"]


async def test_a_source_says_since_when_it_cannot_be_read(watching: Watching) -> None:
    await watching.ask()
    watching.broken = Reply(503)
    for _ in range(3):
        watching.pass_ms(60_000)
        await watching.ask()
    watching.pass_ms(5_000)
    (row, _) = watching.watch.state().sources
    assert (row.age_ms, row.unreadable_ms) == (185_000, 125_000)
    assert source_text(row).startswith("SHIELD unreadable for 2m05s (read 3m05s ago): 127.0.0.1:")
    assert source_text(row).endswith("answered HTTP 503")
    assert watching.effects == []


async def test_a_source_that_never_answered_only_warns(watching: Watching) -> None:
    watching.broken = Reply(500)
    await watching.ask()
    state = watching.watch.state()
    assert (state.rows, unasked(state), unreadable(state)) == ((), False, True)
    assert "never read" in source_text(state.sources[0])


async def test_an_old_answer_counts_as_unreadable(watching: Watching) -> None:
    await watching.ask()
    watching.pass_ms(STALE_NS // NS_PER_MS)
    assert not unreadable(watching.watch.state())
    watching.pass_ms(1)
    assert unreadable(watching.watch.state())
    assert "it was not asked lately" in source_text(watching.watch.state().sources[0])


async def test_an_announced_maintenance_warns_then_disarms_then_is_over(watching: Watching) -> None:
    starts, ends = watching.wall() // NS_PER_MS + HOUR_MS, watching.wall() // NS_PER_MS + 2 * HOUR_MS
    watching.posts = [{"id": "m", "post_type": "maintenance", "title": "Up", "starts_at": starts, "ends_at": ends}]
    await watching.ask()
    assert watching.effects == ["warns"]
    watching.pass_ms(HOUR_MS - 1)
    assert watching.effects == ["warns"]
    watching.pass_ms(1)
    assert watching.effects == ["disarms"], "by the clock, without a new answer"
    watching.pass_ms(2 * HOUR_MS)
    assert watching.effects == ["disarms"], "nobody read that it is over"
    await watching.ask()
    assert watching.effects == []
    texts = [one.reason for one in watching.journalled]
    assert len(texts) == 3
    assert "maintenance: Up; starts " in texts[0]
    assert "maintenance: Up (scope unknown)" in texts[1]
    assert texts[2] == "no alarms"


async def test_what_changes_is_journalled_once_as_the_desk_s_own(watching: Watching) -> None:
    await watching.ask()
    assert watching.journalled == []
    watching.incidents = [GNOSIS, SOLANA]
    for _ in range(3):
        await watching.ask()
        watching.pass_ms(1_000)
    watching.incidents = [SOLANA]
    await watching.ask()
    first, second = watching.journalled
    assert (first.actor, first.command, first.accepted) == ("desk", COMMAND, True)
    assert first.reason == (
        "SHIELD: chain gnosis (touches what this desk uses); SHIELD: chain sol (touches others only)"
    )
    assert second.reason == "SHIELD: chain sol (touches others only)"
    assert [row["effect"] for row in json.loads(first.arguments)["alarms"]] == ["disarms", "shown"]


async def test_what_an_earlier_run_saw_holds_until_the_first_readable_answer(watching: Watching) -> None:
    starts = watching.wall() // NS_PER_MS + HOUR_MS
    watching.posts = [{"id": "m", "post_type": "maintenance", "title": "Up", "starts_at": starts, "ends_at": None}]
    watching.incidents = [GNOSIS, SOLANA]
    await watching.ask()
    before = watching.watch.state().rows
    recorded = watching.journalled[-1].arguments

    restarted = watching.again()
    restarted.watch.remember(recorded)
    restarted.broken = Reply(500)
    await restarted.ask()
    assert restarted.watch.state().rows == before
    assert restarted.journalled == [], "nothing changed"
    assert not restarted.watch.state().sources[0].age_ms
    restarted.pass_ms(HOUR_MS)
    assert restarted.effects == ["disarms", "disarms", "shown"], "the announced maintenance started"
    restarted.broken, restarted.incidents = None, []
    await restarted.ask()
    assert [(row.source, row.effect) for row in restarted.watch.state().rows] == []
    assert restarted.journalled[-1].reason == "no alarms"


async def test_alarms_beyond_the_recorded_ones_hold_too(watching: Watching) -> None:
    watching.incidents = [{"id": f"{n}", "scopeType": "chain", "scopeValue": "sol"} for n in range(50)]
    await watching.ask()
    assert set(watching.effects) == {"shown"}
    restarted = watching.again()
    restarted.watch.remember(watching.journalled[-1].arguments)
    assert restarted.effects == ["disarms", *["shown"] * (SHOWN - 1)], "which 30 they were is not known any more"


@pytest.mark.parametrize("recorded", [None, "", "{}", "[]", '{"alarms": 3}', '{"alarms": [{}]}', '{"alarms": []}'])
async def test_a_record_that_cannot_be_read_is_no_alarm(watching: Watching, recorded: str | None) -> None:
    watching.watch.remember(recorded)
    assert watching.effects == []


async def test_thousands_of_alarms_are_bounded_everywhere(watching: Watching) -> None:
    watching.incidents = [{"id": f"{n}", "scopeType": "chain", "scopeValue": "sol"} for n in range(5_000)]
    await watching.ask()
    state = watching.watch.state()
    assert (len(state.rows), state.more) == (SHOWN, 81)
    assert watching.effects == ["disarms", *["shown"] * (SHOWN - 1)], "those beyond the bound may be ours"
    (entry,) = watching.journalled
    assert len(entry.reason) + len(entry.arguments) < 10_000
    assert entry.reason.endswith("; and 98 more")


async def test_both_sources_are_asked_again_each_on_its_own(watching: Watching) -> None:
    running = asyncio.create_task(watching.watch.run())

    async def asked_often() -> bool:
        return watching.asked >= 8

    await until(asked_often, 10, "both were asked again and again")
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
