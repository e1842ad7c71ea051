"""`cockpit report`: what trading came to, from the history, with or without a running desk."""

from pathlib import Path

import click

from cockpit.cli.common import history_options, open_reader, tokens_of_history
from cockpit.cli.spans import chosen_span, span_options
from cockpit.model.printable import printable
from cockpit.processes.echo import echo, echo_json
from cockpit.reports import report_text
from cockpit.reports.figures import TradingReport
from cockpit.reports.trading_report import trading_report
from storage.errors import HistoryError


@click.command()
@span_options
@history_options
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option(
    "--html",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write one HTML file with charts instead; needs the extra `charts`.",
)
@click.option("--charts", is_flag=True, help="Draw P&L, inventory and mid below the text.")
@click.option("--csv", "as_csv", is_flag=True, help="As CSV, one figure a row.")
@click.option("--fills", is_flag=True, help="With --csv: one fill a row instead; with --json: include the fills.")
@click.option(
    "--fee-pips",
    metavar="PIPS",
    type=click.IntRange(0, 999_999),
    default=1,
    show_default=True,
    help="The protocol's fee in millionths.",
)
def report(
    day: str | None,
    since: str | None,
    until: str | None,
    run: str | None,
    history: str | None,
    sandbox: bool,
    env_file: Path | None,
    as_json: bool,
    html: Path | None,
    charts: bool,
    as_csv: bool,
    fills: bool,
    fee_pips: int,
) -> None:
    """Report P&L, fills, win rate and markouts.

    Covers the whole history unless --day, --from/--to or --run says otherwise.
    """
    if as_json and as_csv:
        raise click.UsageError("give only one of --json and --csv")
    if html is not None and (as_json or as_csv or charts):
        raise click.UsageError("--html FILE cannot be combined with --json, --csv or --charts")
    if charts and (as_json or as_csv):
        raise click.UsageError("--charts is for the text only; --json has the points as `curve`")
    if fills and not (as_json or as_csv):
        raise click.UsageError("--fills needs --json or --csv")
    if html is not None:
        _check_charts()
    tokens = tokens_of_history(sandbox, env_file)
    with open_reader(history, sandbox, env_file) as reader:
        try:
            span = chosen_span(reader, day=day, since=since, until=until, run=run)
            figures = trading_report(reader, span, tokens, pips=fee_pips, with_fills=fills)
        except HistoryError as exc:
            raise click.ClickException(printable(str(exc))) from None
    if html is not None:
        _write_page(html, figures)
    elif as_csv:
        echo(report_text.fills_csv(figures.fills) if fills else report_text.as_csv(figures), nl=False)
    else:
        if as_json:
            echo_json(report_text.as_json(figures))
        else:
            echo(report_text.as_text(figures))
            if charts:
                from cockpit.terminal_reports.terminal_charts import terminal_charts

                echo(f"\n{terminal_charts(figures)}")


def _check_charts() -> None:
    from cockpit.reports.charts import require_charts
    from cockpit.reports.errors import ChartsMissingError

    try:
        require_charts()
    except ChartsMissingError as exc:
        raise click.ClickException(str(exc)) from None


def _write_page(path: Path, figures: TradingReport) -> None:
    from cockpit.reports.errors import ReportsError
    from cockpit.reports.page.file import write_page
    from cockpit.reports.page.page import page

    try:
        text = page(figures)
        write_page(path, text)
    except ReportsError as exc:
        raise click.ClickException(printable(str(exc))) from None
    echo(f"wrote {path}, {len(text.encode()) / 1000:.0f} kB; only you can read it")
