"""Quotes: what was signed, how long it still binds, and what became of it."""

from decimal import Decimal

from cockpit.format import age, bar, exact, left, number, rounded
from cockpit.snapshot import QuoteRow, Snapshot
from cockpit.theme import Role
from panels.cells import Cell, Column, Detail, Field, Row
from panels.panel import Panel
from panels.words import outcome, side

BAR_WIDTH = 5
COLUMNS = (
    Column("age", 5, "right", ticks=True),
    Column("gives", 14, "right"),
    Column("takes", 14, "right"),
    Column("EUR/BTC", 10, "right", from_width=74),
    Column("outcome", 10),
    Column("left", 4, "right", ticks=True),
    Column("", BAR_WIDTH, from_width=57, ticks=True),
    Column("detail", 20, from_width=100, grow=True),
)
PLACES = {"BTC": 8}


def amount(value: Decimal, symbol: str) -> str:
    """An amount with its symbol: BTC to the satoshi, anything else to four decimals."""
    return f"{number(value, PLACES.get(symbol, 4))} {symbol}"


def alive(row: QuoteRow) -> bool:
    """Whether the quote may still be settled; a quote without an answer may."""
    return row.left_ms > 0 and row.outcome in ("sent", "accepted", "unknown", "burning")


def seconds_left(ms: int) -> str:
    """Time left in seconds, rounded up, for as long as they fit."""
    seconds = -(-ms // 1000)
    return f"{seconds}s" if seconds < 1000 else f"{seconds // 60}m"


def left_role(row: QuoteRow) -> Role:
    """Time left: calm, then near its end."""
    return "warn" if row.left_ms * 4 < row.life_ms else "accent"


def quote_row(row: QuoteRow) -> Row:
    """A quote under COLUMNS; the bar drains with the time left and is gone once nothing binds."""
    living = alive(row)
    role = left_role(row)
    return Row(
        row.quote_hash,
        (
            Cell(age(row.age_ms), "muted"),
            Cell(amount(row.gives, row.gives_symbol), "sell" if row.side == "sell" else "buy"),
            Cell(amount(row.takes, row.takes_symbol)),
            Cell(rounded(row.price, 2)),
            outcome(row.outcome),
            Cell(seconds_left(row.left_ms) if living else "", role),
            Cell(bar(row.left_ms, row.life_ms, BAR_WIDTH) if living else "", role),
            Cell(row.detail, "muted"),
        ),
    )


def quote_detail(row: QuoteRow) -> Detail:
    """The whole quote, to the last base unit."""
    return Detail(
        "Quote",
        (
            Field("outcome", outcome(row.outcome)),
            Field("detail", Cell(row.detail or "none")),
            Field("side", side(row.side)),
            Field("gives", Cell(f"{exact(row.gives)} {row.gives_symbol}")),
            Field("takes", Cell(f"{exact(row.takes)} {row.takes_symbol}")),
            Field("price", Cell(f"{exact(row.price)} EUR/BTC")),
            Field("time left", Cell(f"{left(row.left_ms)} of {left(row.life_ms)}" if alive(row) else "none")),
            Field("age", Cell(age(row.age_ms))),
            Field("quote hash", Cell(row.quote_hash)),
            Field("request", Cell(row.quote_id)),
        ),
    )


class Quotes(Panel):
    """Signed quotes, newest first."""

    TITLE = "Quotes"
    COLUMNS = COLUMNS

    def rows(self, snapshot: Snapshot) -> list[Row]:
        """One row a quote."""
        return [quote_row(row) for row in snapshot.quotes]

    def empty(self, snapshot: Snapshot) -> Cell:
        """Why there is none, and which key changes that."""
        if not snapshot.strategy_armed:
            return Cell("the strategy is disarmed: ^s arms it", "muted")
        if not snapshot.executor_armed:
            return Cell("the executor is disarmed: ^e arms it", "muted")
        return Cell("armed: waiting for a request worth quoting", "muted")

    def summary(self, snapshot: Snapshot) -> str:
        """What became of all quotes since the start."""
        counts = snapshot.counts
        words = [
            f"{counts.sent:,} sent",
            f"{counts.settled:,} settled",
            f"{counts.expired:,} expired",
            f"{counts.refused:,} refused",
        ]
        return ", ".join([*words, f"{counts.unknown:,} unknown"] if counts.unknown else words)

    def detail(self, snapshot: Snapshot, key: str) -> Detail | None:
        """One quote, whole."""
        row = next((row for row in snapshot.quotes if row.quote_hash == key), None)
        return None if row is None else quote_detail(row)
