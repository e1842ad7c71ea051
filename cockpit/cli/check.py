"""`cockpit check`: the interlocks from the command line, without arming anything."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Literal

import click
import msgspec

from cockpit.cli.common import ENV_FILE, UNUSABLE, env_file_or_default, refuse, sandbox_root
from cockpit.cli.messages import NO_SANDBOX
from cockpit.config.errors import SettingsError
from cockpit.config.paths import READ_ONLY_SOCKET_NAME
from cockpit.config.settings import Settings, load
from cockpit.model.alarms import AlarmsState, alarm_text
from cockpit.model.formatting import counted
from cockpit.model.other_pairs import other_pairs_text
from cockpit.model.recorded.check_text import interlock_text, readable_text
from cockpit.model.snapshot import InterlockRow, MetricsState, Rung, Snapshot
from cockpit.model.trading_figures.market_requests import MarketRequestsRow, TokenRow, requests_by_market
from cockpit.processes.check_desk import NEED_ARMING, is_green, read_only_desk, read_snapshot
from cockpit.processes.echo import echo, echo_json, echo_marked
from cockpit.processes.errors import DeskUnavailableError
from cockpit.processes.launch import is_listening

GREEN, RED = 0, 1
WITHIN_S = 20.0
Verdict = Literal["green", "warning", "red", "not yet"]
_MARKS = {"green": "✓", "warning": "!", "red": "✗", "not yet": "·"}


_ALARM_MARKS = {"disarms": "✗", "warns": "!", "shown": "·"}
_COLOURS = {"✓": "green", "!": "yellow", "✗": "red", "·": "yellow"}


class ChecklistLine(msgspec.Struct, frozen=True, kw_only=True):
    """One interlock as a program reads it."""

    ident: str
    rung: str
    name: str
    verdict: Verdict
    measured: str
    wanted: str
    remedy: str


class CheckOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """The interlocks of one desk. ``green``: all pass but those that only arming turns green."""

    green: bool
    mode: str
    account: str
    run_id: str
    rung: Rung
    lines: tuple[ChecklistLine, ...]
    alarms: AlarmsState = AlarmsState()
    stage: str = ""
    tokens: tuple[TokenRow, ...] = ()
    markets: tuple[str, ...] = ()
    demand_by_market: tuple[MarketRequestsRow, ...] = ()
    demand_ms: int = 0
    other_pairs: str = ""
    metrics: MetricsState = MetricsState()


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
@click.option("--sandbox", is_flag=True, help="Check the desk of the newest running sandbox.")
@click.option(
    "--within",
    "within_s",
    metavar="SECONDS",
    type=click.FloatRange(0, 600),
    default=WITHIN_S,
    show_default=True,
    help="How long after its start a desk's red does not count.",
)
@click.option(
    "--listen",
    "listen_s",
    metavar="SECONDS",
    type=click.FloatRange(0, 3600),
    default=0.0,
    help="Count requests by market for this long before printing; by default, those seen so far.",
)
@ENV_FILE
def check(as_json: bool, sandbox: bool, within_s: float, listen_s: float, env_file: Path | None) -> None:
    """Print the interlocks; arm nothing.

    Shows what is measured, what is wanted and what to do; then the tokens, and the requests in each market. Asks the
    running desk; if there is none, starts a read-only desk and ends it afterwards.

    Exit code 0: every interlock passes or warns, except those that only arming turns green; 1: an interlock fails, or
    the desk does not answer; 2: the settings cannot be used, or there is no desk to check.
    """
    if sandbox and env_file is not None:
        raise click.UsageError("give only one of --sandbox and --env-file")
    try:
        shot = _sandbox_desk(within_s, listen_s) if sandbox else _desk(env_file, within_s, listen_s)
    except SettingsError as exc:
        refuse(exc.problems)
    except DeskUnavailableError as exc:
        refuse([f"cockpit check: {exc}"], RED)
    checked = outcome_of(shot)
    if as_json:
        echo_json(msgspec.json.format(msgspec.json.encode(checked)).decode())
    else:
        echo_marked(as_text(checked), _COLOURS)
    sys.exit(GREEN if checked.green else RED)


def outcome_of(shot: Snapshot) -> CheckOutcome:
    return CheckOutcome(
        green=is_green(shot),
        mode=shot.mode,
        account=shot.account,
        run_id=shot.run_id,
        rung=shot.rung,
        lines=tuple(_line(row) for row in shot.interlocks),
        alarms=shot.alarms,
        stage=shot.stage,
        tokens=shot.tokens,
        markets=shot.markets,
        demand_by_market=shot.demand_by_market,
        demand_ms=shot.demand_ms,
        other_pairs=other_pairs_text(shot.counts),
        metrics=shot.metrics,
    )


def as_text(checked: CheckOutcome) -> str:
    """Return the list for a person; failed interlocks with their remedy."""
    width = max((len(line.name) for line in checked.lines), default=0)
    lines = [f"{checked.mode} {checked.account}, run {checked.run_id}: {checked.rung}"]
    for line in checked.lines:
        mark = _MARKS[line.verdict]
        wanted = "" if line.verdict == "green" else f"; wanted: {readable_text(line.wanted)}"
        text = interlock_text(line.ident, line.measured)
        measured = f"not yet: {text}" if line.verdict == "not yet" else text
        lines.append(f"{mark} {line.rung:<6} {line.name:<{width}}  {measured}{wanted}")
        if line.verdict in ("red", "warning"):
            lines.append(f"{'':{width + 11}}→ {line.remedy}")
    return "\n".join(
        [*lines, *_alarm_lines(checked.alarms), metrics_line(checked.metrics), *market_lines(checked), summary(checked)]
    )


def _alarm_lines(state: AlarmsState) -> list[str]:
    """List every alarm of the venue, those that touch others as well; the interlock names only the first."""
    lines = [f"{_ALARM_MARKS[row.effect]} {alarm_text(row)}" for row in state.rows]
    return [*lines, f"· and {state.more} more"] if state.more else lines


def market_lines(checked: CheckOutcome) -> list[str]:
    """Return tokens with their way out, the markets with their requests, and the stage when it is not the usual one."""
    lines = [checked.stage] if checked.stage else []
    width = max((len(row.symbol) for row in checked.tokens), default=0)
    for row in checked.tokens:
        quoted = "" if row.quoted else "; no market quotes it"
        lines.append(f"token {row.symbol:<{width}}  {row.underlying}, leaves to {row.chain} by {row.bridge}{quoted}")
    if checked.markets:
        lines.append(f"markets {', '.join(checked.markets)}")
    if checked.demand_by_market:
        by_market = requests_by_market(checked.demand_by_market, checked.demand_ms)
        lines.append(f"{by_market} · {checked.other_pairs}" if checked.other_pairs else by_market)
    return lines


def metrics_line(metrics: MetricsState) -> str:
    """Say where a dashboard reads the metrics."""
    if metrics.problem:
        return f"! metrics at /metrics of the socket only: {metrics.problem}"
    port = f"{metrics.address} and " if metrics.address else ""
    return f"metrics at {port}/metrics of the socket" + ("" if port else "; METRICS_ADDRESS serves them on a port")


def summary(checked: CheckOutcome) -> str:
    """Return the last line: how many interlocks fail or warn, or that the desk can be armed."""
    verdicts = [line.verdict for line in checked.lines]
    red, waiting, warned = verdicts.count("red"), verdicts.count("not yet"), verdicts.count("warning")
    if red:
        return f"{counted(red, 'interlock fails', 'interlocks fail')}; the desk cannot be armed"
    passing = "all interlocks pass" + (f", {warned} with a warning" if warned else "")
    if not waiting:
        return passing
    rest = "the remaining one turns" if waiting == 1 else f"the remaining {waiting} turn"
    return f"{passing}; {rest} green when you arm"


def _line(row: InterlockRow) -> ChecklistLine:
    if row.passed:
        verdict: Verdict = "warning" if row.warning else "green"
    else:
        verdict = "not yet" if row.ident in NEED_ARMING else "red"
    return ChecklistLine(
        ident=row.ident,
        rung=row.rung,
        name=row.name,
        verdict=verdict,
        measured=row.measured,
        wanted=row.wanted,
        remedy=row.remedy,
    )


def _sandbox_desk(within_s: float, listen_s: float) -> Snapshot:
    from cockpit.processes.sandbox_run import SandboxRun

    run = SandboxRun.running(sandbox_root())
    if run is None:
        refuse([NO_SANDBOX])
    return asyncio.run(read_snapshot(run.directory / READ_ONLY_SOCKET_NAME, within_s, listen_s))


def _desk(env_file: Path | None, within_s: float, listen_s: float) -> Snapshot:
    settings = load(env_file_or_default(env_file), os.environ)
    if is_listening(settings.read_only_socket_path):
        return asyncio.run(read_snapshot(settings.read_only_socket_path, within_s, listen_s))
    return _own_desk(settings, within_s, listen_s)


def _own_desk(settings: Settings, within_s: float, listen_s: float) -> Snapshot:
    import uvloop

    from cockpit.desk.runtime.account_lock import hold_account
    from cockpit.desk.runtime.errors import DeskStartError
    from cockpit.desk.runtime.state_dir_lock import hold_state_dir
    from storage.errors import HistoryError

    async def look() -> Snapshot:
        async with read_only_desk(settings) as socket_path:
            return await read_snapshot(socket_path, within_s, listen_s)

    try:
        with hold_state_dir(settings.state_dir), hold_account(settings):
            if sys.stderr.isatty():
                echo(
                    f"No desk is running; starting a read-only desk for up to {max(within_s, listen_s):g} s.", err=True
                )
            return uvloop.run(look())
    except DeskStartError as exc:
        refuse([f"cockpit check: {exc}"], UNUSABLE)
    except HistoryError as exc:
        refuse([f"cockpit check: {exc}"], RED)
    except asyncio.CancelledError:
        refuse(["cockpit check: stopped before the list was complete"], 130)
