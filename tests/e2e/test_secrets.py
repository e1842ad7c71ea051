"""Keys and tokens are in nothing that the desk writes or serves: log at DEBUG, history, snapshots, health."""

import base64
from pathlib import Path

import asyncpg
import base58
import pytest

from cockpit.model.commands import PARTS
from tests.e2e.conftest import Launch
from tests.support.processes.desk_process import DeskProcess
from tests.support.processes.taker import Taker
from tests.support.processes.venue_process import Control, VenueProcess
from venue.protocol.tokens import BTC, EURE


def forms(env: dict[str, str]) -> dict[str, bytes]:
    """The secrets in every encoding in which they could leak."""
    key = env["NEAR_INTENTS_SIGNER_PRIVATE_KEY"].removeprefix("ed25519:")
    raw = base58.b58decode(key)
    seed = raw[:32]
    return {
        "token": env["NEAR_INTENTS_API_KEY"].encode(),
        "key": key.encode(),
        "raw seed": seed,
        "seed": base58.b58encode(seed),
        "seed in hex": seed.hex().encode(),
        "key in hex": raw.hex().encode(),
        "key in base64": base64.b64encode(raw).rstrip(b"=")[:80],
        "seed in base64": base64.b64encode(seed).rstrip(b"=")[:42],
        "seed as a list": ", ".join(str(byte) for byte in seed[:8]).encode(),
    }


def leaks(where: str, written: bytes, secrets: dict[str, bytes]) -> list[str]:
    return [f"{name} in {where}" for name, secret in secrets.items() if secret in written]


def written(desk: DeskProcess) -> list[Path]:
    """Every file of the state directory but the settings it was given."""
    return [path for path in desk.state_dir.rglob("*") if path.is_file() and path != desk.env_file]


async def in_database(url: str) -> list[tuple[str, bytes]]:
    """Every row of every table, as text."""
    db = await asyncpg.connect(url)
    try:
        names = [row[0] for row in await db.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        return [
            (name, row[0].encode())
            for name in names
            for row in await db.fetch(f"SELECT row_to_json(t)::text FROM {name} t")
        ]
    finally:
        await db.close()


@pytest.mark.slow
async def test_no_secret_is_in_the_database(
    launch: Launch, control: Control, taker: Taker, venue: VenueProcess, postgres_url: str
) -> None:
    secrets = {**forms(venue.env), "password": b"hunter2"}
    desk = await launch(POSTGRES_URL=postgres_url.replace("//desk@", "//desk:hunter2@"))
    await desk.arm()
    await taker.deal(BTC.token_id, amount_in=50_000)
    await desk.until(lambda shot: shot.counts.settled == 1)
    assert desk.process.stop() == 0
    written = await in_database(postgres_url)
    assert {"trade_execution_results", "operator_actions", "execute_trade_commands"} <= {name for name, _ in written}
    assert [leak for name, row in written for leak in leaks(name, row, secrets)] == []


async def test_no_secret_is_written_or_served(
    launch: Launch, control: Control, taker: Taker, venue: VenueProcess
) -> None:
    secrets = forms(venue.env)
    desk = await launch(COCKPIT_LOG_LEVEL="DEBUG")
    assert leaks("the settings", desk.env_file.read_bytes(), secrets)
    await desk.arm()
    await taker.deal(BTC.token_id, amount_in=50_000)
    await desk.until(lambda shot: shot.counts.settled == 1)
    await control.faults(rotate_salt="invalidate_old", relay_drop=True, near_a="garbage", near_b="500")
    await desk.until(lambda shot: any("no NEAR RPC endpoint" in health.last_error for health in shot.health))
    await control.mend()
    await desk.link.send("market-reference-ingest", "refresh")
    await desk.ready()
    await taker.ask(EURE.token_id, amount_out=50_000)

    found = []
    paths = ["/healthz", "/state", *(f"/{part}/{what}" for part in PARTS for what in ("healthz", "state"))]
    for path in [*paths, "/metrics", "/no-such-part"]:
        found += leaks(path, (await desk.get(path)).content, secrets)
    assert desk.process.stop() == 0
    files = written(desk)
    assert {"history.sqlite", "desk.log"} <= {path.name for path in files}
    for file in files:
        found += leaks(file.name, file.read_bytes(), secrets)
    found += leaks("the venue's log", venue.process.log.read_bytes(), secrets)
    assert found == []
    assert all(file.stat().st_mode & 0o077 == 0 for file in files if file.name != "desk.log")
