"""The metrics of a desk that trades: on its sockets and its port, read by the official parsers and by the dashboard."""

import asyncio
import socket
import sys

import httpx

from cockpit.desk.metrics.catalogue import FAMILIES
from tests.e2e.conftest import Launch
from tests.e2e.test_secrets import forms, leaks
from tests.support.dashboards import expressions, problems
from tests.support.desk.metrics import OPEN_METRICS, parsed
from tests.support.processes.desk_process import DeskProcess
from tests.support.processes.processes import bare_environment
from tests.support.processes.taker import Taker
from tests.support.processes.venue_process import VenueProcess
from tests.support.waiting import until
from venue.protocol.tokens import BTC


async def by_socket(desk: DeskProcess, name: str) -> httpx.Response:
    transport = httpx.AsyncHTTPTransport(uds=str(desk.state_dir / name))
    async with httpx.AsyncClient(transport=transport, base_url="http://desk", timeout=30) as client:
        return await client.get("/metrics")


async def check_text(desk: DeskProcess) -> str:
    """What `cockpit check` prints."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cockpit", "check", "--within", "0", "--env-file", str(desk.env_file)),
        env=bare_environment(),
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    return out.decode()


async def test_a_desk_that_trades_serves_what_the_dashboard_asks_for(
    launch: Launch, taker: Taker, venue: VenueProcess
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        address = f"127.0.0.1:{other.getsockname()[1]}"
        # Another program has the port: the desk says so and goes on.
        desk = await launch(METRICS_ADDRESS=address)
        shot = await desk.until(lambda shot: shot.metrics.state == "down", 30)
        assert f"{address} is taken by another program" in shot.metrics.problem
        assert [row.state for row in shot.health if row.part == "metrics"] == ["down"]
    await desk.arm()
    await taker.deal(BTC.token_id, amount_in=50_000)
    await desk.until(lambda shot: shot.counts.settled == 1, 30)
    await desk.until(lambda shot: shot.metrics.state == "ok", 30)
    assert f"metrics at http://{address}/metrics and /metrics of the socket" in await check_text(desk)

    async with httpx.AsyncClient(timeout=30, trust_env=False) as client:

        async def scrape() -> httpx.Response:
            return await client.get(f"http://{address}/metrics", headers={"Accept": OPEN_METRICS})

        async def marked() -> bool:
            return 'near_cockpit_fills_total{market="BTC/EURe",side="buy"} 1.0' in (await scrape()).text

        await until(marked, 30)
        answer = await scrape()
    assert answer.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    families = parsed(answer.text, answer.headers["content-type"])
    served = {sample.name for family in families for sample in family.samples}
    labels_of = {name: frozenset(family.sample_labels) for family in FAMILIES for name in family.sample_names}
    assert served <= set(labels_of)
    values: dict[str, set[str]] = {}
    for sample in (sample for family in families for sample in family.samples):
        for label, value in sample.labels.items():
            values.setdefault(label, set()).add(value)
    assert problems(expressions(), labels_of, values) == []
    # Most of what the dashboard shows has a value on a desk that has just traded.
    shown = {asked.metric for one in expressions() for asked in one.asked if asked.metric != "up"}
    assert len(shown & served) > len(shown) * 0.9, shown - served

    secrets = forms(venue.env)
    for name in ("desk.sock", "desk-ro.sock"):
        found = await by_socket(desk, name)
        assert found.status_code == 200
        assert found.headers["content-type"].startswith("text/plain; version=0.0.4")
        assert "near_cockpit_quotes_sent_total" in found.text
        assert leaks(name, found.content, secrets) == []
    assert leaks("the port", answer.content, secrets) == []
