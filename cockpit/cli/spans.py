"""Which part of a history a report or a replay covers."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from storage.errors import HistoryError
from storage.reader import Reader, Span, find_run, runs

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_TIME = re.compile(_DAY.pattern + r"([T ]\d\d:\d\d(:\d\d)?)?Z?")
FIRST_YEAR, LAST_YEAR = 1970, 2261
"""UTC nanoseconds since 1970 end in 2262: 2^63 of them."""


def span_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--run", metavar="RUN", help="One run: its id, a unique prefix of it, or `last`."),
        click.option("--to", "until", metavar="TIME", help="Up to this UTC time, exclusive."),
        click.option("--from", "since", metavar="TIME", help="From this UTC time, such as 2026-11-25T14:30."),
        click.option("--day", metavar="DATE", help="One UTC day, such as 2026-11-25."),
    ):
        command = option(command)
    return command


def chosen_span(reader: Reader, *, day: str | None, since: str | None, until: str | None, run: str | None) -> Span:
    """Return the span that was asked for; the whole history by default. Raises HistoryError if there is no such run."""
    if sum((day is not None, since is not None or until is not None, run is not None)) > 1:
        raise click.UsageError("give only one of --day, --from/--to and --run")
    if run is not None:
        if not run:
            raise click.UsageError("--run is empty: give a run's id, a unique prefix of it, or `last`")
        return find_run(reader, run).span
    every = runs(reader)
    if not every:
        raise HistoryError("the history holds no run yet")
    if day is not None:
        start = _time(day, "--day", _DAY, "a UTC day such as 2026-11-25")
        return Span(_ns(start), _ns(start + timedelta(days=1)))
    whole = Span(min(one.started_ns for one in every), max(one.last_write_ns for one in every) + 1)
    span = Span(
        whole.from_ns if since is None else _ns(_moment(since, "--from")),
        whole.to_ns if until is None else _ns(_moment(until, "--to")),
    )
    if span.from_ns < span.to_ns:
        return span
    if since is not None and until is not None:
        raise click.UsageError("the range is empty: --from must be before --to")
    if since is not None:
        raise click.UsageError(f"--from {since} is after the end of the history, {_utc(whole.to_ns)}")
    raise click.UsageError(f"--to {until} is before the start of the history, {_utc(whole.from_ns)}")


def utc_ns(text: str, option: str, expected: str) -> int:
    """Read a UTC time as nanoseconds. Raises click.UsageError."""
    return _ns(_time(text, option, _TIME, expected))


def _moment(text: str, option: str) -> datetime:
    return _time(text, option, _TIME, "a UTC time such as 2026-11-25 or 2026-11-25T14:30")


def _time(text: str, option: str, form: re.Pattern[str], expected: str) -> datetime:
    try:
        if not form.fullmatch(text):
            raise ValueError
        found = datetime.fromisoformat(text.removesuffix("Z")).replace(tzinfo=UTC)
    except ValueError:
        raise click.UsageError(f"{option} {text}: expected {expected}") from None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise click.UsageError(f"{option} {text}: a history has times from {FIRST_YEAR} to {LAST_YEAR} only")
    return found


def _utc(at_ns: int) -> str:
    return datetime.fromtimestamp(at_ns // 10**9, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _ns(at: datetime) -> int:
    return int(at.timestamp()) * 10**9
