"""A stop that can be read while requests wait: how many of them are still answered, counted, on both event loops."""

import asyncio
import math
import socket
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import uvloop

from cockpit.model.commands import ARMABLE, CommandRequest
from cockpit.model.environment import Environment
from tests.cockpit.desk.api.test_app import serving
from tests.support.venue.relay_server import TOKEN, running
from tests.support.waiting import until
from venue.transport.websocket import BATCH, TURN_NS, connect

TURNS = 6
"""Of the event loop, from a command that can be read to the disarmed executor: the connection is accepted, opened and
read, and the command carried out."""
WAITING = 1_000
AT = 100
"""The request during which the command is sent."""
FRAME = b"\x81\x7e" + (600).to_bytes(2, "big") + b"x" * 600

Run = Callable[[Coroutine[Any, Any, int]], int]


@pytest.mark.parametrize(
    ("run", "path", "kept", "cost_ns"),
    [
        (uvloop.run, "/trade-executor/disarm", True, 150_000),
        (uvloop.run, "/trade-executor/disarm", False, 150_000),
        (uvloop.run, "/trade-executor/disarm", False, 2_000),
        (uvloop.run, "/trade-executor/disarm", False, 5_000_000),
        (uvloop.run, "/trade-executor/hard-stop", False, 150_000),
        (uvloop.run, "/shutdown", False, 150_000),
        (asyncio.run, "/trade-executor/disarm", False, 150_000),
    ],
)
def test_a_stop_waits_for_few_requests_however_many_came_before_it(
    run: Run, path: str, kept: bool, cost_ns: int
) -> None:
    in_one_turn = min(BATCH, math.ceil(TURN_NS / cost_ns))
    assert 0 < run(_answered_after(path, cost_ns, kept=kept)) <= TURNS * in_one_turn < WAITING - AT


async def _answered_after(path: str, cost_ns: int, *, kept: bool) -> int:
    """Return how many requests were answered between the moment this stop could be read and that it was in force."""
    clock_ns = answered = 0
    order = f"POST {path} HTTP/1.1\r\nHost: desk\r\nContent-Length: 0\r\n\r\n".encode()
    with tempfile.TemporaryDirectory() as directory, socket.socket(socket.AF_UNIX) as operator:
        control = Path(directory) / "desk.sock"
        async with serving(control) as served, running() as relay:
            for part in ARMABLE:
                assert served.desk.control.arm(part, CommandRequest()).accepted
            if kept:
                operator.connect(str(control))
                await served.client.get("/healthz")

            def on_request(message: bytes) -> None:
                nonlocal clock_ns, answered
                if not served.desk.arming.executor:
                    return
                clock_ns += cost_ns
                answered += 1
                if answered == AT:
                    if not kept:
                        operator.connect(str(control))
                    operator.sendall(order)

            env = Environment(monotonic_ns=lambda: clock_ns)
            connection = await connect(relay.url, {"Authorization": f"Bearer {TOKEN}"}, on_request, env=env)
            await until(lambda: relay.connections)
            relay.connections[0].transport.write(FRAME * WAITING)
            await until(lambda: not served.desk.arming.executor)
            connection.abort()
    return answered - AT
