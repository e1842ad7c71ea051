"""Recorded events on their way to those who follow: batches by reference, behind the history, a bounded queue each.

A follower gets a batch once it is durable, with the position of the history after it: what it prints is what history
holds, and it can go on from there whatever happens to the connection. Without followers nothing is done.
"""

import asyncio
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import msgspec

from cockpit.model.events import AnyEvent, Event
from storage.errors import HistoryError
from storage.history import History

MOST_EVENTS = 5_000
"""Events that wait for one follower; about 10 MB of what is in memory anyway."""
MOST_FOLLOWERS = 8
POSITION_S = 0.5
"""How long the history may take to say how far it goes; the next batch waits so long at most."""


class Portion(msgspec.Struct, frozen=True, kw_only=True):
    """Events in the order of recording; ``lost`` were dropped before them.

    ``position``: how far the history goes after them, by table; None when that is not known.
    """

    lost: int
    events: Sequence[AnyEvent]
    position: Mapping[str, int] | None


class Follower:
    """One follower's queue. ``topics``: the events it wants."""

    def __init__(self, topics: frozenset[type[Event]], most: int = MOST_EVENTS) -> None:
        self._topics = topics
        self._most = most
        self._queue: deque[Portion] = deque()
        self._waiting = 0
        self._lost = 0
        self._lost_to: Mapping[str, int] | None = None
        self._fresh = asyncio.Event()

    @property
    def waiting(self) -> int:
        return self._waiting

    def put(self, batch: Sequence[AnyEvent], position: Mapping[str, int] | None) -> None:
        events = [event for event in batch if type(event) in self._topics]
        if not events:
            return
        if self._waiting + len(events) > self._most:
            self._lost += len(events)
            self._lost_to = position
        else:
            self._queue.append(Portion(lost=self._lost, events=events, position=position))
            self._waiting += len(events)
            self._lost = 0
        self._fresh.set()

    async def next(self) -> Portion:
        """Wait for what comes next."""
        while not self._queue and not self._lost:
            self._fresh.clear()
            await self._fresh.wait()
        if not self._queue:
            lost, self._lost = self._lost, 0
            return Portion(lost=lost, events=(), position=self._lost_to)
        portion = self._queue.popleft()
        self._waiting -= len(portion.events)
        return portion


class EventStream:
    """Hands what the history took to every follower; ``take`` is the writer's ``on_written``."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._followers: set[Follower] = set()
        self._joining: dict[Follower, asyncio.Future[Mapping[str, int] | None]] = {}

    def __len__(self) -> int:
        return len(self._followers) + len(self._joining)

    @property
    def full(self) -> bool:
        return len(self) >= MOST_FOLLOWERS

    async def take(self, batch: Sequence[AnyEvent]) -> None:
        """Pass on a batch that is durable."""
        if not self._joining and not (batch and self._followers):
            return
        position = await self._position()
        for follower in self._followers:
            follower.put(batch, position)
        # Those who join now have it all in the history.
        for follower, begun in self._joining.items():
            self._followers.add(follower)
            if not begun.done():
                begun.set_result(position)
        self._joining.clear()

    @contextmanager
    def following(self, follower: Follower) -> Iterator[asyncio.Future[Mapping[str, int] | None]]:
        """Follow from now on. The future tells the position of the history before the follower's first event."""
        begun: asyncio.Future[Mapping[str, int] | None] = asyncio.get_running_loop().create_future()
        self._joining[follower] = begun
        try:
            yield begun
        finally:
            self._joining.pop(follower, None)
            self._followers.discard(follower)
            begun.cancel()

    async def _position(self) -> Mapping[str, int] | None:
        try:
            async with asyncio.timeout(POSITION_S):
                return await self._history.position()
        except (HistoryError, TimeoutError):
            return None
