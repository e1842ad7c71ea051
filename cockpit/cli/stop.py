"""`cockpit stop`: disarm the running desk, and show the quotes that stay live."""

import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from cockpit.cli.common import DONE, REFUSED, UNKNOWN, ask_desk
from cockpit.cli.messages import NOTHING_SENT, disconnected, no_desk
from cockpit.cli.operate.chosen_desk import a_sandbox_runs, choose_desk, desk_options
from cockpit.cli.operate.hung_desk import desk_at, left_by
from cockpit.cli.operate.outcomes import document, exit_code, newest, print_json, print_outcome
from cockpit.client.desk_client import ConnectionLost, DeskClient, Outcome, UnknownOutcome
from cockpit.model.commands import ARMABLE
from cockpit.model.formatting import counted, readable, time_left
from cockpit.model.quote_texts import MAKER_TERMS, counts, refused_text
from cockpit.model.snapshot import Snapshot
from cockpit.processes.echo import echo
from cockpit.processes.launch import is_listening

NO_LIVE_QUOTE = "No quote is live."
NOTHING_TO_DISARM = "Nothing to disarm."
BURN_ALL = "Burn every quote that could still settle?"


@click.command()
@click.option(
    "--hard",
    is_flag=True,
    help=f"Also burn every quote that could still settle; wait until none is left. {MAKER_TERMS}",
)
@click.option("--yes", is_flag=True, help="With --hard: do not ask.")
@desk_options
def stop(hard: bool, yes: bool, socket: Path | None, sandbox: bool, env_file: Path | None, as_json: bool) -> None:
    """Disarm everything at once.

    Then shows the quotes that are still live. The desk keeps running; `cockpit down` ends it.
    """
    if as_json and hard and not yes:
        raise click.UsageError("--hard asks; with --json give --yes too")
    where = choose_desk(socket, sandbox, env_file, stopping=True).socket
    # Disarming waits for nobody: only burning is asked about.
    outcomes = ask_desk(where, _disarm)
    found: dict[str, Any] = {"commands": [document(one) for one in outcomes]}
    code = max(exit_code(one) for one in outcomes)
    if not as_json:
        _print_disarmed(where, outcomes)
    if not is_listening(where):
        left = left_by(desk_at(where, socket, env_file))
        if as_json:
            found["left"] = left
        else:
            for sentence in left:
                echo(sentence, err=True)
    if code == DONE:
        shot = ask_desk(where, lambda link: newest(link, quiet=as_json))
        code = UNKNOWN if shot is None else DONE
        if shot is not None:
            found |= {"at_ns": shot.at_ns, "alive": shot.alive}
            if not as_json:
                echo((quotes_left(shot) or NO_LIVE_QUOTE) if hard else signed_quotes(shot))
            # Nothing is asked about quotes that are not there.
            some = bool(shot.alive.quotes or shot.alive.refused)
            if hard and (yes or (some and click.confirm(f"{MAKER_TERMS} {BURN_ALL}"))):
                code = ask_desk(where, lambda link: _burn(link, found if as_json else None))
    if as_json:
        print_json(found)
    sys.exit(code)


def _print_disarmed(where: Path, outcomes: list[Outcome]) -> None:
    first = outcomes[0]
    if any(exit_code(one) != REFUSED or not isinstance(one, UnknownOutcome) for one in outcomes):
        for one in outcomes:
            print_outcome(one)
    elif is_listening(where):
        echo(f"{first.reason}. {NOTHING_SENT}", err=True)
    else:
        echo(f"{no_desk(where, sandbox=a_sandbox_runs())} {NOTHING_TO_DISARM}", err=True)


async def _disarm(link: DeskClient) -> list[Outcome]:
    return [await link.send(part, "disarm") for part in reversed(ARMABLE)]


async def _burn(link: DeskClient, found: dict[str, Any] | None) -> int:
    """Burn until nothing is left; print the progress, or add the last of it to what is printed as JSON."""
    outcome = await link.hard_stop()
    code = exit_code(outcome)
    if found is not None:
        found["commands"].append(document(outcome))
    else:
        print_outcome(outcome)
    if code:
        return code
    printed = ""
    async for shot in link.snapshots():
        if isinstance(shot, ConnectionLost):
            echo(f"{disconnected(shot)}. The desk may still be burning quotes.", err=True)
            return UNKNOWN
        if found is not None:
            found |= {"at_ns": shot.at_ns, "alive": shot.alive, "hard_stop": shot.hard_stop}
        if shot.hard_stop is None:
            if found is None:
                echo(signed_quotes(shot))
            return DONE
        line = counts(shot.hard_stop)
        if line != printed and found is None:
            printed = line
            echo(line)
        if not shot.hard_stop.left:
            return DONE
    return UNKNOWN


def signed_quotes(shot: Snapshot) -> str:
    """Describe the quotes that could still settle: how many, for what amounts, and until when."""
    left = quotes_left(shot)
    return f"{left} To burn: cockpit stop --hard" if left else NO_LIVE_QUOTE


def quotes_left(shot: Snapshot) -> str:
    """Return the same without what to do about it; empty when there are none."""
    live, found = shot.alive, []
    if live.quotes:
        many = counted(live.quotes, "live quote commits", "live quotes commit")
        last = "expires" if live.quotes == 1 else "the last expires"
        found.append(f"{many} {_amounts(live.btc, live.eure)}; {last} in {time_left(live.last_death_ms)}.")
    if live.refused:
        found.append(f"{refused_text(live, shot.at_ns)}: {_amounts(live.refused_btc, live.refused_eure)}.")
    return " ".join(found)


def _amounts(btc: Decimal, eure: Decimal) -> str:
    return f"{readable(btc, 'BTC')} BTC and {readable(eure, 'EURe')} EURe"
