"""The subcommands of `cockpit alerts`. None of them prints a URL: errors name the rule or the target."""

import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cockpit.cli.common import DONE, ENV_FILE, REFUSED, UNUSABLE, ask_desk, load_settings, refuse, state_dir
from cockpit.cli.operate.chosen_desk import choose_desk, desk_options, require_desk
from cockpit.cli.operate.outcomes import print_json, print_outcome
from cockpit.model.formatting import counted
from cockpit.processes.echo import echo

if TYPE_CHECKING:
    from cockpit.alerting.delivery.targets import AlertTarget
    from cockpit.alerting.rules import AlertRules
    from cockpit.client.desk_client import DeskClient

AS_JSON = click.option("--json", "as_json", is_flag=True, help="As JSON.")


@click.group()
def alerts() -> None:
    """Check, try, list and acknowledge alerts.

    docs/alerts.md says how to set them up.
    """


@alerts.command()
@AS_JSON
@ENV_FILE
def check(as_json: bool, env_file: Path | None) -> None:
    """Check the file of alerts.

    Nothing is sent.
    """
    rules, targets, _ = _load(env_file)
    if as_json:
        print_json({"targets": list(targets), "rules": {rule.name: rule.to for rule in rules.rules}})
        return
    for rule in rules.rules:
        escalates = (
            f"; after {rule.escalate_ms // 60_000} min {', '.join(rule.escalate_to)}" if rule.escalate_to else ""
        )
        echo(f"{rule.name}: {rule.severity} and worse to {', '.join(rule.to)}{escalates}")
    if rules.digest is not None:
        echo(f"digest: daily at {rules.digest.at:%H:%M} to {', '.join(rules.digest.to)}")
    echo(f"{counted(len(targets), 'target')} can be used.")


@alerts.command()
@click.argument("rule", required=False)
@AS_JSON
@ENV_FILE
def test(rule: str | None, as_json: bool, env_file: Path | None) -> None:
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
    tried = []
    for name, to in wanted.items():
        for target in dict.fromkeys(to):
            problem = _try(targets[target], name, heading)
            tried.append({"rule": name, "target": target, "problem": problem or None})
            if not as_json:
                echo(f"{name}, {target}: {problem or 'delivered'}", err=bool(problem))
    if as_json:
        print_json({"tried": tried})
    sys.exit(REFUSED if any(one["problem"] for one in tried) else DONE)


@alerts.command()
@AS_JSON
@ENV_FILE
def undelivered(as_json: bool, env_file: Path | None) -> None:
    """List the alerts that no target took, newest first."""
    from cockpit.alerting.message import utc
    from cockpit.alerting.messages import NO_UNDELIVERED
    from cockpit.alerting.state_file import peek_state

    kept = peek_state(state_dir(env_file, stopping=True))
    if kept is None:
        refuse(("the alerts on disk cannot be read",), REFUSED)
    rows = tuple(reversed(kept.undelivered))
    if as_json:
        print_json({"count": kept.undelivered_count, "undelivered": rows})
        return
    for row in rows:
        times = f" ({row.count:,} times)" if row.count > 1 else ""
        echo(f"{utc(row.last_ns)}  {row.rule}, {row.target}: {row.text}{times}. {row.reason}.")
    if not rows:
        echo(NO_UNDELIVERED)


@alerts.command()
@desk_options
def acknowledge(socket: Path | None, sandbox: bool, env_file: Path | None, as_json: bool) -> None:
    """Acknowledge all alerts of the running desk.

    None of them escalates then; those that were not delivered count as seen.
    """

    async def send(link: "DeskClient") -> int:
        return print_outcome(await link.acknowledge_alerts(), as_json=as_json)

    where = choose_desk(socket, sandbox, env_file).socket
    require_desk(where, as_json=as_json)
    sys.exit(ask_desk(where, send))


def _load(env_file: Path | None) -> "tuple[AlertRules, dict[str, AlertTarget], str]":
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


def _try(target: "AlertTarget", rule: str, heading: str) -> str:
    """Send a test alert; return why it was not taken, empty when it was."""
    import time

    from cockpit.alerting.delivery.outbox import Patience
    from cockpit.alerting.delivery.sending import send_within
    from cockpit.alerting.message import AlertMessage
    from cockpit.alerting.messages import TEST

    now = time.time_ns()
    message = AlertMessage(
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
