"""What a storm of alerts costs the process that raises them, while no service takes any.

``python -m bench.alerts [--seconds N] [--rate N] [--json]``: the desk's own feed and link, the alert service as a
process, and a target that is dead. Baseline of the same run: the same loop without alerts.
"""

import asyncio
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import click
import msgspec

from cockpit.accounting.percentiles import percentile
from cockpit.alerting.state_file import peek_state
from cockpit.desk.alerts.feed import AlertFeed
from cockpit.desk.alerts.link import ServiceLink
from cockpit.model.alerts.alert import ALERT_KINDS
from cockpit.model.alerts.channel import Hello
from cockpit.model.environment import Environment

TICK_S = 0.001
DEAD = "json://127.0.0.1:9/storm?cto=1&rto=1"


class StormReport(msgspec.Struct, frozen=True, kw_only=True):
    """``note_us``: CPU time of one alert. ``late_p99_us``, ``late_max_us``: how late the loop woke, with the storm and
    without. ``raised`` alerts are ``waiting`` or ``undelivered`` at the end. ``cpu_share``: of one core, by all of it.
    """

    raised: int
    note_us: float
    cpu_share: float
    baseline_share: float
    late_p99_us: int
    late_max_us: int
    baseline_p99_us: int
    baseline_max_us: int
    kept: int


async def measure(directory: Path, *, rate: int, seconds: float) -> StormReport:
    """Raise ``rate`` alerts a second for so long, then count what the service has of them."""
    file = directory / "alerts.toml"
    file.write_text(f'[targets.dead]\nurl = "{DEAD}"\n[[rules]]\nname = "all"\nto = ["dead"]\n')
    file.chmod(0o600)
    feed = AlertFeed(Environment(), configured=True)
    hello = Hello(account="bench.near", mode="SANDBOX", run_id="bench", state_dir=str(directory), alerts_file=str(file))
    linking = asyncio.create_task(ServiceLink(hello, feed, env=Environment()).run())
    try:
        await _until(lambda: feed.state.state != "starting")
        calm, baseline, _ = await _turn(None, rate=rate, seconds=seconds)
        stormy, share, raised = await _turn(feed, rate=rate, seconds=seconds)
        spent = time.thread_time_ns()
        for number in range(10_000):
            _raise(feed, number)
        note_us = (time.thread_time_ns() - spent) / 10_000 / 1_000
        raised += 10_000
        await _until(lambda: not feed.unconfirmed)
    finally:
        linking.cancel()
        await asyncio.gather(linking, return_exceptions=True)
    return StormReport(
        raised=raised,
        note_us=round(note_us, 2),
        cpu_share=round(share, 4),
        baseline_share=round(baseline, 4),
        late_p99_us=percentile(stormy, 0.99) or 0,
        late_max_us=max(stormy),
        baseline_p99_us=percentile(calm, 0.99) or 0,
        baseline_max_us=max(calm),
        kept=kept_alerts(directory),
    )


def kept_alerts(directory: Path) -> int:
    """Count the alerts that the service has on disk, whether they wait or were given up; not those about itself."""
    kept = peek_state(directory)
    if kept is None:
        return 0
    waiting = [one for box in kept.waiting.values() for one in box]
    topics = [topic.waiting for topic in kept.topics if topic.waiting is not None and topic.subject == "bench"]
    gone = [row for row in kept.undelivered if "storm" in row.text]
    return (
        sum(one.count for one in waiting if "storm" in one.text)
        + sum(one.count for one in topics)
        + sum(one.count for one in gone)
    )


def _raise(feed: AlertFeed, number: int) -> None:
    feed.note(ALERT_KINDS[number % len(ALERT_KINDS)], "critical", "an alert of the storm", subject="bench")


async def _until(holds: Callable[[], bool]) -> None:
    for _ in range(1_200):
        if holds():
            return
        await asyncio.sleep(0.05)
    raise TimeoutError("the alert service took nothing for a minute")


async def _turn(feed: AlertFeed | None, *, rate: int, seconds: float) -> tuple[list[int], float, int]:
    """Wake every millisecond and raise what is due; return how late each waking was, the CPU's share, the count."""
    lateness: list[int] = []
    began, spent, raised = time.perf_counter(), time.thread_time(), 0
    while (passed := time.perf_counter() - began) < seconds:
        for _ in range(int(passed * rate) - raised):
            if feed is not None:
                _raise(feed, raised)
            raised += 1
        wanted = time.perf_counter() + TICK_S
        await asyncio.sleep(TICK_S)
        lateness.append(int((time.perf_counter() - wanted) * 1e6))
    return lateness, (time.thread_time() - spent) / seconds, raised


@click.command()
@click.option("--rate", type=click.IntRange(1, 100_000), default=1_000, show_default=True, help="Alerts a second.")
@click.option("--seconds", type=click.FloatRange(0.1), default=20.0, show_default=True, help="How long, each turn.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def main(rate: int, seconds: float, as_json: bool) -> None:
    """Measure a storm of alerts while no service takes any."""
    with tempfile.TemporaryDirectory() as directory:
        found = asyncio.run(measure(Path(directory), rate=rate, seconds=seconds))
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
        return
    click.echo(f"alerts       {found.raised:,} raised, {found.kept:,} kept, {found.note_us} µs each")
    click.echo(f"CPU          {found.cpu_share:.1%} of a core, {found.baseline_share:.1%} without alerts")
    click.echo(
        f"loop late    p99 {found.late_p99_us:,} µs, max {found.late_max_us:,} µs; without alerts p99 "
        f"{found.baseline_p99_us:,} µs, max {found.baseline_max_us:,} µs"
    )


if __name__ == "__main__":
    main()
