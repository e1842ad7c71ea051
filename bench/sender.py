"""The sender: a relay that asks its makers on an absolute schedule and times their answers, in its own process.

``select`` waits to the microsecond where an event loop's timers round up to a millisecond, and nothing else runs in
this loop. A request's clock starts just before its bytes are handed to the kernel, and stops when the bytes of
the answer have been read from it, before they are parsed.
"""

import gc
import heapq
import os
import select
import socket
import sys
from collections import deque
from collections.abc import Callable, Set
from time import perf_counter
from typing import Any

import msgspec

from bench.load import Listening, LoadResult, RequestLoad, SettledQuote
from bench.maker_connection import MakerConnection, error_reply
from bench.request_run import RequestRun

BESIDE = 0x8000_0000
"""Added to the number of a load for that of the subject beside it."""

NOT_CONNECTED = LoadResult(
    sent=0, others=0, latencies_us=[], late_us=[], seconds=0.0, samples=[], strange=0, connected=False
)


STATUSES = frozenset({"quote_status"})

_decode_order = msgspec.json.Decoder(RequestLoad | SettledQuote).decode
_decode_params = msgspec.json.Decoder(list[Any]).decode


class Sender:
    """The listening socket, the connected makers and the running loads by subject."""

    def __init__(self) -> None:
        self._listener: socket.socket | None = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._makers: list[MakerConnection] = []
        self._runs: dict[str, RequestRun] = {}
        self._unread: bytes | None = b""
        self._loads: deque[RequestLoad] = deque()
        self._settled: deque[SettledQuote] = deque()
        self._statuses = 0

    def serve(self) -> None:
        """Serve the makers and carry out loads until the standard input ends."""
        while self._unread is not None or self._loads:
            if not self._loads:
                self._turn(None)
            else:
                _write(self.measure(self._loads.popleft()))

    def _read_orders(self) -> None:
        data = os.read(sys.stdin.fileno(), 65_536)
        if not data or self._unread is None:
            self._unread = None
            return
        self._unread += data
        while b"\n" in self._unread:
            line, _, self._unread = self._unread.partition(b"\n")
            order = _decode_order(line)
            if isinstance(order, RequestLoad):
                self._loads.append(order)
            else:
                self._settled.append(order)

    def measure(self, load: RequestLoad) -> LoadResult:
        """Send the load and wait for its answers, at most as long as it says."""
        run = self._start(load)
        if run is None:
            return NOT_CONNECTED
        beside = self._start(_beside(load)) if load.beside else None
        gc.collect()
        gc.disable()
        started = perf_counter() + 0.05
        ended = self._send(run, beside, started)
        while run.waiting and (left := ended + load.answer_within_s - perf_counter()) > 0:
            self._turn(left)
        self._runs.clear()
        gc.enable()
        return run.result(started, ended, beside)

    def _send(self, run: RequestRun, beside: RequestRun | None, started: float) -> float:
        """Send all requests when they are due; returns when the last one was."""
        cuts = self._cuts(run.load, started)
        for due_s, number, index in run.due() if beside is None else heapq.merge(run.due(), beside.due()):
            one = run if beside is None or number == run.load.run else beside
            frame = one.frame(index)
            due = started + due_s
            while (left := due - perf_counter()) > 0 and not run.over:
                self._turn(left)
            if run.over:
                break
            while cuts and due >= cuts[0][0]:
                cuts.pop(0)[1]()
            if one.maker is None:
                one.maker = self._maker(one.load.subject, one.topics)
            one.send(index, frame)
            self._turn(0.0)
        for _, act in cuts:
            act()
        return perf_counter()

    def _cuts(self, load: RequestLoad, started: float) -> list[tuple[float, Callable[[], None]]]:
        if load.cut_at_s is None:
            return []
        at = started + load.cut_at_s
        return [(at, lambda: self._cut(load.subject)), (at + load.cut_s, self._listen)]

    def _start(self, load: RequestLoad) -> RequestRun | None:
        maker = self._maker(load.subject)
        if maker is None:
            return None
        run = self._runs[load.subject] = RequestRun(load, maker)
        return run

    def _maker(self, name: str, topics: Set[str] = frozenset()) -> MakerConnection | None:
        """Return the newest connection of this name that has subscribed to these topics."""
        return next((one for one in reversed(self._makers) if one.name == name and one.topics >= topics), None)

    def _report_settled(self) -> None:
        """Tell makers what was settled of theirs, in its order; what one is not there for waits."""
        while self._settled and (maker := self._maker(self._settled[0].subject, STATUSES)) is not None:
            self._statuses += 1
            data = {"quote_hash": self._settled.popleft().quote_hash, "seq": self._statuses}
            params = {"subscription": "statuses", "data": data}
            maker.send_text(msgspec.json.encode({"jsonrpc": "2.0", "method": "event", "params": params}))

    def _cut(self, subject: str) -> None:
        """Drop the subject's connection, and take none until ``_listen``."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        for maker in [maker for maker in self._makers if maker.name == subject]:
            self._end(maker)

    def _listen(self) -> None:
        if self._listener is None:
            self._listener = socket.create_server(("127.0.0.1", self.port))

    def _turn(self, timeout: float | None) -> None:
        """Wait for sockets and orders, and serve them."""
        behind = [maker for maker in self._makers if maker.backlog]
        waiting: list[socket.socket | MakerConnection | int] = [*self._makers]
        if self._unread is not None:
            waiting.append(sys.stdin.fileno())
        if self._listener is not None:
            waiting.append(self._listener)
        readable, writable, _ = select.select(waiting, behind, (), timeout)
        for maker in writable:
            maker.flush()
        for ready in readable:
            if isinstance(ready, MakerConnection):
                try:
                    self._read(ready)
                except msgspec.MsgspecError:
                    self._end(ready)
            elif isinstance(ready, socket.socket):
                self._makers.append(MakerConnection(ready.accept()[0]))
            else:
                self._read_orders()
        if self._settled:
            self._report_settled()

    def _read(self, maker: MakerConnection) -> None:
        try:
            data = maker.socket.recv(262_144)
        except ConnectionError:
            data = b""
        now = perf_counter()
        if not data:
            self._end(maker)
            return
        for call, text in maker.read(data):
            run = self._runs.get(maker.name)
            if call.method == "quote_response" and run is not None:
                maker.send_text(run.answered(text, call, now))
            elif call.method == "quote_response":
                maker.send_text(error_reply(call.id, "the request is gone"))
            else:
                # Each subscription has an id of its own: some makers tell events by it.
                topics = _decode_params(call.params)[:1]
                if call.method == "subscribe":
                    maker.topics.update(topic for topic in topics if isinstance(topic, str))
                subscription = b"quotes" if topics == ["quote"] else b"statuses"
                maker.send_text(b'{"jsonrpc":"2.0","id":%d,"result":"%b"}' % (call.id, subscription))
        if maker.over:
            self._end(maker)

    def _end(self, maker: MakerConnection) -> None:
        maker.close()
        self._makers.remove(maker)
        for run in self._runs.values():
            if run.maker is maker and run.load.cut_at_s is not None:
                run.cut()


def _beside(load: RequestLoad) -> RequestLoad:
    return RequestLoad(
        subject=load.beside,
        run=load.run + BESIDE,
        rate=load.beside_rate,
        seconds=load.seconds,
        warm_up_s=load.warm_up_s,
        other_pairs=0.0,
        life_ms=load.life_ms,
        ahead=load.ahead,
    )


def _write(message: msgspec.Struct) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(message) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sender = Sender()
    _write(Listening(sender.port))
    sender.serve()
