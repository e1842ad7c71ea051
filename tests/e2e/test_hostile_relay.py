"""A misbehaving relay: no message stops the desk, and nothing invalid is signed."""

import json

from cockpit.desk.quote_book.refusals import GONE, GONE_CODE
from cockpit.model.commands import Part
from storage.reader import LATER_NS, Span
from storage.reporting.trading import count_events
from storage.sqlite.reader import SqliteReader
from tests.e2e.conftest import Launch
from tests.support.processes.desk_process import DeskProcess
from tests.support.processes.relay_stand_in import standing_in
from tests.support.waiting import until
from venue.protocol.tokens import BTC

INGEST: Part = "near-intents-ingest"
ZCASH = "nep141:zec.omft.near"

BAD_REQUESTS: tuple[tuple[str, str, dict[str, object]], ...] = (
    ("an amount of zero", "malformed_amount", {"exact_amount_in": "0"}),
    ("a negative amount", "malformed_amount", {"exact_amount_in": "-5"}),
    ("an amount of 40 digits", "malformed_amount", {"exact_amount_in": "9" * 40}),
    ("an amount beyond u128", "malformed_amount", {"exact_amount_in": str(2**128)}),
    ("an amount with a fraction", "malformed_shape", {"exact_amount_in": 1.5}),
    ("both exact amounts", "malformed_exact_amounts", {"exact_amount_out": "1000"}),
    ("neither exact amount", "malformed_exact_amounts", {"exact_amount_in": None}),
    ("a deadline in the past", "malformed_deadline", {"min_deadline_ms": -1}),
    ("no quote_id", "malformed_quote_id", {"quote_id": None}),
    ("an unknown asset", "other_pairs", {"defuse_asset_identifier_in": ZCASH}),
    ("an asset against itself", "other_pairs", {"defuse_asset_identifier_out": BTC.token_id}),
)
BAD_FRAMES: tuple[tuple[str, str, str | bytes], ...] = (
    ("no JSON", "malformed_json", "hello"),
    ("nothing", "malformed_json", ""),
    ("half a JSON", "malformed_json", '{"jsonrpc":"2.0","method":"event","params":{"data":{"quote_id":"q'),
    ("a list", "malformed_shape", "[1,2,3]"),
    ("ten megabytes", "malformed_oversize", json.dumps({"method": "event", "pad": "x" * 10_000_000})),
    ("binary garbage", "malformed_json", bytes(range(256))),
    ("a thousand levels", "malformed_json", '{"params":' * 1000),
    ("a thousand levels in an unknown field", "malformed_json", '{"x":' + "[" * 1000 + "]" * 1000 + "}"),
    ("a hundred thousand levels", "malformed_oversize", "[" * 100_000),
    ("sixty thousand levels", "malformed_shape", "[" * 60_000),
    ("a reply to nothing", "unknown_messages", '{"jsonrpc":"2.0","id":999999,"result":"OK"}'),
)


async def counter(desk: DeskProcess, name: str) -> int:
    return (await desk.health(INGEST)).counters.get(name, 0)


async def test_bad_input_is_counted_and_never_signed(launch: Launch) -> None:
    async with standing_in() as relay:
        desk = await launch(NEAR_INTENTS_RELAY_WS_URL=relay.url)
        await desk.arm()
        good = [await relay.is_quoted()]

        async def rejected(what: str, name: str, before: int) -> None:
            async def count_events() -> bool:
                return await counter(desk, name) == before + 1

            await until(count_events, 10, f"{what} is counted as {name}")
            good.append(await relay.is_quoted())

        for what, name, changes in BAD_REQUESTS:
            before = await counter(desk, name)
            quote_id = await relay.ask(**changes)
            await rejected(what, name, before)
            assert relay.quoted(quote_id) == 0, what
        for what, name, frame in BAD_FRAMES:
            before = await counter(desk, name)
            await relay.send(frame)
            await rejected(what, name, before)
        before = await counter(desk, "malformed_duplicate")
        await relay.ask(quote_id=good[0])
        await rejected("a duplicate quote_id", "malformed_duplicate", before)

        assert [quote["quote_id"] for quote in relay.quotes] == good
        shot = await desk.snapshot()
        assert shot.executor_armed
        assert shot.counts.sent == shot.counts.requests == shot.counts.decisions == len(good)
        assert relay.connections == 1


async def test_the_same_price_quoted_twice_is_committed_twice(launch: Launch) -> None:
    async with standing_in() as relay:
        desk = await launch(NEAR_INTENTS_RELAY_WS_URL=relay.url)
        await desk.arm()
        await relay.is_quoted()
        await relay.is_quoted()
        payloads = [quote["signed_data"]["payload"] for quote in relay.quotes]
        assert payloads[0]["nonce"] != payloads[1]["nonce"]
        shot = await desk.until(lambda shot: shot.alive.quotes == 2)
        given = sum(quote.gives for quote in shot.quotes)
        assert {row.symbol: row.reserved for row in shot.inventory.rows} == {"BTC": 0, "EURe": given}


async def test_an_unanswered_quote_is_unknown_and_stays_reserved_until_it_expires(launch: Launch) -> None:
    async with standing_in() as relay:
        relay.answer = None
        desk = await launch(NEAR_INTENTS_RELAY_WS_URL=relay.url, QUOTE_DEADLINE_MS="8000")
        await desk.arm()
        for _ in range(3):
            await relay.is_quoted()
        unknown = await desk.until(lambda shot: shot.counts.unknown == 3)
        assert {quote.outcome for quote in unknown.quotes} == {"unknown"}
        assert unknown.alive.quotes == 3
        assert unknown.inventory.rows[1].reserved == sum(quote.gives for quote in unknown.quotes)

        # A late answer corrects the outcome; a refused quote commits nothing, and is signed until it expires.
        await relay.send(json.dumps({"jsonrpc": "2.0", "id": relay.request_ids[1], "result": "OK"}))
        await relay.send(json.dumps({"jsonrpc": "2.0", "id": relay.request_ids[2], "error": GONE}))
        corrected = await desk.until(lambda shot: shot.counts.accepted == 1 and shot.counts.refused == 1)
        assert [quote.outcome for quote in corrected.quotes] == ["refused", "accepted", "unknown"]
        assert corrected.alive.quotes == 2

        expired = await desk.until(lambda shot: shot.counts.expired == 2)
        assert expired.alive.quotes == expired.inventory.rows[1].reserved == 0
        await until(lambda: desk.count("SELECT COUNT(*) FROM trade_execution_results WHERE outcome = 'expired'") == 3)
        with SqliteReader(desk.state_dir / "history.sqlite") as reader:
            outcomes = count_events(reader, Span(0, LATER_NS)).outcomes
        assert outcomes == {"unknown": 1, "accepted": 1, "refused": 1, "expired": 2}


async def test_a_dropped_connection_leaves_the_quote_unknown_and_is_reopened(launch: Launch) -> None:
    async with standing_in() as relay:
        relay.answer = None
        desk = await launch(NEAR_INTENTS_RELAY_WS_URL=relay.url)
        await desk.arm()
        first = await relay.is_quoted()
        await relay.drop()
        shot = await desk.until(lambda shot: shot.counts.unknown == 1)
        assert shot.alive.quotes == 1
        assert shot.inventory.rows[1].reserved == shot.quotes[0].gives

        await desk.until(lambda shot: shot.relay == "ok" and relay.connections == 2)
        relay.answer = {"result": "OK"}
        await relay.is_quoted()
        await relay.ask(quote_id=first)
        shot = await desk.until(lambda shot: shot.counts.accepted == 1 and shot.counts.malformed == 1)
        assert shot.executor_armed
        assert relay.quoted(first) == 1


async def test_a_refused_quote_is_no_longer_committed(launch: Launch) -> None:
    async with standing_in() as relay:
        desk = await launch(NEAR_INTENTS_RELAY_WS_URL=relay.url)
        await desk.arm()
        for answer in ({"error": GONE}, {"error": {"code": GONE_CODE, "message": GONE}}):
            relay.answer = dict(answer)
            await relay.is_quoted()
        shot = await desk.until(lambda shot: shot.counts.refused == 2)
        assert {quote.detail for quote in shot.quotes} == {GONE}
        assert shot.alive.quotes == 0
        assert [row.reserved for row in shot.inventory.rows] == [0, 0]


async def test_a_relay_that_refuses_the_token_is_shown_and_blocks_arming(launch: Launch) -> None:
    desk = await launch(NEAR_INTENTS_API_KEY="wrong-token-canary")
    shot = await desk.until(lambda shot: shot.relay == "down" and "relay" in shot.executor_blocked)
    health = next(health for health in shot.health if health.part == INGEST)
    assert "403" in health.last_error
    assert "canary" not in health.last_error
    assert "wrong-token-canary" not in desk.process.output()
