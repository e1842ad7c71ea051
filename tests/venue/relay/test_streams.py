"""Filters, guaranteed delivery and the extended stream, on a real websocket, taken and refused by the relay."""

import asyncio
import http
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import venue.relay.client as relay_client
from cockpit.model.environment import Environment
from tests.support.venue.relay_server import TOKEN, Full, RecordingListener, RelayServer, event, request_data, running
from tests.support.waiting import until
from venue.protocol.tokens import BTC, DEFAULT_TOKENS, EURE
from venue.relay.client import Relay
from venue.relay.deliveries import MAX_REMEMBERED
from venue.relay.frames import Decline
from venue.relay.handshake import REFUSED_HANDSHAKE, instance_url
from venue.relay.messages import QuoteStatus
from venue.relay.streams import MAX_UNWANTED, PLAIN_FORM, Streams, Topic, Unanswered
from venue.transport.errors import WsClosedError

TOKENS = (BTC.token_id, EURE.token_id)
FULL = Streams(tokens=TOKENS, instance_id="prod-1", extended=True)
FILTERED = ["quote", {"tokens_in": list(TOKENS), "tokens_out": list(TOKENS)}]
GUARANTEED = ["quote_status", None, True]
EXTENDED = ["quote_status_extended"]


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_client, "BACKOFF_S", (0.01, 0.02))


@pytest.fixture
async def server() -> AsyncIterator[RelayServer]:
    async with running() as relay:
        relay.acknowledges = 99
        yield relay


@asynccontextmanager
async def client(
    server: RelayServer, streams: Streams = FULL, *, listener: RecordingListener | None = None
) -> AsyncIterator[tuple[Relay, RecordingListener]]:
    listener = listener or RecordingListener()
    relay = Relay(server.url, lambda: TOKEN, DEFAULT_TOKENS, Environment(jitter=lambda: 0.5), streams)
    task = asyncio.create_task(relay.run(listener))
    try:
        yield relay, listener
        assert not task.done(), "the client ended by itself"
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


def settled(name: str, seq: object = None, **more: object) -> dict[str, Any]:
    data = {"quote_hash": name, "intent_hash": f"intent-{name}", "tx_hash": f"tx-{name}", **more}
    return event(data) if seq is None else event(data, seq=seq)


async def test_every_stream_is_asked_for_in_its_full_form(server: RelayServer) -> None:
    async with client(server) as (relay, _):
        await until(lambda: relay.state == "ok" and len(server.forms[0]) == 3)
        assert server.forms == [[FILTERED, GUARANTEED, EXTENDED]]
        assert server.paths == ["/ws?instance_id=prod-1"]
        assert relay.filtered
        assert relay.fallbacks == ()


async def test_without_settings_the_plain_forms_are_asked_for(server: RelayServer) -> None:
    async with client(server, Streams()) as (relay, _):
        await until(lambda: relay.state == "ok")
        assert server.forms == [[["quote"], ["quote_status"]]]
        assert server.paths == ["/ws"]
        assert not relay.filtered
        assert relay.fallbacks == ()


@pytest.mark.parametrize(
    ("refused", "forms", "text"),
    [
        ("filter", [FILTERED, GUARANTEED, EXTENDED, ["quote"]], PLAIN_FORM["quote"]),
        ("guaranteed", [FILTERED, GUARANTEED, EXTENDED, ["quote_status"]], PLAIN_FORM["quote_status"]),
        ("extended", [FILTERED, GUARANTEED, EXTENDED], ""),
    ],
)
async def test_a_form_that_is_refused_gives_way_to_the_plain_one_and_that_is_said(
    server: RelayServer, refused: Full, forms: list[object], text: str
) -> None:
    server.refuses = {refused}
    async with client(server) as (relay, listener):
        await until(lambda: relay.state == "ok" and len(server.forms[0]) == len(forms))
        await until(lambda: sum(relay.counters[f"refused_{topic}"] for topic in PLAIN_FORM) == 1)
        assert server.forms == [forms]
        assert relay.fallbacks == ((text,) if text else ())
        assert relay.filtered == (refused != "filter")
        await server.send(event(request_data()))
        await server.send(settled("a", 1))
        await until(lambda: listener.requests and listener.statuses)
        assert server.acknowledged == [] if refused == "guaranteed" else [["s", 1]]
        # The next connection asks for the full form again: the relay may have learned it.
        server.refuses = set()
        await server.connections[0].close(1012, "restarting")
        await until(lambda: relay.counters["connects"] == 2 and relay.fallbacks == ())
        assert server.forms[1][:2] == [FILTERED, GUARANTEED]


async def test_a_relay_of_last_year_gets_the_plain_forms(server: RelayServer) -> None:
    server.refuses, server.refuses_instance = {"filter", "guaranteed", "extended"}, True
    async with client(server) as (relay, listener):
        await until(lambda: relay.state == "ok")
        assert server.paths == ["/ws?instance_id=prod-1", "/ws"]
        assert server.forms == [[FILTERED, ["quote_status"], EXTENDED, ["quote"]]]
        assert relay.fallbacks == (PLAIN_FORM["quote"], PLAIN_FORM["quote_status"])
        await server.send(settled("a", 1))
        await until(lambda: listener.statuses)
        assert server.acknowledged == []


async def test_a_handshake_that_is_refused_for_another_reason_keeps_the_instance(server: RelayServer) -> None:
    server.status = http.HTTPStatus.NOT_FOUND
    async with client(server) as (relay, _):
        await until(lambda: len(server.paths) >= 4)
        assert server.paths[:4] == ["/ws?instance_id=prod-1", "/ws"] * 2
        server.status = None
        await until(lambda: relay.state == "ok")
        await server.connections[-1].close(1012, "restarting")
        await until(lambda: relay.counters["connects"] == 2)
        assert server.paths[-1] == "/ws?instance_id=prod-1", "after a connection the full form is tried again"


@pytest.mark.parametrize("ignored", ["filter", "guaranteed"])
async def test_a_form_that_is_never_answered_gives_way_too(
    server: RelayServer, monkeypatch: pytest.MonkeyPatch, ignored: Full
) -> None:
    monkeypatch.setattr(relay_client, "SUBSCRIBE_WITHIN_S", 0.2)
    server.ignores = {ignored}
    async with client(server) as (relay, _):
        await until(lambda: relay.state == "ok")
        assert len(server.forms) == 2
        assert next(form for form in server.forms[1] if len(form) == 1) == [
            "quote" if ignored == "filter" else "quote_status"
        ]


@pytest.mark.parametrize("form", ["filter", "guaranteed", "extended"])
async def test_a_relay_that_hangs_up_on_a_form_gets_the_plain_ones(server: RelayServer, form: Full) -> None:
    server.hangs_up_on = {form}
    async with client(server) as (relay, listener):
        await until(lambda: len(server.forms) == 3 and relay.state == "ok")
        await server.send(settled("a"))
        await until(lambda: listener.statuses)
        assert all(form in (FILTERED, GUARANTEED, ["quote"], ["quote_status"]) for form in server.forms[2])
        assert len(server.forms) == 3, "the connection lasts"


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), max_size=12))
def test_what_was_given_up_is_asked_for_again(ends: list[tuple[bool, bool, bool]]) -> None:
    found = Unanswered()
    for answered, subscribed, timed_out in ends:
        unanswered: tuple[Topic, ...] = () if answered else ("quote_status_extended",)
        before = found.plain
        found.ended(unanswered, subscribed=subscribed, timed_out=timed_out)
        assert not (before and not subscribed and found.plain), "the forms were not the reason"
        assert not (answered and subscribed and found.plain)
    found.ended((), subscribed=True, timed_out=False)
    assert not found.plain


async def test_a_relay_that_ignores_the_extended_stream_is_used_all_the_same(server: RelayServer) -> None:
    server.ignores = {"extended"}
    async with client(server) as (relay, _):
        await until(lambda: relay.state == "ok")
        assert relay.counters["connects"] == 1


async def test_a_plain_form_that_is_refused_ends_the_connection(server: RelayServer) -> None:
    server.error = "try later"
    async with client(server) as (relay, _):
        await until(lambda: relay.counters["disconnects"] >= 2)
        assert relay.last_error == "the relay refused a subscription: try later"
        assert server.forms[0] == [FILTERED, GUARANTEED, EXTENDED, ["quote"], ["quote_status"]]


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_key_is_said_in_words(server: RelayServer, status: int) -> None:
    server.status = http.HTTPStatus(status)
    async with client(server) as (relay, _):
        await until(lambda: relay.last_error == REFUSED_HANDSHAKE[status])
        assert relay.state != "ok"
        assert len(relay.last_error.split()) <= 20
        assert set(server.paths) == {"/ws?instance_id=prod-1"}, "the key is at fault, not the instance"
        server.status = None
        await until(lambda: relay.state == "ok")


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("ws://h/ws", "ws://h/ws?instance_id=a%2Fb"),
        ("ws://h/ws?x=1", "ws://h/ws?x=1&instance_id=a%2Fb"),
        ("ws://h", "ws://h?instance_id=a%2Fb"),
    ],
)
def test_the_instance_is_named_in_the_query(url: str, named: str) -> None:
    assert instance_url(url, "a/b") == named
    assert instance_url(url, "") == url


# Guaranteed delivery.


class Watching(RecordingListener):
    """Knows how many acknowledgements the relay had when a status was handed over."""

    def __init__(self, relay: list[Relay]) -> None:
        super().__init__()
        self.relay = relay
        self.acknowledged: list[int] = []

    def on_status(self, status: QuoteStatus) -> None:
        super().on_status(status)
        self.acknowledged.append(self.relay[0].counters["acknowledged"])


async def test_an_event_is_acknowledged_after_it_was_handed_over(server: RelayServer) -> None:
    found: list[Relay] = []
    async with client(server, listener=Watching(found)) as (relay, listener):
        found.append(relay)
        await until(lambda: relay.state == "ok")
        for seq in (1, 2, 3):
            await server.send(settled(f"q{seq}", seq))
        await until(lambda: len(server.acknowledged) == 3)
        assert server.acknowledged == [["s", 1], ["s", 2], ["s", 3]]
        assert isinstance(listener, Watching)
        assert listener.acknowledged == [0, 1, 2]
        await until(lambda: not relay._deliveries._expected)
        assert listener.answers == [], "the relay's OK to an acknowledgement is no answer to a quote"


async def test_a_listener_that_breaks_acknowledges_nothing_and_gets_the_event_again(server: RelayServer) -> None:
    class Breaking(RecordingListener):
        broken = True

        def on_status(self, status: QuoteStatus) -> None:
            if self.broken:
                raise RuntimeError("full disk")
            super().on_status(status)

    listener = Breaking()
    async with client(server, listener=listener) as (relay, _):
        await until(lambda: relay.state == "ok")
        await server.send(settled("a", 7))
        await until(lambda: relay.counters["connects"] == 2)
        assert server.acknowledged == []
        listener.broken = False
        await server.send(settled("a", 7))
        await until(lambda: server.acknowledged == [["s", 7]])
        assert [status.quote_hash for status in listener.statuses] == ["a"]


@pytest.mark.parametrize("seq", [0, 5, 2**63, "12", "00000000000000000012"])
async def test_a_sequence_number_is_returned_as_it_came(server: RelayServer, seq: object) -> None:
    async with client(server) as (relay, _):
        await until(lambda: relay.state == "ok")
        await server.send(settled("a", seq))
        await until(lambda: server.acknowledged)
        assert server.acknowledged == [["s", seq]]


async def test_a_sequence_number_among_the_data_is_read_too(server: RelayServer) -> None:
    async with client(server) as (relay, _):
        await until(lambda: relay.state == "ok")
        await server.send(event({"quote_hash": "a", "seq": 4}))
        await server.send({"method": "subscribe", "params": {"subscription": "s", "quote_hash": "b", "seq": 5}})
        await until(lambda: len(server.acknowledged) == 2)
        assert server.acknowledged == [["s", 4], ["s", 5]]


@pytest.mark.parametrize("seq", [-1, "x", "", "1" * 21, 2**64])
async def test_an_event_without_a_usable_sequence_number_is_taken_and_not_acknowledged(
    server: RelayServer, seq: object
) -> None:
    async with client(server) as (relay, listener):
        await until(lambda: relay.state == "ok")
        await server.send(settled("a", seq))
        await server.send(settled("b", 1))
        await until(lambda: server.acknowledged)
        assert server.acknowledged == [["s", 1]]
        assert [status.quote_hash for status in listener.statuses] == ["a", "b"]


async def test_repeated_and_disordered_events_count_once_and_are_acknowledged_each_time(server: RelayServer) -> None:
    async with client(server) as (relay, listener):
        await until(lambda: relay.state == "ok")
        sent = [("a", 3), ("b", 1), ("a", 3), ("c", 9), ("b", 1), ("a", 10)]
        for name, seq in sent:
            await server.send(settled(name, seq))
        await until(lambda: len(server.acknowledged) == len(sent))
        assert server.acknowledged == [["s", seq] for _, seq in sent]
        assert [status.quote_hash for status in listener.statuses] == ["a", "b", "c"]
        assert (relay.counters["statuses"], relay.counters["repeated_statuses"]) == (3, 3)


async def test_what_comes_again_after_a_reconnect_is_acknowledged_and_not_counted_again(server: RelayServer) -> None:
    async with client(server) as (relay, listener):
        await until(lambda: relay.state == "ok")
        await server.send(settled("a", 1))
        await until(lambda: server.acknowledged)
        await server.connections[0].close(1012, "restarting")
        await until(lambda: relay.counters["connects"] == 2)
        assert server.paths == ["/ws?instance_id=prod-1"] * 2
        for name, seq in (("a", 1), ("missed", 2)):
            await server.send(settled(name, seq))
        await until(lambda: len(server.acknowledged) == 3)
        assert [status.quote_hash for status in listener.statuses] == ["a", "missed"]


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"quote_hash": ""}, "quote_hash"),
        ({"quote_hash": "x" * 129}, "quote_hash"),
        ({"quote_hash": "a\x1bb"}, "quote_hash"),
        ({"quote_hash": "a b"}, "quote_hash"),
        ({"event_type": "quote_settle_maybe"}, "event_type"),
    ],
)
async def test_a_status_that_cannot_be_read_is_counted_and_not_asked_for_again(
    server: RelayServer, changes: dict[str, object], kind: str
) -> None:
    async with client(server) as (relay, listener):
        await until(lambda: relay.state == "ok")
        await server.send(settled("a", 1, **changes))
        await until(lambda: server.acknowledged == [["s", 1]])
        assert relay.counters[f"malformed_{kind}"] == 1
        assert listener.statuses == []


async def test_a_hash_of_a_transaction_that_cannot_be_read_is_unknown(server: RelayServer) -> None:
    async with client(server) as (relay, listener):
        await until(lambda: relay.state == "ok")
        await server.send(settled("a", 1, intent_hash="i" * 500, tx_hash="\u0000"))
        await until(lambda: listener.statuses)
        assert listener.statuses == [QuoteStatus("a", None, None)]


async def test_a_relay_that_does_not_read_is_not_drowned_in_acknowledgements(
    server: RelayServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("venue.relay.deliveries.MAX_UNSENT", -1)
    async with client(server) as (relay, listener):
        await until(lambda: relay.state == "ok")
        await server.send(settled("a", 1))
        await until(lambda: relay.counters["acknowledgements_put_off"] == 1)
        assert [status.quote_hash for status in listener.statuses] == ["a"]
        monkeypatch.undo()
        await server.send(settled("a", 1))
        await until(lambda: server.acknowledged == [["s", 1]])


async def test_statuses_remembered_are_bounded(server: RelayServer) -> None:
    async with client(server) as (relay, _):
        for number in range(MAX_REMEMBERED + 10):
            relay._deliveries.took(QuoteStatus(f"q{number}", None, None))
        assert len(relay._deliveries._seen) == MAX_REMEMBERED


# The extended stream.


async def test_only_a_successful_settlement_is_one_and_it_counts_once_in_both_streams(server: RelayServer) -> None:
    async with client(server) as (relay, listener):
        await until(lambda: relay.state == "ok")
        for kind in ("quote_ready_to_settle", "quote_settle_failed", "quote_ready_to_settle"):
            await server.send(settled("a", event_type=kind))
        await server.send(settled("a", event_type="quote_settle_successful"))
        await server.send(settled("a", 1))
        await server.send(settled("b", 2))
        await server.send(settled("b", event_type="quote_settle_successful"))
        await until(lambda: len(listener.statuses) == 4 and relay.counters["messages"] >= 10)
        assert [(status.quote_hash, status.event) for status in listener.statuses] == [
            ("a", "ready"),
            ("a", "failed"),
            ("a", "settled"),
            ("b", "settled"),
        ]
        counters = relay.counters
        assert (counters["statuses"], counters["statuses_ready"], counters["statuses_failed"]) == (2, 1, 1)
        await until(lambda: counters["repeated_statuses"] == 3)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["settled", "ready", "failed"])), max_size=20))
def test_each_status_is_handed_over_once_in_any_order(sent: list[tuple[str, Any]]) -> None:
    listener = RecordingListener()
    relay = Relay("ws://127.0.0.1:1", lambda: TOKEN, DEFAULT_TOKENS, Environment())
    types = {"settled": None, "ready": "quote_ready_to_settle", "failed": "quote_settle_failed"}
    for name, kind in sent:
        message = settled(name, 1, event_type=types[kind])
        relay._on_message(listener, json.dumps(message).encode())
    assert [(one.quote_hash, one.event) for one in listener.statuses] == list(dict.fromkeys(sent))


# A relay that accepts a form and does not abide by it.


async def test_a_filter_that_is_ignored_is_not_taken_for_one(server: RelayServer) -> None:
    ours = event(request_data(defuse_asset_identifier_in=EURE.token_id, defuse_asset_identifier_out=EURE.token_id))
    other = event(request_data(defuse_asset_identifier_out="nep141:usdc.near"))
    async with client(server) as (relay, _):
        await until(lambda: relay.state == "ok")
        for _ in range(5):
            await server.send(ours)
        await until(lambda: relay.counters["other_pairs"] == 5)
        assert relay.filtered, "between two of our tokens there may be no market"
        for _ in range(MAX_UNWANTED):
            await server.send(other)
        await until(lambda: relay.counters["other_pairs"] == 5 + MAX_UNWANTED)
        assert not relay.filtered
        assert relay.fallbacks == (PLAIN_FORM["quote"],)


async def test_settlements_without_numbers_are_not_taken_for_guaranteed_delivery(server: RelayServer) -> None:
    async with client(server) as (relay, listener):
        await until(lambda: relay.state == "ok")
        await server.send(settled("a", event_type="quote_settle_successful"))
        await until(lambda: listener.statuses)
        assert not relay.fallbacks, "the extended stream is not numbered"
        await server.send(settled("b"))
        await until(lambda: len(listener.statuses) == 2)
        assert relay.fallbacks == (PLAIN_FORM["quote_status"],)
        assert server.acknowledged == []


# The count of other pairs.


async def test_other_pairs_are_counted_for_a_time_on_request_and_then_filtered_again(server: RelayServer) -> None:
    other = event(request_data(defuse_asset_identifier_in="nep141:usdc.near"))
    async with client(server) as (relay, _):
        await until(lambda: relay.state == "ok")
        assert relay.others.counted is None
        relay.count_others(60)
        await until(lambda: not relay.filtered)
        assert server.forms[0][3:] == [["quote"]]
        assert relay.fallbacks == (), "the operator asked for it"
        await server.send(other)
        await server.send(other)
        await until(lambda: relay.counters["other_pairs"] == 2)
        assert 59 * 10**9 < relay.others.left_ns <= 60 * 10**9
        relay.count_others(0.2)
        await until(lambda: relay.filtered)
        assert server.forms[0][3:] == [["quote"], FILTERED]
        counted = relay.others.counted
        assert counted is not None
        assert counted.count == 2
        assert 0 < counted.over_ns < 20 * 10**9
        assert (relay.others.counting, relay.others.left_ns) == (False, 0)


async def test_a_count_survives_a_lost_connection_and_ends_in_time(server: RelayServer) -> None:
    async with client(server) as (relay, _):
        await until(lambda: relay.state == "ok")
        relay.count_others(0.6)
        await server.connections[0].close(1012, "restarting")
        await until(lambda: relay.counters["connects"] == 2)
        assert server.forms[1][0] == ["quote"]
        await until(lambda: relay.filtered)
        assert server.forms[1][3:] == [FILTERED]


async def test_a_relay_that_refuses_to_send_everything_keeps_the_filter(server: RelayServer) -> None:
    async with client(server) as (relay, _):
        await until(lambda: relay.state == "ok")
        server.error = "no more"
        relay.count_others(60)
        await until(lambda: len(server.forms[0]) == 4)
        await asyncio.sleep(0)
        assert relay.filtered
        assert relay.state == "ok"


# Declines.


async def test_a_decline_is_an_answer_without_a_signature_and_its_reply_is_not_one_to_a_quote(
    server: RelayServer,
) -> None:
    async with client(server) as (relay, listener):
        await until(lambda: relay.state == "ok")
        relay.decline("q-1", Decline("INSUFFICIENT_AMOUNT", "500"))
        relay.decline("q-2", Decline("NO_LIQUIDITY"))
        await until(lambda: len(server.frames) == 2)
        assert [frame["method"] for frame in server.frames] == ["quote_response"] * 2
        assert [frame["params"] for frame in server.frames] == [
            [{"quote_id": "q-1", "quote_output": {"type": "INSUFFICIENT_AMOUNT", "min_amount": "500"}}],
            [{"quote_id": "q-2", "quote_output": {"type": "NO_LIQUIDITY"}}],
        ]
        await server.send({"id": server.frames[0]["id"], "result": "OK"})
        await server.send({"id": server.frames[1]["id"], "error": "gone"})
        await until(lambda: relay.counters["refused_decline"] == 1)
        assert listener.answers == []


async def test_nothing_is_declined_without_a_connection(server: RelayServer) -> None:
    relay = Relay(server.url, lambda: TOKEN, DEFAULT_TOKENS, Environment())
    with pytest.raises(WsClosedError):
        relay.decline("q-1", Decline("NO_LIQUIDITY"))
    assert relay.counters["declines"] == 0
