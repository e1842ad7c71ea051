"""The streams of the relay that one connection subscribes to: each in its full form, and plainly where that is refused.

Source: docs.near-intents.org, Message Bus (WebSocket Reference, Guaranteed Delivery), and the vendor's solver SDK.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Collection
from typing import Literal

import msgspec

from venue.relay.messages import ErrorReply
from venue.transport.errors import WsClosedError

Topic = Literal["quote", "quote_status", "quote_status_extended"]
REQUIRED: tuple[Topic, ...] = ("quote", "quote_status")
PLAIN_FORM: dict[Topic, str] = {
    "quote": "the relay sends every pair: it did not take the filter",
    "quote_status": "settlements during a lost connection are missed: the relay did not take guaranteed delivery",
    "quote_status_extended": "",
}
"""What it means that a stream is not held in its full form; the extended stream is an addition that few relays have."""
MAX_HANG_UPS = 2
MAX_UNWANTED = 3
"""Requests of other tokens after which a filter that was accepted is taken for one that is ignored."""


class Streams(msgspec.Struct, frozen=True, kw_only=True):
    """What a relay client asks for.

    ``tokens``: only requests with both tokens among these; empty: all requests. ``instance_id``: guaranteed delivery
    of settlements to this instance; empty: none. ``extended``: the settlement stream with failures in it, too.
    """

    tokens: tuple[str, ...] = ()
    instance_id: str = ""
    extended: bool = False


PLAIN = Streams()
"""Every request, and settlements as they come."""


class _Form(msgspec.Struct, frozen=True):
    topic: Topic
    params: tuple[object, ...]
    full: bool


class Unanswered:
    """Which streams not to ask for in their full form, because the relay answered nothing or hung up.

    ``plain``: those of the next connection. They are given up after one time-out or two hang-ups, and asked for again
    once a connection without them has ended, or has failed as well.
    """

    def __init__(self) -> None:
        self.plain: frozenset[Topic] = frozenset()
        self._hang_ups = 0

    def ended(self, unanswered: Collection[Topic], *, subscribed: bool, timed_out: bool) -> None:
        """Take the end of a connection, and the full forms that it left without an answer."""
        if (subscribed and not unanswered) or (self.plain and not subscribed):
            self.plain, self._hang_ups = frozenset(), 0
        elif unanswered:
            self._hang_ups += 1
            if timed_out or self._hang_ups == MAX_HANG_UPS:
                self.plain, self._hang_ups = self.plain.union(unanswered), 0


class Subscriptions:
    """The subscriptions of one connection. ``ask`` writes a request to subscribe and returns its id.

    ``ready`` is done once both required streams are held, in whichever form. ``plain``: streams not to be asked for in
    their full form. ``filtered``: whether the relay is asked for our tokens' requests alone.
    """

    def __init__(
        self,
        streams: Streams,
        ask: Callable[[tuple[object, ...]], int],
        counters: Counter[str],
        *,
        filtered: bool = True,
        plain: Collection[Topic] = (),
    ) -> None:
        self._streams = streams
        self._ask = ask
        self._counters = counters
        self._plain = frozenset(plain)
        self._wants_filter = filtered
        self._asked: dict[int, _Form] = {}
        self._newest: dict[Topic, _Form] = {}
        self._held: dict[Topic, _Form] = {}
        self._wanted = frozenset(streams.tokens)
        self._unwanted = 0
        self._unnumbered = 0
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._request(self._requests(filtered))
        self._request(self._statuses())
        if streams.extended and "quote_status_extended" not in self._plain:
            self._request(_Form("quote_status_extended", ("quote_status_extended",), True))

    @property
    def filtered(self) -> bool:
        """Whether the relay keeps requests of other tokens to itself: it took the filter, and abides by it."""
        return self._holds_full("quote")

    @property
    def guaranteed(self) -> bool:
        """Whether statuses are to be acknowledged; also while the relay has not answered the subscription yet."""
        return self._newest["quote_status"].full

    @property
    def extended(self) -> bool:
        return "quote_status_extended" in self._held

    def plain_instead_of_full(self) -> tuple[Topic, ...]:
        """Return the streams that were to be had in their full form and are not."""
        streams = self._streams
        wanted: dict[Topic, bool] = {
            "quote": bool(streams.tokens) and self._wants_filter,
            "quote_status": bool(streams.instance_id),
            "quote_status_extended": streams.extended,
        }
        return tuple(topic for topic, full in wanted.items() if full and not self._holds_full(topic))

    def note_other_pair(self, asset_in: str | None, asset_out: str | None) -> None:
        """Take note of a request for no market of ours; a filter lets only those between two of our tokens through."""
        held = self._held.get("quote")
        self._unwanted += held is not None and held.full and not self._wanted.issuperset((asset_in, asset_out))

    def note_unnumbered(self) -> None:
        """Take note of a settlement that cannot be acknowledged although its delivery should be guaranteed."""
        self._unnumbered += 1

    def _holds_full(self, topic: Topic) -> bool:
        held = self._held.get(topic)
        if held is None or not held.full:
            return False
        if topic == "quote":
            return self._unwanted < MAX_UNWANTED
        return topic != "quote_status" or not self._unnumbered

    def unanswered(self) -> tuple[Topic, ...]:
        """Return the streams whose full form the relay has left without an answer."""
        return tuple(form.topic for form in self._asked.values() if form.full)

    def filter(self, on: bool) -> None:
        """Subscribe to requests again, with the filter or without; a new subscription replaces the old one."""
        self._wants_filter = on
        form = self._requests(on)
        if form != self._newest["quote"]:
            self._request(form)

    def on_reply(self, request_id: int, error: ErrorReply | None) -> bool:
        """Take the relay's answer; return whether it answers a subscription."""
        form = self._asked.pop(request_id, None)
        if form is None:
            return False
        if error is None:
            if form is self._newest[form.topic]:
                self._held[form.topic] = form
                self._unwanted *= form.topic != "quote"
            if not self.ready.done() and all(topic in self._held for topic in REQUIRED):
                self.ready.set_result(None)
        elif form.full:
            self._counters[f"refused_{form.topic}"] += 1
            if form.topic in REQUIRED and form is self._newest[form.topic]:
                self._request(_Form(form.topic, (form.topic,), False))
        elif not self.ready.done():
            self.ready.set_exception(WsClosedError(f"the relay refused a subscription: {error.text}"))
        return True

    def _request(self, form: _Form) -> None:
        self._newest[form.topic] = form
        self._asked[self._ask(form.params)] = form

    def _requests(self, filtered: bool) -> _Form:
        tokens = self._streams.tokens
        if not tokens or not filtered or "quote" in self._plain:
            return _Form("quote", ("quote",), False)
        return _Form("quote", ("quote", {"tokens_in": tokens, "tokens_out": tokens}), True)

    def _statuses(self) -> _Form:
        if not self._streams.instance_id or "quote_status" in self._plain:
            return _Form("quote_status", ("quote_status",), False)
        return _Form("quote_status", ("quote_status", None, True), True)
