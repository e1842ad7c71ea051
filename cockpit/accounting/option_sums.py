"""What the options in one side's quotes were worth when they were signed, and what its fills gave away."""

import msgspec


class OptionSums(msgspec.Struct, gc=False):
    """``written`` and ``given_away`` are base units of the quote underlying; ``given_away``, the edge at signing less
    that at booking, is of the ``known`` of the ``fills``: those whose two edges are."""

    quotes: int = 0
    written: int = 0
    fills: int = 0
    known: int = 0
    given_away: int = 0

    def add_fill(self, given_away: int | None) -> None:
        """Count a fill; None where it is not known what it gave away."""
        self.fills += 1
        if given_away is not None:
            self.known += 1
            self.given_away += given_away

    def add(self, other: "OptionSums") -> None:
        self.quotes += other.quotes
        self.written += other.written
        self.fills += other.fills
        self.known += other.known
        self.given_away += other.given_away


class OptionSides(msgspec.Struct, frozen=True):
    """Those of the quotes that buy BTC, and of those that sell it."""

    buy: OptionSums = msgspec.field(default_factory=OptionSums)
    sell: OptionSums = msgspec.field(default_factory=OptionSums)
