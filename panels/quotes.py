"""Quotes: what was signed, how long it still binds, and what became of it."""

from collections.abc import Sequence
from decimal import Decimal
from typing import ClassVar

from cockpit.format import age, ago, bar, exact, left, number, rounded
from cockpit.snapshot import QuoteRow, Snapshot
from cockpit.theme import Role
from panels.cells import Cell, Column, Detail, Field, Row
from panels.filter import Facts, Fields
from panels.panel import Panel
from panels.words import outcome, side

BAR_WIDTH = 5
COLUMNS = (
    Column("age", 5, "right", ticks=True),
    Column("gives", 16, "right"),
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
            Cell(f"{side(row.side).text[0]} {amount(row.gives, row.gives_symbol)}", side(row.side).role),
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
            Field("quote hash", Cell(row.quote_hash), copy=True),
            Field("request", Cell(row.quote_id), copy=True),
        ),
    )


class Quotes(Panel[QuoteRow]):
    """Signed quotes, newest first."""

    TITLE = "Quotes"
    COLUMNS = COLUMNS
    FED_BY = "trade-executor"
    FIELDS: ClassVar[Fields] = {
        "side": "text",
        "outcome": "text",
        "eure": "number",
        "btc": "number",
        "price": "number",
        "left": "age",
        "age": "age",
        "id": "text",
        "detail": "text",
    }

    def items(self, snapshot: Snapshot) -> Sequence[QuoteRow]:
        """The snapshot's quotes."""
        return snapshot.quotes

    def row(self, item: QuoteRow) -> Row:
        """One row a quote."""
        return quote_row(item)

    def facts(self, item: QuoteRow) -> Facts:
        """Both amounts by their asset; a quote that binds is also alive."""
        btc, eure = (item.takes, item.gives) if item.side == "buy" else (item.gives, item.takes)
        return {
            "side": item.side,
            "outcome": f"{item.outcome}{' alive' if alive(item) else ''}",
            "eure": eure,
            "btc": btc,
            "price": item.price,
            "left": item.left_ms // 1000 if alive(item) else 0,
            "age": item.age_ms // 1000,
            "id": f"{item.quote_hash} {item.quote_id}",
            "detail": item.detail,
        }

    def detail_of(self, item: QuoteRow, snapshot: Snapshot) -> Detail:
        """One quote, whole."""
        return quote_detail(item)

    def empty(self, snapshot: Snapshot) -> Cell:
        """Why there is none, and which key changes that."""
        if not snapshot.strategy_armed:
            return Cell(f"the strategy is disarmed: {self.keys.shown('arm.strategy')} arms it", "muted")
        if not snapshot.executor_armed:
            return Cell(f"the executor is disarmed: {self.keys.shown('arm.executor')} arms it", "muted")
        return Cell("armed: waiting for a request worth quoting", "muted")

    def freshness(self, snapshot: Snapshot) -> str:
        """When the newest was signed."""
        return f"newest {ago(snapshot.quotes[0].age_ms)}" if snapshot.quotes else ""

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
