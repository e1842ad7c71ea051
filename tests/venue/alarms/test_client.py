"""A source of alarms over a real socket: what it is asked, and that whatever it does ends in a reading or an error."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.support.venue.http_server import HttpServer, Reply, http_server
from venue.alarms import client as module
from venue.alarms.client import MAX_ALARM_BYTES, AlarmSource
from venue.alarms.shield import SHIELD, read_incidents
from venue.transport.errors import UnreachableError
from venue.transport.messages import COMPRESSED, UNREADABLE

QUIET = json.dumps({"activeIncidentCount": 0, "activeIncidents": [], "recentlyResolved": []}).encode()


@pytest.fixture
async def server() -> AsyncIterator[HttpServer]:
    async with http_server(lambda request: Reply(body=QUIET)) as server:
        yield server


@pytest.fixture
async def source(server: HttpServer) -> AsyncIterator[AlarmSource]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield AlarmSource(SHIELD, f"{server.url}/public/status?key=a-long-secret", client, read_incidents)


async def test_it_is_asked_by_get_without_any_key(server: HttpServer, source: AlarmSource) -> None:
    reading = await source.read()
    assert (reading.incidents, reading.unlisted) == ((), 0)
    (request,) = server.requests
    assert (request.method, request.target) == ("GET", "/public/status?key=a-long-secret")
    assert not {"authorization", "x-api-key", "cookie"} & set(request.headers)


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (Reply(500, b"down"), "answered HTTP 500"),
        (Reply(302, QUIET), "answered HTTP 302"),
        (Reply(403, QUIET), "answered HTTP 403"),
        (Reply(body=b"<html>"), UNREADABLE),
        (Reply(body=b""), UNREADABLE),
        (Reply(body=QUIET + b" " * MAX_ALARM_BYTES), f"it exceeds {MAX_ALARM_BYTES} bytes"),
        (Reply(raw=b"HTTP/1.1 200 X\r\nContent-Length: 99\r\n\r\n{"), "cannot be reached"),
        (Reply(raw=b"not http\r\n\r\n"), "cannot be reached"),
        (Reply(raw=b"HTTP/1.1 200 X\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b" " * 10**7)), COMPRESSED),
    ],
)
async def test_what_is_no_answer_cannot_be_read(
    server: HttpServer, source: AlarmSource, reply: Reply, text: str
) -> None:
    server.handler = lambda request: reply
    with pytest.raises(UnreachableError, match=text) as caught:
        await source.read()
    assert "secret" not in str(caught.value)


async def test_a_source_that_hangs_is_given_up(
    server: HttpServer, source: AlarmSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TIMEOUT_S", 0.2)
    server.handler = lambda request: Reply(hang=True)
    async with asyncio.timeout(60):
        with pytest.raises(UnreachableError, match=r"did not answer within 0\.2 s"):
            await source.read()
