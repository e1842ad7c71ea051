"""Quotes: what was signed, how long it is still binding, and its outcome."""

from collections.abc import Sequence
from decimal import Decimal
from typing import ClassVar

import msgspec

from cockpit.model.formatting import age, coarse_age, number, progress_bar, readable, rounded, row_age, time_left
from cockpit.model.quote_texts import options_text, refused_text, signed_text
from cockpit.model.recorded.pages import RecordedList
from cockpit.model.snapshot import QuoteRow, Snapshot
from panels.kit.labels import outcome, side
from panels.kit.panel import Panel
from panels.kit.rows.cells import Cell, Column, Detail, Field, GridRow
from panels.kit.rows.row_filter import Fields, Headings, RowFacts
from panels.kit.theme import Role

BAR_WIDTH = 3
COLUMNS = (
    Column("age", 5, "right", ticks=True),
    Column("gives", 17, "right"),
    Column("takes", 15, "right"),
    Column("EUR/BTC", 10, "right", from_width=74),
    Column("outcome", 10),
    Column("left", 4, "right", ticks=True),
    Column("", BAR_WIDTH, from_width=57, ticks=True),
    Column("option", 6, "right", from_width=82, ticks=True),
    Column("detail", 20, from_width=100, grow=True, when_used=True),
)


REQUEST_KINDS = {"top_level": "top-level", "router_leg": "router leg, 51 ms to answer", "dry": "dry, a price check"}


def amount(value: Decimal, symbol: str, places: int) -> str:
    """Write an amount with its symbol."""
    return f"{number(value, places)} {symbol}"


def is_live(row: QuoteRow) -> bool:
    """Return whether the quote is committed; a quote without an answer is."""
    return row.left_ms > 0 and row.outcome in ("sent", "accepted", "unknown", "burning")


def could_settle(row: QuoteRow) -> bool:
    """Return whether the quote may still be settled; one that the relay refused may."""
    return is_live(row) or (row.left_ms > 0 and row.outcome == "refused")


def seconds_left(ms: int) -> str:
    """Write a time left in seconds, rounded up, while they fit into four cells."""
    seconds = -(-ms // 1000)
    return f"{seconds}s" if seconds < 1000 else f"{seconds // 60}m"


def left_role(row: QuoteRow) -> Role:
    return "warn" if row.left_ms * 4 < row.life_ms else "accent"


def option_cell(row: QuoteRow) -> Cell:
    """Return what the quote is worth to its holder, bps; red while settling it now would gain."""
    return Cell(rounded(row.option_bps, 1, missing=""), "bad" if row.intrinsic_bps else "muted")


def option_detail(row: QuoteRow) -> Cell:
    if row.option_bps is None:
        return Cell("none" if not row.left_ms else "unknown")
    text = f"worth {rounded(row.option_bps, 2)} bps to its holder by the model"
    return Cell(f"{text}; settling now gains {rounded(row.intrinsic_bps, 2)} bps", option_cell(row).role)


def quote_row(row: QuoteRow) -> GridRow:
    """Draw a quote under COLUMNS; the bar drains with the time left and is gone once the quote cannot settle."""
    live = could_settle(row)
    role = left_role(row)
    gives = amount(row.gives, row.gives_symbol, row.gives_places)
    return GridRow(
        row.quote_hash,
        (
            Cell(row_age(row.age_ms), "muted"),
            Cell(f"{side(row.side).text[0]} {gives}", side(row.side).role),
            Cell(amount(row.takes, row.takes_symbol, row.takes_places)),
            Cell(rounded(row.price, 2)),
            outcome(row.outcome),
            Cell(seconds_left(row.left_ms) if live else "", role),
            Cell(progress_bar(row.left_ms, row.life_ms, BAR_WIDTH) if live else "", role),
            option_cell(row),
            Cell(row.detail, "muted"),
        ),
    )


def quote_life(row: QuoteRow, snapshot: Snapshot) -> tuple[Field, ...]:
    """List what happened to the quote, as far as the snapshot holds it: decided, signed, settled, expired."""
    decided = next((one for one in snapshot.decisions if one.quote_id == row.quote_id), None)
    filled = next((one for one in snapshot.executions if one.quote_hash == row.quote_hash), None)
    since_expiry_ms = row.age_ms - row.life_ms
    fields = [Field("", Cell(""))]
    if decided is not None:
        passed = sum(good for _, good, _ in decided.checks)
        fields.append(
            Field(f"{age(decided.age_ms)} ago", Cell(f"decided: {passed} of {len(decided.checks)} checks passed"))
        )
    fields.append(
        Field(f"{age(row.age_ms)} ago", Cell(f"signed, valid for {time_left(row.life_ms)}, sent to the relay"))
    )
    if filled is not None:
        fields.append(Field(f"{age(filled.age_ms)} ago", Cell("settled", "good")))
        fields.append(Field("balances", Cell("updated" if filled.confirmed else "not updated yet")))
        if filled.tx_hash:
            fields.append(Field("transaction", Cell(filled.tx_hash), copy=True))
        fields += [
            Field(f"markout {seconds}s", Cell(f"{rounded(bps, 2, signed=True)} bps"))
            for seconds, bps in filled.markouts
        ]
    elif could_settle(row):
        fields.append(Field(f"in {time_left(row.left_ms)}", Cell("expires; binding until then", left_role(row))))
    elif since_expiry_ms >= 0:
        fields.append(Field(f"{age(since_expiry_ms)} ago", Cell("deadline passed", "muted")))
    return tuple(fields)


def quote_detail(row: QuoteRow, snapshot: Snapshot) -> Detail:
    return Detail(
        "Quote",
        (
            Field("outcome", outcome(row.outcome)),
            Field("detail", Cell(row.detail or "none")),
            Field("side", side(row.side)),
            Field("gives", Cell(f"{readable(row.gives, row.gives_symbol)} {row.gives_symbol}")),
            Field("takes", Cell(f"{readable(row.takes, row.takes_symbol)} {row.takes_symbol}")),
            Field("price", Cell(f"{rounded(row.price, 2)} EUR/BTC")),
            Field("option", option_detail(row)),
            Field(
                "time left",
                Cell(f"{time_left(row.left_ms)} of {time_left(row.life_ms)}" if could_settle(row) else "none"),
            ),
            Field("age", Cell(age(row.age_ms))),
            Field("quote hash", Cell(row.quote_hash), copy=True),
            Field("request", Cell(row.quote_id), copy=True),
            Field("kind of request", Cell(REQUEST_KINDS.get(row.request_kind, "not known"))),
            *quote_life(row, snapshot),
        ),
    )


def panel_summary(snapshot: Snapshot) -> str:
    """Say what could still settle, how much of the limits it uses, and what became of the quotes of this run."""
    counts = snapshot.counts
    words = [
        f"{counts.sent:,} sent",
        f"{counts.settled:,} settled",
        f"{counts.expired:,} expired",
        f"{counts.refused:,} refused",
    ]
    # The end of a line is cut first: what nobody knows the outcome of stands before all that went well.
    outcomes = ", ".join([f"{counts.unknown:,} unknown", *words] if counts.unknown else words)
    refused = refused_text(snapshot.alive, snapshot.at_ns)
    known = (
        refused,
        signed_text(snapshot.alive, snapshot.limits),
        options_text(snapshot.options, snapshot.limits),
        outcomes,
    )
    return "; ".join(part for part in known if part)


class QuotesPanel(Panel[QuoteRow]):
    TITLE = "Quotes"
    COLUMNS = COLUMNS
    TIMES_FROM = 84
    FED_BY = "trade-executor"
    RECORDED: ClassVar[RecordedList] = "quotes"
    HEADINGS: ClassVar[Headings] = {"eur/btc": "price"}
    FIELDS: ClassVar[Fields] = {
        "side": "text",
        "outcome": "text",
        "eure": "number",
        "btc": "number",
        "price": "number",
        "option": "number",
        "left": "age",
        "age": "age",
        "id": "text",
        "detail": "text",
        "gives": "number",
        "takes": "number",
    }

    def items(self, snapshot: Snapshot) -> Sequence[QuoteRow]:
        return snapshot.quotes

    def age_of(self, item: QuoteRow) -> int:
        return item.age_ms

    def key(self, item: QuoteRow) -> str:
        return item.quote_hash

    def aged(self, item: QuoteRow, ms: int) -> QuoteRow:
        return msgspec.structs.replace(item, age_ms=item.age_ms + ms, left_ms=max(0, item.left_ms - ms))

    def total(self, snapshot: Snapshot) -> int:
        return snapshot.counts.sent

    def quote_id(self, item: QuoteRow) -> str:
        return item.quote_id

    def row(self, item: QuoteRow) -> GridRow:
        return quote_row(item)

    def facts(self, item: QuoteRow) -> RowFacts:
        btc, eure = (item.takes, item.gives) if item.side == "buy" else (item.gives, item.takes)
        return {
            "side": item.side,
            "outcome": f"{item.outcome}{' live' if is_live(item) else ''}",
            "eure": eure,
            "gives": item.gives,
            "takes": item.takes,
            "btc": btc,
            "price": item.price,
            "option": item.option_bps,
            "left": item.left_ms // 1000 if could_settle(item) else 0,
            "age": item.age_ms // 1000,
            "id": f"{item.quote_hash} {item.quote_id}",
            "detail": item.detail,
        }

    def detail_of(self, item: QuoteRow, snapshot: Snapshot) -> Detail:
        return quote_detail(item, snapshot)

    def empty(self, snapshot: Snapshot) -> Cell:
        if not snapshot.strategy_armed:
            return Cell(f"the strategy is disarmed: {self.keys.shown('arm.strategy')} arms it", "muted")
        if not snapshot.executor_armed:
            return Cell(f"the executor is disarmed: {self.keys.shown('arm.executor')} arms it", "muted")
        return Cell("armed: waiting for a request worth quoting", "muted")

    def freshness(self, snapshot: Snapshot) -> str:
        return f"newest {coarse_age(snapshot.quotes[0].age_ms)}" if snapshot.quotes else ""

    def summary(self, snapshot: Snapshot) -> str:
        return panel_summary(snapshot)
