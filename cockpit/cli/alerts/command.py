"""The subcommands of `cockpit alerts`. None of them prints a URL: errors name the rule or the target."""

import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cockpit.cli.common import (
    DONE,
    ENV_FILE,
    REFUSED,
    SOCKET,
    UNUSABLE,
    ask_desk,
    desk_socket,
    load_settings,
    print_outcome,
    refuse,
    state_dir,
)
from cockpit.processes.echo import echo, echo_json

if TYPE_CHECKING:
    from cockpit.alerting.delivery.targets import Target
    from cockpit.alerting.rules import AlertRules
    from cockpit.client.desk_client import DeskClient


@click.group()
def alerts() -> None:
    """Who is told what happened when nobody looks; docs/alerts.md says how to set it up."""


@alerts.command()
@ENV_FILE
def check(env_file: Path | None) -> None:
    """Check the file of alerts.

    Nothing is sent.
    """
    rules, targets, _ = _load(env_file)
    for rule in rules.rules:
        escalates = (
            f"; after {rule.escalate_ms // 60_000} min {', '.join(rule.escalate_to)}" if rule.escalate_to else ""
        )
        echo(f"{rule.name}: {rule.severity} and worse to {', '.join(rule.to)}{escalates}")
    if rules.digest is not None:
        echo(f"digest: daily at {rules.digest.at:%H:%M} to {', '.join(rules.digest.to)}")
    echo(f"{len(targets)} targets can be used.")


@alerts.command()
@click.argument("rule", required=False)
@ENV_FILE
def test(rule: str | None, env_file: Path | None) -> None:
    """Send a test alert to the targets of a rule.

    Without RULE: to those of every rule, and of the digest.
    """
    rules, targets, heading = _load(env_file)
    wanted = {one.name: (*one.to, *one.escalate_to) for one in rules.rules}
    if rules.digest is not None:
        wanted["digest"] = rules.digest.to
    if rule is not None:
        if rule not in wanted:
            raise click.UsageError(f"there is no rule {rule}; expected one of {', '.join(wanted)}")
        wanted = {rule: wanted[rule]}
    code = DONE
    for name, to in wanted.items():
        for target in dict.fromkeys(to):
            problem = _try(targets[target], name, heading)
            echo(f"{name}, {target}: {problem or 'delivered'}", err=bool(problem))
            code = REFUSED if problem else code
    sys.exit(code)


@alerts.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@ENV_FILE
def undelivered(as_json: bool, env_file: Path | None) -> None:
    """List the alerts that no target took, newest first."""
    import msgspec

    from cockpit.alerting.message import utc
    from cockpit.alerting.messages import NO_UNDELIVERED
    from cockpit.alerting.state_file import peek_state

    kept = peek_state(state_dir(env_file, stopping=True))
    if kept is None:
        refuse(("the alerts on disk cannot be read",), REFUSED)
    rows = tuple(reversed(kept.undelivered))
    if as_json:
        echo_json(msgspec.json.encode({"count": kept.undelivered_count, "undelivered": rows}).decode())
        return
    for row in rows:
        times = f" ({row.count:,} times)" if row.count > 1 else ""
        echo(f"{utc(row.last_ns)}  {row.rule}, {row.target}: {row.text}{times}. {row.reason}.")
    if not rows:
        echo(NO_UNDELIVERED)


@alerts.command()
@SOCKET
@ENV_FILE
def acknowledge(socket: Path | None, env_file: Path | None) -> None:
    """Acknowledge all alerts of the running desk.

    None of them escalates then; those that were not delivered count as seen.
    """

    async def send(link: "DeskClient") -> int:
        return print_outcome(await link.acknowledge_alerts())

    sys.exit(ask_desk(desk_socket(socket, env_file), send))


def _load(env_file: Path | None) -> "tuple[AlertRules, dict[str, Target], str]":
    """Return rules, targets and heading; exits with 2 and a line for each problem when any cannot be used."""
    from cockpit.alerting.alerts_file import read_rules
    from cockpit.alerting.delivery.targets import make_targets
    from cockpit.alerting.errors import AlertsFileError, AppriseMissingError
    from cockpit.model.alerts.messages import NOT_CONFIGURED

    # What a plugin raises may hold the URL.
    threading.excepthook = lambda _: None
    settings = load_settings(env_file)
    if settings.alerts_file is None:
        refuse((NOT_CONFIGURED,))
    try:
        rules = read_rules(settings.alerts_file)
        targets, problems = make_targets(rules.targets, sandbox=settings.mode == "SANDBOX")
    except AlertsFileError as error:
        refuse(error.problems)
    except AppriseMissingError as error:
        refuse((str(error),))
    if problems:
        refuse(problems, UNUSABLE)
    return rules, targets, f"[{settings.mode}] {settings.account_id}"


def _try(target: "Target", rule: str, heading: str) -> str:
    """Send a test alert; return why it was not taken, empty when it was."""
    import time

    from cockpit.alerting.delivery.outbox import Patience
    from cockpit.alerting.delivery.sending import send_within
    from cockpit.alerting.message import Message
    from cockpit.alerting.messages import TEST

    now = time.time_ns()
    message = Message(
        rule=rule,
        key="test",
        severity="info",
        title=f"{heading}: test",
        text=TEST.format(rule=rule),
        count=1,
        first_ns=now,
        last_ns=now,
        queued_ns=now,
    )
    return send_within(target, message, Patience().stalled_s)
