"""The program with a record of what its event loop does: steps of tasks, frames of the relay, pauses of the collector.

``python -m bench.watched desk --env-file FILE`` writes those of a millisecond or more beside the file.
"""

import asyncio
import gc
import sys
from collections.abc import Callable, Coroutine, Generator
from pathlib import Path
from time import perf_counter, thread_time
from typing import Any
from unittest.mock import patch

import msgspec
import uvloop

from bench.work_log import FILE, LEAST_S, Work
from venue.transport.websocket import WsConnection

_encode = msgspec.json.Encoder().encode


class WorkRecord:
    """Writes what took long."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)
        self._collecting = (0.0, 0.0)

    def note(self, what: str, since: float, cpu: float) -> None:
        """``since`` and ``cpu`` are perf_counter and thread_time at the start of what ends now."""
        until = perf_counter()
        if until - since >= LEAST_S:
            self._file.write(_encode(Work(what, since, until, thread_time() - cpu)) + b"\n")

    def collected(self, phase: str, info: dict[str, int]) -> None:
        """Note a pause of the garbage collector, as one of its callbacks."""
        if phase == "start":
            self._collecting = perf_counter(), thread_time()
        else:
            self.note(f"gc of generation {info['generation']}", *self._collecting)

    def timed(self, read: Callable[[WsConnection, bytes], None]) -> Callable[[WsConnection, bytes], None]:
        """Return the reading of a connection, noted."""

        def data_received(connection: WsConnection, data: bytes) -> None:
            since, cpu = perf_counter(), thread_time()
            try:
                read(connection, data)
            finally:
                self.note("frames", since, cpu)

        return data_received


class TimedCoroutine(Coroutine[Any, Any, Any]):
    """A coroutine whose steps are noted by its task's name."""

    def __init__(self, record: WorkRecord, inner: Coroutine[Any, Any, Any]) -> None:
        self._record = record
        self._inner = inner
        self._name = getattr(inner, "__qualname__", "a task")

    def send(self, value: Any) -> Any:
        since, cpu = perf_counter(), thread_time()
        try:
            return self._inner.send(value)
        finally:
            self._record.note(self._what(), since, cpu)

    def throw(self, *error: Any) -> Any:
        return self._inner.throw(*error)

    def close(self) -> None:
        self._inner.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._inner.__await__()

    def _what(self) -> str:
        task = asyncio.current_task()
        name = "" if task is None else task.get_name()
        return self._name if name.startswith("Task-") or not name else name


async def _watch(record: WorkRecord, program: Coroutine[Any, Any, Any]) -> Any:
    def make(loop: asyncio.AbstractEventLoop, coro: Any, **options: Any) -> asyncio.Task[Any]:
        return asyncio.Task(TimedCoroutine(record, coro), loop=loop, **options)

    asyncio.get_running_loop().set_task_factory(make)
    return await program


if __name__ == "__main__":
    _record = WorkRecord(Path(sys.argv[-1]).with_name(FILE))
    gc.callbacks.append(_record.collected)
    _run = uvloop.run
    with (
        patch.object(uvloop, "run", lambda program: _run(_watch(_record, program))),
        patch.object(WsConnection, "data_received", _record.timed(WsConnection.data_received)),
    ):
        from cockpit.cli.main import main

        main()
