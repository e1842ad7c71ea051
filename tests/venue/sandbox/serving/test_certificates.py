"""The venue's own certificate: clients that trust its authority, and nobody else, connect to the hosts it names."""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect

from venue.sandbox.config import VenueConfig
from venue.sandbox.server import Venue
from venue.sandbox.serving.certificates import LIFE, Certificate, make

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


def trusting(authority: Path) -> ssl.SSLContext:
    """What a strict client has that trusts nothing else."""
    context = ssl.create_default_context(cafile=str(authority))
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


async def test_a_client_that_trusts_the_authority_reaches_every_endpoint() -> None:
    venue = Venue(VenueConfig(tls=True, rate=0, rivals=False, deposit_btc=0, start_paused=True))
    await venue.start()
    try:
        ready = venue.ready()
        assert ready.authority is not None
        assert [one.name for one in ready.authority.parent.iterdir() if "key" in one.name] == []
        assert all(url.startswith(("https://", "wss://")) for url in ready.urls.values())
        context = trusting(ready.authority)
        async with httpx.AsyncClient(trust_env=False, verify=context) as client:
            assert (await client.get(f"{ready.urls['control']}/healthz")).json() == {"ok": True}
            localhost = ready.urls["control"].replace("127.0.0.1", "localhost")
            assert (await client.get(f"{localhost}/healthz")).json() == {"ok": True}
            status = {"jsonrpc": "2.0", "id": 1, "method": "status", "params": []}
            assert (await client.post(ready.urls["near_a"], json=status)).status_code == 200
        headers = {"Authorization": f"Bearer {ready.env['NEAR_INTENTS_API_KEY']}"}
        async with connect(ready.urls["relay_ws"], additional_headers=headers, ssl=context) as socket:
            await socket.send('{"jsonrpc":"2.0","id":1,"method":"subscribe","params":["quote"]}')
            assert '"result"' in str(await socket.recv())
        async with httpx.AsyncClient(trust_env=False) as stranger:
            with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
                await stranger.get(f"{ready.urls['control']}/healthz")
    finally:
        await venue.stop()
    assert not ready.authority.parent.exists()


async def handshake(hosts: list[str], name: str, folder: Path, *, trusted: bool = True) -> str:
    """Return the error of a strict client of a server with this certificate; empty when they understand each other."""
    paths = [folder / part for part in ("authority.pem", "server.pem", "key.pem")]
    for path, text in zip(paths, make(hosts, datetime.now(UTC)), strict=True):
        path.write_text(text)
    if not trusted:
        paths[0].write_text(make(hosts, datetime.now(UTC))[0])
    serving = Certificate(chain=paths[1], key=paths[2]).context()
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0, ssl=serving)
    async with server:
        port = server.sockets[0].getsockname()[1]
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusting(paths[0]), server_hostname=name)
        except ssl.SSLCertVerificationError as error:
            return error.verify_message
        writer.close()
    return ""


async def test_it_names_the_hosts_and_no_other(tmp_path: Path) -> None:
    hosts = ["venue.test", "10.1.2.3", "fe80::1", "venue.test"]
    assert [await handshake(hosts, host, tmp_path) for host in hosts] == [""] * 4
    assert "mismatch" in await handshake(hosts, "other.test", tmp_path)
    assert "mismatch" in await handshake(hosts, "10.1.2.4", tmp_path)


async def test_two_venues_do_not_vouch_for_each_other(tmp_path: Path) -> None:
    assert await handshake(["venue.test"], "venue.test", tmp_path, trusted=False) != ""


def test_it_holds_from_yesterday_for_months() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=make(["127.0.0.1"], NOW)[0])
    [found] = context.get_ca_certs()
    read = [
        datetime.fromtimestamp(ssl.cert_time_to_seconds(str(found[name])), UTC) for name in ("notBefore", "notAfter")
    ]
    assert read == [NOW - timedelta(days=1), NOW + LIFE]


@pytest.mark.parametrize("kind", ["other key", "no pem", "missing"])
def test_files_that_do_not_fit_are_refused_by_their_names(tmp_path: Path, kind: str) -> None:
    chain, key = tmp_path / "server.pem", tmp_path / "key.pem"
    chain.write_text(make(["127.0.0.1"], NOW)[1])
    if kind != "missing":
        key.write_text(make(["127.0.0.1"], NOW)[2] if kind == "other key" else "no")
    with pytest.raises(OSError, match=r"cannot serve TLS with .*server.pem and .*key.pem"):
        Certificate(chain=chain, key=key).context()
