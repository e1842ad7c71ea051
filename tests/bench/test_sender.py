"""The sender as a relay for makers that nobody of this project wrote: one that fails costs its own figures only."""

import asyncio
import json
from collections.abc import AsyncIterator

import msgspec
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from bench.load import RequestLoad
from bench.sender_process import SenderProcess

LOAD = RequestLoad(subject="maker", run=1, rate=200.0, seconds=0.1, warm_up_s=0.0, other_pairs=0.0, market="BTC/EURe")


@pytest.fixture
async def sender() -> AsyncIterator[SenderProcess]:
    process = SenderProcess()
    await process.start()
    yield process
    await process.end()


def listening(sender: SenderProcess, name: str = "maker") -> connect:
    return connect(f"ws://127.0.0.1:{sender.port}/{name}", proxy=None)


async def call(maker: ClientConnection, call_id: int, method: str, *params: object) -> None:
    await maker.send(json.dumps({"jsonrpc": "2.0", "id": call_id, "method": method, "params": params}))


async def hang_up(maker: ClientConnection) -> None:
    maker.transport.abort()


async def close(maker: ClientConnection) -> None:
    await maker.close()


async def no_json(maker: ClientConnection) -> None:
    await maker.send("{")


async def no_call(maker: ClientConnection) -> None:
    await maker.send('{"jsonrpc":"2.0","id":"one","method":"quote_response","params":[]}')


async def two_quotes_at_once(maker: ClientConnection) -> None:
    await call(maker, 1, "quote_response", {"quote_id": "a"}, {"quote_id": "b"})


async def no_list_of_topics(maker: ClientConnection) -> None:
    await maker.send('{"jsonrpc":"2.0","id":1,"method":"subscribe","params":{}}')


FAILURES = (hang_up, close, no_json, no_call, two_quotes_at_once, no_list_of_topics)


async def test_each_subscription_has_an_id_of_its_own_and_requests_come_under_that_of_requests(
    sender: SenderProcess,
) -> None:
    async with listening(sender) as maker:
        ids = {}
        for call_id, topic in enumerate(("quote", "quote_status")):
            await call(maker, call_id, "subscribe", topic)
            ids[topic] = json.loads(await maker.recv())["result"]
        assert ids["quote"] != ids["quote_status"]
        measuring = asyncio.create_task(sender.measure(LOAD))
        event = json.loads(await maker.recv())
        assert event["params"]["subscription"] == ids["quote"]
        maker.transport.abort()
        await asyncio.wait_for(measuring, 30)


async def test_who_is_not_there_is_not_connected(sender: SenderProcess) -> None:
    measured = await asyncio.wait_for(sender.measure(LOAD), 30)
    assert not measured.connected
    assert measured.sent == 0


async def test_makers_that_fail_amid_requests_are_not_connected_and_others_are_measured_on(
    sender: SenderProcess,
) -> None:
    async with listening(sender, "other") as other:
        for run, fails in enumerate(FAILURES, 1):
            async with listening(sender) as maker:
                measuring = asyncio.create_task(sender.measure(msgspec.structs.replace(LOAD, run=run)))
                await maker.recv()
                await fails(maker)
                measured = await asyncio.wait_for(measuring, 30)
                assert (measured.connected, measured.sent, measured.latencies_us) == (False, 20, []), fails.__name__

        answering = asyncio.create_task(answer_all(other))
        beside = await asyncio.wait_for(sender.measure(of_other(len(FAILURES) + 1)), 30)
        assert beside.connected
        assert len(beside.latencies_us) == beside.sent == 20
        answering.cancel()


async def test_answers_to_nothing_that_was_asked_are_strange(sender: SenderProcess) -> None:
    async with listening(sender, "other") as other:
        measuring = asyncio.create_task(sender.measure(of_other(1)))
        head = json.loads(await other.recv())["params"]["data"]["quote_id"].rpartition("-")[0]
        strange = ["", "nonsense", f"{head}-", f"{head}-nonsense", f"{head}-{2**80:x}", f"{head}-ffff"]
        for call_id, quote_id in enumerate(strange):
            await call(other, call_id, "quote_response", {"quote_id": quote_id})
        await other.close()
        measured = await asyncio.wait_for(measuring, 30)
        assert (measured.strange, measured.latencies_us) == (len(strange), [])


async def test_a_cut_connection_is_taken_again_and_what_it_cost_is_neither_sent_nor_lost(sender: SenderProcess) -> None:
    load = msgspec.structs.replace(of_other(1), seconds=2.0, cut_at_s=0.2, cut_s=0.1, timed=True, ahead=False)
    async with listening(sender, "other") as first:
        await call(first, 1, "subscribe", "quote")
        await call(first, 2, "acknowledge", "statuses", 1)
        assert [json.loads(await first.recv())["id"] for _ in range(2)] == [1, 2]
        measuring = asyncio.create_task(sender.measure(load))
        with pytest.raises(ConnectionClosed):
            async for _ in first:
                pass
    again = asyncio.create_task(_answer_again(sender))
    measured = await asyncio.wait_for(measuring, 30)
    again.cancel()
    assert measured.connected
    assert measured.cut > 0
    assert measured.unsent >= load.cut_s * load.rate / 2
    assert len(measured.latencies_us) == measured.sent == 400 - measured.unsent - measured.cut
    assert len(measured.sent_at) == len(measured.answered_at) == measured.sent
    assert all(sent < answered for sent, answered in zip(measured.sent_at, measured.answered_at, strict=True))


async def _answer_again(sender: SenderProcess) -> None:
    while True:
        try:
            async with listening(sender, "other") as again:
                await call(again, 1, "subscribe", "quote")
                await answer_all(again)
        except OSError:
            await asyncio.sleep(0.01)


async def test_a_subject_beside_is_measured_at_the_same_time(sender: SenderProcess) -> None:
    async with listening(sender) as maker, listening(sender, "other") as other:
        answering = [asyncio.create_task(answer_all(one)) for one in (maker, other)]
        load = msgspec.structs.replace(LOAD, beside="other", beside_rate=50.0)
        measured = await asyncio.wait_for(sender.measure(load), 30)
        for task in answering:
            task.cancel()
    assert (measured.sent, len(measured.latencies_us), len(measured.beside_us)) == (20, 20, 5)


async def test_a_settled_quote_is_reported_once_its_maker_has_asked_for_statuses(sender: SenderProcess) -> None:
    sender.settled("maker", "hash-1")
    async with listening(sender) as maker:
        await call(maker, 1, "subscribe", "quote_status")
        replies = [json.loads(await maker.recv()) for _ in range(2)]
        assert replies[0]["result"] == "statuses"
        assert replies[1]["params"] == {"subscription": "statuses", "data": {"quote_hash": "hash-1", "seq": 1}}


async def test_every_answer_is_refused_as_the_load_says(sender: SenderProcess) -> None:
    async with listening(sender) as maker:
        measuring = asyncio.create_task(sender.measure(msgspec.structs.replace(LOAD, refusal="invalid salt")))
        event = json.loads(await maker.recv())
        await call(maker, 1, "quote_response", {"quote_id": event["params"]["data"]["quote_id"]})
        texts = [json.loads(text) async for text in until_reply(maker)]
        assert texts[-1]["error"]["message"] == "invalid salt"
        maker.transport.abort()
        await asyncio.wait_for(measuring, 30)


async def until_reply(maker: ClientConnection) -> AsyncIterator[str | bytes]:
    async for text in maker:
        yield text
        if "id" in json.loads(text):
            return


def of_other(run: int) -> RequestLoad:
    return RequestLoad(subject="other", run=run, rate=200.0, seconds=0.1, warm_up_s=0.0, other_pairs=0.0)


async def answer_all(maker: ClientConnection) -> None:
    async for text in maker:
        event = json.loads(text)
        if "params" in event:
            await call(maker, 1, "quote_response", {"quote_id": event["params"]["data"]["quote_id"]})
