"""`cockpit replay`: recorded requests decided again, under other settings."""

import sys
from pathlib import Path

import click

from cockpit.cli.common import history_options, open_reader, tokens_of_history
from cockpit.cli.spans import chosen_span, span_options
from cockpit.model.printable import printable
from cockpit.processes.echo import echo, echo_json
from cockpit.reports import decision_replay_text
from cockpit.reports.decision_replay import replay as decide_again
from cockpit.reports.errors import InvalidChangeError
from storage.errors import HistoryError
from storage.reporting.decisions import recorded_decisions


@click.command()
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="Decide under another setting, such as STRATEGY_HALF_SPREAD_BPS=10; may be repeated.",
)
@click.option("--armed", is_flag=True, help="Decide as if strategy and executor had always been armed.")
@span_options
@history_options
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def replay(
    settings: tuple[str, ...],
    armed: bool,
    day: str | None,
    since: str | None,
    until: str | None,
    run: str | None,
    history: str | None,
    sandbox: bool,
    env_file: Path | None,
    as_json: bool,
) -> None:
    """Decide recorded requests again under other settings.

    Uses the desk's own strategy. Without --set or --armed, the recorded settings apply; exit code 1 then means that a
    decision differs from its record.
    """
    try:
        changes = decision_replay_text.changes_of(settings, armed=armed)
    except InvalidChangeError as exc:
        raise click.UsageError(str(exc)) from None
    tokens = tokens_of_history(sandbox, env_file)
    with open_reader(history, sandbox, env_file) as reader:
        try:
            result = decide_again(
                recorded_decisions(reader, chosen_span(reader, day=day, since=since, until=until, run=run)),
                changes,
                tokens,
            )
        except HistoryError as exc:
            raise click.ClickException(printable(str(exc))) from None
    given = (*settings, *(("as if armed",) if armed else ()))
    if as_json:
        echo_json(decision_replay_text.as_json(result))
    else:
        echo(decision_replay_text.as_text(result, given, tokens))
    if not given and result.same < result.decisions - result.without_record:
        sys.exit(1)
