"""The queue between the desk's hot path and the history: takes events at once, makes them durable soon after."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from itertools import islice
from typing import Any, Literal

import msgspec

from cockpit.model.environment import Environment
from cockpit.model.events import AnyEvent
from cockpit.model.formatting import counted
from cockpit.model.giving_way import give_way
from cockpit.model.recorder import LateEvent
from storage.errors import HistoryError
from storage.history import HEALTHY, History
from storage.messages import NOT_YET, WRITER_STOPPED, queue_full
from storage.unmade_events import UnmadeEvents
from venue.protocol.units import NS_PER_S

log = logging.getLogger(__name__)

BATCH = 500
"""Most events in one transaction."""

MADE_PER_SLICE = 5
"""Late events made without a pause, about 0.15 ms."""

HEARTBEAT_NS = NS_PER_S
STALL_S = 2.0
"""A write that takes longer counts as failing while it lasts."""

UNRECORDED_WINDOW_NS = HEARTBEAT_NS + int(STALL_S * NS_PER_S) + NS_PER_S
"""Longest time after its last heartbeat in which a desk may still have signed: by then it has noticed, and disarmed."""

FIRST_RETRY_S = 0.1
LAST_RETRY_S = 5.0
HIGH_WATER = 0.8

Status = Literal["starting", "ok", "failing", "overflown", "stopped"]


class WriterState(msgspec.Struct, frozen=True, kw_only=True):
    """How the writing goes.

    ``since_ns``: since when ``error`` lasts, UTC; None without one. ``dropped``: events lost. ``degraded``: a problem
    although everything written is durable. ``refused``: events that the database refused for what is in them; they are
    kept in a file of their own. ``undescribed``: late events that were written without their texts, and ``unmade``:
    that were not written, because making them failed.
    """

    status: Status
    error: str
    since_ns: int | None
    queue: int
    capacity: int
    written: int
    batches: int
    failures: int
    dropped: int
    degraded: str = ""
    refused: int = 0
    undescribed: int = 0
    unmade: int = 0


_REAL = Environment()


class HistoryWriter:
    """Writes what is recorded to an open history, in order, and retries until it succeeds.

    ``on_failure`` is called with the reason, once each time writing stops being possible; it must not raise. A queue
    that overflowed leaves a gap in the record, so the writer stays failed until the desk restarts. ``on_account_lost``
    is called once, when another desk has taken the account: this one must end. ``on_written`` gets each batch once it
    is durable and before the next one is written, and an empty one now and then; it must not raise, nor wait for long.
    """

    def __init__(
        self,
        history: History,
        *,
        env: Environment = _REAL,
        capacity: int = 100_000,
        interval_s: float = 0.1,
        on_failure: Callable[[str], None] | None = None,
        on_account_lost: Callable[[str], None] | None = None,
        on_written: Callable[[Sequence[AnyEvent]], Coroutine[Any, Any, None]] | None = None,
        stall_s: float = STALL_S,
    ) -> None:
        self._history = history
        self._wall_ns = env.wall_ns
        self._capacity = capacity
        self._high_water = int(capacity * HIGH_WATER)
        self._interval_s = interval_s
        self._on_failure = on_failure
        self._on_account_lost = on_account_lost
        self._on_written = on_written
        self._health = HEALTHY
        self._stall_s = stall_s
        self._queue: deque[AnyEvent | LateEvent[AnyEvent]] = deque()
        self._status: Status = "starting"
        self._error = ""
        self._since_ns: int | None = None
        self._last_heartbeat_ns: int | None = None
        self._wake = asyncio.Event()
        self._give_up_at: float | None = None
        self._flushers: list[tuple[int, asyncio.Future[None]]] = []
        self._unmade = UnmadeEvents()
        self.recorded = 0
        self.written = 0
        self.batches = 0
        self.failures = 0
        self.dropped = 0

    @property
    def writable(self) -> bool:
        """Whether what is recorded now will be durable soon; nothing may be signed otherwise."""
        return self._status == "ok" and len(self._queue) <= self._high_water

    @property
    def problem(self) -> str:
        """Why it is not writable, in one sentence; empty while it is."""
        if self.writable:
            return ""
        return self._error or (queue_full(len(self._queue), self._capacity) if self._status == "ok" else NOT_YET)

    @property
    def complete(self) -> bool:
        """Whether it is writable and all that was written is where the next desk of the account will look."""
        return self.writable and self._health.complete

    @property
    def depth(self) -> int:
        """Events that are not durable yet."""
        return len(self._queue)

    def record(self, event: AnyEvent | LateEvent[AnyEvent]) -> None:
        """Take an event; a full queue drops and counts it, and the writer fails for good."""
        if len(self._queue) >= self._capacity:
            self._overflow()
            return
        self._queue.append(event)
        self.recorded += 1

    def record_late(self, event: LateEvent[AnyEvent]) -> None:
        """Take an event that is made beside the requests, before its batch is written."""
        self.record(event)

    def state(self) -> WriterState:
        return WriterState(
            status=self._status,
            error=self._error,
            since_ns=self._since_ns,
            queue=len(self._queue),
            capacity=self._capacity,
            written=self.written,
            batches=self.batches,
            failures=self.failures,
            dropped=self.dropped,
            degraded="; ".join(filter(None, (self._health.problem, self._unmade.problem))),
            refused=self._health.refused,
            undescribed=self._unmade.undescribed,
            unmade=self._unmade.unmade,
        )

    async def run(self) -> None:
        """Write until ``stop()``; then write what is left and return.

        Raises HistoryError when something could not be made durable: the run must then not be closed as clean.
        """
        delay = FIRST_RETRY_S
        try:
            while not self._done():
                if await self._step():
                    delay = FIRST_RETRY_S
                    if len(self._queue) < BATCH:
                        await self._pause(self._interval_s)
                else:
                    await self._pause(delay)
                    delay = min(delay * 2, LAST_RETRY_S)
        except Exception as error:
            self._fail(f"the history writer failed: {type(error).__name__}; restart the desk")
            raise
        finally:
            self._end()
        if self._queue or self.dropped:
            lost = len(self._queue) + self.dropped
            raise HistoryError(
                f"{counted(lost, 'event')} could not be written to the history: {self._error or 'stopped'}"
            )
        if self._health.lost:
            # The next desk must not take the record for whole.
            raise HistoryError(self._health.problem)

    def stop(self, grace_s: float = 5.0) -> None:
        """Make ``run()`` return once the queue is durable, or after ``grace_s`` seconds of failing to write it."""
        self._give_up_at = asyncio.get_running_loop().time() + grace_s
        self._wake.set()

    async def flush(self) -> None:
        self._raise_if_lost()
        if self._over >= self.recorded:
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._flushers.append((self.recorded, future))
        self._wake.set()
        await future

    def _done(self) -> bool:
        if self._give_up_at is None:
            return False
        return not self._queue or asyncio.get_running_loop().time() >= self._give_up_at

    async def _step(self) -> bool:
        """Write one batch, and a heartbeat when one is due. Return False when the history refused."""
        taken, batch = await self._batch()
        try:
            if batch:
                await self._timed(self._history.write(batch))
                self.batches += 1
                self.written += len(batch)
            self._take_off(taken)
            if self._on_written is not None:
                await self._on_written(batch)
            if self._status != "ok" or self._heartbeat_due():
                now = self._wall_ns()
                await self._timed(self._history.heartbeat(now))
                self._last_heartbeat_ns = now
        except HistoryError as error:
            self.failures += 1
            self._fail(str(error))
            return False
        self._check_health()
        return True

    async def _batch(self) -> tuple[int, list[AnyEvent]]:
        """Return how many of the oldest in the queue are taken, and their events; late ones are made now, and requests
        are answered in between. One that cannot be made holds up no other.
        """
        batch: list[AnyEvent] = []
        late = 0
        oldest = list(islice(self._queue, BATCH))
        for event in oldest:
            if isinstance(event, LateEvent):
                made = event.made()
                if made is not None:
                    batch.append(made)
                late += 1
                if late % MADE_PER_SLICE == 0:
                    await give_way()
            else:
                batch.append(event)
        return len(oldest), batch

    def _check_health(self) -> None:
        # What was written is durable; whether that is enough to trade on, the history knows.
        previous, self._health = self._health, self._history.health()
        if self._health.trade:
            self._recover()
        else:
            self._fail(self._health.problem)
        if self._health.lost_to_other_desk and not previous.lost_to_other_desk and self._on_account_lost is not None:
            self._on_account_lost(self._health.problem)

    async def _timed(self, work: Coroutine[Any, Any, None]) -> None:
        """Await the work; fail for as long as it exceeds its time."""
        task = asyncio.ensure_future(work)
        try:
            await asyncio.wait({task}, timeout=self._stall_s)
            if not task.done():
                self._fail(f"the history has not answered for {self._stall_s:g} s: check the disk")
            await task
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait({task})

    def _heartbeat_due(self) -> bool:
        return self._last_heartbeat_ns is None or abs(self._wall_ns() - self._last_heartbeat_ns) >= HEARTBEAT_NS

    async def _pause(self, seconds: float) -> None:
        self._wake.clear()
        if self._flushers or self._give_up_at is not None:
            seconds = min(seconds, FIRST_RETRY_S)
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return

    @property
    def _over(self) -> int:
        """Events that need not be waited for: they are durable, or could not be made."""
        return self.written + self._unmade.unmade

    def _take_off(self, count: int) -> None:
        """Take off the queue what is over, tell what failed, and let those go on who waited for it."""
        for _ in range(count):
            event = self._queue.popleft()
            if isinstance(event, LateEvent) and event.failure:
                self._unmade.note(event)
        waiting, self._flushers = self._flushers, []
        for target, future in waiting:
            if target > self._over:
                self._flushers.append((target, future))
            elif not future.done():
                future.set_result(None)

    def _overflow(self) -> None:
        self.dropped += 1
        if self.dropped == 1:
            reason = f"the history queue overflowed at {counted(self._capacity, 'event')}: restart the desk"
            self._enter("overflown", f"{reason} ({self._error})" if self._error else reason)

    def _fail(self, reason: str) -> None:
        if self._status == "failing":
            self._error = reason
        elif self._status != "overflown":
            self._enter("failing", reason)

    def _enter(self, status: Status, reason: str) -> None:
        self._status = status
        self._error = reason
        self._since_ns = self._wall_ns()
        log.error("%s", reason)
        if self._on_failure is not None:
            self._on_failure(reason)

    def _recover(self) -> None:
        if self._status == "failing":
            log.info("the history can be written again")
        if self._status in ("starting", "failing"):
            self._status = "ok"
            self._error = ""
            self._since_ns = None

    def _end(self) -> None:
        if self._status != "overflown":
            self._status = "stopped"
        waiting, self._flushers = self._flushers, []
        for _, future in waiting:
            if not future.done():
                future.set_exception(HistoryError(self._error or WRITER_STOPPED))

    def _raise_if_lost(self) -> None:
        if self.dropped:
            raise HistoryError(self._error)
        if self._status == "stopped" and self._queue:
            raise HistoryError(self._error or WRITER_STOPPED)
