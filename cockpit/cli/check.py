"""`cockpit check`: the arming ladder's checklist from the command line, without arming anything."""

import os
import sys
from pathlib import Path
from typing import Literal, NoReturn

import click
import msgspec

from cockpit.config.settings import READ_ONLY_SOCKET_NAME, Settings, SettingsError, default_state_dir, load
from cockpit.model.snapshot import InterlockRow, Rung, Snapshot
from cockpit.processes.check_desk import CLIMBED, DeskUnavailableError, is_green, looked_at, started
from cockpit.processes.launch import answers

GREEN, RED, UNUSABLE = 0, 1, 2
WITHIN_S = 20.0
Verdict = Literal["green", "red", "not yet"]
_MARKS = {"green": ("✓", "green"), "red": ("✗", "red"), "not yet": ("·", "yellow")}


class ChecklistLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line as a program reads it."""

    ident: str
    rung: str
    name: str
    verdict: Verdict
    measured: str
    wanted: str
    remedy: str


class CheckOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """The list of one desk. ``green``: nothing but climbing itself keeps the ladder closed."""

    green: bool
    mode: str
    account: str
    run_id: str
    rung: Rung
    lines: tuple[ChecklistLine, ...]


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
@click.option("--sandbox", is_flag=True, help="Check the desk of the newest rehearsal that runs.")
@click.option(
    "--within",
    "within_s",
    type=click.FloatRange(0, 600),
    default=WITHIN_S,
    show_default=True,
    help="Seconds that a desk may need after its start until red means red.",
)
@click.option(
    "--env-file",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Settings file; .env in this directory when it exists.",
)
def check(as_json: bool, sandbox: bool, within_s: float, env_file: Path | None) -> None:
    """Print the arming ladder's checklist: what was measured, what is wanted, what to do. Arms nothing.

    Asks the running desk; without one it starts one that takes no command, waits for it and ends it. Exit code 0: every
    line is green but those that only arming can turn green; 1: a line is red, or the desk does not answer; 2: the
    settings cannot be used, or there is no desk to check.
    """
    if sandbox and env_file is not None:
        raise click.UsageError("give one of --sandbox and --env-file")
    try:
        shot = _sandbox_desk(within_s) if sandbox else _desk(env_file, within_s)
    except SettingsError as exc:
        _fail(UNUSABLE, *exc.problems)
    except DeskUnavailableError as exc:
        _fail(RED, f"cockpit check: {exc}")
    checked = read(shot)
    click.echo(msgspec.json.format(msgspec.json.encode(checked)).decode() if as_json else told(checked))
    sys.exit(GREEN if checked.green else RED)


def read(shot: Snapshot) -> CheckOutcome:
    """The list as the desk shows it."""
    return CheckOutcome(
        green=is_green(shot),
        mode=shot.mode,
        account=shot.account,
        run_id=shot.run_id,
        rung=shot.rung,
        lines=tuple(_line(row) for row in shot.interlocks),
    )


def told(checked: CheckOutcome) -> str:
    """The list as a person reads it, red lines with what to do."""
    width = max((len(line.name) for line in checked.lines), default=0)
    lines = [f"{checked.mode} {checked.account}, run {checked.run_id}: {checked.rung}"]
    for line in checked.lines:
        mark, colour = _MARKS[line.verdict]
        wanted = "" if line.verdict == "green" else f"; wanted: {line.wanted}"
        measured = f"not yet: {line.measured}" if line.verdict == "not yet" else line.measured
        lines.append(f"{click.style(mark, fg=colour)} {line.rung:<6} {line.name:<{width}}  {measured}{wanted}")
        if line.verdict == "red":
            lines.append(f"{'':{width + 11}}→ {line.remedy}")
    red = sum(line.verdict == "red" for line in checked.lines)
    waiting = any(line.verdict == "not yet" for line in checked.lines)
    if red:
        lines.append(f"{red} red {'line keeps' if red == 1 else 'lines keep'} the ladder closed")
    else:
        lines.append("every line is green" + ("; the rest comes with arming" if waiting else ""))
    return "\n".join(lines)


def _line(row: InterlockRow) -> ChecklistLine:
    verdict: Verdict = "green" if row.passed else "not yet" if row.ident in CLIMBED else "red"
    return ChecklistLine(
        ident=row.ident,
        rung=row.rung,
        name=row.name,
        verdict=verdict,
        measured=row.measured,
        wanted=row.wanted,
        remedy=row.remedy,
    )


def _sandbox_desk(within_s: float) -> Snapshot:
    import asyncio

    from cockpit.processes.sandbox import SandboxRun

    rehearsal = SandboxRun.running(default_state_dir(os.environ) / "sandbox")
    if rehearsal is None:
        _fail(UNUSABLE, "cockpit check: no rehearsal is running; start one with `cockpit sandbox`")
    return asyncio.run(looked_at(rehearsal.directory / READ_ONLY_SOCKET_NAME, within_s))


def _desk(env_file: Path | None, within_s: float) -> Snapshot:
    import asyncio

    default = Path(".env")
    settings = load(env_file or (default if default.exists() else None), os.environ)
    if answers(settings.read_only_socket_path):
        return asyncio.run(looked_at(settings.read_only_socket_path, within_s))
    return _own_desk(settings, within_s)


def _own_desk(settings: Settings, within_s: float) -> Snapshot:
    import asyncio

    import uvloop

    from cockpit.desk.runtime.account_lock import account_held
    from cockpit.desk.runtime.unix_server import AlreadyRunningError, StateDirError, held
    from storage.errors import HistoryError

    async def look() -> Snapshot:
        async with started(settings) as socket_path:
            return await looked_at(socket_path, within_s)

    try:
        with held(settings.state_dir), account_held(settings):
            if sys.stderr.isatty():
                click.echo(f"no desk runs here; starting one that takes no command, up to {within_s:g} s", err=True)
            return uvloop.run(look())
    except (AlreadyRunningError, StateDirError) as exc:
        _fail(UNUSABLE, f"cockpit check: {exc}")
    except HistoryError as exc:
        _fail(RED, f"cockpit check: {exc}")
    except asyncio.CancelledError:
        _fail(130, "cockpit check: ended before the list was complete")


def _fail(code: int, *reasons: str) -> NoReturn:
    for reason in reasons:
        click.echo(reason, err=True)
    sys.exit(code)
