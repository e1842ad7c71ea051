"""`cockpit trace`: everything recorded of one quote."""

from pathlib import Path

import click

from cockpit.cli.common import history_options, open_reader, tokens_of_history
from cockpit.model.printable import printable
from cockpit.processes.echo import echo, echo_json
from cockpit.reports import quote_trace_text
from storage.errors import HistoryError
from storage.reporting.quote_trace import find_quote, trace_quote


@click.command()
@click.argument("name", metavar="QUOTE_ID|HASH|TX")
@history_options
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def trace(name: str, history: str | None, sandbox: bool, env_file: Path | None, as_json: bool) -> None:
    """Print one quote from request to fill.

    Shows every row in time order. A unique prefix of the quote's id, hash or transaction is enough.
    """
    with open_reader(history, sandbox, env_file) as reader:
        try:
            quote = trace_quote(reader, *find_quote(reader, name))
        except HistoryError as exc:
            raise click.ClickException(printable(str(exc))) from None
    tokens = tokens_of_history(sandbox, env_file)
    if as_json:
        echo_json(quote_trace_text.as_json(quote))
    else:
        echo(quote_trace_text.as_text(quote, tokens))
