"""Which part of a history a report or a replay covers."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from storage.errors import HistoryError
from storage.reader import Reader, Span, find_run, runs

_TIME = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d)?)?Z?")


def span_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--run", help="One run: its id, a unique prefix of it, or `last`."),
        click.option("--to", "until", help="Up to this UTC time, exclusive."),
        click.option("--from", "since", help="From this UTC time, such as 2026-11-25T14:30."),
        click.option("--day", help="One UTC day, such as 2026-11-25."),
    ):
        command = option(command)
    return command


def chosen_span(reader: Reader, *, day: str | None, since: str | None, until: str | None, run: str | None) -> Span:
    """Return the span that was asked for; the whole history by default. Raises HistoryError if there is no such run."""
    if sum((day is not None, since is not None or until is not None, run is not None)) > 1:
        raise click.UsageError("give only one of --day, --from/--to and --run")
    if run is not None:
        return find_run(reader, run).span
    every = runs(reader)
    if not every:
        raise HistoryError("the history holds no run yet")
    if day is not None:
        start = _time(day, "--day")
        return Span(_ns(start), _ns(start + timedelta(days=1)))
    whole = Span(min(one.started_ns for one in every), max(one.last_write_ns for one in every) + 1)
    span = Span(
        whole.from_ns if since is None else _ns(_time(since, "--from")),
        whole.to_ns if until is None else _ns(_time(until, "--to")),
    )
    if span.from_ns >= span.to_ns:
        raise click.UsageError("the range is empty: --from must be before --to")
    return span


def _time(text: str, option: str) -> datetime:
    try:
        if not _TIME.fullmatch(text):
            raise ValueError
        return datetime.fromisoformat(text.removesuffix("Z")).replace(tzinfo=UTC)
    except ValueError:
        raise click.UsageError(f"{option} {text}: expected a UTC time such as 2026-11-25 or 2026-11-25T14:30") from None


def _ns(at: datetime) -> int:
    return int(at.timestamp()) * 10**9
