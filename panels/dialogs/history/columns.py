"""The columns of each recorded list."""

from collections.abc import Mapping

from cockpit.model.recorded.pages import RecordedList
from panels.kit.rows.cells import Column

_TIME = Column("UTC", 19)
_TRADED = (Column("side", 4), Column("BTC", 11, "right"), Column("EURe", 9, "right"), Column("EUR/BTC", 10, "right"))

COLUMNS: Mapping[RecordedList, tuple[Column, ...]] = {
    "fills": (_TIME, *_TRADED, Column("spread EURe", 11, "right"), Column("transaction", 12, from_width=84, grow=True)),
    "quotes": (_TIME, *_TRADED, Column("until", 8, from_width=84), Column("outcome", 9, grow=True)),
    "decisions": (
        _TIME,
        Column("side", 4),
        Column("EURe", 9, "right"),
        Column("EUR/BTC", 10, "right"),
        Column("bps", 6, "right"),
        Column("decided by", 16),
        Column("partner", 8, from_width=84, grow=True),
    ),
    "funds": (
        _TIME,
        Column("kind", 10),
        Column("amount", 13, "right"),
        Column("token", 5),
        Column("status", 9),
        Column("transaction or detail", 10, grow=True),
    ),
    "journal": (
        _TIME,
        Column("by", 12),
        Column("command", 14),
        Column("outcome", 22, grow=True),
        Column("with", 20, from_width=110, grow=True),
    ),
}
