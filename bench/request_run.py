"""One load being measured: its frames, and when each request left and was answered."""

from collections import deque
from collections.abc import Iterator
from time import perf_counter

import msgspec
from websockets.frames import Frame, Opcode

from bench.load import ANSWER_WITHIN_S, LoadResult, RequestLoad
from bench.maker_connection import Call, MakerConnection, error_reply
from bench.market_table import tokens_in
from bench.requests import index_of, is_other, request

ACCEPT_EVERY = 49
"""One answer in so many is accepted; the others are refused because the auction is over. An odd number: both directions
and both forms of a request are among them.
"""

SAMPLES = 40


class _Answer(msgspec.Struct):
    quote_id: str


_decode_answers = msgspec.json.Decoder(tuple[_Answer]).decode


class RequestRun:
    """``maker`` is None while its subject has no connection, in a load with a cut."""

    def __init__(self, load: RequestLoad, maker: MakerConnection) -> None:
        self.load = load
        self._tokens = tokens_in(load.markets)
        self.maker: MakerConnection | None = maker
        self.topics = frozenset(maker.topics)
        self.first = int(load.rate * load.warm_up_s)
        self.count = self.first + int(load.rate * load.seconds)
        self._frames = [self._frame(index) for index in range(self.count)] if load.ahead else None
        self._sent_at = [0.0] * self.count
        self._answered_at = [0.0] * self.count
        self._sent = 0
        self._unsent: set[int] = set()
        self._cut: set[int] = set()
        self._samples: deque[str] = deque(maxlen=SAMPLES)
        self._strange = 0
        self._waiting = sum(not self._is_other(index) for index in range(self.count))

    @property
    def waiting(self) -> bool:
        """Whether more answers can come."""
        return self._waiting > 0 and self.maker is not None and not self.maker.closed

    @property
    def over(self) -> bool:
        """Whether the connection has ended for good."""
        return self.load.cut_at_s is None and self.maker is not None and self.maker.closed

    def due(self) -> Iterator[tuple[float, int, int]]:
        """Return each request's time in seconds from the start, the run's number, and its index."""
        every = 1 / self.load.rate
        return ((index * every, self.load.run, index) for index in range(self.count))

    def frame(self, index: int) -> bytes:
        return self._frames[index] if self._frames is not None else self._frame(index)

    def _frame(self, index: int) -> bytes:
        load = self.load
        text = request(load.run, index, load.other_pairs, "quotes", load.life_ms, load.market, tokens=self._tokens)
        return Frame(Opcode.TEXT, text).serialize(mask=False)

    def _is_other(self, index: int) -> bool:
        return is_other(index, self.load.other_pairs)

    def send(self, index: int, frame: bytes) -> None:
        """Note the time, and send the frame; without a connection it stays unsent."""
        self._sent = index + 1
        if self.maker is None:
            self._unsent.add(index)
            self._waiting -= not self._is_other(index)
            return
        self._sent_at[index] = perf_counter()
        self.maker.write(frame)

    def cut(self) -> None:
        """Give up the connection that has ended: what was just asked on it will not be answered."""
        self.maker = None
        newest = range(max(0, self._sent - int(self.load.rate * ANSWER_WITHIN_S)), self._sent)
        lost = {index for index in newest if self._sent_at[index] and not self._answered_at[index]}
        lost = {index for index in lost - self._cut if not self._is_other(index)}
        self._cut |= lost
        self._waiting -= len(lost)

    def answered(self, text: bytes, call: Call, now: float) -> bytes:
        """Count an answer; returns the relay's reply."""
        (answer,) = _decode_answers(call.params)
        index = index_of(self.load.run, answer.quote_id)
        known = index is not None and 0 <= index < self.count
        if index is None or not known or not self._sent_at[index] or self._answered_at[index]:
            self._strange += 1
            return error_reply(call.id, "unknown quote_id")
        self._answered_at[index] = now
        self._waiting -= 1
        if self.load.refusal:
            return error_reply(call.id, self.load.refusal)
        if index % ACCEPT_EVERY == 0:
            self._samples.append(text.decode())
            return b'{"jsonrpc":"2.0","id":%d,"result":"OK"}' % call.id
        return error_reply(call.id, "quote not found or already finished", -32098)

    def latencies_us(self) -> list[float]:
        """Return those of the measured requests that were answered in time."""
        took = (self._answered_at[index] - self._sent_at[index] for index in self._asked() if self._answered_at[index])
        return [round(seconds * 1e6, 1) for seconds in took if seconds <= ANSWER_WITHIN_S]

    def _measured(self) -> list[int]:
        return [index for index in range(self.first, self.count) if index not in self._unsent]

    def _asked(self) -> list[int]:
        return [index for index in self._measured() if index not in self._cut and not self._is_other(index)]

    def result(self, started: float, ended: float, beside: "RequestRun | None") -> LoadResult:
        """Return what was measured, without the warm-up."""
        load, measured, asked = self.load, self._measured(), self._asked()
        return LoadResult(
            sent=len(asked),
            others=sum(map(self._is_other, measured)),
            latencies_us=self.latencies_us(),
            late_us=[
                round((self._sent_at[index] - started - index / load.rate) * 1e6, 1)
                for index in measured
                if self._sent_at[index]
            ],
            seconds=ended - started,
            samples=list(self._samples),
            strange=self._strange,
            connected=self.maker is not None and not self.maker.closed,
            sent_at=[self._sent_at[index] for index in asked] if load.timed else [],
            answered_at=[self._answered_at[index] for index in asked] if load.timed else [],
            beside_us=[] if beside is None else beside.latencies_us(),
            unsent=len(self._unsent),
            cut=len(self._cut),
        )
