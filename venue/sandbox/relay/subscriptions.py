"""Who hears what on the relay's websocket: filters, the settlement streams, and statuses kept for who is away."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Literal, Protocol

import msgspec

from venue.protocol.units import NS_PER_S
from venue.sandbox.base.seeding import derive_uuid
from venue.sandbox.relay.errors import INVALID_PARAMS, AuctionRefusedError

Topic = Literal["quote", "quote_status", "quote_status_extended"]
TOPICS: tuple[Topic, ...] = ("quote", "quote_status", "quote_status_extended")
KEEP_NS = 7 * 24 * 3_600 * NS_PER_S
"""How long a status waits for an instance that is away."""
MAX_KEPT = 10_000
MAX_INSTANCES = 100
AGAIN_AFTER_S = 5.0
"""A status that was not acknowledged by then is delivered again."""


class Link(Protocol):
    """A maker's connection; ``send`` never blocks."""

    def send(self, message: bytes) -> None: ...


class Filter(msgspec.Struct, frozen=True):
    """Tokens of the requests that a maker wants; an empty list restricts nothing."""

    tokens_in: tuple[str, ...] = ()
    tokens_out: tuple[str, ...] = ()

    def passes(self, data: Mapping[str, object]) -> bool:
        return (not self.tokens_in or data["defuse_asset_identifier_in"] in self.tokens_in) and (
            not self.tokens_out or data["defuse_asset_identifier_out"] in self.tokens_out
        )


EVERYTHING = Filter()


class _Kept(msgspec.Struct, frozen=True):
    at_ns: int
    data: dict[str, object]


class _Instance:
    """The statuses that one instance has not acknowledged, and where it is connected."""

    def __init__(self) -> None:
        self.kept: dict[int, _Kept] = {}
        self.next_seq = 1
        self.link: Link | None = None
        self.subscription = ""


class _Subscription(msgspec.Struct, frozen=True):
    topic: Topic
    link: Link
    filter: Filter
    instance_id: str


class Subscriptions:
    """Every subscription, and the queues of the instances. ``flat`` sends events in the documented flat form.

    ``clock`` is UTC nanoseconds.
    """

    def __init__(self, seed: int, clock: Callable[[], int], counts: Counter[str], *, flat: bool) -> None:
        self._seed = seed
        self._clock = clock
        self._counts = counts
        self._flat = flat
        self._count = 0
        self._held: dict[str, _Subscription] = {}
        self._instances: dict[str, _Instance] = {}

    def add(self, topic: Topic, link: Link, wanted: Filter = EVERYTHING, instance_id: str = "") -> str:
        """Subscribe the link, in place of an earlier subscription to this topic, and return the id.

        With ``instance_id`` what was not acknowledged is delivered first. Raises AuctionRefusedError when there are
        too many instances.
        """
        for name in [name for name, one in self._held.items() if one.link is link and one.topic == topic]:
            self._end(name)
        self._count += 1
        subscription = derive_uuid(self._seed, "subscription", self._count)
        if instance_id:
            instance = self._instances.get(instance_id)
            if instance is None:
                if len(self._instances) >= MAX_INSTANCES:
                    raise AuctionRefusedError(INVALID_PARAMS, "too many instances")
                instance = self._instances[instance_id] = _Instance()
            instance.link, instance.subscription = link, subscription
        self._held[subscription] = _Subscription(topic, link, wanted, instance_id)
        return subscription

    def replay(self, subscription: str) -> None:
        """Deliver what the subscription's instance has not acknowledged, oldest first."""
        held = self._held.get(subscription)
        instance = None if held is None else self._instances.get(held.instance_id)
        if instance is None:
            return
        self._drop_old(instance)
        for seq in tuple(instance.kept):
            self._deliver(instance, seq)

    def remove(self, subscription: str, link: Link) -> bool:
        """End one of the link's subscriptions; False when it has none of this id."""
        held = self._held.get(subscription)
        if held is None or held.link is not link:
            return False
        self._end(subscription)
        return True

    def forget(self, link: Link) -> None:
        for name in [name for name, one in self._held.items() if one.link is link]:
            self._end(name)

    def acknowledge(self, subscription: str, seq: int, link: Link) -> bool:
        """Take an acknowledgement; a repeated one is one too. False for another's subscription or an unsent number."""
        held = self._held.get(subscription)
        instance = None if held is None or held.link is not link else self._instances.get(held.instance_id)
        if instance is None or not 0 < seq < instance.next_seq:
            return False
        if instance.kept.pop(seq, None) is not None:
            self._counts["acknowledged"] += 1
        return True

    def count(self, topic: Topic) -> int:
        return sum(1 for one in self._held.values() if one.topic == topic)

    def waiting(self) -> dict[str, int]:
        """Return how many statuses each instance has not acknowledged."""
        return {name: len(instance.kept) for name, instance in self._instances.items()}

    def broadcast(self, topic: Topic, data: dict[str, object], metadata: dict[str, object] | None = None) -> None:
        """Send the event to everybody who wants it, and keep a status for every instance."""
        for name, one in tuple(self._held.items()):
            if one.topic == topic and not one.instance_id and (topic != "quote" or one.filter.passes(data)):
                one.link.send(envelope(name, data, metadata, flat=self._flat))
        if topic == "quote_status":
            for instance in self._instances.values():
                self._keep(instance, data)

    def send_raw(self, frames: Iterable[bytes]) -> None:
        """Send frames of any content to every link."""
        links = {id(one.link): one.link for one in self._held.values()}
        for frame in frames:
            for link in links.values():
                link.send(frame)

    def _keep(self, instance: _Instance, data: dict[str, object]) -> None:
        seq, instance.next_seq = instance.next_seq, instance.next_seq + 1
        instance.kept[seq] = _Kept(self._clock(), data)
        self._drop_old(instance)
        self._deliver(instance, seq)

    def _deliver(self, instance: _Instance, seq: int) -> None:
        link, kept = instance.link, instance.kept.get(seq)
        if link is None or kept is None:
            return
        link.send(envelope(instance.subscription, kept.data, None, flat=self._flat, seq=seq))

        def again() -> None:
            if instance.link is link and seq in instance.kept:
                self._counts["delivered_again"] += 1
                self._deliver(instance, seq)

        asyncio.get_running_loop().call_later(AGAIN_AFTER_S, again)

    def _drop_old(self, instance: _Instance) -> None:
        oldest_ns = self._clock() - KEEP_NS
        for seq in tuple(instance.kept):
            if instance.kept[seq].at_ns >= oldest_ns and len(instance.kept) <= MAX_KEPT:
                return
            del instance.kept[seq]

    def _end(self, subscription: str) -> None:
        instance = self._instances.get(self._held.pop(subscription).instance_id)
        if instance is not None and instance.subscription == subscription:
            instance.link = None


def envelope(
    subscription: str,
    data: Mapping[str, object],
    metadata: Mapping[str, object] | None,
    *,
    flat: bool,
    seq: int | None = None,
) -> bytes:
    """Encode an event in the relay's own form or in the documented flat one."""
    params: dict[str, object] = {"subscription": subscription}
    if seq is not None:
        params["seq"] = seq
    if flat:
        return msgspec.json.encode({"jsonrpc": "2.0", "method": "subscribe", "params": {**params, **data}})
    params["data"] = data
    if metadata is not None:
        params["metadata"] = metadata
    return msgspec.json.encode({"jsonrpc": "2.0", "method": "event", "params": params})
