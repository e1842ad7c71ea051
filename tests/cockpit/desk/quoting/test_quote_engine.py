import logging
from decimal import Decimal

import msgspec
import pytest

from cockpit.desk.inventory.reconciliation import movement
from cockpit.desk.quote_book.refusals import GONE
from cockpit.desk.quoting.executor import BEFORE_RECORDED
from cockpit.model.commands import Limits
from cockpit.model.events import AnyEvent, ExecuteTrade, SwapDemand, TradeDecision, TradeResult
from cockpit.model.recorder import LateEvent
from tests.support.amounts import btc_eure
from tests.support.desk.builders import SALT
from tests.support.desk.quoting_harness import SECRET, Quoting, ask, quoting
from tests.support.venue.relay_server import RelayServer, event
from tests.support.waiting import until
from venue.protocol.assets import Unit
from venue.protocol.tokens import BTC, BTC_EURE, EURE
from venue.protocol.units import NS_PER_S
from venue.sandbox.wire.intent_types import TokenDiff
from venue.sandbox.wire.payload import open_payload
from venue.transport.errors import WsClosedError


def decisions(desk: Quoting) -> list[TradeDecision]:
    return [one for one in desk.events if isinstance(one, TradeDecision)]


def commands(desk: Quoting) -> list[ExecuteTrade]:
    return [one for one in desk.events if isinstance(one, ExecuteTrade)]


def requests(desk: Quoting) -> list[SwapDemand]:
    return [one for one in desk.events if isinstance(one, SwapDemand)]


async def a_quote(desk: Quoting, server: RelayServer, quote_id: str = "q-1") -> ExecuteTrade:
    """Ask, and wait until the answer has arrived at the relay."""
    before = len(server.frames)
    await ask(server, quote_id)
    await until(lambda: len(server.frames) > before)
    return commands(desk)[-1]


async def test_a_request_is_answered_with_a_quote_that_verifies_and_is_reserved() -> None:
    async with quoting() as (desk, server):
        command = await a_quote(desk, server)
        (frame,) = server.frames
        assert frame["method"] == "quote_response"
        (answer,) = frame["params"]
        assert answer["quote_id"] == "q-1"
        message = open_payload(answer["signed_data"])
        (intent,) = message.intents
        assert isinstance(intent, TokenDiff)
        assert dict(intent.diff) == {BTC.token_id: 8_000, EURE.token_id: -command.amount_out}
        assert answer["quote_output"] == {"amount_out": str(command.amount_out)}
        assert message.intent_hash == command.quote_hash
        assert message.deadline_ns >= desk.clock() + 60_000 * 10**6
        assert desk.book.reservations.reserved(EURE.token_id) == command.amount_out
        (decision,) = decisions(desk)
        assert (decision.reason, decision.actionable) == ("quote", True)
        assert command.decision_id == decision.decision_id
        assert [one.quote_id for one in requests(desk)] == ["q-1"]
        assert command.reaction_ns > 0


async def test_the_texts_of_a_decision_are_made_by_whoever_reads_them(monkeypatch: pytest.MonkeyPatch) -> None:
    late: list[LateEvent[AnyEvent]] = []
    texts: list[str] = []
    shown = Unit.shown

    def counted(self: Unit, units: int, places: int) -> str:
        texts.append(shown(self, units, places))
        return texts[-1]

    monkeypatch.setattr(Unit, "shown", counted)
    async with quoting() as (desk, server):
        monkeypatch.setattr(desk.recorder, "record_late", late.append)
        await a_quote(desk, server)
        assert texts == []
        ((row, market),) = desk.intake.recent
        assert [*late] == [row]
        decision = row.made()
    assert isinstance(decision, TradeDecision)
    assert market == BTC_EURE
    assert texts
    assert set(texts) <= set(" ".join(check.detail for check in decision.checks).split())


async def test_the_largest_quote_of_the_last_hour_is_known() -> None:
    async with quoting() as (desk, server):
        assert desk.intake.largest_quote(desk.ticking.now_ns) == 0
        first = await a_quote(desk, server, "q-1")
        await ask(server, "q-2", exact_amount_in="4000")
        await until(lambda: len(server.frames) == 2)
        assert desk.intake.largest_quote(desk.ticking.now_ns) == first.amount_out
        assert desk.intake.largest_quote(desk.ticking.now_ns + 3_660 * NS_PER_S) == 0


async def test_a_request_that_comes_twice_is_answered_once() -> None:
    async with quoting() as (desk, server):
        await a_quote(desk, server, "q-1")
        await ask(server, "q-1")
        await ask(server, "q-1", exact_amount_in="9000")
        await a_quote(desk, server, "q-2")
        assert [frame["params"][0]["quote_id"] for frame in server.frames] == ["q-1", "q-2"]
        assert desk.intake.counters["malformed_duplicate"] == 2
        assert desk.intake.counters["requests"] == desk.intake.counters["decisions"] == 2
        assert len(desk.book.reservations) == 2


DRY = {"trusted_metadata": {"source": "1click", "quote_request_data": {"dry": True}}}


@pytest.mark.parametrize("quoted", [False, True])
async def test_a_dry_request_is_recorded_marked_and_no_demand(quoted: bool) -> None:
    async with quoting(quote_dry=quoted) as (desk, server):
        await ask(server, "q-1", metadata=DRY)
        command = await a_quote(desk, server, "q-2")
        asked = [frame["params"][0]["quote_id"] for frame in server.frames]
        assert asked == (["q-1", "q-2"] if quoted else ["q-2"])
        assert [(one.quote_id, one.dry) for one in requests(desk)] == [("q-1", True), ("q-2", False)]
        assert [one.reason for one in decisions(desk)] == ["quote" if quoted else "dry", "quote"]
        assert [one.request_kind for one in commands(desk)] == (["dry", "top_level"] if quoted else ["top_level"])
        counters = desk.intake.counters
        assert (counters["requests"], counters["dry_requests"], counters["decisions"]) == (1, 1, 2)
        assert sum(one.buys + one.sells for one in desk.request_counter.markets(0)) == 1
        committed = desk.book.reservations.reserved(EURE.token_id)
        assert (committed > command.amount_out) is quoted


async def test_a_routers_leg_is_told_from_other_requests_up_to_its_outcome() -> None:
    async with quoting() as (desk, server):
        await ask(server, "q-1", metadata={"partner_id": "router-solver"}, protocol_fee_included=True, min_wait_ms=1)
        await until(lambda: server.frames)
        (command,) = commands(desk)
        assert command.request_kind == "router_leg"
        await server.send({"jsonrpc": "2.0", "id": server.frames[0]["id"], "result": "OK"})
        await until(lambda: desk.book.counters["accepted"])
        (result,) = [one for one in desk.watched.results if isinstance(one, TradeResult)]
        assert (result.outcome, result.request_kind) == ("accepted", "router_leg")
        assert desk.intake.counters["router_legs"] == 1


async def test_the_latency_from_the_relay_is_kept_of_dated_requests_and_of_the_newest_only() -> None:
    async with quoting() as (desk, server):
        now_ms = desk.clock() // 10**6
        for number, stamp in enumerate((now_ms - 23, str(now_ms - 48), now_ms + 5, now_ms - 4_000_000, "soon", None)):
            await ask(server, f"q-{number}", metadata={"quote_timestamp": stamp})
        await until(lambda: desk.intake.counters["decisions"] == 6)
        assert list(desk.intake.latencies_us) == [23_000, 48_000]
        assert desk.intake.counters["dated_requests"] == 2
        assert [one.asked_ns for one in requests(desk)] == [(now_ms - 23) * 10**6, (now_ms - 48) * 10**6, *[None] * 4]
        assert desk.intake.latencies_us.maxlen is not None


async def test_the_flow_that_the_committed_limit_must_suit_counts_what_could_be_quoted_and_what_it_refused() -> None:
    async with quoting() as (desk, server):
        desk.arming.disarm("strategy-engine", "test")
        await ask(server, "disarmed")
        await ask(server, "dry", metadata=DRY)
        await ask(server, "too large", exact_amount_in="100000000")
        await ask(server, "too long", min_deadline_ms=125_001)
        await until(lambda: desk.intake.counters["decisions"] == 4)
        flow = desk.committed_flow.seen(desk.clock())
        assert (flow.requests, flow.tried, flow.refused) == (1, 0, 0)
        assert desk.arming.arm("strategy-engine", "test", ()) is None
        assert desk.arming.arm("trade-executor", "test", ()) is None
        desk.limits.replace(Limits(max_asset_share=Decimal(1), max_promised_eure=Decimal(5)))
        for number in range(3):
            await ask(server, f"live-{number}")
        await until(lambda: desk.intake.counters["decisions"] == 7)
        assert [one.reason for one in decisions(desk)[4:]] == ["quote", "promised", "promised"]
        flow = desk.committed_flow.seen(desk.clock())
        assert (flow.requests, flow.tried, flow.refused) == (4, 3, 2)


@pytest.mark.parametrize("part", ["strategy-engine", "trade-executor"])
async def test_disarmed_parts_decide_and_record_but_send_nothing(part: str) -> None:
    async with quoting() as (desk, server):
        await a_quote(desk, server, "before")
        desk.arming.disarm("strategy-engine" if part == "strategy-engine" else "trade-executor", "test")
        for number in range(3):
            await ask(server, f"after-{number}")
        await until(lambda: desk.intake.counters["decisions"] == 4)
        assert len(server.frames) == 1
        reason = "strategy_armed" if part == "strategy-engine" else "executor_armed"
        assert [one.reason for one in decisions(desk)[1:]] == [reason] * 3
        assert all(one.actionable is (part == "trade-executor") for one in decisions(desk)[1:])
        assert len(desk.book.reservations) == 1, "what was signed stays live"


async def test_nothing_is_sent_before_anything_is_armed() -> None:
    async with quoting(ready=False) as (desk, server):
        await ask(server, "q-1")
        await until(lambda: decisions(desk))
        assert server.frames == []
        assert not decisions(desk)[0].actionable
        assert decisions(desk)[0].amount_out is None


async def test_a_committed_amount_is_not_quoted_again() -> None:
    async with quoting() as (desk, server):
        first = await a_quote(desk, server, "q-1")
        asked = 4 * 10**18
        desk.watched.chain.advance(0, first.amount_out + asked - 1 - 50_000 * 10**18)
        await desk.inventory.sync("poll")
        await ask(server, "q-2", exact_amount_in=..., exact_amount_out=str(asked))
        await until(lambda: len(decisions(desk)) == 2)
        assert decisions(desk)[1].reason == "covered", "one base unit is missing"
        desk.watched.chain.advance(0, 1)
        await desk.inventory.sync("poll")
        await ask(server, "q-3", exact_amount_in=..., exact_amount_out=str(asked))
        await until(lambda: len(server.frames) == 2)
        assert desk.book.reservations.reserved(EURE.token_id) == first.amount_out + asked


async def test_an_error_in_the_path_disarms_the_executor_and_the_desk_goes_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    def broken(*args: object, **named: object) -> None:
        raise RuntimeError("the signer broke")

    async with quoting() as (desk, server):
        with monkeypatch.context() as patched:
            patched.setattr(type(desk.signer), "sign_quote", broken)
            await ask(server, "q-1")
            await until(lambda: desk.intake.counters["exceptions"])
        assert desk.failures == ["an error in the quote path: RuntimeError"]
        assert not desk.arming.executor
        assert desk.arming.strategy
        assert "RuntimeError" in desk.arming.why("trade-executor")
        assert [one.quote_id for one in requests(desk)] == ["q-1"]
        await ask(server, "q-2")
        await until(lambda: decisions(desk))
        assert decisions(desk)[0].reason == "executor_armed"
        assert server.frames == []
        assert desk.arming.arm("trade-executor", "test", ()) is None
        await a_quote(desk, server, "q-3")
        assert SECRET.removeprefix("ed25519:") not in caplog.text


async def test_a_quote_whose_writing_failed_half_way_is_reserved_until_it_expires(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(frame: bytes) -> None:
        raise RuntimeError("some of it may be out")

    async with quoting() as (desk, server):
        with monkeypatch.context() as patched:
            patched.setattr(desk.relay, "send", broken)
            await ask(server, "q-1")
            await until(lambda: desk.intake.counters["exceptions"])
        (held,) = desk.book.reservations
        assert desk.book.reservations.reserved(EURE.token_id) == held.amount_out
        assert [one.quote_hash for one in commands(desk)] == [held.quote_hash], "a later run must know of it"
        assert [one.decision_id for one in decisions(desk)] == [held.decision_id]
        assert "RuntimeError" in desk.arming.why("trade-executor")
        desk.watched.expire(held)
        desk.watched.block_after()
        await desk.inventory.sync("poll")
        assert desk.book.reservations.reserved(EURE.token_id) == 0
        assert desk.watched.outcomes() == [(held.quote_hash, "expired")]


async def test_a_quote_that_could_not_be_written_reserves_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def closed(frame: bytes) -> None:
        raise WsClosedError("the connection is not open")

    async with quoting() as (desk, server):
        with monkeypatch.context() as patched:
            patched.setattr(desk.relay, "send", closed)
            await ask(server, "q-1")
            await until(lambda: decisions(desk))
        (decision,) = decisions(desk)
        assert decision.reason == "sent"
        assert decision.checks[-1].detail == "the connection is not open"
        assert commands(desk) == []
        assert len(desk.book.reservations) == 0
        assert desk.executor.counters["not_sent"] == 1
        assert desk.arming.executor, "a closed connection is no error of the path"


async def test_nothing_is_sent_that_the_next_start_would_not_look_for() -> None:
    """The clock was set back behind the deadlines of quotes that are over on record."""
    async with quoting() as (desk, server):
        desk.book.over_before_ns = 2**62
        await ask(server, "q-1")
        await until(lambda: decisions(desk))
        [decision] = decisions(desk)
        assert (decision.reason, decision.checks[-1].detail) == ("sent", BEFORE_RECORDED)
        assert (commands(desk), len(desk.book.reservations)) == ([], 0)
        desk.book.note_over()
        await a_quote(desk, server, "q-2")
        assert [frame["params"][0]["quote_id"] for frame in server.frames] == ["q-2"]


async def test_the_signers_own_ceiling_stops_what_the_strategy_let_through() -> None:
    async with quoting() as (desk, server):
        desk.signer.ceiling = 1
        await ask(server, "q-1")
        await until(lambda: decisions(desk))
        assert decisions(desk)[0].reason == "sent"
        assert "ceiling" in decisions(desk)[0].checks[-1].detail
        assert server.frames == []
        assert len(desk.book.reservations) == 0


async def test_the_signer_gives_no_more_btc_than_the_largest_notional_is_worth() -> None:
    """Whatever price the strategy made, five EURe in never take the whole balance out."""
    async with quoting() as (desk, server):
        assert desk.signer.base_ceiling == 10_200, "5 EURe at the mid of 50000, and the slack"
        desk.signer.base_ceiling = 7_000
        await ask(
            server,
            "q-1",
            defuse_asset_identifier_in=EURE.token_id,
            defuse_asset_identifier_out=BTC.token_id,
            exact_amount_in=str(4 * 10**18),
        )
        await until(lambda: decisions(desk))
        assert decisions(desk)[0].reason == "sent"
        assert "the base amount exceeds" in decisions(desk)[0].checks[-1].detail
        assert server.frames == []
        assert len(desk.book.reservations) == 0


async def test_no_more_quotes_are_signed_within_a_second_than_the_limit() -> None:
    async with quoting() as (desk, server):
        desk.limits.replace(msgspec.structs.replace(desk.limits.current, max_quotes_per_second=2))
        for number in range(4):
            await ask(server, f"q-{number}")
        await until(lambda: desk.intake.counters["decisions"] == 4)
        assert [one.reason for one in decisions(desk)] == ["quote", "quote", "rate", "rate"]
        assert len(server.frames) == 2
        desk.ticking.now_ns += NS_PER_S
        await a_quote(desk, server, "later")


async def test_a_halt_stops_the_next_quote_and_lifting_it_resumes() -> None:
    async with quoting() as (desk, server):
        await a_quote(desk, server, "before")
        desk.trading.choose("HALTED", "ann", "lunch")
        await ask(server, "q-1")
        await until(lambda: len(decisions(desk)) == 2)
        assert decisions(desk)[1].reason == "trading"
        desk.trading.choose("ACTIVE", "ann", "")
        await a_quote(desk, server, "after")
        assert len(server.frames) == 2


REFUSED = [
    (GONE, 0),
    ("deadline has expired", 0),
    ("invalid signature", 1),
    ("insufficient balance or overflow", 1),
    ("Unauthorized", 1),
    ("invalid salt", 1),
    (f"public key 'ed25519:{'A' * 43}' doesn't exist for account 'maker.near'", 1),
    ("account 'maker.near' is locked", 1),
    ("Internal error: invalid salt", 0),
    ("internal error", 0),
]


@pytest.mark.parametrize(("error", "faults"), REFUSED, ids=[error for error, _ in REFUSED])
async def test_only_refusals_for_a_fault_of_the_desk_are_counted(error: str, faults: int) -> None:
    async with quoting() as (desk, server):
        await a_quote(desk, server, "q-1")
        await a_quote(desk, server, "q-2")
        for frame in server.frames:
            await server.send({"id": frame["id"], "error": {"code": -1, "message": error}})
        await server.send({"id": server.frames[0]["id"], "error": {"code": -1, "message": error}})
        await until(lambda: desk.intake.counters["unknown_answers"] == 1)
        # The second one was in flight when the first answer said that the salt is invalid.
        assert desk.refusals.count() == (faults if "salt" in error else 2 * faults)
        assert (error in desk.refusals.last) is bool(faults)


async def test_an_invalid_salt_is_dropped_and_a_new_one_asked_for() -> None:
    async with quoting() as (desk, server):
        await a_quote(desk, server, "q-1")
        await server.send({"id": server.frames[0]["id"], "error": {"code": -1, "message": "invalid salt"}})
        await until(lambda: desk.salts_asked)
        assert desk.executor.salt is None
        assert desk.intake.counters["invalid_salt"] == 1
        assert desk.book.counters["refused"] == 1
        await ask(server, "q-2")
        await until(lambda: len(decisions(desk)) == 2)
        assert decisions(desk)[1].reason == "salt"
        desk.executor.salt = SALT
        await a_quote(desk, server, "q-3")


async def test_answers_and_claims_find_their_quote() -> None:
    async with quoting() as (desk, server):
        command = await a_quote(desk, server, "q-1")
        await server.send({"id": server.frames[0]["id"], "result": "OK"})
        await server.send({"id": server.frames[0]["id"], "result": "OK"})
        await server.send({"method": "event", "params": {"data": {"quote_hash": command.quote_hash, "tx_hash": "t"}}})
        await server.send({"method": "event", "params": {"data": {"quote_hash": "another-makers"}}})
        await until(lambda: desk.intake.counters["others_settled"])
        assert desk.book.counters["accepted"] == 1
        assert desk.intake.counters["unknown_answers"] == 1
        (claimed,) = desk.book.settling()
        desk.watched.chain.settle(claimed)
        await desk.inventory.sync("settlement")
        assert desk.book.counters["settled"] == 1
        moved = movement(claimed)
        assert desk.inventory.ledger.filled == moved.amounts


async def test_what_another_makers_quote_failed_to_do_is_no_flow() -> None:
    async with quoting() as (desk, server):
        for kind in ("quote_ready_to_settle", "quote_settle_failed"):
            await server.send(event({"quote_hash": "theirs", "event_type": kind}))
        await server.send(event({"quote_hash": "theirs", "event_type": "quote_settle_successful"}))
        await until(lambda: desk.intake.counters["others_settled"])
        assert desk.intake.counters["others_settled"] == 1


async def test_a_failed_settlement_of_our_quote_asks_for_the_balances_and_releases_nothing() -> None:
    async with quoting() as (desk, server):
        command = await a_quote(desk, server, "q-1")
        given = desk.book.reservations.reserved(command.asset_out)
        await server.send(event({"quote_hash": command.quote_hash, "event_type": "quote_settle_failed"}))
        await until(lambda: desk.book.counters["settle_failed"] == 1)
        assert desk.book.reservations.reserved(command.asset_out) == given > 0


async def test_what_a_lost_connection_left_unanswered_is_unknown_and_still_reserved() -> None:
    async with quoting() as (desk, server):
        command = await a_quote(desk, server, "q-1")
        await server.connections[0].close()
        await until(lambda: desk.book.counters["unknown"])
        assert desk.book.counters["refused"] == 0
        assert desk.book.reservations.reserved(EURE.token_id) == command.amount_out


async def test_history_that_cannot_be_written_stops_the_quotes() -> None:
    async with quoting() as (desk, server):
        desk.recorder.writable = False
        await ask(server, "q-1")
        await until(lambda: decisions(desk))
        assert decisions(desk)[0].reason == "history"
        assert server.frames == []


async def test_new_limits_hold_for_the_next_request() -> None:
    async with quoting() as (desk, server):
        old = await a_quote(desk, server, "q-1")
        desk.limits.replace(type(desk.limits.current)(min_edge_bps=desk.limits.current.min_edge_bps + 295))
        new = await a_quote(desk, server, "q-2")
        assert new.amount_out < old.amount_out * 99 // 100, "the price handed out before the change is not used again"


async def test_only_so_many_requests_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cockpit.desk.quoting.quote_engine.MAX_REMEMBERED", 3)
    async with quoting(ready=False) as (desk, server):
        for number in range(10):
            await ask(server, f"q-{number}")
        await ask(server, "q-9")
        await until(lambda: desk.intake.counters["malformed_duplicate"] == 1)
        assert desk.intake.counters["decisions"] == 10
        assert len(desk.intake._seen) == 3


async def test_of_each_token_the_smaller_of_what_is_held_and_explained_is_quoted() -> None:
    async with quoting() as (desk, _):
        ledger = desk.inventory.ledger
        assert ledger.balance is not None
        ledger.unexplained = btc_eure(7, -9)
        view = desk.intake.view(BTC_EURE)
        assert view.base_balance == ledger.balance[BTC.token_id] - 7, "what a stranger sent is not traded with"
        assert view.quote_balance == ledger.balance[EURE.token_id], "what is missing is not there"
