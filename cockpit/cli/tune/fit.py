"""`cockpit tune fit`: which half spread would have earned more, and whether that is to be believed."""

from pathlib import Path

import click

from cockpit.cli.common import history_options, open_reader, tokens_of_history
from cockpit.cli.spans import chosen_span, span_options
from cockpit.cli.tune.curve import curve_text
from cockpit.model.printable import printable
from cockpit.processes.echo import echo, echo_json
from cockpit.tuning import fit_text
from cockpit.tuning.candidates import parse_candidates
from cockpit.tuning.errors import InvalidCandidateError, TuningError
from cockpit.tuning.fit import fit as fit_history
from storage.errors import HistoryError


@click.command()
@click.option(
    "--candidates",
    metavar="BASE/SLOPE,…",
    help="Half spreads to compare, in bps and for each bps of σ√T, such as 8/0.3,10/0; neighbours by default.",
)
@click.option(
    "--fold-hours",
    metavar="HOURS",
    type=click.IntRange(1, 168),
    default=24,
    show_default=True,
    help="Length of a part that is judged by those before it; shorter ones are for rehearsals.",
)
@click.option(
    "--seed",
    metavar="NUMBER",
    type=click.IntRange(0),
    default=1,
    show_default=True,
    help="Of the bootstrap; same seed, same answer.",
)
@span_options
@history_options
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def fit(
    candidates: str | None,
    fold_hours: int,
    seed: int,
    day: str | None,
    since: str | None,
    until: str | None,
    run: str | None,
    history: str | None,
    sandbox: bool,
    env_file: Path | None,
    as_json: bool,
) -> None:
    """Compare half spreads by the recorded quotes; change nothing.

    Each candidate decides every recorded request again. A model that was fitted on the days before says which of its
    quotes would have been filled and what they would have kept after 60 s. Nothing is said of widths that were not
    tried, and nothing is advised while the model misses what was booked by more than 25 %.
    """
    try:
        others = () if candidates is None else parse_candidates(candidates)
    except InvalidCandidateError as exc:
        raise click.UsageError(str(exc)) from None
    tokens = tokens_of_history(sandbox, env_file)
    with open_reader(history, sandbox, env_file) as reader:
        try:
            span = chosen_span(reader, day=day, since=since, until=until, run=run)
            result = fit_history(
                reader,
                span,
                tokens,
                others=others,
                fold_s=fold_hours * 3_600,
                seed=seed,
                told=lambda text: echo(text, err=True),
            )
        except (HistoryError, TuningError) as exc:
            raise click.ClickException(printable(str(exc))) from None
    if as_json:
        echo_json(fit_text.as_json(result))
    else:
        curve = curve_text(result.curve, float(result.current.base)) if result.curve else ""
        echo(fit_text.as_text(result, curve))
