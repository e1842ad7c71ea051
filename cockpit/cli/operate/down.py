"""`cockpit down`: end the desk, or a sandbox with its venue."""

import asyncio
import contextlib
import sys
from pathlib import Path
from typing import Any

import click

from cockpit.cli.common import DONE, REFUSED, ask_desk, refuse, sandbox_root
from cockpit.cli.messages import NO_SANDBOX, no_desk
from cockpit.cli.operate.chosen_desk import a_sandbox_runs, desk_options
from cockpit.cli.operate.hung_desk import Asking, HungDesk, desk_at, end_hung, left_by, may_hang
from cockpit.cli.operate.messages import GIVE_YES, NOT_ENDED, SILENT
from cockpit.cli.operate.outcomes import document, print_json, print_problem
from cockpit.cli.stop import quotes_left
from cockpit.client.desk_client import ConnectionLost, DeskClient
from cockpit.model.formatting import utc_time
from cockpit.model.snapshot import Snapshot
from cockpit.processes.echo import echo
from cockpit.processes.ending import EndedDesk, end_desk
from cockpit.processes.launch import is_listening
from cockpit.processes.sandbox_run import SandboxRun

NOTHING_TO_END = "Nothing to end."
CANNOT_BURN = "Once the desk has ended nothing can burn them; `cockpit stop --hard` burns them first."
VENUE_ENDED = "The venue of the sandbox has ended."
ANSWER_S = 6.0
"""How long the desk has to show a first snapshot."""


@click.command()
@click.option("--yes", is_flag=True, help="Do not ask before the desk is ended; never kills it.")
@click.option("--force", is_flag=True, help="Do not ask at all, and kill a desk that hangs.")
@desk_options
def down(yes: bool, force: bool, socket: Path | None, sandbox: bool, env_file: Path | None, as_json: bool) -> None:
    """End the desk, or a sandbox with its venue.

    Disarms, writes the history and waits until the process has ended; then says which quotes can still settle. Asks
    first when the desk trades real money, is armed, or has live quotes. A desk that does not answer is proven to be
    yours, sent SIGTERM and woken; if it still runs then, it is killed once you agree.
    """
    if sandbox and (socket is not None or env_file is not None):
        raise click.UsageError("give only one of --sandbox, --socket and --env-file")
    ask = Asking(yes=yes or force, force=force, as_json=as_json)
    if sandbox:
        sys.exit(_end_sandbox(ask))
    from cockpit.cli.common import desk_socket

    where = desk_socket(socket, env_file, stopping=True)
    desk = desk_at(where, socket, env_file)
    if not is_listening(where) and not may_hang(desk):
        text = f"{no_desk(where, sandbox=a_sandbox_runs())} {NOTHING_TO_END}"
        left = left_by(desk)
        if as_json:
            print_json({"ended": [], "reason": text, "left": left})
        else:
            echo("\n".join([text, *left]))
        sys.exit(DONE)
    found: dict[str, Any] = {"ended": []}
    code = _end_desk(where, desk, ask, found)
    if as_json:
        print_json(found)
    sys.exit(code)


def _end_sandbox(ask: Asking) -> int:
    root, as_json = sandbox_root(), ask.as_json
    running, crashed = SandboxRun.running(root), SandboxRun.crashed(root)
    found: dict[str, Any] = {"ended": []}
    code = DONE
    if running is None and not crashed:
        found["reason"] = f"{NO_SANDBOX} {NOTHING_TO_END}"
        if not as_json:
            echo(found["reason"])
    if running is not None:
        desk = HungDesk(running.directory, running.history_path, running.tokens)
        code = _end_desk(running.socket_path, desk, ask, found)
        crashed = [running, *crashed] if code == DONE else crashed
    for run in crashed:
        problems = asyncio.run(run.end())
        for problem in problems:
            print_problem(problem, as_json=as_json)
            code = REFUSED
        if not problems:
            found["ended"].append({"what": "venue", "pid": run.pids().venue})
            if not as_json:
                echo(VENUE_ENDED)
    if as_json:
        print_json(found)
    return code


def _end_desk(where: Path, desk: HungDesk, ask: Asking, found: dict[str, Any]) -> int:
    """Ask where it matters, end the desk, and say what still binds; add to what is printed as JSON."""
    shot = ask_desk(where, _newest)
    if shot is None:
        return end_hung(desk, ask, found, SILENT.format(where=where))
    reasons = "" if ask.yes else why_ask(shot)
    if reasons and not ask.can_ask:
        refuse([f"{reasons} {NOT_ENDED} {GIVE_YES}"], REFUSED)
    if reasons and not click.confirm(f"{reasons} End the desk?"):
        echo(NOT_ENDED, err=True)
        return REFUSED
    ended = ask_desk(where, end_desk)
    if isinstance(ended, ConnectionLost):
        return end_hung(desk, ask, found, SILENT.format(where=where))
    last = ended.last or shot
    found |= {"outcome": document(ended.outcome), "at_ns": last.at_ns, "alive": last.alive}
    if not ended.done:
        # It was asked about already.
        return end_hung(desk, ask.agreed(), found, ended.text)
    found["ended"].append({"what": "desk", "pid": ended.pid})
    if not ask.as_json:
        _print(ended, last)
    return DONE


def _print(ended: EndedDesk, last: Snapshot) -> None:
    echo(ended.text, err=not ended.done)
    left = quotes_left(last)
    if left:
        until_ns = last.at_ns + max(last.alive.last_death_ms, last.alive.refused_last_ms) * 1_000_000
        echo(f"{left} None can settle after {utc_time(until_ns)}.")


def why_ask(shot: Snapshot) -> str:
    """Return why ending this desk is asked about; empty when nothing is at stake."""
    reasons = []
    if shot.mode == "LIVE":
        reasons.append(f"This desk trades real money as {shot.account}.")
    if shot.strategy_armed or shot.executor_armed:
        parts = [name for name, on in (("strategy", shot.strategy_armed), ("executor", shot.executor_armed)) if on]
        reasons.append(f"Armed: {' and '.join(parts)}.")
    left = quotes_left(shot)
    if left:
        reasons.append(f"{left} {CANNOT_BURN}")
    return " ".join(reasons)


async def _newest(link: DeskClient) -> Snapshot | None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(ANSWER_S):
            async for shot in link.snapshots():
                return None if isinstance(shot, ConnectionLost) else shot
    return None
