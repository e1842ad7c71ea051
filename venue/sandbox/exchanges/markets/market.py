"""One market of one exchange: its price, its book and its trades."""

from collections.abc import Mapping

from venue.sandbox.exchanges.markets.depth import Depth, Ladder
from venue.sandbox.exchanges.markets.listings import Listing
from venue.sandbox.exchanges.markets.prices import Book, ExchangeFeed
from venue.sandbox.exchanges.markets.tape import TradeTape


class ExchangeMarket:
    def __init__(self, listing: Listing, feed: ExchangeFeed, seed: int) -> None:
        self.listing = listing
        self.feed = feed
        self.tape = TradeTape(feed, seed, feed.name, listing.symbol)
        self._ladder = Ladder(seed, feed.name, listing.symbol, step=feed.step, grid=listing.grid)

    def book(self) -> Book:
        return self.feed.book()

    def depth(self, book: Book, levels: int) -> Depth:
        return self._ladder.depth(book, levels)


Markets = Mapping[str, ExchangeMarket]
"""The markets of one exchange by the symbol that its own clients name."""
