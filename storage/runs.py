"""What both engines do with the runs before a new one: check whose history it is, and see how the last one ended."""

import msgspec

from storage.errors import HistoryError
from storage.history import CountedToken, PreviousRun, Run
from venue.protocol.tokens import TokenTable
from venue.protocol.units import NS_PER_S

LONGEST_LIFE_NS = 3_600 * NS_PER_S
"""No signed quote lives longer: the top of the range of ``Limits.max_deadline_ms``."""

UNFINISHED_COPY = "history_copying"
"""The table that marks a store as an unfinished copy of a history: no desk writes into it, and copying may resume."""

STAMP = "SELECT mode, account FROM runs ORDER BY seq LIMIT 1"
LAST_DEADLINE = "SELECT COALESCE(MAX(deadline_ns), 0) FROM execute_trade_commands"

ASSET_COLUMNS = CountedToken.__struct_fields__


def counted_tokens(tokens: TokenTable) -> tuple[CountedToken, ...]:
    """Return the tokens of the table as a run records them."""
    return tuple(
        CountedToken(
            token_id=token.token_id,
            symbol=token.symbol,
            decimals=token.decimals,
            underlying=token.underlying.name,
            underlying_decimals=token.underlying.decimals,
            counts_as="base" if token.underlying == tokens.base else "quote",
        )
        for token in tokens.tokens
    )


def upsert_asset(mark: str) -> str:
    """Return the statement that records a token or a change of it; ``mark`` goes before a value's number: `$`, `?`."""
    marks = ", ".join(f"{mark}{number}" for number in range(1, len(ASSET_COLUMNS) + 1))
    changed = ", ".join(f"{name} = excluded.{name}" for name in ASSET_COLUMNS[1:])
    return (
        f"INSERT INTO assets ({', '.join(ASSET_COLUMNS)}) VALUES ({marks}) "
        f"ON CONFLICT (token_id) DO UPDATE SET {changed}"
    )


class RunEnd(msgspec.Struct, frozen=True, kw_only=True):
    """How the last run ended, as an engine reads it. Times are UTC ns.

    ``last_write_ns``: when it may last have signed. ``broken_off_ns``: the same of the newest run without an end whose
    quotes could still be live, None without one.
    """

    run_id: str
    last_write_ns: int
    ended_ns: int | None
    broken_off_ns: int | None
    last_deadline_ns: int
    max_deadline_ms: int | None


def check_stamp(run: Run, first: tuple[str, str] | None, *, where: object, otherwise: str) -> None:
    """Raise HistoryError when the first run recorded is of another mode or account; ``otherwise``: what to do then."""
    if first is not None and first != (run.mode, run.account):
        mode, account = first
        raise HistoryError(
            f"the history {where} belongs to {mode} {account}, this desk is {run.mode} {run.account}: {otherwise}"
        )


def previous_run(end: RunEnd) -> PreviousRun:
    """Judge how the last run ended: unclean as well when a run before it broke off whose quotes could still be live.

    A desk that is started and stopped in order while such quotes live must not hide them from the next one.
    """
    clean = end.ended_ns is not None and end.broken_off_ns is None
    return PreviousRun(
        run_id=end.run_id,
        clean=clean,
        last_deadline_ns=end.last_deadline_ns,
        last_write_ns=end.last_write_ns if end.broken_off_ns is None else end.broken_off_ns,
        max_deadline_ms=end.max_deadline_ms,
    )
