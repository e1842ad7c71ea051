"""A small HTTP server on loopback whose answers a test controls, down to the bytes."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Request:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """An answer. ``raw`` replaces the whole response; with ``hang`` none is sent."""

    status: int = 200
    body: bytes = b""
    raw: bytes | None = None
    hang: bool = False


Handler = Callable[[Request], Reply]
AsyncHandler = Callable[[Request], Awaitable[Reply]]


class HttpServer:
    def __init__(self, handler: Handler | AsyncHandler) -> None:
        self.handler = handler
        self.requests: list[Request] = []
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                request = await _read_request(reader)
                self.requests.append(request)
                answer = self.handler(request)
                reply = answer if isinstance(answer, Reply) else await answer
                if reply.hang:
                    await reader.read()
                    break
                if reply.raw is not None:
                    writer.write(reply.raw)
                    break
                head = f"HTTP/1.1 {reply.status} X\r\nContent-Length: {len(reply.body)}\r\n\r\n"
                writer.write(head.encode() + reply.body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


async def _read_request(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = head[0].split(" ", 2)
    pairs = (line.split(":", 1) for line in head[1:] if line)
    headers = {name.lower(): value.strip() for name, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, target, headers, body)


@asynccontextmanager
async def http_server(handler: Handler | AsyncHandler) -> AsyncIterator[HttpServer]:
    """Serve until the block ends."""
    server = HttpServer(handler)
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        listener.close()


def rpc(result: Callable[[Request], Any] | Any, **envelope: Any) -> Handler:
    """Answer every JSON-RPC request with this result; ``envelope`` may replace its id."""

    def handler(request: Request) -> Reply:
        value = result(request) if callable(result) else result
        answer = {"jsonrpc": "2.0", "id": request.json["id"], "result": value, **envelope}
        return Reply(body=json.dumps(answer).encode())

    return handler


def view(value: Any, height: int = 100) -> Handler:
    """Answer every view with this value."""
    raw = list(json.dumps(value).encode())
    return rpc({"result": raw, "logs": [], "block_height": height, "block_hash": "Hash111"})


def rpc_error(error: Any, status: int = 200) -> Handler:
    """Answer every JSON-RPC request with this error."""

    def handler(request: Request) -> Reply:
        return Reply(status, json.dumps({"jsonrpc": "2.0", "id": request.json["id"], "error": error}).encode())

    return handler
