"""What the venue lets the account do, read from a sandbox over loopback, and from services that lie, stall or fail."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest

from cockpit.desk.risk.venue_access import PAUSE_SEEN_MS, Known, VenueAccess
from cockpit.model.environment import Environment
from tests.support.desk.builders import NOW, Clock
from tests.support.venue.http_server import Handler, Reply, http_server, rpc, rpc_error, view
from tests.support.waiting import until
from venue.bridges.poa.client import Bridge
from venue.near.rpc import NearRpc
from venue.protocol.tokens import BTC, EURE
from venue.protocol.units import NS_PER_S
from venue.relay.rpc import RelayRpc
from venue.sandbox.config import VenueConfig
from venue.sandbox.server import Venue
from venue.transport.messages import UNREADABLE
from venue.verifier import PAUSED, Verifier

UNKNOWN_INTENT = {"status": "NOT_FOUND_OR_NOT_VALID", "intent_hash": "1" * 32}
ROWS = [
    {
        "defuse_asset_identifier": "btc:mainnet:native",
        "near_token_id": name,
        "intents_token_id": f"nep141:{name}",
        "decimals": 8,
        "asset_name": "BTC",
    }
    for name in ("nbtc.bridge.near", "btc.omft.near")
]
EURE_ROW = {
    "defuse_asset_identifier": "eth:100:0x42",
    "near_token_id": EURE.near_token,
    "decimals": 18,
    "asset_name": "EURe",
}


def access_to(
    near: str,
    relay: str,
    bridge: str,
    client: httpx.AsyncClient,
    *,
    clock: Clock,
    key: str = "key",
    every_ms: int = 100,
) -> VenueAccess:
    return VenueAccess(
        Environment(monotonic_ns=clock, wall_ns=lambda: NOW),
        "maker.sandbox.near",
        key,
        (BTC, EURE),
        verifier=Verifier(NearRpc([near], client, timeout_s=0.5)),
        relay=RelayRpc(relay, client, lambda: key, timeout_s=0.5),
        bridge=Bridge(bridge, client, timeout_s=0.5),
        every_ms=every_ms,
    )


class Sandboxed:
    """An access to a sandbox, with the sandbox's faults."""

    def __init__(self, venue: Venue, client: httpx.AsyncClient) -> None:
        env = venue.env()
        self._control, self._client = env["SANDBOX_CONTROL_URL"], client
        self.clock = Clock(NS_PER_S)
        self.access = access_to(
            env["NEAR_RPC_URL"].split(",")[0],
            env["NEAR_INTENTS_RELAY_RPC_URL"],
            env["NEAR_INTENTS_BRIDGE_URL"],
            client,
            clock=self.clock,
            key=env["NEAR_INTENTS_API_KEY"],
        )

    async def faults(self, **faults: object) -> None:
        """Switch faults of the sandbox, and ask everything again."""
        (await self._client.post(f"{self._control}/faults", json=faults)).raise_for_status()
        self.clock.pass_ms(50)
        await self.access.read()


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield client


@pytest.fixture
async def sandboxed(client: httpx.AsyncClient) -> AsyncIterator[Sandboxed]:
    venue = Venue(VenueConfig(rate=0, rivals=False, deposit_btc=0, start_paused=True))
    await venue.start()
    try:
        yield Sandboxed(venue, client)
    finally:
        await venue.stop()


async def test_before_the_first_answer_everything_is_unknown(client: httpx.AsyncClient) -> None:
    facts = access_to("http://127.0.0.1:1", "http://127.0.0.1:1", "http://127.0.0.1:1", client, clock=Clock(1)).facts()
    for known in (facts.locked, facts.predecessor, facts.paused, facts.key_accepted, facts.unlisted):
        assert known == Known()
        assert known.unknown(facts.max_age_ms) == "not known yet"


async def test_a_healthy_venue_shuts_nothing(sandboxed: Sandboxed) -> None:
    await sandboxed.access.read()
    facts = sandboxed.access.facts()
    assert (facts.locked.value, facts.predecessor.value, facts.paused.value) == (False, True, ())
    assert (facts.key_accepted.value, facts.unlisted.value) == (True, ())
    assert (facts.token_end_ns, facts.token_left_ms) == (None, None)
    assert not facts.locked.unknown(facts.max_age_ms)


async def test_what_the_administrators_shut_is_read_and_so_is_its_end(sandboxed: Sandboxed) -> None:
    access = sandboxed.access
    await sandboxed.faults(account_locked=True, no_predecessor=True, paused=["ft_withdraw", "mt_transfer"])
    facts = access.facts()
    assert (facts.locked.value, facts.predecessor.value) == (True, False)
    assert facts.paused.value == ("ft_withdraw", "mt_transfer")
    assert facts.paused_here == ("ft_withdraw",)

    await sandboxed.faults(mend=True, bridge_delists=[EURE.token_id])
    facts = access.facts()
    assert (facts.locked.value, facts.predecessor.value, facts.paused.value) == (False, True, ())
    assert facts.unlisted.value == ("EURe",)


async def test_without_a_list_of_pauses_a_simulation_shows_that_intents_are_paused(sandboxed: Sandboxed) -> None:
    await sandboxed.faults(verifier_lacks=["pa_all_paused"], paused=["intents"])
    assert sandboxed.access.facts().paused.value == ("intents",)
    await sandboxed.faults(paused=[])
    facts = sandboxed.access.facts()
    assert (facts.paused.value, facts.paused.absent) == (None, True)
    assert not facts.paused.unknown(facts.max_age_ms)
    await sandboxed.faults(verifier_lacks=["is_account_locked", "is_auth_by_predecessor_id_enabled"])
    facts = sandboxed.access.facts()
    assert (facts.locked.absent, facts.predecessor.absent, facts.paused.value) == (True, True, ())


@pytest.mark.parametrize("status", ["401", "403"])
async def test_a_key_that_the_rpc_refuses_is_not_accepted(sandboxed: Sandboxed, status: str) -> None:
    await sandboxed.faults(relay_rpc=status)
    known = sandboxed.access.facts().key_accepted
    assert (known.value, known.problem) == (False, f"HTTP {status}")
    await sandboxed.faults(relay_rpc="ok")
    assert sandboxed.access.facts().key_accepted.value is True


@pytest.mark.parametrize("fault", ["429", "500", "garbage"])
async def test_an_rpc_that_fails_says_nothing_about_the_key(sandboxed: Sandboxed, fault: str) -> None:
    await sandboxed.faults(relay_rpc=fault)
    assert sandboxed.access.facts().key_accepted.value is None
    await sandboxed.faults(relay_rpc="ok")
    await sandboxed.faults(relay_rpc=fault)
    facts = sandboxed.access.facts()
    assert (facts.key_accepted.value, facts.key_accepted.age_ms) == (True, 50)
    assert facts.key_accepted.problem
    sandboxed.clock.pass_ms(facts.max_age_ms)
    assert "unknown for" in sandboxed.access.facts().key_accepted.unknown(facts.max_age_ms)


async def asked(handler: Handler, client: httpx.AsyncClient, known: Callable[[VenueAccess], Known[Any]]) -> Known[Any]:
    """What one answer makes known, whichever service it comes from."""
    async with http_server(handler) as server:
        access = access_to(server.url, server.url, server.url, client, clock=Clock(NS_PER_S))
        await access.read()
    return known(access)


def key(access: VenueAccess) -> Known[bool]:
    return access.facts().key_accepted


def unlisted(access: VenueAccess) -> Known[tuple[str, ...]]:
    return access.facts().unlisted


@pytest.mark.parametrize(
    ("handler", "value", "problem"),
    [
        (rpc(UNKNOWN_INTENT), True, ""),
        (rpc_error("Unauthorized"), False, "Unauthorized"),
        (rpc_error({"code": -1, "message": "unauthorized"}), False, "unauthorized"),
        (lambda _: Reply(401, b"<html>sign in</html>"), False, "HTTP 401"),
        (lambda _: Reply(403), False, "HTTP 403"),
        (rpc_error("forbidden", 403), False, "HTTP 403"),
        (rpc_error({"code": -32602, "message": "Invalid params: intent_hash"}), True, "refused the probe: Invalid"),
        (rpc_error("Not Found", 404), None, "Not Found"),
        (rpc({**UNKNOWN_INTENT, "status": "SETTLED"}), None, "cannot exist: SETTLED"),
        (rpc({**UNKNOWN_INTENT, "status": "\x1b[31m" + "x" * 5_000}), None, UNREADABLE),
        (rpc({"status": True}), None, UNREADABLE),
        (rpc(None), None, UNREADABLE),
        (rpc([]), None, UNREADABLE),
        (lambda _: Reply(200, b"\xff" * 100), None, UNREADABLE),
        (lambda _: Reply(hang=True), None, "did not answer"),
        (lambda _: Reply(raw=b""), None, "cannot be reached"),
    ],
)
async def test_what_an_answer_of_the_rpc_says_about_the_key(
    client: httpx.AsyncClient, handler: Handler, value: bool | None, problem: str
) -> None:
    known = await asked(handler, client, key)
    assert known.value is value
    assert problem in known.problem
    assert known.problem.isprintable()
    assert len(known.problem) < 500
    assert (known.age_ms is None) is (value is None)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([*ROWS, EURE_ROW], ()),
        ([ROWS[1], EURE_ROW], ()),
        ([ROWS[0], EURE_ROW], ("BTC",)),
        (ROWS, ("EURe",)),
        ([{**EURE_ROW, "near_token_id": "x.near"}], ("BTC", "EURe")),
        ([{**ROWS[1], "near_token_id": "nep141:btc.omft.near"}, EURE_ROW], ()),
        ([], None),
        ([{**ROWS[1], "near_token_id": None}, EURE_ROW], None),
        ([{**ROWS[1], "decimals": -1}, EURE_ROW], None),
        ("none", None),
    ],
)
async def test_a_token_is_delisted_only_by_a_whole_answer_without_it(
    client: httpx.AsyncClient, rows: Any, expected: tuple[str, ...] | None
) -> None:
    known = await asked(rpc({"tokens": rows}), client, unlisted)
    assert known.value == expected
    assert (known.problem == "") is (expected is not None)


async def test_the_two_btc_rows_are_told_apart_by_their_contracts(client: httpx.AsyncClient) -> None:
    """Both rows have one asset identifier; the legacy token is gone when only nBTC's row is left."""
    known = await asked(rpc({"tokens": [ROWS[0], EURE_ROW]}), client, unlisted)
    assert known.value == ("BTC",)


@pytest.mark.parametrize("lie", [None, "false", 1, [], {}])
async def test_a_lock_that_cannot_be_read_is_unknown(client: httpx.AsyncClient, lie: Any) -> None:
    known = await asked(view(lie), client, lambda access: access.facts().locked)
    assert known.value is None
    assert not known.absent
    assert known.unknown(10**9).startswith("not known yet: ")


async def test_a_refusal_for_a_pause_counts_for_a_while_and_is_asked_about_at_once(sandboxed: Sandboxed) -> None:
    access, clock = sandboxed.access, sandboxed.clock
    access.note_quote_refusal("invalid signature")
    access.note_withdrawal("paid out")
    assert access.facts().pause_seen == ""
    access.note_withdrawal(f"NEAR refused it, nothing left: Smart contract panicked: {PAUSED}")
    assert access.facts().pause_seen == "a withdrawal was refused"
    clock.pass_ms(PAUSE_SEEN_MS - 1)
    assert access.facts().pause_seen
    clock.pass_ms(1)
    assert access.facts().pause_seen == ""
    access.note_quote_refusal(PAUSED)
    assert access.facts().pause_seen == "a quote was refused"


async def running(access: VenueAccess, waits: Callable[[], Awaitable[None]]) -> None:
    task = asyncio.create_task(access.run())
    try:
        await waits()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_sighting_wakes_the_reading_of_the_pauses(client: httpx.AsyncClient) -> None:
    async with http_server(view(["intents"])) as node:
        access = access_to(node.url, node.url, node.url, client, clock=Clock(NS_PER_S), every_ms=600_000)

        def readings() -> int:
            return sum(b"pa_all_paused" in request.body for request in node.requests)

        async def waits() -> None:
            await until(lambda: readings() == 1)
            access.note_quote_refusal(PAUSED)
            await until(lambda: readings() == 2)

        await running(access, waits)


async def test_one_service_that_stalls_does_not_keep_the_others_from_being_read(client: httpx.AsyncClient) -> None:
    async with http_server(lambda _: Reply(hang=True)) as stalled, http_server(view(False)) as node:
        access = access_to(node.url, stalled.url, stalled.url, client, clock=Clock(NS_PER_S))

        def locks() -> int:
            return sum(
                json.loads(request.body)["params"]["method_name"] == "is_account_locked" for request in node.requests
            )

        async def waits() -> None:
            await until(lambda: locks() >= 3)

        await running(access, waits)
        assert access.facts().locked.value is False
        assert access.facts().key_accepted.value is None
