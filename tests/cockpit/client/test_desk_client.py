"""The link against a real server on a real Unix socket."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import aclosing, closing
from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest
from websockets.exceptions import ConnectionClosedError

from cockpit.client.desk_client import (
    CLOSED,
    NO_DESK,
    ConnectionLost,
    DeskClient,
    DeskInfo,
    UnknownOutcome,
    connection_reason,
)
from cockpit.model.commands import Result, WithdrawalOrder
from cockpit.model.snapshot import Snapshot
from tests.support.cockpit import samples
from tests.support.cockpit.fake_desk import FakeDesk

Stream = AsyncIterator[Snapshot | ConnectionLost]


async def following(stream: Stream, kind: type[Snapshot] | type[ConnectionLost]) -> Snapshot | ConnectionLost:
    """The next item of this kind."""
    async with asyncio.timeout(60):
        while True:
            item = await anext(stream)
            if isinstance(item, kind):
                return item


async def test_snapshots_arrive_whole(desk: FakeDesk, link: DeskClient) -> None:
    async with aclosing(link.snapshots()) as stream:  # type: ignore[type-var]
        assert await following(stream, Snapshot) == samples.snapshot()
        await asyncio.to_thread(desk.say, samples.snapshot(2))
        assert cast(Snapshot, await following(stream, Snapshot)).seq == 2


async def test_the_stream_reconnects(desk: FakeDesk, link: DeskClient) -> None:
    async with aclosing(link.snapshots()) as stream:  # type: ignore[type-var]
        await following(stream, Snapshot)
        await asyncio.to_thread(desk.stop)
        lost = cast(ConnectionLost, await following(stream, ConnectionLost))
        assert lost.reason
        desk.current = samples.snapshot(9)
        await asyncio.to_thread(desk.start)
        assert cast(Snapshot, await following(stream, Snapshot)).seq == 9


async def first_loss(path: Path) -> ConnectionLost:
    link = DeskClient(path, actor="ops", new_id=lambda: "1", timeout_s=0.1)
    async with aclosing(link.snapshots()) as stream:  # type: ignore[type-var]
        lost = await anext(stream)
    assert isinstance(lost, ConnectionLost)
    return lost


async def test_without_a_desk_the_socket_is_named(tmp_path: Path) -> None:
    link = DeskClient(tmp_path / "none.sock", actor="ops", new_id=lambda: "1")
    async with aclosing(link.snapshots()) as stream:  # type: ignore[type-var]
        lost = await anext(stream)
    assert isinstance(lost, ConnectionLost)
    assert str(tmp_path / "none.sock") in lost.reason
    assert isinstance(await link.health(), ConnectionLost)
    outcome = await link.send("trade-executor", "arm")
    assert isinstance(outcome, UnknownOutcome)
    assert (outcome.sent, outcome.reason) == (False, lost.reason)
    assert lost == ConnectionLost(f"{NO_DESK} {tmp_path / 'none.sock'}", no_desk=True)
    await link.close()


async def test_only_a_socket_that_nobody_listens_on_says_that_no_desk_runs(tmp_path: Path) -> None:
    path = tmp_path / "desk.sock"
    with closing(socket.socket(socket.AF_UNIX)) as killed:
        killed.bind(str(path))
        assert (await first_loss(path)).no_desk, "as a desk leaves it that was killed"
        killed.listen(1)
        hangs = await first_loss(path)
    assert not hangs.no_desk, hangs.reason


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE"])
async def test_a_stale_tls_setting_changes_nothing(
    desk: FakeDesk, link: DeskClient, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "/nonexistent/file")
    assert isinstance(await link.send("trade-executor", "disarm"), Result)
    assert desk.verbs() == [("trade-executor", "disarm")]
    await link.close()


async def test_a_command_carries_its_id_and_actor(desk: FakeDesk, link: DeskClient) -> None:
    outcome = await link.send("strategy-engine", "arm")
    assert isinstance(outcome, Result)
    assert outcome.accepted
    assert desk.asked == [("strategy-engine", "arm", {"command_id": "id-1", "actor": "ops"})]
    await link.close()


async def test_limits_keep_their_digits(desk: FakeDesk, link: DeskClient) -> None:
    await link.limits({"max_notional_eure": Decimal("7.10"), "max_deadline_ms": 60_000})
    (_, verb, body) = desk.asked[0]
    assert verb == "limits"
    assert body["max_notional_eure"] == "7.10"
    assert body["max_deadline_ms"] == 60_000
    await link.close()


async def test_a_refusal_is_a_result_with_its_reason(desk: FakeDesk, link: DeskClient) -> None:
    desk.answering = desk.refuse
    outcome = await link.send("trade-executor", "arm")
    assert isinstance(outcome, Result)
    assert (outcome.accepted, outcome.reason) == (False, "the moon is not full")
    await link.close()


async def test_a_malformed_request_is_refused_and_a_broken_desk_is_unknown(desk: FakeDesk, link: DeskClient) -> None:
    desk.answering = lambda *_: 400
    outcome = await link.send("trade-executor", "arm")
    assert isinstance(outcome, Result)
    assert not outcome.accepted
    desk.answering = lambda *_: 500
    assert isinstance(await link.send("trade-executor", "arm"), UnknownOutcome)
    await link.close()


async def test_no_answer_is_unknown(desk: FakeDesk) -> None:
    link = DeskClient(desk.path, actor="ops", new_id=lambda: "1", timeout_s=0.2)
    desk.answering = lambda *_: None
    outcome = await link.send("trade-executor", "disarm")
    assert isinstance(outcome, UnknownOutcome)
    assert outcome.sent
    await link.close()


async def test_health_and_shutdown(desk: FakeDesk, link: DeskClient) -> None:
    info = await link.health()
    assert isinstance(info, DeskInfo)
    assert (info.mode, info.pid) == ("SANDBOX", 4711)
    outcome = await link.shutdown()
    assert isinstance(outcome, Result)
    assert desk.verbs() == [("", "shutdown")]
    await link.close()


ORDER = WithdrawalOrder(asset_id="BTC", amount="1000000", expected_fee="1500", idempotency_key="k-1")


async def test_a_review_is_returned_complete(desk: FakeDesk, link: DeskClient) -> None:
    assert await link.review(ORDER) == samples.review()
    desk.reviewing = lambda _body: desk.result("withdrawal-estimate", False, "give another address")
    refused = await link.review(ORDER)
    assert isinstance(refused, Result)
    assert refused.reason == "give another address"
    desk.answering = lambda *_: desk.result("withdrawal-estimate", True, "no review at all")
    assert isinstance(await link.review(ORDER), UnknownOutcome)
    desk.answering = lambda *_: 503
    assert isinstance(await link.review(ORDER), UnknownOutcome)
    await link.close()


async def test_an_order_carries_its_actor_and_only_the_given_fields(desk: FakeDesk, link: DeskClient) -> None:
    outcome = await link.withdraw(ORDER)
    assert isinstance(outcome, Result)
    (body,) = desk.bodies("withdraw")
    assert body == {
        "asset_id": "BTC",
        "amount": "1000000",
        "destination_address": "",
        "chain": "",
        "expected_fee": "1500",
        "idempotency_key": "k-1",
        "command_id": "id-1",
        "actor": "ops",
    }
    await link.close()


async def test_an_order_waits_longer_than_a_plain_command(desk: FakeDesk) -> None:
    desk.answering = lambda *_: None
    link = DeskClient(desk.path, actor="ops", new_id=lambda: "1", timeout_s=0.1, slow_timeout_s=0.4)
    outcome = await link.withdraw(ORDER)
    assert isinstance(outcome, UnknownOutcome)
    assert outcome.reason == "no answer within 0.4 s"
    assert outcome.sent
    desk.stop()
    gone = await link.withdraw(ORDER)
    assert isinstance(gone, UnknownOutcome)
    assert not gone.sent
    await link.close()


@pytest.mark.parametrize("error", [ConnectionClosedError(None, None), BrokenPipeError(32, "Broken pipe")])
def test_a_desk_that_died_is_told_in_our_words_and_not_in_those_of_the_protocol(
    tmp_path: Path, error: Exception
) -> None:
    assert connection_reason(tmp_path / "desk.sock", error) == CLOSED
