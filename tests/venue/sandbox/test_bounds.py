"""Nothing in a venue grows without end: counted after more than its bounds, in virtual steps."""

from collections import Counter
from typing import Any

import httpx
import pytest

from tests.support.sandbox.maker import BTC, EURE
from tests.support.sandbox.rig import Launch
from tests.support.sandbox.signing import Clock, Signer
from venue.protocol.units import NS_PER_S
from venue.sandbox.base.body_limit import MOST_BYTES, limited
from venue.sandbox.base.bounded import MOST_NAMES, Newest, tally
from venue.sandbox.relay import mempool
from venue.sandbox.relay.auction import MAX_ANSWERS, Answer, Auction
from venue.sandbox.relay.bearer_tokens import MOST_TOKENS, BearerTokens
from venue.sandbox.relay.errors import AuctionRefusedError
from venue.sandbox.relay.mempool import CLEAN_EVERY, NONCES_KEPT_NS, Mempool
from venue.sandbox.relay.quote_request import QuoteRequest
from venue.sandbox.relay.quote_store import KEPT_NS, QuoteStore
from venue.sandbox.verifier.ledger import Ledger
from venue.sandbox.wire.payload import as_signed

NOW = 1_790_000_000 * NS_PER_S
REQUEST = QuoteRequest(quote_id="q", asset_in=BTC, asset_out=EURE, amount_in=1, amount_out=None)


def answer(name: str, deadline_ns: int = NOW) -> Answer:
    (signed,) = as_signed([Signer("maker.near", 1).sign({})])
    return Answer(
        maker="maker.near",
        quote_hash=name,
        asset_in=BTC,
        asset_out=EURE,
        amount_in=1,
        amount_out=1,
        deadline_ns=deadline_ns,
        signed=signed,
    )


def test_the_newest_are_kept_and_a_changed_one_keeps_its_place() -> None:
    kept: Newest[str, int] = Newest(3)
    for number in range(4):
        kept[str(number)] = number
    kept["1"] = 10
    kept["4"] = 4
    assert kept == {"2": 2, "3": 3, "4": 4}


def test_names_from_outside_are_counted_one_by_one_up_to_a_bound() -> None:
    counts: Counter[str] = Counter()
    for number in range(3 * MOST_NAMES):
        tally(counts, str(number), "others")
    assert len(counts) <= MOST_NAMES + 1
    assert counts.total() == 3 * MOST_NAMES


def test_quotes_are_dropped_by_their_deadline_whatever_came_first() -> None:
    store = QuoteStore(most=100)
    store.add(answer("for ever", NOW + 10**18))
    for number in range(50):
        store.add(answer(str(number), NOW + number))
        store.add(answer(str(number), NOW + number))
    store.forget(NOW + KEPT_NS + 50)
    assert len(store) == 1
    for number in range(200):
        store.add(answer(str(number), NOW + number))
    assert len(store) == 100
    assert store.get("for ever") is not None
    assert store.get("100") is None


def test_an_auction_takes_so_many_answers() -> None:
    auction = Auction(REQUEST, 0)
    for number in range(MAX_ANSWERS):
        auction.enter(answer(str(number)))
    with pytest.raises(AuctionRefusedError):
        auction.enter(answer("one more"))
    assert len(auction.options()) == MAX_ANSWERS


def test_tokens_are_known_up_to_a_bound() -> None:
    tokens = BearerTokens(1, lambda: NOW)
    issued = [tokens.issue(60) for _ in range(MOST_TOKENS + 1)]
    assert len(set(issued)) == len(issued)
    assert tokens.accepts(issued[-1])
    assert not tokens.accepts(issued[0])


async def test_used_nonces_go_an_hour_after_their_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(NOW)
    ledger = Ledger(clock=clock, salt=b"salt")
    account = ledger.accounts.touch("maker.near")
    monkeypatch.setattr(mempool, "CLEAN_EVERY", 10)
    pool = Mempool(ledger)
    assert CLEAN_EVERY >= 100
    head = bytes.fromhex("5628f6c600") + b"salt"
    for step in range(2_000):
        clock.now_ns = NOW + step * 60 * NS_PER_S
        deadline = (clock.now_ns + 60 * NS_PER_S).to_bytes(8, "little")
        account.nonces.add(head + deadline + step.to_bytes(15, "big"))
        pool.make_block()
    minutes = NONCES_KEPT_NS // (60 * NS_PER_S)
    assert minutes <= len(account.nonces) <= minutes + 15


async def test_a_busy_venue_tells_its_newest_fills_and_statuses(
    launch: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("venue.sandbox.relay.settlement.MOST_FILLS", 10)
    monkeypatch.setattr("venue.sandbox.relay.settlement.MOST_INTENTS", 10)
    rig = await launch(rate=60.0, other_pairs=0.0, rivals=True, settle_s=(0.0, 0.1))

    async def settled() -> Any:
        state = await rig.state()
        return state if state["settlements"]["settled"] > 20 else None

    state = await rig.until(settled, timeout_s=30)
    assert len(state["fills"]) == 10
    settlement = rig.venue._parts.relay.settlement
    assert len(settlement._published) == len(settlement._published_ns) == 10


async def test_a_body_past_the_bound_is_refused_and_not_held(launch: Launch) -> None:
    rig = await launch()
    near = rig.env["NEAR_RPC_URL"].split(",")[0]
    answered = await rig.http.post(near, content=b"x" * (MOST_BYTES + 1))
    assert (answered.status_code, answered.text) == (413, "Payload Too Large")

    async def pieces() -> Any:
        for _ in range(MOST_BYTES // 2**20 + 2):
            yield b" " * 2**20

    try:
        answered = await rig.http.post(near, content=pieces())
        assert answered.status_code == 413
    except httpx.TransportError:
        # The venue stopped reading.
        pass
    assert (await rig.http.post(near, content=b"[]")).status_code == 200
    assert (await rig.state())["failures"] == 0


async def test_a_websocket_has_a_bound_of_its_own() -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "websocket.receive", "body": b"xx"}

    assert limited({"type": "websocket"}, receive, most=1) is receive


async def test_deposits_past_the_bound_are_refused(launch: Launch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("venue.sandbox.bridges.bridge.MOST_DEPOSITS", 2)
    rig = await launch()
    order: dict[str, object] = {"chain": "btc:mainnet", "amount": 100_000}
    answers = [await rig.control("/deposit", order) for _ in range(3)]
    assert [one.status_code for one in answers] == [200, 200, 400]
    assert "start another" in answers[2].text
    assert len((await rig.state())["deposits"]) == 2
