"""No key, token or signed bytes in anything the desk writes or answers; the bytes are in one column only."""

import asyncio
import base64
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import base58
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.events import WithdrawalPrepared
from tests.support.funding.withdrawal_venue import TERMINAL, WithdrawalVenue, order, post, ready
from tests.support.processes.desk_process import DeskProcess
from tests.support.waiting import until
from venue.protocol.tokens import BTC, EURE
from venue.signing.signed_bytes import without_signed

TRANSACTION: dict[str, object] = {
    "near_send": {node: {"mode": "swallow", "times": 1, "silence": "500"} for node in ("near_a", "near_b")},
    "near_resend": "invalid_nonce",
}


async def listen(desk: DeskProcess, received: list[str]) -> None:
    from websockets.asyncio.client import unix_connect

    async with unix_connect(str(desk.socket_path), "ws://desk/stream", compression=None, proxy=None) as stream:
        while True:
            received.append(str(await stream.recv()))


def everything_in(path: Path) -> tuple[str, list[str]]:
    """The history as text without the signed bytes, and the signed bytes."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as db:
        tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = []
        for table in tables:
            columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
            shown = [name for name in columns if (table, name) != ("prepared_withdrawals", "signed")]
            rows += [json.dumps(row) for row in db.execute(f"SELECT {', '.join(shown)} FROM {table}")]
        return "\n".join(rows), [row[0] for row in db.execute("SELECT signed FROM prepared_withdrawals")]


async def test_a_run_with_every_trouble_leaks_nothing(short_dir: Path) -> None:
    venue = WithdrawalVenue(short_dir / "venue")
    desk = venue.desk(short_dir / "desk", WITHDRAWALS_STAY_OPEN="true")
    received: list[str] = []
    answers: list[str] = []
    try:
        await desk.start()
        listening = asyncio.create_task(listen(desk, received))
        await ready(desk)

        async def send(name: str, body: dict[str, Any]) -> None:
            answers.append((await post(desk, name, body)).text)

        async def withdraw(asset: Any, amount: int, key: str, route: str) -> None:
            answers.append((await order(desk, asset, amount, key, route=route)).text)

        def ended(count: int) -> bool:
            rows = desk.rows("SELECT action_id, status FROM liquidity_actions WHERE kind = 'withdrawal'")
            return len({row[0] for row in rows if row[1] in TERMINAL}) >= count

        await send("withdraw", {"asset_id": "BTC", "amount": "NaN", "idempotency_key": "x"})
        await send("withdraw", {"asset_id": "BTC", "amount": "1", "idempotency_key": "x", "nonsense": 1})
        await send("withdrawal-estimate", {"asset_id": "BTC", "amount": "100000"})
        await send("register-key", {})
        await venue.faults(**TRANSACTION)
        await withdraw(BTC, 100_001, "a", "transaction")
        await until(lambda: ended(1), 30)
        await venue.faults(mend=True)
        await venue.faults(publish={"mode": "swallow", "times": 1, "silence": "500"}, bridge="garbage")
        await withdraw(EURE, 10**19, "b", "intent")
        await venue.faults(bridge="ok")
        await withdraw(EURE, 10**19, "b", "intent")
        await until(lambda: ended(2), 30)
        await venue.faults(near_no_gas=True)
        await withdraw(BTC, 100_003, "c", "transaction")
        await until(lambda: "NotEnoughBalance" in "".join(received) or "refused the transaction" in "".join(received))
        await venue.faults(mend=True)
        await until(lambda: ended(3), 30)
        paths = ("/state", "/liquidity-manager/state", "/liquidity-manager/healthz")
        answers += [(await desk.get(path)).text for path in paths]
        listening.cancel()
        assert desk.process.stop() == 0
    finally:
        await desk.close()
        await venue.close()
    history, signed = everything_in(desk.state_dir / "history.sqlite")
    assert len(signed) == 3
    files = [path for path in desk.state_dir.rglob("*") if path.is_file() and path.name != "desk.env"]
    written = {
        **{path.name: path.read_text("utf-8", "replace") for path in files if "sqlite" not in path.name},
        "history": history,
        "stream": "\n".join(received),
        "answers": "\n".join(answers),
    }
    assert len(received) > 3
    secret = venue.process.env["NEAR_INTENTS_SIGNER_PRIVATE_KEY"].removeprefix("ed25519:")
    raw = base58.b58decode(secret)
    forbidden = [
        venue.process.env["NEAR_INTENTS_API_KEY"],
        secret,
        raw.hex(),
        raw[:32].hex(),
        base64.b64encode(raw).decode().rstrip("="),
        base64.b64encode(raw[:32]).decode()[:40],
        base58.b58encode(raw[:32]).decode(),
        *(piece for text in signed for piece in pieces(text)),
    ]
    for where, text in written.items():
        for canary in forbidden:
            assert canary not in text, f"{canary[:6]}… in {where}"


def pieces(signed: str) -> list[str]:
    """What gives a signed text away: the signature of an intent, any longer stretch of a transaction."""
    if signed.startswith("{"):
        data = msgspec.json.decode(signed)
        return [data["signature"].removeprefix("ed25519:"), data["payload"]["message"]]
    return [signed[start : start + 40] for start in range(0, len(signed) - 40, 20)]


def fact(signed: str) -> WithdrawalPrepared:
    return WithdrawalPrepared(
        at_ns=1,
        withdrawal_id="w",
        idempotency_key="k",
        actor="a",
        route="transaction",
        asset=BTC.token_id,
        amount=5,
        fee=1,
        destination="bc1q",
        chain=BTC.chain,
        hash="h",
        signed=signed,
        nonce="2",
        expires_ns=9,
    )


@given(
    st.binary(min_size=120, max_size=300), st.integers(0, 40), st.integers(30, 200), st.sampled_from(("tx=", "", " "))
)
def test_what_a_service_repeats_of_the_bytes_is_not_passed_on(raw: bytes, start: int, size: int, before: str) -> None:
    signed = base64.b64encode(raw).decode()
    repeated = signed[start : start + size]
    shown = without_signed(f"the node says {before}{repeated}: bad", fact(signed))
    assert repeated not in shown
    assert shown.startswith("the node says")
    assert shown.endswith("bad")


@pytest.mark.parametrize(
    "text", ["", "NEAR refused it: InvalidNonce", "hash 9RqFiXAAjVdZ9YwH9tBBz7xTzgNjXrj6SdTZCLvBQZWB"]
)
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert without_signed(text, fact(base64.b64encode(bytes(200)).decode())) == text
