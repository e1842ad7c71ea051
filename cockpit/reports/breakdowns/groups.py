"""Quotes and fills by hour, partner, size, deadline asked and market. Pure; nothing grows with the number of quotes."""

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal
from typing import NamedTuple

from cockpit.accounting.markouts import HORIZONS_S
from cockpit.accounting.pnl import value_at_mid
from cockpit.reports.breakdowns import buckets
from cockpit.reports.figures import GroupFigures, HitFigures
from cockpit.reports.marked_fills import MarkedFill
from storage.reporting.sent_quotes import SentQuote
from venue.protocol.assets import EXACT
from venue.protocol.tokens import TokenTable

MARKED_AT_S = 60
"""The horizon of a group's markout and adverse share."""
MOST_PARTNERS = 1_000
"""Partners counted apart; names come from outside, and one that is met later is one of the others."""
SHOWN_PARTNERS = 20
MOST_PAIRS = 1_000
"""Pairs of tokens that are looked up once."""

_OF_LEAVES = ("hour", "size", "deadline", "market")
_PLACE = HORIZONS_S.index(MARKED_AT_S)


class Group:
    """What is summed up over one bucket; amounts are base units of the underlyings, ``base_moved`` is signed."""

    __slots__ = (
        "adverse",
        "base_moved",
        "edge",
        "edge_on",
        "filled",
        "fills",
        "known",
        "marked_on",
        "open",
        "products",
        "quote",
        "quote_moved",
        "sent",
    )  # fmt: skip

    def __init__(self) -> None:
        self.sent = self.filled = self.open = 0
        self.fills = self.quote = self.edge = self.edge_on = self.base_moved = self.quote_moved = 0
        self.known = self.adverse = self.marked_on = self.products = 0

    def add_fill(self, one: MarkedFill) -> None:
        self.fills += 1
        self.quote += one.quote
        if one.fill.edge is not None:
            self.edge += one.fill.edge
            self.edge_on += one.quote
        buys = one.side == "buy"
        self.base_moved += one.base if buys else -one.base
        self.quote_moved += -one.quote if buys else one.quote
        hundredths = one.markouts[_PLACE]
        if hundredths is not None:
            self.known += 1
            self.adverse += hundredths < 0
            self.marked_on += one.quote
            self.products += one.quote * hundredths

    def add(self, other: "Group") -> None:
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


class _Pair(NamedTuple):
    """Two token ids: their market, and which of them counts in EURe at which scale; 0 where neither does."""

    market: str
    takes_quote: bool
    scale: int


def _pair_of(tokens: TokenTable, asset_in: str, asset_out: str) -> _Pair:
    market = buckets.market_of(tokens, asset_in, asset_out)
    for asset in (asset_in, asset_out):
        token = tokens.get(asset)
        if token is not None and token.underlying == tokens.quote:
            return _Pair(market, asset == asset_in, token.scale)
    return _Pair(market, False, 0)


class Breakdown:
    """Sums up quotes and fills; ``ends_ns``: a quote that lives beyond it and is not filled is still open."""

    def __init__(self, tokens: TokenTable, ends_ns: int) -> None:
        self._tokens = tokens
        self._ends_ns = ends_ns
        self._leaves: dict[tuple[str, str, str, str], Group] = {}
        """By hour, size, deadline and market; each dimension is summed up from them at the end."""
        self._partners: dict[str | None, Group] = {}
        self._others = Group()
        self._pairs: dict[tuple[str, str], _Pair] = {}

    def count(self, quotes: Iterable[SentQuote]) -> None:
        for quote in quotes:
            size = self._size(quote)
            is_open = not quote.filled and quote.deadline_ns > self._ends_ns
            leaf = self._leaf(quote.at_ns, size, quote.asked_ms, quote.asset_in, quote.asset_out)
            for group in (leaf, self._partner(quote.partner)):
                group.sent += 1
                group.filled += quote.filled
                group.open += is_open

    def _size(self, quote: SentQuote) -> int:
        pair = self._pair(quote.asset_in, quote.asset_out)
        return (quote.amount_in if pair.takes_quote else quote.amount_out) * pair.scale

    def _pair(self, asset_in: str, asset_out: str) -> "_Pair":
        found = self._pairs.get((asset_in, asset_out))
        if found is None:
            found = _pair_of(self._tokens, asset_in, asset_out)
            if len(self._pairs) < MOST_PAIRS:
                self._pairs[asset_in, asset_out] = found
        return found

    def count_fills(self, marked: Iterable[MarkedFill]) -> None:
        for one in marked:
            fill = one.fill
            self._leaf(fill.sent_ns, one.quote, fill.asked_ms, fill.asset_in, fill.asset_out).add_fill(one)
            self._partner(fill.partner).add_fill(one)

    def _leaf(self, sent_ns: int, size: int, asked_ms: int | None, asset_in: str, asset_out: str) -> Group:
        key = (
            buckets.hour_of(sent_ns),
            buckets.size_of(size, self._tokens.quote.decimals),
            buckets.deadline_of(asked_ms),
            self._pair(asset_in, asset_out).market,
        )
        found = self._leaves.get(key)
        if found is None:
            found = self._leaves[key] = Group()
        return found

    def _partner(self, partner: str | None) -> Group:
        found = self._partners.get(partner)
        if found is None:
            if partner is not None and len(self._partners) >= MOST_PARTNERS:
                return self._others
            found = self._partners[partner] = Group()
        return found

    def _summed(self) -> dict[tuple[str, str], Group]:
        sums: dict[tuple[str, str], Group] = {}
        for key, leaf in self._leaves.items():
            for dimension, bucket in zip(_OF_LEAVES, key, strict=True):
                sums.setdefault((dimension, bucket), Group()).add(leaf)
        return sums

    def hits(self) -> HitFigures:
        """Return what became of all quotes that were sent."""
        whole = Group()
        for leaf in self._leaves.values():
            whole.add(leaf)
        return HitFigures(
            sent=whole.sent,
            filled=whole.filled,
            open=whole.open,
            ratio=_ratio(whole.filled, whole.sent - whole.open, "0.0001"),
        )

    def rows(self, closing_mid: Decimal | None) -> tuple[GroupFigures, ...]:
        """Return every group; a dimension's buckets in their order, partners and markets the busiest first."""
        found: list[tuple[str, str, Group]] = []
        sums = self._summed()
        for dimension in buckets.DIMENSIONS:
            if dimension == "partner":
                found += [("partner", bucket, group) for bucket, group in self._ranked_partners()]
            else:
                ours = [(bucket, group) for (by, bucket), group in sums.items() if by == dimension]
                ours.sort(key=lambda item: buckets.place_of(dimension, item[0]))
                if dimension == "market":
                    ours.sort(key=lambda item: -item[1].sent)
                found += [(dimension, bucket, group) for bucket, group in ours]
        return tuple(self._row(by, bucket, group, closing_mid) for by, bucket, group in found)

    def _ranked_partners(self) -> list[tuple[str, Group]]:
        named = [
            (buckets.NO_PARTNER if partner is None else partner, group) for partner, group in self._partners.items()
        ]
        named.sort(key=lambda item: (-item[1].sent, -item[1].fills, item[0]))
        rest = Group()
        rest.add(self._others)
        for _, group in named[SHOWN_PARTNERS:]:
            rest.add(group)
        others = [(buckets.OTHER_PARTNERS, rest)] if rest.sent or rest.fills else []
        return [*named[:SHOWN_PARTNERS], *others]

    def _row(self, by: str, bucket: str, group: Group, closing_mid: Decimal | None) -> GroupFigures:
        amount = self._tokens.quote.to_decimal
        trading = None
        if closing_mid is not None:
            worth = value_at_mid(self._tokens.base, self._tokens.quote, group.base_moved, closing_mid)
            trading = amount(worth + group.quote_moved)
        return GroupFigures(
            by=by,
            bucket=bucket,
            sent=group.sent,
            filled=group.filled,
            open=group.open,
            hit_ratio=_ratio(group.filled, group.sent - group.open, "0.0001"),
            fills=group.fills,
            eure=amount(group.quote),
            spread=amount(group.edge),
            spread_bps=_ratio(group.edge * 10_000, group.edge_on, "0.01"),
            trading=trading,
            known=group.known,
            markout_bps=_ratio(group.products, group.marked_on * 100, "0.01"),
            adverse=_ratio(group.adverse, group.known, "0.0001"),
        )


def _ratio(part: int, whole: int, places: str) -> Decimal | None:
    if not whole:
        return None
    return EXACT.divide(Decimal(part), Decimal(whole)).quantize(Decimal(places), ROUND_HALF_EVEN, EXACT)
