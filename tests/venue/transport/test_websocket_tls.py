"""The websocket over TLS: the certificate is checked, and bytes waiting below TLS are counted."""

import asyncio
import ssl
import subprocess
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection, serve

from cockpit.model.environment import Environment
from tests.support.venue.relay_server import CLOSE_S
from tests.support.waiting import until
from venue.transport.errors import WsClosedError
from venue.transport.websocket import connect


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and certificate of 127.0.0.1 in one file."""
    path = tmp_path_factory.mktemp("tls") / "own.pem"
    name = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", str(path)]
    made = subprocess.run(
        ["openssl", "req", "-x509", "-days", "2", *key, *name], capture_output=True, check=True, text=True
    )
    path.write_text(path.read_text() + made.stdout)
    return path


async def test_messages_go_both_ways_and_the_unsent_is_counted(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    reading = asyncio.Event()

    async def echo(socket: ServerConnection) -> None:
        await socket.send(await socket.recv())
        socket.transport.pause_reading()
        await reading.wait()

    env = Environment(monotonic_ns=lambda: 0)
    async with serve(
        echo, "127.0.0.1", 0, ssl=context, compression=None, max_size=None, close_timeout=CLOSE_S
    ) as server:
        url = f"wss://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
        with pytest.raises(WsClosedError, match=r"(?i)certificate"):
            await connect(url, {}, lambda message: None, env=env)

        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        received: list[bytes] = []
        connection = await connect(url, {"Authorization": "Bearer x"}, received.append, env=env)
        connection.send(b"hello")
        await until(lambda: received == [b"hello"])
        assert await connection.sent_out(1)

        # More than the kernels' buffers hold: it waits beneath TLS, where only its own buffer would be looked at.
        connection.send(b"x" * 30_000_000)
        assert connection.unsent > 0
        assert not connection.writable
        assert not await connection.sent_out(0.05)
        connection.abort()
        await until(lambda: connection.closed.done())
        assert connection.unsent == 0
        reading.set()
