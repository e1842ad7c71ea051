"""Alerts of one desk: what they are read from, and the service that sends them. It does nothing unless configured."""

import asyncio
from collections.abc import Callable

from cockpit.config.settings import Settings
from cockpit.desk.alerts.facts import DeskFacts
from cockpit.desk.alerts.feed import AlertFeed
from cockpit.desk.alerts.link import ServiceLink
from cockpit.desk.alerts.watch import AlertWatch
from cockpit.desk.runtime.supervisor import Supervisor
from cockpit.model.alerts.channel import Hello
from cockpit.model.environment import Environment
from storage.history import Run

EVERY_S = 1.0


def make_feed(settings: Settings, env: Environment) -> AlertFeed:
    return AlertFeed(env, configured=settings.alerts_file is not None or settings.heartbeat_url is not None)


def start_alerting(
    settings: Settings,
    run: Run,
    feed: AlertFeed,
    supervisor: Supervisor,
    env: Environment,
    *,
    facts: Callable[[int], DeskFacts],
) -> None:
    """Start what watches the desk, and the service. ``facts`` reads the desk; it gets how many fills are known."""
    if not feed.configured:
        return
    watch = AlertWatch(feed)

    async def keep_watching() -> None:
        while True:
            watch.look(facts(watch.settled), wall_ns=env.wall_ns(), monotonic_ns=env.monotonic_ns())
            await asyncio.sleep(EVERY_S)

    feed.note("start", "info", f"the desk started disarmed (run {run.run_id})")
    supervisor.start("alert watch", keep_watching)
    supervisor.start("alert service", ServiceLink(_hello(settings, run), feed, env=env).run)


def _hello(settings: Settings, run: Run) -> Hello:
    def revealed(name: str) -> str:
        secret = getattr(settings, name)
        return "" if secret is None else secret.reveal()

    return Hello(
        account=run.account,
        mode=settings.mode,
        run_id=run.run_id,
        state_dir=str(settings.state_dir),
        alerts_file="" if settings.alerts_file is None else str(settings.alerts_file),
        heartbeat_url=revealed("heartbeat_url"),
        heartbeat_fail_url=revealed("heartbeat_fail_url"),
        history=revealed("postgres_url") or str(settings.history_path),
        markets_file="" if settings.markets.path is None else str(settings.markets.path),
    )
