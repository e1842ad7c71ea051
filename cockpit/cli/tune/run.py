"""`cockpit tune run`: a plan of half spreads, tried on the running desk."""

import asyncio
import signal
import sys
from functools import partial
from pathlib import Path

import click

from cockpit.cli.common import DONE, REFUSED, UNKNOWN, UNUSABLE, ask_desk, refuse
from cockpit.cli.operate.chosen_desk import choose_desk, desk_options
from cockpit.cli.operate.outcomes import print_json
from cockpit.client.desk_client import DeskClient
from cockpit.config.owned_file import read_owned
from cockpit.model.environment import Environment
from cockpit.processes.echo import echo
from cockpit.tuning.switchback import messages
from cockpit.tuning.switchback.driver import Switchback
from cockpit.tuning.switchback.errors import InvalidPlanError, ProgressError
from cockpit.tuning.switchback.plan import Plan, plan_text, read_plan
from cockpit.tuning.switchback.progress import ProgressFile, alone

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--restore", is_flag=True, help="Only put the half spread of before the plan back.")
@desk_options
def run(file: Path, restore: bool, sandbox: bool, socket: Path | None, env_file: Path | None, as_json: bool) -> None:
    """Try the plan's half spreads on the running desk.

    FILE holds the plan; its order is kept. Each change is a journalled command. Time counts while the desk trades; it
    pauses, with the old half spread, while the desk is disarmed or halted. However it ends, the old half spread is put
    back, or it says what is left in force. Progress is kept beside FILE, so that a later run continues it. Its commands
    are no sign of an operator.

    Exit code 0: finished; 1: refused or ended early; 3: what is in force is unknown.
    """
    where = choose_desk(socket, sandbox, env_file).socket
    try:
        planned = _read(file)
        with alone(file):
            progress = ProgressFile(file, planned.digest)
            sys.exit(ask_desk(where, lambda link: _run(link, planned, progress, restore, as_json), unattended=True))
    except InvalidPlanError as exc:
        refuse([f"{file}: {exc}"])
    except ProgressError as exc:
        refuse([str(exc)], UNUSABLE)


def _read(file: Path) -> Plan:
    found = read_owned(file, others_may="read")
    if found.text is None:
        raise InvalidPlanError(found.problem or "there is no such file; `cockpit tune plan` writes one")
    return read_plan(found.text)


async def _run(link: DeskClient, planned: Plan, progress: ProgressFile, restore: bool, as_json: bool) -> int:
    told = partial(echo, err=as_json)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in STOPPING:
        loop.add_signal_handler(number, stopping.set)
    env = Environment()
    switchback = Switchback(planned, progress, link, env=env, told=told, stopping=stopping)
    if restore:
        end, restored = "restored", await switchback.restore()
    else:
        told(plan_text(planned))
        end, restored = await switchback.run(), switchback.restored
        if end != "finished":
            told(messages.GO_ON)
    if as_json:
        kept = progress.current
        print_json({"end": end, "restored": restored, "before": kept.before, "asked": kept.asked, "step": kept.step})
    if not restored:
        return UNKNOWN
    return DONE if end in ("finished", "restored") else REFUSED
