"""The funding routes on a real desk: what is malformed, refused and done."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from cockpit.desk.api.funding_routes import FROZEN
from cockpit.desk.funding.tracking.commands import GIVE_HASH
from tests.support.funding.withdrawal_venue import ADDRESSES, WithdrawalVenue, post, ready, state, steps
from tests.support.waiting import until
from venue.protocol.tokens import BTC, EURE

MALFORMED: list[tuple[str, object]] = [
    ("withdraw", {"amount": "5", "idempotency_key": "k"}),
    ("withdraw", {"asset_id": "BTC", "amount": 1.5, "idempotency_key": "k"}),
    ("withdraw", {"asset_id": "BTC", "amount": ["1"], "idempotency_key": "k"}),
    ("withdraw", {"asset_id": "BTC", "amount": "5", "idempotency_key": "k", "route": "carrier pigeon"}),
    ("withdraw", {"asset_id": "BTC", "amount": "5", "idempotency_key": "k", "memo": "x"}),
    ("withdraw", ["BTC", "5"]),
    ("freeze-withdrawals", {"frozen": False, "for": 5}),
    ("withdrawal-estimate", {}),
]
REFUSED: list[tuple[str, dict[str, object], str]] = [
    ("withdraw", {"asset_id": "BTC", "amount": "100000"}, "idempotency_key"),
    ("withdraw", {"asset_id": "DOGE", "amount": "100000", "idempotency_key": "k"}, "asset_id must be"),
    ("withdraw", {"asset_id": "BTC", "amount": "100000", "chain": "eth:100", "idempotency_key": "k"}, "btc:mainnet"),
    ("withdraw", {"asset_id": "BTC", "amount": "1e3", "idempotency_key": "k"}, "base units"),
    ("withdraw", {"asset_id": "BTC", "amount": "", "idempotency_key": "k"}, "give the amount"),
    ("withdraw", {"asset_id": "BTC", "amount": "100000", "idempotency_key": "k"}, "frozen"),
    (
        "withdraw",
        {"asset_id": "BTC", "amount": "100000", "destination_address": ADDRESSES["EURe"], "idempotency_key": "k"},
        "address",
    ),
    ("withdraw", {"asset_id": "BTC", "amount": "99999999999999", "idempotency_key": "k"}, "reduce it"),
    ("withdraw", {"asset_id": "BTC", "amount": "1", "idempotency_key": "k"}, "leaves nothing to arrive"),
    ("withdraw", {"asset_id": "BTC", "amount": "2199", "idempotency_key": "k"}, "minimum"),
    ("withdrawal-estimate", {"asset_id": "BTC", "destination_address": "nowhere"}, "mistyped or missing"),
    ("track-withdrawal", {}, GIVE_HASH),
    ("track-withdrawal", {"withdrawal_hash": "<near-burn-tx-hash>", "asset_id": "BTC", "amount": "1"}, GIVE_HASH),
    ("untrack-withdrawal", {}, "give the hash"),
    ("untrack-withdrawal", {"withdrawal_hash": "9" * 43}, "is not tracked"),
    ("track-withdrawal", {"withdrawal_hash": "9" * 44}, "cannot be tracked"),
    ("notify-deposit", {"asset_id": "BTC", "tx_hash": "../x"}, "give asset_id"),
]


async def test_what_is_malformed_is_400_and_what_is_refused_is_409(short_dir: Path) -> None:
    venue = WithdrawalVenue(short_dir / "venue")
    desk = venue.desk(short_dir / "desk")
    try:
        await desk.start()
        await ready(desk)
        for name, body in MALFORMED:
            answer = await post(desk, name, body)  # type: ignore[arg-type]
            assert answer.status_code == 400, (name, body, answer.text)
        for name, refusable, reason in REFUSED:
            answer = await post(desk, name, refusable)
            assert answer.status_code == 409, (name, refusable, answer.text)
            assert reason in answer.json()["reason"], answer.text
        assert steps(desk) == []
        shot = await state(desk)
        assert shot["withdrawals_frozen"] is True

        review = (await post(desk, "withdrawal-estimate", {"asset_id": "EURe", "amount": str(10**19)})).json()
        assert review["destination"] == ADDRESSES["EURe"]
        assert float(review["arrives"]) == float(review["amount"]) - float(review["fee"])
        assert review["amount_eur"] == "10.00"
        assert any("frozen" in refusal for refusal in review["refusals"])
        opened = await post(desk, "freeze-withdrawals", {"frozen": False})
        assert opened.json()["accepted"] is True
        left = (await state(desk))["freeze_left_ms"]
        assert 0 < left <= 600_000
        body = {
            "asset_id": EURE.token_id,
            "amount": str(10**19),
            "expected_fee": review["fee_units"],
            "idempotency_key": "k",
            "command_id": "c-1",
        }
        first = await post(desk, "withdraw", body)
        assert first.status_code == 200, first.text
        assert (await post(desk, "withdraw", body)).json() == first.json()
        await until(lambda: steps(desk)[-1:] == ["completed"])
        assert (await state(desk))["withdrawals_frozen"] is True
        near_hash = (await venue.withdrawals_listed(EURE, 10**19))[0]["burn"]
        known = await post(desk, "track-withdrawal", {"asset_id": "EURe", "withdrawal_hash": near_hash})
        assert "it is the burn of this desk's withdrawal w-" in known.json()["reason"]
        assert len(await venue.payments(EURE, 10**19)) == 1
        assert await venue.payments(BTC, 100_000) == []
        journal = desk.rows("SELECT command, accepted FROM operator_actions WHERE command = 'withdraw' AND accepted")
        assert journal == [("withdraw", 1)]
    finally:
        await desk.close()
        await venue.close()


@pytest.mark.parametrize("registered", [True, False])
async def test_the_key_registers_itself_when_it_may(short_dir: Path, registered: bool) -> None:
    venue = WithdrawalVenue(short_dir / "venue", f"key_registered={'true' if registered else 'false'}")
    desk = venue.desk(short_dir / "desk")
    try:
        await desk.start()

        async def registration() -> object:
            return (await state(desk))["key"]["registered"]

        await until(lambda: _is(registration, registered))
        if not registered:
            shot = await state(desk)
            assert "add_public_key" in shot["key"]["command"]
            assert shot["key"]["access"] == "full"
        answer = await post(desk, "register-key", {})
        assert answer.json()["accepted"] is True, answer.text
        await until(lambda: _is(registration, True))
        query = "SELECT status FROM liquidity_actions WHERE kind = 'key' ORDER BY id"
        steps = [] if registered else [("prepared",), ("registered",)]
        await until(lambda: desk.rows(query) == steps)
    finally:
        await desk.close()
        await venue.close()


async def test_a_key_that_may_not_register_itself_is_given_the_command(short_dir: Path) -> None:
    venue = WithdrawalVenue(short_dir / "venue", "key_registered=false", "access=none")
    desk = venue.desk(short_dir / "desk")
    try:
        await desk.start()
        answer = await post(desk, "register-key", {})
        assert answer.status_code == 409
        assert "near contract call-function as-transaction intents.near add_public_key" in answer.json()["reason"]
    finally:
        await desk.close()
        await venue.close()


async def _is(ask: Callable[[], Awaitable[object]], wanted: object) -> bool:
    return await ask() is wanted


async def test_only_a_body_that_can_be_read_opens_and_any_other_freezes(short_dir: Path) -> None:
    venue = WithdrawalVenue(short_dir / "venue")
    desk = venue.desk(short_dir / "desk")
    transport = httpx.AsyncHTTPTransport(uds=str(desk.socket_path))
    try:
        await desk.start()
        async with httpx.AsyncClient(transport=transport, base_url="http://desk", timeout=40) as client:
            for body in (b"", b"{}", b"panic", b'{"frozen": "no"}', b'{"frozen": true, "x": 1}', b"x" * 20_000):
                assert (await post(desk, "freeze-withdrawals", {"frozen": False})).status_code == 200
                answer = await client.post("/liquidity-manager/freeze-withdrawals", content=body)
                assert (answer.status_code, "the body" in answer.json()["reason"]) == (200, True), body
                assert (await state(desk))["withdrawals_frozen"] is True, body
    finally:
        await desk.close()
        await venue.close()


@pytest.mark.parametrize("name", ["freeze-withdrawals", "notify-deposit"])
async def test_freezing_is_carried_out_whatever_its_id_was_used_for(short_dir: Path, name: str) -> None:
    venue = WithdrawalVenue(short_dir / "venue")
    desk = venue.desk(short_dir / "desk")
    try:
        await desk.start()
        await post(desk, name, {"frozen": True, "command_id": "c-1"})
        assert (await post(desk, "freeze-withdrawals", {"frozen": False, "command_id": "c-2"})).status_code == 200
        assert (await state(desk))["withdrawals_frozen"] is False
        asked = {"frozen": True, "command_id": "c-1", "actor": "ann"}
        again = (await post(desk, "freeze-withdrawals", asked)).json()
        assert (await state(desk))["withdrawals_frozen"] is True
        assert (again["accepted"], again["reason"]) == (True, FROZEN)
        await post(desk, "freeze-withdrawals", {"frozen": False, "command_id": "c-2"})
        assert (await state(desk))["withdrawals_frozen"] is True, "unfreezing is done once for an id"
    finally:
        await desk.close()
        await venue.close()
