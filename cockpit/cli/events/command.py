"""`cockpit events`: what happened, as JSON lines."""

import asyncio
import re
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import click

from cockpit.cli.common import REFUSED, history_place, place_argument, reader_of, refuse
from cockpit.cli.errors import RefusedByDeskError
from cockpit.cli.events.following import Following, Open, drain
from cockpit.cli.events.printing import print_lines
from cockpit.cli.operate.chosen_desk import choose_desk, desk_selection
from cockpit.cli.operate.file_names import a_file
from cockpit.cli.spans import utc_ns
from cockpit.client.event_feed import event_frames
from cockpit.config.paths import HISTORY_NAME
from cockpit.model.environment import Environment
from storage.errors import HistoryError, UnknownTopicError
from storage.reader import LATER_NS, Span, find_run
from storage.rows import Table
from storage.topics.lines import BY_TOPIC, find_topics
from storage.topics.pages import MARGIN_NS, Chosen, Position, newest_position, position_before

INTERRUPTED = 130
_AGO = re.compile(r"(\d{1,6})([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
SINCE = "10m, 2h, 3d or a UTC time such as 2026-11-25T14:30"


def _topics(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    return [topic for topic in BY_TOPIC if topic.startswith(incomplete)]


@click.command()
@click.option("--follow", "-f", is_flag=True, help="Go on with what happens, whether or not a desk runs, until ^c.")
@click.option(
    "--topic",
    "topics",
    multiple=True,
    metavar="TOPIC",
    shell_complete=_topics,
    help="Only this topic, such as decision.trade_decision; may be repeated.",
)
@click.option("--since", metavar="AGO|TIME", help=f"From this time: {SINCE}.")
@click.option("--run", metavar="RUN", help="One run: its id, a unique prefix of it, or `last`.")
@click.option(
    "--history",
    metavar="FILE|URL",
    shell_complete=a_file,
    help="History to read: a file, or postgresql://user@host/name.",
)
@desk_selection
def events(
    follow: bool,
    topics: tuple[str, ...],
    since: str | None,
    run: str | None,
    history: str | None,
    socket: Path | None,
    sandbox: bool,
    env_file: Path | None,
) -> None:
    """Print what happened as JSON lines, each event once.

    Without --follow: all of the history, or what --since and --run choose. With it: from now on, or those first. What
    is missing is said in a line of topic gap; topic desk says that the desk came or went.
    """
    try:
        tables = find_topics(topics)
    except UnknownTopicError as error:
        raise click.UsageError(str(error)) from None
    if history is not None and (follow or socket is not None):
        raise click.UsageError("--history is for what is recorded; --follow and --socket ask a desk")
    env = Environment()
    since_ns = 0 if since is None else _since_ns(since, env.wall_ns())
    place = _place(history, socket, sandbox, env_file)
    open_reader: Open = partial(reader_of, place)
    try:
        position = None if follow and since is None and run is None else _print_past(open_reader, tables, since_ns, run)
        if not follow:
            return
        where = choose_desk(socket, sandbox, env_file).socket
        start = _newest(open_reader) if position is None else position
        chosen = Chosen(tables=tables, span=Span(since_ns, LATER_NS))
        following = Following(open_reader, chosen, start, print_lines, env.wall_ns)
        asyncio.run(following.run(event_frames(where, tables)))
    except HistoryError as error:
        raise click.ClickException(str(error)) from None
    except RefusedByDeskError as error:
        refuse([str(error)], REFUSED)
    except KeyboardInterrupt:
        # That is how following ends.
        sys.exit(INTERRUPTED)


def _place(history: str | None, socket: Path | None, sandbox: bool, env_file: Path | None) -> Path | str:
    if history is not None:
        return place_argument(history)
    if socket is not None:
        return socket.absolute().parent / HISTORY_NAME
    return history_place(None, sandbox, env_file)


def _print_past(open_reader: Open, tables: Mapping[str, Table], since_ns: int, run: str | None) -> Position:
    """Print what is recorded; return where in the history that ends."""
    with open_reader() as reader:
        end = newest_position(reader)
        span, run_id, upto = Span(since_ns, LATER_NS), "", end
        if run is not None:
            found = find_run(reader, run)
            run_id = found.run_id
            span = Span(max(since_ns, found.started_ns - MARGIN_NS), LATER_NS)
            upto = {**end, **position_before(reader, tables, found.last_write_ns + 3 * MARGIN_NS)}
        start = position_before(reader, tables, span.from_ns)
    if run_id:
        span = Span(since_ns, LATER_NS)
    drain(open_reader, Chosen(tables=tables, span=span, run_id=run_id), start, upto, print_lines)
    return end


def _newest(open_reader: Open) -> Position:
    """Return where the history ends now; its start when there is none yet."""
    try:
        with open_reader() as reader:
            return newest_position(reader)
    except HistoryError:
        return {}


def _since_ns(text: str, now_ns: int) -> int:
    ago = _AGO.fullmatch(text)
    if ago is not None:
        return max(0, now_ns - int(ago[1]) * _SECONDS[ago[2]] * 10**9)
    return utc_ns(text, "--since", SINCE)
