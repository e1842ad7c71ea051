"""Ending a desk that does not answer: its process is proven to be ours, asked, woken, and killed if somebody agrees."""

import asyncio
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click
import msgspec

from cockpit.cli.common import DONE, REFUSED
from cockpit.cli.operate.messages import (
    ASK_SIGKILL,
    ASK_SIGTERM,
    EXPIRE,
    GIVE_FORCE,
    GIVE_YES,
    GONE,
    KILLED,
    KILLING,
    NOT_ENDED,
    NOT_KILLED,
    STILL_RUNS,
    UNPROVEN,
)
from cockpit.config.paths import HISTORY_NAME
from cockpit.processes.echo import echo
from cockpit.processes.ending import STOPPED, WITHIN_S
from cockpit.processes.errors import UnprovenHolderError
from cockpit.processes.lock_holder import HeldProcess, proven_holder
from cockpit.processes.still_binding import left_behind

if TYPE_CHECKING:
    from venue.protocol.tokens import TokenTable

KILLED_WITHIN_S = 10.0


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """What the operator said beforehand: ``yes`` to ending the desk, ``force`` to killing it."""

    yes: bool
    force: bool
    as_json: bool

    @property
    def can_ask(self) -> bool:
        return not self.as_json and sys.stdin.isatty()

    def agreed(self) -> "Asking":
        return msgspec.structs.replace(self, yes=True)


class HungDesk(NamedTuple):
    """Where a desk keeps its lock, where its history is, and what reads the tokens of it."""

    state_dir: Path
    history: Path | str
    tokens: "Callable[[], TokenTable]"


def tokens_or_default(env_file: Path | None) -> "TokenTable":
    """Return the tokens of the settings, the built-in ones when those cannot be used: a desk must end all the same."""
    from cockpit.cli.common import tokens_of
    from venue.protocol.tokens import DEFAULT_TOKENS

    try:
        return tokens_of(env_file)
    except SystemExit:
        return DEFAULT_TOKENS


def desk_at(where: Path, socket: Path | None, env_file: Path | None) -> HungDesk:
    """Return the desk whose socket is at ``where``; the history is beside a ``socket`` that was given."""
    from cockpit.cli.common import postgres_url

    database = postgres_url(env_file) if socket is None else ""
    return HungDesk(where.parent, database or where.parent / HISTORY_NAME, lambda: tokens_or_default(env_file))


def may_hang(desk: HungDesk) -> bool:
    """Return whether a process holds the lock although nobody listens, or may do so."""
    try:
        with proven_holder(desk.state_dir) as process:
            return process is not None
    except UnprovenHolderError:
        return True


def left_by(desk: HungDesk) -> tuple[str, ...]:
    """Say what a desk that is gone left behind; empty when its record is whole and none of its quotes binds."""
    with suppress(OSError):
        if isinstance(desk.history, Path) and not desk.history.exists():
            return ()
    left = left_behind(desk.history, desk.tokens(), time.time_ns())
    return left.sentences if left.matters else ()


def end_hung(desk: HungDesk, ask: Asking, found: dict[str, Any], why: str) -> int:
    """End the desk's process and say what it leaves behind; ``why`` says what is wrong with it. Returns an exit code.

    What is printed as JSON gets ``error`` where it was not ended, and ``signals`` and ``left`` where it was.
    """
    try:
        with proven_holder(desk.state_dir) as process:
            if process is None:
                return _print_ended(desk, ask, found, pid=None, killed=False)
            return _end_process(desk, process, ask, found, why)
    except UnprovenHolderError as problem:
        return _not_ended(ask, found, f"{why} {NOT_ENDED} {UNPROVEN.format(reason=problem)} {EXPIRE}")


def _end_process(desk: HungDesk, process: HeldProcess, ask: Asking, found: dict[str, Any], why: str) -> int:
    pid, signals = process.pid, found.setdefault("signals", [])
    question = ASK_SIGTERM.format(pid=pid)
    if not ask.yes and not ask.can_ask:
        return _not_ended(ask, found, f"{why} {NOT_ENDED} {GIVE_YES} {EXPIRE}")
    if not ask.yes and not click.confirm(f"{why} {question}"):
        return _not_ended(ask, found, f"{NOT_ENDED} {EXPIRE}")
    # SIGTERM first: a desk that was stopped finds it when it wakes.
    for number in (signal.SIGTERM, signal.SIGCONT):
        process.send(number)
        signals.append(number.name)
    if asyncio.run(process.ended(WITHIN_S)):
        return _print_ended(desk, ask, found, pid=pid, killed=False)
    runs = STILL_RUNS.format(pid=pid, seconds=WITHIN_S)
    if not ask.force and not ask.can_ask:
        return _not_ended(ask, found, f"{runs} {NOT_ENDED} {GIVE_FORCE} {KILLING} {EXPIRE}")
    if not ask.force and not click.confirm(f"{runs} {KILLING} {ASK_SIGKILL}"):
        return _not_ended(ask, found, f"{NOT_ENDED} {EXPIRE}")
    process.send(signal.SIGKILL)
    signals.append(signal.SIGKILL.name)
    if not asyncio.run(process.ended(KILLED_WITHIN_S)):
        return _not_ended(ask, found, NOT_KILLED.format(pid=pid, seconds=KILLED_WITHIN_S))
    return _print_ended(desk, ask, found, pid=pid, killed=True)


def _print_ended(desk: HungDesk, ask: Asking, found: dict[str, Any], *, pid: int | None, killed: bool) -> int:
    left = left_behind(desk.history, desk.tokens(), time.time_ns())
    found["left"] = left.sentences
    if pid is not None:
        found["ended"].append({"what": "desk", "pid": pid})
    if not ask.as_json:
        ended = KILLED.format(pid=pid) if killed else STOPPED if left.clean else GONE
        echo("\n".join([ended, *left.sentences]))
    return DONE


def _not_ended(ask: Asking, found: dict[str, Any], text: str) -> int:
    found["error"] = text
    if not ask.as_json:
        echo(text, err=True)
    return REFUSED
